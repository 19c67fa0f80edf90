"""Frames that a memory may hold: backgrounds of clips, and frames of clips.

A background is the median of a stretch of frames in time, which leaves out what moves. Backgrounds of several stretches
that agree in most blocks make one more, the median of them all; so each light has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.media.training import Corpus
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import GRID
from vqcodec.video.training import Clip

BACKGROUND, FRAME = "background", "frame"  # kinds of candidates

_STRETCH = 64  # frames of which a background is the median, about
_LEAST_STRETCH = 8  # frames; shorter clips have no background
_MEDIAN_OF = 32  # frames of a stretch that are looked at
_SPACING = 12  # frames from a candidate to the next
_MOST_CANDIDATES = 160  # frames that are candidates, about
_MOST_FIRST = 96  # frames that stand for first frames, about
_ALIKE = 30.0  # mean squared difference below which blocks agree
_AGREEING = 0.6  # share of the blocks of backgrounds of the same light that agree


class Candidate(NamedTuple):
    """A frame that a memory may hold.

    Attributes:
        frame: the frame.
        kind: BACKGROUND or FRAME.
        clips: numbers of the clips that it was made from.
        first, last: numbers of the first and the last frame that it was made from, where that is one clip.
    """

    frame: Frame
    kind: str
    clips: frozenset[int]
    first: int
    last: int

    def may_serve(self, clip: int, time: int, alone: bool) -> bool:
        """Return whether what it saves frame `time` of a clip tells what it will save other clips.

        A frame tells nothing about its own clip, and of the only clip nothing about the frames around it.

        Args:
            alone: whether there is no other clip of its size.
        """
        if self.clips != {clip} or (alone and self.kind == BACKGROUND):
            return True
        return alone and not self.first - _STRETCH < time < self.last + _STRETCH


class FirstFrame(NamedTuple):
    """A frame that stands for the first frame of a group: number of its clip, its number there, the frame."""

    clip: int
    time: int
    frame: Frame


class Gathered(NamedTuple):
    """What a corpus offers.

    Attributes:
        candidates: backgrounds first, then frames in the order of the clips.
        first_frames: spread evenly; the first frame of each clip is among them, if there are not too many clips.
        alone: of each clip, whether no other has its size.
    """

    candidates: list[Candidate]
    first_frames: list[FirstFrame]
    alone: list[bool]


def gather(corpus: Corpus[Clip]) -> Gathered:
    """Go through the clips once; hold about _MOST_CANDIDATES and _MOST_FIRST frames of them, however many there are."""
    total = sum(frames for frames, *_ in corpus.sizes)
    spacing = max(_SPACING, -(-total // _MOST_CANDIDATES))
    clips = len(corpus.sizes)
    stretches: list[Candidate] = []
    frames: list[Candidate] = []
    first: list[FirstFrame] = []
    for number, clip in enumerate(corpus):
        if number * _MOST_CANDIDATES // clips != (number - 1) * _MOST_CANDIDATES // clips:
            stretches += _backgrounds(number, clip, max(_STRETCH, spacing))
            frames += [
                Candidate(clip[time], FRAME, frozenset([number]), time, time) for time in range(0, len(clip), spacing)
            ]
        if number * _MOST_FIRST // clips != (number - 1) * _MOST_FIRST // clips:
            apart = max(_SPACING, -(-total // _MOST_FIRST))
            first += [FirstFrame(number, time, clip[time]) for time in range(0, len(clip), apart)]
    sizes = [tuple(size) for _, *size in corpus.sizes]
    return Gathered([*_joined(stretches), *stretches, *frames], first, [sizes.count(size) == 1 for size in sizes])


def _backgrounds(number: int, clip: Clip, length: int) -> list[Candidate]:
    """Return the background of each stretch of about `length` frames of a clip."""
    if len(clip) < _LEAST_STRETCH:
        return []
    bounds = np.linspace(0, len(clip), max(1, len(clip) // length) + 1).astype(int)
    return [
        Candidate(_median(clip[start:end]), BACKGROUND, frozenset([number]), int(start), int(end) - 1)
        for start, end in pairwise(bounds)
    ]


def _joined(stretches: Sequence[Candidate]) -> list[Candidate]:
    """Return a background for each set of two or more that agree; a set is what agrees with its first member."""
    sets: list[list[Candidate]] = []
    for candidate in stretches:
        for members in sets:
            if _agree(members[0].frame, candidate.frame):
                members.append(candidate)
                break
        else:
            sets.append([candidate])
    return [
        Candidate(
            _median([member.frame for member in members]),
            BACKGROUND,
            frozenset().union(*(member.clips for member in members)),
            min(member.first for member in members),
            max(member.last for member in members),
        )
        for members in sets
        if len(members) > 1
    ]


def _agree(first: Frame, second: Frame) -> bool:
    """Return whether most blocks of two frames are alike; frames of different sizes do not agree."""
    if first.luma.shape != second.luma.shape:
        return False
    rows, columns = (side // GRID for side in first.luma.shape)
    error = (first.luma.astype(np.float32) - second.luma)[: rows * GRID, : columns * GRID] ** 2
    blocks = error.reshape(rows, GRID, columns, GRID).mean(axis=(1, 3))
    return blocks.size == 0 or bool((blocks < _ALIKE).mean() >= _AGREEING)


def _median(frames: Sequence[Frame]) -> Frame:
    """Return the lower median of at most _MEDIAN_OF frames, evenly spread, sample by sample."""
    count = min(len(frames), _MEDIAN_OF)
    chosen = [frames[number * len(frames) // count] for number in range(count)]

    def middle(planes: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
        stack = np.stack(planes)
        result: npt.NDArray[np.uint8] = np.partition(stack, (len(stack) - 1) // 2, axis=0)[(len(stack) - 1) // 2]
        return result

    return Frame(*(middle(planes) for planes in zip(*chosen)))
