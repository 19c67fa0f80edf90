"""How far one recording is from another, by waveform and by the models of hearing that are installed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import UsageError
from vqcodec.metrics import perceptual
from vqcodec.metrics.speech import aligned, delay
from vqcodec.reports.speech import SpeechComparison
from vqcodec.speech.quality import QualityMeter

NARROW_RATE, WIDE_RATE = 8000, 16000

Samples = NDArray[np.int16]


def measure(reference: Samples, test: Samples, rate: int, reference_name: str, test_name: str) -> SpeechComparison:
    """Align two recordings of one channel and one sampling rate in time, and compare them.

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
    missing = [name for name in perceptual.MODULES if name not in perceptual.available()]
    notes = [f"{', '.join(missing)} left out: pip install 'vqcodec[metrics]'"] if missing else []
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
        **perceptual.measure_hearing(first, second, rate),
        identical=late == 0 and quality.sqnr_db in (None, math.inf) and np.array_equal(reference, test),
        notes=tuple(notes),
    )
