"""PESQ, STOI and ViSQOL by the packages of the extra `vqcodec[metrics]`: how speech sounds, as models hear it.

They are models fitted to listening tests, each with blind spots; a comparison that two of them agree on says more
than either. Long signals are measured in pieces and averaged, since the models were made for sentences.
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

PIECE_S = 20.0  # ITU-T P.862.3 asks for 8 to 30 s
MODULES = {"PESQ": "pesq", "STOI": "pystoi", "ViSQOL": "visqol"}

_MIN_S = 0.4  # what STOI and PESQ need to find speech in


def available() -> list[str]:
    """Those of `MODULES` whose packages are installed."""
    return [name for name, module in MODULES.items() if importlib.util.find_spec(module) is not None]


def pesq(original: ArrayLike, decoded: ArrayLike, sample_rate: int, band: str) -> float | None:
    """PESQ as MOS-LQO, 1 to 4.55 (narrowband) or 1 to 4.64 (wideband); None where no speech is found.

    Args:
        original, decoded: shape (samples,), aligned, full scale 32768.
        sample_rate: 8000 or 16000 Hz.
        band: `nb` for narrowband (ITU-T P.862.1), `wb` for wideband (P.862.2), which needs 16000 Hz.

    Raises:
        UsageError: the package is not installed, or the rate is another.
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
    """Short-time objective intelligibility, about 0 to 1; None where there is too little speech.

    Args:
        original, decoded: shape (samples,), aligned, any scale.
        sample_rate: any.

    Source: C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An algorithm for intelligibility prediction of
        time-frequency weighted noisy speech", IEEE Trans. ASLP 19 (2011).

    Raises:
        UsageError: the package is not installed.
    """
    package = _package("STOI")

    def measure(first: Samples, second: Samples) -> float | None:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # by which the package says that there was too little
            try:
                return float(package.stoi(first, second, sample_rate))
            except RuntimeWarning:
                return None

    return _mean_over_pieces(measure, original, decoded, sample_rate)


def visqol(original: ArrayLike, decoded: ArrayLike, sample_rate: int) -> float | None:
    """ViSQOL's MOS-LQO for speech, 1 to 5, by the polynomial mapping; None where no speech is found.

    Its absolute values read high: compare them with one another only.

    Args:
        original, decoded: shape (samples,), aligned, full scale 32768.
        sample_rate: samples a second; measured at 16000 Hz.

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
        except (ValueError, RuntimeError, IndexError):  # what it raises where it finds no patch of speech
            return None

    return _mean_over_pieces(measure, original, decoded, sample_rate)


@lru_cache(maxsize=1)
def _visqol_model() -> Any:
    model = _package("ViSQOL").VisqolApi()
    # The other mapping needs a package of its own: figures would depend on whether it happens to be installed.
    model.create(mode="speech", use_lattice_model=False)
    return model


def _package(name: str) -> Any:
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
    """The mean of `measure` over pieces of equal length, at most PIECE_S, in which there is something to hear."""
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
