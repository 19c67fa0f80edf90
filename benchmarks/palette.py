"""VQ in colour space: palettes by LBG beside Pillow's colour quantizers, on a sample picture.

python -m benchmarks.palette [PICTURE]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import RESULTS, write_json
from vqcodec.api.training import train_codebook
from vqcodec.image import encode_picture
from vqcodec.image.pixels import Picture, read_picture
from vqcodec.media.target import Target, Work
from vqcodec.metrics import psnr_rgb

SAMPLE = Path(__file__).parent.parent / "samples" / "kodim23.png"
SIZES = (16, 64, 256)
QUANTIZERS = {"median cut": Image.Quantize.MEDIANCUT, "fast octree": Image.Quantize.FASTOCTREE}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.palette", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("picture", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--json", type=Path, default=RESULTS / "palette.json")
    options = parser.parse_args(arguments)
    picture = read_picture(options.picture, options.picture.name)
    rows = [row for size in SIZES for row in _measure(options.picture, picture, size)]
    write_json(options.json, "palette", {"picture": options.picture.name, "rows": rows})
    return 0


def _measure(path: Path, picture: Picture, size: int) -> Iterator[dict[str, object]]:
    book = train_codebook([path], engine="block", name=f"palette-{size}", layout="joint", side=1, size=size)
    for quality in (100, 90):
        encoded = encode_picture(picture, codebook=book, target=Target(quality), work=Work(9), embed_codebook=True)
        yield {
            "colours": size,
            "method": f"vqcodec, quality {quality}",
            "bytes": len(encoded.data),
            "psnr_db": encoded.psnr_db,
        }
    original = Image.fromarray(picture.samples)
    for name, method in QUANTIZERS.items():
        palette = original.quantize(size, method=method, dither=Image.Dither.NONE)
        file = io.BytesIO()
        palette.save(file, "PNG", optimize=True)
        decoded = np.asarray(palette.convert("RGB"))
        yield {
            "colours": size,
            "method": f"Pillow, {name}, PNG",
            "bytes": len(file.getvalue()),
            "psnr_db": psnr_rgb(picture.samples, decoded),
        }


if __name__ == "__main__":
    raise SystemExit(main())
