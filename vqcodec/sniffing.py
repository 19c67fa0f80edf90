"""What a source holds, told by its first bytes: a picture, sound, or a file of vqcodec's and its medium."""

from __future__ import annotations

import os

from vqcodec.container import chunks, compact
from vqcodec.container.registry import ENGINE_OF_NUMBER, MEDIUM_OF_NUMBER, medium_of
from vqcodec.endpoints import Source, read_all

HEAD_BYTES = 16

_SOUND = (b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"caff", b"RF64", b"riff", b"RIFX", b"wvpk", b"NIST_1A", b"FAP ")


def medium_of_media(head: bytes) -> str:
    """The medium of a `.vqc` file that begins with `head`; empty if it is none, or of a medium that is unknown."""
    if head.startswith(chunks.MAGIC):
        return MEDIUM_OF_NUMBER.get(head[10], "") if len(head) > 10 else ""
    if head.startswith(compact.MAGIC):
        return medium_of(ENGINE_OF_NUMBER.get(head[2] & 15, "")) if len(head) > 2 else ""
    return ""


def is_sound(head: bytes) -> bool:
    """Whether a file that begins with `head` looks like one that libsndfile reads."""
    if head.startswith(b"RIFF"):
        return head[8:12] == b"WAVE"
    if head.startswith(b"FORM"):
        return head[8:12] in (b"AIFF", b"AIFC", b"8SVX")
    # MPEG audio without ID3: eleven bits of ones, then neither version nor layer reserved
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 != 0 and head[1] & 0x18 != 8
    return mpeg or head.startswith(_SOUND)


def with_head(source: Source, name: str) -> tuple[Source, bytes]:
    """A source, and its first bytes; one that can be read only once is read whole, and is bytes from then on.

    Raises:
        UnreadableInputError, LimitError: as `endpoints.read_all`.
    """
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        try:
            with open(source, "rb") as file:
                return source, file.read(HEAD_BYTES)
        except OSError:
            pass  # to be told in the words of `read_all`
    data = read_all(source, name)
    return data, bytes(data[:HEAD_BYTES])
