"""Cuts a large picture into a pyramid of tiles, and puts them into one pack for map viewers.

    python examples/tiles/make_tiles.py picture.png examples/tiles/tiles.vqp

The items are named `{z}/{x}/{y}.png`. Each level has twice the sides of the one before; the last one is the picture.
Beside the pack, `tiles.json` says the picture's size and the last level.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

import vqcodec

SIDE = 256  # pixels of a tile; those at the right and lower edge may be smaller


def write_tiles(picture: Image.Image, folder: Path) -> int:
    """Write the tiles of all levels as PNG files; return the number of the last level."""
    last = 0
    while max(picture.size) > SIDE << last:
        last += 1
    for level in range(last + 1):
        size = [max(1, -(-side >> (last - level))) for side in picture.size]
        scaled = picture if level == last else picture.resize(size, Image.Resampling.LANCZOS)
        for left in range(0, scaled.width, SIDE):
            column = folder / str(level) / str(left // SIDE)
            column.mkdir(parents=True)
            for top in range(0, scaled.height, SIDE):
                box = (left, top, min(left + SIDE, scaled.width), min(top + SIDE, scaled.height))
                scaled.crop(box).save(column / f"{top // SIDE}.png")
    return last


def main() -> None:
    """Make the pack that the command line names."""
    if len(sys.argv) != 3:
        sys.exit("usage: make_tiles.py PICTURE PACK.vqp")
    source, pack = map(Path, sys.argv[1:])
    with Image.open(source) as picture, tempfile.TemporaryDirectory() as folder:
        pixels = picture.convert("RGB")
        last = write_tiles(pixels, Path(folder))
        vqcodec.make_pack(folder, pack, quality=60, train=False, overwrite=True)
    described = {"width": pixels.width, "height": pixels.height, "last": last}
    pack.with_name("tiles.json").write_text(json.dumps(described))
    print(f"{pack}: {pack.stat().st_size} bytes, levels 0 to {last}")


if __name__ == "__main__":
    main()
