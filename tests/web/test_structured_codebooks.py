"""Block codebooks of a structure in the browser: the same codewords as in Python, and refused where Python refuses."""

from __future__ import annotations

import numpy as np
import pytest
from browser_decoder import compact, outcomes, pixels
from make_structures import codebook_of, tables_of

from vqcodec.errors import CodebookError
from vqcodec.image import decode_image, encode_image


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
