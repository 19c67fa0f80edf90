"""Decoding of a video file, as a whole or in part, group by group."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.video.engines import engine_for
from vqcodec.video.files import VideoFile
from vqcodec.video.io.frames import Frame

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Part:
    """A range of frames: from `first` up to `end`, which is not included."""

    first: int
    end: int


class Decoding:
    """Decodes a video file, or part of it.

    Args:
        video: from `files.read_video`; only the groups that are needed are read and decoded.
        codebook: the codebook that the file needs.
        part: the frames to decode; None for all.
        threads: None for all CPUs; the frames do not depend on it.

    Attributes:
        first: number of the first frame that `frames` yields. length: the number of frames that it yields.
        lost: lost frames of a salvaged file; complete when all frames have been yielded. A lost frame is replaced by
            the frame before it; at the beginning, by the first intact frame.

    Raises:
        UsageError: the part is not within the video.
    """

    def __init__(
        self, video: VideoFile, codebook: Codebook, *, part: Part | None = None, threads: int | None = None
    ) -> None:
        self._video = video
        self._codebook = codebook
        self._threads = threads
        part = part or Part(0, video.length)
        if not 0 <= part.first < min(part.end, video.length):
            raise UsageError(
                f"frames {part.first}:{part.end} are not within the video, which has {video.length} (from 0 on)"
            )
        self.first = part.first
        self.length = min(part.end, video.length) - part.first
        self.lost: list[Part] = []

    def frames(self, progress: Progress | None = None) -> Iterator[Frame]:
        """Yield the frames, `length` in all.

        Args:
            progress: called with the number of frames yielded so far.

        Raises:
            CorruptFileError: a group is damaged and the file was not salvaged, or no frame is intact.
        """
        due, end = self.first, self.first + self.length
        held: Frame | None = None
        for number, frame in self._intact():
            if number > due:
                self._lose(due, number)
                yield from [frame if held is None else held] * (number - due)
            held, due = frame, number + 1
            yield frame
            if progress is not None:
                progress(due - self.first)
        if due < end:
            self._lose(due, end)
            if held is None:
                raise CorruptFileError("none of these frames is intact")
            yield from [held] * (end - due)

    def times(self) -> list[int] | None:
        """Return the times of the frames in units of `time_base`, beginning with 0; None for a constant rate."""
        base = self._video.header.format.time_base
        if base is None:
            return None
        times: list[int] = []
        unit = max(1, round(1 / (self._video.header.format.rate * base)))
        for number in self._needed():
            start = self._video.starts[number]
            own = self._video.group(number).times or ()
            kept = [time for frame, time in enumerate(own, start) if self.first <= frame < self.first + self.length]
            missing = max(0, max(start, self.first) - self.first - len(times))
            times += _between(times, kept, missing, unit)
        times += _between(times, [], self.length - len(times), unit)
        return [time - times[0] for time in times]

    def _needed(self) -> range:
        """Return the numbers of the groups that the part needs."""
        starts = self._video.starts
        first = max(0, bisect.bisect_right(starts, self.first) - 1)
        return range(first, bisect.bisect_left(starts, self.first + self.length))

    def _intact(self) -> Iterator[tuple[int, Frame]]:
        """Yield the frames of the part that can be decoded, with their numbers."""
        for number in self._needed():
            try:
                yield from self._group(number)
            except CorruptFileError:
                if not self._video.salvaged:
                    raise

    def _group(self, number: int) -> Iterator[tuple[int, Frame]]:
        """Yield the frames of a group that belong to the part, with their numbers."""
        video = self._video
        start, count = video.starts[number], video.counts[number]
        format = video.header.format
        packet = video.group(number).packet
        told = engine_for(video.media.engine).frame_count(packet)
        if told != count:
            raise CorruptFileError(f"the group from frame {start} on has {told} frames, not {count}")
        decoded = engine_for(video.media.engine).decode_group(
            packet, format.width, format.height, self._codebook, self._threads
        )
        end = min(start + count, self.first + self.length)
        following = start
        for following, frame in enumerate(decoded, start + 1):
            if self.first < following:
                yield following - 1, frame
            if following == end:
                return
        raise CorruptFileError(f"the group from frame {start} on ends after {following - start} frames of {count}")

    def _lose(self, first: int, end: int) -> None:
        self.lost.append(Part(first, end))


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


def duration_of(video: VideoFile) -> float:
    """Return the duration of a video in seconds; the last frame counts with the mean duration."""
    return float(video.length / video.header.format.rate)


def _frame_at(video: VideoFile, seconds: float, *, up: bool = False) -> int:
    """Return the number of the frame shown at a time; if `up`, of the first frame that begins then or later."""
    format = video.header.format
    moment = Fraction(seconds).limit_denominator(1_000_000)
    if format.time_base is None:
        return math.ceil(moment * format.rate) if up else math.floor(moment * format.rate)
    ticks = moment / format.time_base
    times = [time for number in range(len(video.starts)) for time in video.group(number).times or ()]
    if ticks > times[-1] and not up:
        return len(times) - 1 if seconds < duration_of(video) else len(times)
    return bisect.bisect_left(times, ticks) if up else bisect.bisect_right(times, ticks) - 1


def _between(before: list[int], after: list[int], missing: int, unit: int) -> list[int]:
    """Return evenly spaced times for `missing` lost frames between `before` and `after`, followed by `after`."""
    if missing <= 0:
        return after
    if not before:
        first = after[0] if after else 0
        return [max(0, first - unit * (missing - number)) for number in range(missing)] + after
    gap = (after[0] - before[-1]) / (missing + 1) if after else unit
    return [before[-1] + max(1, round(gap * (number + 1))) for number in range(missing)] + after
