"""What the training of block codebooks takes from shards of a corpus: vectors, and sums over how they are coded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.rates import huffman_bits
from vqcodec.image import colour
from vqcodec.image.block.indices import count_symbols, select_indices
from vqcodec.image.block.layers import Layer, planes_of, vectors_of
from vqcodec.image.pixels import Picture
from vqcodec.media.training import Shard


def layer_planes(pictures: Iterable[Picture], layer: Layer, scales: int) -> Iterator[list[np.ndarray]]:
    """Yield the planes of each picture that has those the layer codes; with two scales those of its half as well."""
    for picture in pictures:
        channels = _colours(picture.channels)
        if channels <= max(layer.planes):
            continue
        planes = planes_of(picture.samples[:, :, :channels])
        yield planes
        if scales == 2:
            yield [colour.halve(plane) for plane in planes]


def blocks_of(sizes: Sequence[tuple[int, ...]], layer: Layer, scales: int) -> list[int]:
    """Return how many blocks `layer_planes` has of each picture, by its height, width and channels."""
    counts = []
    for height, width, channels in sizes:
        whole = math.prod(layer.grid(height, width))
        half = math.prod(layer.grid(-(-height // 2), -(-width // 2))) if scales == 2 else 0
        counts.append(whole + half if _colours(channels) > max(layer.planes) else 0)
    return counts


def _colours(channels: int) -> int:
    """Channels without alpha."""
    return channels - (channels + 1) % 2


class Thinning(NamedTuple):
    """Which blocks of a shard are trained on.

    Attributes:
        place: number of the first block of the shard among those of the corpus.
        stride: one in so many is taken.
        turned: whether each is taken in all eight positions of the square.
    """

    place: int
    stride: int
    turned: bool


def take_vectors(part: tuple[Shard[Picture], Thinning], layer: Layer, scales: int) -> list[npt.NDArray[np.uint8]]:
    """Return the vectors of a shard that are trained on, uint8 (n, dimension) for each position of the square."""
    shard, thinning = part
    place, dimension = thinning.place, layer.quantizer.dimension
    taken: list[list[npt.NDArray[np.uint8]]] = [[] for _ in range(8 if thinning.turned else 1)]
    for planes in layer_planes(shard, layer, scales):
        vectors = vectors_of(planes, layer).reshape(-1, dimension)
        for number, view in enumerate(_turned(vectors, layer) if thinning.turned else [vectors]):
            taken[number].append(view[(number - place) % thinning.stride :: thinning.stride].copy())
        place += len(vectors)
    nothing = np.zeros((0, dimension), np.uint8)
    return [np.concatenate([nothing, *pieces]) for pieces in taken]


def _turned(vectors: np.ndarray, layer: Layer) -> Iterator[np.ndarray]:
    """The vectors' blocks in all eight positions of the square, each (n, dimension)."""
    blocks = vectors.reshape(len(vectors), len(layer.planes), layer.side, layer.side)
    for view in (blocks, blocks.swapaxes(2, 3)):
        for mirrored in (view, view[:, :, ::-1], view[:, :, :, ::-1], view[:, :, ::-1, ::-1]):
            yield mirrored.reshape(vectors.shape)


class Counts(NamedTuple):
    """Counts most of which are 0: the places of the others in a flat array, int64, and the counts there, int64."""

    places: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, dense: npt.NDArray[np.int64]) -> Self:
        """The counts of an array."""
        places = np.flatnonzero(dense)
        return cls(places, dense.ravel()[places])

    def add_to(self, dense: npt.NDArray[np.int64]) -> None:
        """Add them to an array."""
        dense.reshape(-1)[self.places] += self.counts


def count_pairs(shard: Shard[Picture], layer: Layer, scales: int) -> tuple[Counts, Counts]:
    """How often each index is followed by each other across and down, as counts of a (size, size) array."""
    across, down = [], []
    for planes in layer_planes(shard, layer, scales):
        indices = select_indices(vectors_of(planes, layer), layer, 0.0, passes=0, threads=1).astype(np.int64)
        across.append((indices[:, :-1] * layer.quantizer.size + indices[:, 1:]).ravel())
        down.append((indices[:-1] * layer.quantizer.size + indices[1:]).ravel())
    return _counted(across), _counted(down)


def _counted(places: list[npt.NDArray[np.int64]]) -> Counts:
    """How often each place occurs."""
    return Counts(*np.unique(np.concatenate([np.zeros(0, np.int64), *places]), return_counts=True))


@dataclass
class Statistics:
    """Sums over what a layer coded.

    Attributes:
        index_counts, run_counts: int64, of the shapes of the layer's code lengths.
        sums: int64 (size, dimension), of the vectors in each cell; members: int64 (size,), their number.
        blocks, samples: how many were coded. distortion: sum of their squared errors.
    """

    index_counts: np.ndarray
    run_counts: np.ndarray
    sums: np.ndarray
    members: np.ndarray
    blocks: int = 0
    samples: int = 0
    distortion: int = 0

    @classmethod
    def empty(cls, layer: Layer) -> Self:
        """Sums over nothing."""
        size, dimension = layer.quantizer.size, layer.quantizer.dimension
        return cls(
            np.zeros(layer.index_lengths.shape, np.int64),
            np.zeros(layer.run_lengths.shape, np.int64),
            np.zeros((size, dimension), np.int64),
            np.zeros(size, np.int64),
        )

    def bits(self, layer: Layer) -> int:
        """Bits of the codes of all indices and runs."""
        index_bits = huffman_bits(self.index_counts, layer.index_lengths)
        return index_bits + huffman_bits(self.run_counts, layer.run_lengths)

    @property
    def psnr_db(self) -> float:
        """PSNR of what was coded."""
        return float(10 * np.log10(255**2 * self.samples / max(self.distortion, 1)))

    def packed(self) -> tuple[Counts, Counts, Counts, Counts, tuple[int, int, int]]:
        """The sums as they travel: without zeros."""
        arrays = (self.index_counts, self.run_counts, self.sums, self.members)
        return (*map(Counts.of, arrays), (self.blocks, self.samples, self.distortion))  # type: ignore[return-value]

    def add(self, packed: tuple[Counts, Counts, Counts, Counts, tuple[int, int, int]]) -> None:
        """Add the sums of a shard."""
        for mine, theirs in zip((self.index_counts, self.run_counts, self.sums, self.members), packed[:4]):
            theirs.add_to(mine)
        self.blocks, self.samples, self.distortion = (
            mine + theirs for mine, theirs in zip((self.blocks, self.samples, self.distortion), packed[4])
        )


def collect(
    shard: Shard[Picture], layer: Layer, scales: int, lambda_: float
) -> tuple[Counts, Counts, Counts, Counts, tuple[int, int, int]]:
    """Code every picture of a shard with the layer, indices chosen at `lambda_`; return the sums, packed."""
    collected = Statistics.empty(layer)
    size, dimension = layer.quantizer.size, layer.quantizer.dimension
    for planes in layer_planes(shard, layer, scales):
        vectors = vectors_of(planes, layer)
        indices = select_indices(vectors, layer, lambda_, passes=1, threads=1)
        index_counts, run_counts = count_symbols(indices, layer)
        collected.index_counts += index_counts
        collected.run_counts += run_counts
        flat, chosen = vectors.reshape(-1, dimension).astype(np.int64), indices.ravel()
        for d in range(dimension):
            # exact: integers far below 2^53
            collected.sums[:, d] += np.bincount(chosen, flat[:, d], size).astype(np.int64)
        collected.members += np.bincount(chosen, minlength=size)
        collected.blocks += indices.size
        collected.samples += flat.size
        collected.distortion += int(((flat - layer.quantizer.decode(chosen)) ** 2).sum())
    return collected.packed()
