"""Make the frozen group of engine video/mc and its codebook: python tests/golden/make_mc.py (only for a new format).

The codebook is small and trained on nothing, and the group's own: shipped ones may be trained anew. Which table a
context has is drawn at random, so that a decoder with any other context fails.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from make_st3d import digest

from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.codebook.codebook import Codebook
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.model.tables import PLANE_TYPES, PREDICTED_CLASSES, initial_video_model

WIDTH, HEIGHT, FRAMES = 77, 58, 19
QUALITY, EFFORT = 55.0, 7
RUNGS = (24, 34)
HERE = Path(__file__).parent
CODEBOOK, GROUP, HASH = HERE / "mc.vqcb", HERE / "mc.group", HERE / "mc.sha256"


def codebook() -> Codebook:
    """Two code tables in each pool, and a filter that depends on class, plane and step."""
    chance = np.random.default_rng(2026)
    model = initial_video_model(initial_model(RUNGS), RUNGS)
    for name, lengths in model.lengths.items():
        model.lengths[name] = np.concatenate([lengths, np.roll(lengths, 1, axis=1)])
        model.rows[name] = chance.integers(0, 2, model.rows[name].shape).astype(np.uint16)
    model.offsets = np.concatenate([model.offsets, model.offsets - 4])
    model.offset_sets = chance.integers(0, 2, model.offset_sets.shape).astype(np.uint8)
    model.restoration = np.zeros((PREDICTED_CLASSES, len(RUNGS), PLANE_TYPES, CLASSES, TAPS), dtype=np.int16)
    model.restoration[..., [0, 5, 24, 29]] = chance.integers(20, 60, (*model.restoration.shape[:-1], 1))
    return Codebook(engine.ENGINE, "golden", model.to_arrays(), {})


def frames() -> list[Frame]:
    """A disc over a ground, each with a motion of its own, by integers alone; a part that flickers."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    result = []
    for number in range(FRAMES):
        disc = (y - 25) ** 2 + (x - 12 - 3 * number) ** 2 < 144
        across, down = 4 * x + 5 * number, 4 * y - 3 * number  # in quarters of a sample
        ground = 60 + (across * down // 16) % 97 // 2 + across // 8 % 40
        luma = np.where(disc, 200 - (x - 3 * number) * y % 32, ground)
        luma[40:, 60:] += 7 * (number % 3)
        luma = np.clip(luma, 0, 255).astype(np.uint8)
        result.append(Frame(luma, luma[::2, ::2] // 2 + 60, 220 - luma[::2, ::2] // 2))
    return result


if __name__ == "__main__":
    book = codebook()
    coded = engine.encode_group(frames(), book, Settings(QUALITY, EFFORT, 1, {}))
    kinds = sorted({frame.kind for frame in coded.frames})
    CODEBOOK.write_bytes(book.to_bytes())
    GROUP.write_bytes(coded.packet)
    HASH.write_text(digest(list(coded.reconstruction)) + "\n")
    print(len(coded.packet), kinds, dataclasses.asdict(coded.frames[1]))
