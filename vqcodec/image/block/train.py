"""Training a block VQ codebook: LBG, classes of contexts, code lengths, and rate-distortion rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.entropy.huffman import code_lengths
from vqcodec.errors import UnreadableInputError
from vqcodec.image.block.carried import CarriedSequence
from vqcodec.image.block.layer_work import BlockTraining, LayerWork
from vqcodec.image.block.layers import ENGINE, LAYOUTS, RUN_SYMBOLS, Layer, layer_arrays
from vqcodec.image.block.statistics import Statistics
from vqcodec.image.block.structures import StructuredCodewords, designed_structure
from vqcodec.image.pixels import Picture
from vqcodec.media.training import Training
from vqcodec.version import __version__
from vqcodec.vq.design.contexts import classes_of, smoothed_counts
from vqcodec.vq.design.methods import design
from vqcodec.vq.flat import FlatQuantizer

_COUNT_SCALE = 64  # counts are rounded to 1/64 for package-merge, which takes integers


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
    for number, (layer_name, planes, subsampling) in enumerate(plan):

        def tell_layer(what: str, share: float, base=number, label=layer_name) -> None:
            task.progress(f"{label}: {what}", (base + share) / len(plan))

        work = LayerWork(task, options, layer_name, tell_layer)
        shell = _untrained(np.zeros((2, len(planes) * options.side**2), np.uint8), planes, subsampling, options.side)
        layer, figures[layer_name] = _train_layer(work, shell, options)
        arrays |= {f"{layer_name}.{name}": array for name, array in layer_arrays(layer).items()}
    provenance = {
        "program": f"vqcodec {__version__}",
        "method": _story_of(options),
        "options": {key: value for key, value in vars(options).items() if key != "seed"},
        "seed": options.seed,
        "corpus": {"pictures": len(task.corpus), "fingerprint": task.corpus.fingerprint()},
        "figures": figures,
    }
    return Codebook(ENGINE, task.name, arrays, provenance)


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


def _train_layer(work: LayerWork, shell: Layer, options: BlockTraining) -> tuple[Layer, dict[str, float]]:
    """Return a layer designed on the corpus, and how it codes the corpus: PSNR in dB and bits a block.

    The figures also say how many blocks the corpus has, and how many are trained on.

    Args:
        shell: a layer of these planes, subsampling and side.
    """
    blocks = work.blocks(shell)
    figures: dict[str, float] = {}
    rounds = options.rounds if options.lambda_ > 0 else 0

    def designed() -> Layer:
        sequence = work.training_sequence(shell, blocks)
        if len(sequence) < options.size:
            side = f"{options.side}x{options.side}"
            raise UnreadableInputError(
                f"{len(sequence)} blocks of {side} to train on, fewer than {options.size} codewords"
            )
        work.tell("designing codewords", 0.1)
        codewords, structure = _designed(sequence, options, work)
        return replace(_untrained(codewords, shell.planes, shell.subsampling, options.side), structure=structure)

    def with_contexts(layer: Layer) -> Layer:
        return _with_classes(layer, work.pairs(layer, "choosing contexts", 0.3), options.classes)

    def refined(number: int, layer: Layer) -> Layer:
        lambda_ = options.lambda_ * layer.quantizer.dimension if number else 0.0
        told = f"round {number} of {rounds}" if number else "choosing codes"
        statistics = work.statistics(layer, lambda_, told, 0.4 + 0.6 * number / (rounds + 1), 0.6 / (rounds + 1))
        moved = _with_centroids(layer, statistics) if number and not layer.structure else layer
        coded = _with_lengths(moved, statistics)
        figures["psnr_db"] = round(statistics.psnr_db, 2)
        figures["bits_per_block"] = round(statistics.bits(coded) / statistics.blocks, 3)
        _tell(work, number, statistics, statistics.bits(coded), options.lambda_)
        return coded

    done, found = work.resumed(shell, 2 + rounds + 1, figures)
    layer = shell if found is None else found
    for step in range(done, 2 + rounds + 1):
        layer = designed() if step == 0 else with_contexts(layer) if step == 1 else refined(step - 2, layer)
        work.finished(step + 1, layer, figures)
    return layer, {**figures, "blocks": sum(blocks), "trained_on": work.taken(blocks)}


def _tell(work: LayerWork, number: int, statistics: Statistics, bits: int, lambda_: float) -> None:
    """Tell what round `number` (0: before the first) has found: what the corpus costs, and what it uses."""
    if lambda_:
        cost = (statistics.distortion + lambda_ * statistics.sums.shape[1] * bits) / statistics.samples
        work.findings.step(f"{work.name}: rounds", "squared error and bits a sample", number + 1, cost)
    work.findings.count(f"codewords of {work.name}", statistics.members)
    counts = statistics.index_counts
    work.findings.use(f"contexts of {work.name}", np.count_nonzero(counts.any(axis=1)), len(counts))


def _designed(
    sequence: np.ndarray, options: BlockTraining, work: LayerWork
) -> tuple[np.ndarray, StructuredCodewords | None]:
    """The codewords designed on training vectors, uint8 (size, dimension), and the structure that they come from."""
    if options.structure == "flat":
        how: dict[str, Any] = {}
        if options.method == "lbg":
            divided = CarriedSequence(work.carrier, sequence, options.size)
            how = {"start": "k-means++", "threshold": 2e-4, "divided": divided}
        designed = design(
            sequence,
            options.size,
            method=options.method,
            seed=options.seed,
            threads=work.threads,
            progress=work.design_step(),
            **how,
        )
        return (_rounded if options.method == "som" else _in_order)(designed.codewords), None
    found = designed_structure(
        sequence,
        options.size,
        options.structure,
        options.method,
        options.seed,
        work.threads,
        work.design_step(),
    )
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


def _rounded(codewords: np.ndarray) -> np.ndarray:
    """Codewords rounded to uint8; those of a map stay in its order."""
    return np.clip(np.rint(codewords), 0, 255).astype(np.uint8)


def _in_order(codewords: np.ndarray) -> np.ndarray:
    """Codewords rounded to uint8 and sorted by their mean, so that numbers near each other look alike."""
    rounded = _rounded(codewords)
    return rounded[np.argsort(rounded.mean(axis=1), kind="stable")]


def _with_classes(layer: Layer, pairs: tuple[np.ndarray, np.ndarray], classes: int) -> Layer:
    """The layer with neighbour classes fitted to how indices follow one another across and down."""
    left, up = classes_of(pairs[0], classes), classes_of(pairs[1], classes)
    count = int(max(left.max(), up.max())) + 1
    return replace(
        layer,
        left_class=left,
        up_class=up,
        classes=count,
        index_lengths=np.repeat(layer.index_lengths, count * count, axis=0),
        run_lengths=np.repeat(layer.run_lengths, count, axis=0),
    )


def _with_lengths(layer: Layer, statistics: Statistics) -> Layer:
    """The layer with code lengths fitted to the counts."""
    index_counts = smoothed_counts(statistics.index_counts, layer.classes, strength=12.0)
    run_counts = smoothed_counts(statistics.run_counts, 1, strength=8.0)
    return replace(layer, index_lengths=_lengths(index_counts), run_lengths=_lengths(run_counts))


def _lengths(counts: np.ndarray) -> np.ndarray:
    return code_lengths(np.maximum(1, np.rint(counts * _COUNT_SCALE)).astype(np.int64), 16)


def _with_centroids(layer: Layer, statistics: Statistics) -> Layer:
    """The layer with each codeword moved to the centroid of its cell; codewords without members stay."""
    used = statistics.members > 0
    codewords = layer.quantizer.codewords.copy()
    means = statistics.sums[used] / statistics.members[used, None]
    codewords[used] = np.clip(np.rint(means), 0, 255).astype(np.uint8)
    return replace(layer, quantizer=FlatQuantizer(codewords))
