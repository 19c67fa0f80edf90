"""What all sources of frames have in common, and a part of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Self

from vqcodec.video.io.frames import Frame
from vqcodec.video.io.pace import MEAN_PARTS
from vqcodec.video.io.placing import SoundTrack
from vqcodec.video.io.video_format import VideoFormat


class FrameSource(ABC):
    """A video that can be read frame by frame.

    Attributes:
        name: of the source in messages.
        format: of the frames.
        times: of the frames, from 0 on, and last the time at which the last frame ends, in units of
            `format.time_base`; None for a constant rate.
        expected: approximate number of frames, for showing progress; None if unknown.
        exact: number of frames, if it is certain before they are read; else None.
        again: whether the source can be read several times.
        sound: the sound of the video; None without sound.
        texts: of the file by title, see `texts.TITLES`.
        notes: what reading changes, for the user; complete when the source has been read.
    """

    name: str
    format: VideoFormat
    times: Sequence[int] | None = None
    expected: int | None = None
    exact: int | None = None
    again: bool = True
    sound: SoundTrack | None = None

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.texts: Mapping[str, str] = {}

    def note(self, text: str) -> None:
        """Add a note, unless it is there already."""
        if text not in self.notes:
            self.notes.append(text)

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Yield all frames."""

    def times_of(self, first: int, count: int) -> list[int]:
        """Return the times of `count` frames, and last the time at which they end, in units.

        If there are more frames than times, the others follow in equal steps. Without times, every frame lasts a unit.
        """
        told = self.times or (0, 1)
        step = max(1, told[-1] // (len(told) - 1))
        beyond = range(max(first, len(told)), first + count + 1)
        return [*told[first : first + count + 1], *(told[-1] + step * (number - len(told) + 1) for number in beyond)]

    def moment(self, number: int) -> Fraction:
        """Return the second at which a frame begins; for the number of frames, when the last one ends."""
        unit = self.format.time_base
        return number / self.format.rate if unit is None else self.times_of(number, 0)[0] * unit

    def close(self) -> None:  # noqa: B027  (most sources hold nothing)
        """End what reads frames, such as ffmpeg; `with` does it, too."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PartSource(FrameSource):
    """Part of another source with its sound: frames `first` up to `end` (not included; None for the end)."""

    def __init__(self, whole: FrameSource, first: int, end: int | None) -> None:
        super().__init__()
        self.notes, self.texts = whole.notes, whole.texts
        self.name, self.format, self.again = whole.name, whole.format, whole.again
        self._whole, self._range = whole, (first, end)
        self.expected = _count_within(whole.expected, first, end)
        self.exact = None if whole.exact is None else _count_within(whole.exact, first, end)
        if whole.times is not None and self.expected:
            times = whole.times_of(first, self.expected)
            self.times = [time - times[0] for time in times]
            mean = self.expected / (self.times[-1] * Fraction(whole.format.time_base or 1))
            self.format = replace(whole.format, rate=mean.limit_denominator(MEAN_PARTS))
            self.format.check()
        if whole.sound is not None:
            cut = end is not None and end < (whole.expected or 0)
            self.sound = whole.sound.part(whole.moment(first), whole.moment(end) if cut and end is not None else None)

    def frames(self) -> Iterator[Frame]:
        return islice(self._whole.frames(), *self._range)

    def close(self) -> None:
        self._whole.close()


def _count_within(whole: int | None, first: int, end: int | None) -> int | None:
    """Return the number of frames of a part; None if it is unknown. `whole` is that of the whole source."""
    if whole is None:
        return None if end is None else end - first
    return max(0, min(whole, whole if end is None else end) - first)
