"""Pictures that are predicted from a codebook's memory, and its items."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform
from PIL import Image

from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.training.memory_training import initial_changes, train_memory, with_memory
from vqcodec.blocks.training.train import Remembered
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.codebook.memory import Memory
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.image import decode_image, encode_image
from vqcodec.image.inspection import inspect_picture
from vqcodec.image.transform import engine
from vqcodec.image.transform.engine import model_of
from vqcodec.image.transform.memory import looks
from vqcodec.image.transform.memory.choice import ItemChooser
from vqcodec.image.transform.memory.items import code_item, decode_item
from vqcodec.image.transform.memory.store import ItemStore
from vqcodec.image.transform.planes import planes_of, samples_of
from vqcodec.report_page.atlas import atlas_of


@pytest.fixture(scope="module")
def model():
    return model_of(load_codebook("photo"))


def smooth_picture(height: int, width: int, channels: int) -> np.ndarray:
    """Return a picture with gradients and a bright square, uint8 (height, width, channels)."""
    y, x = np.mgrid[:height, :width]
    planes = [(40 + 60 * c + 2 * y + (3 - c) * x) % 200 for c in range(channels)]
    samples = np.stack(planes, axis=2).astype(np.uint8)
    samples[height // 4 : height // 2, width // 3 : width // 2] = 250
    return samples


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_items_decode_to_the_picture(model, channels: int) -> None:
    samples = smooth_picture(37, 50, channels)
    item = decode_item(code_item(samples, model, 90, effort=4), model)
    colours = 1 if channels < 3 else 3
    decoded = samples_of([np.ascontiguousarray(plane) for plane in item.planes_for("444" if colours == 3 else "grey")])
    wanted = samples[:, :, :colours].astype(int)
    rounded = (decoded + 8) >> 4 if colours == 1 else decoded
    assert np.mean((rounded.astype(int) - wanted) ** 2) < 20
    if channels in (2, 4):
        assert np.array_equal(item.alpha, samples[:, :, -1])
    else:
        assert item.alpha is None


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("subsampling", ["444", "420", "grey"])
def test_planes_have_the_size_of_the_picture_to_predict(model, channels: int, subsampling: str) -> None:
    item = decode_item(code_item(smooth_picture(37, 50, channels), model, 60, effort=2), model)
    shapes = [plane.shape for plane in item.planes_for(subsampling)]
    chroma = (19, 25) if subsampling == "420" else (37, 50)
    assert shapes == ([(37, 50)] if subsampling == "grey" else [(37, 50), chroma, chroma])


def test_too_large_a_picture_is_no_item(model) -> None:
    with pytest.raises(UsageError, match="1281x4 pixels cannot be an item"):
        code_item(np.zeros((4, 1281, 1), np.uint8), model, 50)


def test_a_damaged_item_is_named(model) -> None:
    item = code_item(smooth_picture(64, 64, 3), model, 50, effort=2)
    with pytest.raises(CodebookError, match="item 7 of its memory cannot be used"):
        decode_item(item[: len(item) // 2], model, "item 7")


def textured_picture(seed: int, height: int, width: int, channels: int) -> np.ndarray:
    """Return a random picture of flat areas, ramps and some noise, uint8 (height, width, channels)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (-(-height // 9), -(-width // 7), channels))
    samples = np.repeat(np.repeat(coarse, 9, axis=0), 7, axis=1)[:height, :width]
    samples = samples + np.arange(width)[None, :, None] + rng.integers(0, 12, samples.shape)
    samples[height // 3 :, : width // 2, -1] = 255
    return np.clip(samples, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    """A codebook with a memory of pictures of several sizes and kinds, and tables from formulas."""
    photo = load_codebook("photo")
    model = model_of(photo)
    shapes = [(64, 64, 3), (40, 90, 3), (64, 64, 4), (48, 48, 1)]
    items = [code_item(textured_picture(i, *shape), model, 85, effort=2) for i, shape in enumerate(shapes)]
    arrays = with_memory(model, initial_changes(model)).to_arrays() | Memory(items).to_arrays()
    return Codebook(photo.engine, "remembering", arrays, {})


def similar_picture(seed: int, height: int, width: int, channels: int, moved: int = 0) -> np.ndarray:
    """Return a picture like item `seed` of the codebook, with a part of it moved, and a part that is its own."""
    samples = textured_picture(seed, 64, 64, 3)
    samples = np.roll(samples, (moved, -moved), axis=(0, 1))[:height, :width]
    samples[-12:, -20:] = 255 - samples[-12:, -20:]
    if channels < 3:
        samples = samples[:, :, :1]
    if channels in (2, 4):
        samples = np.concatenate([samples, np.full((*samples.shape[:2], 1), 200, np.uint8)], axis=2)
    return np.ascontiguousarray(samples)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("size", "moved"), [((64, 64), 0), ((61, 50), 3), ((7, 64), 0)])
@pytest.mark.parametrize("chroma", ["444", "420"])
def test_pictures_decode_to_what_the_encoder_said(codebook, channels, size, moved, chroma) -> None:
    samples = similar_picture(0, *size, channels, moved)
    for quality, tune in ((40, "psnr"), (80, "ssim")):
        coded = engine.encode(samples, codebook, quality, 5, options={"tune": tune, "chroma": chroma})
        said = engine.describe(coded.header)
        assert said.get("memory_items", [0])[0] == 0 or size == (7, 64)
        assert ("memory_items" in said) == ("luma motion" in coded.bits_by_part)
        decoded = engine.decode(coded.header, coded.packets, codebook)
        assert np.array_equal(decoded, coded.reconstruction)
        assert engine.count_bits(coded.header, coded.packets, codebook) == coded.bits_by_part
        assert sum(coded.bits_by_part.values()) == 8 * (len(coded.header) + sum(map(len, coded.packets)))


@pytest.mark.parametrize("seed", range(6))
def test_patchworks_of_items_decode_to_what_the_encoder_said(codebook, seed: int) -> None:
    """Neighbours with places of their own: the candidates of a block depend on what is decoded before it."""
    rng = np.random.default_rng(seed)
    sources = [np.tile(textured_picture(i, 64, 64, 3), (2, 2, 1)) for i in (0, 2)]
    samples = np.empty((64, 64, 3), np.uint8)
    for y in range(0, 64, 8):
        for x in range(0, 64, 8):
            source = sources[rng.integers(2)]
            down, across = rng.integers(0, 4, 2)
            samples[y : y + 8, x : x + 8] = source[y + down : y + down + 8, x + across : x + across + 8]
    for chroma in ("444", "420"):
        coded = engine.encode(samples, codebook, 85, 8, options={"tune": "psnr", "chroma": chroma})
        assert np.array_equal(engine.decode(coded.header, coded.packets, codebook), coded.reconstruction)


def test_a_known_picture_takes_far_fewer_bytes(codebook) -> None:
    samples = similar_picture(0, 64, 64, 3)
    photo = load_codebook("photo")
    known, unknown = (engine.encode(samples, book, 50, 5).packets[0] for book in (codebook, photo))
    assert len(known) < 0.6 * len(unknown)


def test_the_compact_form_holds_the_items(codebook) -> None:
    samples = similar_picture(0, 64, 64, 3, 2)
    data = encode_image(samples, codebook=codebook, quality=50)
    assert len(data) < 60 + 0.6 * len(encode_image(samples, quality=50))
    assert np.array_equal(decode_image(data, codebook=codebook), decode_image(data, codebook=codebook, threads=1))


def test_excluded_items_are_not_used(codebook) -> None:
    samples = similar_picture(0, 64, 64, 3)
    coded = engine.encode(samples, codebook, 50, 3, without_items=[0])
    assert 0 not in engine.describe(coded.header).get("memory_items", [])
    plain = engine.encode(samples, codebook, 50, 3, without_items=range(4))
    assert plain.packets == engine.encode(samples, load_codebook("photo"), 50, 3).packets


def test_bytes_do_not_depend_on_threads(codebook) -> None:
    samples = np.tile(similar_picture(0, 64, 64, 3), (2, 3, 1))
    coded = [engine.encode(samples, codebook, 50, 3, threads).packets for threads in (1, 3)]
    assert coded[0] == coded[1]


def test_a_picture_with_tiles_uses_no_memory(codebook) -> None:
    samples = np.tile(similar_picture(0, 64, 64, 3), (1, 21, 1))
    coded = engine.encode(samples, codebook, 30, 1)
    assert "memory_items" not in engine.describe(coded.header)
    header = bytearray(engine.encode(samples[:, :1280], codebook, 30, 1).header)
    if header[4] & 0x80:
        header[0:2] = b"\x80\x0a"  # 1281 wide
        with pytest.raises(CorruptFileError, match="it has tiles, and uses a memory"):
            engine.describe(bytes(header))


def test_another_codebook_is_named(codebook) -> None:
    coded = engine.encode(similar_picture(0, 64, 64, 3), codebook, 50, 3)
    with pytest.raises(CodebookError, match="predicted from a memory, and codebook photo has none"):
        engine.decode(coded.header, coded.packets, load_codebook("photo"))


def test_an_item_that_is_missing_is_named(codebook) -> None:
    coded = engine.encode(similar_picture(0, 64, 64, 3), codebook, 50, 3)
    header = bytearray(coded.header)
    header[6] = 3 * 30  # item 30 alone
    with pytest.raises(CorruptFileError, match="item 30 of its codebook's memory, which has 4 items"):
        engine.decode(bytes(header[:7]), coded.packets, codebook)


def test_a_damaged_item_of_a_codebook_is_named(codebook) -> None:
    memory = Memory.from_arrays(codebook.arrays)
    assert memory is not None
    damaged = Memory([memory[0][:-40], *memory[1:]])
    book = Codebook(codebook.engine, "damaged", {**codebook.arrays, **damaged.to_arrays()}, {})
    coded = engine.encode(similar_picture(0, 64, 64, 3), codebook, 50, 3)
    with pytest.raises(CodebookError, match="item 0 of its memory cannot be used"):
        engine.decode(coded.header, coded.packets, book)


def test_a_giant_item_is_refused_before_it_is_decoded(model) -> None:
    item = code_item(smooth_picture(16, 16, 1), model, 50, effort=2)
    giant = b"\xff\x7f\xff\x7f" + item[2:]
    with pytest.raises(CodebookError, match="16384x16384 pixels are more than 1280 a side"):
        decode_item(giant, model)


def test_an_item_cannot_be_predicted_from_others(codebook) -> None:
    coded = engine.encode(similar_picture(0, 64, 64, 3), codebook, 50, 3)
    with pytest.raises(CodebookError, match="predicted from other items"):
        decode_item(coded.header + coded.packets[0], model_of(codebook))


@pytest.mark.parametrize("channels", [1, 3])
def test_damaged_packets_are_refused_or_decoded(codebook, channels: int) -> None:
    coded = engine.encode(similar_picture(0, 64, 64, channels, 3), codebook, 60, 3)
    rng = np.random.default_rng(0)
    for _ in range(60):
        packet = bytearray(coded.packets[0])
        for _ in range(3):
            packet[rng.integers(len(packet))] ^= 1 << rng.integers(8)
        try:
            decoded = engine.decode(coded.header, [bytes(packet)], codebook)
        except CorruptFileError:
            continue
        assert decoded.shape == (64, 64, channels)


def test_trained_tables_save_bits_and_keep_the_others(codebook) -> None:
    model = model_of(codebook)
    store = engine.memory_of(codebook)
    assert store is not None
    pictures = []
    for moved in range(4):
        planes = planes_of(similar_picture(0, 64, 64, 3, moved), "444")
        pictures.append(Remembered(planes, store.references([0], "444")))
    parameters = CodingParameters(0, subsampling="444", effort=4)
    trained = train_memory([pictures], carrier=ThreadCarrier(2), model=model, parameters=parameters, rounds=1)
    shards, alone = [pictures[:3], pictures[3:]], ThreadCarrier(1)
    once_more = train_memory(shards, carrier=alone, model=model, parameters=parameters, rounds=1)
    arrays = trained.to_arrays()
    assert all(np.array_equal(arrays[name], array) for name, array in once_more.to_arrays().items())
    assert all(np.array_equal(arrays[n], a) for n, a in codebook.arrays.items() if not n.startswith("memory"))
    better = Codebook(codebook.engine, "trained", {**codebook.arrays, **arrays}, {})
    samples = similar_picture(0, 64, 64, 3, 2)
    sizes = [len(engine.encode(samples, book, 50, 5).packets[0]) for book in (codebook, better)]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("size", [(64, 64), (70, 50)])
def test_alpha_is_the_difference_from_a_known_one(codebook, size) -> None:
    whole = textured_picture(2, 64, 64, 4)
    samples = np.pad(whole, ((0, 6), (0, 0), (0, 0)), mode="edge")[: size[0], : size[1]].copy()
    samples[5:9, 5:9, 3] ^= 1
    coded = engine.encode(samples, codebook, 50, 3)
    assert (
        coded.bits_by_part["alpha"] < 0.3 * engine.encode(samples, load_codebook("photo"), 50, 3).bits_by_part["alpha"]
    )
    decoded = engine.decode(coded.header, coded.packets, codebook)
    assert np.array_equal(decoded, coded.reconstruction)
    assert np.array_equal(decoded[:, :, 3], samples[:, :, 3])
    plain = reference_transform.decode(
        coded.header, coded.packets, reference.parse_canonical(codebook.canonical_bytes())
    )
    assert np.array_equal(decoded, np.array(plain))


def test_of_a_large_memory_few_items_are_decoded(model) -> None:
    shapes = [(24, 40, 3), (32, 32, 1)]
    pictures = [textured_picture(seed, *shapes[seed % 7 == 3]) for seed in range(looks.FEW + 1)]
    memory = Memory([code_item(picture, model, 80, effort=0) for picture in pictures])
    known = looks.from_arrays(looks.looks_of(ItemStore(memory, model)), len(memory))
    assert known is not None
    for number in (0, 3, 77):
        planes = planes_of(pictures[number], "444" if pictures[number].shape[2] == 3 else "grey")
        fine = np.stack([plane if plane.dtype == np.int16 else plane.astype(np.int16) << 4 for plane in planes])
        store = ItemStore(memory, model)
        kind = "444" if len(fine) == 3 else "grey"
        chooser = ItemChooser(store, kind, known)
        assert chooser.nearest(fine, 20.0, 3)[0] == number
        assert len(store._kept) < len(memory)
        assert chooser.choose(fine, 20.0).items[0] == number
        assert chooser.choose(fine, 20.0, [number]).items[:1] != [number]
    few = Memory([memory[number] for number in range(looks.FEW)])
    assert looks.looks_of(ItemStore(few, model)) == {}


def test_looks_of_another_shape_are_refused() -> None:
    with pytest.raises(CodebookError, match="'memory_looks' must hold 12 bytes for each of 4 items"):
        looks.from_arrays({"memory_looks": np.zeros((4, 11), np.uint8)}, 4)


def test_blocks_from_memory_tell_item_and_displacement(codebook: Codebook) -> None:
    data = encode_image(similar_picture(0, 64, 64, 3, moved=3), codebook=codebook, quality=60, effort=3)
    planes = inspect_picture(data, codebook)
    for plane in planes:
        remembered = plane.item >= 0
        assert [plane.modes[mode] == "memory" for mode in plane.mode] == list(remembered)
        assert not plane.moved_down[~remembered].any()
    luma, area = planes[0], planes[0].height * planes[0].width
    # Rolled by 3 down and 3 to the left, so it comes from 3 up and 3 to the right
    rightly = (luma.item == 0) & (luma.moved_down == -3) & (luma.moved_right == 3)
    assert area[rightly].sum() > 0.4 * 64 * 64


def test_the_atlas_shows_the_memory(codebook: Codebook) -> None:
    figure = atlas_of(codebook, "here").figures[0]
    assert figure.title == "Memory"
    with Image.open(io.BytesIO(base64.b64decode(figure.picture.partition(",")[2]))) as shown:
        samples = np.asarray(shown.convert("RGB")).astype(int)
    for number, (height, width, channels) in enumerate([(64, 64, 3), (40, 90, 3), (64, 64, 4), (48, 48, 1)]):
        tile = samples[1 : 1 + height, 1 + 97 * number :][:, :width]
        wanted = textured_picture(number, height, width, channels)[:, :, :3].astype(int)
        assert np.mean((tile - wanted) ** 2) < 60
