"""Packs made of folders, files and arrays, and what is added and removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import moving_frames
from packed import BOOK, COUNT, TILES, coded, filler, item, own_codebook, packed, picture, samples_of
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import Pack, api, decode_image, encode_image, encode_video, make_pack, unpack
from vqcodec.api.packs.building import add_to_pack, remove_from_pack
from vqcodec.errors import CodebookError, OutputError, UnreadableInputError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pictures and other files."""
    folder = tmp_path / "icons"
    for number, name in enumerate(["a.png", "b c.bmp", "sub/ü.png", "sub/deep/a.png"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number)).save(folder / name)
    (folder / "readme.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def test_pictures_that_are_added_take_the_codebook_of_the_pack(tiles_path: Path, tmp_path: Path) -> None:
    Image.fromarray(picture(60)).save(tmp_path / "new.png")
    with Pack(tiles_path) as pack:
        pack.add("new.png", tmp_path / "new.png", quality=10)
    with Pack(tiles_path) as pack:
        assert pack.item("new.png").codebook == BOOK
        assert np.array_equal(pack["new.png"], samples_of(60))


def test_a_folder(folder: Path, tmp_path: Path) -> None:
    notices: list[str] = []
    report = make_pack(folder, tmp_path / "icons.vqp", codebook=BOOK, quality=10, notice=notices.append)
    names = ["a.png", "b c.bmp", "sub/deep/a.png", "sub/ü.png"]
    assert (report.items, report.added, report.output_bytes) == (4, 4, (tmp_path / "icons.vqp").stat().st_size)
    assert report.psnr_db is not None
    assert [use.name for use in report.codebooks] == [BOOK]
    assert len(notices) == 1
    assert "readme.txt" in notices[0]
    with Pack(tmp_path / "icons.vqp") as pack:
        assert list(pack) == names
        assert np.array_equal(pack["sub/ü.png"], samples_of(2))
    same = make_pack(folder, codebook=BOOK, quality=10, threads=3)
    assert same.data == (tmp_path / "icons.vqp").read_bytes()
    with pytest.raises(OutputError, match=r"exists already"):
        make_pack(folder, tmp_path / "icons.vqp", codebook=BOOK)


def test_a_folder_with_a_broken_picture_writes_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:60])
    with pytest.raises(UnreadableInputError, match=r"broken.png"):
        make_pack(folder, tmp_path / "icons.vqp", codebook=BOOK)
    assert [path.name for path in tmp_path.iterdir()] == ["icons"]


def test_names_that_two_files_would_have(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"would be called 'a.png'"):
        make_pack([folder / "a.png", folder / "sub" / "deep" / "a.png"], codebook=BOOK)
    (folder / "e\u0301.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "\u00e9.png").write_bytes((folder / "a.png").read_bytes())
    if len([name for name in os.listdir(folder) if name.endswith("\u0301.png")]) == 1:
        with pytest.raises(UsageError, match=r"would be called"):
            make_pack(folder, codebook=BOOK)


def test_a_name_that_packs_do_not_allow(folder: Path) -> None:
    shutil.copy(folder / "a.png", folder / "a:b.png")
    with pytest.raises(UsageError, match=r"a:b\.png: 'a:b\.png' cannot be the name of an item"):
        make_pack(folder, codebook=BOOK)


def test_all_media_in_one_pack(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    Image.fromarray(picture(1)).save(folder / "icon.png")
    speech = synthetic_speech(1.2, 16000).astype(np.int16)
    soundfile.write(folder / "prompt.wav", speech, 16000)
    clip = encode_video(moving_frames(5, 32, 48), 25, quality=30, effort=0)
    (folder / "clip.vqc").write_bytes(clip)
    report = make_pack(folder, tmp_path / "app.vqp", codebook=BOOK, effort=0)
    assert report.items == 3
    with Pack(tmp_path / "app.vqp") as pack:
        assert {one.name: one.medium for one in pack.items_in_index()} == {
            "clip.vqc": "video",
            "icon.png": "image",
            "prompt.wav": "speech",
        }
        heard, rate = pack["prompt.wav"]
        assert (rate, len(heard)) == (16000, len(speech))
        frames, fps = pack["clip.vqc"]
        assert (len(frames), fps) == (5, 25)
        assert pack.read("clip.vqc") == clip
        with vqcodec.open_speech(pack.open("prompt.wav")) as piecewise:
            assert np.array_equal(np.concatenate(list(piecewise))[:, 0], heard)
    assert vqcodec.verify(tmp_path / "app.vqp").items == 3
    unpack(tmp_path / "app.vqp", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip.vqc", "icon.png", "prompt.wav"]
    assert (tmp_path / "out" / "clip.vqc").read_bytes() == clip


def test_names_that_differ_by_their_format_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed({"a.jpg": item(1), "a.png": item(2), "b.heic": item(3)}))
    unpack(path, tmp_path / "out", format="bmp")
    assert sorted(os.listdir(tmp_path / "out")) == ["a.jpg.bmp", "a.png.bmp", "b.bmp"]
    unpack(path, tmp_path / "own")
    assert sorted(os.listdir(tmp_path / "own")) == ["a.jpg", "a.png", "b.png"]


def test_names_with_and_without_an_extension(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed({"a": item(1), "a.png": item(2), "a.png.png": item(3)}))
    unpack(path, tmp_path / "out")
    files = {name: np.asarray(Image.open(tmp_path / "out" / name)) for name in os.listdir(tmp_path / "out")}
    assert sorted(files) == ["a.png", "a.png.png", "a.png.png.png"]
    for name, number in [("a.png.png.png", 1), ("a.png", 2), ("a.png.png", 3)]:
        assert np.array_equal(files[name], samples_of(number))
    unpack(path, tmp_path / "coded", coded=True)
    assert {file.read_bytes() for file in (tmp_path / "coded").iterdir()} == {coded(1), coded(2), coded(3)}


def test_a_codebook_of_ones_own(folder: Path, tmp_path: Path) -> None:
    own = own_codebook()
    named = make_pack(folder, tmp_path / "named.vqp", codebook=own, quality=10)
    inside = make_pack(folder, tmp_path / "inside.vqp", codebook=own, embed_codebook=True, quality=10)
    assert [use.embedded for use in (*named.codebooks, *inside.codebooks)] == [False, True]
    assert inside.output_bytes < named.output_bytes + len(own.to_bytes()) // 4, "a difference from the shipped one"
    with Pack(tmp_path / "named.vqp") as pack, pytest.raises(CodebookError, match=r"'own'"):
        pack["a.png"]
    with Pack(tmp_path / "named.vqp", codebook=own) as one, Pack(tmp_path / "inside.vqp") as other:
        assert np.array_equal(one["a.png"], other["a.png"])
        assert np.array_equal(decode_image(other.read("a.png")), other["a.png"]), "it embeds the codebook"
    (tmp_path / "own.vqcb").write_bytes(own.to_bytes())
    with Pack(tmp_path / "named.vqp") as pack:
        assert pack["a.png"].shape == (12, 12, 3), "the codebook lies beside the pack"
    unpack(tmp_path / "named.vqp", tmp_path / "beside")
    assert (tmp_path / "beside" / "a.png").exists(), "for files as well"
    add_to_pack(tmp_path / "named.vqp", folder / "a.png", as_name="again.png", quality=10)
    add_to_pack(tmp_path / "inside.vqp", folder / "a.png", as_name="again.png", quality=10)
    unpack(tmp_path / "inside.vqp", tmp_path / "coded", coded=True)
    assert api.decode(tmp_path / "coded" / "again.vqc").data is not None


def test_adding_and_removing(tiles_path: Path, folder: Path) -> None:
    report = add_to_pack(tiles_path, [folder], quality=10)
    assert (report.items, report.added, report.removed) == (COUNT + 4, 4, 0)
    with pytest.raises(UsageError, match=r"has an item 'a.png' already"):
        add_to_pack(tiles_path, [folder / "a.png"])
    before = tiles_path.read_bytes()
    with pytest.raises(UsageError, match=r"no item 'nothing'"):
        remove_from_pack(tiles_path, ["a.png", "nothing"])
    assert tiles_path.read_bytes() == before
    assert remove_from_pack(tiles_path, ["a.png"]).items == COUNT + 3
    smaller = remove_from_pack(tiles_path, TILES, compacted=True)
    assert (smaller.items, smaller.removed, smaller.unused_bytes) == (3, COUNT, 0)
    assert smaller.output_bytes == tiles_path.stat().st_size < len(before) // 4


def test_a_wasteful_pack_is_compacted_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(packed({str(number): filler(number, 4000) for number in range(40)}))
    size = path.stat().st_size
    remove_from_pack(path, [str(number) for number in range(10)])
    assert path.stat().st_size > size
    remove_from_pack(path, [str(number) for number in range(10, 30)])
    assert path.stat().st_size < size // 2


def test_training_beside_a_codebook_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"none is trained"):
        make_pack(folder, codebook=BOOK, train=True)


def test_a_memory_without_training_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"none gets a memory"):
        make_pack(folder, train=False, memory_bytes=1000)


def test_a_picture_that_is_no_file(folder: Path) -> None:
    report = make_pack((folder / "a.png").read_bytes(), effort=0)
    assert report.items == 1


def test_an_unknown_option(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"nosuch"):
        make_pack(folder, codebook="photo", nosuch=1)  # type: ignore[call-arg]


def test_nothing_to_pack(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"no pictures"):
        make_pack(tmp_path)
    with pytest.raises(UnreadableInputError, match=r"no such file"):
        make_pack(tmp_path / "nothing.png", codebook=BOOK)


def test_a_pack_of_arrays() -> None:
    data = packed({})
    assert len(Pack(data)) == 0
    with pytest.raises(UsageError, match=r"only a pack in a file"):
        Pack(data).add("a", encode_image(picture(1), codebook=BOOK))
