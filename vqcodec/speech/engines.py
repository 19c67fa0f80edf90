"""What speech engines offer, and finding one by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.media.engine import SpeechEngine
from vqcodec.media.registry import engine_of_medium

Progress = Callable[[float], None]
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Settings:
    """What to encode for, checked (`vqcodec.media.target`): at most one of quality, bitrate and size.

    An engine of fixed rate uses only the threads.

    Attributes:
        quality: 0 to 100; the default of speech if no other is given.
        bitrate: kbit/s of header and packets, on average over the recording.
        size: most bytes of header and packets.
        effort: of the search, 0 to 9; None for the default of speech.
        threads: to use; None for one a CPU. The result does not depend on them.
    """

    quality: float | None = None
    bitrate: float | None = None
    size: int | None = None
    effort: int | None = None
    threads: int | None = None


@dataclass(frozen=True)
class EncodedSpeech:
    """An encoded recording.

    Attributes:
        header: the engine's header.
        packets: in order; starts: first sample of each.
        reconstruction: int16 (n,), what decoding gives.
        bits: of header and packets by part; they sum to 8 times their bytes.
        quality: about the quality that takes as many bits, below 0 or above 100 if none does; None if the engine has no
            quality, or there is nothing to code.
    """

    header: bytes
    packets: list[bytes]
    starts: list[int]
    reconstruction: Samples
    bits: dict[str, int]
    quality: float | None = None

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
        settings: Settings | None = None,
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
        """What an engine's header says: `samples`, `packet_samples`, and what is particular to the engine.

        If several packets make a group, which is decoded as a whole, `group_samples` is there too.
        """


def engine_for(name: str) -> SpeechEngine:
    """Return the speech engine of that name.

    Raises:
        UnsupportedError: this version has no such speech engine.
    """
    engine = engine_of_medium(name, "speech")
    assert isinstance(engine, SpeechEngine)
    return engine
