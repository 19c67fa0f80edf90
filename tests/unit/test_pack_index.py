"""The index of packs: blocks of names, the root above them, and the foot that leads to it."""

from __future__ import annotations

import io

import pytest
from packed import BOOK, item, packed

from vqcodec.codebook.library import load_codebook
from vqcodec.container import CodebookReference
from vqcodec.container.varint import put_varint
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError, VQCodecError
from vqcodec.pack.access import access_to
from vqcodec.pack.blocks import block_payload, parse_block
from vqcodec.pack.parts import Entry, Kind, check_of
from vqcodec.pack.reader import PackReader

KIND = Kind(1, 0, 0, b"head")


def entry(name: str, offset: int = 100, length: int = 7) -> Entry:
    return Entry(name, KIND, offset, length, check_of(KIND, bytes(length), bytes(32)))


@pytest.mark.parametrize("lengths", [[0], [1, 2, 3], [255, 256, 257], [2**30, 0, 5], [7] * 4096])
def test_blocks(lengths: list[int]) -> None:
    entries = [
        Entry(f"{number:05}", KIND, 5 * number, length, number % 60_000) for number, length in enumerate(lengths)
    ]
    for follows in (False, True):
        payload = block_payload(entries, 50 if follows else 10, data_follows=follows)
        assert parse_block(payload, 10, 50, "") == entries


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda data: put_varint(4097) + data[1:], LimitError),
        (lambda data: b"\0" + data[1:], CorruptFileError),
        (lambda data: data[:1] + b"\2" + data[2:], CorruptFileError),
        (lambda data: data[:2] + b"\37" + data[3:], CorruptFileError),
        (lambda data: data[:3] + b"\7" + data[4:], UnsupportedError),
        (lambda data: data[:4] + put_varint(1 << 23) + data[5:], LimitError),
        (lambda data: data[:4] + put_varint(1 << 22) + data[5:], CorruptFileError),
        (lambda data: data + b"\0", CorruptFileError),
        (lambda data: data[:-1], CorruptFileError),
    ],
)
def test_blocks_that_cannot_be(change, error: type[VQCodecError]) -> None:
    payload = block_payload([entry("a"), entry("b", 107)], 100, data_follows=True)
    with pytest.raises(error):
        parse_block(change(payload), 0, 100, "x")


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"], ["../a"], ["a\\b"], ["/etc/passwd"], ["e\u0301"]])
def test_blocks_with_names_that_cannot_be(names: list[str]) -> None:
    payload = block_payload([entry(name) for name in names], 100, data_follows=True)
    with pytest.raises(CorruptFileError, match="name '"):
        parse_block(payload, 0, 100, "x")


def test_an_index_that_leads_out_of_the_file() -> None:
    payload = block_payload([entry("a", 0)], 100, data_follows=True)
    assert parse_block(payload, 0, 100, "")[0].offset == 0
    with pytest.raises(CorruptFileError, match="before the beginning"):
        parse_block(payload, 0, 50, "x")


def test_a_root_may_not_announce_what_is_not_there() -> None:
    from vqcodec.codebook import packing
    from vqcodec.container.chunks import chunk_bytes
    from vqcodec.pack.parts import head_bytes
    from vqcodec.pack.root import foot_chunk

    columns = put_varint(0) + put_varint(0) + put_varint(0) + put_varint(1 << 31)
    method, data = packing.pack(columns)
    root = chunk_bytes(b"ROOT", bytes([method]) + put_varint(len(columns)) + data)
    with pytest.raises(CorruptFileError):
        PackReader(access_to(head_bytes() + root + foot_chunk(14)))
    bomb = packing.deflated(bytes(1 << 27))
    root = chunk_bytes(b"ROOT", bytes([2]) + put_varint(1 << 27) + bomb)
    with pytest.raises(LimitError):
        PackReader(access_to(head_bytes() + root + foot_chunk(14)))


def test_the_search_for_a_foot_is_bounded() -> None:
    import time

    from vqcodec.container.chunks import chunk_bytes
    from vqcodec.pack.parts import head_bytes
    from vqcodec.pack.root import foot_chunk

    hostile = head_bytes() + chunk_bytes(b"BULK", (foot_chunk(14)) * 200_000)
    before = time.process_time()
    with pytest.raises(CorruptFileError):
        PackReader(access_to(hostile))
    with pytest.raises(CorruptFileError):
        PackReader(access_to(hostile + b"NAME\xff\xff\xff" * 100_000), salvage=True)
    assert time.process_time() - before < 20


def test_codebooks_are_counted_and_shared() -> None:
    reference = CodebookReference.shared(load_codebook(BOOK))
    data = packed({str(number): item(number) for number in range(3)})
    reader = PackReader(access_to(data))
    assert reader.references() == [reference]
    assert reader.codebook(0) == load_codebook(BOOK)
    assert io.BytesIO(data).read(4) == b"\x89VQP"
