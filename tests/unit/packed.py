"""Small packs for the tests: items of a registered codebook, and whole files."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from vqcodec import decode_image, encode_image
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.pack.access import access_to
from vqcodec.pack.changing import changed_pack, new_pack
from vqcodec.pack.items import Item, item_of
from vqcodec.pack.reader import PackReader

BOOK = "classic-4x4-256"  # the quickest one
COUNT = 40
TILES = [f"tiles/{number:03}.png" for number in range(COUNT)]


def picture(number: int, side: int = 12) -> np.ndarray:
    """A picture, uint8 (side, side, 3), another for each number."""
    return np.random.default_rng(number).integers(0, 255, (side, side, 3)).astype(np.uint8)


def coded(number: int, side: int = 12) -> bytes:
    """The `.vqc` file of a picture."""
    return encode_image(picture(number, side), codebook=BOOK, quality=10)


def samples_of(number: int) -> np.ndarray:
    """What the file of a picture decodes to."""
    return decode_image(coded(number))


def own_codebook() -> Codebook:
    """A codebook that was trained from BOOK."""
    shipped = load_codebook(BOOK)
    return Codebook(shipped.engine, "own", shipped.arrays, {**shipped.provenance, "parent": shipped.identity})


@cache
def item(number: int, side: int = 12) -> Item:
    """A picture as an item."""
    return item_of(coded(number, side), load_codebook(BOOK))


def filler(number: int, length: int) -> Item:
    """Some bytes as an item, which no engine could decode."""
    return Item(2, random.Random(number).randbytes(length), item(0).codebook, b"12345")


def packed(items: Mapping[str, Item]) -> bytes:
    """A pack of these items."""
    file = io.BytesIO()
    with new_pack(file) as writer:
        for name, one in items.items():
            writer.add(name, one)
    return file.getvalue()


@cache
def tiles() -> bytes:
    """A pack of COUNT pictures, called TILES."""
    return packed({name: item(number) for number, name in enumerate(TILES)})


def add(path: Path, items: Mapping[str, Item], removed: tuple[str, ...] = ()) -> None:
    """Change a pack."""
    with changed_pack(path) as (writer, _):
        for name in removed:
            writer.remove(name)
        for name, one in items.items():
            writer.add(name, one)


def contents(data: bytes, *, salvage: bool = False) -> dict[str, bytes]:
    """All items of a pack as `.vqc` files, each found by its name."""
    reader = PackReader(access_to(data), salvage=salvage)
    found = {}
    for entry in reader.entries():
        assert reader.find(entry.name) == entry
        found[entry.name] = reader.file(entry)
    assert len(found) == len(reader)
    return found
