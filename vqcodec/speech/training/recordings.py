"""What the training of a speech codebook takes from shards of recordings: their analysis, and how they are coded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.metrics.spectral_distortion import spectral_distortion
from vqcodec.speech.bands import Band
from vqcodec.speech.celp.group_search import packet_starts, search_symbols
from vqcodec.speech.celp.header import PACKET_FRAMES
from vqcodec.speech.celp.recording import GroupSignal
from vqcodec.speech.celp.speech_codebook import SpeechTableSet
from vqcodec.speech.excitation.trellis_state import Search
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.lsf_quantizer.search import LsfEffort, QuantizedLsf, search_lsf
from vqcodec.speech.signal.analysis import Analysis, analyse
from vqcodec.speech.signal.highpass import HighPass
from vqcodec.speech.signal.levels import Levels, active
from vqcodec.speech.signal.lsf import interpolate_lpc, lsf_to_lpc
from vqcodec.speech.signal.weighting import Weighting, measure_levels, weighting
from vqcodec.speech.training.equalizer_training import Missing, sent_frames
from vqcodec.speech.training.observed import Material

DoubleArray = npt.NDArray[np.float64]

_LSF_EFFORT = LsfEffort(paths=2, survivors=8)
_LAG_CANDIDATES = 2  # of the search that codes the recordings for the training of an equalizer


@dataclass(frozen=True)
class Prepared:
    """A recording, analysed.

    Attributes:
        signal: float64 (frames * band.frame,), high-passed, filled up with zeros.
        levels, analysis, weighting: of it.
    """

    signal: DoubleArray
    levels: Levels
    analysis: Analysis
    weighting: Weighting


def prepare(signals: Iterable[npt.NDArray[np.int16]], band: Band) -> tuple[int, list[Prepared]]:
    """Return the number of frames of recordings, and these analysed; those without a whole frame are left out."""
    prepared = [_prepare(signal.astype(np.float64), band) for signal in signals if len(signal) >= band.frame]
    return sum(len(one.analysis) - 1 for one in prepared), prepared


def _prepare(signal: DoubleArray, band: Band) -> Prepared:
    """Return a recording high-passed, filled up to whole frames, and analysed."""
    filtered = HighPass(band).filter(signal)
    levels = measure_levels(filtered, band)
    analysis = analyse(filtered, band)
    frames = len(analysis) - 1
    filled = np.concatenate([filtered, np.zeros(frames * band.frame - len(filtered))])
    return Prepared(filled, levels, analysis, weighting(filtered, band, levels, subframes=frames * band.subframes))


class Fidelity(NamedTuple):
    """How well an LSF codebook codes recordings.

    Attributes:
        bits: of all vectors. vectors: their number.
        distortions: of the frames that are no pauses: sum in dB, and how many are above 2 dB, above 4 dB, and in all.
    """

    bits: int
    vectors: int
    distortions: DoubleArray

    def plus(self, other: Fidelity) -> Fidelity:
        """Return the sums over both."""
        return Fidelity(self.bits + other.bits, self.vectors + other.vectors, self.distortions + other.distortions)

    def figures(self) -> dict[str, float]:
        """Return by name the bits of a frame, the mean log-spectral distortion, and the shares above 2 and 4 dB."""
        figures = {"bits_per_frame": round(self.bits / self.vectors, 2)}
        total, above_2, above_4, frames = self.distortions.tolist()
        if frames:
            figures |= {
                "mean_db": round(total / frames, 4),
                "above_2_db": round(above_2 / frames, 4),
                "above_4_db": round(above_4 / frames, 4),
            }
        return figures


def lsf_fidelity(recordings: Sequence[Prepared], book: LsfCodebook, lambda_: float, band: Band) -> Fidelity:
    """Return how well an LSF codebook codes recordings at `lambda_`; pauses count for the bits alone."""
    total = Fidelity(0, 0, np.zeros(4))
    for one in recordings:
        quantized = _quantize(one, book, lambda_)
        spoken = active(10 ** (one.analysis.energy_db / 10))
        wished, given = (lsf_to_lpc(lsf[spoken]) for lsf in (one.analysis.lsf, quantized.lsf_q))
        values = spectral_distortion(wished, given, band.sample_rate)
        outliers = [float(np.count_nonzero(values > limit)) for limit in (2.0, 4.0)]
        found = np.array([values.sum(), *outliers, len(values)])
        total = total.plus(Fidelity(int(quantized.bits.sum()), len(one.analysis), found))
    return total


def quantized_lpc(
    recordings: Sequence[Prepared], book: LsfCodebook, lsf_lambda: float, band: Band
) -> tuple[int, list[DoubleArray]]:
    """Return the bits of the LSFs of recordings, and their predictors by subframe; see `Material`."""
    bits, predictors = 0, []
    for one in recordings:
        quantized = _quantize(one, book, lsf_lambda)
        bits += int(quantized.bits.astype(np.int64).sum())
        predictors.append(interpolate_lpc(quantized.lsf_q, band.subframes))
    return bits, predictors


def materials_of(value: tuple[Sequence[Prepared], Sequence[DoubleArray]]) -> list[Material]:
    """Return the materials of recordings and their predictors."""
    return [Material(one.signal, lpc, one.weighting) for one, lpc in zip(*value, strict=True)]


def missing_gains(
    recordings: Sequence[Prepared], table_set: SpeechTableSet, survivors: int
) -> tuple[int, list[Missing]]:
    """Return the number of frames that are not silent, and what the recordings lack, coded with a table set."""
    aims = table_set.aims
    search = Search(
        survivors=survivors,
        lag_candidates=_LAG_CANDIDATES,
        sweeps=1,
        exact=0,
        energy_weight=aims.energy_weight,
        packet_frames=PACKET_FRAMES,
    )
    found = []
    for one in recordings:
        group = GroupSignal(
            one.signal, one.analysis, one.weighting, one.levels.reference_db, 10 * math.log10(one.levels.power)
        )
        lambdas = np.full(len(one.analysis) - 1, aims.lambda_)
        symbols, shortfall = search_symbols(group, table_set, search, lambdas, aims.lsf_lambda, _LSF_EFFORT)
        found.append(Missing(shortfall.gains, shortfall.weights, symbols.silent))
    return sent_frames(found), found


def _quantize(one: Prepared, book: LsfCodebook, lambda_: float) -> QuantizedLsf:
    """Return the quantized LSFs of a recording, all of whose vectors are sent."""
    return search_lsf(
        one.analysis, book, lambda_, reference_db=one.levels.reference_db,
        packet_starts=packet_starts(np.ones(len(one.analysis), dtype=np.bool_), PACKET_FRAMES), effort=_LSF_EFFORT,
    )  # fmt: skip
