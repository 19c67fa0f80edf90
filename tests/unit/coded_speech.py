"""Speech that is coded and decoded through the public functions, for tests."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from synthetic_speech import synthetic_speech

from vqcodec import api
from vqcodec.codebook.library import list_codebooks
from vqcodec.media.registry import default_codebook
from vqcodec.reports.speech import SpeechDecodeReport, SpeechEncodeReport

QUICK = {"effort": 0}
NEEDS_CODEBOOKS = pytest.mark.skipif(
    not {entry.name for entry in list_codebooks()}
    >= {default_codebook("speech/celp-nb"), default_codebook("speech/celp-wb")},
    reason="the speech codebooks are not in the library: codebooks/recipe.sh makes them",
)


def four_seconds() -> np.ndarray:
    """Speech at 16 kHz, int16."""
    return np.rint(synthetic_speech(4.0, 16000)).astype(np.int16)


def wav(samples: np.ndarray, rate: int, format: str = "WAV", subtype: str = "PCM_16", **tags: str) -> bytes:
    target = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(target, "w", rate, channels, subtype, format=format) as file:
        for key, text in tags.items():
            setattr(file, key, text)
        file.write(samples)
    return target.getvalue()


def encode(data: bytes, **how: object) -> SpeechEncodeReport:
    report = api.encode(data, name="x.wav", **{**QUICK, **how})
    assert isinstance(report, SpeechEncodeReport)
    assert report.data is not None
    assert sum(report.bits.values()) == 8 * len(report.data) == 8 * report.output_bytes
    return report


def decode(data: bytes, **how: object) -> tuple[SpeechDecodeReport, np.ndarray]:
    report = api.decode(data, name="x.vqc", **how)
    assert isinstance(report, SpeechDecodeReport)
    samples, rate = soundfile.read(io.BytesIO(report.data), dtype="int16", always_2d=True)
    assert (rate, len(samples), samples.shape[1]) == (report.sample_rate, report.samples, report.channels)
    return report, samples
