"""The sound beside a video: coded as speech, a stream for each channel, in the same file."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vqcodec.container import ChunkReader, CodebookReference
from vqcodec.container.chunks import Damage
from vqcodec.container.reader import StreamDeclaration
from vqcodec.errors import UnreadableInputError
from vqcodec.media.progress import Progress
from vqcodec.media.target import Work
from vqcodec.speech.codec import encode_sound
from vqcodec.speech.decoding import SoundShape
from vqcodec.speech.files import CodedStream, SpeechFile, assemble_speech, read_speech
from vqcodec.speech.sound.audio import open_audio
from vqcodec.video.io import ffmpeg

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook


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
    channels: str | None = None,
    band: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CodedSound:
    """Code the sound of a video file.

    Args:
        channels, band: as of speech, but that channels are kept unless it says `mix`.

    Raises:
        UnreadableInputError: there is sound, and it cannot be read.
        UsageError, CodebookError, LimitError: as for speech.
    """
    with tempfile.TemporaryDirectory(prefix="vqcodec-") as folder:
        samples = os.path.join(folder, "sound.wav")
        if not ffmpeg.extract_sound(path, samples):
            raise UnreadableInputError(f"{name}: its sound cannot be read; leave it out with --no-audio")
        encoded = encode_sound(
            open_audio(samples, name),
            work=Work(threads=threads),
            band=band,
            channels=channels or "keep",
            progress=progress,
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


@dataclass(frozen=True)
class _SpeechPart:
    """What a file of video declares, as if there were only the sound in it."""

    streams: Mapping[int, StreamDeclaration]
    codebooks: Mapping[int, CodebookReference]
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    damage: Sequence[Damage] = ()


def speech_file(
    reader: ChunkReader, packets: Mapping[int, Sequence[bytes | None]], size: int, salvaged: bool
) -> SpeechFile | None:
    """The streams of speech in a video file as a file of their own; None if there are none.

    Raises:
        UnsupportedError: they are coded in a way that is not known here, or in different ways.
        CorruptFileError, LimitError: their headers are damaged, or there are too many.
    """
    streams = {number: stream for number, stream in reader.streams.items() if stream.medium == "speech"}
    if not streams:
        return None
    return assemble_speech(_SpeechPart(streams, reader.codebooks), packets, size, salvaged)
