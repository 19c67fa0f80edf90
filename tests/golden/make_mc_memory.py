"""Make the frozen group of video/mc that uses a memory: python tests/golden/make_mc_memory.py (only for a new format).

The codebook is that of `make_mc`, with two items, and with tables of its own for first frames from a memory.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from make_mc import EFFORT, FRAMES, HEIGHT, QUALITY, WIDTH, codebook, frames
from make_st3d import digest

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.memory import item_bytes
from vqcodec.video.mc.model.tables import KEY_CLASS, MemoryTables, VideoModel

ITEM_QUALITY = 80.0
HERE = Path(__file__).parent
CODEBOOK, GROUP, HASH = HERE / "mc-memory.vqcb", HERE / "mc-memory.group", HERE / "mc-memory.sha256"


def remembering() -> Codebook:
    """The golden codebook with a memory of two frames, each with a part of the first frame of the clip."""
    plain = codebook()
    first = frames()[0]
    flat = Frame(*(np.full_like(plane, 90) for plane in first))
    left, right = (Frame(*(a.copy() for a in first)) for _ in range(2))
    for plane, grey in zip((*left, *right), (*flat, *flat)):
        middle = plane.shape[1] // 2
        part = np.s_[:, middle:] if any(plane is mine for mine in left) else np.s_[:, :middle]
        plane[part] = grey[part]
    settings = Settings(ITEM_QUALITY, EFFORT, 1, {})
    items = [item_bytes(engine.encode_group([f], plain, settings).packet, WIDTH, HEIGHT) for f in (left, right)]
    model = VideoModel.from_arrays(plain.arrays)
    model.memory = MemoryTables(
        {name: np.ascontiguousarray(1 - rows[KEY_CLASS]) for name, rows in model.rows.items()}, model.lengths
    )
    return Codebook(engine.ENGINE, "golden-memory", {**model.to_arrays(), **Memory(items).to_arrays()}, {})


if __name__ == "__main__":
    book = remembering()
    coded = engine.encode_group(frames(), book, Settings(QUALITY, EFFORT, 1, {}))
    kinds = sorted({frame.kind for frame in coded.frames})
    CODEBOOK.write_bytes(book.to_bytes())
    GROUP.write_bytes(coded.packet)
    HASH.write_text(digest(list(coded.reconstruction)) + "\n")
    print(len(coded.packet), FRAMES, kinds, engine.GroupParameters.from_bytes(coded.packet)[0])
