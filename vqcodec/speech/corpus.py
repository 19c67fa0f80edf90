"""Corpora of sound files to train on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.codebook.codebook import Codebook
from vqcodec.media.corpora.files import FileCorpus, Size
from vqcodec.media.engine import Engine, SpeechEngine
from vqcodec.media.target import DEFAULTS
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.sound.audio import open_audio
from vqcodec.speech.sound.raw import SUFFIXES as RAW_SUFFIXES

_CODED_S, _EFFORT = 6, 3  # of what `code` codes


@dataclass(frozen=True)
class SoundCorpus(FileCorpus[NDArray[np.int16]]):
    """A corpus of sound: int16 (samples,) at `sample_rate`, channels mixed into one.

    Attributes:
        sample_rate: Hz.
        seconds: of each recording at most, so that none outweighs the others; None for all.
    """

    sample_rate: int = 8000
    seconds: float | None = None

    KIND, FILES, AMOUNT = "sound", "recordings", ("minutes", 60.0)
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

    def read(self, path: Path, name: str) -> NDArray[np.int16]:
        """Return the beginning of the sound in a file; errors as `open_audio`."""
        sound = open_audio(path, name)
        if self.seconds is None:
            return sound.samples(self.sample_rate)
        most, parts, count = int(self.seconds * self.sample_rate), [], 0
        for block in sound.blocks(self.sample_rate):
            parts.append(to_pcm(block))
            count += len(block)
            if count >= most:  # the rest of a long recording is not read
                break
        return np.concatenate(parts)[:most]

    def size(self, medium: NDArray[np.int16]) -> Size:
        """Return the samples that are used."""
        return (len(medium),)

    def amount(self, medium: NDArray[np.int16]) -> float:
        """Return the seconds of a recording."""
        return len(medium) / self.sample_rate

    def code(
        self, medium: NDArray[np.int16], engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> tuple[float, int]:
        """As `FileCorpus.code`: at most _CODED_S seconds."""
        from vqcodec.speech.engines import Settings

        samples = medium[: _CODED_S * self.sample_rate]
        settings = Settings(quality=DEFAULTS["speech"].quality, effort=_EFFORT, threads=1)
        return self.amount(samples), engine.coder.encode(samples, codebook, settings, None).size
