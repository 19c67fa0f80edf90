"""Sound without a header: how libsndfile is told what it is, and which names of files tell it."""

from __future__ import annotations

import os
from typing import Any

from vqcodec.media.raw import RawSound

_SUBTYPES = {
    "s8": "PCM_S8", "u8": "PCM_U8", "s16": "PCM_16", "s24": "PCM_24", "s32": "PCM_32", "f32": "FLOAT", "f64": "DOUBLE",
    "mulaw": "ULAW", "alaw": "ALAW", "gsm": "GSM610",
}  # fmt: skip

_ASTERISK = {f".sln{rate // 1000}": rate for rate in (12000, 16000, 24000, 32000, 44100, 48000, 96000, 192000)}
_SUFFIXES = {
    ".gsm": RawSound(8000, "gsm"),
    ".sln": RawSound(8000, "s16le"),
    **{suffix: RawSound(rate, "s16le") for suffix, rate in _ASTERISK.items()},
    **dict.fromkeys((".ul", ".ulaw", ".mulaw", ".mu", ".pcmu"), RawSound(8000, "mulaw")),
    **dict.fromkeys((".al", ".alaw", ".pcma"), RawSound(8000, "alaw")),
}
"""What telephone systems store by the name's extension."""

UNSAID = (".raw", ".pcm", ".sw", ".s16", ".lpcm")
"""Extensions of sound without a header that do not say what it is."""

DEMUXERS = {".g722": "g722", ".g729": "g729", ".g723": "g723_1", ".g723_1": "g723_1", ".tco": "g723_1"}
"""FFmpeg's names of formats that nothing but the name of the file tells."""

SUFFIXES = (*_SUFFIXES, *DEMUXERS)


def raw_by_name(source: object) -> RawSound | None:
    """Return what the name of a file says of the samples in it; None if it says nothing."""
    return _SUFFIXES.get(suffix_of(source))


def suffix_of(source: object) -> str:
    """Return the extension of a path, in lower case; nothing for other sources."""
    return os.path.splitext(os.fspath(source))[1].lower() if isinstance(source, (str, os.PathLike)) else ""


def libsndfile_arguments(raw: RawSound) -> dict[str, Any]:
    """Return the arguments with which `soundfile.SoundFile` reads or writes such samples."""
    ends = {"le": "LITTLE", "be": "BIG"}
    order = ends.get(raw.encoding[-2:])
    subtype = _SUBTYPES[raw.encoding[:-2] if order else raw.encoding]
    return {
        "samplerate": raw.rate,
        "channels": raw.channels,
        "format": "RAW",
        "subtype": subtype,
        "endian": order or "FILE",
    }
