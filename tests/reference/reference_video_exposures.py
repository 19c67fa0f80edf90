"""Exposures of video/mc in the reference decoder: weighted prediction of section 18.4 of FORMAT.md."""

from __future__ import annotations

from reference_decoder import Reader, require
from reference_transform_plane import clip
from reference_video_motion import Reference


def exposures(reader: Reader, frames: int) -> list[tuple[int, int]]:
    """18.4: contrast and offset of each frame."""
    count = reader.varint()
    require(1 <= count <= frames)
    points: list[tuple[int, int, int]] = []
    time = contrast = offset = 0
    for number in range(count):
        if number:
            later = reader.varint()
            require(later > 0)
            time += later
        contrast, offset = contrast + reader.signed_varint(), offset + reader.signed_varint()
        require(time < frames and 1 <= contrast <= 4095 and -4080 <= offset <= 4080)
        points.append((time, contrast, offset))
    told = []
    for t in range(frames):
        first = max(point for point in points if point[0] <= t)
        following = [point for point in points if point[0] > t]
        if not following:
            told.append(first[1:])
            continue
        (s, *before), (e, *after) = first, min(following)
        told.append(tuple(a + ((b - a) * (t - s) + (e - s) // 2) // (e - s) for a, b in zip(before, after)))
    return told


def as_bright(reference: Reference, own: tuple[int, int], other: tuple[int, int]) -> Reference:
    """18.4: a reference, exposed like `other`, with the samples from which a frame exposed like `own` is predicted."""
    if own == other:
        return reference
    (c, o), (c2, o2) = own, other
    gain = min((256 * c + c2 // 2) // c2, 2048)
    around = [(o2, o), (2048, 2048), (2048, 2048)]
    planes = [
        [[clip((gain * (sample - before) + 128 >> 8) + after, 0, 4080) for sample in row] for row in plane]
        for plane, (before, after) in zip(reference.planes, around)
    ]
    return Reference(reference.time, planes, reference.units, reference.times)
