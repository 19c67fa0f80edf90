"""The blocks of coded pictures and frames: they cover each plane once, and their bits are those of the file."""

from __future__ import annotations

import numpy as np
import pytest
from moving_pictures import moving_frames

import vqcodec
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import CorruptFileError
from vqcodec.image import count_bits, encode_image
from vqcodec.image.inspection import inspect_picture
from vqcodec.video.files import read_video
from vqcodec.video.inspection import inspect_video

NOT_OF_BLOCKS = (
    "alpha",
    "header",
    "padding",
    "container",
    "metadata",
    "codebook",
)


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """Return a slope with a noisy half, uint8 (height, width, channels)."""
    y, x = np.indices((height, width))
    noise = np.random.default_rng(3).integers(0, 90, (height, width))
    planes = [np.where(x < width // 2, 40 + 30 * c + y, 60 * c + noise) for c in range(channels)]
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("channels", "size", "options"),
    [
        (1, (45, 70), {}),
        (2, (45, 70), {}),
        (3, (45, 70), {"chroma": "444"}),
        (3, (45, 71), {"chroma": "420"}),
        (4, (45, 70), {"tune": "ssim"}),
        (3, (40, 1300), {"chroma": "420"}),  # two tiles
    ],
)
def test_blocks_cover_the_planes_and_take_the_bits(channels, size, options) -> None:
    data = encode_image(picture(*size, channels), quality=60, effort=2, **options)
    planes = inspect_picture(data)
    assert [plane.name for plane in planes] == (["grey"] if channels < 3 else ["Y", "Cb", "Cr"])
    for plane in planes:
        height, width = -(-size[0] // plane.down), -(-size[1] // plane.across)
        covered = np.zeros((height + 32, width + 32), dtype=int)
        for top, left, rows, columns in zip(plane.top, plane.left, plane.height, plane.width):
            covered[top : top + rows, left : left + columns] += 1
        assert (covered[:height, :width] == 1).all()
        assert plane.mode.max() < len(plane.modes)
        assert (plane.item == -1).all()
    counted = count_bits(data)
    wanted = sum(bits for part, bits in counted.items() if part not in NOT_OF_BLOCKS)
    # Values of the range coder take parts of bits, and all together less than a byte more than their sum
    assert sum(int(plane.bits.sum()) for plane in planes) == pytest.approx(wanted, abs=48)
    luma = sum(bits for part, bits in counted.items() if part.startswith("luma "))
    assert luma - 48 < int(planes[0].bits.sum()) <= wanted


def test_noise_takes_more_bits_than_a_slope() -> None:
    (plane,) = inspect_picture(encode_image(picture(64, 128, 1), quality=60, effort=3))
    noisy = plane.left >= 64
    assert plane.bits[noisy].sum() > 3 * plane.bits[~noisy].sum()


def test_an_engine_without_blocks_tells_none() -> None:
    data = encode_image(picture(16, 16, 3), codebook="classic-4x4-256")
    assert inspect_picture(data) is None


def test_damage_is_an_error() -> None:
    data = encode_image(picture(45, 70, 3), quality=60, effort=2)
    with pytest.raises(CorruptFileError):
        inspect_picture(data[:-20])


def test_blocks_of_frames_cover_them_and_follow_the_motion(tmp_path) -> None:
    frames = moving_frames(9, 64, 96)
    path = tmp_path / "clip.vqc"
    path.write_bytes(vqcodec.encode_video(frames, 25, quality=60, effort=2))
    counted = vqcodec.info(path, bits=True).frame_bits
    with path.open("rb") as file:
        video = read_video(file)
        found = list(inspect_video(video, codebook_of(video.media)))
    assert [frame.kind for frame in found] == [frame.kind for frame in counted]
    for frame in found:
        covered = np.zeros((64 + 64, 96 + 64), dtype=int)
        for top, left, height, width in zip(frame.top, frame.left, frame.height, frame.width):
            covered[top : top + height, left : left + width] += 1
        assert (covered[:64, :96] == 1).all()
        names = [frame.names[how] for how in frame.how]
        assert all((name == "intra") == (not towards.any()) for name, towards in zip(names, frame.towards))
    assert found[0].names == ("intra",)
    # The ground moves by a row and two columns a frame, up and to the left
    area = moved = 0
    for frame in found[1:]:
        for size, towards, motion in zip(frame.height * frame.width, frame.towards[:, 0], frame.motion[:, 0]):
            area += size
            moved += size * bool(np.abs(motion - [-towards, -2 * towards]).max() <= 0.5)
    assert moved > 0.6 * area


def test_a_video_engine_without_blocks_tells_none(tmp_path) -> None:
    path = tmp_path / "clip.vqc"
    path.write_bytes(vqcodec.encode_video(moving_frames(2, 16, 16), 25, codebook="video-st3d", quality=50, effort=0))
    with path.open("rb") as file:
        video = read_video(file)
        assert list(inspect_video(video, codebook_of(video.media))) == []
