"""The sound of a video: coded as speech in the same file, with one stream for each channel."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vqcodec.container import ChunkReader, CodebookReference
from vqcodec.container.chunks import Damage
from vqcodec.container.reader import StreamDeclaration
from vqcodec.errors import UnreadableInputError
from vqcodec.ffmpeg import reading
from vqcodec.files.temporary import temporary_folder
from vqcodec.media.progress import Progress
from vqcodec.media.target import Work
from vqcodec.speech.codec import encode_sound
from vqcodec.speech.decoding import SoundShape
from vqcodec.speech.files import CodedStream, SpeechFile, assemble_speech, read_speech
from vqcodec.speech.sound.audio import open_audio
from vqcodec.speech.sound.audio_output import write_audio
from vqcodec.speech.sound.formats import FORMATS
from vqcodec.speech.sound.source import SoundSource
from vqcodec.video.io.placing import Run, SoundTrack, placed

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook


_BLOCK = 1 << 16  # samples of a channel read at a time


@dataclass(frozen=True)
class CodedSound:
    """The coded sound of a video.

    Attributes:
        codebook: with which it was coded. streams: one for each channel.
        codec_rate: sampling rate of the codec, in Hz. duration_s: in seconds.
        notes: what the user should know of its reading and coding.
        digests: of each channel that the decoder will give (see `media.digests`).
    """

    codebook: Codebook
    streams: Sequence[CodedStream]
    codec_rate: int
    duration_s: float
    notes: Sequence[str] = ()
    digests: Sequence[bytes] = ()


def encode_sound_of(
    track: SoundTrack,
    name: str,
    *,
    channels: str | None = None,
    band: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CodedSound | None:
    """Code the sound of a video, each piece of it at its time; None if none is left.

    Args:
        track: the sound. name: of its file in messages.
        channels, band: as of speech, but channels are kept unless it says `mix`.
        threads: None for all CPUs; the result does not depend on it.
        progress: called with the part of the work that is done, 0 to 1.

    Raises:
        UnreadableInputError: the sound cannot be read.
        UsageError, CodebookError, LimitError: as for speech.
    """
    with sound_as_wav(track, name) as samples:
        if samples is None:
            return None
        return code_sound(open_audio(samples, name), channels=channels, band=band, threads=threads, progress=progress)


@contextmanager
def sound_as_wav(track: SoundTrack, name: str) -> Iterator[str | None]:
    """Give the path of a WAV file with the sound of a video, each piece of it at its time, while the block lasts.

    The path is None if no sound is left.

    Raises:
        UnreadableInputError: the sound cannot be read.
    """
    runs = track.runs()
    if not runs:
        yield None
        return
    with temporary_folder(name) as folder:
        samples = os.path.join(folder, "decoded.wav")
        reason = reading.extract_sound(track.path, samples, track.stream)
        if reason is not None:
            raise UnreadableInputError(
                f"{name}: its sound cannot be read: {reason}; encode without it with audio=False"
            )
        if runs == [Run(0, 0, sum(track.pieces.lengths))]:  # as it decodes
            yield samples
            return
        placed_samples = os.path.join(folder, "placed.wav")
        _write_placed(samples, placed_samples, runs)
        yield placed_samples


def code_sound(
    sound: SoundSource,
    *,
    channels: str | None = None,
    band: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> CodedSound:
    """Code sound to be put beside frames; arguments and errors as `encode_sound_of`."""
    encoded = encode_sound(
        sound,
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
    duration = shape.source_length / shape.source_rate
    notes = (*sound.notes(encoded.streams), *encoded.notes)
    return CodedSound(encoded.codebook, streams, shape.codec_rate, duration, notes, encoded.digests)


def _write_placed(decoded: str, target: str, runs: Sequence[Run]) -> None:
    """Write the sound of a WAV file to another, with each run at its place."""
    import soundfile

    with soundfile.SoundFile(decoded) as file:
        write_audio(
            placed(file.blocks(_BLOCK, dtype="int16", always_2d=True), runs),
            target,
            format=FORMATS[".wav"],
            rate=file.samplerate,
            channels=file.channels,
            length=runs[-1].place + runs[-1].length,
        )


@dataclass(frozen=True)
class _SpeechPart:
    """The declarations of a video file that belong to its sound."""

    streams: Mapping[int, StreamDeclaration]
    codebooks: Mapping[int, CodebookReference]
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    damage: Sequence[Damage] = ()


def speech_file(
    reader: ChunkReader, packets: Mapping[int, Sequence[bytes | None]], size: int, salvaged: bool
) -> SpeechFile | None:
    """Return the speech streams of a video file as a speech file; None if there are none.

    Args:
        packets: by stream; None stands for a lost packet.
        size: of the video file, in bytes.
        salvaged: whether damaged parts were skipped.

    Raises:
        UnsupportedError: the streams are coded in an unknown way, or not all in the same way.
        CorruptFileError, LimitError: their headers are damaged, or there are too many streams.
    """
    streams = {number: stream for number, stream in reader.streams.items() if stream.medium == "speech"}
    if not streams:
        return None
    return assemble_speech(_SpeechPart(streams, reader.codebooks), packets, size, salvaged)
