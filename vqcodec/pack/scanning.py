"""The search for the last whole index of a pack that was cut off, and for all chunks of a damaged one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from vqcodec.codebook.file import MAX_HEADER_BYTES
from vqcodec.container.chunks import chunk_payload
from vqcodec.container.varint import MAX_BYTES, get_varint
from vqcodec.errors import CorruptFileError, LimitError, VQCodecError
from vqcodec.limits import MAX_CHUNK_BYTES, MAX_CODEBOOK_BYTES
from vqcodec.pack.access import Access
from vqcodec.pack.parts import DATA, FOOT, FOOT_BYTES, HEAD_BYTES, KNOWN, MOST_INDEX_BYTES, MOST_ROOT_BYTES, ROOT
from vqcodec.pack.root import Place, Root, parse_root

TAIL_BYTES = 1 << 13
"""Bytes from the end that are read first: foot and root of most packs."""
_WINDOW_BYTES = 1 << 20
_SEARCH_WORK = 4  # a search checksums at most this number of bytes for each byte of the file, and _FREE_WORK
_FREE_WORK = 1 << 27
_CANDIDATE_WORK = 1 << 8  # each false beginning counts as this number of further bytes
_MOST_BYTES = {ROOT: MOST_ROOT_BYTES, FOOT: FOOT_BYTES}
_FOUND = re.compile(b"|".join(kind for kind in KNOWN if kind != DATA))


class Found(NamedTuple):
    """A whole chunk of a pack."""

    kind: bytes
    place: Place
    payload: bytes


def last_root(access: Access) -> tuple[Root, int] | None:
    """Return the root that the last whole foot leads to, and the position after that foot; None if there is none.

    Raises:
        LimitError, UnsupportedError: it is larger than allowed, or packed by an unknown method.
    """
    end = access.size
    tail = access.read(max(HEAD_BYTES, end - TAIL_BYTES), TAIL_BYTES)
    budget = _SEARCH_WORK * access.size + _FREE_WORK
    while True:
        at = tail.rfind(FOOT)
        while at >= 0:
            position = end - len(tail) + at
            if position + FOOT_BYTES <= access.size and budget > 0:
                root, cost = _root_before(access, position)
                if root is not None:
                    return root, position + FOOT_BYTES
                budget -= cost + _CANDIDATE_WORK
            at = tail.rfind(FOOT, 0, at + len(FOOT) - 1)
        end -= len(tail)
        if end <= HEAD_BYTES or budget <= 0:
            return None
        start = max(HEAD_BYTES, end - _WINDOW_BYTES)
        end = min(access.size, end + len(FOOT) - 1)  # a foot may begin on the boundary
        tail = access.read(start, end - start)


def chunk_at(access: Access, place: Place, kind: bytes) -> bytes:
    """Return the payload of the chunk of a type at a place.

    Raises:
        CorruptFileError: it is not there, or is damaged.
    """
    where = f"{access.name}: chunk {kind.decode('ascii')} at byte {place.offset}"
    if place.offset + place.length > access.size:
        raise CorruptFileError(f"{where}: the file is cut off")
    return chunk_payload(access.read(place.offset, place.length), place.length, kind, where)


def chunks_of(access: Access) -> Iterator[Found]:
    """Give all whole chunks of a pack but those of data, in the order of the file; what is damaged is passed over.

    Raises:
        CorruptFileError: it is too damaged to find what is whole.
    """
    position = HEAD_BYTES
    budget = _SEARCH_WORK * access.size + _FREE_WORK
    while position < access.size:
        found = _whole_at(access, position)
        if found is not None:
            if found.kind != DATA:
                yield found
            position = found.place.offset + found.place.length
            continue
        budget -= _CANDIDATE_WORK
        window = access.read(position + 1, _WINDOW_BYTES)
        if not window:
            return
        match = _FOUND.search(window)
        position += 1 + (match.start() if match else max(1, len(window) - 3))
        budget -= min(_declared(access, position), MAX_CODEBOOK_BYTES) if match else 0
        if budget < 0:
            raise CorruptFileError(f"{access.name}: too damaged to find what is intact")


def _root_before(access: Access, foot: int) -> tuple[Root | None, int]:
    """Return the root that a foot at a position leads to, None if either is not whole; and the bytes looked at."""
    try:
        payload = chunk_at(access, Place(foot, FOOT_BYTES), FOOT)
        offset = int.from_bytes(payload, "little")
        place = Place(offset, foot - offset)
        if not HEAD_BYTES <= offset < foot or place.length > MOST_ROOT_BYTES:
            return None, FOOT_BYTES
        where = f"{access.name}: chunk ROOT at byte {offset}"
        return parse_root(chunk_at(access, place, ROOT), place, where), place.length
    except CorruptFileError:
        return None, MOST_INDEX_BYTES


def _whole_at(access: Access, position: int) -> Found | None:
    """Return the whole chunk at a position; None if there is none.

    Of a chunk of data only its length is looked at, and whether a chunk or the end of the file follows.
    """
    head = access.read(position, 4 + MAX_BYTES)
    kind = head[:4]
    if kind not in KNOWN:
        return None
    try:
        length, body = get_varint(head, 4)
        most = MAX_CHUNK_BYTES if kind == DATA else _MOST_BYTES.get(kind, MAX_CODEBOOK_BYTES + MAX_HEADER_BYTES)
        place = Place(position, body + length + 4)
        if length > most or position + place.length > access.size:
            return None
        if kind == DATA:
            after = access.read(position + place.length, 4)
            return Found(kind, place, b"") if after in (b"", *KNOWN) else None
        return Found(kind, place, chunk_at(access, place, kind))
    except (CorruptFileError, LimitError):
        return None


def _declared(access: Access, position: int) -> int:
    """Return the length that a chunk at a position says it has; 0 if it cannot be told."""
    try:
        return get_varint(access.read(position, 4 + MAX_BYTES), 4)[0]
    except VQCodecError:
        return 0
