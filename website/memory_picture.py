"""A picture of what a codebook remembers, and from where pictures that it has not seen took their blocks.

The pictures are emoji of ../shared/data, two thirds of which train the codebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import vqcodec
from vqcodec.codebook.codebook import Codebook
from vqcodec.image.engines import PlaneBlocks
from vqcodec.image.inspection import inspect_picture

EMOJI = Path(__file__).resolve().parents[2] / "shared" / "data" / "images" / "tiles" / "emoji_noto64"
FILES = 500  # that the codebook is for
QUALITY = 50.0
ROWS = 3
COLUMNS = 14  # of the sheet of items
TINTS = ("#d81b60", "#1e88e5", "#e69f00")  # of the items of a picture
SIDE, TIMES, MARGIN = 64, 3, 12  # of an emoji; how much larger those of a row are; pixels between all


def picture_of_memory() -> Image.Image:
    """Draw the items of a memory, and below them pictures that were predicted from some.

    Raises:
        FileNotFoundError: the emoji are not there.
    """
    paths = sorted(EMOJI.glob("*.png"))
    if not paths:
        raise FileNotFoundError(f"there is no {EMOJI}")
    training = [path for number, path in enumerate(paths) if number % 3]
    codebook = vqcodec.train_codebook(training, name="emoji", parent="graphic", for_=FILES)
    items = _items_of(codebook)
    rows = _best_rows(paths[::3], codebook)
    width = COLUMNS * (SIDE + MARGIN) + MARGIN
    lines = -(-len(items) // COLUMNS)
    title, row_height = 28, SIDE * TIMES + MARGIN
    height = 2 * title + lines * (SIDE + MARGIN) + len(rows) * row_height + 2 * MARGIN
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    draw.text((MARGIN, MARGIN), f"The memory: {len(items)} emoji of {len(training)}", fill="#202020", font=font)
    top = title + MARGIN
    for number, item in enumerate(items):
        line, column = divmod(number, COLUMNS)
        sheet.paste(item, (MARGIN + column * (SIDE + MARGIN), top + line * (SIDE + MARGIN)))
    top += lines * (SIDE + MARGIN)
    draw.text((MARGIN, top), "Emoji that it has not seen, and where their blocks come from", fill="#202020", font=font)
    top += title
    for number, (decoded, blocks) in enumerate(rows):
        _draw_row(sheet, top + number * row_height, decoded, blocks, items)
    return sheet


def _items_of(codebook: Codebook) -> list[Image.Image]:
    """Decode the items of a memory, over white."""
    from vqcodec.image.transform.engine import memory_of
    from vqcodec.image.transform.planes import samples_of

    store = memory_of(codebook)
    if store is None:
        raise ValueError("the codebook has no memory")
    planes = [[np.ascontiguousarray(plane) for plane in store[n].planes_for("444")] for n in range(len(store))]
    return [Image.fromarray(samples_of(of)) for of in planes]


def _best_rows(paths: Sequence[Path], codebook: Codebook) -> list[tuple[Image.Image, PlaneBlocks]]:
    """Return decoded pictures and the blocks of their luma: those that take most from the memory, of most items."""
    found = []
    for path in paths:
        with Image.open(path) as picture:
            samples = np.asarray(picture.convert("RGBA"))
        data = vqcodec.encode_image(samples, codebook=codebook, quality=QUALITY)
        plane = (inspect_picture(data, codebook) or [])[0]
        from_memory = plane.item >= 0
        share = float((plane.height * plane.width)[from_memory].sum()) / (SIDE * SIDE)
        found.append((len(np.unique(plane.item[from_memory])), share, path.name, data, plane))
    found.sort(key=lambda row: (-row[0], -row[1], row[2]))
    return [(_over_white(vqcodec.decode_image(data, codebook=codebook)), plane) for *_, data, plane in found[:ROWS]]


def _over_white(samples: np.ndarray) -> Image.Image:
    picture = Image.fromarray(samples)
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _draw_row(
    sheet: Image.Image, top: int, decoded: Image.Image, plane: PlaneBlocks, items: Sequence[Image.Image]
) -> None:
    """Draw a picture, the picture with its blocks, and the items that they come from, each in its colour."""
    numbers = [int(number) for number in np.unique(plane.item) if number >= 0]
    tint = dict(zip(numbers, TINTS))
    tiles = [_enlarged(decoded) for _ in range(2)] + [_enlarged(items[number]) for number in numbers]
    draws = [ImageDraw.Draw(tile) for tile in tiles]
    for number in range(len(plane.top)):
        item = int(plane.item[number])
        if item < 0:
            continue
        place = (plane.top[number], plane.left[number], plane.height[number], plane.width[number])
        moved = (plane.moved_down[number], plane.moved_right[number])
        draws[1].rectangle(_corners(*place), outline=tint[item], width=2)
        draws[2 + numbers.index(item)].rectangle(_corners(*place, *moved), outline=tint[item], width=2)
    for column, tile in enumerate(tiles):
        sheet.paste(tile, (MARGIN + column * (SIDE * TIMES + MARGIN), top))


def _corners(
    top: float, left: float, height: float, width: float, down: float = 0, right: float = 0
) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a block on an enlarged picture."""
    y, x = (top + down) * TIMES, (left + right) * TIMES
    return x, y, x + width * TIMES - 1, y + height * TIMES - 1


def _enlarged(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * TIMES, picture.height * TIMES), Image.Resampling.NEAREST)
