"""A codebook of engine video/mc with a memory, and clips that it helps."""

from __future__ import annotations

import functools

import numpy as np
from moving_pictures import moving_frames
from tiny_video_codebook import tiny_video_codebook

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.memory import item_bytes
from vqcodec.video.mc.model.tables import KEY_CLASS, MemoryTables, VideoModel

HEIGHT, WIDTH = 44, 60
FAST = Settings(quality=50, effort=4, threads=1)


def background(height: int = HEIGHT, width: int = WIDTH, seed: int = 3) -> Frame:
    """A still scene, full of detail."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(40, 200, (-(-height // 4), -(-width // 4)))
    luma = np.kron(coarse, np.ones((4, 4), int))[:height, :width] + chance.integers(-9, 10, (height, width))
    half = (height + 1) // 2, (width + 1) // 2
    return Frame(luma.astype(np.uint8), np.full(half, 110, np.uint8), luma[::2, ::2].astype(np.uint8) // 2 + 60)


def clip_before(scene: Frame, count: int) -> list[Frame]:
    """A square that moves before a scene."""
    frames = []
    for number in range(count):
        luma = scene.luma.copy()
        left = 3 + 2 * number
        luma[8:20, left : left + 12] = 230 - 3 * number
        frames.append(Frame(luma, scene.blue, scene.red))
    return frames


def coded_item(frame: Frame, quality: float = 75.0) -> bytes:
    """A frame as an item."""
    height, width = frame.luma.shape
    coded = engine.encode_group([frame], tiny_video_codebook(), Settings(quality, 4, 1))
    return item_bytes(coded.packet, width, height)


def with_items(items: list[bytes], tables: bool = False) -> Codebook:
    """The tiny codebook with these items; with `tables`, its first frames predicted from memory have their own."""
    arrays = dict(tiny_video_codebook().arrays)
    if tables:
        model = VideoModel.from_arrays(arrays)
        model.memory = MemoryTables(
            {name: np.roll(rows[KEY_CLASS], 1, axis=1) for name, rows in model.rows.items()},
            {name: np.roll(lengths, 1, axis=1) for name, lengths in model.lengths.items()},
        )
        arrays = model.to_arrays()
    return Codebook("video/mc", "remembers", {**arrays, **Memory(items).to_arrays()}, {})


@functools.cache
def remembering_codebook(tables: bool = False) -> Codebook:
    """Three items: another scene, the scene of `background()`, and one of another size."""
    frames = [moving_frames(1, HEIGHT, WIDTH)[0], background(), background(32, 32)]
    return with_items([coded_item(frame) for frame in frames], tables)
