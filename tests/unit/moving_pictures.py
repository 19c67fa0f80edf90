"""Small moving pictures for tests: a textured ground that moves, and a bright square that moves otherwise."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from vqcodec.ffmpeg import program
from vqcodec.video.io import y4m
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.video_format import VideoFormat


def moving_frames(count: int, height: int = 48, width: int = 64, seed: int = 0, speed: int = 1) -> list[Frame]:
    """Return `count` frames of `height` x `width`; after 24 it begins again."""
    chance = np.random.default_rng(seed)
    ground = chance.integers(40, 200, (height // 4 + 40, width // 4 + 40)).astype(float)
    ground = np.kron(ground, np.ones((4, 4)))
    for axis in (0, 1):
        ground = (ground + np.roll(ground, 1, axis) + np.roll(ground, 2, axis) + np.roll(ground, 3, axis)) / 4
    frames = []
    for number in range(count):
        time = number % 24
        luma = ground[time * speed : time * speed + height, 2 * time : 2 * time + width].copy()
        top, left = height // 4, min(4 * time, max(width - 12, 0))
        luma[top : top + 10, left : left + 10] = 235
        luma = np.clip(luma + chance.normal(0, 1, luma.shape), 0, 255).astype(np.uint8)
        half = luma[::2, ::2]
        frames.append(Frame(luma, (255 - half).astype(np.uint8), (128 + half // 4).astype(np.uint8)))
    return frames


def pages(count: int, height: int, width: int, seed: int = 0) -> list[Frame]:
    """Return frames of lines of random shapes of 6x9 pixels, of an alphabet of eight, that move up by two a frame."""
    chance = np.random.default_rng(seed)
    alphabet = chance.random((8, 9, 6)) < 0.4
    inked = np.zeros((height + 2 * count + 13, width + 7), dtype=bool)
    for y in range(0, height + 2 * count, 13):
        for x in range(0, width, 7):
            inked[y : y + 9, x : x + 6] = alphabet[chance.integers(8)]
    shown = [inked[2 * number : 2 * number + height, :width] for number in range(count)]
    tones = ((235, 30), (128, 90), (120, 150))
    planes = [[np.where(one, ink, paper).astype(np.uint8) for paper, ink in tones] for one in shown]
    return [Frame(luma, blue[::2, ::2].copy(), red[::2, ::2].copy()) for luma, blue, red in planes]


def write_clip(
    path: Path,
    count: int,
    height: int = 16,
    width: int = 16,
    *,
    sound: Path | None = None,
    options: Sequence[str] = (),
) -> None:
    """Write such frames, 25 a second, as a file of what the name's ending says; its folder is made.

    Args:
        sound: a file with the sound to put beside them. options: further ones of ffmpeg for its output.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = y4m.head(VideoFormat(width, height, Fraction(25), Fraction(1)))
    data += b"".join(map(y4m.frame_bytes, moving_frames(count, height, width)))
    beside = [] if sound is None else ["-i", str(sound), "-map", "0:v", "-map", "1:a"]
    command = [program.executable(), "-loglevel", "error", "-y", "-i", "-", *beside, *options, str(path)]
    subprocess.run(command, input=data, check=True)
