"""Texts into sound files, with all their values: where libsndfile has one place for each, the file is written anew.

Sources: as of `tags`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from vqcodec.files.texts import TITLES, in_order, values_of
from vqcodec.speech.sound.tags import COMMENT_HEADS, FLAC_COMMENT, ID3_FRAMES, unsynchsafe

_OF_LIBSNDFILE = ("title", "artist", "album", "date", "genre", "tracknumber", "comment", "copyright")
_OF_MP4 = (
    "title", "artist", "albumartist", "composer", "album", "tracknumber", "discnumber", "date", "genre", "comment",
    "description", "copyright",
)  # fmt: skip
_HELD = {"WAV": _OF_LIBSNDFILE, "AIFF": ("title", "artist", "comment", "copyright"), "M4A": _OF_MP4}
_ALL = ("FLAC", "OGG", "MP3")
"""The formats that hold every text, with all its values but for a comment of MP3."""


def held(format: str) -> Sequence[str]:
    """Return the titles of the texts that a format holds, by libsndfile's name of it."""
    return TITLES if format in _ALL else _HELD.get(format, ())


def notes_on_texts(format: str, tags: Mapping[str, str]) -> list[str]:
    """Return what a format does not hold of texts, a clause for each kind."""
    titles = in_order(tags)
    lost = [title for title in (*titles, *(tags.keys() - titles)) if title not in held(format)]
    several = [title for title in titles if title not in lost and len(values_of(tags[title])) > 1]
    joined = [title for title in several if format not in _ALL or (format, title) == ("MP3", "comment")]
    notes = [f"texts that {format} has no place for are left out: {', '.join(lost)}"] if lost else []
    return [*notes, *([f"several texts in one, as {format} has one place: {', '.join(joined)}"] if joined else [])]


def writes_anew(format: str) -> bool:
    """Return whether texts go into a format by `copy_with_texts`."""
    return format in _ALL


def copy_with_texts(bare: BinaryIO, target: BinaryIO, format: str, tags: Mapping[str, str]) -> None:
    """Copy a sound file, without texts, with texts.

    Args:
        bare: the file, at its beginning; it can seek.
        target: written to from where it stands.
        format: by libsndfile's name, one that `writes_anew`.
        tags: texts by title.
    """
    {"FLAC": _flac, "OGG": _ogg, "MP3": _mp3}[format](bare, target, tags)
    shutil.copyfileobj(bare, target)


def _flac(bare: BinaryIO, target: BinaryIO, tags: Mapping[str, str]) -> None:
    blocks: list[tuple[int, bytes]] = []
    target.write(bare.read(4))
    last = False
    while not last:
        head = bare.read(4)
        last = bool(head[0] & 0x80)
        blocks.append((head[0] & 0x7F, bare.read(int.from_bytes(head[1:], "big"))))
    vendor = next((_vendor(block) for kind, block in blocks if kind == FLAC_COMMENT), b"")
    kept = [block for block in blocks if block[0] != FLAC_COMMENT]
    kept.insert(1, (FLAC_COMMENT, _comment(vendor, tags)))  # STREAMINFO is always the first
    for number, (kind, block) in enumerate(kept):
        mark = 0x80 if number == len(kept) - 1 else 0
        target.write(bytes([mark | kind]) + len(block).to_bytes(3, "big") + block)


def _mp3(bare: BinaryIO, target: BinaryIO, tags: Mapping[str, str]) -> None:
    head = bare.read(10)
    bare.seek(10 + unsynchsafe(head[6:]) if head[:3] == b"ID3" else 0)
    frames = {title: frame for frame, title in ID3_FRAMES.items()}
    content = b""
    for title, text in tags.items():
        values = "\0".join(values_of(text)).encode("utf-8", "replace")
        if title == "comment":
            content += _frame("COMM", b"\x03und\0" + values.replace(b"\0", b"; "))
        elif title in frames:
            content += _frame(frames[title], b"\x03" + values)
        else:
            content += _frame("TXXX", b"\x03" + title.upper().encode() + b"\0" + values)
    target.write(b"ID3\x04\0\0" + _synchsafe(len(content)) + content)


def _frame(name: str, content: bytes) -> bytes:
    return name.encode() + _synchsafe(len(content)) + b"\0\0" + content


def _synchsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def _comment(vendor: bytes, tags: Mapping[str, str]) -> bytes:
    """Return a Vorbis comment."""
    comments = [
        f"{title.upper()}={value}".encode("utf-8", "replace")
        for title, text in tags.items()
        for value in values_of(text)
    ]
    return b"".join([_sized(vendor), len(comments).to_bytes(4, "little"), *(_sized(comment) for comment in comments)])


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


def _vendor(comment: bytes) -> bytes:
    return comment[4 : 4 + int.from_bytes(comment[:4], "little")]


def _ogg(bare: BinaryIO, target: BinaryIO, tags: Mapping[str, str]) -> None:
    """Copy up to the sound, which begins with a new page behind the header packets."""
    first = _page(bare)
    target.write(first)
    serial = first[14:18]
    packets, old_pages = [b""], 0
    while True:
        page = _page(bare)
        old_pages += 1
        for part in _parts(page):
            packets[-1] += part
            if len(part) < 255:
                packets.append(b"")
        vorbis = packets[0].startswith(COMMENT_HEADS[0])
        if len(packets) > (2 if vorbis else 1) and not packets[-1]:
            break
    head = next(head for head in COMMENT_HEADS if packets[0].startswith(head))
    comment = head + _comment(_vendor(packets[0][len(head) :]), tags) + (b"\1" if vorbis else b"")
    pages = _pages([comment, *packets[1:-1]], serial, 1)
    target.writelines(pages)
    if len(pages) != old_pages:
        number = 1 + len(pages)
        while page := _page(bare):
            target.write(_checked(page[:18] + number.to_bytes(4, "little") + bytes(4) + page[26:]))
            number += 1


def _page(file: BinaryIO) -> bytes:
    """Return the next page; nothing at the end."""
    head = file.read(27)
    sizes = file.read(head[26]) if len(head) == 27 else b""
    return head + sizes + file.read(sum(sizes))


def _parts(page: bytes) -> Iterator[bytes]:
    """Yield the parts of packets in a page; one of less than 255 bytes ends its packet."""
    position = 27 + page[26]
    for size in page[27 : 27 + page[26]]:
        yield page[position : position + size]
        position += size


def _pages(packets: Sequence[bytes], serial: bytes, number: int) -> list[bytes]:
    """Return header packets as pages, from page `number` on."""
    parts = [packet[at : at + 255] for packet in packets for at in range(0, len(packet) + 1, 255)]
    pages: list[bytes] = []
    for start in range(0, len(parts), 255):
        own = parts[start : start + 255]
        flags = 1 if start and len(parts[start - 1]) == 255 else 0
        where = bytes(8) + serial + (number + len(pages)).to_bytes(4, "little") + bytes(4)
        sizes = bytes([len(own), *map(len, own)])
        pages.append(_checked(b"OggS\0" + bytes([flags]) + where + sizes + b"".join(own)))
    return pages


def _checked(page: bytes) -> bytes:
    """Return a page with its checksum, which was 0."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return page[:22] + value.to_bytes(4, "little") + page[26:]


def _crc_of(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if value & 0x80000000 else 0)
    return value


_CRC = [_crc_of(byte) for byte in range(256)]
