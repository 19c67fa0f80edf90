"""Files of speech in and out: what `vqcodec.api` calls when a source is sound, or a `.vqc` file of speech."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from vqcodec.api.codebooks import codebook_use
from vqcodec.api.media import Side
from vqcodec.api.previews.shown import preview_of
from vqcodec.api.texts import metadata_of, texts_of
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import UnreadableInputError, UsageError
from vqcodec.files.endpoints import Destination, Source, name_of, naming, seekable, writable, write_all
from vqcodec.files.texts import all_in_one
from vqcodec.interruption import asked_to_stop
from vqcodec.media.decoding import DecodeOptions
from vqcodec.media.digests import digest_of_channels, in_hexadecimal
from vqcodec.media.encoding import EncodeOptions
from vqcodec.reports.base import CodebookUse
from vqcodec.reports.speech import (
    LostPacket,
    SpeechComparison,
    SpeechDecodeReport,
    SpeechEncodeReport,
    SpeechInfo,
    SpeechVerifyReport,
)
from vqcodec.speech.bands import BANDS
from vqcodec.speech.codec import MEDIUM, EncodedSound, count_bits, encode_sound, payload_of
from vqcodec.speech.decoding import Decoding, Lost, SoundShape
from vqcodec.speech.files import read_speech
from vqcodec.speech.reader import Arrival, is_arriving
from vqcodec.speech.salvage import without_damage
from vqcodec.speech.sound.arrays import ArraySource
from vqcodec.speech.sound.audio_output import is_streamed, write_audio
from vqcodec.speech.sound.formats import AudioFormat, find_format
from vqcodec.speech.sound.tag_output import notes_on_texts

if TYPE_CHECKING:
    from vqcodec.speech.sound.piped import PipedSound
    from vqcodec.speech.sound.source import FileSource

_MAX_NAMED = 5  # lost packets that a note names


def encode(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: EncodeOptions
) -> SpeechEncodeReport:
    """Encode a sound file; arguments and errors as `vqcodec.api.encode`."""
    from vqcodec.speech.sound.audio import open_audio  # which decoding does without

    started = time.perf_counter()
    if asked.delay is not None:
        return _encode_live(source, destination, name, codebook, asked)
    if asked.keep_partial:
        raise UsageError(f"{name}: keep partial needs delay, since a whole recording is coded at once")
    with naming(name):
        sound = open_audio(source, name, asked.raw)
        encoded = encode_sound(
            sound,
            codebook=codebook,
            target=asked.target,
            work=asked.work,
            band=asked.band,
            channels=asked.channels,
            metadata={} if asked.strip_metadata else metadata_of(sound.tags),
            embed_codebook=asked.embed_codebook,
            progress=asked.progress,
            options=asked.engine,
        )
    if destination is not None:
        write_all(encoded.data, destination, overwrite=asked.overwrite)
    changed = tuple(sound.notes(encoded.streams))
    return _encode_report(sound, encoded, name, destination, asked, started, changed)


def _encode_live(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: EncodeOptions
) -> SpeechEncodeReport:
    """Encode sound while it comes; arguments and errors as `encode`."""
    from vqcodec.speech.live_file import LiveFile
    from vqcodec.speech.sound.piped import open_sound

    started = time.perf_counter()
    memory = io.BytesIO()
    target = memory if destination is None else destination
    with (
        naming(name),
        open_sound(source, name, asked.raw) as sound,
        writable(target, overwrite=asked.overwrite) as file,
    ):
        live = LiveFile(
            file,
            sound.rate,
            sound.channels,
            asked,
            codebook=codebook,
            layout=sound.layout,
            metadata={} if asked.strip_metadata else metadata_of(sound.tags),
            measured=True,
        )
        with asked_to_stop(bool(asked.keep_partial)) as stop:
            try:
                for block in stop.items(sound.whole_blocks()):
                    live.push(block)
            except KeyboardInterrupt:
                if not (stop.is_set() and live.length):
                    raise
        if not live.length:
            raise UnreadableInputError("holds no samples")
        live.finish()
    cut = ["interrupted; what came before is in the file"] if stop.is_set() else []
    mixed = [] if live.mix is None else [f'{live.mix.how}, though they may cancel; keep them with channels="keep"']
    changed = (*cut, *mixed, *sound.repairs.notes())
    encoded = live.encoded(memory.getvalue())
    return _encode_report(sound, encoded, name, destination, asked, started, changed, interrupted=stop.is_set())


def _encode_report(
    sound: FileSource | PipedSound,
    encoded: EncodedSound,
    name: str,
    destination: Destination | None,
    asked: EncodeOptions,
    started: float,
    changed: tuple[str, ...],
    *,
    interrupted: bool = False,
) -> SpeechEncodeReport:
    """Return the report of an encoding; `started` is `time.perf_counter` when the work began."""
    duration = encoded.length / sound.rate
    return SpeechEncodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=sound.size,
        output_bytes=encoded.size,
        sample_rate=sound.rate,
        channels=sound.channels,
        samples=encoded.length,
        duration_s=duration,
        codec_rate=encoded.codec_rate,
        streams=encoded.streams,
        kbps=encoded.size * 8 / duration / 1000,
        payload_kbps=encoded.payload_bytes * 8 / duration / 1000,
        ratio=2 * encoded.length * sound.channels / encoded.size,
        sqnr_db=encoded.quality.sqnr_db,
        segmental_snr_db=encoded.quality.segmental_snr_db,
        weighted_segmental_snr_db=encoded.quality.weighted_segmental_snr_db,
        seconds=time.perf_counter() - started,
        engine=encoded.codebook.engine,
        codebook=CodebookUse(encoded.codebook.name, encoded.codebook.identity, asked.embed_codebook, True),
        parameters=encoded.parameters,
        bits=encoded.bits,
        decoded_sha256=in_hexadecimal(encoded.digests),
        changed=changed,
        interrupted=interrupted,
        notes=(*changed, *encoded.notes),
        data=encoded.data if destination is None else None,
        preview=preview_of(encoded.data if destination is None else destination, MEDIUM, encoded.codebook),
    )


def decode(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: DecodeOptions
) -> SpeechDecodeReport:
    """Decode a `.vqc` file of speech; arguments and errors as `vqcodec.api.decode`."""
    started = time.perf_counter()
    start_s = asked.start or 0.0
    with naming(name):
        chosen = find_format(asked.format, destination, asked.encoding)
        if is_arriving(source) and is_streamed(chosen, destination) and not asked.salvage:
            arriving = Arrival(
                cast(BinaryIO, source),
                codebook,
                rate="source" if asked.rate is None else asked.rate,
                start_s=start_s,
                duration_s=asked.duration,
                threads=asked.threads,
            )
            tags = texts_of(arriving.metadata)
            return write_decoded(
                arriving, chosen, destination, asked, name=name, tags=tags, start_s=start_s, started=started
            )
        with seekable(source, name) as file:
            sparing = asked.start is not None or asked.duration is not None
            speech = read_speech(file, salvage=asked.salvage, sparing=sparing)
            book = codebook_of(speech.media, codebook)
            speech = without_damage(speech, book)
            decoding = Decoding(
                speech,
                book,
                rate="source" if asked.rate is None else asked.rate,
                start_s=start_s,
                duration_s=asked.duration,
                threads=asked.threads,
            )
            return write_decoded(
                decoding,
                chosen,
                destination,
                asked,
                name=name,
                tags=texts_of(speech.media.metadata),
                start_s=start_s,
                started=started,
            )


def write_decoded(
    decoding: Decoding | Arrival,
    chosen: AudioFormat,
    destination: Destination | None,
    asked: DecodeOptions,
    *,
    name: str,
    tags: Mapping[str, str],
    start_s: float,
    started: float,
) -> SpeechDecodeReport:
    """Write what is decoded; without a destination, the report carries the file.

    Args:
        name: of the source.
        tags: texts of the sound file by title.
        start_s: where the sound begins in the source.
        started: `time.perf_counter` when the work began.

    Raises:
        CorruptFileError: a packet is damaged.
        OutputError: the destination cannot be written.
    """
    memory = io.BytesIO()
    written = write_audio(
        decoding.blocks(asked.progress),
        memory if destination is None else destination,
        format=chosen,
        rate=decoding.rate,
        channels=decoding.channels,
        length=decoding.length,
        tags=tags,
        overwrite=asked.overwrite,
    )
    length = decoding.length
    assert length is not None  # all has been decoded
    return SpeechDecodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=decoding.size,
        output_bytes=written,
        sample_rate=decoding.rate,
        channels=decoding.channels,
        samples=length,
        duration_s=length / decoding.rate,
        format=chosen.name,
        seconds=time.perf_counter() - started,
        start_s=start_s,
        lost=tuple(LostPacket(lost.stream, lost.packet, lost.start_s, lost.end_s) for lost in decoding.lost),
        notes=(*_loss_notes(decoding.damage, decoding.lost), *notes_on_texts(chosen.name, tags)),
        data=memory.getvalue() if destination is None else None,
    )


def info(source: Source, name: str, codebook: Codebook | None = None, *, bits: bool = False) -> SpeechInfo:
    """Return what a `.vqc` file of speech says of itself; arguments and errors as `vqcodec.api.info`."""
    with naming(name):
        with seekable(source, name) as file:
            speech = read_speech(file)
        shape = SoundShape.of(speech)
        counted = count_bits(speech, codebook_of(speech.media, codebook)) if bits else None
    duration = shape.source_length / shape.source_rate
    return SpeechInfo(
        input=name,
        input_bytes=speech.size,
        medium=MEDIUM,
        engine=speech.engine.name,
        sample_rate=shape.source_rate,
        channels=len(speech.streams),
        samples=shape.source_length,
        duration_s=duration,
        codec_rate=shape.codec_rate,
        kbps=speech.size * 8 / duration / 1000,
        payload_kbps=payload_of(speech) * 8 / duration / 1000,
        packets=max(len(stream.packets) for stream in speech.streams),
        codebook=codebook_use(speech.media.codebook),
        metadata=all_in_one(texts_of(speech.media.metadata)),
        parameters=shape.description,
        bits=counted,
        preview=preview_of(source, MEDIUM, codebook),
    )


def verify(source: Source, name: str, codebook: Codebook | None, threads: int | None) -> SpeechVerifyReport:
    """Check a `.vqc` file of speech in full; arguments and errors as `vqcodec.api.verify`."""
    started = time.perf_counter()
    with naming(name):
        with seekable(source, name) as file:
            speech = read_speech(file)
        book = codebook_of(speech.media, codebook)
        decoding = Decoding(speech, book, rate="codec", threads=threads)
        decoded = digest_of_channels(decoding.blocks(), decoding.channels)  # decoding is the check
    return SpeechVerifyReport(
        input=name,
        input_bytes=speech.size,
        engine=speech.engine.name,
        sample_rate=decoding.rate,
        channels=decoding.channels,
        duration_s=decoding.length / decoding.rate,
        codebook=CodebookUse(book.name, book.identity, speech.media.codebook.embedded is not None, True),
        checks=("structure", "checksums", "codebook", "decoding"),
        seconds=time.perf_counter() - started,
        decoded_sha256=in_hexadecimal(decoded),
    )


def compare(reference: Side, test: Side, codebook: Codebook | None, threads: int | None) -> SpeechComparison:
    """Compare two recordings; arguments and errors as `vqcodec.api.compare`."""
    from vqcodec.api.comparison.speech import NARROW_RATE, WIDE_RATE, measure

    rates = [_natural_rate(side) for side in (reference, test)]
    rate = WIDE_RATE if min(rates) >= WIDE_RATE else NARROW_RATE
    first, second = (_samples_of(side, rate, codebook, threads) for side in (reference, test))
    comparison = measure(first, second, rate, reference.name, test.name)
    return replace(comparison, **_coding_figures(reference, test, codebook, threads)) if test.coded else comparison


def _coding_figures(reference: Side, test: Side, codebook: Codebook | None, threads: int | None) -> dict[str, Any]:
    """Return the rates of a test that is a `.vqc` file, and the distortion of its LSFs if it is known."""
    with naming(test.name), seekable(test.source, test.name) as file:
        speech = read_speech(file)
        shape = SoundShape.of(speech)
        duration = shape.source_length / shape.source_rate
        counted = {"kbps": speech.size, "payload_kbps": payload_of(speech)}
        figures = {rate: size * 8 / duration / 1000 for rate, size in counted.items()}
        book = codebook_of(speech.media, codebook)
        if reference.coded or len(speech.streams) > 1 or book.engine not in (band.engine for band in BANDS.values()):
            return figures
        from vqcodec.speech.celp.lsf_fidelity import lsf_distortion

        stream = speech.streams[0]
        original = _samples_of(reference, shape.codec_rate, None, threads)
        distortion = lsf_distortion(original, stream.header.engine_header, stream.packets, book, threads)
    if distortion is not None:
        figures |= {
            "lsf_distortion_db": distortion.mean_db,
            "lsf_above_2_db": distortion.above_2_db,
            "lsf_above_4_db": distortion.above_4_db,
        }
    return figures


def _natural_rate(side: Side) -> int:
    """Return the sampling rate of a sound file in Hz, or the codec's rate of a `.vqc` file."""
    if not side.coded:
        from vqcodec.speech.sound.audio import open_audio

        return open_audio(side.source, side.name).rate
    with naming(side.name), seekable(side.source, side.name) as file:
        return read_speech(file).engine.sample_rate


def _samples_of(side: Side, rate: int, codebook: Codebook | None, threads: int | None) -> NDArray[np.int16]:
    """Return a recording at `rate`, its channels mixed into one: int16 (samples,)."""
    if not side.coded:
        from vqcodec.speech.sound.audio import open_audio

        return open_audio(side.source, side.name).samples(rate)
    with naming(side.name), seekable(side.source, side.name) as file:
        speech = read_speech(file)
        decoding = Decoding(speech, codebook_of(speech.media, codebook), rate=rate, threads=threads)
        return ArraySource.of(np.concatenate(list(decoding.blocks())), rate).samples(rate)


def _loss_notes(damage: Sequence[str], lost: Sequence[Lost]) -> tuple[str, ...]:
    """Return notes on what salvage skipped and concealed."""
    notes = [f"damaged: {reason}" for reason in damage[:_MAX_NAMED]]
    if lost:
        named = ", ".join(f"{part.start_s:.1f}-{part.end_s:.1f} s" for part in lost[:_MAX_NAMED])
        more = " and more" if len(lost) > _MAX_NAMED else ""
        notes.append(f"{len(lost)} lost packets concealed, at {named}{more}")
    return tuple(notes)
