"""Speech to measure on: sentences of speakers that no codebook has heard, men and women apart.

The clips are LibriSpeech's; the speakers' sex is that of its SPEAKERS.TXT, which the files' names end in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DATA, MissingDataError

Samples = NDArray[np.int16]  # (samples,)

CLIPS = DATA / "speech" / "dev"
PATTERN = "libri_*"
SEXES = {"f": "women", "m": "men"}
RATES = {"nb": 8000, "wb": 16000}


@dataclass(frozen=True)
class Clip:
    """A sentence: its name, the speaker's sex (`women`, `men`, or empty where it is not known), and its samples."""

    name: str
    sex: str
    sample_rate: int
    samples: Samples

    @property
    def seconds(self) -> float:
        return self.samples.size / self.sample_rate


def clips(band: str, folder: Path = CLIPS, pattern: str = PATTERN, limit: int | None = None) -> list[Clip]:
    """The clips of a folder at the sample rate of a band.

    Args:
        band: `nb` or `wb`.
        limit: take this many, evenly spread.

    Raises:
        MissingDataError: there are none, or soundfile is not installed.
    """
    paths = sorted(path for path in folder.glob(pattern) if path.suffix in {".flac", ".wav"})
    if not paths:
        raise MissingDataError(f"{folder}: missing, or holds no {pattern}.flac or .wav")
    if limit is not None and limit < len(paths):
        paths = [paths[index * len(paths) // limit] for index in range(limit)]
    return [_read(path, RATES[band]) for path in paths]


def joined(parts: Sequence[Clip]) -> Clip:
    """All clips as one, for timing."""
    return Clip("all", "", parts[0].sample_rate, np.concatenate([clip.samples for clip in parts]))


def _read(path: Path, sample_rate: int) -> Clip:
    import soundfile
    import soxr

    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, sample_rate, "VHQ")
    sex = SEXES.get(path.stem.rpartition("_")[2], "")
    return Clip(path.stem, sex, sample_rate, np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16))
