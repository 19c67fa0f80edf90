"""Packs as Python users have them: a mapping of decoded items, made of folders, changed, read in ranges."""

from __future__ import annotations

import http.server
import io
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import soundfile
from moving_pictures import moving_frames
from packed import BOOK, add, coded, filler, item, packed, picture
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import Pack, api, decode_image, encode_image, encode_video, make_pack, unpack, user_limits
from vqcodec.api.packs.building import add_to_pack, remove_from_pack
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import (
    CodebookError,
    CorruptFileError,
    LimitError,
    OutputError,
    UnreadableInputError,
    UnsupportedError,
    UsageError,
    VQCodecError,
)
from vqcodec.pack.items import Item, item_of
from vqcodec.pack.parts import WHOLE_FILE

COUNT = 40
NAMES = [f"tiles/{number:03}.png" for number in range(COUNT)]


@pytest.fixture(scope="module")
def data() -> bytes:
    """A pack of 40 pictures."""
    return packed({name: item(number) for number, name in enumerate(NAMES)})


@pytest.fixture
def path(tmp_path: Path, data: bytes) -> Path:
    """The same in a file."""
    path = tmp_path / "tiles.vqp"
    path.write_bytes(data)
    return path


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


def samples_of(number: int) -> np.ndarray:
    return decode_image(coded(number))


def test_a_pack_is_a_mapping_of_decoded_items(path: Path) -> None:
    with Pack(path) as pack:
        assert isinstance(pack, Mapping)
        assert (len(pack), list(pack)) == (COUNT, NAMES)
        assert NAMES[3] in pack
        assert "nothing" not in pack
        assert 7 not in pack
        assert np.array_equal(pack[NAMES[3]], samples_of(3))
        assert all(np.array_equal(samples, samples_of(number)) for number, samples in enumerate(pack.values()))
        assert pack.get("nothing") is None
        with pytest.raises(KeyError):
            pack["nothing"]
        assert pack.read(NAMES[5]) == coded(5)
        with pack.open(NAMES[5]) as file:
            assert api.decode(file).data is not None
        assert pack.item(NAMES[5]).engine == "image/block"
        assert pack.codebooks() == [load_codebook(BOOK)]


ROUGH = {f"x{number}.png": item(100 + number, 90) for number in (7, 8)}


class Counted(io.BytesIO):
    """A file that counts what is read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[int] = []

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.reads.append(len(found))
        return found


def test_one_item_is_read_without_the_others() -> None:
    data = packed({**{f"{number:05}": filler(number, 400) for number in range(3000)}, **ROUGH})
    assert len(data) > 1_200_000
    file = Counted(data)
    with Pack(file) as pack:
        opening = sum(file.reads)
        assert opening < 9_000, "head and tail"
        file.reads.clear()
        assert np.array_equal(pack["x7.png"], decode_image(coded(107, 90)))
        assert sum(file.reads) < 9_000, "a block of names and the item"
        assert len(file.reads) <= 4
        file.reads.clear()
        assert np.array_equal(pack["x8.png"], decode_image(coded(108, 90)))
        assert sum(file.reads) == pack.item("x8.png").bytes, "the item alone"
    assert not file.closed


def test_threads_read_one_pack(path: Path) -> None:
    expected = [samples_of(number) for number in range(COUNT)]
    with Pack(path) as pack, ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            found = list(pool.map(pack.__getitem__, NAMES))
            assert all(np.array_equal(one, other) for one, other in zip(found, expected))


def test_a_stream_must_be_seekable() -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe, pytest.raises(UnreadableInputError, match=r"at any position"):
        Pack(pipe)


class Ranges(http.server.BaseHTTPRequestHandler):
    """A server that gives ranges, and counts them."""

    data = b""
    given: ClassVar[list[int]] = []

    def do_HEAD(self) -> None:
        self._head(200, len(self.data))

    def do_GET(self) -> None:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        piece = self.data[int(first) : int(last) + 1 if last else None]
        self.given.append(len(piece))
        self._head(206, len(piece), f"bytes {first}-{int(first) + len(piece) - 1}/{len(self.data)}")
        self.wfile.write(piece)

    def _head(self, code: int, length: int, content_range: str = "") -> None:
        self.send_response(code)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that runs in a thread."""
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}/tiles.vqp"
    served.shutdown()
    thread.join()


def test_ranges_of_a_url(server: str) -> None:
    pytest.importorskip("aiohttp", reason="needs fsspec[http]")
    pytest.importorskip("fsspec")
    Ranges.data, Ranges.given = packed({**{f"{number}": filler(number, 400) for number in range(500)}, **ROUGH}), []
    with Pack(server) as pack:
        assert np.array_equal(pack["x7.png"], decode_image(coded(107, 90)))
    assert sum(Ranges.given) < 15_000 < len(Ranges.data) // 12
    with pytest.raises(UnreadableInputError, match=r"cannot be read|no such file"):
        Pack(server.replace("http://127.0.0.1", "http://127.0.0.1:1/"))


def test_urls_of_other_systems(data: bytes) -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://packs/tiles.vqp", "wb") as file:
        file.write(data)
    with Pack("memory://packs/tiles.vqp") as pack:
        assert np.array_equal(pack[NAMES[1]], samples_of(1))
        with pytest.raises(UsageError, match=r"only a pack in a file"):
            pack.remove(NAMES[1])
    with pytest.raises(UnreadableInputError, match=r"no such file"):
        Pack("memory://packs/other.vqp")
    with pytest.raises(UsageError, match=r"nosuch"):
        Pack("nosuch://a/b.vqp")


def test_a_url_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError, match=r"pip install 'vqcodec\[remote\]'"):
        Pack("https://example.org/a.vqp")


def test_changes_count_when_they_are_saved(path: Path) -> None:
    with Pack(path) as pack:
        pack.add("new.png", coded(50))
        pack.remove(NAMES[0])
        assert "new.png" not in pack
        pack.save()
        assert np.array_equal(pack["new.png"], samples_of(50))
        assert NAMES[0] not in pack
        with pytest.raises(UsageError, match=r"has an item 'new.png' already; pass overwrite=True"):
            pack.add("new.png", coded(51))
        pack.add("new.png", coded(51), overwrite=True)
    with Pack(path) as pack:
        assert np.array_equal(pack["new.png"], samples_of(51))
        assert len(pack) == COUNT


def test_names_are_taken_as_the_pack_will_be(path: Path) -> None:
    with Pack(path) as pack:
        pack.remove(NAMES[0])
        pack.add(NAMES[0], coded(90))
        pack.add("new.vqc", coded(91))
        with pytest.raises(UsageError, match=r"has an item 'new.vqc' already"):
            pack.add("new.vqc", coded(92))
        pack.add("new.vqc", coded(93), overwrite=True)
    with Pack(path) as pack:
        assert np.array_equal(pack[NAMES[0]], samples_of(90))
        assert np.array_equal(pack["new.vqc"], samples_of(93))
        assert len(pack) == COUNT + 1


def test_a_block_that_fails_changes_nothing(path: Path, data: bytes) -> None:
    def fail() -> None:
        with Pack(path) as pack:
            pack.add("new.png", coded(50))
            pack["nothing"]

    with pytest.raises(KeyError):
        fail()
    assert path.read_bytes() == data


def test_pictures_that_are_added_take_the_codebook_of_the_pack(path: Path, tmp_path: Path) -> None:
    Image.fromarray(picture(60)).save(tmp_path / "new.png")
    with Pack(path) as pack:
        pack.add("new.png", tmp_path / "new.png", quality=10)
    with Pack(path) as pack:
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


def test_what_a_pack_says_of_itself(path: Path, data: bytes) -> None:
    said = vqcodec.info(path)
    assert (said.items, said.media, said.torn_bytes, said.unused_bytes) == (COUNT, {"image": COUNT}, 0, 0)
    assert sum(said.bytes.values()) == len(data)
    assert vqcodec.verify(path).items == COUNT
    path.write_bytes(data + b"torn")
    assert vqcodec.info(path).torn_bytes == 4
    with pytest.raises(CorruptFileError, match=r"4 bytes after its last whole index"):
        vqcodec.verify(path)
    with pytest.raises(UsageError, match=r"is a pack of many items"):
        vqcodec.decode(path)


def test_damage_that_only_a_whole_check_sees(path: Path, data: bytes) -> None:
    with Pack(path) as pack:
        place = pack.reader.find(NAMES[4])
        assert place is not None
    path.write_bytes(data[: place.offset] + bytes([data[place.offset] ^ 1]) + data[place.offset + 1 :])
    with pytest.raises(CorruptFileError, match=r"chunk|damaged"):
        vqcodec.verify(path)
    with Pack(path) as pack:
        with pytest.raises(CorruptFileError, match=NAMES[4]):
            pack[NAMES[4]]
        assert np.array_equal(pack[NAMES[5]], samples_of(5))


def test_unpacking(path: Path, tmp_path: Path) -> None:
    reports = unpack(path, tmp_path / "out")
    assert len(reports) == COUNT
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / NAMES[9])), samples_of(9))
    with pytest.raises(OutputError, match=r"exists already"):
        unpack(path, tmp_path / "out", [NAMES[9]])
    unpack(path, tmp_path / "out", [NAMES[9]], format="webp")
    assert (tmp_path / "out" / "tiles" / "009.webp").exists()
    unpack(path, tmp_path / "coded", coded=True)
    assert (tmp_path / "coded" / "tiles" / "009.vqc").read_bytes() == coded(9)
    with pytest.raises(UsageError, match=r"no item"):
        unpack(path, tmp_path / "out", ["../x"])


def test_unpacking_never_leaves_its_folder(path: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "tiles").symlink_to(outside)
    with pytest.raises(OutputError, match=r"leads out of it"):
        unpack(path, out)
    assert list(outside.iterdir()) == []
    (out / "tiles").unlink()
    (out / "tiles").mkdir()
    for target in ("new.png", "old.png"):
        (outside / "old.png").write_bytes(b"kept")
        (out / NAMES[0]).symlink_to(outside / target)
        for overwrite in (False, True):
            with pytest.raises(OutputError, match=r"leads out of it"):
                unpack(path, out, overwrite=overwrite)
        (out / NAMES[0]).unlink()
    assert [(file.name, file.read_bytes()) for file in outside.iterdir()] == [("old.png", b"kept")]


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


def test_salvage(path: Path, data: bytes, tmp_path: Path) -> None:
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CorruptFileError, match=r"no whole index"):
        Pack(path)
    failed: list[str] = []
    reports = unpack(path, tmp_path / "out", salvage=True, failed=lambda name, _error: failed.append(name))
    assert len(reports) >= 5
    assert failed
    assert len(reports) + len(failed) == COUNT


def test_a_damaged_codebook_keeps_no_other_item_away(path: Path, tmp_path: Path) -> None:
    own = own_codebook()
    one = item_of(encode_image(picture(1), codebook=own, quality=10), own)
    add(path, {"own.png": one, "whole.png": Item(WHOLE_FILE + 1, coded(5))})
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(b"CREF") + 8] ^= 1
    path.write_bytes(damaged)
    failed: list[str] = []
    with Pack(path, codebook=own) as pack:
        unpack(pack, tmp_path / "out", failed=lambda name, _error: failed.append(name))
    assert failed == NAMES
    assert sorted(os.listdir(tmp_path / "out")) == ["own.png", "tiles", "whole.png"]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "whole.png")), samples_of(5))


def test_limits_hold(path: Path) -> None:
    with Pack(path) as pack, user_limits.lowered(pixels=100), pytest.raises(LimitError, match=NAMES[0]):
        pack[NAMES[0]]


def own_codebook() -> Codebook:
    shipped = load_codebook(BOOK)
    return Codebook(shipped.engine, "own", shipped.arrays, {**shipped.provenance, "parent": shipped.identity})


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


def test_a_codebook_that_is_missing_keeps_no_other_item_away(path: Path, tmp_path: Path) -> None:
    own = own_codebook()
    other = encode_image(picture(1), codebook=own, quality=10)
    add(path, {"own.png": item_of(other, own)})
    failed: list[str] = []
    reports = unpack(path, tmp_path / "out", failed=lambda name, _error: failed.append(name))
    assert failed == ["own.png"]
    assert len(reports) == COUNT


def test_a_codebook_that_is_missing_keeps_no_other_item_from_being_added(path: Path, tmp_path: Path) -> None:
    own = own_codebook()
    add(path, {"own.png": item_of(encode_image(picture(1), codebook=own, quality=10), own)})
    Image.fromarray(picture(60)).save(tmp_path / "new.png")
    add_to_pack(path, tmp_path / "new.png", quality=10)
    with Pack(path) as pack:
        assert pack.item("new.png").codebook == BOOK
    alone = tmp_path / "alone.vqp"
    alone.write_bytes(packed({"own.png": item_of(encode_image(picture(1), codebook=own, quality=10), own)}))
    with pytest.raises(CodebookError, match=r"'own'"):
        add_to_pack(alone, tmp_path / "new.png", quality=10)
    soundfile.write(tmp_path / "a.wav", synthetic_speech(0.3, 16000).astype(np.int16), 16000)
    assert add_to_pack(alone, tmp_path / "a.wav").items == 2


def test_an_item_of_an_unknown_form_keeps_no_other_item_away(path: Path, tmp_path: Path) -> None:
    add(path, {"later.png": Item(WHOLE_FILE + 9, b"something new")})
    with Pack(path) as pack:
        assert pack.item("later.png").medium is None
        assert [item.name for item in pack.items_in_index()] == ["later.png", *NAMES]
        with pytest.raises(UnsupportedError, match=r"later.png.*newer version"):
            pack.read("later.png")
    said = api.info(path)
    assert (said.items, said.media) == (COUNT + 1, {"image": COUNT})
    failed: list[str] = []
    reports = unpack(path, tmp_path / "out", failed=lambda name, _error: failed.append(name))
    assert (failed, len(reports)) == (["later.png"], COUNT)


def test_adding_and_removing(path: Path, folder: Path) -> None:
    report = add_to_pack(path, [folder], quality=10)
    assert (report.items, report.added, report.removed) == (COUNT + 4, 4, 0)
    with pytest.raises(UsageError, match=r"has an item 'a.png' already"):
        add_to_pack(path, [folder / "a.png"])
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"no item 'nothing'"):
        remove_from_pack(path, ["a.png", "nothing"])
    assert path.read_bytes() == before
    assert remove_from_pack(path, ["a.png"]).items == COUNT + 3
    smaller = remove_from_pack(path, NAMES, compacted=True)
    assert (smaller.items, smaller.removed, smaller.unused_bytes) == (3, COUNT, 0)
    assert smaller.output_bytes == path.stat().st_size < len(before) // 4


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


def test_a_transfer_as_text_is_named_by_all(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    for said in (Pack, api.info, api.verify):
        with pytest.raises(CorruptFileError, match=r"transfer as text"):
            said(path)


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


def test_errors_are_named(path: Path, data: bytes) -> None:
    for size in (0, 3, 13, 100):
        with pytest.raises(VQCodecError, match=r"<bytes>"):
            Pack(data[:size])
