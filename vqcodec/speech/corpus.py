"""Corpora of sound files to train on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.media.corpus import FileCorpus
from vqcodec.media.engine import Engine, SpeechEngine
from vqcodec.speech.sound.audio import open_audio
from vqcodec.speech.sound.raw import SUFFIXES as RAW_SUFFIXES


@dataclass(frozen=True)
class SoundCorpus(FileCorpus[NDArray[np.int16]]):
    """A corpus of sound: int16 (samples,) at `sample_rate`, channels mixed into one.

    Attributes:
        sample_rate: Hz.
        seconds: of each recording at most, so that none outweighs the others; None for all.
    """

    sample_rate: int = 8000
    seconds: float | None = None

    KIND = "sound"
    SUFFIXES = (
        ".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".au", ".awb", ".caf", ".eac3", ".flac", ".m4a", ".m4b",
        ".mka", ".mp2", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".tta", ".voc", ".w64", ".wav", ".wma", ".wv",
        *RAW_SUFFIXES,
    )  # fmt: skip

    @classmethod
    def fields_for(cls, engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
        """As `FileCorpus.fields_for`: the engine's sampling rate, and the option `seconds` where it has one."""
        assert isinstance(engine, SpeechEngine)
        return {"sample_rate": engine.sample_rate, "seconds": options.get("seconds")}

    def read(self, path: Path) -> NDArray[np.int16]:
        """Return the beginning of the sound in a file; errors as `open_audio`."""
        samples = open_audio(path, str(path)).samples(self.sample_rate)
        return samples if self.seconds is None else samples[: int(self.seconds * self.sample_rate)]
