"""The candidates for a memory, and about what each saves the pictures of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES, SAMPLE_BITS
from vqcodec.carriers.carrier import Carrier
from vqcodec.image.transform.memory.estimate import FloatArray, Planes, bits_alone, bits_given, cells_of
from vqcodec.image.transform.memory.unlikeness import unlikeness
from vqcodec.image.transform.memory_training.descriptors import describe
from vqcodec.image.transform.planes import planes_of
from vqcodec.vq.facility_location import Savings
from vqcodec.vq.neighbours import nearest_few

PARTS = 4  # a picture is cut into at most PARTS x PARTS parts, which may have items of their own
NEAREST = 16  # candidates by which a picture is predicted
UNIT = 16  # savings and costs are counted in 1/UNIT bits
_LOOKED_AT = 64  # of these, the nearest by squared error, they are the most like it
_NAMING_BITS = 16.0  # of a picture, to say which items it is predicted from
_FEWEST_BITS = 24  # that another item must save a picture
_SAME = 1 / 4  # pictures are the same if the error of no cell of luma exceeds this share of the step, squared

IntArray = npt.NDArray[np.int64]
Samples = npt.NDArray[np.uint8]
Advance = Callable[[float], None]
"""Called with the part that is done, 0 to 1."""


class Pictures(NamedTuple):
    """The pictures of a corpus, as a carrier keeps them.

    Attributes:
        handles: of the pictures, uint8 (height, width, channels) each.
        sizes: height, width and channels of each.
    """

    handles: Sequence[Any]
    sizes: Sequence[tuple[int, ...]]


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

    def without(self, left_out: npt.NDArray[np.bool_]) -> Entries:
        """Return the entries of other candidates than those that are left out: bool (pictures,)."""
        kept = ~left_out[self.candidates]
        return Entries(*(array[kept] for array in self))

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


def colour_planes(samples: Samples) -> Planes:
    """Return the planes of a picture without alpha, int16 (1 or 3, height, width) in 1/16, chroma of full size."""
    channels = samples.shape[2] - (samples.shape[2] + 1) % 2
    planes = planes_of(np.ascontiguousarray(samples[:, :, :channels]), "444")
    if channels == 1:
        return planes[0][None].astype(np.int16) << SAMPLE_BITS
    return np.stack(planes)


def in_samples(planes: Planes) -> FloatArray:
    """Return planes in 1/16 as float32 sample values."""
    return planes.astype(np.float32) / np.float32(1 << SAMPLE_BITS)


def describe_picture(samples: Samples) -> npt.NDArray[np.uint8]:
    """Return the descriptor of a picture, uint8 (DIMENSION,)."""
    return describe(in_samples(colour_planes(samples)))


def find_copies(pictures: Pictures, nearest: npt.NDArray[np.int32], step: float, carrier: Carrier) -> IntArray:
    """Return for each picture the first picture of the same size that it nearly equals, int64; often itself.

    Args:
        pictures: of the corpus.
        nearest: (pictures, any), the pictures that look most like each.
        step: quantizer step of luma at which differences are looked at.
        carrier: brings pictures to where they are compared.
    """
    before = [
        sorted(other for other in row if other < number and pictures.sizes[other] == pictures.sizes[number])
        for number, row in enumerate(nearest.tolist())
    ]
    shards = [
        (pictures.handles[number], tuple(pictures.handles[other] for other in others))
        for number, others in enumerate(before)
        if others
    ]
    firsts = carrier.map(_first_copy, shards, step)
    originals = np.arange(len(before))
    for number, others in enumerate(before):
        place = next(firsts) if others else None
        if place is not None:
            originals[number] = originals[others[place]]
    return originals


def _first_copy(shard: tuple[Samples, tuple[Samples, ...]], step: float) -> int | None:
    mine, others = shard
    return next((place for place, theirs in enumerate(others) if _same(mine, theirs, step)), None)


def _same(first: Samples, second: Samples, step: float) -> bool:
    if first.shape[2] in (2, 4) and not np.array_equal(first[:, :, -1], second[:, :, -1]):
        return False
    errors = cells_of(in_samples(colour_planes(first) - colour_planes(second)))
    return bool(np.square(errors).mean(axis=(-1, -2)).max() <= (step * _SAME) ** 2)


def find_candidates(
    pictures: Pictures,
    items: Sequence[Any],
    alone: IntArray,
    step: float,
    carrier: Carrier,
    *,
    threads: int | None = None,
    advance: Advance = lambda _part: None,
    pool: IntArray | None = None,
) -> Candidates:
    """Find out what pictures may be predicted from, and about what that saves.

    Args:
        pictures: of the corpus.
        items: handles of what the memory would hold of each, decoded: uint8 (height, width, 1 or 3).
        alone: int64 (pictures,), bits that each takes without a memory.
        step: quantizer step of luma with which they take them.
        carrier: brings pictures to where they are compared.
        threads: to search descriptors; None for all CPUs. The result does not depend on it.
        advance: see `Advance`.
        pool: int64, numbers of the pictures that may be candidates, ascending; None for all.
    """
    count = len(pictures.sizes)
    descriptors = np.stack(list(carrier.map(describe_picture, pictures.handles)))
    around, _ = nearest_few(descriptors, descriptors, NEAREST + 1, threads)
    originals = find_copies(pictures, around, step, carrier)
    own = np.flatnonzero(originals == np.arange(count)) if pool is None else pool
    copied = np.bincount(originals, minlength=count) > 1
    nearest = own[nearest_few(descriptors[own], descriptors, _LOOKED_AT, threads)[0]]
    chosen = [
        _most_like(number, row if copied[number] else row[row != number], descriptors, step)
        for number, row in enumerate(nearest)
    ]
    shards = (
        (pictures.handles[number], float(alone[number]), tuple(items[other] for other in others))
        for number, others in enumerate(chosen)
    )
    counts = np.array([_part_shape(size) for size in pictures.sizes], np.int64).prod(axis=1)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows: list[Entries] = []
    for number, saved in enumerate(carrier.map(_saved_by, shards, step)):
        places, parts = np.nonzero(saved)
        candidates = np.array(chosen[number], np.int64)[places]
        rows.append(Entries(candidates, np.full(len(parts), number), starts[number] + parts, saved[places, parts]))
        advance((number + 1) / count)
    return Candidates(originals, Entries(*(np.concatenate(column) for column in zip(*rows))), starts)


def best_items(candidates: Candidates, chosen: Sequence[int]) -> list[tuple[int, ...]]:
    """Return for each picture the chosen items to predict from: one by one what saves most beside the others."""
    entries, starts = candidates.entries, candidates.part_starts
    mine = np.flatnonzero(np.isin(entries.candidates, np.asarray(chosen, np.int64)))
    mine = mine[np.argsort(entries.pictures[mine], kind="stable")]
    bounds = np.searchsorted(entries.pictures[mine], np.arange(len(starts)))
    best: list[tuple[int, ...]] = []
    for number, (first, end) in enumerate(zip(starts.tolist(), starts[1:].tolist())):
        rows = mine[bounds[number] : bounds[number + 1]]
        names, place = np.unique(entries.candidates[rows], return_inverse=True)
        saved = np.zeros((len(names), end - first), np.int64)
        saved[place, entries.parts[rows] - first] = entries.saved[rows]
        served, items = np.zeros(end - first, np.int64), []
        for _ in range(min(MAX_REFERENCES, len(names))):
            gains = np.maximum(saved - served, 0).sum(axis=1)
            leader = int(np.argmax(gains))
            if gains[leader] < _FEWEST_BITS * UNIT:
                break
            items.append(int(names[leader]))
            served = np.maximum(served, saved[leader])
        best.append(tuple(items))
    return best


def _most_like(number: int, others: IntArray, descriptors: npt.NDArray[np.uint8], step: float) -> list[int]:
    """Return the NEAREST of `others` that are most like a picture; none of none."""
    if not len(others):
        return []
    distances = unlikeness(descriptors[number], descriptors[others], step)
    chosen: list[int] = others[np.argsort(distances, kind="stable")[:NEAREST]].tolist()
    return chosen


def _part_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    return min(PARTS, -(-shape[0] // 8)), min(PARTS, -(-shape[1] // 8))


def _saved_by(shard: tuple[Samples, float, tuple[Samples, ...]], step: float) -> IntArray:
    """Return what each of some items saves each part of a picture, int64 (items, parts), in 1/UNIT bits.

    Args:
        shard: the picture, the bits that it takes alone, and the items.
        step: quantizer step of luma.
    """
    samples, alone, items = shard
    planes = colour_planes(samples)
    estimate = bits_alone(planes, step)
    factor = alone / max(float(estimate.sum()), 1.0)
    rows, columns = _part_shape(samples.shape)
    row_of = np.arange(estimate.shape[0]) * rows // estimate.shape[0]
    column_of = np.arange(estimate.shape[1]) * columns // estimate.shape[1]
    part_of = (row_of[:, None] * columns + column_of).ravel()
    saved = np.zeros((len(items), rows * columns))
    for place, item in enumerate(items):
        given = bits_given(planes, colour_planes(item), step, estimate)
        saved[place] = np.bincount(part_of, ((estimate - given) * factor).ravel(), rows * columns)
    return np.rint(np.maximum(saved - _NAMING_BITS / (rows * columns), 0) * UNIT).astype(np.int64)
