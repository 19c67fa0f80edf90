"""Packs whose pictures are coded together: what others are predicted from is the memory of the pack's codebook."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import reference_decoder as reference
from PIL import Image
from reference_pack import decode_pack
from test_picture_memory import textured_picture

from vqcodec import Pack, api, decode_image, make_pack, unpack
from vqcodec.api.packs.building import add_to_pack, remove_from_pack
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.codebook.memory import Memory
from vqcodec.errors import CodebookError, UsageError
from vqcodec.image.transform.engine import memory_of, model_of
from vqcodec.image.transform.header import Header
from vqcodec.image.transform.memory.items import decode_item
from vqcodec.image.transform.memory.store import MOST_NEEDED, ItemStore
from vqcodec.image.transform.memory_training.candidates import Candidates, Entries
from vqcodec.image.transform.together.plan import plan
from vqcodec.pack.access import access_to
from vqcodec.pack.reader import PackReader

COUNT = 14
ASKED = {"train": True, "quality": 60, "effort": 2, "tune": "psnr"}


def variant(number: int) -> np.ndarray:
    """A picture like the others, with a part of its own; every fifth has transparency, every seventh is grey."""
    samples = textured_picture(1, 40, 48, 3).copy()
    samples[4 + number : 16 + number, 6:22] = textured_picture(2 + number, 12, 16, 3)
    if number % 7 == 6:
        return samples[:, :, 0]
    if number % 5 == 4:
        alpha = np.full((40, 48, 1), 255, np.uint8)
        alpha[: number + 2, :9] = 60
        return np.concatenate([samples, alpha], axis=2)
    return samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of similar pictures, one of them with metadata."""
    folder = tmp_path_factory.mktemp("together")
    for number in range(COUNT):
        extra = {"dpi": (300, 300)} if number in (1, 2) else {}
        Image.fromarray(variant(number)).save(folder / f"{number:02}.png", **extra)
    return folder


@pytest.fixture(scope="module")
def data(folder: Path) -> bytes:
    """The pack."""
    report = make_pack(folder, **ASKED)  # type: ignore[arg-type]
    assert report.data is not None
    assert [(use.name, use.embedded) for use in report.codebooks] == [("pack", True)]
    assert report.psnr_db is not None
    assert report.psnr_db > 28
    return report.data


def test_pictures_are_those_of_the_memory_and_others(data: bytes) -> None:
    reader = PackReader(access_to(data))
    entries = list(reader.entries())
    assert 0 < sum(entry.kind.of_memory for entry in entries) < COUNT
    items = [Header.from_bytes(reader.data(entry))[0].items for entry in entries if entry.kind.of_memory]
    assert any(items), "items are predicted from items"
    assert not all(items), "but not all"
    with Pack(data) as pack:
        for number in range(COUNT):
            name, wanted = f"{number:02}.png", variant(number)
            assert pack[name].shape == wanted.shape
            error = np.mean((pack[name].astype(float) - wanted) ** 2)
            assert error < 200, name
            assert np.array_equal(decode_image(pack.read(name)), pack[name]), "it decodes alone"
        assert all(item.bytes > 0 for item in pack.items_in_index())


def test_the_bytes_do_not_depend_on_threads(folder: Path, data: bytes) -> None:
    assert make_pack(folder, threads=3, **ASKED).data == data  # type: ignore[arg-type]


def test_what_is_said_of_it(data: bytes) -> None:
    assert api.verify(data).items == COUNT
    said = api.info(data)
    assert said.media == {"image": COUNT}
    assert sum(said.bytes.values()) == len(data)


def test_metadata_are_kept(data: bytes, tmp_path: Path) -> None:
    unpack(data, tmp_path)
    assert [round(Image.open(tmp_path / f"{number:02}.png").info.get("dpi", (0, 0))[0]) for number in range(4)] == [
        0, 300, 300, 0,
    ]  # fmt: skip


def test_the_reference_reads_the_same(data: bytes) -> None:
    def find(_identity: bytes) -> list[bytes]:
        return [load_codebook(name).to_bytes() for name in ("photo", "graphic")]

    reader = PackReader(access_to(data))
    items = decode_pack(data, lambda identity: [file for file in find(identity) if identity[:4] in file])
    assert {name: one.data for name, one in items.items()} == {
        entry.name: reader.data(entry) for entry in reader.entries()
    }
    with Pack(data) as pack:
        book = reference.parse_canonical(pack.codebooks()[0].canonical_bytes())
        name = max(items, key=lambda one: len(memory_needs(pack, items[one].head + items[one].data)))
        one = items[name]
        pixels = reference.ENGINES["image/transform"](b"", [one.head + one.data], book)
        assert np.array_equal(np.array(pixels, np.uint8).reshape(pack[name].shape), pack[name])


def memory_needs(pack: Pack, stream: bytes) -> set[int]:
    store = memory_of(pack.codebooks()[0])
    assert store is not None
    return {needed for item in Header.from_bytes(stream)[0].items for needed in store.needed(item)}


def test_changes(folder: Path, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.vqp"
    path.write_bytes(data)
    Image.fromarray(variant(3)[:-2]).save(tmp_path / "new.png")
    add_to_pack(path, tmp_path / "new.png", quality=60, effort=2, tune="psnr")
    with Pack(path) as pack:
        assert pack.item("new.png").bytes < 200, "it is predicted from the memory"
        before = {name: pack[name] for name in pack}
    remove_from_pack(path, ["00.png", "05.png"], compacted=True)
    with Pack(path) as pack:
        assert len(pack) == COUNT - 1
        assert all(np.array_equal(pack[name], before[name]) for name in pack)
    assert api.verify(path).items == COUNT - 1


def test_it_smaller_than_without(folder: Path, data: bytes) -> None:
    plain = make_pack(folder, **{**ASKED, "train": False}).data  # type: ignore[arg-type]
    assert plain is not None
    assert len(data) < len(plain)


def test_a_memory_within_bytes(folder: Path) -> None:
    report = make_pack(folder, memory_bytes=700, **ASKED)  # type: ignore[arg-type]
    assert report.data is not None
    with Pack(report.data) as pack:
        memory = Memory.from_arrays(pack.codebooks()[0].arrays)
        assert memory is not None
        assert sum(map(len, memory)) <= 700


def test_targets_and_training_exclude_each_other(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"one quality"):
        make_pack(folder, train=True, target_psnr=30)


def test_one_picture_is_not_trained_on(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "00.png", tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"not two pictures"):
        make_pack(tmp_path, train=True, effort=0)


def test_items_that_need_too_many_or_later_ones(data: bytes) -> None:
    with Pack(data) as pack:
        book = pack.codebooks()[0]
    memory = Memory.from_arrays(book.arrays)
    assert memory is not None
    model = model_of(book)
    place = next(number for number in range(len(memory)) if Header.from_bytes(memory[number])[0].items)
    header, used = Header.from_bytes(memory[place])
    rest = memory[place][used:]

    def chained(references: list[tuple[int, ...]]) -> ItemStore:
        items = [header._replace(items=one, alpha=header.alpha).to_bytes() + rest for one in references]
        return ItemStore(Memory([memory[0], *items]), model)

    deep = chained([(number,) for number in range(MOST_NEEDED)])
    assert len(deep.needed(MOST_NEEDED - 1)) == MOST_NEEDED
    with pytest.raises(CodebookError, match=r"more than 32"):
        deep.needed(MOST_NEEDED)
    with pytest.raises(CodebookError, match=r"not before it"):
        chained([(1,)]).needed(1)
    with pytest.raises(CodebookError, match=r"other items"):
        decode_item(memory[place], model)


def test_heads_are_stored_once() -> None:
    items = [b"12345" + bytes([number]) * (3 + number) for number in range(40)]
    memory = Memory(items)
    assert memory.shared_bytes() == 5
    arrays = memory.to_arrays(5)
    assert arrays["memory_heads"].shape == (1, 5)
    assert list(Memory.from_arrays(arrays) or ()) == items
    for name, change in {
        "memory_heads": None,
        "memory_head_numbers": arrays["memory_head_numbers"] + np.uint8(1),
        "memory_rest_sizes": arrays["memory_rest_sizes"] + np.uint32(1),
    }.items():
        damaged = {**arrays, name: change}
        with pytest.raises(CodebookError):
            Memory.from_arrays({key: array for key, array in damaged.items() if array is not None})
    with pytest.raises(CodebookError, match=r"heads"):
        memory.to_arrays(8)


def test_plans_keep_the_order_and_the_bound() -> None:
    count = 60
    chance = np.random.default_rng(1)
    pairs = [(one, other) for one in range(count) for other in range(count) if one != other]
    saved = chance.integers(200, 4000, len(pairs))
    others, pictures = np.array([pair[1] for pair in pairs]), np.array([pair[0] for pair in pairs])
    entries = Entries(others, pictures, pictures, saved)
    candidates = Candidates(np.arange(count), entries, np.arange(count + 1))
    planned = plan(candidates, [300.0] * count, 5)
    assert sorted(one.picture for one in planned) == list(range(count))
    needed: dict[int, set[int]] = {}
    for one in planned:
        assert all(other in needed for other in one.references)
        needed[one.picture] = {one.picture}.union(*(needed[other] for other in one.references))
        assert len(needed[one.picture]) <= 5
    assert sum(bool(one.references) for one in planned) > count // 2


def test_codebooks_of_packs_are_whole(data: bytes) -> None:
    with Pack(data) as pack:
        book = pack.codebooks()[0]
    assert isinstance(book, Codebook)
    assert book.provenance.keys() == {"program"}
