"""Sound beside the picture: where each piece of it belongs, and a file in which it stands there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vqcodec.ffmpeg.survey import Pieces

TOLERANCE_S = Fraction(1, 200)  # by which sound may stay off its time
_SUDDEN_S = Fraction(1, 25)  # by which one piece alone is believed; less may be jitter of the file's times
_AROUND = 4  # pieces before and after, whose median tells jitter from a gap
_SAID_S = Fraction(1, 20)  # least silence or cut that a note names
_BLOCK = 1 << 16  # samples copied at a time


class Run(NamedTuple):
    """Samples that stay together: `length` of them, from sample `first` of the file on, belong at `place`."""

    first: int
    place: int
    length: int


@dataclass(frozen=True)
class SoundTrack:
    """The sound of a video file, and when it is heard.

    Attributes:
        path: of the file. stream: its number in the file.
        pieces: of the sound as it decodes; their unit is one sample.
        begin: when the picture begins, in seconds of the clock of the pieces.
        end: when the sound is cut, on the same clock; None for never.
        whole: whether the picture is the whole one of the file.
    """

    path: str
    stream: int
    pieces: Pieces
    begin: Fraction
    end: Fraction | None = None
    whole: bool = True

    def part(self, begin: Fraction, end: Fraction | None) -> SoundTrack:
        """Return the sound of a part of the picture, in seconds from its beginning; `end` None for all the rest."""
        return replace(self, begin=self.begin + begin, end=None if end is None else self.begin + end, whole=False)

    def runs(self) -> list[Run]:
        """Return the samples that are heard, in their order, and their places from the beginning of the picture on."""
        begin = round(self.begin / self.pieces.unit)
        end = None if self.end is None else round(self.end / self.pieces.unit) - begin
        told = list(_together(self.pieces))
        if told and abs(told[0].place - begin) * self.pieces.unit <= TOLERANCE_S:
            begin = told[0].place
        runs: list[Run] = []
        done = 0
        for first, place, length in told:
            cut = max(0, done - (place - begin))  # samples whose time is over
            kept = Run(first + cut, place - begin + cut, length - cut)
            if end is not None:
                kept = kept._replace(length=min(kept.length, end - kept.place))
            if kept.length > 0:
                runs.append(kept)
                done = kept.place + kept.length
        return runs

    def notes(self) -> list[str]:
        """Return what is done to the sound, for the user."""
        runs, unit = self.runs(), self.pieces.unit
        if not runs:
            return ["it has no sound at the time of these frames"]
        notes = []
        if runs[0].place * unit > _SAID_S:
            notes.append(f"its sound begins {float(runs[0].place * unit):.2f} s after the picture; silence fills that")
        early = round(self.begin / unit) - (self.pieces.starts[0] or 0)
        if self.whole and early * unit > _SAID_S:
            notes.append(f"its sound begins {float(early * unit):.2f} s before the picture; that much is cut off")
        gaps = sum(after.place - before.place - before.length for before, after in pairwise(runs))
        if gaps * unit > _SAID_S:
            notes.append(f"its sound has gaps of {float(gaps * unit):.2f} s in all; silence fills them")
        return notes


def placed(blocks: Iterator[NDArray[np.int16]], runs: Sequence[Run]) -> Iterator[NDArray[np.int16]]:
    """Yield sound with each run at its place, and silence between.

    Args:
        blocks: of the sound from its beginning on, int16 (samples, channels).
    """
    held, position, done = np.zeros((0, 1), np.int16), 0, 0
    for first, place, length in runs:
        left = length
        while left:
            while position + len(held) <= first:
                position += len(held)
                following = next(blocks, None)
                if following is None:
                    return
                held = following
            block = held[first - position :][:left]
            yield from _silence(place - done, held.shape[1])
            yield block
            first, place, left = first + len(block), place + len(block), left - len(block)
            done = place


def _silence(length: int, channels: int) -> Iterator[NDArray[np.int16]]:
    for begin in range(0, length, _BLOCK):
        yield np.zeros((min(_BLOCK, length - begin), channels), np.int16)


def _together(pieces: Pieces) -> Iterator[Run]:
    """Yield the sound in runs without gaps, placed on the clock of the file.

    A new run begins where the times leave the count of samples by more than the tolerance. Times of single pieces may
    jitter; so a small difference counts only if the pieces around it have it as well.
    """
    if not pieces.lengths:
        return
    counted = [0]
    offsets: list[int] = []
    for start, length in zip(pieces.starts, pieces.lengths, strict=True):
        offsets.append(offsets[-1] if start is None and offsets else (start or 0) - counted[-1])
        counted.append(counted[-1] + length)
    sudden, tolerance = _SUDDEN_S / pieces.unit, TOLERANCE_S / pieces.unit
    first, offset = 0, offsets[0]
    edge = 0  # number of the piece at which the times last leapt
    for number, own in enumerate(offsets):
        if number and abs(own - offsets[number - 1]) > sudden:
            edge = number
        if abs(own - offset) <= tolerance:
            continue
        around = [own]
        for near in range(number + 1, min(number + 1 + _AROUND, len(offsets))):
            if abs(offsets[near] - offsets[near - 1]) > sudden:
                break
            around.append(offsets[near])
        around += offsets[max(edge, number - _AROUND) : number]
        usual = round(median(around))
        if abs(usual - offset) > tolerance:
            if number:
                yield Run(counted[first], counted[first] + offset, counted[number] - counted[first])
            first, offset = number, usual
    yield Run(counted[first], counted[first] + offset, counted[-1] - counted[first])
