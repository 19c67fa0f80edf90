"""The file format of packs: items come back, changes count whole or not at all, and damage is named."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from packed import BOOK, add, coded, contents, filler, item, packed, picture
from reference_pack import decode_pack

from vqcodec import encode_image
from vqcodec.codebook.library import load_codebook
from vqcodec.container import load_media
from vqcodec.errors import (
    CorruptFileError,
    OutputError,
    UnreadableInputError,
    UnsupportedError,
    UsageError,
    VQCodecError,
)
from vqcodec.image.codec import encode_picture
from vqcodec.image.pixels import Picture
from vqcodec.pack.access import access_to
from vqcodec.pack.changing import changed_pack, compact, new_pack
from vqcodec.pack.items import Item, item_of
from vqcodec.pack.names import item_name
from vqcodec.pack.reader import PackReader

NAMES = ["b.png", "a/z.png", "a/é.png", "a/猫 und so.png", "A.png", "b/1.png", "b/10.png", "b/2.png"]
ITEMS = {name: item(number) for number, name in enumerate(NAMES)}
FILES = {name: coded(number) for number, name in enumerate(NAMES)}


def find(_identity: bytes) -> list[bytes]:
    return [load_codebook(BOOK).to_bytes()]


def test_items_come_back_in_the_order_of_their_names() -> None:
    found = contents(packed(ITEMS))
    assert found == FILES
    assert list(found) == sorted(NAMES, key=str.encode)


def test_the_reference_reads_the_same() -> None:
    items = decode_pack(packed(ITEMS), find)
    assert {name: one.data for name, one in items.items()} == {name: one.data for name, one in ITEMS.items()}
    assert {one.head for one in items.values()} == {one.head for one in ITEMS.values()}
    assert {one.identity for one in items.values()} == {load_codebook(BOOK).digest}


def test_a_small_item_pays_a_few_bytes() -> None:
    many = {f"tiles/{number:05}.png": filler(number, 60 + number % 30) for number in range(1500)}
    data = packed(many)
    beside = len(data) - sum(len(one.data) for one in many.values())
    assert beside / len(many) < 3.5, "a check of 2 bytes, a length of one, and next to nothing for name and header"


def test_the_bytes_do_not_depend_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    with new_pack(path) as writer:
        for name, one in ITEMS.items():
            writer.add(name, one)
    assert path.read_bytes() == packed(ITEMS)


def test_equal_items_are_stored_once() -> None:
    one = item(1, 40)
    data = packed({f"{number}.png": one for number in range(20)})
    assert len(data) < 2 * len(one.data) + 300
    assert set(contents(data).values()) == {coded(1, 40)}
    assert len(decode_pack(data, find)) == 20


def test_equal_items_of_several_batches_are_stored_once() -> None:
    twice = Item(2, random.Random(0).randbytes(3000), item(0).codebook, b"h")
    many = {
        f"{number:05}": Item(2, random.Random(number).randbytes(30), twice.codebook, b"h") for number in range(1200)
    }
    many |= {"00001": twice, "01100": twice, "00700": twice}
    data = packed(many)
    found = {name: one.data for name, one in decode_pack(data, find).items()}
    assert found == {name: one.data for name, one in many.items()}
    assert data.count(twice.data) == 1


def test_equal_metadata_are_stored_once() -> None:
    books = load_codebook(BOOK)
    metadata = {"icc": b"p" * 4000, "text:Title": "é".encode()}
    files = {
        f"{number}.png": encode_picture(Picture(picture(number), dict(metadata)), codebook=books).data
        for number in range(5)
    }
    items = {name: item_of(data, books) for name, data in files.items()}
    data = packed(items)
    assert data.count(b"p" * 4000) == 1
    for name, found in contents(data).items():
        media = load_media(found)
        assert media.metadata == metadata
        assert [*media.streams[0].packets] == [*load_media(files[name]).streams[0].packets]
    assert all(one.metadata == metadata for one in decode_pack(data, find).values())


def test_what_has_no_compact_form_stays_a_whole_file() -> None:
    whole = encode_image(picture(1), codebook=BOOK, embed_codebook=True)
    kept = item_of(whole)
    assert kept.form == 1, "a picture of one packet needs no container, whatever its codebook"
    assert kept.codebook is not None
    assert kept.codebook.embedded is not None
    pack = packed({"x": kept, "y": kept})
    assert len(pack) < len(whole) + 400
    reader = PackReader(access_to(pack))
    assert load_media(reader.file(next(reader.entries()), alone=True)).codebook.embedded == kept.codebook.embedded
    tall = encode_image(picture(1, 1300)[:, :4], codebook="photo", quality=0, effort=0)
    assert item_of(tall).form == 17
    assert contents(packed({"x": item_of(tall)})) == {"x": tall}


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a//b", "a/", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "c:a", "a\nb", "a\x85", "\ud800", "é" * 513],
)
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of an item"):
        item_name(name)


def test_names_are_composed() -> None:
    assert item_name("e\u0301.png") == "é.png"


def test_changes(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    add(path, {"c.png": item(20), "b.png": item(21)}, removed=("A.png", "a/z.png"))
    expected = {**FILES, "c.png": coded(20), "b.png": coded(21)}
    del expected["A.png"], expected["a/z.png"]
    assert contents(path.read_bytes()) == expected
    assert decode_pack(path.read_bytes(), find).keys() == expected.keys()
    before, after = compact(path)
    assert (before > after, path.stat().st_size) == (True, after)
    assert contents(path.read_bytes()) == expected
    assert PackReader(access_to(path)).root.unused == 0


def test_many_changes_keep_blocks_in_bounds(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    numbers = set(range(0, 1400, 2))
    path.write_bytes(packed({f"{number:04}": item(number % 7, 4) for number in numbers}))
    for start in (1, 14, 27, 3):
        numbers.update(range(start, 1400, 26))
        add(path, {f"{number:04}": item(number % 7, 4) for number in range(start, 1400, 26)})
    reader = PackReader(access_to(path))
    assert [entry.name for entry in reader.entries()] == [f"{number:04}" for number in sorted(numbers)]
    assert len(reader) == len(numbers)
    assert max(block.count for block in reader.root.blocks) <= 512


def test_a_pack_cut_at_any_byte_of_a_change_is_as_before_or_as_after(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    before = packed({name: ITEMS[name] for name in NAMES[:5]})
    path.write_bytes(before)
    add(path, {name: ITEMS[name] for name in NAMES[5:]}, removed=(NAMES[0],))
    after = path.read_bytes()
    assert after.startswith(before)
    old = {name: FILES[name] for name in NAMES[:5]}
    new = {name: FILES[name] for name in NAMES[1:]}
    places = {entry.name: entry.end for entry in PackReader(access_to(after)).entries()}
    for size in range(len(before), len(after) + 1):
        cut = after[:size]
        assert contents(cut) == (new if size == len(after) else old)
        salvaged = contents_where_whole(cut)
        if size < len(after):
            assert all(salvaged.get(name) == FILES[name] for name in NAMES[:5])
            whole = [name for name in NAMES[5:] if places[name] <= size]
            assert all(salvaged.get(name) == FILES[name] for name in whole), "intact items of a change that was cut off"
        path.write_bytes(cut)
        add(path, {"later": item(30)})
        assert contents(path.read_bytes()) == {**(new if size == len(after) else old), "later": coded(30)}


def contents_where_whole(data: bytes) -> dict[str, bytes]:
    reader = PackReader(access_to(data), salvage=True)
    found = {}
    for entry in reader.entries():
        try:
            found[entry.name] = reader.file(entry)
        except CorruptFileError:
            continue
    return found


def test_a_new_pack_cut_anywhere_gives_what_is_whole() -> None:
    data = packed(ITEMS)
    places = {entry.name: entry.end for entry in PackReader(access_to(data)).entries()}
    for size in range(len(data)):
        with pytest.raises(CorruptFileError):
            contents(data[:size])
        if size >= 14:
            found = contents_where_whole(data[:size])
            assert found == {name: FILES[name] for name, end in places.items() if end <= size}


def test_every_changed_byte_is_noticed_or_harmless() -> None:
    data = packed(ITEMS)
    for position in range(len(data)):
        for flip in (1, 0x80):
            changed = bytearray(data)
            changed[position] ^= flip
            try:
                assert contents(bytes(changed)) == FILES
            except (CorruptFileError, UnsupportedError, UnreadableInputError):
                continue


def test_one_damaged_item_leaves_the_others() -> None:
    data = bytearray(packed(ITEMS))
    entry = PackReader(access_to(bytes(data))).find("b.png")
    assert entry is not None
    data[entry.offset + 3] ^= 1
    reader = PackReader(access_to(bytes(data)))
    for other in reader.entries():
        if other.name == "b.png":
            with pytest.raises(CorruptFileError, match=r"item 'b\.png': damaged"):
                reader.file(other)
        else:
            assert reader.file(other) == FILES[other.name]


def test_a_damaged_block_of_names_is_salvaged_from_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    add(path, {"c.png": item(20)})
    data = bytearray(path.read_bytes())
    block = PackReader(access_to(path)).root.blocks[0]
    data[block.place.offset + 12] ^= 1
    with pytest.raises(CorruptFileError, match=r"chunk NAME at byte .* damaged"):
        contents(bytes(data))
    assert contents(bytes(data), salvage=True) == {**FILES, "c.png": coded(20)}


def test_two_writers(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    with changed_pack(path) as (writer, _):
        with pytest.raises(OutputError, match="another process is changing it"), changed_pack(path):
            pass
        with pytest.raises(OutputError, match="another process is changing it"):
            compact(path)
        writer.add("c.png", item(20))
        assert contents(path.read_bytes()) == FILES, "readers see the pack as it was"
    assert contents(path.read_bytes()) == {**FILES, "c.png": coded(20)}


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    before = path.read_bytes()

    def interrupted() -> None:
        with changed_pack(path) as (writer, _):
            for number in range(600):
                writer.add(f"{number}", item(1))
            assert path.stat().st_size > len(before)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == before


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    before = path.read_bytes()
    program = f"""
        import resource, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from packed import add, item
        from vqcodec.errors import OutputError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        items = {{"big": item(1, 60), "small": item(2)}}
        for most in range({len(before)}, {len(before)} + 1200, 7):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            try:
                add({str(path)!r}, items)
            except OutputError as error:
                assert "cannot be written" in str(error), error
                assert open({str(path)!r}, "rb").read() == {before!r}, most
            else:
                break
        print(most)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert int(done.stdout) > len(before) + 100
    assert contents(path.read_bytes()) == {**FILES, "big": coded(1, 60), "small": coded(2)}


def test_compaction_follows_a_file_that_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    path.chmod(0o640)
    inode = path.stat().st_ino
    compact(path)
    assert path.stat().st_ino != inode
    assert path.stat().st_mode & 0o777 == 0o640
    add(path, {"c.png": item(20)})
    assert len(contents(path.read_bytes())) == len(ITEMS) + 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to everything")
def test_a_read_only_file(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed(ITEMS))
    path.chmod(0o444)
    with pytest.raises(OutputError, match="no permission"):
        add(path, {"c.png": item(20)})


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", CorruptFileError),
        (b"\x89VQ", CorruptFileError),
        (b"\x89VQP\n\x1a\n" + bytes(20), CorruptFileError),
        (b"PK\x03\x04" + bytes(40), UnreadableInputError),
        (packed({})[:14], CorruptFileError),
        (b"\x89VQP\r\n\x1a\n\x02\x00", CorruptFileError),
    ],
)
def test_what_is_no_pack(data: bytes, error: type[VQCodecError]) -> None:
    with pytest.raises(error):
        PackReader(access_to(data, "x.vqp"))


def test_a_later_version() -> None:
    import zlib

    head = b"\x89VQP\r\n\x1a\n\x02\x00"
    data = head + zlib.crc32(head).to_bytes(4, "little") + packed(ITEMS)[14:]
    with pytest.raises(UnsupportedError, match=r"pack version 2\.0"):
        PackReader(access_to(data))


def test_an_empty_pack(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed({}))
    assert contents(path.read_bytes()) == {}
    assert decode_pack(path.read_bytes(), find) == {}
    add(path, ITEMS)
    add(path, {}, removed=tuple(NAMES))
    assert contents(path.read_bytes()) == {}
