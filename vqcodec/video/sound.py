"""The sound beside a video: coded as speech, a stream for each channel, in the same file."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vqcodec.container import CodebookReference, MediaFile, Stream
from vqcodec.container.reader import StreamDeclaration
from vqcodec.errors import UnreadableInputError
from vqcodec.speech.audio import open_audio
from vqcodec.speech.codec import Wish, encode_sound
from vqcodec.speech.decoding import SoundShape
from vqcodec.speech.engines import ENGINES
from vqcodec.speech.files import CodedStream, SpeechFile, StoredStream, read_speech
from vqcodec.speech.stream import StreamHeader
from vqcodec.video import ffmpeg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vqcodec.vq.codebook import Codebook


@dataclass(frozen=True)
class CodedSound:
    """The sound of a video, coded.

    Attributes:
        codebook: what it was coded with. streams: one a channel.
        codec_rate: Hz. duration_s: seconds that it lasts.
    """

    codebook: Codebook
    streams: Sequence[CodedStream]
    codec_rate: int
    duration_s: float


def encode_sound_of(
    path: str,
    name: str,
    *,
    channels: str = "keep",
    band: str = "auto",
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> CodedSound:
    """Code the sound of a video file.

    Args:
        channels, band: as of speech.

    Raises:
        UnreadableInputError: there is sound, and it cannot be read.
        UsageError, CodebookError, LimitError: as for speech.
    """
    with tempfile.TemporaryDirectory(prefix="vqcodec-") as folder:
        samples = os.path.join(folder, "sound.wav")
        if not ffmpeg.extract_sound(path, samples):
            raise UnreadableInputError(f"{name}: its sound cannot be read; leave it out with --no-audio")
        encoded = encode_sound(
            open_audio(samples, name), band=band, wish=Wish(), channels=channels, threads=threads, progress=progress
        )
    speech = read_speech(io.BytesIO(encoded.data))
    shape = SoundShape.of(speech)
    streams = [
        CodedStream(
            stream.header,
            [packet for packet in stream.packets if packet is not None],
            [number * shape.packet_length for number in range(len(stream.packets))],
        )
        for stream in speech.streams
    ]
    return CodedSound(encoded.codebook, streams, shape.codec_rate, shape.source_length / shape.source_rate)


def speech_file(
    declared: Sequence[StreamDeclaration],
    codebooks: Mapping[int, CodebookReference],
    packets: Mapping[int, Sequence[bytes | None]],
    size: int,
    salvaged: bool,
) -> SpeechFile | None:
    """The streams of speech in a video file as a file of their own; None if there are none that can be decoded."""
    declared = [stream for stream in declared if stream.engine in ENGINES and stream.codebook in codebooks]
    if not declared:
        return None
    first = declared[0]
    alike = [stream for stream in declared if (stream.engine, stream.codebook) == (first.engine, first.codebook)]
    engine = ENGINES[first.engine]
    streams = [
        StoredStream(StreamHeader.from_bytes(stream.header, engine.sample_rate)[0], packets.get(stream.number, []))
        for stream in alike
    ]
    empty = [Stream(stream.number, stream.medium, stream.engine, stream.header, []) for stream in alike]
    media = MediaFile("speech", engine.name, codebooks[first.codebook], empty)
    return SpeechFile(engine, media, streams, size, compact=False, salvaged=salvaged)
