"""Speech to `.vqc` files and back: band and codebook chosen, channels coded, and the container around them."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vqcodec import limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook, resolve_codebook
from vqcodec.container import CodebookReference
from vqcodec.errors import CodebookError, LimitError, UsageError
from vqcodec.media.registry import default_codebook
from vqcodec.speech.bands import BANDS
from vqcodec.speech.decoding import Decoding
from vqcodec.speech.engines import SpeechOptions, engine_for, is_speech_engine
from vqcodec.speech.files import CodedStream, SpeechFile, dump_speech, read_speech
from vqcodec.speech.quality import Quality, QualityMeter
from vqcodec.speech.sound.audio import ArraySource
from vqcodec.speech.stream import StreamHeader

DEFAULT_QUALITY = 50.0
DEFAULT_EFFORT = 5
AUTO_WIDEBAND_RATE = 12_000  # Hz: sources below have hardly anything above 4 kHz
AUTO_WIDEBAND_KBPS = 9.0  # below, what the upper half of the band takes is missed in the lower
SIZE_ATTEMPTS = 5

Progress = Callable[[float], None]
Samples = NDArray[np.int16]


class Sound(Protocol):
    """What can be encoded: a sound file (`audio.AudioSource`) or an array."""

    @property
    def rate(self) -> int:
        """Samples a second."""

    @property
    def channels(self) -> int:
        """At least 1."""

    @property
    def length(self) -> int:
        """Samples of a channel, known for certain once they have been read."""

    def samples(self, codec_rate: int, channel: int | None = None) -> Samples:
        """One channel, or the mean of all, at the codec's rate."""


@dataclass(frozen=True)
class Wish:
    """How good or how small: at most one of the three; without any, DEFAULT_QUALITY.

    Attributes:
        quality: 0 to 100. bitrate: kbit/s of payload on average over the file, all channels together.
        target_size: bytes that the file may have.
        effort: 0 (quick) to 9 (thorough); None for DEFAULT_EFFORT.
    """

    quality: float | None = None
    bitrate: float | None = None
    target_size: int | None = None
    effort: int | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.quality, self.bitrate, self.target_size)) > 1:
            raise UsageError("quality, bitrate and target size exclude one another; give one of them")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality {self.quality:g} is out of range; choose 0 to 100")
        if self.bitrate is not None and not 0.1 <= self.bitrate <= 256:
            raise UsageError(f"bitrate {self.bitrate:g} kbit/s is out of range; choose 0.1 to 256")
        if self.target_size is not None and self.target_size < 1:
            raise UsageError(f"target size {self.target_size} is out of range; choose at least 1 byte")
        if self.effort is not None and not 0 <= self.effort <= 9:
            raise UsageError(f"effort {self.effort} is out of range; choose 0 to 9")


@dataclass(frozen=True)
class EncodedSound:
    """An encoded recording.

    Attributes:
        data: the `.vqc` file.
        codebook: what it was coded with. streams: channels coded. codec_rate: Hz.
        quality: of what the decoder will give at the codec's rate.
        payload_bytes: of the streams: headers and packets, without the container.
        bits: where the file's bits went; they sum to 8 times its size.
        parameters: what was asked for.
    """

    data: bytes
    codebook: Codebook
    streams: int
    codec_rate: int
    quality: Quality
    payload_bytes: int
    bits: dict[str, int]
    parameters: dict[str, Any] = field(default_factory=dict)


def encode_speech(
    samples: NDArray[Any],
    sample_rate: int,
    *,
    codebook: Codebook | str | None = None,
    band: str = "auto",
    quality: float | None = None,
    bitrate: float | None = None,
    target_size: int | None = None,
    effort: int | None = None,
    channels: str = "mix",
    embed_codebook: bool = False,
    threads: int | None = None,
) -> bytes:
    """Encode an array as a `.vqc` file.

    Args:
        samples: shape (samples,) or (samples, channels); int16, or floating point with full scale 1.
        sample_rate: samples a second.
        codebook: a codebook, the name or path of one, or None for the default of the band.
        band: `nb` (8 kHz), `wb` (16 kHz), or `auto`, to go by the sample rate and what is asked for.
        quality: 0 to 100. bitrate: kbit/s on average. target_size: bytes not to exceed. At most one of them.
        effort: 0 (quick) to 9 (thorough); 5 unless given.
        channels: `mix` several into one, or `keep` them, each a stream of its own.
        embed_codebook: make the file decodable without the codebook at hand.
        threads: how many to use; all processors unless given. The bytes do not depend on it.

    Raises:
        UsageError: samples that are no sound, options out of range or exclusive of one another.
        CodebookError: the codebook is not found, or is not for speech.
        LimitError: there are too many samples or channels, or the rate is beyond the limits.
    """
    book = load_codebook(codebook) if isinstance(codebook, str) else codebook
    return encode_sound(
        ArraySource.of(samples, sample_rate),
        codebook=book,
        band=band,
        wish=Wish(quality, bitrate, target_size, effort),
        channels=channels,
        embed_codebook=embed_codebook,
        threads=threads,
    ).data


def decode_speech(
    data: bytes, *, codebook: Codebook | None = None, rate: int | str = "source", threads: int | None = None
) -> tuple[Samples, int]:
    """The samples of a `.vqc` file of speech, int16 (samples,) or (samples, channels), and their sampling rate.

    Args:
        rate: `source` for that of what was encoded, `codec` for that of the codec, or any in Hz.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
    """
    speech = read_speech(io.BytesIO(data))
    decoding = Decoding(speech, codebook_of(speech, codebook), rate=rate, threads=threads)
    samples = np.concatenate(list(decoding.blocks()))
    return (samples[:, 0] if samples.shape[1] == 1 else samples), decoding.rate


def encode_sound(
    sound: Sound,
    *,
    codebook: Codebook | None = None,
    band: str = "auto",
    wish: Wish | None = None,
    channels: str = "mix",
    metadata: Mapping[str, bytes] | None = None,
    embed_codebook: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> EncodedSound:
    """Encode a sound with its metadata; arguments and errors as `encode_speech`."""
    wish = wish or Wish()
    if channels not in ("mix", "keep"):
        raise UsageError(f"channels '{channels}': choose mix or keep")
    chosen = choose_codebook(codebook, band, sound.rate, wish)
    kept: list[int | None] = [None] if channels == "mix" or sound.channels == 1 else list(range(sound.channels))
    _check_fixed_rate(wish, chosen, len(kept))
    encoder = _Encoder(sound, chosen, kept, dict(metadata or {}), embed_codebook, threads, progress)
    if wish.target_size is None:
        return encoder.encode(wish)
    return encoder.encode_to_size(wish, wish.target_size)


def choose_codebook(codebook: Codebook | None, band: str, source_rate: int, wish: Wish) -> Codebook:
    """The codebook to use: the one given, or the default of the band asked for, or of the band that suits.

    Raises:
        UsageError: the band is unknown, or not that of the codebook.
        CodebookError: the codebook is not for speech, or the default one is not to be found.
    """
    if band not in ("auto", *BANDS):
        raise UsageError(f"band '{band}' is unknown; choose auto, nb or wb")
    if codebook is None:
        if band == "auto":
            narrow = source_rate < AUTO_WIDEBAND_RATE or (wish.bitrate or np.inf) < AUTO_WIDEBAND_KBPS
            band = "nb" if narrow else "wb"
        return load_codebook(default_codebook(BANDS[band].engine))
    if not is_speech_engine(codebook.engine):
        raise CodebookError(f"codebook {codebook.name} is for {codebook.engine}, not for speech")
    own = engine_for(codebook.engine)
    if band not in ("auto", own.band):
        raise UsageError(f"band {band} was asked for, but codebook {codebook.name} is for {own.band}; leave one out")
    return codebook


def _check_fixed_rate(wish: Wish, codebook: Codebook, streams: int) -> None:
    """Refuse a wish that a codebook whose rate is fixed cannot fulfil.

    Raises:
        UsageError: anything is wished for but, at most, the rate that it has, of all streams together.
    """
    kbps = engine_for(codebook.engine).kbps
    if kbps is None:
        return
    given = {"quality": wish.quality, "target size": wish.target_size, "effort": wish.effort}
    refused = [name for name, value in given.items() if value is not None]
    if wish.bitrate not in (None, kbps * streams):
        refused.append(f"bitrate {wish.bitrate:g}")
    if refused:
        each = f" a channel, of which there are {streams}" if streams > 1 else ""
        raise UsageError(
            f"codebook {codebook.name} has one way of coding, at {kbps:g} kbit/s{each}; leave out {', '.join(refused)}"
        )


def codebook_of(speech: SpeechFile, codebook: Codebook | None) -> Codebook:
    """The codebook that a file needs: `codebook` if it is that one, or else the one found by its hash."""
    reference = speech.media.codebook
    book = codebook or resolve_codebook(reference.identity_prefix, name=reference.name, embedded=reference.embedded)
    speech.media.check_codebook(book)
    return book


def payload_bytes(data: bytes) -> int:
    """Bytes of headers and packets of all streams in a file of speech: what is left without the container."""
    return payload_of(read_speech(io.BytesIO(data)))


def payload_of(speech: SpeechFile) -> int:
    """As `payload_bytes`, of a file that has been read."""
    streams = speech.streams
    return sum(len(stream.header.engine_header) + sum(map(len, filter(None, stream.packets))) for stream in streams)


def count_bits(speech: SpeechFile, codebook: Codebook) -> dict[str, int]:
    """Where the bits of a whole file went, by part; they sum to 8 times its size."""
    parts: Counter[str] = Counter()
    for stream in speech.streams:
        parts.update(speech.engine.coder.count_bits(stream.header.engine_header, stream.packets, codebook))
    return _with_container(parts, speech.media.metadata, speech.media.codebook.embedded, speech.size)


class _Encoder:
    """One recording on its way to a file, perhaps by several encodings of which the last fits a size."""

    def __init__(
        self,
        sound: Sound,
        codebook: Codebook,
        channels: Sequence[int | None],
        metadata: dict[str, bytes],
        embed_codebook: bool,
        threads: int | None,
        progress: Progress | None,
    ) -> None:
        self._codebook = codebook
        self._engine = engine_for(codebook.engine)
        self._metadata = metadata
        self._embed = embed_codebook
        self._threads = threads
        self._progress = progress
        self._rate = sound.rate
        self._channels = [sound.samples(self._engine.sample_rate, channel) for channel in channels]
        self._length = sound.length
        if self._channels[0].size > limits.MAX_SPEECH_SAMPLES:
            raise LimitError(f"{self._channels[0].size} samples; at most {limits.MAX_SPEECH_SAMPLES} are allowed")

    def encode(self, wish: Wish) -> EncodedSound:
        """Encode at a quality or bitrate."""
        bitrate = None if wish.bitrate is None else wish.bitrate / len(self._channels)
        quality, effort = wish.quality, wish.effort
        if self._engine.kbps is None:
            quality = DEFAULT_QUALITY if quality is None and bitrate is None else quality
            effort = DEFAULT_EFFORT if effort is None else effort
        encoded = self._encode(effort, quality=quality, bitrate=bitrate)
        asked = {"quality": quality, "bitrate_kbps": wish.bitrate, "effort": effort}
        encoded.parameters.update({key: value for key, value in asked.items() if value is not None})
        return encoded

    def encode_to_size(self, wish: Wish, size: int) -> EncodedSound:
        """Encode to a file of at most `size` bytes.

        Raises:
            UsageError: it cannot be that small.
        """
        effort = DEFAULT_EFFORT if wish.effort is None else wish.effort
        budget = size - self._least_container()
        for _ in range(SIZE_ATTEMPTS):
            if budget < len(self._channels):
                break
            try:
                encoded = self._encode(effort, size=budget // len(self._channels))
            except UsageError:  # in the engine's words, which know only of its own bytes
                break
            excess = len(encoded.data) - size
            if excess <= 0:
                encoded.parameters.update(target_size=size, effort=effort)
                return encoded
            budget -= excess
        raise UsageError(f"the recording cannot be coded in {size} bytes; allow more")

    def _encode(
        self,
        effort: int | None,
        *,
        quality: float | None = None,
        bitrate: float | None = None,
        size: int | None = None,
    ) -> EncodedSound:
        options = SpeechOptions(quality, bitrate, size, effort, self._threads)
        meter = QualityMeter(self._engine.sample_rate)
        streams: list[CodedStream] = []
        parts: Counter[str] = Counter()
        for number, samples in enumerate(self._channels):
            coded = self._engine.coder.encode(samples, self._codebook, options, self._share(number))
            meter.add(samples, coded.reconstruction)
            parts.update(coded.bits)
            header = StreamHeader.of(self._rate, self._length, self._engine.sample_rate, samples.size, coded.header)
            streams.append(CodedStream(header, coded.packets, coded.starts))
        data = dump_speech(streams, self._codebook, metadata=self._metadata, embed_codebook=self._embed)
        embedded = CodebookReference.embedding(self._codebook).embedded if self._embed else None
        return EncodedSound(
            data=data,
            codebook=self._codebook,
            streams=len(streams),
            codec_rate=self._engine.sample_rate,
            quality=meter.result(),
            payload_bytes=sum(len(s.header.engine_header) + sum(map(len, s.packets)) for s in streams),
            bits=_with_container(parts, self._metadata, embedded, len(data)),
        )

    def _least_container(self) -> int:
        """Bytes that a file spends beside the engine's, at least: those of one whose packets are empty."""
        empty = CodedStream(StreamHeader(self._rate, 0, b""), [b""], [0])
        streams = [empty] * len(self._channels)
        return len(dump_speech(streams, self._codebook, metadata=self._metadata, embed_codebook=self._embed))

    def _share(self, number: int) -> Progress | None:
        """Progress of one channel as that of all."""
        report, count = self._progress, len(self._channels)
        return None if report is None else lambda done: report((number + done) / count)


def _with_container(
    parts: Mapping[str, int], metadata: Mapping[str, bytes], embedded: bytes | None, size: int
) -> dict[str, int]:
    """Bits by part of a file of `size` bytes, when those of the engine are `parts`."""
    counted = dict(parts)
    if metadata:
        counted["metadata"] = 8 * sum(map(len, metadata.values()))
    if embedded is not None:
        counted["codebook"] = 8 * len(embedded)
    counted["container"] = 8 * size - sum(counted.values())
    return counted
