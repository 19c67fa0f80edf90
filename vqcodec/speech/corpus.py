"""Corpora of sound files to train on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.codebook.codebook import Codebook
from vqcodec.media.corpora.files import FileCorpus, Point, Size
from vqcodec.media.engine import Engine, SpeechEngine
from vqcodec.media.target import DEFAULTS
from vqcodec.metrics.speech import weighted_segmental_snr
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.sound.audio import open_audio
from vqcodec.speech.sound.raw import SUFFIXES as RAW_SUFFIXES

_CODED_S, _EFFORT = 6, 3  # of what `code` codes
_QUALITIES = (20.0, 40.0, 60.0, 80.0)  # at which a codebook is measured


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
    MEASURE = "weighted segmental SNR"
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

    def limit(self, options: Mapping[str, Any]) -> str:
        """As `FileCorpus.limit`: what the option `seconds` cuts off."""
        most = options.get("seconds")
        return "" if most is None else f"what goes beyond the first {most:g} s of a recording (seconds)"

    def points(
        self, medium: NDArray[np.int16], engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> Iterator[Point]:
        """As `FileCorpus.points`: at most _CODED_S seconds."""
        from vqcodec.speech.engines import Settings

        assert isinstance(engine, SpeechEngine)
        samples = medium[: _CODED_S * self.sample_rate]
        for quality in _QUALITIES if engine.kbps is None else _QUALITIES[:1]:
            coded = engine.coder.encode(samples, codebook, Settings(quality=quality, effort=_EFFORT, threads=1), None)
            yield Point(coded.size, weighted_segmental_snr(samples, coded.reconstruction, self.sample_rate))

    def code(
        self, medium: NDArray[np.int16], engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> tuple[float, int]:
        """As `FileCorpus.code`: at most _CODED_S seconds."""
        from vqcodec.speech.engines import Settings

        samples = medium[: _CODED_S * self.sample_rate]
        settings = Settings(quality=DEFAULTS["speech"].quality, effort=_EFFORT, threads=1)
        return self.amount(samples), engine.coder.encode(samples, codebook, settings, None).size
