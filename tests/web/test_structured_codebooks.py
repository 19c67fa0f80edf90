"""Block codebooks of a structure in the browser: the same codewords as in Python, and refused where Python refuses."""

from __future__ import annotations

import numpy as np
import pytest
from browser_decoder import compact, outcomes, pixels

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError
from vqcodec.image import decode_image, encode_image

SIZE, SIDE = 16, 2


def tables_of(structure, chance):
    """Tables that give 16 codewords of four samples, some of them beyond 0 to 255."""

    def numbers(rows, columns):
        return chance.integers(-60, 200, (rows, columns)).astype(np.int16)

    directions = chance.normal(size=(4, 4))
    shapes = np.rint(directions / np.linalg.norm(directions, axis=1, keepdims=True) * 16384)
    parents = [-1, *((node - 1) // 2 for node in range(1, 31))]
    return {
        1: {"nodes": numbers(31, 4), "parents": np.array(parents, np.int16)},
        2: {"stage0": numbers(4, 4), "stage1": numbers(2, 4), "stage2": numbers(2, 4).astype(np.int32)},
        3: {"part0": np.abs(numbers(4, 1)).astype(np.uint8), "part1": numbers(4, 3)},
        4: {"gains": np.abs(numbers(4, 1)), "shapes": shapes.astype(np.int16)},
        5: {"means": numbers(4, 1), "residuals": numbers(4, 4)},
    }[structure]


def codebook_of(structure, tables):
    arrays = {
        "layout": np.array([0], np.uint8),
        "side": np.array([SIDE], np.uint8),
        "luma.structure": np.array([structure], np.uint8),
        "luma.codewords": np.zeros((SIZE, SIDE * SIDE), np.uint8),  # which nobody looks at
        "luma.left_class": np.zeros(SIZE, np.uint8),
        "luma.up_class": np.zeros(SIZE, np.uint8),
        "luma.index_lengths": np.full((1, SIZE), 4, np.uint8),
        "luma.run_lengths": np.array([[4] * 14 + [5] * 4], np.uint8),
        "luma.first": np.array([0], np.int32),
    }
    return Codebook("image/block", f"structure-{structure}", arrays | {f"luma.{k}": v for k, v in tables.items()}, {})


def test_the_same_codewords(decoder, tmp_path):
    chance = np.random.default_rng(3)
    picture = chance.integers(0, 256, (37, 51), dtype=np.uint8)
    files, books, wanted = [], [], []
    for structure in range(1, 6):
        codebook = codebook_of(structure, tables_of(structure, chance))
        files.append(tmp_path / f"{structure}.vqc")
        books.append(tmp_path / f"{structure}.vqcb")
        files[-1].write_bytes(encode_image(picture, codebook=codebook, quality=100))
        books[-1].write_bytes(codebook.to_bytes())
        wanted.append(pixels(decode_image(files[-1].read_bytes(), codebook=codebook)))
    assert len({one["sha256"] for one in wanted}) == 5
    assert [found.get("result") for found in outcomes(decoder, files, books)] == wanted


@pytest.fixture(scope="module")
def packet():
    """The header and the indices of a picture, for a codebook of 16 codewords."""
    chance = np.random.default_rng(3)
    codebook = codebook_of(1, tables_of(1, chance))
    return encode_image(chance.integers(0, 256, (9, 9), dtype=np.uint8), codebook=codebook, quality=100)[7:-4]


FAULTS = {
    "unknown": (6, {}),
    "no stages": (2, {"stage0": None}),
    "another type": (1, {"nodes": lambda nodes: nodes.astype(np.int64)}),
    "another dimension": (2, {"stage1": np.zeros((2, 3), np.uint8)}),
    "too short in all": (3, {"part1": np.zeros((4, 2), np.uint8)}),
    "one axis": (5, {"means": np.zeros(4, np.uint8)}),
    "wide means": (5, {"means": np.zeros((4, 2), np.uint8)}),
    "too large": (5, {"residuals": np.full((4, 4), 2**24 + 1, np.int32)}),
    "a root with a parent": (1, {"parents": lambda parents: np.maximum(parents, 0)}),
    "a parent behind": (1, {"parents": lambda parents: np.append(parents[:-1], 30).astype(np.int16)}),
    "parents that fall": (1, {"parents": lambda parents: np.append(parents[:-1], 2).astype(np.int16)}),
    "too few parents": (1, {"parents": lambda parents: parents[:-1]}),
    "too many nodes": (
        1,
        {
            "nodes": np.zeros((65_600, 4), np.uint8),
            "parents": np.minimum(np.arange(65_600) - 1, 65_583).astype(np.int32),
        },
    ),
    "a gain below 0": (4, {"gains": lambda gains: gains - np.int16(200)}),
    "no unit vector": (4, {"shapes": lambda shapes: shapes // 2}),
    "too many codewords": (3, {"part0": np.zeros((16385, 1), np.uint8)}),
    "too many parts": (3, {f"part{number}": np.zeros((1, 1), np.uint8) for number in range(2, 17)}),
    "codewords that no index has": (2, {"stage2": None}),
}


def test_what_is_no_structure(decoder, packet, tmp_path):
    chance = np.random.default_rng(3)
    files, books = [], []
    for name, (structure, changes) in FAULTS.items():
        tables = tables_of(min(structure, 5), chance)
        for part, change in changes.items():
            tables[part] = change(tables[part]) if callable(change) else change
        codebook = codebook_of(structure, {part: table for part, table in tables.items() if table is not None})
        files.append(tmp_path / f"{name}.vqc")
        books.append(tmp_path / f"{name}.vqcb")
        files[-1].write_bytes(compact(b"\x11", codebook, packet))
        books[-1].write_bytes(codebook.to_bytes())
        with pytest.raises(CodebookError):
            decode_image(files[-1].read_bytes(), codebook=codebook)
    for file, found in zip(files, outcomes(decoder, files, books), strict=True):
        assert found.get("error") == "CodebookError", (file.name, found)
