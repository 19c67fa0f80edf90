"""What speech engines offer, and finding one by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.media.engine import SpeechEngine
from vqcodec.media.registry import engine_of_medium, find_engine

MAX_EFFORT = 9

Progress = Callable[[float], None]
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class SpeechOptions:
    """What to encode for; at most one of quality, bitrate and size, else the engine's default quality.

    An engine of fixed rate has a use for the threads alone.

    Attributes:
        quality: 0 to 100.
        bitrate: kbit/s of header and packets, on average over the recording.
        size: most bytes of header and packets.
        effort: of the search, 0 to 9; None for the engine's default.
        threads: to use; None for all. The result does not depend on them.
    """

    quality: float | None = None
    bitrate: float | None = None
    size: int | None = None
    effort: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        if sum(aim is not None for aim in (self.quality, self.bitrate, self.size)) > 1:
            raise UsageError("quality, bitrate and size exclude one another; give one of them")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality {self.quality:g} is not in 0..100")
        if self.bitrate is not None and not self.bitrate > 0:
            raise UsageError(f"a bitrate of {self.bitrate:g} kbit/s is not possible; it must be positive")
        if self.effort is not None and not 0 <= self.effort <= MAX_EFFORT:
            raise UsageError(f"effort {self.effort} is not in 0..{MAX_EFFORT}")


@dataclass(frozen=True)
class EncodedSpeech:
    """An encoded recording.

    Attributes:
        header: the engine's header.
        packets: in order; starts: first sample of each.
        reconstruction: int16 (n,), what decoding gives.
        bits: of header and packets by part; they sum to 8 times their bytes.
    """

    header: bytes
    packets: list[bytes]
    starts: list[int]
    reconstruction: Samples
    bits: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of header and packets."""
        return len(self.header) + sum(map(len, self.packets))


class Coder(Protocol):
    """What the coder of a speech engine offers; documented in `vqcodec.speech.celp.engine`."""

    def encode(
        self,
        signal: npt.ArrayLike,
        codebook: Codebook,
        options: SpeechOptions | None = None,
        progress: Progress | None = None,
    ) -> EncodedSpeech:
        """Encode a recording at the engine's sampling rate."""

    def decode(
        self,
        header: bytes,
        packets: Sequence[bytes | None],
        codebook: Codebook,
        *,
        first: int = 0,
        count: int | None = None,
        threads: int | None = None,
    ) -> Samples:
        """Decode a part of a stream; packets that are None are concealed."""

    def count_bits(self, header: bytes, packets: Sequence[bytes | None], codebook: Codebook) -> dict[str, int]:
        """Where the bits of a stream went, by part; they sum to its size."""

    def describe(self, header: bytes) -> dict[str, Any]:
        """What an engine's header says: `samples`, `packet_samples`, and what is particular to the engine."""


def engine_for(name: str) -> SpeechEngine:
    """Return the speech engine of that name.

    Raises:
        UnsupportedError: this version has no such speech engine.
    """
    engine = engine_of_medium(name, "speech")
    assert isinstance(engine, SpeechEngine)
    return engine


def is_speech_engine(name: str) -> bool:
    """Return whether there is a speech engine of that name."""
    return isinstance(find_engine(name), SpeechEngine)
