"""Pictures that are predicted from a codebook's memory, in the browser: the same pixels and errors as in Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browser_decoder import compact, outcomes, pixels
from test_picture_memory import similar_picture, textured_picture

from vqcodec.blocks.training.memory_training import initial_changes, with_memory
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.file import file_bytes
from vqcodec.codebook.library import load_codebook
from vqcodec.codebook.memory import Memory
from vqcodec.errors import VQCodecError
from vqcodec.image import decode_image, encode_image
from vqcodec.image.engines import TogetherOptions
from vqcodec.image.transform import coding, engine
from vqcodec.image.transform.header import Header
from vqcodec.image.transform.memory.items import code_item
from vqcodec.image.transform.together.result import code_together

GOLDEN = Path(__file__).parents[1] / "golden"
SHAPES = ((64, 64, 3), (40, 90, 3), (64, 64, 4), (48, 48, 1))


STORED = 0  # how the arrays are packed


def stored(codebook):
    """The file of a codebook, which is not packed."""
    raw = codebook.canonical_bytes()
    return file_bytes(codebook.engine, codebook.name, len(raw), codebook.digest, STORED, raw)


@pytest.fixture(scope="module")
def codebook():
    """A codebook with a memory of pictures of several sizes and kinds."""
    photo = load_codebook("photo")
    model = engine.model_of(photo)
    items = [code_item(textured_picture(n, *shape), model, 85, effort=2) for n, shape in enumerate(SHAPES)]
    arrays = with_memory(model, initial_changes(model)).to_arrays() | Memory(items).to_arrays()
    return Codebook(photo.engine, "remembering", arrays, {})


@pytest.fixture
def book(codebook, tmp_path):
    """Its file."""
    file = tmp_path / "remembering.vqcb"
    file.write_bytes(stored(codebook))
    return file


def known_picture(number, channels, moved):
    """A picture like an item, moved, with a part that is its own and one of another item."""
    colour = textured_picture(number, *SHAPES[number])[:, :, :3]
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour.copy()
    other = textured_picture(0, *SHAPES[0])
    colour[:20, -30:] = other[7:27, 3:33]
    colour = np.roll(colour, (moved, -moved), axis=(0, 1))[:-3, :-5]
    colour[-9:, -12:] = 255 - colour[-9:, -12:]
    samples = colour if channels > 2 else colour[:, :, :1]
    if channels % 2 == 0:
        samples = np.concatenate([samples, np.full((*samples.shape[:2], 1), 200, np.uint8)], axis=2)
    return np.ascontiguousarray(samples)


def items_of(data):
    """The items that a picture of the compact form is predicted from."""
    return Header.from_bytes(data[7:-4])[0].items


def test_pictures_are_those_of_python(codebook, book, decoder, tmp_path, monkeypatch):
    """Predicted from one, two or three items, whether that makes them smaller or not."""
    monkeypatch.setattr(coding, "cost_of", lambda _, coded, __: 0.0 if coded.parameters.remembering else 1e18)
    files = {}
    for number in range(len(SHAPES)):
        items = (number, 0, 3)[: 1 + number % 3]

        def choose(_, store, __, ___, parameters, items=items):
            references = store.references(items, parameters.subsampling)
            return coding.ChosenReferences(items, references, store[items[0]].alpha)

        monkeypatch.setattr(engine, "_choose_items", choose)
        for channels in range(1, 5):
            for chroma in ("444", "420"):
                samples = known_picture(number, channels, 3 * (channels - 2))
                data = encode_image(samples, codebook=codebook, quality=30 + 15 * channels, effort=3, chroma=chroma)
                assert items_of(data) == items
                file = tmp_path / f"{number}-{channels}-{chroma}.vqc"
                file.write_bytes(data)
                files[file] = decode_image(data, codebook=codebook)
    for (file, samples), found in zip(files.items(), outcomes(decoder, list(files), [book]), strict=True):
        assert found.get("result") == pixels(samples), (file.name, found)


def test_damage_behind_right_checksums_ends_as_in_python(codebook, book, decoder, tmp_path):
    chance = np.random.default_rng(3)
    whole = encode_image(similar_picture(0, 64, 64, 3, 2), codebook=codebook, quality=60, effort=3)
    assert items_of(whole)
    files, wanted = [], []
    for number in range(30):
        body = bytearray(whole[7:-4])
        for at in chance.integers(0, 8 if number % 3 == 0 else len(body), chance.integers(1, 3)):
            body[at] = chance.integers(256)
        files.append(tmp_path / f"{number}.vqc")
        files[-1].write_bytes(compact(whole[2:3], codebook, body))
        try:
            wanted.append({"result": pixels(decode_image(files[-1].read_bytes(), codebook=codebook))})
        except VQCodecError as error:
            wanted.append({"error": type(error).__name__})
    for file, expected, found in zip(files, wanted, outcomes(decoder, files, [book]), strict=True):
        assert expected.items() <= found.items(), (file.name, found, expected)
    assert 5 < sum("error" in one for one in wanted) < len(files)


@pytest.mark.parametrize("kind", ["memory", "alpha", "copies", "palettes", "mixed"])
def test_golden_pictures_are_those_of_python(decoder, kind):
    files = sorted(GOLDEN.glob(f"{kind}-*.vqc"))
    book = GOLDEN / f"{kind}.vqcb"
    codebook = Codebook.from_bytes(book.read_bytes())
    assert len(files) > 1
    for file, found in zip(files, outcomes(decoder, files, [book]), strict=True):
        assert found.get("result") == pixels(decode_image(file.read_bytes(), codebook=codebook)), (file.name, found)


def test_items_that_are_predicted_from_items(decoder, tmp_path):
    photo = load_codebook("photo")
    base = textured_picture(1, 40, 48, 4)
    base[:, :, 3] = 255
    base[:9, :9, 3] = 60
    pictures = []
    for number in range(9):
        samples = base[:, :, : 3 + number % 2].copy()
        samples[4 + number : 16 + number, 6:22, :3] = textured_picture(2 + number, 12, 16, 3)
        pictures.append(samples)
    book, placed = code_together(pictures, photo, TogetherOptions(60.0, 2, {"tune": "psnr"}))
    items = Memory.from_arrays(book.arrays)
    assert any(Header.from_bytes(item)[0].items for item in items)
    form = encode_image(pictures[0], codebook=photo, quality=10, effort=0)[2:3]
    (tmp_path / "book.vqcb").write_bytes(stored(book))
    files = [tmp_path / f"{number}.vqc" for number in range(len(placed))]
    for file, one in zip(files, placed, strict=True):
        file.write_bytes(compact(form, book, one.header + one.packet))
    for one, found in zip(placed, outcomes(decoder, files, [tmp_path / "book.vqcb"]), strict=True):
        assert found.get("result") == pixels(one.reconstruction), found


FAULTS = {
    "no memory": {"memory_bytes": None, "memory_sizes": None},
    "no sizes": {"memory_sizes": None},
    "sizes of another type": {"memory_sizes": lambda sizes: sizes.astype(np.int32)},
    "sizes that disagree": {"memory_sizes": lambda sizes: sizes + np.uint32(1)},
    "no tables": {"memory_groups": None},
    "groups from 1 on": {"memory_groups": lambda groups: groups + np.uint8(1)},
    "no motions": {"memory_luma_motions": None},
    "a context without a table": {"memory_luma_rows": lambda rows: np.zeros_like(rows)},
    "a table that is not there": {"memory_chroma_rows": lambda rows: rows + np.uint16(9)},
}


ALPHA_FAULTS = {
    "no chances": lambda arrays: {name: array for name, array in arrays.items() if "alpha" not in name},
    "too few": lambda arrays: arrays | {"alpha_chances": arrays["alpha_chances"][1:]},
    "of another type": lambda arrays: arrays | {"alpha_chances": arrays["alpha_chances"].astype(np.uint16)},
    "impossible": lambda arrays: arrays | {"alpha_chances": arrays["alpha_chances"] | np.uint8(96)},
}


def test_what_are_no_chances(decoder, tmp_path):
    whole = (GOLDEN / "alpha-alone.vqc").read_bytes()
    codebook = Codebook.from_bytes((GOLDEN / "alpha.vqcb").read_bytes())
    files, books = [], []
    for name, change in ALPHA_FAULTS.items():
        other = Codebook(codebook.engine, "other", change(dict(codebook.arrays)), {})
        files.append(tmp_path / f"{name}.vqc")
        files[-1].write_bytes(compact(whole[2:3], other, whole[7:-4]))
        books.append(tmp_path / f"{name}.vqcb")
        books[-1].write_bytes(stored(other))
        with pytest.raises(VQCodecError) as caught:
            decode_image(files[-1].read_bytes(), codebook=other)
        assert type(caught.value).__name__ == "CodebookError", name
    for file, found in zip(files, outcomes(decoder, files, books), strict=True):
        assert found.get("error") == "CodebookError", (file.name, found)


def test_what_is_no_memory(codebook, decoder, tmp_path):
    whole = encode_image(similar_picture(0, 64, 64, 3, 2), codebook=codebook, quality=60, effort=3)
    files, books = [], []
    for name, changes in FAULTS.items():
        arrays = dict(codebook.arrays)
        for array, change in changes.items():
            arrays[array] = change and change(arrays[array])
        other = Codebook(codebook.engine, "other", {k: v for k, v in arrays.items() if v is not None}, {})
        files.append(tmp_path / f"{name}.vqc")
        files[-1].write_bytes(compact(whole[2:3], other, whole[7:-4]))
        books.append(tmp_path / f"{name}.vqcb")
        books[-1].write_bytes(stored(other))
        with pytest.raises(VQCodecError) as caught:
            decode_image(files[-1].read_bytes(), codebook=other)
        assert type(caught.value).__name__ == "CodebookError", name
    for file, found in zip(files, outcomes(decoder, files, books), strict=True):
        assert found.get("error") == "CodebookError", (file.name, found)
