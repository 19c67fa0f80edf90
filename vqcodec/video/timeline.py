"""When the frames of a video file are shown, and which frames a stretch of time holds."""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.video.files import VideoFile


@dataclass(frozen=True)
class Part:
    """A range of frames: from `first` up to `end`, which is not included."""

    first: int
    end: int


def groups_of(video: VideoFile, part: Part) -> range:
    """Return the numbers of the groups that hold the frames of a part."""
    first = max(0, bisect.bisect_right(video.starts, part.first) - 1)
    return range(first, bisect.bisect_left(video.starts, part.end))


def times_of(video: VideoFile, part: Part) -> list[int] | None:
    """Return the times of the frames of a part, and last the time at which it ends; None for a constant rate.

    They are in units of `time_base`. Lost frames get times between those of the others. If the file does not tell when
    its last frame ends, that frame lasts as long as the mean of all.
    """
    format = video.header.format
    if format.time_base is None:
        return None
    known: dict[int, int] = {}
    numbers = groups_of(video, part)
    for number in numbers:
        known |= _told_by(video, number)
    if part.end not in known and part.end < video.length and numbers.stop < len(video.starts):
        known |= _told_by(video, numbers.stop)
    inside: dict[int, int] = {}
    last = (part.first - 1, -1)
    for frame, time in sorted(known.items()):
        if part.first <= frame <= part.end:
            if time - last[1] >= frame - last[0]:
                inside[frame] = time
                last = frame, time
            elif not video.salvaged:
                raise CorruptFileError("the times of the frames do not grow")
    return _filled(inside, part, max(1, round(1 / (format.rate * format.time_base))))


def moment_of(video: VideoFile, frame: int) -> Fraction:
    """Return the second from which on a frame is shown; for the number after the last frame, when that one ends."""
    base = video.header.format.time_base
    if base is None:
        return frame / video.header.format.rate
    if frame < video.length:
        return (times_of(video, Part(frame, frame + 1)) or [0])[0] * base
    return (times_of(video, Part(frame - 1, frame)) or [0])[-1] * base


def duration_of(video: VideoFile) -> float:
    """Return the duration of a video in seconds, the last frame included."""
    if video.header.ends:
        return float(moment_of(video, video.length) - moment_of(video, 0))
    return float(video.length / video.header.format.rate)


def part_of(
    video: VideoFile, frames: tuple[int, int | None] | None, start_s: float | None, duration_s: float | None
) -> Part:
    """Return the part that a range of frames, or a start and a duration in seconds (above 0), stand for.

    Args:
        frames: first frame, and the frame at which to end (not included; None for the end of the video).

    Raises:
        UsageError: the start is not within the video.
    """
    if frames is not None:
        return Part(frames[0], video.length if frames[1] is None else frames[1])
    start = start_s or 0.0
    first = _frame_at(video, start)
    if first >= video.length:
        raise UsageError(f"start {start:g} s is not within the video, which lasts {duration_of(video):.3f} s")
    if duration_s is None:
        return Part(first, video.length)
    return Part(first, max(first + 1, _frame_at(video, start + duration_s, up=True)))


def _frame_at(video: VideoFile, seconds: float, *, up: bool = False) -> int:
    """Return the number of the frame shown at a time; if `up`, of the first frame that begins then or later."""
    format = video.header.format
    moment = Fraction(seconds).limit_denominator(1_000_000)
    if format.time_base is None:
        return math.ceil(moment * format.rate) if up else math.floor(moment * format.rate)
    ticks = moment / format.time_base
    times = times_of(video, Part(0, video.length)) or []
    return bisect.bisect_left(times, ticks) if up else max(0, bisect.bisect_right(times, ticks) - 1)


def _told_by(video: VideoFile, number: int) -> dict[int, int]:
    """Return the times that a group tells, by the number of the frame; its end counts as the frame after it.

    Raises:
        CorruptFileError: it has another number of times than frames.
    """
    group = video.group(number)
    if group.times is not None and len(group.times) != video.counts[number]:
        raise CorruptFileError(
            f"the group from frame {video.starts[number]} on has {len(group.times)} times, not one each"
        )
    told = dict(enumerate(group.times or (), video.starts[number]))
    if group.end is not None:
        told[video.starts[number] + len(told)] = group.end
    return told


def _filled(known: Mapping[int, int], part: Part, unit: int) -> list[int]:
    """Return times for all frames of a part, and its end; those that are not known lie in equal steps.

    Args:
        known: times by frame, ascending.
        unit: the step before the first known frame and after the last one.
    """
    if not known:
        return [unit * number for number in range(part.end - part.first + 1)]
    frames = list(known)
    first, last = frames[0], frames[-1]
    times = [max(0, known[first] - unit * (first - frame)) for frame in range(part.first, first)]
    for before, after in pairwise(frames):
        gap = (known[after] - known[before]) / (after - before)
        times.append(known[before])
        times += [known[before] + max(1, round(gap * step)) for step in range(1, after - before)]
    return times + [known[last] + unit * step for step in range(part.end - last + 1)]
