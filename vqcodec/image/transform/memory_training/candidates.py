"""The candidates for a memory, and about what each saves the pictures of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.image.transform.memory_training.descriptors import describe
from vqcodec.image.transform.memory_training.estimate import bits_alone, bits_given, cells_of
from vqcodec.image.transform.planes import planes_of
from vqcodec.threads import map_shards
from vqcodec.vq.facility_location import Savings
from vqcodec.vq.neighbours import nearest_few

PARTS = 4  # a picture is cut into at most PARTS x PARTS parts, which may have items of their own
NEAREST = 16  # candidates by which a picture is predicted
UNIT = 16  # savings and costs are counted in 1/UNIT bits
_NAMING_BITS = 16.0  # of a picture, to say which items it is predicted from
_SAME = 1 / 4  # pictures are the same if the error of no cell of luma exceeds this share of the step, squared
_SHARD = 8  # pictures

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Samples = npt.NDArray[np.uint8]
Advance = Callable[[float], None]
"""Called with the part that is done, 0 to 1."""


class Entries(NamedTuple):
    """What candidates save parts of pictures: one entry for each pair that may be used.

    Attributes:
        candidates, pictures, parts, saved: int64 (entries,). Parts are numbered through all pictures; savings are in
            1/UNIT bits.
    """

    candidates: IntArray
    pictures: IntArray
    parts: IntArray
    saved: IntArray

    def savings(self, pictures: int, parts: int, factors: npt.NDArray[np.float64] | None = None) -> Savings:
        """Return them as a matrix of candidates and parts.

        Args:
            factors: float64 (pictures,), by what the savings of each picture are multiplied.
        """
        saved = self.saved if factors is None else np.rint(self.saved * factors[self.pictures]).astype(np.int64)
        return Savings.of(self.candidates, self.parts, saved, (pictures, parts))


@dataclass(frozen=True)
class Candidates:
    """The pictures of a corpus, as candidates and as what is to be predicted.

    Attributes:
        originals: of stands_for[i], picture i is a copy; i itself if it is none. A copy is no candidate.
        entries: see `Entries`; no picture predicts itself, unless it has copies.
        part_starts: int64 (pictures + 1,), number of the first part of each picture.
    """

    originals: IntArray
    entries: Entries
    part_starts: IntArray

    @property
    def part_count(self) -> int:
        """How many parts all pictures have."""
        return int(self.part_starts[-1])


def colour_planes(samples: Samples) -> FloatArray:
    """Return the planes of a picture without alpha, float32 (1 or 3, height, width), 0 to 255, chroma of full size."""
    channels = samples.shape[2] - (samples.shape[2] + 1) % 2
    planes = planes_of(np.ascontiguousarray(samples[:, :, :channels]), "444")
    if channels == 1:
        return planes[0][None].astype(np.float32)
    return np.stack(planes).astype(np.float32) / np.float32(16)


def describe_all(pictures: Sequence[Samples], threads: int | None) -> npt.NDArray[np.uint8]:
    """Return the descriptors of all pictures, uint8 (pictures, DIMENSION)."""
    shards = range(0, len(pictures), _SHARD)

    def run(first: int) -> list[npt.NDArray[np.uint8]]:
        return [describe(colour_planes(samples)) for samples in pictures[first : first + _SHARD]]

    return np.stack([row for part in map_shards(run, shards, threads) for row in part])


def find_copies(
    pictures: Sequence[Samples], nearest: npt.NDArray[np.int32], step: float, threads: int | None
) -> IntArray:
    """Return for each picture the first picture of the same size that it nearly equals, int64; often itself.

    Args:
        nearest: (pictures, any), the pictures that look most like each.
        step: quantizer step of luma at which differences are looked at.
    """

    def run(number: int) -> int:
        mine = pictures[number]
        for other in sorted(n for n in nearest[number].tolist() if n < number):
            theirs = pictures[other]
            if theirs.shape == mine.shape and _same(mine, theirs, step):
                return other
        return number

    originals = np.arange(len(pictures))
    for number, other in enumerate(map_shards(run, range(len(pictures)), threads)):
        originals[number] = originals[other]
    return originals


def _same(first: Samples, second: Samples, step: float) -> bool:
    if first.shape[2] in (2, 4) and not np.array_equal(first[:, :, -1], second[:, :, -1]):
        return False
    errors = cells_of(colour_planes(first) - colour_planes(second))
    return bool(np.square(errors).mean(axis=(-1, -2)).max() <= (step * _SAME) ** 2)


def find_candidates(
    pictures: Sequence[Samples],
    items: Sequence[Samples],
    alone: IntArray,
    step: float,
    threads: int | None,
    advance: Advance = lambda _part: None,
) -> Candidates:
    """Find out what pictures may be predicted from, and about what that saves.

    Args:
        pictures: of the corpus; uint8 (height, width, channels) each.
        items: what the memory would hold of each, decoded; likewise.
        alone: int64 (pictures,), bits that each takes without a memory.
        step: quantizer step of luma with which they take them.
        threads: None for all CPUs; the result does not depend on it.
        advance: see `Advance`.
    """
    descriptors = describe_all(pictures, threads)
    around, _ = nearest_few(descriptors, descriptors, NEAREST + 1, threads)
    originals = find_copies(pictures, around, step, threads)
    own = np.flatnonzero(originals == np.arange(len(pictures)))
    copied = np.bincount(originals, minlength=len(pictures)) > 1
    places, _ = nearest_few(descriptors[own], descriptors, NEAREST + 1, threads)
    nearest = own[places]
    counts = np.array([_part_shape(shape) for shape in map(np.shape, pictures)]).prod(axis=1)
    part_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    done = 0

    def run(first: int) -> list[tuple[int, int, IntArray]]:
        nonlocal done
        found = []
        for number in range(first, min(first + _SHARD, len(pictures))):
            others = [n for n in nearest[number].tolist() if n != number or copied[number]][:NEAREST]
            found += _saved_by(number, others, pictures[number], items, float(alone[number]), step)
            done += 1
        advance(done / len(pictures))
        return found

    found = [entry for part in map_shards(run, range(0, len(pictures), _SHARD), threads) for entry in part]
    entries = Entries(
        np.repeat([candidate for candidate, _, _ in found], [len(saved) for _, _, saved in found]).astype(np.int64),
        np.repeat([picture for _, picture, _ in found], [len(saved) for _, _, saved in found]).astype(np.int64),
        _joined([part_starts[picture] + np.arange(len(saved)) for _, picture, saved in found]),
        _joined([saved for _, _, saved in found]),
    )
    return Candidates(originals, entries, part_starts)


def _joined(parts: Sequence[IntArray]) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _part_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    return min(PARTS, -(-shape[0] // 8)), min(PARTS, -(-shape[1] // 8))


def _saved_by(
    number: int, others: Sequence[int], samples: Samples, items: Sequence[Samples], alone: float, step: float
) -> list[tuple[int, int, IntArray]]:
    """Return (candidate, picture, what it saves each part) for each of `others` that saves anything."""
    planes = colour_planes(samples)
    estimate = bits_alone(planes, step)
    factor = alone / max(float(estimate.sum()), 1.0)
    rows, columns = _part_shape(samples.shape)
    row_of = np.arange(estimate.shape[0]) * rows // estimate.shape[0]
    column_of = np.arange(estimate.shape[1]) * columns // estimate.shape[1]
    part_of = row_of[:, None] * columns + column_of
    found = []
    for other in others:
        given = bits_given(planes, colour_planes(items[other]), step, estimate)
        saved = np.bincount(part_of.ravel(), ((estimate - given) * factor).ravel(), rows * columns)
        units = np.rint(np.maximum(saved - _NAMING_BITS / len(saved), 0) * UNIT).astype(np.int64)
        if units.any():
            found.append((other, number, units))
    return found
