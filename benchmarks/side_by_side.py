"""Crops of pictures at a low rate beside WebP and AVIF of the same size: what the figures look like.

python -m benchmarks.side_by_side                     the crops of docs/figures.md: photographs, screens, drawings
python -m benchmarks.side_by_side PICTURE --bpp 0.2 --crop X,Y,WIDTH,HEIGHT -o OUT.webp
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import vqcodec
from benchmarks import seen
from benchmarks.common import RESULTS, write_json
from benchmarks.datasets import DATA, KODAK, Samples
from benchmarks.peers import Codec, find_peers
from vqcodec.image.background import flattened
from vqcodec.metrics import luma, psnr_rgb, ssim

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PEERS = ("webp", "avif")
PEERS_OF_SCREENS = ("webp", "avif444")  # coloured text needs chroma at full size
ENLARGEMENT = 2
CAPTION = 22  # height of the line of text above each crop, in pixels
GAP = 6


class Scene(NamedTuple):
    """A picture, the rate to code the whole of it at, the part to show, the file to write.

    Attributes:
        picture: a file, or a folder of pictures of one size, of which some are put side by side.
        bpp: bits per pixel.
        crop: left, top, width and height.
        peers: to show beside it.
    """

    picture: Path
    bpp: float
    crop: tuple[int, int, int, int]
    output: Path
    peers: tuple[str, ...] = PEERS


SCREENS = DATA / "images" / "train_screen"
EMOJI = DATA / "images" / "tiles" / "emoji_noto64"
# No codebook was trained on any of them: every third emoji is among those that were left out
SCENES = (
    Scene(KODAK / "kodim07.png", 0.12, (250, 130, 256, 200), FOLDER / "kodim07-0.12bpp.webp"),
    Scene(KODAK / "kodim15.png", 0.15, (330, 60, 256, 200), FOLDER / "kodim15-0.15bpp.webp"),
    Scene(KODAK / "kodim19.png", 0.25, (150, 250, 256, 200), FOLDER / "kodim19-0.25bpp.webp"),
    Scene(SCREENS / "opencvdoc_qtgui.png", 0.12, (0, 60, 256, 200), FOLDER / "qtgui.webp", PEERS_OF_SCREENS),
    Scene(SCREENS / "opencvdoc_eclipse_cdt_cfg3.png", 0.13, (0, 0, 256, 200), FOLDER / "cfg3.webp", PEERS_OF_SCREENS),
    Scene(SCREENS / "opencv_imageTextN.png", 0.5, (0, 0, 256, 200), FOLDER / "text.webp", PEERS_OF_SCREENS),
    Scene(EMOJI, 0.3, (0, 0, 256, 192), FOLDER / "emoji.webp", PEERS_OF_SCREENS),
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.side_by_side", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("picture", type=Path, nargs="?", help="a picture of your own instead of the three")
    parser.add_argument("--bpp", type=float, default=0.2)
    parser.add_argument("--crop", type=lambda text: tuple(int(n) for n in text.split(",")), default=(0, 0, 256, 200))
    parser.add_argument("-o", "--output", type=Path, default=Path("side-by-side.webp"))
    parser.add_argument("--json", type=Path, default=RESULTS / "side-by-side.json")
    options = parser.parse_args(arguments)
    if options.picture:
        for row in _show(Scene(options.picture, options.bpp, options.crop, options.output)):
            print(row)
        return 0
    rows = [row for scene in SCENES for row in _show(scene)]
    write_json(options.json, "side-by-side", {"rows": rows})
    return 0


def _show(scene: Scene) -> list[dict[str, object]]:
    """Write the picture of `scene`; return what each codec reached on the whole picture."""
    samples = _samples(scene.picture)
    limit = int(scene.bpp * samples.shape[0] * samples.shape[1] / 8)
    coded = vqcodec.encode_image(samples, target_size=limit)
    shown = [("vqcodec", len(coded), vqcodec.decode_image(coded))]
    peers, missing = find_peers(scene.peers)
    for reason in missing.values():
        print(reason)
    shown += [_at_size(peer, samples, len(coded)) for peer in peers]
    rows = [
        {
            "picture": scene.picture.stem,
            "codec": label,
            "bytes": size,
            "psnr_rgb_db": psnr_rgb(samples, decoded),
            "ssim": ssim(luma(samples), luma(decoded)),
            **seen.measures(samples, decoded),
        }
        for label, size, decoded in shown
    ]
    panels = [("original", samples), *((f"{label}, {size} bytes", decoded) for label, size, decoded in shown)]
    write_sheet(scene.output, panels, scene.crop)
    return rows


def _samples(picture: Path) -> Samples:
    """The picture, or of a folder 64 pictures from all over it, over white, eight in a row."""
    if not picture.is_dir():
        with Image.open(picture) as image:
            return np.asarray(image.convert("RGB"))
    paths = sorted(picture.glob("*.png"))[2::3]
    tiles = [_over_white(path) for path in paths[:: len(paths) // 64][:64]]
    return np.vstack([np.hstack(tiles[row : row + 8]) for row in range(0, 64, 8)])


def _over_white(path: Path) -> Samples:
    with Image.open(path) as image:
        return flattened(np.asarray(image.convert("RGBA")), (255, 255, 255))


def _at_size(codec: Codec, samples: Samples, size: int) -> tuple[str, int, Samples]:
    """The codec's lowest quality of at least `size` bytes: steps between qualities are in the peer's favour."""
    low, high = 0, 100
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(codec.encode(samples, middle)) >= size else (middle + 1, high)
    data = codec.encode(samples, high)
    return codec.label, len(data), codec.decode(data)


def write_sheet(path: Path, panels: Sequence[tuple[str, Samples]], crop: Sequence[int]) -> None:
    """Write the same part of several pictures, enlarged, each under its caption, as a lossless WebP.

    Args:
        panels: captions, and RGB samples of one shape.
        crop: left, top, width and height of the part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [(caption, _part(samples, crop)) for caption, samples in panels]
    _in_one(parts).save(path, "WEBP", lossless=True, method=6)


def _part(samples: Samples, crop: Sequence[int]) -> Image.Image:
    left, top, width, height = crop
    part = Image.fromarray(np.ascontiguousarray(samples[top : top + height, left : left + width]))
    return part.resize((part.width * ENLARGEMENT, part.height * ENLARGEMENT), Image.Resampling.NEAREST)


def _in_one(panels: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """The panels two by two, each under its caption."""
    width, height = panels[0][1].width + GAP, panels[0][1].height + CAPTION + GAP
    sheet = Image.new("RGB", (2 * width - GAP, (len(panels) + 1) // 2 * height - GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(16)
    for number, (caption, panel) in enumerate(panels):
        x, y = number % 2 * width, number // 2 * height
        draw.text((x + 2, y + 1), caption, "black", font)
        sheet.paste(panel, (x, y + CAPTION))
    return sheet


if __name__ == "__main__":
    raise SystemExit(main())
