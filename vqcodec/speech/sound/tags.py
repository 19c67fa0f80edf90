"""Texts of sound files, read with all their values: Vorbis comments (FLAC, Ogg) and ID3v2 (MP3).

Sources: RFC 9639, section 8.6 (FLAC); RFC 3533 (Ogg); RFC 7845, section 5.2 (Opus); Vorbis I specification, section 5;
id3.org, ID3 tag versions 2.2.0, 2.3.0 and 2.4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from vqcodec.files.texts import collected

FLAC_COMMENT = 4  # the type of the block
COMMENT_HEADS = (b"\x03vorbis", b"OpusTags")
ID3_FRAMES = {
    "TIT2": "title", "TPE1": "artist", "TPE2": "albumartist", "TPE3": "conductor", "TCOM": "composer",
    "TEXT": "lyricist", "TALB": "album", "TSST": "discsubtitle", "TRCK": "tracknumber", "TPOS": "discnumber",
    "TDRC": "date", "TDOR": "originaldate", "TCON": "genre", "TLAN": "language", "TPUB": "publisher", "TSRC": "isrc",
    "TCOP": "copyright",
}  # fmt: skip
"""Titles by the frames of ID3v2.4 that hold them; others are in frames TXXX, by name, and the comment in COMM."""
_OLDER_FRAMES = {
    "TYER": "date", "TORY": "originaldate",  # of 2.3; those of 2.2 follow
    "TT2": "title", "TP1": "artist", "TP2": "albumartist", "TP3": "conductor", "TCM": "composer", "TXT": "lyricist",
    "TAL": "album", "TRK": "tracknumber", "TPA": "discnumber", "TYE": "date", "TOR": "originaldate", "TCO": "genre",
    "TLA": "language", "TPB": "publisher", "TRC": "isrc", "TCR": "copyright",
}  # fmt: skip
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_MOST = 1 << 24  # bytes of texts, with pictures among them, that are looked at
_MOST_COMMENTS = 1000

Found = Iterator[tuple[str, str]]


def tags_in(file: BinaryIO) -> dict[str, str] | None:
    """Return the texts of a sound file, at whose beginning `file` stands; None if they are kept in another way."""
    head = file.read(10)
    if head[:4] == b"fLaC":
        file.seek(4)
        return collected(_of_flac(file))
    if head[:4] == b"OggS":
        file.seek(0)
        comment = _second_packet(file)
        start = next((len(head) for head in COMMENT_HEADS if comment.startswith(head)), None)
        return None if start is None else collected(_comments(comment[start:]))
    if head[:3] == b"ID3" and len(head) == 10 and head[3] in (2, 3, 4):
        return collected(_of_id3(head, file.read(min(unsynchsafe(head[6:]), _MOST))))
    return None


def unsynchsafe(data: bytes) -> int:
    """Return the number in bytes of which seven bits count."""
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value


def _of_flac(file: BinaryIO) -> Found:
    last = False
    while not last:
        head = file.read(4)
        if len(head) < 4:
            return
        last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == FLAC_COMMENT:
            yield from _comments(file.read(length))
        else:
            file.seek(length, 1)


def _second_packet(file: BinaryIO) -> bytes:
    """Return the second packet of an Ogg file, or what there is of it."""
    packet, number = b"", 0
    while len(packet) < _MOST:
        head = file.read(27)
        if len(head) < 27 or head[:4] != b"OggS":
            break
        for size in file.read(head[26]):
            part = file.read(size)
            packet = packet + part if number == 1 else b""
            if size < 255:
                number += 1
                if number == 2:
                    return packet
    return packet


def _comments(data: bytes) -> Found:
    """Yield the names and values of a Vorbis comment, as far as it goes."""
    position = 4 + int.from_bytes(data[:4], "little")
    count = int.from_bytes(data[position : position + 4], "little")
    position += 4
    for _ in range(min(count, _MOST_COMMENTS)):
        length = int.from_bytes(data[position : position + 4], "little")
        comment = data[position + 4 : position + 4 + length]
        position += 4 + length
        if len(comment) < length:
            return
        name, _, value = comment.partition(b"=")
        yield name.decode("ascii", "replace"), value.decode("utf-8", "replace")


def _of_id3(head: bytes, data: bytes) -> Found:
    """Yield names and values of a tag; `data` follows its head."""
    version, flags = head[3], head[5]
    if flags & 0x80 and version < 4:
        data = data.replace(b"\xff\x00", b"\xff")
    position = 0
    if flags & 0x40 and version > 2:  # an extended header
        size = data[:4]
        position = unsynchsafe(size) if version == 4 else 4 + int.from_bytes(size, "big")
    letters, numbers = (3, 3) if version == 2 else (4, 4)
    while data[position : position + letters].isalnum():
        name = data[position : position + letters].decode("ascii", "replace")
        stored = data[position + letters : position + letters + numbers]
        size_of_frame = unsynchsafe(stored) if version == 4 else int.from_bytes(stored, "big")
        start = position + letters + numbers + (0 if version == 2 else 2)
        position = start + size_of_frame
        content = data[start:position]
        if version == 4 and start >= 1 and data[start - 1] & 2:
            content = content.replace(b"\xff\x00", b"\xff")
        yield from _of_frame(name, content)


def _of_frame(name: str, content: bytes) -> Found:
    if not content or content[0] >= len(_ENCODINGS):
        return
    encoding = _ENCODINGS[content[0]]
    if name in ("COMM", "COM"):
        description, *texts = content[4:].decode(encoding, "replace").split("\0")
        found = [("comment", _text(text)) for text in texts[:1] if not _text(description)]
    elif name in ("TXXX", "TXX"):
        description, *texts = content[1:].decode(encoding, "replace").split("\0")
        found = [(_text(description), _text(text)) for text in texts]
    else:
        title = ID3_FRAMES.get(name) or _OLDER_FRAMES.get(name)
        found = [(title, _text(text)) for text in content[1:].decode(encoding, "replace").split("\0") if title]
    yield from found


def _text(text: str) -> str:
    """Return text without the mark of its byte order, which may stand before each value."""
    return text.lstrip("\ufeff")
