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
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import UsageError
from vqcodec.speech.bands import Band
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.lsf_quantizer.refit import Encoded, LsfModel, Refit, to_codebook
from vqcodec.speech.lsf_quantizer.search import LsfEffort, header_contexts, search_lsf, stage_symbols
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.levels import frame_weights, reference_level
from vqcodec.speech.signal.lsf import SD_PER_WEIGHTED_ERROR
from vqcodec.vq.design.lbg import lbg

DoubleArray = npt.NDArray[np.float64]

_STARTING_VECTORS = 1 << 17  # 44 minutes: the most on which the codebook to start from is designed
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
    """The figures of a round of training.

    Attributes:
        number: of the round, from 0 on; rounds: in all.
        bits: of a vector.
        distortion: of a vector, weighted and squared, in dB^2.
        entries: int64 (classes * stages, entries), how often each index of a stage was chosen, and 0 beyond its size.
        sizes: entries of each stage.
    """

    number: int
    rounds: int
    bits: float
    distortion: float
    entries: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.integer]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How often each codeword was chosen, int64 (codewords,)."""
        stages = np.tile(self.sizes, len(self.entries) // len(self.sizes))
        return np.concatenate([row[:size] for row, size in zip(self.entries, stages)])


class Analysed(Protocol):
    """A recording that has been analysed."""

    @property
    def analysis(self) -> Analysis: ...


def train_lsf(
    recordings: Kept,
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
        recordings: the training material, at least some thousands of vectors: a sequence of `Analysed` for each shard,
            whose rows are the vectors of all but the first of each recording.
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
    codebook = start or _initial_codebook(recordings, design, seed, threads)
    for number in range(design.rounds):
        share = 1.0 if start else min(1.0, 0.25 + 0.75 * number / design.rising_rounds)
        totals, fit = _Totals.of(codebook), Refit(codebook, threads)
        common = (codebook, lambda_ * share, design.effort, packet_frames)
        for found, encoded in recordings.map(_encode_all, *common):
            totals = totals.plus(found)
            fit.add(encoded)
        if progress is not None:
            means = totals.bits / totals.vectors, totals.distortion / totals.vectors
            progress(LsfRound(number, design.rounds, *means, totals.entries, np.asarray(codebook.sizes)))
        lengths = (
            TableSet.from_counts(totals.headers, smoothing=_HEADER_PRIOR).lengths,
            _index_lengths(totals.entries, codebook.sizes),
        )
        codebook = to_codebook(fit.model(), codebook.sizes, design.gap_rad, *lengths)
    return codebook


class _Totals(NamedTuple):
    """Sums over recordings as they were encoded.

    Attributes:
        headers, entries: int64, how often each header and each index of a stage occurred in each context.
        vectors: their number. bits: of their symbols. distortion: weighted and squared, in dB^2.
    """

    headers: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]
    vectors: int = 0
    bits: int = 0
    distortion: float = 0.0

    @classmethod
    def of(cls, codebook: LsfCodebook) -> _Totals:
        """Return sums over nothing."""
        return cls(
            np.zeros((codebook.headers + 1, codebook.headers), np.int64),
            np.zeros(codebook.index_lengths.shape, np.int64),
        )

    def plus(self, other: _Totals) -> _Totals:
        """Return the sums over both."""
        return _Totals(
            self.headers + other.headers,
            self.entries + other.entries,
            self.vectors + other.vectors,
            self.bits + other.bits,
            self.distortion + other.distortion,
        )


def _encode_all(
    recordings: Sequence[Analysed], codebook: LsfCodebook, lambda_: float, effort: LsfEffort, packet_frames: int
) -> tuple[_Totals, list[Encoded]]:
    """Encode each recording as one group; return the sums over them, and what was encoded."""
    totals, encoded = _Totals.of(codebook), []
    for recording in recordings:
        analysis = recording.analysis
        reference_db = reference_level(analysis.energy_db)
        starts = np.arange(0, len(analysis), packet_frames, dtype=np.int64)
        result = search_lsf(analysis, codebook, lambda_, reference_db=reference_db, packet_starts=starts, effort=effort)
        contexts = header_contexts(result.indices.headers, codebook, starts)
        np.add.at(totals.headers, (contexts, result.indices.headers), 1)
        for _, rows, indices in stage_symbols(result.indices, codebook):
            np.add.at(totals.entries, (rows, indices), 1)
        weights = _weights(analysis, reference_db)
        distortion = float((weights * (analysis.lsf - result.lsf_q) ** 2).sum())
        totals = totals._replace(
            vectors=totals.vectors + len(analysis),
            bits=totals.bits + int(result.bits.sum()),
            distortion=totals.distortion + distortion,
        )
        encoded.append(Encoded(analysis.lsf, weights, result.lsf_q, result.indices))
    return totals, encoded


def _weights(analysis: Analysis, reference_db: float) -> DoubleArray:
    """Return the weights of squared LSF errors, float64 (vectors, order), in dB^2 of a squared radian."""
    return frame_weights(analysis.energy_db, reference_db)[:, None] * analysis.sensitivity * SD_PER_WEIGHTED_ERROR


def _vectors(part: tuple[Sequence[Analysed], slice]) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Return (vectors, the vectors before them, weights) of recordings, those in a slice of their list."""
    recordings, taken = part
    analyses = [one.analysis for one in recordings]
    pieces = [(a.lsf[1:], a.lsf[:-1], _weights(a, reference_level(a.energy_db))[1:]) for a in analyses]
    vectors, previous, weights = (np.concatenate(column)[taken] for column in zip(*pieces))
    return vectors, previous, weights


def _index_lengths(counts: npt.NDArray[np.int64], sizes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return the code lengths of stage indices, uint8 (classes * stages, max(sizes)); 0 beyond a stage's size.

    `counts`, int64 of that shape, says how often each index occurred.
    """
    per_row = np.tile(sizes, len(counts) // np.size(sizes))
    exists = np.arange(counts.shape[1]) < per_row[:, None]
    return TableSet.from_counts(np.where(exists, counts * _COUNT_UNITS + _INDEX_PRIOR, 0)).lengths


def _initial_codebook(recordings: Kept, design: LsfDesign, seed: int, threads: int | None) -> LsfCodebook:
    """Return the codebook to start from: stages by LBG on residuals, without quantization of the vectors before.

    Each class is designed on the vectors that it predicts best.

    Raises:
        UsageError: there are fewer vectors than entries of a stage.
    """
    if recordings.total < max(design.sizes):
        raise UsageError(
            f"{recordings.total} frames of speech are too few to train {max(design.sizes)} codewords; "
            "give more recordings"
        )
    vectors, previous, weights = (
        np.concatenate(column) for column in zip(*recordings.evenly(_vectors, _STARTING_VECTORS))
    )
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
