"""Which pictures are predicted from which: the order is that of a spanning tree of greatest savings.

Pictures are taken one by one, always the one that saves most when it is predicted from one that is taken already. That
is Prim's algorithm, on estimates. Where nothing saves anything, the one is taken that could save others most.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES
from vqcodec.image.transform.memory_training.candidates import UNIT, Candidates

FEWEST_BITS = 8.0  # of the estimate, that a reference must save
FEWEST_SHARE = 0.03  # likewise, of the bits of the picture

FloatArray = npt.NDArray[np.float64]


class Planned(NamedTuple):
    """A picture in the order of coding.

    Attributes:
        picture: its number.
        references: numbers of the pictures that it is predicted from, the best first; all stand before it.
        depth: the longest way to a picture that is predicted from none.
        saved: part of its bits that they are estimated to save.
    """

    picture: int
    references: tuple[int, ...]
    depth: int
    saved: float


class _Candidate(NamedTuple):
    """What a picture may be predicted from, and what that saves its parts: float64 (parts,), in bits."""

    picture: int
    saved: FloatArray


def plan(
    candidates: Candidates, alone: Sequence[float], most_needed: int, allowed: Collection[int] | None = None
) -> list[Planned]:
    """Return all pictures in the order of coding.

    Args:
        candidates: of the pictures.
        alone: estimated bits of each, predicted from none.
        most_needed: pictures that may have to be decoded for one of them, itself included.
        allowed: numbers of the pictures that others may be predicted from; None for all.
    """
    choices = _choices(candidates)
    if allowed is not None:
        choices = [[other for other in others if other.picture in allowed] for others in choices]
    return _Plan(choices, alone, most_needed).run()


def _choices(candidates: Candidates) -> list[list[_Candidate]]:
    """Return for each picture what it may be predicted from."""
    entries, starts = candidates.entries, candidates.part_starts
    order = np.lexsort((entries.candidates, entries.pictures))
    bounds = np.searchsorted(entries.pictures[order], np.arange(len(starts)))
    found = []
    for number, (first, end) in enumerate(zip(starts.tolist(), starts[1:].tolist())):
        rows = order[bounds[number] : bounds[number + 1]]
        names, place = np.unique(entries.candidates[rows], return_inverse=True)
        saved = np.zeros((len(names), end - first))
        saved[place, entries.parts[rows] - first] = entries.saved[rows] / UNIT
        found.append([_Candidate(int(name), row) for name, row in zip(names, saved) if name != number])
    return found


class _Plan:
    def __init__(self, choices: list[list[_Candidate]], alone: Sequence[float], most_needed: int) -> None:
        self._choices, self._alone, self._most = choices, alone, most_needed
        self._users: list[list[tuple[float, int]]] = [[] for _ in choices]  # what each could save others
        for number, others in enumerate(choices):
            for other in others:
                total = float(other.saved.sum())
                if total > FEWEST_BITS:
                    self._users[other.picture].append((total, number))
        self._needed: dict[int, frozenset[int]] = {}  # by picture that is taken: itself and all that it needs
        self._depths: dict[int, int] = {}
        self._planned: list[Planned] = []
        self._heap: list[tuple[float, int]] = []

    def run(self) -> list[Planned]:
        """Plan all."""
        worth = [sum(total for total, _ in users) for users in self._users]
        for root in sorted(range(len(worth)), key=lambda number: (-worth[number], number)):
            if root in self._needed:
                continue
            self._take(root)
            while self._heap:
                _, number = heapq.heappop(self._heap)
                if number not in self._needed:
                    self._take(number)
        return self._planned

    def _take(self, number: int) -> None:
        references, needed, saved = self._references(number)
        self._needed[number] = needed | {number}
        self._depths[number] = 1 + max((self._depths[other] for other in references), default=-1)
        share = saved / max(self._alone[number], 1.0)
        self._planned.append(Planned(number, references, self._depths[number], share))
        if len(self._needed[number]) < self._most:
            for total, user in self._users[number]:
                if user not in self._needed:
                    heapq.heappush(self._heap, (-total, user))

    def _references(self, number: int) -> tuple[tuple[int, ...], frozenset[int], float]:
        """Return what a picture is predicted from, all that this needs, and the bits that it saves."""
        left = [other for other in self._choices[number] if other.picture in self._needed]
        least = max(FEWEST_BITS, FEWEST_SHARE * self._alone[number])
        chosen: list[int] = []
        needed: frozenset[int] = frozenset()
        served = np.zeros(1)
        while left and len(chosen) < MAX_REFERENCES:
            gains = [float(np.maximum(other.saved - served, 0).sum()) for other in left]
            best = int(np.argmax(gains))
            if gains[best] < least:
                break
            other = left.pop(best)
            if len(needed | self._needed[other.picture]) >= self._most:
                continue
            needed |= self._needed[other.picture]
            chosen.append(other.picture)
            served = np.maximum(served, other.saved)
        return tuple(chosen), needed, float(served.sum())
