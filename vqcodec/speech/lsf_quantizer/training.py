"""Training of the LSF quantizer: encode, collect, refit.

Every round encodes all training material with the present codebook, by the encoder's own search. Then it makes code
lengths from the counts, and refits predictors and codewords to what was encoded (`refit`). Lambda rises in the first
rounds, so that the deep stages are used before the rate matters.

Sources: P. A. Chou, T. Lookabaugh and R. M. Gray, "Entropy-constrained vector quantization", IEEE Trans. ASSP 1989;
H. Khalil, K. Rose and S. L. Regunathan, "The asymptotic closed-loop approach to predictive vector quantizer design with
application in video coding", IEEE Trans. Image Processing 2001 (encode, then refit to what was encoded).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import TableSet
from vqcodec.errors import UsageError
from vqcodec.speech.bands import Band
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.lsf_quantizer.refit import Encoded, LsfModel, refit, to_codebook
from vqcodec.speech.lsf_quantizer.search import LsfEffort, QuantizedLsf, header_contexts, search_lsf, stage_symbols
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.levels import frame_weights, reference_level
from vqcodec.speech.signal.lsf import SD_PER_WEIGHTED_ERROR
from vqcodec.threads import map_shards
from vqcodec.vq.design.lbg import lbg

DoubleArray = npt.NDArray[np.float64]

_COUNT_UNITS = 64  # counts of indices are multiplied by it, so that a fraction of one can be added
_INDEX_PRIOR = 20  # added to the count of every entry, in those units, so that each entry has a code
_HEADER_PRIOR = 8.0  # vectors added to every context, distributed like the header symbols of all contexts


@dataclass(frozen=True)
class LsfDesign:
    """The kind of codebook to train, and how to train it.

    Attributes:
        sizes: entries of each stage, each 2..256.
        correlations: initial diagonal of the predictor of each class.
        positions: initial positions of interpolated vectors between their neighbours, 0..1.
        gap_rad: least distance of neighbouring LSFs.
        rounds: of encoding and refitting, 1 or more.
        rising_rounds: rounds in which lambda rises from a quarter of its value to its value.
        starting_iterations: iterations of LBG for each stage.
        effort: of the searches.
    """

    sizes: tuple[int, ...]
    correlations: tuple[float, ...] = (0.9, 0.7, 0.4, 0.1)
    positions: tuple[float, ...] = (0.1, 0.5, 0.9)
    gap_rad: float = 0.03
    rounds: int = 8
    rising_rounds: int = 5
    starting_iterations: int = 12
    effort: LsfEffort = field(default_factory=lambda: LsfEffort(paths=2, survivors=8))


DESIGNS = {
    "nb": LsfDesign(sizes=(64, 64, 64, 64, 64)),
    "wb": LsfDesign(sizes=(64, 64, 64, 64, 64, 64, 64, 64), gap_rad=0.015),
}


class LsfRound(NamedTuple):
    """The figures of a round of training: bits a vector, and weighted squared distortion a vector in dB^2."""

    number: int
    rounds: int
    bits: float
    distortion: float


class _Sequence(NamedTuple):
    """The analysis of a recording; `weights`, float64 (vectors, order), are in dB^2 of a squared radian."""

    analysis: Analysis
    reference_db: float
    weights: DoubleArray
    packet_starts: npt.NDArray[np.int64]


def train_lsf(
    analyses: Sequence[Analysis],
    band: Band,
    lambda_: float,
    *,
    design: LsfDesign | None = None,
    packet_frames: int = 50,
    seed: int = 0,
    threads: int | None = None,
    start: LsfCodebook | None = None,
    progress: Callable[[LsfRound], None] | None = None,
) -> LsfCodebook:
    """Train an LSF codebook for one lambda; it is good for lambdas from about a third to three times that one.

    Args:
        analyses: of the training material, one for each recording; at least some thousands of vectors.
        band: narrowband or wideband.
        lambda_: dB^2 that a bit is worth, as in `search_lsf`.
        design: None for the band's own.
        packet_frames: vectors of a packet; contexts start anew with each packet.
        seed: of the choice of initial codewords.
        threads: None for as many as there are CPUs; the result does not depend on it.
        start: a codebook to start from, whose sizes are kept; None to begin with LBG.
        progress: called after every round.

    Raises:
        UsageError: there are fewer vectors than entries of a stage.
    """
    design = design or DESIGNS[band.name]
    sequences = [_sequence(analysis, packet_frames) for analysis in analyses]
    codebook = start or _initial_codebook(sequences, design, seed, threads)
    for number in range(design.rounds):
        share = 1.0 if start else min(1.0, 0.25 + 0.75 * number / design.rising_rounds)
        coded = _encode_all(sequences, codebook, lambda_ * share, design.effort, threads)
        if progress is not None:
            progress(_figures(number, design.rounds, sequences, coded))
        encoded = [
            Encoded(sequence.analysis.lsf, sequence.weights, result.lsf_q, result.indices)
            for sequence, result in zip(sequences, coded)
        ]
        lengths = _code_lengths(codebook, sequences, coded)
        codebook = to_codebook(refit(codebook, encoded, threads), codebook.sizes, design.gap_rad, *lengths)
    return codebook


def _sequence(analysis: Analysis, packet_frames: int) -> _Sequence:
    """Return the analysis of a recording with its weights and the starts of its packets."""
    reference_db = reference_level(analysis.energy_db)
    weights = frame_weights(analysis.energy_db, reference_db)[:, None] * analysis.sensitivity
    starts = np.arange(0, len(analysis), packet_frames, dtype=np.int64)
    return _Sequence(analysis, reference_db, weights * SD_PER_WEIGHTED_ERROR, starts)


def _encode_all(
    sequences: list[_Sequence], codebook: LsfCodebook, lambda_: float, effort: LsfEffort, threads: int | None
) -> list[QuantizedLsf]:
    """Encode every sequence as one group."""

    def encode(sequence: _Sequence) -> QuantizedLsf:
        return search_lsf(
            sequence.analysis,
            codebook,
            lambda_,
            reference_db=sequence.reference_db,
            packet_starts=sequence.packet_starts,
            effort=effort,
        )

    return map_shards(encode, sequences, threads)


def _figures(number: int, rounds: int, sequences: list[_Sequence], coded: list[QuantizedLsf]) -> LsfRound:
    """Return the figures of a round that made `coded` of `sequences`."""
    vectors = sum(len(sequence.analysis) for sequence in sequences)
    bits = sum(int(result.bits.sum()) for result in coded)
    distortion = sum(
        float((sequence.weights * (sequence.analysis.lsf - result.lsf_q) ** 2).sum())
        for sequence, result in zip(sequences, coded)
    )
    return LsfRound(number, rounds, bits / vectors, distortion / vectors)


def _code_lengths(
    codebook: LsfCodebook, sequences: list[_Sequence], coded: list[QuantizedLsf]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return the code lengths of headers and of stage indices, from how often they occurred."""
    headers = np.zeros((codebook.headers + 1, codebook.headers), np.int64)
    entries = np.zeros(codebook.index_lengths.shape, np.int64)
    for sequence, result in zip(sequences, coded):
        contexts = header_contexts(result.indices.headers, codebook, sequence.packet_starts)
        np.add.at(headers, (contexts, result.indices.headers), 1)
        for _, rows, indices in stage_symbols(result.indices, codebook):
            np.add.at(entries, (rows, indices), 1)
    header_lengths = TableSet.from_counts(headers, smoothing=_HEADER_PRIOR).lengths
    return header_lengths, _index_lengths(entries, codebook.sizes)


def _index_lengths(counts: npt.NDArray[np.int64], sizes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return the code lengths of stage indices, uint8 (classes * stages, max(sizes)); 0 beyond a stage's size.

    `counts`, int64 of that shape, says how often each index occurred.
    """
    per_row = np.tile(sizes, len(counts) // np.size(sizes))
    exists = np.arange(counts.shape[1]) < per_row[:, None]
    return TableSet.from_counts(np.where(exists, counts * _COUNT_UNITS + _INDEX_PRIOR, 0)).lengths


def _initial_codebook(sequences: list[_Sequence], design: LsfDesign, seed: int, threads: int | None) -> LsfCodebook:
    """Return the codebook to start from: stages by LBG on residuals, without quantization of the vectors before.

    Each class is designed on the vectors that it predicts best.

    Raises:
        UsageError: there are fewer vectors than entries of a stage.
    """
    frames = sum(len(sequence.analysis) - 1 for sequence in sequences)
    if frames < max(design.sizes):
        raise UsageError(
            f"{frames} frames of speech are too few to train {max(design.sizes)} codewords; give more recordings"
        )
    vectors = np.concatenate([sequence.analysis.lsf[1:] for sequence in sequences])
    previous = np.concatenate([sequence.analysis.lsf[:-1] for sequence in sequences])
    weights = np.concatenate([sequence.weights[1:] for sequence in sequences])
    classes, stages, order = len(design.correlations), len(design.sizes), vectors.shape[1]
    mean = (vectors * weights).sum(axis=0) / weights.sum(axis=0)
    correlations = np.asarray(design.correlations)
    residuals = [vectors - mean - correlation * (previous - mean) for correlation in correlations]
    kinds = np.argmin([(weights * residual**2).sum(axis=1) for residual in residuals], axis=0)
    scale = np.sqrt(weights.mean(axis=0))
    codewords = np.zeros((classes, stages, max(design.sizes), order))
    for kind, of_all in enumerate(residuals):
        # A class that predicts only few vectors best is designed on all of them.
        preferring = kinds == kind
        residual = of_all[preferring] if np.count_nonzero(preferring) >= 4 * max(design.sizes) else of_all
        for stage, size in enumerate(design.sizes):
            found = lbg(
                residual * scale,
                size,
                start="k-means++",
                max_iterations=design.starting_iterations,
                seed=seed + stage,
                threads=threads,
            )
            codewords[kind, stage, :size] = found.codewords / scale
            residual = residual - codewords[kind, stage, found.indices]
    predictors = correlations[:, None, None] * np.eye(order)
    model = LsfModel(mean, np.tile(mean, (classes, 1)), predictors, codewords, np.asarray(design.positions))
    headers = classes * (stages + 1) + len(design.positions)
    return to_codebook(
        model,
        np.asarray(design.sizes, np.int16),
        design.gap_rad,
        TableSet.from_counts(np.ones((headers + 1, headers), np.int64)).lengths,
        _index_lengths(np.zeros((classes * stages, max(design.sizes)), np.int64), design.sizes),
    )
