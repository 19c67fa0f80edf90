"""A speech engine of fixed rate: from recording to packets and back, for any layout of a unit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.speech.bands import Band
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.engines import EncodedSpeech, Progress, Samples, Settings
from vqcodec.speech.live.encoder import LiveEncoder
from vqcodec.speech.live.recording import Part
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.textbook.concealment import conceal
from vqcodec.speech.textbook.fields import IntArray, Layout
from vqcodec.speech.textbook.header import FixedHeader
from vqcodec.threads import map_shards

DoubleArray = npt.NDArray[np.float64]


class _LiveFixed(LiveEncoder):
    """Encodes one channel while it comes, packet by packet."""

    def __init__(self, coder: FixedRateCoder, codebook: Codebook, threads: int | None, packet_units: int) -> None:
        super().__init__(coder.band, packet_units, 1)
        self._coder, self._codebook, self._threads = coder, codebook, threads
        self.header = FixedHeader(coder.band.frame, 0, packet_units).to_bytes()

    def _code(self, parts: Sequence[Part]) -> list[list[bytes]]:
        fields = map_shards(lambda part: self._coder.search(part, part.number, self._codebook), parts, self._threads)
        for units in fields:
            self.bits.update(self._coder.layout.bits_by_part(len(units)))
        return [[self._coder.layout.to_bytes(units)] for units in fields]


class FixedRateCoder(ABC):
    """A coder whose units all have the same fields, and whose packets do not depend on one another.

    Its methods are those of `engines.Coder`. A subclass defines the fields of a unit.

    Attributes:
        engine: its name.
        band: sampling rate and framing; a frame is a unit.
        packet_units: units of the packets that the encoder makes.
        layout: fields of a unit.
    """

    engine: str
    band: Band
    packet_units: int
    layout: Layout

    @abstractmethod
    def search(self, recording: Recording, packet: int, codebook: Codebook) -> IntArray:
        """Return the fields of packet number `packet`, int64 (units, fields)."""

    @abstractmethod
    def synthesize(self, fields: IntArray, codebook: Codebook) -> DoubleArray:
        """Return the speech of a packet, float64 (units * unit,).

        `fields` is int64 (units, fields), of any values that fit the widths of the fields.
        """

    @abstractmethod
    def check(self, codebook: Codebook) -> None:
        """Check the arrays of a codebook for this engine.

        Raises:
            CodebookError: they do not fit together.
        """

    def encode(
        self,
        signal: npt.ArrayLike,
        codebook: Codebook,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> EncodedSpeech:
        """Encode a recording; arguments and errors as `vqcodec.speech.celp.engine.encode`."""
        self._check_codebook(codebook)
        header = FixedHeader(self.band.frame, np.asarray(signal).size, self.packet_units)
        recording = Recording(signal, self.band, self.packet_units)
        lock, done = Lock(), 0

        def code(packet: int) -> tuple[bytes, Samples]:
            nonlocal done
            fields = self.search(recording, packet, codebook)
            coded = self.layout.to_bytes(fields), to_pcm(self.synthesize(fields, codebook))
            with lock:
                done += 1
                if progress is not None:
                    progress(done / header.packets)
            return coded

        coded = map_shards(code, range(header.packets), (settings or Settings()).threads)
        packets = [data for data, _ in coded]
        speech = np.concatenate([np.zeros(0, np.int16), *[part for _, part in coded]])
        return EncodedSpeech(
            header.to_bytes(), packets, header.starts(), speech[: header.samples], self._bits(header, packets)
        )

    def open_live(self, codebook: Codebook, settings: Settings, delay_s: float) -> LiveEncoder:
        """Return the encoder of one channel that still goes on; `delay_s` is the length of a packet in seconds.

        Raises:
            CodebookError: the codebook is not for this engine.
        """
        self._check_codebook(codebook)
        most = int(delay_s * self.band.sample_rate / self.band.frame)
        return _LiveFixed(self, codebook, settings.threads, max(1, min(most, self.packet_units)))

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
        """Decode a part of a stream; arguments and errors as `vqcodec.speech.celp.engine.decode`."""
        self._check_codebook(codebook)
        parsed = FixedHeader.from_bytes(header, self.band.frame)
        count = parsed.samples - first if count is None else count
        if first < 0 or count < 0 or first + count > parsed.samples:
            raise UsageError(f"samples {first} to {first + count} are not in 0..{parsed.samples}")
        needed = range(first // parsed.packet_samples, -(-(first + count) // parsed.packet_samples) if count else 0)
        if len(packets) < needed.stop:
            raise CorruptFileError(f"{len(packets)} packets of speech; {parsed.packets} are expected")

        def decode_packet(packet: int) -> Samples:
            speech = self._speech_of(parsed, packets, packet, codebook)
            if speech is None:
                before = self._speech_of(parsed, packets, packet - 1, codebook) if packet else None
                speech = conceal(before, parsed.units_of(packet) * parsed.unit)
            return to_pcm(speech)

        decoded = map_shards(decode_packet, needed, threads)
        begin = first - needed.start * parsed.packet_samples
        return np.concatenate([np.zeros(0, np.int16), *decoded])[begin : begin + count]

    def count_bits(self, header: bytes, packets: Sequence[bytes | None], codebook: Codebook) -> dict[str, int]:
        """Return where the bits of a stream went; arguments and errors as `vqcodec.speech.celp.engine.count_bits`."""
        self._check_codebook(codebook)
        parsed = FixedHeader.from_bytes(header, self.band.frame)
        if len(packets) > parsed.packets:
            raise CorruptFileError(f"{len(packets)} packets of speech; {parsed.packets} are expected")
        for number in range(len(packets)):
            self._fields_of(parsed, packets, number)
        return self._bits(parsed, packets)

    def describe(self, header: bytes) -> dict[str, Any]:
        """Return what a header says; errors as `vqcodec.speech.celp.engine.describe`."""
        parsed = FixedHeader.from_bytes(header, self.band.frame)
        return {
            "samples": parsed.samples,
            "packet_samples": parsed.packet_samples,
            "band": self.band.name,
            "bits_a_frame": self.layout.bits,
            "frame_samples": parsed.unit,
            "packet_frames": parsed.packet_units,
        }

    def _check_codebook(self, codebook: Codebook) -> None:
        """Check that `codebook` is for this engine, and fit for it.

        Raises:
            CodebookError: it is not.
        """
        if codebook.engine != self.engine:
            raise CodebookError(f"the codebook {codebook.name} is for {codebook.engine}, not for {self.engine}")
        self.check(codebook)

    def _fields_of(self, header: FixedHeader, packets: Sequence[bytes | None], packet: int) -> IntArray | None:
        """Return the fields of packet number `packet`, int64 (units, fields); None if it is missing."""
        data = packets[packet]
        return None if data is None else self.layout.from_bytes(data, header.units_of(packet), f"packet {packet}")

    def _speech_of(
        self, header: FixedHeader, packets: Sequence[bytes | None], packet: int, codebook: Codebook
    ) -> DoubleArray | None:
        """Return the speech of packet number `packet`, float64 (units * unit,); None if it is missing."""
        fields = self._fields_of(header, packets, packet)
        return None if fields is None else self.synthesize(fields, codebook)

    def _bits(self, header: FixedHeader, packets: Sequence[bytes | None]) -> dict[str, int]:
        """Return the bits of a stream by part; missing packets count nothing."""
        units = sum(header.units_of(number) for number, data in enumerate(packets) if data is not None)
        return self.layout.bits_by_part(units) | {"header": 8 * len(header.to_bytes())}
