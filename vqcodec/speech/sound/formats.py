"""Formats of sound files to write: their names, their extensions, and how their samples may be stored."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Destination, name_of

M4A = "M4A"
"""The format that ffmpeg writes; libsndfile writes the others."""


@dataclass(frozen=True)
class AudioFormat:
    """A format to write, by libsndfile's names."""

    name: str
    subtype: str


FORMATS = {
    ".wav": AudioFormat("WAV", "PCM_16"),
    ".flac": AudioFormat("FLAC", "PCM_16"),
    ".ogg": AudioFormat("OGG", "VORBIS"),
    ".oga": AudioFormat("OGG", "VORBIS"),
    ".opus": AudioFormat("OGG", "OPUS"),
    ".mp3": AudioFormat("MP3", "MPEG_LAYER_III"),
    ".m4a": AudioFormat(M4A, "AAC"),
    ".aiff": AudioFormat("AIFF", "PCM_16"),
    ".aif": AudioFormat("AIFF", "PCM_16"),
    ".au": AudioFormat("AU", "PCM_16"),
    ".raw": AudioFormat("RAW", "PCM_16"),
    ".pcm": AudioFormat("RAW", "PCM_16"),
    ".sln": AudioFormat("RAW", "PCM_16"),
    ".ulaw": AudioFormat("RAW", "ULAW"),
    ".alaw": AudioFormat("RAW", "ALAW"),
    ".gsm": AudioFormat("RAW", "GSM610"),
}
"""Formats by file name extension. Vorbis, Opus, MP3 and AAC are lossy."""

_ENCODINGS = {
    "s16": "PCM_16", "s24": "PCM_24", "f32": "FLOAT", "u8": "PCM_U8", "mulaw": "ULAW", "alaw": "ALAW", "gsm": "GSM610",
    "adpcm": "MS_ADPCM",
}  # fmt: skip
"""libsndfile's names of the ways to store samples, by our words for them."""


def format_names() -> str:
    """Return the names of the formats, as users give them, for messages and help."""
    return ", ".join(extension.removeprefix(".") for extension in FORMATS)


def find_format(name: str | None, destination: Destination | None, encoding: str | None = None) -> AudioFormat:
    """Return the format called `name`; if `name` is None, that of the destination's extension.

    A destination that is not a path gets WAV.

    Args:
        encoding: how samples are to be stored, one of `media.decoding.ENCODING`; None for the format's usual way.

    Raises:
        UsageError: neither the name nor the extension is that of a sound format, or it cannot store samples so.
    """
    chosen = _find_format(name, destination)
    if encoding is None:
        return chosen
    wanted = replace(chosen, subtype=_ENCODINGS[encoding])
    if not _is_possible(wanted):
        possible = [word for word, subtype in _ENCODINGS.items() if _is_possible(replace(chosen, subtype=subtype))]
        having = f"choose one of {', '.join(possible)}" if len(possible) > 1 else "leave it out, or choose wav"
        raise UsageError(f"encoding {encoding} is not possible in {chosen.name}; {having}")
    return wanted


def _find_format(name: str | None, destination: Destination | None) -> AudioFormat:
    if name is not None:
        extension = "." + name.lower().removeprefix(".")
        if extension not in FORMATS:
            raise UsageError(f"format {name!r} is unknown for sound; choose one of {format_names()}")
        return FORMATS[extension]
    if not isinstance(destination, (str, os.PathLike)):
        return FORMATS[".wav"]
    extension = os.path.splitext(os.fspath(destination))[1].lower()
    if extension not in FORMATS:
        raise UsageError(
            f"{name_of(destination)}: the extension names no sound format; say one with format=: {format_names()}"
        )
    return FORMATS[extension]


def _is_possible(format: AudioFormat) -> bool:
    """Whether libsndfile can store samples so."""
    if format.name == M4A:
        return False
    import soundfile

    return bool(soundfile.check_format(format.name, format.subtype))
