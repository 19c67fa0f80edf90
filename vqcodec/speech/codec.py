"""Speech to `.vqc` files and back: band and codebook chosen, channels coded, and the container around them."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from vqcodec import limits, user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import chosen_codebook, load_codebook
from vqcodec.container import CodebookReference
from vqcodec.container.wrapping import codebook_bits, metadata_bits, reference_to, with_container
from vqcodec.errors import LimitError, UsageError
from vqcodec.media.digests import digest_of
from vqcodec.media.encoding import BAND, CHANNELS, SAMPLE_RATE, EncodeOptions
from vqcodec.media.keywords import SpeechKeywords
from vqcodec.media.progress import Progress
from vqcodec.media.registry import default_codebook, require_medium
from vqcodec.media.target import BITRATE, Target, Work
from vqcodec.speech.bands import BANDS
from vqcodec.speech.engines import Settings, engine_for
from vqcodec.speech.files import CodedStream, SpeechFile, dump_speech, read_speech
from vqcodec.speech.quality import Quality, QualityMeter
from vqcodec.speech.rates import band_for, kbps_of, low_rate_notes, rate_tolerance, size_tolerance
from vqcodec.speech.sound.arrays import ArraySource
from vqcodec.speech.sound.source import SoundSource
from vqcodec.speech.stream import StreamHeader

MEDIUM = "speech"
SIZE_ATTEMPTS = 5
_LONG_PACKET = 200  # bytes; the length of a longer one takes no more bytes

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class EncodedSound:
    """An encoded recording.

    Attributes:
        data: the `.vqc` file; nothing if it has been written already.
        size: bytes of the file. length: samples of a channel of the source.
        codebook: what it was coded with. streams: channels coded. codec_rate: Hz.
        quality: of what the decoder will give at the codec's rate.
        qualities: of the channels, at which they would take as many bits (see `engines.EncodedSpeech`).
        payload_bytes: of the streams: headers and packets, without the container.
        bits: where the file's bits went; they sum to 8 times its size.
        digests: of each channel that the decoder will give (see `media.digests`); none if that was not measured.
        parameters: what was asked for.
        notes: what the user should know of the rate.
    """

    data: bytes
    size: int
    length: int
    codebook: Codebook
    streams: int
    codec_rate: int
    quality: Quality
    qualities: Sequence[float | None]
    payload_bytes: int
    bits: dict[str, int]
    digests: Sequence[bytes]
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def encode_speech(samples: NDArray[Any], sample_rate: int, **asked: Unpack[SpeechKeywords]) -> bytes:
    """Encode an array as a `.vqc` file.

    Args:
        samples: shape (samples,) or (samples, channels), of any byte order: floating point with full scale 1, or int8,
            uint8, int16, uint16 or int32 with the full scale of their type.
        sample_rate: samples a second, a whole number from 1000 to 768000.

    Options, all by name:
        codebook: a codebook, or the name or path of one; without it the default of the band.
        band: `nb` (8 kHz), `wb` (16 kHz), or `auto` (the default): `nb` for sound below 12 kHz, and below 4 kbit/s a
            channel, by the bitrate or what the target size leaves.
        channels: `mix` several into one (the default), or `keep` them, each a stream of its own.
        quality: 0 to 100; higher means better and larger. 50 if no target is given.
        bitrate: kbit/s on average, all channels together, 0.1 to 256.
        target_size: most bytes of the file. Give at most one of quality, bitrate and target_size. Fixed-rate codebooks
            (celp-4800, ld-celp-16k) accept neither quality nor target_size nor effort.
        effort: 0 (quickest) to 9 (smallest files); 5 if it is not given.
        embed_codebook: store the codebook in the file, so that the file decodes anywhere.
        threads: how many to use; one a CPU if it is not given. The bytes are the same for any number.

    Raises:
        UsageError: the samples are no sound; an option is unknown, out of range or in conflict with another; the target
            cannot be reached.
        CodebookError: the codebook is not found, or is not for speech.
        LimitError: there are too many samples or channels, or the rate is beyond the limits.

    Warns:
        UserWarning: samples were NaN, infinite or beyond full scale, and were repaired; or channels would have
            cancelled, and were mixed in another way than usual; or the target leaves room beyond the best quality, or
            is too low for speech.
    """
    options = EncodeOptions.of_function("encode_speech", MEDIUM, SpeechKeywords.__optional_keys__, asked)
    sound = ArraySource.of(samples, SAMPLE_RATE.check(sample_rate))
    encoded = encode_sound(
        sound,
        codebook=chosen_codebook(options.codebook),
        target=options.target,
        work=options.work,
        band=options.band,
        channels=options.channels,
        embed_codebook=options.embed_codebook,
        options=options.engine,
    )
    usual = sound.channels == encoded.streams or sound.mix.usual
    for note in (*(sound.repairs.notes() if usual else sound.notes(encoded.streams)), *encoded.notes):
        warnings.warn(note, stacklevel=2)
    return encoded.data


def encode_sound(
    sound: SoundSource,
    *,
    codebook: Codebook | None = None,
    target: Target | None = None,
    work: Work | None = None,
    band: str | None = None,
    channels: str | None = None,
    metadata: Mapping[str, bytes] | None = None,
    embed_codebook: bool = False,
    progress: Progress | None = None,
    options: Mapping[str, Any] | None = None,
) -> EncodedSound:
    """Encode a sound with its metadata; errors as `encode_speech`.

    Args:
        target, work: what to encode for, and how hard to work; None for the defaults.
        band, channels: as of `encode_speech`; None for the defaults.
        metadata: as the container keeps it.
        progress: called with the part of the work that is done, 0 to 1.
        options: others, of which there are none.
    """
    check_options(options or {})
    target, work = target or Target(), work or Work()
    target.check_medium(MEDIUM)
    keep = channels == "keep" and sound.channels > 1
    kept: list[int | None] = list(range(sound.channels)) if keep else [None]

    def encoder_for(kbps: float | None) -> _Encoder:
        chosen = choose_codebook(codebook, band or "auto", sound.rate, kbps)
        check_fixed_rate(target, work, chosen, len(kept))
        reference = reference_to(chosen, embed=embed_codebook, whole=True)
        return _Encoder(sound, chosen, kept, reference, dict(metadata or {}), work, progress)

    encoder = encoder_for(None if target.bitrate is None else target.bitrate / len(kept))
    if target.size is None:
        return encoder.encode(target)
    kbps = encoder.kbps_in(target.size) / len(kept)
    if codebook is None and band in (None, "auto") and band_for(sound.rate, kbps) != band_for(sound.rate, None):
        encoder = encoder_for(kbps)
    return encoder.encode_to_size(target, target.size)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise UsageError if there are options of the engine, of which speech has none."""
    if options:
        raise UsageError(f"speech has no option {sorted(options)[0]}; it has {BAND.name}, {CHANNELS.name}")


def choose_codebook(codebook: Codebook | None, band: str, source_rate: int, kbps: float | None) -> Codebook:
    """Return the codebook to use: the given one, or the default of the band. `auto` chooses the band.

    Args:
        codebook, band: as of `encode_speech`.
        source_rate, kbps: of the sound, as of `rates.band_for`.

    Raises:
        UsageError: the band is not that of the codebook.
        CodebookError: the codebook is not for speech, or the default one is not to be found.
    """
    if codebook is None:
        name = band_for(source_rate, kbps) if band == "auto" else band
        return load_codebook(default_codebook(BANDS[name].engine))
    require_medium(codebook, MEDIUM)
    own = engine_for(codebook.engine)
    if band not in ("auto", own.band):
        raise UsageError(f"band {band} was asked for, but codebook {codebook.name} is for {own.band}; leave one out")
    return codebook


def check_fixed_rate(target: Target, work: Work, codebook: Codebook, streams: int) -> None:
    """Refuse what a codebook of fixed rate does not accept.

    Raises:
        UsageError: a target or an effort is given, other than the bitrate that all streams together have.
    """
    kbps = engine_for(codebook.engine).kbps
    if kbps is None:
        return
    given = {"quality": target.quality, "target size": target.size, "effort": work.effort}
    refused = [name for name, value in given.items() if value is not None]
    if target.bitrate not in (None, kbps * streams):
        refused.append(f"bitrate {target.bitrate:g}")
    if refused:
        each = f" a channel, of which there are {streams}" if streams > 1 else ""
        raise UsageError(
            f"codebook {codebook.name} has one way of coding, at {kbps:g} kbit/s{each}; leave out {', '.join(refused)}"
        )


def payload_bytes(data: bytes) -> int:
    """Return the bytes of the headers and packets of all streams in a file of speech: all but the container."""
    return payload_of(read_speech(io.BytesIO(data)))


def payload_of(speech: SpeechFile) -> int:
    """Return what `payload_bytes` returns, of a file that has been read."""
    streams = speech.streams
    return sum(len(stream.header.engine_header) + sum(map(len, filter(None, stream.packets))) for stream in streams)


def count_bits(speech: SpeechFile, codebook: Codebook) -> dict[str, int]:
    """Return where the bits of a whole file went, by part; they sum to 8 times its size."""
    parts: Counter[str] = Counter()
    for stream in speech.streams:
        parts.update(speech.engine.coder.count_bits(stream.header.engine_header, stream.packets, codebook))
    return whole_bits(parts, speech.media.metadata, speech.media.codebook, speech.size)


class _Encoder:
    """Encodes one recording to a file; to reach a size, several times."""

    def __init__(
        self,
        sound: SoundSource,
        codebook: Codebook,
        channels: Sequence[int | None],
        reference: CodebookReference,
        metadata: dict[str, bytes],
        work: Work,
        progress: Progress | None,
    ) -> None:
        self._codebook = codebook
        self._engine = engine_for(codebook.engine)
        self._reference = reference
        self._metadata = metadata
        self._work = work
        self._progress = progress
        self._rate = sound.rate
        user_limits.current().check("seconds", sound.length / sound.rate, "sound")  # as its header claims
        self._channels = [sound.samples(self._engine.sample_rate, channel) for channel in channels]
        self._length = sound.length
        self._seconds = self._channels[0].size / self._engine.sample_rate
        user_limits.current().check("seconds", self._seconds, "sound")
        if self._channels[0].size > limits.MAX_SPEECH_SAMPLES:
            raise LimitError(f"{self._channels[0].size} samples; at most {limits.MAX_SPEECH_SAMPLES} are allowed")

    def encode(self, target: Target) -> EncodedSound:
        """Encode at a quality or bitrate."""
        bitrate = None if target.bitrate is None else target.bitrate / len(self._channels)
        quality, effort = target.quality, self._work.effort
        if self._engine.kbps is None:
            quality = None if bitrate is not None else target.quality_for(MEDIUM)
            effort = self._work.effort_for(MEDIUM)
        encoded = self._encode(effort, quality=quality, bitrate=bitrate)
        asked = {"quality": quality, "bitrate_kbps": target.bitrate, "effort": effort}
        encoded.parameters.update({key: value for key, value in asked.items() if value is not None})
        if target.bitrate is not None and self._engine.kbps is None:
            tolerance = rate_tolerance(target.bitrate, self._seconds, encoded.streams)
            reached = kbps_of(encoded.payload_bytes, self._seconds)
            judged = target.judge(reached, "the sound", tolerance=tolerance)
            encoded.notes.extend(judged or low_rate_notes(target.bitrate, encoded.qualities))
        return encoded

    def kbps_in(self, size: int) -> float:
        """Return what a file of `size` bytes leaves for the speech of all channels, in kbit/s."""
        return kbps_of(size - self._container(size), self._seconds)

    def encode_to_size(self, target: Target, size: int) -> EncodedSound:
        """Encode to a file of at most `size` bytes, the size of the target.

        Raises:
            UsageError: it cannot be that small.
        """
        effort = self._work.effort_for(MEDIUM)
        encoded = self._within(size, effort) or self._encode(effort, bitrate=BITRATE.low)
        tolerance = size_tolerance(size, encoded.streams) if len(encoded.data) <= size else 0.0
        judged = target.judge(len(encoded.data), "the sound", tolerance=tolerance)
        encoded.parameters.update(target_size=size, effort=effort)
        encoded.notes.extend(judged or low_rate_notes(self.kbps_in(size), encoded.qualities))
        return encoded

    def _within(self, size: int, effort: int) -> EncodedSound | None:
        """Encode to a file of at most `size` bytes; None if the search finds none."""
        budget = size - self._container(size)
        for _ in range(SIZE_ATTEMPTS):
            if budget < len(self._channels):
                return None
            try:
                encoded = self._encode(effort, size=budget // len(self._channels))
            except UsageError:  # in the engine's words, which know only of its own bytes
                return None
            excess = len(encoded.data) - size
            if excess <= 0:
                return encoded
            budget -= excess
        return None

    def _encode(
        self,
        effort: int | None,
        *,
        quality: float | None = None,
        bitrate: float | None = None,
        size: int | None = None,
    ) -> EncodedSound:
        settings = Settings(quality, bitrate, size, effort, self._work.threads)
        meter = QualityMeter(self._engine.sample_rate)
        streams: list[CodedStream] = []
        qualities: list[float | None] = []
        digests: list[bytes] = []
        parts: Counter[str] = Counter()
        for number, samples in enumerate(self._channels):
            coded = self._engine.coder.encode(samples, self._codebook, settings, self._share(number))
            meter.add(samples, coded.reconstruction)
            qualities.append(coded.quality)
            digests.append(digest_of(coded.reconstruction))
            parts.update(coded.bits)
            header = StreamHeader.of(self._rate, self._length, self._engine.sample_rate, samples.size, coded.header)
            streams.append(CodedStream(header, coded.packets, coded.starts))
        data = self._file(streams)
        return EncodedSound(
            data=data,
            size=len(data),
            length=self._length,
            codebook=self._codebook,
            streams=len(streams),
            codec_rate=self._engine.sample_rate,
            quality=meter.result(),
            qualities=qualities,
            payload_bytes=sum(len(s.header.engine_header) + sum(map(len, s.packets)) for s in streams),
            bits=whole_bits(parts, self._metadata, self._reference, len(data)),
            digests=digests,
        )

    def _container(self, size: int) -> int:
        """Return about the bytes beside the engine's in a file of `size` bytes, at a packet a second."""
        count = max(1, round(self._seconds))
        packet = bytes(min(size // (count * len(self._channels)), _LONG_PACKET))
        stream = CodedStream(StreamHeader(self._rate, 0, b""), [packet] * count, range(count))
        packets = count * len(self._channels) * len(packet)
        return len(self._file([stream] * len(self._channels))) - packets

    def _file(self, streams: Sequence[CodedStream]) -> bytes:
        return dump_speech(streams, self._engine.name, self._reference, self._metadata)

    def _share(self, number: int) -> Progress | None:
        """Return the progress of one channel, as a part of all channels."""
        report, count = self._progress, len(self._channels)
        return None if report is None else lambda done: report((number + done) / count)


def whole_bits(
    parts: Mapping[str, int], metadata: Mapping[str, bytes], reference: CodebookReference, size: int
) -> dict[str, int]:
    """Return the bits by part of a file of `size` bytes whose streams have the bits `parts`."""
    return with_container(parts, {"metadata": metadata_bits(metadata), "codebook": codebook_bits(reference)}, size)
