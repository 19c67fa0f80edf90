"""Models of hearing: PESQ, STOI and ViSQOL, by the packages of the extra `vqcodec[metrics]`.

They are models fitted to listening tests, and each has blind spots: trust a comparison if two of them agree. The models
were made for sentences, so long signals are measured in pieces, and the results are averaged.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqcodec.errors import UsageError

Samples = NDArray[np.float64]
Measure = Callable[[ArrayLike, ArrayLike, int], float | None]

PIECE_S = 20.0  # ITU-T P.862.3 asks for 8 to 30 s
MODULES = {"PESQ": "pesq", "STOI": "pystoi", "ViSQOL": "visqol"}

_MIN_S = 0.4  # STOI and PESQ find no speech in shorter signals


def available() -> list[str]:
    """Return the names in `MODULES` whose packages are installed."""
    return [name for name, module in MODULES.items() if importlib.util.find_spec(module) is not None]


def pesq(original: ArrayLike, decoded: ArrayLike, sample_rate: int, band: str) -> float | None:
    """Return PESQ as MOS-LQO, 1 to 4.55 (narrowband) or 1 to 4.64 (wideband); None if no speech is found.

    Args:
        original, decoded: shape (samples,), aligned, full scale 32768.
        sample_rate: 8000 or 16000 Hz.
        band: `nb` for narrowband (ITU-T P.862.1), `wb` for wideband (P.862.2), which needs 16000 Hz.

    Raises:
        UsageError: the package is not installed, or PESQ is not defined at this rate.
    """
    package = _package("PESQ")
    if sample_rate not in (8000, 16000) or (band == "wb" and sample_rate != 16000):
        raise UsageError(f"PESQ {band} is not defined at {sample_rate} Hz; resample to 8000 or 16000 Hz")

    def measure(first: Samples, second: Samples) -> float | None:
        try:
            score = package.pesq(sample_rate, first.astype(np.float32), second.astype(np.float32), band)
        except package.PesqError:
            return None
        return float(score)

    return _mean_over_pieces(measure, original, decoded, sample_rate)


def stoi(original: ArrayLike, decoded: ArrayLike, sample_rate: int) -> float | None:
    """Return the short-time objective intelligibility, about 0 to 1; None if there is too little speech.

    Args:
        original, decoded: shape (samples,), aligned, any scale.
        sample_rate: Hz, any.

    Source: C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An algorithm for intelligibility prediction of
        time-frequency weighted noisy speech", IEEE Trans. ASLP 19 (2011).

    Raises:
        UsageError: the package is not installed.
    """
    package = _package("STOI")

    def measure(first: Samples, second: Samples) -> float | None:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # the package warns if there is too little speech
            try:
                return float(package.stoi(first, second, sample_rate))
            except RuntimeWarning:
                return None

    return _mean_over_pieces(measure, original, decoded, sample_rate)


def visqol(original: ArrayLike, decoded: ArrayLike, sample_rate: int) -> float | None:
    """Return ViSQOL's MOS-LQO for speech, 1 to 5, by the polynomial mapping; None if no speech is found.

    Compare its values only with one another, because they are high in absolute terms.

    Args:
        original, decoded: shape (samples,), aligned, full scale 32768.
        sample_rate: Hz; the signals are measured at 16000 Hz.

    Source: M. Chinen et al., "ViSQOL v3: an open source production ready objective speech and audio metric",
        QoMEX 2020.

    Raises:
        UsageError: the package is not installed.
    """
    _package("ViSQOL")
    import soxr

    model = _visqol_model()

    def measure(first: Samples, second: Samples) -> float | None:
        pair = (first / 32768, second / 32768)
        if sample_rate != 16000:
            pair = (soxr.resample(pair[0], sample_rate, 16000), soxr.resample(pair[1], sample_rate, 16000))
        try:
            return float(model.measure_from_arrays(*pair, 16000).moslqo)
        except (ValueError, RuntimeError, IndexError):  # raised if it finds no patch of speech
            return None

    return _mean_over_pieces(measure, original, decoded, sample_rate)


MEASURES: dict[str, tuple[str, Measure]] = {
    "pesq_nb": ("PESQ", lambda original, decoded, rate: pesq(original, decoded, rate, "nb")),
    "pesq_wb": ("PESQ", lambda original, decoded, rate: pesq(original, decoded, rate, "wb") if rate == 16000 else None),
    "stoi": ("STOI", stoi),
    "visqol": ("ViSQOL", visqol),
}
"""The measures that `compare` takes of two recordings at 8000 or 16000 Hz, each with its model.

The keys are names of fields of `reports.speech.SpeechComparison`.
"""


def measure_hearing(original: ArrayLike, decoded: ArrayLike, sample_rate: int) -> dict[str, float | None]:
    """Return the result of each of MEASURES; None if its package is not installed or it finds no speech.

    Args:
        original, decoded: shape (samples,), aligned, full scale 32768.
        sample_rate: 8000 or 16000 Hz.
    """
    installed = available()
    return {
        name: measure(original, decoded, sample_rate) if model in installed else None
        for name, (model, measure) in MEASURES.items()
    }


@lru_cache(maxsize=1)
def _visqol_model() -> Any:
    """Return the model, loaded once."""
    model = _package("ViSQOL").VisqolApi()
    # The other mapping needs a further package, so figures would depend on the installation.
    model.create(mode="speech", use_lattice_model=False)
    return model


def _package(name: str) -> Any:
    """Return the package of a model, or raise UsageError if it is not installed."""
    try:
        return importlib.import_module(MODULES[name])
    except ImportError:
        raise UsageError(f"{name} needs a package that is not installed: pip install 'vqcodec[metrics]'") from None


def _mean_over_pieces(
    measure: Callable[[Samples, Samples], float | None],
    original: ArrayLike,
    decoded: ArrayLike,
    sample_rate: int,
) -> float | None:
    """Return the mean of `measure` over pieces of equal length, at most PIECE_S; pieces without speech are ignored."""
    first, second = np.asarray(original), np.asarray(decoded)
    if min(first.size, second.size) < _MIN_S * sample_rate:
        return None
    pieces = math.ceil(first.size / (PIECE_S * sample_rate))
    pairs = zip(np.array_split(first, pieces), np.array_split(second, pieces), strict=True)
    scores = [
        score
        for one, other in pairs
        if one.any() and other.any() and (score := measure(one.astype(float), other.astype(float))) is not None
    ]
    return float(np.mean(scores)) if scores else None
