"""A file of speech that is written while the sound comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from vqcodec import limits, user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.container import ChunkWriter
from vqcodec.container.wrapping import reference_to
from vqcodec.errors import LimitError, UsageError
from vqcodec.media.digests import SampleDigest
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.engine import SpeechEngine, load
from vqcodec.speech.codec import MEDIUM, EncodedSound, check_fixed_rate, check_options, choose_codebook, whole_bits
from vqcodec.speech.engines import Settings, engine_for
from vqcodec.speech.live.encoder import LiveEncoder, LivePacket
from vqcodec.speech.pcm import to_pcm
from vqcodec.speech.quality import Quality, QualityMeter
from vqcodec.speech.sound.layout import Layout
from vqcodec.speech.sound.mixing import Block, Mix, mix_unheard
from vqcodec.speech.sound.resampling import Resampler, resampled_length
from vqcodec.speech.sound.source import FULL_SCALE
from vqcodec.speech.stream import StreamHeader

DEFAULT_DELAY_S = 1.0
_BLOCKS_A_SECOND = 50  # the sound is cut anew, so that the sizes of the pieces that come change nothing

Samples = NDArray[np.int16]


class LiveFile:
    """Encodes a sound while it comes. Call `push` for each piece, then `finish`.

    Args:
        file: binary, open for writing; it need not seek. Packets are written and flushed as soon as they are coded.
        rate, channels, layout: of the sound: Hz, a number, and None if it is not known.
        asked: target, work, band, channels, delay and whether to embed the codebook.
        codebook: None for the default of the band.
        metadata: as the container keeps it.
        measured: whether to measure how close the decoder's output will be.

    Attributes:
        codebook: what the sound is coded with.
        engine: of the codebook.
        streams: number of coded channels.
        length: samples of each channel of the sound so far.
        mix: how several channels become one; None if each is kept.

    Raises:
        UsageError: a size is asked for, or the engine or the codebook does not accept something else.
        CodebookError: the codebook is not for speech, or the default one is not to be found.
    """

    def __init__(
        self,
        file: BinaryIO,
        rate: int,
        channels: int,
        asked: EncodeOptions,
        *,
        codebook: Codebook | None = None,
        layout: Layout | None = None,
        metadata: Mapping[str, bytes] | None = None,
        measured: bool = False,
    ) -> None:
        check_live(asked)
        self.streams = channels if asked.channels == "keep" else 1
        bitrate = None if asked.target.bitrate is None else asked.target.bitrate / self.streams
        self.codebook = choose_codebook(codebook, asked.band or "auto", rate, bitrate)
        check_fixed_rate(asked.target, asked.work, self.codebook, self.streams)
        self.engine = engine_for(self.codebook.engine)
        settings = Settings(asked.target.quality, bitrate, None, asked.work.effort, asked.work.threads)
        delay = DEFAULT_DELAY_S if asked.delay is None else asked.delay
        self._meter = meter = QualityMeter(self.engine.sample_rate) if measured else None
        self._parameters: dict[str, Any] = {"delay": delay}
        if self.engine.kbps is None:
            goal = {"quality": asked.target.quality_for(MEDIUM)} if bitrate is None else {}
            self._parameters |= {**goal, "effort": asked.work.effort_for(MEDIUM)}
        if asked.target.bitrate is not None:
            self._parameters["bitrate_kbps"] = asked.target.bitrate
        self._channels = [
            _Channel(self.engine, self.codebook, settings, delay, rate, meter) for _ in range(self.streams)
        ]
        self._rate = rate
        self.mix: Mix | None = mix_unheard(channels, layout) if channels > self.streams else None
        self._file = file
        self._metadata = dict(metadata or {})
        self._reference = reference_to(self.codebook, embed=asked.embed_codebook, whole=True)
        self._writer: ChunkWriter | None = None
        self._waiting: list[Block] = []
        self._waiting_length = 0
        self.length = self._payload_bytes = 0

    def push(self, block: Block) -> None:
        """Take samples, float64 (samples, channels) within full scale 1.

        Raises:
            LimitError: the sound gets longer than a limit.
            OutputError: the file cannot be written.
        """
        self.length += len(block)
        seconds = self.length / self._rate
        user_limits.current().check("seconds", seconds, "sound")
        if seconds * self.engine.sample_rate > limits.MAX_SPEECH_SAMPLES:
            raise LimitError(f"more than {limits.MAX_SPEECH_SAMPLES} samples are not allowed")
        self._waiting.append(block)
        self._waiting_length += len(block)
        step = max(1, self._rate // _BLOCKS_A_SECOND)
        if self._waiting_length < step:
            return
        waiting = np.concatenate(self._waiting)
        whole = len(waiting) // step * step
        for start in range(0, whole, step):
            self._code(waiting[start : start + step])
        self._waiting, self._waiting_length = [waiting[whole:]], len(waiting) - whole

    def finish(self) -> None:
        """Code and write what is left, and the end of the file; `push` must have been given a sample.

        Raises:
            OutputError: the file cannot be written.
        """
        if self._waiting_length:
            self._code(np.concatenate(self._waiting))
        self._write([channel.finish() for channel in self._channels])
        writer = self._opened()
        for number, channel in enumerate(self._channels):
            tail = channel.tail(self.length)
            self._payload_bytes += len(tail.engine_header)
            writer.tail(number, tail.to_bytes(self.engine.sample_rate))
        writer.close()
        self._flush()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return 0 if self._writer is None else self._writer.size

    def encoded(self, data: bytes = b"") -> EncodedSound:
        """Return what the finished file is; `data` are its bytes, if they are at hand."""
        parts: Counter[str] = Counter()
        for channel in self._channels:
            parts.update(channel.encoder.bits)
            parts["header"] += 8 * len(channel.tail(self.length).engine_header)
        return EncodedSound(
            data=data,
            size=self.size,
            length=self.length,
            codebook=self.codebook,
            streams=self.streams,
            codec_rate=self.engine.sample_rate,
            quality=Quality(None, None, None) if self._meter is None else self._meter.result(),
            qualities=[None] * self.streams,
            payload_bytes=self._payload_bytes,
            bits=whole_bits(parts, self._metadata, self._reference, self.size),
            digests=[] if self._meter is None else [channel.digest.value() for channel in self._channels],
            parameters=self._parameters,
        )

    def _code(self, block: Block) -> None:
        columns = block.T if self.mix is None else [self.mix.of(block)]
        self._write([channel.push(column) for channel, column in zip(self._channels, columns, strict=True)])

    def _write(self, packets: Sequence[Sequence[LivePacket]]) -> None:
        """Write the packets of all channels, by time."""
        in_time = sorted((packet.start, number, packet.data) for number, own in enumerate(packets) for packet in own)
        writer = self._opened()
        for start, number, data in in_time:
            writer.packet(number, data, start)
            self._payload_bytes += len(data)
        if in_time:
            self._flush()

    def _opened(self) -> ChunkWriter:
        """Return the writer; at the first call, write the beginning of the file."""
        if self._writer is None:
            self._writer = ChunkWriter(self._file, MEDIUM)
            self._writer.codebook(self._reference)
            for number, channel in enumerate(self._channels):
                header = channel.header.to_bytes(self.engine.sample_rate)
                self._writer.stream(number, MEDIUM, self.engine.name, header)
            for key in sorted(self._metadata):
                self._writer.metadata(key, self._metadata[key])
            self._flush()
        return self._writer

    def _flush(self) -> None:
        flush: Any = getattr(self._file, "flush", None)
        if flush is not None:
            flush()


def check_live(asked: EncodeOptions) -> None:
    """Raise UsageError if something is asked for that cannot be had while the sound still comes."""
    check_options(asked.engine)
    if asked.target.size is not None:
        raise UsageError("a target size needs the whole recording; ask for a quality or a bitrate, or leave out delay")


class _Channel:
    """A channel of the file.

    Attributes:
        encoder: of the engine.
        digest: of what the decoder will give, if that is measured.
        header: with which the stream is declared; its length is open.
    """

    def __init__(
        self,
        engine: SpeechEngine,
        codebook: Codebook,
        settings: Settings,
        delay_s: float,
        rate: int,
        meter: QualityMeter | None,
    ) -> None:
        if engine.live_reference is None:
            raise UsageError(f"{engine.name} cannot encode speech while it comes; leave out delay")
        self.encoder: LiveEncoder = load(engine.live_reference)(codebook, settings, delay_s)
        self.header = StreamHeader(rate, 0, self.encoder.header)
        self._engine, self._codebook, self._threads = engine, codebook, settings.threads
        self._resampler = Resampler(rate, engine.sample_rate)
        self._meter = meter
        self._unmeasured = np.zeros(0, np.int16)
        self.digest = SampleDigest()

    def push(self, column: NDArray[np.float64]) -> list[LivePacket]:
        """Take samples, float64 (samples,) with full scale 1; return the packets that are ready."""
        samples = to_pcm(self._resampler.push(column * FULL_SCALE))
        return self._noted(samples, self.encoder.push(samples))

    def finish(self) -> list[LivePacket]:
        """Return the packets that are left."""
        samples = to_pcm(self._resampler.finish())
        return self._noted(samples, [*self.encoder.push(samples), *self.encoder.finish()])

    def tail(self, length: int) -> StreamHeader:
        """Return the header of the stream, whose source has `length` samples."""
        coded, rate = self.encoder.length, self._engine.sample_rate
        return self.header.closed(coded, resampled_length(coded, rate, self.header.source_rate) - length)

    def _noted(self, samples: Samples, packets: list[LivePacket]) -> list[LivePacket]:
        """Return `packets`, which are whole groups, measured if that is asked for."""
        if self._meter is not None:
            self._unmeasured = np.concatenate([self._unmeasured, samples])
            if packets:
                count = min(self._unmeasured.size, len(packets) * self.encoder.packet_samples)
                header = self.header.closed(count).engine_header
                coded = [packet.data for packet in packets]
                decoded = self._engine.coder.decode(header, coded, self._codebook, threads=self._threads)
                self._meter.add(self._unmeasured[:count], decoded)
                self.digest.add(decoded)
                self._unmeasured = self._unmeasured[count:]
        return packets
