"""Makes the clips that the codebook `screen` is trained on: real screenshots that scroll, are typed, dragged and shown.

    python codebooks/screens.py FOLDER --photographs PNG... --films MKV... --screenshots PNG...

FOLDER gets .y4m files, every time the same. Like captures of screens they have no noise: what stands still is the same
in every frame.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

SIZE = (352, 288)
FRAMES = 17
CLIPS_OF_A_KIND = 8
LETTER, LINE = 7, 15  # pixels that are typed at once, and between the lines

Drawn = Iterator[Image.Image]


@dataclass(frozen=True)
class Material:
    """What clips are made of: pictures in RGB, all larger than SIZE, and beginnings of films."""

    screenshots: Sequence[Image.Image]
    photographs: Sequence[Image.Image]
    films: Sequence[Sequence[Image.Image]]


def part(image: Image.Image, size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Return a part of a picture from anywhere; what is missing has the colour that is most frequent."""
    whole = Image.new("RGB", (max(size[0], image.width), max(size[1], image.height)), ground(image))
    whole.paste(image)
    left, top = (chance.randrange(has - wants + 1) for has, wants in zip(whole.size, size, strict=True))
    return whole.crop((left, top, left + size[0], top + size[1]))


def ground(image: Image.Image) -> tuple[int, ...]:
    """Return the most frequent colour."""
    colours, counts = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_counts=True)
    return tuple(map(int, colours[np.argmax(counts)]))


def screen(material: Material, size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Return a part of a screenshot; every third is inverted, as a dark theme is."""
    found = part(chance.choice(material.screenshots), size, chance)
    return ImageOps.invert(found) if chance.randrange(3) == 0 else found


def scrolling(material: Material, chance: random.Random) -> Drawn:
    """A page stands, scrolls, and stands again."""
    width, height = SIZE
    page = Image.new("RGB", (width, 3 * height))
    for row in range(3):
        page.paste(screen(material, SIZE, chance), (0, row * height))
    speed, y = chance.choice((1, 2, 3, 4, 5, 7, 9, 16)), 0
    for time in range(FRAMES):
        y += speed if 2 <= time < 14 else 0
        yield page.crop((0, y, width, y + height))


def typing(material: Material, chance: random.Random) -> Drawn:
    """Lines appear letter by letter."""
    text = screen(material, SIZE, chance)
    top, empty = chance.randrange(LINE, SIZE[1] // 2, LINE), ground(text)
    typed = chance.randrange(SIZE[0] // LETTER)
    for _ in range(FRAMES):
        frame = text.copy()
        line, letters = divmod(typed, SIZE[0] // LETTER)
        y = top + LINE * line
        draw = ImageDraw.Draw(frame)
        draw.rectangle((letters * LETTER, y, SIZE[0], y + LINE - 1), fill=empty)
        draw.rectangle((0, y + LINE, *SIZE), fill=empty)
        yield frame
        typed += chance.choice((1, 2, 3))


def dragging(material: Material, chance: random.Random) -> Drawn:
    """A window is dragged over a photograph or another window."""
    below = (
        screen(material, SIZE, chance) if chance.random() < 0.3 else part(_photograph(material, chance), SIZE, chance)
    )
    window = ImageOps.expand(screen(material, (180, 140), chance), 1, "#3c4254")
    x, y = chance.randrange(80), chance.randrange(60)
    across, down = chance.randrange(-3, 9), chance.randrange(-2, 7)
    for time in range(FRAMES):
        frame, moved = below.copy(), max(0, min(time, 14) - 1)
        frame.paste(window, (x + across * moved, y + down * moved))
        yield frame


def showing(material: Material, chance: random.Random) -> Drawn:
    """Slides follow each other at once or by a wipe; the first comes again."""
    slides = [screen(material, SIZE, chance) for _ in range(2)]
    for time in range(FRAMES):
        frame = slides[5 <= time < 13].copy()
        if 5 <= time < 8:
            edge = SIZE[0] * (time - 4) // 4
            frame.paste(slides[0].crop((edge, 0, *SIZE)), (edge, 0))
        yield frame


def running(material: Material, chance: random.Random) -> Drawn:
    """A line of text runs over a photograph from right to left."""
    still = part(_photograph(material, chance), SIZE, chance)
    height = chance.choice((24, 32, 44))
    text = screen(material, (SIZE[0] + 6 * FRAMES, height), chance)
    speed = chance.choice((2, 3, 4, 6))
    for time in range(FRAMES):
        frame = still.copy()
        frame.paste(text.crop((speed * time, 0, speed * time + SIZE[0], height)), (0, SIZE[1] - height - 8))
        yield frame


def playing(material: Material, chance: random.Random) -> Drawn:
    """A film plays in a page."""
    page, film = screen(material, SIZE, chance), chance.choice(material.films)
    x, y = chance.randrange(4, 120), chance.randrange(4, 120)
    for frame_of_film in film:
        frame = page.copy()
        frame.paste(ImageOps.fit(frame_of_film, (192, 128)), (x, y))
        yield frame


KINDS: tuple[Callable[[Material, random.Random], Drawn], ...] = (
    scrolling,
    typing,
    dragging,
    showing,
    running,
    playing,
)


def _photograph(material: Material, chance: random.Random) -> Image.Image:
    return chance.choice(material.photographs).reduce(2)


def _read(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def _frames(path: Path) -> NDArray[Any]:
    return np.stack([frame for _, frame in zip(range(FRAMES), iio.imiter(path, plugin="FFMPEG"), strict=False)])


def y4m(frames: Drawn) -> bytes:
    """Return frames as a file of 4:2:0; chroma is the mean of 2x2 pixels."""
    pieces = [b"YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C420jpeg\n" % SIZE]
    for frame in frames:
        luma, *chroma = frame.convert("YCbCr").split()
        pieces += [b"FRAME\n", *(plane.tobytes() for plane in (luma, *(half.reduce(2) for half in chroma)))]
    return b"".join(pieces)


def main() -> int:
    """Make the clips."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    for name in ("photographs", "films", "screenshots"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    films = [list(map(Image.fromarray, _frames(path))) for path in options.films]
    material = Material(list(map(_read, options.screenshots)), list(map(_read, options.photographs)), films)
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        for number in range(CLIPS_OF_A_KIND):
            clip = y4m(kind(material, random.Random(f"{kind.__name__} {number}")))
            (options.folder / f"{kind.__name__}-{number}.y4m").write_bytes(clip)
    return 0


if __name__ == "__main__":
    sys.exit(main())
