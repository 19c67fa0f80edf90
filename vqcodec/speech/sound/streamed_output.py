"""WAV and samples without a header into a pipe: block by block, as they come, since their length is known."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vqcodec.files.streams import put
from vqcodec.files.texts import in_one
from vqcodec.speech.sound.formats import AudioFormat

_CODES = {"PCM_16": (1, 16), "PCM_24": (1, 24), "PCM_U8": (1, 8), "FLOAT": (3, 32), "ALAW": (6, 8), "ULAW": (7, 8)}
"""The number of a way to store samples in WAV, and its bits, by libsndfile's name."""

_TAGS = {
    "title": b"INAM", "artist": b"IART", "album": b"IPRD", "date": b"ICRD", "genre": b"IGNR", "tracknumber": b"ITRK",
    "comment": b"ICMT", "copyright": b"ICOP",
}  # fmt: skip
_GREATEST = (1 << 32) - 1


def can_stream(format: AudioFormat) -> bool:
    """Return whether a format can be written without going back."""
    return format.name in ("WAV", "RAW") and format.subtype in _CODES


def stream_audio(
    blocks: Iterable[NDArray[np.int16]],
    stream: BinaryIO,
    *,
    name: str,
    format: AudioFormat,
    rate: int,
    channels: int,
    length: int | None,
    tags: Mapping[str, str] | None = None,
) -> int:
    """Write a sound to a stream; return the bytes written. Arguments as of `audio_output.write_audio`.

    The header of WAV has the exact length; it has the greatest one where that is beyond 4 GB, or not known.

    Raises:
        OutputError: the system refuses to write.
        BrokenPipeError: the reader of the pipe has gone.
    """
    head = b"" if format.name == "RAW" else _header(format.subtype, rate, channels, length, tags or {})
    put(stream, head, name)
    written = len(head)
    for block in blocks:
        data = _stored(block, format.subtype)
        put(stream, data, name)
        with suppress(AttributeError):
            stream.flush()
        written += len(data)
    if head and written % 2 != len(head) % 2:
        put(stream, b"\0", name)
        written += 1
    return written


def _stored(block: NDArray[np.int16], subtype: str) -> bytes:
    """Return samples, int16 (samples, channels), as `subtype` stores them."""
    if subtype == "PCM_16":
        return block.astype("<i2").tobytes()
    import soundfile

    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", 8000, block.shape[1], subtype, "LITTLE", "RAW") as file:
        file.write(block)
    return memory.getvalue()


def _header(subtype: str, rate: int, channels: int, length: int | None, tags: Mapping[str, str]) -> bytes:
    """Return the bytes of a WAV file up to its samples."""
    code, bits = _CODES[subtype]
    frame = channels * bits // 8
    length = _GREATEST if length is None else length
    size = frame * length
    numbers = ((code, 2), (channels, 2), (rate, 4), (rate * frame, 4), (frame, 2), (bits, 2))
    form = b"".join(min(number, (1 << 8 * count) - 1).to_bytes(count, "little") for number, count in numbers)
    chunks = _chunk(b"fmt ", form if code == 1 else form + bytes(2))
    if code != 1:
        chunks += _chunk(b"fact", min(length, _GREATEST).to_bytes(4, "little"))
    texts = b"".join(_chunk(_TAGS[key], in_one(text).encode() + b"\0") for key, text in tags.items() if key in _TAGS)
    if texts:
        chunks += _chunk(b"LIST", b"INFO" + texts)
    whole = 4 + len(chunks) + 8 + size + size % 2
    whole, size = (whole, size) if whole <= _GREATEST else (_GREATEST, _GREATEST)
    return b"RIFF" + whole.to_bytes(4, "little") + b"WAVE" + chunks + b"data" + size.to_bytes(4, "little")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
