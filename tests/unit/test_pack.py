"""Packs as Python users have them: a mapping of decoded items, changed, damaged, or with codebooks missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from packed import BOOK, COUNT, TILES, add, coded, own_codebook, packed, picture, samples_of
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import Pack, api, encode_image, unpack, user_limits
from vqcodec.api.packs.building import add_to_pack
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import (
    CodebookError,
    CorruptFileError,
    LimitError,
    OutputError,
    UnsupportedError,
    UsageError,
    VQCodecError,
)
from vqcodec.pack.items import Item, item_of
from vqcodec.pack.parts import WHOLE_FILE


def test_a_pack_is_a_mapping_of_decoded_items(tiles_path: Path) -> None:
    with Pack(tiles_path) as pack:
        assert isinstance(pack, Mapping)
        assert (len(pack), list(pack)) == (COUNT, TILES)
        assert TILES[3] in pack
        assert "nothing" not in pack
        assert 7 not in pack
        assert np.array_equal(pack[TILES[3]], samples_of(3))
        assert all(np.array_equal(samples, samples_of(number)) for number, samples in enumerate(pack.values()))
        assert pack.get("nothing") is None
        with pytest.raises(KeyError):
            pack["nothing"]
        assert pack.read(TILES[5]) == coded(5)
        with pack.open(TILES[5]) as file:
            assert api.decode(file).data is not None
        assert pack.item(TILES[5]).engine == "image/block"
        assert pack.codebooks() == [load_codebook(BOOK)]


def test_changes_count_when_they_are_saved(tiles_path: Path) -> None:
    with Pack(tiles_path) as pack:
        pack.add("new.png", coded(50))
        pack.remove(TILES[0])
        assert "new.png" not in pack
        pack.save()
        assert np.array_equal(pack["new.png"], samples_of(50))
        assert TILES[0] not in pack
        with pytest.raises(UsageError, match=r"has an item 'new.png' already; pass overwrite=True"):
            pack.add("new.png", coded(51))
        pack.add("new.png", coded(51), overwrite=True)
    with Pack(tiles_path) as pack:
        assert np.array_equal(pack["new.png"], samples_of(51))
        assert len(pack) == COUNT


def test_names_are_taken_as_the_pack_will_be(tiles_path: Path) -> None:
    with Pack(tiles_path) as pack:
        pack.remove(TILES[0])
        pack.add(TILES[0], coded(90))
        pack.add("new.vqc", coded(91))
        with pytest.raises(UsageError, match=r"has an item 'new.vqc' already"):
            pack.add("new.vqc", coded(92))
        pack.add("new.vqc", coded(93), overwrite=True)
    with Pack(tiles_path) as pack:
        assert np.array_equal(pack[TILES[0]], samples_of(90))
        assert np.array_equal(pack["new.vqc"], samples_of(93))
        assert len(pack) == COUNT + 1


def test_a_block_that_fails_changes_nothing(tiles_path: Path, tiles_data: bytes) -> None:
    def fail() -> None:
        with Pack(tiles_path) as pack:
            pack.add("new.png", coded(50))
            pack["nothing"]

    with pytest.raises(KeyError):
        fail()
    assert tiles_path.read_bytes() == tiles_data


def test_what_a_pack_says_of_itself(tiles_path: Path, tiles_data: bytes) -> None:
    said = vqcodec.info(tiles_path)
    assert (said.items, said.media, said.torn_bytes, said.unused_bytes) == (COUNT, {"image": COUNT}, 0, 0)
    assert sum(said.bytes.values()) == len(tiles_data)
    assert vqcodec.verify(tiles_path).items == COUNT
    tiles_path.write_bytes(tiles_data + b"torn")
    assert vqcodec.info(tiles_path).torn_bytes == 4
    with pytest.raises(CorruptFileError, match=r"4 bytes after its last whole index"):
        vqcodec.verify(tiles_path)
    with pytest.raises(UsageError, match=r"is a pack of many items"):
        vqcodec.decode(tiles_path)


def test_damage_that_only_a_whole_check_sees(tiles_path: Path, tiles_data: bytes) -> None:
    with Pack(tiles_path) as pack:
        place = pack.reader.find(TILES[4])
        assert place is not None
    tiles_path.write_bytes(
        tiles_data[: place.offset] + bytes([tiles_data[place.offset] ^ 1]) + tiles_data[place.offset + 1 :]
    )
    with pytest.raises(CorruptFileError, match=r"chunk|damaged"):
        vqcodec.verify(tiles_path)
    with Pack(tiles_path) as pack:
        with pytest.raises(CorruptFileError, match=TILES[4]):
            pack[TILES[4]]
        assert np.array_equal(pack[TILES[5]], samples_of(5))


def test_unpacking(tiles_path: Path, tmp_path: Path) -> None:
    reports = unpack(tiles_path, tmp_path / "out")
    assert len(reports) == COUNT
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / TILES[9])), samples_of(9))
    with pytest.raises(OutputError, match=r"exists already"):
        unpack(tiles_path, tmp_path / "out", [TILES[9]])
    unpack(tiles_path, tmp_path / "out", [TILES[9]], format="webp")
    assert (tmp_path / "out" / "tiles" / "009.webp").exists()
    unpack(tiles_path, tmp_path / "coded", coded=True)
    assert (tmp_path / "coded" / "tiles" / "009.vqc").read_bytes() == coded(9)
    with pytest.raises(UsageError, match=r"no item"):
        unpack(tiles_path, tmp_path / "out", ["../x"])


def test_unpacking_never_leaves_its_folder(tiles_path: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "tiles").symlink_to(outside)
    with pytest.raises(OutputError, match=r"leads out of it"):
        unpack(tiles_path, out)
    assert list(outside.iterdir()) == []
    (out / "tiles").unlink()
    (out / "tiles").mkdir()
    for target in ("new.png", "old.png"):
        (outside / "old.png").write_bytes(b"kept")
        (out / TILES[0]).symlink_to(outside / target)
        for overwrite in (False, True):
            with pytest.raises(OutputError, match=r"leads out of it"):
                unpack(tiles_path, out, overwrite=overwrite)
        (out / TILES[0]).unlink()
    assert [(file.name, file.read_bytes()) for file in outside.iterdir()] == [("old.png", b"kept")]


def test_salvage(tiles_path: Path, tiles_data: bytes, tmp_path: Path) -> None:
    tiles_path.write_bytes(tiles_data[: len(tiles_data) // 2])
    with pytest.raises(CorruptFileError, match=r"no whole index"):
        Pack(tiles_path)
    failed: list[str] = []
    reports = unpack(tiles_path, tmp_path / "out", salvage=True, failed=lambda name, _error: failed.append(name))
    assert len(reports) >= 5
    assert failed
    assert len(reports) + len(failed) == COUNT


def test_a_damaged_codebook_keeps_no_other_item_away(tiles_path: Path, tmp_path: Path) -> None:
    own = own_codebook()
    one = item_of(encode_image(picture(1), codebook=own, quality=10), own)
    add(tiles_path, {"own.png": one, "whole.png": Item(WHOLE_FILE + 1, coded(5))})
    damaged = bytearray(tiles_path.read_bytes())
    damaged[damaged.index(b"CREF") + 8] ^= 1
    tiles_path.write_bytes(damaged)
    failed: list[str] = []
    with Pack(tiles_path, codebook=own) as pack:
        unpack(pack, tmp_path / "out", failed=lambda name, _error: failed.append(name))
    assert failed == TILES
    assert sorted(os.listdir(tmp_path / "out")) == ["own.png", "tiles", "whole.png"]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "whole.png")), samples_of(5))


def test_limits_hold(tiles_path: Path) -> None:
    with Pack(tiles_path) as pack, user_limits.lowered(pixels=100), pytest.raises(LimitError, match=TILES[0]):
        pack[TILES[0]]


def test_a_codebook_that_is_missing_keeps_no_other_item_away(tiles_path: Path, tmp_path: Path) -> None:
    own = own_codebook()
    other = encode_image(picture(1), codebook=own, quality=10)
    add(tiles_path, {"own.png": item_of(other, own)})
    failed: list[str] = []
    reports = unpack(tiles_path, tmp_path / "out", failed=lambda name, _error: failed.append(name))
    assert failed == ["own.png"]
    assert len(reports) == COUNT


def test_a_codebook_that_is_missing_keeps_no_other_item_from_being_added(tiles_path: Path, tmp_path: Path) -> None:
    own = own_codebook()
    add(tiles_path, {"own.png": item_of(encode_image(picture(1), codebook=own, quality=10), own)})
    Image.fromarray(picture(60)).save(tmp_path / "new.png")
    add_to_pack(tiles_path, tmp_path / "new.png", quality=10)
    with Pack(tiles_path) as pack:
        assert pack.item("new.png").codebook == BOOK
    alone = tmp_path / "alone.vqp"
    alone.write_bytes(packed({"own.png": item_of(encode_image(picture(1), codebook=own, quality=10), own)}))
    with pytest.raises(CodebookError, match=r"'own'"):
        add_to_pack(alone, tmp_path / "new.png", quality=10)
    soundfile.write(tmp_path / "a.wav", synthetic_speech(0.3, 16000).astype(np.int16), 16000)
    assert add_to_pack(alone, tmp_path / "a.wav").items == 2


def test_an_item_of_an_unknown_form_keeps_no_other_item_away(tiles_path: Path, tmp_path: Path) -> None:
    add(tiles_path, {"later.png": Item(WHOLE_FILE + 9, b"something new")})
    with Pack(tiles_path) as pack:
        assert pack.item("later.png").medium is None
        assert [item.name for item in pack.items_in_index()] == ["later.png", *TILES]
        with pytest.raises(UnsupportedError, match=r"later.png.*newer version"):
            pack.read("later.png")
    said = api.info(tiles_path)
    assert (said.items, said.media) == (COUNT + 1, {"image": COUNT})
    failed: list[str] = []
    reports = unpack(tiles_path, tmp_path / "out", failed=lambda name, _error: failed.append(name))
    assert (failed, len(reports)) == (["later.png"], COUNT)


def test_a_transfer_as_text_is_named_by_all(tiles_path: Path) -> None:
    tiles_path.write_bytes(tiles_path.read_bytes().replace(b"\r\n", b"\n"))
    for said in (Pack, api.info, api.verify):
        with pytest.raises(CorruptFileError, match=r"transfer as text"):
            said(tiles_path)


def test_errors_are_named(tiles_path: Path, tiles_data: bytes) -> None:
    for size in (0, 3, 13, 100):
        with pytest.raises(VQCodecError, match=r"<bytes>"):
            Pack(tiles_data[:size])
