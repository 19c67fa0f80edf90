"""Clips of screens to measure video codecs on, drawn from a seed: what a recorded screen shows.

    python -m benchmarks.screen_clips FOLDER        write them as .y4m files

They are drawn with Pillow's own fonts, the photograph and the clip of `samples/`, and words. Nothing was trained on
them. Like captures of screens they have no noise: what stands still is the same in every frame.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.video_data import Clip, find_ffmpeg, read_clip, split_planes, y4m_bytes

SAMPLES = Path(__file__).parent.parent / "samples"
FRAMES = 49
RATE = Fraction(25)
USUAL = "the of and to in a is that it was for on are as with they be at this from have or by one had not"
SYLLABLES = (
    "an ber cal con der di en er fer gra il in lo man men mo nal ni on or pa per po ra re ri sen ser si so ta te ter "
    "ti to tra tu un ver vi"
)
INK, PAPER, GREY, BLUE, RED, GREEN = "#202124", "#ffffff", "#e8eaed", "#1a55c4", "#b3261e", "#18794e"
NIGHT, PALE, ORANGE, VIOLET = "#1e1f29", "#d8dee9", "#e6a35c", "#b48ead"

Drawn = Iterator[Image.Image]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@cache
def _fixed() -> ImageFont.ImageFont:
    """The small bitmap font of terminals, 6x11 pixels a letter."""
    return ImageFont.load_default_imagefont()


@cache
def _photograph() -> Image.Image:
    return Image.open(SAMPLES / "kodim23.png").convert("RGB")


def _word(chance: random.Random) -> str:
    """A word; nearly half of them are usual ones, as in English, and the others seldom come again."""
    if chance.random() < 0.45:
        return chance.choice(USUAL.split())
    return "".join(chance.choices(SYLLABLES.split(), k=chance.choice((2, 2, 3, 4))))


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(_word(chance) for _ in range(words)).capitalize() + "."


def _draw_text(draw: ImageDraw.ImageDraw, chance: random.Random, box: tuple[int, int, int, int], size: int) -> None:
    """Fill a box (left, top, right, bottom) with lines of prose; some words are links."""
    left, top, right, bottom = box
    x, y, font = left, top, _font(size)
    for sentence in (_sentence(chance, chance.randrange(6, 16)) for _ in itertools.count()):
        colour = BLUE if chance.random() < 0.15 else INK
        for word in sentence.split():
            width = round(draw.textlength(word + " ", font=font))
            if x + width > right:
                x, y = left, y + round(1.45 * size)
            if y + size > bottom:
                return
            draw.text((x, y), word, fill=colour, font=font)
            x += width


@cache
def page(width: int, height: int, seed: int) -> Image.Image:
    """A page as browsers show it: headings, prose, a table, a box of code and a photograph, again and again."""
    chance = random.Random(seed)
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    y, margin = 12, 16
    for part in itertools.cycle(("prose", "photograph", "table", "prose", "code")):
        if y > height:
            return image
        draw.text((margin, y), _sentence(chance, 4)[:-1], fill=INK, font=_font(22))
        y += 34
        if part == "prose":
            _draw_text(draw, chance, (margin, y, width - margin, y + 110), 13)
            y += 122
        elif part == "photograph":
            image.paste(_photograph().resize((192, 128)), (margin, y))
            _draw_text(draw, chance, (margin + 208, y, width - margin, y + 128), 13)
            y += 142
        elif part == "table":
            for row in range(6):
                draw.rectangle((margin, y, width - margin, y + 19), fill=GREY if row % 2 else PAPER, outline="#c4c7cc")
                for column in range(4):
                    text = f"{chance.randrange(10_000) / 100:.2f}" if column else _sentence(chance, 2)
                    draw.text((margin + 6 + column * (width - 2 * margin) // 4, y + 3), text, fill=INK, font=_font(12))
                y += 19
            y += 16
        else:
            draw.rectangle((margin, y, width - margin, y + 96), fill="#f6f8fa", outline="#d0d7de")
            for row in range(7):
                _draw_code(draw, chance, margin + 8, y + 6 + 12 * row, INK)
            y += 110
    raise AssertionError("unreachable")


def _draw_code(draw: ImageDraw.ImageDraw, chance: random.Random, x: int, y: int, ink: str) -> None:
    """Draw a line of a program, with its words in colours."""
    x += 12 * chance.randrange(4)
    for word, colour in _code(chance, ink):
        draw.text((x, y), word, fill=colour, font=_fixed())
        x += 6 * len(word)


def _code(chance: random.Random, ink: str) -> list[tuple[str, str]]:
    """A line of a program: its words, each with its colour."""
    name, function, argument = (_word(chance) for _ in range(3))
    line = [(f"{name}_{function}", ink), (" = ", RED), (function, VIOLET), (f"({argument}, ", ink)]
    line += [(str(chance.randrange(1000)), ORANGE), (")", ink)]
    return [*line, ("  # " + _sentence(chance, 4), GREEN)] if chance.random() < 0.4 else line


def _pointer(image: Image.Image, x: int, y: int) -> None:
    """Draw the pointer of a mouse."""
    shape = ((x, y), (x, y + 15), (x + 4, y + 11), (x + 7, y + 17), (x + 9, y + 16), (x + 6, y + 10), (x + 11, y + 10))
    ImageDraw.Draw(image).polygon(shape, fill="black", outline="white")


def scrolling_page() -> Drawn:
    """A page that stands, scrolls by five pixels a frame, slows down and stands again."""
    image, bar = page(480, 1400, 1), 28
    y = 0
    for time in range(FRAMES):
        y += 5 if 6 <= time < 32 else max(0, (40 - time + 1) // 2) if 32 <= time < 40 else 0
        frame = Image.new("RGB", (480, 352), GREY)
        frame.paste(image.crop((0, y, 480, y + 352 - bar)), (0, bar))
        draw = ImageDraw.Draw(frame)
        draw.rounded_rectangle((60, 5, 420, 22), 8, fill=PAPER)
        draw.text((72, 7), "https://example.org/read", fill=INK, font=_font(12))
        draw.rectangle((472, bar + y // 5, 477, bar + y // 5 + 60), fill="#9aa0a6")
        yield frame


def ticker() -> Drawn:
    """A photograph with a clock, and news that run from right to left by three pixels a frame."""
    chance = random.Random(2)
    news = "  +++  ".join(_sentence(chance, 9) for _ in range(12))
    still = _photograph().resize((480, 320))
    draw = ImageDraw.Draw(still)
    draw.rectangle((0, 276, 480, 320), fill="#12284c")
    draw.rectangle((0, 252, 300, 275), fill=RED)
    draw.text((10, 255), _sentence(chance, 5), fill="white", font=_font(16))
    draw.rectangle((404, 8, 470, 30), fill="#12284c")
    for time in range(FRAMES):
        frame = still.copy()
        draw = ImageDraw.Draw(frame)
        draw.text((410, 11), f"12:{time // 25:02}:{time % 25:02}", fill="white", font=_font(14))
        draw.text((60 - 3 * time, 286), news, fill="white", font=_font(20))
        yield frame


def typing() -> Drawn:
    """A program that is typed, two letters a frame; the text moves up when the last line is full."""
    chance = random.Random(3)
    rows, width, height = 25, 448, 336
    lines = [(12 * chance.randrange(4), _code(chance, PALE)) for _ in range(rows)]
    cursor = 0
    for time in range(FRAMES):
        frame = Image.new("RGB", (width, height), NIGHT)
        draw = ImageDraw.Draw(frame)
        draw.rectangle((0, 0, width, 17), fill="#2b2d3a")
        draw.text((8, 3), "screen.py - editor", fill=PALE, font=_fixed())
        for row, (indent, line) in enumerate(lines[-rows:]):
            y, x, left = 22 + 12 * row, 36 + indent, cursor if row == rows - 1 else 1000
            draw.text((8, y), f"{len(lines) - rows + row + 1:3}", fill="#5c6070", font=_fixed())
            for word, colour in line:
                draw.text((x, y), word[: max(left, 0)], fill=colour, font=_fixed())
                x += 6 * min(len(word), max(left, 0))
                left -= len(word)
        if time // 6 % 2 == 0:
            draw.rectangle((x, y, x + 1, y + 11), fill=PALE)
        draw.rectangle((0, height - 12, width, height), fill=BLUE)
        draw.text((8, height - 12), f"line {len(lines)}, column {cursor}", fill="white", font=_fixed())
        yield frame
        cursor += 2
        if cursor > sum(len(word) for word, _ in lines[-1][1]):
            lines.append((12 * chance.randrange(4), _code(chance, PALE)))
            cursor = 0


def windows() -> Drawn:
    """Two windows over a photograph: one is dragged in a bow, the other comes to the front and goes off sideways."""
    desktop = _photograph().resize((640, 427)).crop((0, 0, 640, 416))
    first, second = _window(300, 220, 4), _window(260, 180, 5)
    for time in range(FRAMES):
        frame = desktop.copy()
        turn = min(max(time - 6, 0), 24) / 24
        here = round(30 + 260 * turn), round(40 + 130 * turn * turn)
        there = 340 - 7 * max(0, time - 34), 30
        pair = [(second, there), (first, here)]
        for window, place in pair if time < 32 else reversed(pair):
            frame.paste(window, place)
        on = here if time < 32 else there
        _pointer(frame, on[0] + 120, on[1] + 8)
        yield frame


def _window(width: int, height: int, seed: int) -> Image.Image:
    """A window with a bar and prose."""
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 21), fill="#3c4254")
    draw.text((8, 4), _sentence(random.Random(seed), 3), fill="white", font=_font(13))
    for number, colour in enumerate((GREEN, ORANGE, RED)):
        draw.ellipse((width - 54 + 17 * number, 6, width - 44 + 17 * number, 16), fill=colour)
    _draw_text(draw, random.Random(seed + 1), (10, 30, width - 10, height - 6), 13)
    draw.rectangle((0, 0, width - 1, height - 1), outline="#3c4254")
    return image


def slides() -> Drawn:
    """Four slides: text, a chart, a photograph and the first again; one follows by a wipe, the others at once."""
    width, height = 480, 352
    chance = random.Random(6)
    shown = [_slide(chance, kind) for kind in ("text", "chart", "photograph")]
    shown.append(shown[0])
    for time in range(FRAMES):
        number = min(time // 12, 3)
        frame = shown[number].copy()
        if number == 1 and time % 12 < 6:
            edge = width * (time % 12 + 1) // 7
            frame.paste(shown[0].crop((edge, 0, width, height)), (edge, 0))
        yield frame


def _slide(chance: random.Random, kind: str) -> Image.Image:
    """A slide of 480x352 pixels."""
    image = Image.new("RGB", (480, 352), PAPER)
    draw = ImageDraw.Draw(image)
    for row in range(48):
        draw.line((0, row, 480, row), fill=(26 + row, 60 + row, 140 + row))
    draw.text((20, 12), _sentence(chance, 4), fill="white", font=_font(24))
    if kind == "text":
        for row in range(6):
            draw.ellipse((28, 77 + 42 * row, 35, 84 + 42 * row), fill=BLUE)
            draw.text((48, 70 + 42 * row), _sentence(chance, 6), fill=INK, font=_font(19))
    elif kind == "chart":
        for row in range(6):
            draw.line((50, 80 + 46 * row, 450, 80 + 46 * row), fill="#c4c7cc")
            draw.text((14, 72 + 46 * row), f"{100 - 20 * row}", fill=INK, font=_font(14))
        for column in range(8):
            top = chance.randrange(90, 290)
            draw.rectangle((66 + 48 * column, top, 96 + 48 * column, 310), fill=(BLUE, ORANGE)[column % 2])
            draw.text((68 + 48 * column, 316), f"Q{column}", fill=INK, font=_font(14))
    else:
        image.paste(_photograph().resize((330, 220)), (20, 70))
        _draw_text(draw, chance, (362, 74, 470, 290), 15)
    draw.text((400, 330), "vqcodec", fill="#80868b", font=_font(13))
    return image


def mixed() -> Drawn:
    """A page with a film in it and a pointer that moves; at the end the page scrolls by eight pixels a frame."""
    text = page(480, 1000, 8)
    film = read_clip(find_ffmpeg(), SAMPLES / "dog.mkv", FRAMES)
    lumas, blues, reds = split_planes(film.raw, film.width, film.height)
    for time in range(FRAMES):
        y = 8 * max(0, time - 34)
        frame = text.crop((0, y, 480, y + 352))
        size = (film.width, film.height)
        planes = [Image.fromarray(plane[time % len(lumas)]).resize(size) for plane in (lumas, blues, reds)]
        frame.paste(Image.merge("YCbCr", planes).convert("RGB").resize((224, 126)), (240, 96 - y))
        _pointer(frame, 20 + 9 * min(time, 30), 300 - 5 * min(time, 30))
        yield frame


CLIPS: dict[str, Callable[[], Drawn]] = {
    "scrolling_page": scrolling_page,
    "ticker": ticker,
    "typing": typing,
    "windows": windows,
    "slides": slides,
    "mixed": mixed,
}


def screen_clips(names: tuple[str, ...] = ()) -> list[Clip]:
    """The clips, or those whose names begin with one of `names`.

    Raises:
        benchmarks.datasets.MissingDataError: ffmpeg, which reads the film within one, is not installed.
    """
    return [_clip(name, drawn()) for name, drawn in CLIPS.items() if not names or name.startswith(names)]


def _clip(name: str, drawn: Drawn) -> Clip:
    frames = list(drawn)
    return Clip(name, *frames[0].size, RATE, np.stack([_planes(frame) for frame in frames]))


def _planes(frame: Image.Image) -> NDArray[np.uint8]:
    """Y, U and V of a frame, one after the other; chroma is the mean of 2x2 pixels."""
    luma, *chroma = frame.convert("YCbCr").split()
    return np.concatenate([np.asarray(plane).reshape(-1) for plane in (luma, *(half.reduce(2) for half in chroma))])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.screen_clips", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for clip in screen_clips():
        (folder / f"{clip.name}.y4m").write_bytes(y4m_bytes(clip))
    return 0


if __name__ == "__main__":
    sys.exit(main())
