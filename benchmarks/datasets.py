"""Pictures to measure on: a folder of photographs, and sets of many small pictures of one kind.

A small-picture set is split so that nothing of what is tested has been seen in training: by photograph, by
person, or by drawing. Every choice is fixed, so that a set is the same wherever the folders are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Samples = NDArray[np.uint8]  # (height, width, 3) or (height, width)

DATA = Path(__file__).parent.parent / ".." / "shared" / "data"
KODAK = DATA / "images" / "kodak"
SUFFIXES = {".png", ".ppm", ".pgm", ".bmp", ".tif", ".tiff"}  # lossless ones only

TILE_REDUCTION = 4  # photographs are reduced this much before tiles are cut, as a map or a thumbnail would be
TRAINING_TILES = 1000
TEST_TILES = 240
TEST_EMOJI = 210
LAST_TRAINING_PERSON = 30  # of 40 in the ORL faces
SHUFFLE_SEED = 1


class MissingDataError(Exception):
    """A folder of pictures is not there."""


@dataclass(frozen=True)
class Picture:
    name: str
    samples: Samples


@dataclass(frozen=True)
class SmallPictures:
    """Small pictures of one kind: those to train a codebook on, and those to test it with."""

    name: str
    label: str
    split: str
    training: list[Samples]
    test: list[Picture]


def photographs(folder: Path, *, grey: bool = False, limit: int | None = None) -> list[Picture]:
    """The losslessly stored pictures of a folder in the order of their names, as RGB or as rounded BT.601
    luma.

    Args:
        limit: take this many at most, evenly spread over the folder.

    Raises:
        MissingDataError: the folder is not there or holds no such picture.
    """
    paths = _pictures_in(folder)
    if limit is not None and limit < len(paths):
        paths = [paths[i * len(paths) // limit] for i in range(limit)]
    return [Picture(path.stem, _read(path, "grey" if grey else "RGB")) for path in paths]


def tiles(side: int) -> SmallPictures:
    """Square colour tiles cut from photographs reduced 4x; trained on other photographs than those tested."""
    training = list(_cut(DATA / "images" / "train", side, stride=side // 2))
    test = list(_cut(KODAK, side, stride=side))
    return SmallPictures(
        f"tiles{side}",
        f"photograph tiles {side}x{side}",
        f"{TRAINING_TILES} tiles of 74 photographs to train, {TEST_TILES} of Kodak's 24 to test; reduced 4x",
        [tile.samples for tile in _draw(training, TRAINING_TILES)],
        _draw(test, TEST_TILES),
    )


def faces() -> SmallPictures:
    """Faces, 92x112 grey (ORL): persons 1 to 30 to train, 31 to 40 to test, ten pictures each."""
    training: list[Picture] = []
    test: list[Picture] = []
    for path in _pictures_in(DATA / "images" / "tiles" / "orl_faces"):
        person = int(path.stem.split("_")[0].removeprefix("s"))
        picture = Picture(path.stem, _read(path, "L"))
        (training if person <= LAST_TRAINING_PERSON else test).append(picture)
    split = "30 persons to train, 10 others to test"
    return SmallPictures("faces", "faces 92x112", split, [picture.samples for picture in training], test)


def emoji() -> SmallPictures:
    """Emoji, 64x64 colour (Noto): two of every three to train, a part of the others to test."""
    pictures = [
        Picture(path.stem, _read(path, "RGB")) for path in _pictures_in(DATA / "images" / "tiles" / "emoji_noto64")
    ]
    training = [picture.samples for i, picture in enumerate(pictures) if i % 3 != 2]
    split = f"two thirds to train, {TEST_EMOJI} of the others to test"
    return SmallPictures("emoji", "emoji 64x64", split, training, _draw(pictures[2::3], TEST_EMOJI))


SMALL_PICTURE_SETS: dict[str, Callable[[], SmallPictures]] = {
    "tiles32": lambda: tiles(32),
    "tiles64": lambda: tiles(64),
    "faces": faces,
    "emoji": emoji,
}


def _pictures_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise MissingDataError(f"{folder} is missing: pass a folder of pictures of your own")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise MissingDataError(f"{folder} holds no losslessly stored picture ({', '.join(sorted(SUFFIXES))})")
    return paths


def _read(path: Path, mode: str) -> Samples:
    with Image.open(path) as picture:
        if mode == "grey":
            samples = np.asarray(picture.convert("RGB"), np.float64) @ (0.299, 0.587, 0.114)
            return np.round(samples).astype(np.uint8)
        return np.asarray(picture.convert(mode))


def _cut(folder: Path, side: int, stride: int) -> Iterator[Picture]:
    for path in _pictures_in(folder):
        with Image.open(path) as picture:
            small = np.asarray(picture.convert("RGB").reduce(TILE_REDUCTION))
        for top in range(0, small.shape[0] - side + 1, stride):
            for left in range(0, small.shape[1] - side + 1, stride):
                tile = np.ascontiguousarray(small[top : top + side, left : left + side])
                yield Picture(f"{path.stem}_{left}_{top}", tile)


def _draw(pictures: list[Picture], count: int) -> list[Picture]:
    """`count` pictures at random (all, if there are not more), in their order."""
    if len(pictures) <= count:
        return pictures
    drawn = np.random.default_rng(SHUFFLE_SEED).permutation(len(pictures))[:count]
    return [pictures[i] for i in sorted(drawn)]
