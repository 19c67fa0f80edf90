"""The sound of a decoded video: beside the picture, or alone in a sound file."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from vqcodec.api.texts import texts_of
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Destination, Source, naming, seekable
from vqcodec.media.decoding import DecodeOptions
from vqcodec.reports.speech import SpeechDecodeReport
from vqcodec.speech.decoding import Decoding, SoundShape, placed
from vqcodec.speech.files import SpeechFile
from vqcodec.speech.sound.audio_output import write_audio
from vqcodec.speech.sound.formats import FORMATS, find_format
from vqcodec.video.files import VideoFile, read_video
from vqcodec.video.io.formats import OutputFormat
from vqcodec.video.timeline import Part, moment_of, part_of


def is_sound_format(name: str | None, destination: Destination | None) -> bool:
    """Return whether a format that is asked for by name, or else by the destination's extension, is one of sound."""
    if name is not None:
        return "." + name.lower().removeprefix(".") in FORMATS
    path = isinstance(destination, (str, os.PathLike))
    return path and os.path.splitext(os.fspath(destination))[1].lower() in FORMATS  # type: ignore[arg-type]


def decode_sound(
    source: Source, destination: Destination | None, name: str, asked: DecodeOptions
) -> SpeechDecodeReport:
    """Write the sound of a `.vqc` file of video, or of a part of it, as a sound file.

    Raises:
        UsageError: it has no sound there.
    """
    from vqcodec.api.speech import write_decoded

    started = time.perf_counter()
    with naming(name):
        chosen = find_format(asked.format, destination, asked.encoding)
        with seekable(source, name) as file:
            video = read_video(file, salvage=asked.salvage)
            if video.sound is None or asked.audio is False:
                raise UsageError("no sound to write; decode the picture, for example to mp4")
            part = part_of(video, asked.frames, asked.start, asked.duration)
            decoding = _decoding(video, video.sound, part, asked.threads)
            if decoding is None:
                raise UsageError("its sound ends before this part; decode another part")
            report = write_decoded(
                decoding,
                chosen,
                destination,
                asked,
                name=name,
                tags=texts_of(video.media.metadata),
                start_s=float(moment_of(video, part.first)),
                started=started,
            )
    return replace(report, notes=("only its sound is written", *report.notes))


def sound_to_write(
    video: VideoFile, sound: SpeechFile, part: Part, chosen: OutputFormat, folder: str, threads: int | None
) -> tuple[str | None, list[str]]:
    """Return the path of a WAV file in `folder` with the sound of a part of the video, and notes on it.

    The path is None if the sound ends before the part begins, or if the format has no place for it.
    """
    if not chosen.sound:
        return None, [f"{chosen.name} has no place for its sound, which is left out"]
    decoding = _decoding(video, sound, part, threads)
    if decoding is None:
        return None, ["its sound ends before this part"]
    path = os.path.join(folder, "sound.wav")
    write_audio(
        decoding.blocks(),
        path,
        format=FORMATS[".wav"],
        rate=decoding.rate,
        channels=decoding.channels,
        length=decoding.length,
    )
    lost = len(decoding.lost)
    notes = [f"its sound: {reason}" for reason in decoding.damage[len(sound.damage) :]]
    return path, [*notes, *([f"{lost} lost packets of sound concealed"] if lost else [])]


def _decoding(video: VideoFile, sound: SpeechFile, part: Part, threads: int | None) -> Decoding | None:
    """Return the decoding of the sound of a part of a video; None if the sound ends before the part begins."""
    whole = part == Part(0, video.length)
    begin, end = moment_of(video, part.first), moment_of(video, min(part.end, video.length))
    sound = placed(sound)
    shape = SoundShape.of(sound)
    if begin >= shape.source_length / shape.source_rate:
        return None
    length = None if whole else float(end - begin)
    return Decoding(sound, codebook_of(sound.media), start_s=float(begin), duration_s=length, threads=threads)
