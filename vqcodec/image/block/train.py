"""Training a block VQ codebook: LBG, classes of contexts, code lengths, and rate-distortion rounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.entropy.huffman import code_lengths
from vqcodec.entropy.rates import huffman_bits
from vqcodec.errors import UnreadableInputError
from vqcodec.image import colour
from vqcodec.image.block.indices import count_symbols, select_indices
from vqcodec.image.block.layers import ENGINE, LAYOUTS, RUN_SYMBOLS, Layer, planes_of, vectors_of
from vqcodec.image.block.structures import StructuredCodewords, designed_structure
from vqcodec.image.pixels import Picture
from vqcodec.media.training import Corpus, Progress, Training
from vqcodec.version import __version__
from vqcodec.vq.design.contexts import classes_of, smoothed_counts
from vqcodec.vq.design.methods import design
from vqcodec.vq.flat import FlatQuantizer

_COUNT_SCALE = 64  # counts are rounded to 1/64 for package-merge, which takes integers


@dataclass(frozen=True)
class BlockTraining:
    """The values of the training options that the descriptor declares.

    Attributes:
        size: codewords of each layer, 2 to 4096.
        side: samples along a side of a block, 1 to 16.
        layout: `grey`, `420` or `joint`.
        classes: neighbour classes; the index code has classes * classes contexts.
        structure: of the codebooks, one of `STRUCTURES`.
        method: of the design, one of `METHODS` but `ecvq`.
        lambda_: squared error per sample that a bit is worth in the rate-distortion rounds; 0 is plain LBG.
        rounds: of encoding, collecting and refitting at `lambda_` (entropy-constrained design in contexts).
        scales: 1, or 2 to train on each picture at half size as well, for a corpus smoother than what will be coded.
        symmetries: also train on the blocks turned and mirrored, for media that have no preferred direction.
        training_vectors: LBG sees about this many vectors of each layer, taken evenly from the whole corpus.
        seed: of all that is random.
    """

    size: int
    side: int
    layout: str
    classes: int
    structure: str
    method: str
    lambda_: float
    rounds: int
    scales: int
    symmetries: bool
    training_vectors: int
    seed: int


def train(task: Training[Picture]) -> Codebook:
    """Train a codebook on pictures.

    Raises:
        UnreadableInputError: the corpus has too few blocks for the codebook's size.
        UsageError: the size does not suit the structure.
    """
    options = BlockTraining(**task.options)
    arrays: dict[str, np.ndarray] = {
        "layout": np.array([LAYOUTS[options.layout]], np.uint8),
        "side": np.array([options.side], np.uint8),
    }
    figures: dict[str, object] = {}
    plan = _layer_plan(options.layout)
    sources = _Sources(task.corpus, options.scales)
    for number, (layer_name, planes, subsampling) in enumerate(plan):

        def tell_layer(what: str, share: float, base=number, label=layer_name) -> None:
            task.progress(f"{label}: {what}", (base + share) / len(plan))

        shell = _untrained(np.zeros((2, len(planes) * options.side**2), np.uint8), planes, subsampling, options.side)
        tell_layer("reading the corpus", 0.0)
        pictures, sequence = _training_sequence(sources, shell, options)
        layer, figures[layer_name] = _train_layer(sources, sequence, shell, options, task.threads, tell_layer)
        arrays |= {
            **{f"{layer_name}.{name}": array for name, array in _stored(layer).items()},
            f"{layer_name}.left_class": layer.left_class,
            f"{layer_name}.up_class": layer.up_class,
            f"{layer_name}.index_lengths": layer.index_lengths,
            f"{layer_name}.run_lengths": layer.run_lengths,
            f"{layer_name}.first": np.array([layer.first], np.int32),
        }
    provenance = {
        "program": f"vqcodec {__version__}",
        "method": _story_of(options),
        "options": {key: value for key, value in vars(options).items() if key != "seed"},
        "seed": options.seed,
        "corpus": {"pictures": pictures, "fingerprint": task.corpus.fingerprint()},
        "figures": figures,
    }
    return Codebook(ENGINE, task.name, arrays, provenance)


def _stored(layer: Layer) -> dict[str, np.ndarray]:
    """The arrays of a layer's codewords, or of the structure that they come from."""
    return (layer.structure or layer.quantizer).to_arrays()


def _story_of(options: BlockTraining) -> str:
    """How the codebook was made, for its provenance."""
    design = "LBG" if options.method == "lbg" else options.method
    structure = "" if options.structure == "flat" else f", {options.structure}"
    return f"{design}{structure}" + (", contexts by least conditional entropy, ECVQ rounds" if options.lambda_ else "")


def _layer_plan(layout: str) -> list[tuple[str, tuple[int, ...], int]]:
    """Name, planes and subsampling of each layer."""
    plans: dict[str, list[tuple[str, tuple[int, ...], int]]] = {
        "grey": [("luma", (0,), 1)],
        "420": [("luma", (0,), 1), ("chroma", (1, 2), 2)],
        "joint": [("joint", (0, 1, 2), 1)],
    }
    return plans[layout]


def _train_layer(
    sources: _Sources,
    sequence: np.ndarray,
    shell: Layer,
    options: BlockTraining,
    threads: int | None,
    tell: Progress,
) -> tuple[Layer, dict[str, float]]:
    """Return a layer designed on the training vectors, and how it codes the corpus: PSNR in dB and bits a block.

    Args:
        sequence: float32 (n, dimension).
        shell: a layer of these planes, subsampling and side.
    """
    dimension = sequence.shape[1]
    if len(sequence) < options.size:
        raise UnreadableInputError(
            f"{len(sequence)} blocks of {options.side}x{options.side} to train on, fewer than {options.size} codewords"
        )
    tell("designing codewords", 0.1)
    codewords, structure = _designed(sequence, options, threads)
    layer = replace(_untrained(codewords, shell.planes, shell.subsampling, options.side), structure=structure)
    tell("choosing contexts", 0.5)
    layer = _with_classes(sources, layer, options.classes, threads)
    statistics = _collect(sources, layer, 0.0, threads)
    layer = _with_lengths(layer, statistics)
    for number in range(options.rounds if options.lambda_ > 0 else 0):
        tell(f"round {number + 1} of {options.rounds}", 0.6 + 0.4 * number / options.rounds)
        statistics = _collect(sources, layer, options.lambda_ * dimension, threads)
        moved = layer if structure else _with_centroids(layer, statistics)
        layer = _with_lengths(moved, statistics)
    return layer, {
        "psnr_db": round(float(10 * np.log10(255**2 * statistics.samples / max(statistics.distortion, 1))), 2),
        "bits_per_block": round(statistics.bits(layer) / statistics.blocks, 3),
    }


def _designed(
    sequence: np.ndarray, options: BlockTraining, threads: int | None
) -> tuple[np.ndarray, StructuredCodewords | None]:
    """The codewords designed on training vectors, uint8 (size, dimension), and the structure that they come from."""
    if options.structure == "flat":
        how: dict[str, Any] = {"start": "k-means++", "threshold": 2e-4} if options.method == "lbg" else {}
        designed = design(sequence, options.size, method=options.method, seed=options.seed, threads=threads, **how)
        return (_rounded if options.method == "som" else _in_order)(designed.codewords), None
    found = designed_structure(sequence, options.size, options.structure, options.method, options.seed, threads)
    codewords, structure = (found.codewords, found) if isinstance(found, StructuredCodewords) else (found, None)
    if len(codewords) < 2:  # all blocks are alike, as those of chroma are in grey pictures
        return np.repeat(codewords, 2, axis=0), None
    return codewords, structure


def _untrained(codewords: np.ndarray, planes: tuple[int, ...], subsampling: int, side: int) -> Layer:
    """A layer of these codewords with one context and fixed-length codes."""
    size = len(codewords)
    flat = code_lengths(np.ones((1, size), np.int64), 16)
    runs = code_lengths(np.ones((1, RUN_SYMBOLS), np.int64), 16)
    zeros = np.zeros(size, np.uint8)
    middle = int(((codewords.astype(np.int64) - 128) ** 2).sum(axis=1).argmin())
    return Layer(FlatQuantizer(codewords), side, subsampling, planes, zeros, zeros, 1, flat, runs, middle)


@dataclass(frozen=True)
class _Sources:
    """The planes to train on: those of every picture of the corpus, and with two scales those of its half as well."""

    corpus: Corpus[Picture]
    scales: int

    def planes(self, layer: Layer) -> Iterator[list[np.ndarray]]:
        """Yield the planes of each picture that has those the layer codes."""
        for picture in self.corpus:
            yield from self.planes_of(picture, layer)

    def planes_of(self, picture: Picture, layer: Layer) -> Iterator[list[np.ndarray]]:
        """Yield the planes of one picture, if it has those the layer codes."""
        channels = picture.channels - (picture.channels + 1) % 2
        if channels <= max(layer.planes):
            return
        planes = planes_of(picture.samples[:, :, :channels])
        yield planes
        if self.scales == 2:
            yield [colour.halve(plane) for plane in planes]


def _training_sequence(sources: _Sources, layer: Layer, options: BlockTraining) -> tuple[int, np.ndarray]:
    """Return the number of pictures of the corpus, and the training vectors, float32 (n, dimension).

    These are all vectors, or every n-th so that about `training_vectors` remain. Pictures are read twice, to count and
    to take: no more than these vectors and one picture are in memory, however large the corpus is.
    """
    dimension, pictures, total = layer.quantizer.dimension, 0, 0
    for picture in sources.corpus:
        pictures += 1
        total += sum(math.prod(layer.grid(*planes[0].shape)) for planes in sources.planes_of(picture, layer))
    if not total:
        raise UnreadableInputError("the corpus has no colour pictures to train chroma on; train with the grey layout")
    kept: list[list[np.ndarray]] = [[] for _ in range(8 if options.symmetries else 1)]
    stride = max(1, len(kept) * total // options.training_vectors)
    place = 0
    for planes in sources.planes(layer):
        vectors = vectors_of(planes, layer).reshape(-1, dimension)
        for number, view in enumerate(_turned(vectors, layer) if options.symmetries else [vectors]):
            kept[number].append(view[(number - place) % stride :: stride].copy())
        place += len(vectors)
    return pictures, np.concatenate([piece for view in kept for piece in view]).astype(np.float32)


def _turned(vectors: np.ndarray, layer: Layer) -> Iterator[np.ndarray]:
    """The vectors' blocks in all eight positions of the square, each (n, dimension)."""
    blocks = vectors.reshape(len(vectors), len(layer.planes), layer.side, layer.side)
    for view in (blocks, blocks.swapaxes(2, 3)):
        for mirrored in (view, view[:, :, ::-1], view[:, :, :, ::-1], view[:, :, ::-1, ::-1]):
            yield mirrored.reshape(vectors.shape)


def _rounded(codewords: np.ndarray) -> np.ndarray:
    """Codewords rounded to uint8; those of a map stay in its order."""
    return np.clip(np.rint(codewords), 0, 255).astype(np.uint8)


def _in_order(codewords: np.ndarray) -> np.ndarray:
    """Codewords rounded to uint8 and sorted by their mean, so that numbers near each other look alike."""
    rounded = _rounded(codewords)
    return rounded[np.argsort(rounded.mean(axis=1), kind="stable")]


@dataclass
class _Statistics:
    """What one pass over the corpus collects."""

    index_counts: np.ndarray
    run_counts: np.ndarray
    sums: np.ndarray
    members: np.ndarray
    blocks: int = 0
    samples: int = 0
    distortion: int = 0

    def bits(self, layer: Layer) -> int:
        """Bits of the codes of all indices and runs."""
        index_bits = huffman_bits(self.index_counts, layer.index_lengths)
        return index_bits + huffman_bits(self.run_counts, layer.run_lengths)


def _collect(sources: _Sources, layer: Layer, lambda_: float, threads: int | None) -> _Statistics:
    """Code every picture with the layer, indices chosen at `lambda_`, and count what was chosen."""
    size, dimension = layer.quantizer.size, layer.quantizer.dimension
    collected = _Statistics(
        np.zeros(layer.index_lengths.shape, np.int64),
        np.zeros(layer.run_lengths.shape, np.int64),
        np.zeros((size, dimension), np.int64),
        np.zeros(size, np.int64),
    )
    for planes in sources.planes(layer):
        vectors = vectors_of(planes, layer)
        indices = select_indices(vectors, layer, lambda_, passes=1, threads=threads)
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
    return collected


def _with_classes(sources: _Sources, layer: Layer, classes: int, threads: int | None) -> Layer:
    """The layer with neighbour classes fitted to how indices follow one another across and down."""
    size = layer.quantizer.size
    across, down = np.zeros((size, size), np.int64), np.zeros((size, size), np.int64)
    for planes in sources.planes(layer):
        indices = select_indices(vectors_of(planes, layer), layer, 0.0, passes=0, threads=threads).astype(np.int64)
        across += _pair_counts(indices[:, :-1], indices[:, 1:], size)
        down += _pair_counts(indices[:-1], indices[1:], size)
    left, up = classes_of(across, classes), classes_of(down, classes)
    count = int(max(left.max(), up.max())) + 1
    return replace(
        layer,
        left_class=left,
        up_class=up,
        classes=count,
        index_lengths=np.repeat(layer.index_lengths, count * count, axis=0),
        run_lengths=np.repeat(layer.run_lengths, count, axis=0),
    )


def _pair_counts(first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    """How often each index is followed by each, int64 (size, size); the indices in int64."""
    return np.bincount((first * size + second).ravel(), minlength=size * size).reshape(size, size)


def _with_lengths(layer: Layer, statistics: _Statistics) -> Layer:
    """The layer with code lengths fitted to the counts."""
    index_counts = smoothed_counts(statistics.index_counts, layer.classes, strength=12.0)
    run_counts = smoothed_counts(statistics.run_counts, 1, strength=8.0)
    return replace(layer, index_lengths=_lengths(index_counts), run_lengths=_lengths(run_counts))


def _lengths(counts: np.ndarray) -> np.ndarray:
    return code_lengths(np.maximum(1, np.rint(counts * _COUNT_SCALE)).astype(np.int64), 16)


def _with_centroids(layer: Layer, statistics: _Statistics) -> Layer:
    """The layer with each codeword moved to the centroid of its cell; codewords without members stay."""
    used = statistics.members > 0
    codewords = layer.quantizer.codewords.copy()
    means = statistics.sums[used] / statistics.members[used, None]
    codewords[used] = np.clip(np.rint(means), 0, 255).astype(np.uint8)
    return replace(layer, quantizer=FlatQuantizer(codewords))
