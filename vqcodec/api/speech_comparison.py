"""How far one recording is from another, by waveform and by the models of hearing that are installed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import UsageError
from vqcodec.metrics import perceptual
from vqcodec.metrics.speech import aligned, delay
from vqcodec.reports import SpeechComparison
from vqcodec.speech.quality import QualityMeter

NARROW_RATE, WIDE_RATE = 8000, 16000

Samples = NDArray[np.int16]


def measure(reference: Samples, test: Samples, rate: int, reference_name: str, test_name: str) -> SpeechComparison:
    """Compare two recordings of one channel at one sampling rate, once the later one is taken earlier.

    Args:
        reference, test: int16 (samples,), not necessarily of one length.
        rate: 8000 or 16000 Hz.

    Raises:
        UsageError: one of them ends before the other begins.
    """
    late = delay(reference, test, rate)
    first, second = aligned(reference, test, late)
    if not first.size:
        raise UsageError(f"{test_name}: has nothing in common with {reference_name} in time; compare whole recordings")
    meter = QualityMeter(rate)
    meter.add(first, second)
    quality = meter.result()
    scores, notes = _scores(first, second, rate)
    if abs(reference.size - test.size) > rate // 100:
        notes.append(
            f"of {reference.size / rate:.2f} s and {test.size / rate:.2f} s, "
            f"the {first.size / rate:.2f} s were compared that both have"
        )
    return SpeechComparison(
        reference=reference_name,
        test=test_name,
        sample_rate=rate,
        duration_s=first.size / rate,
        delay_samples=late,
        sqnr_db=quality.sqnr_db,
        segmental_snr_db=quality.segmental_snr_db,
        weighted_segmental_snr_db=quality.weighted_segmental_snr_db,
        pesq_nb=scores["pesq_nb"],
        pesq_wb=scores["pesq_wb"],
        stoi=scores["stoi"],
        visqol=scores["visqol"],
        identical=late == 0 and quality.sqnr_db in (None, math.inf) and np.array_equal(reference, test),
        notes=tuple(notes),
    )


def _scores(first: Samples, second: Samples, rate: int) -> tuple[dict[str, float | None], list[str]]:
    """PESQ, STOI and ViSQOL as far as they can be had, and why not further."""
    measures: dict[str, tuple[str, Callable[[], float | None]]] = {
        "pesq_nb": ("PESQ", lambda: perceptual.pesq(first, second, rate, "nb")),
        "pesq_wb": ("PESQ", lambda: perceptual.pesq(first, second, rate, "wb") if rate == WIDE_RATE else None),
        "stoi": ("STOI", lambda: perceptual.stoi(first, second, rate)),
        "visqol": ("ViSQOL", lambda: perceptual.visqol(first, second, rate)),
    }
    available = perceptual.available()
    scores = {key: function() if model in available else None for key, (model, function) in measures.items()}
    missing = [name for name in perceptual.MODULES if name not in available]
    notes = [f"{', '.join(missing)} left out: pip install 'vqcodec[metrics]'"] if missing else []
    return scores, notes
