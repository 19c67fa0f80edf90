"""Make the frozen pictures that are predicted from memory, and their codebook: python tests/golden/make_memory.py.

Only for a new format. The codebook is trained on nothing; which own table a context has is drawn at random.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.model.memory_tables import MemoryChanges
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.blocks.training.memory_training import initial_changes, with_memory
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.image import decode_image, encode_image
from vqcodec.image.transform.engine import ENGINE
from vqcodec.image.transform.memory.items import code_item

HERE = Path(__file__).parent
CODEBOOK, HASHES = HERE / "memory.vqcb", HERE / "memory.sha256"
SIZES = {"rgb": (61, 64), "rgba": (40, 52), "grey": (64, 70)}


def picture(number: int, height: int, width: int, channels: int) -> np.ndarray:
    """A disc over a ramp and stripes, by integers alone; alpha around the disc."""
    y, x = np.mgrid[:height, :width]
    disc = (y - 30) ** 2 + (x - 28 - 2 * number) ** 2 < 400
    planes = [
        np.where(disc, 210 - 30 * c - x * y % 23, 40 + 2 * y + x * (c + 1) // 2 + (x // 6 % 2) * 9) for c in range(3)
    ]
    planes = planes[:1] if channels == 1 else planes
    if channels == 4:
        planes.append(np.where(disc | (y > 20), 255, 0))
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


def codebook() -> Codebook:
    """Formulas for tables, a filter, and a memory of three pictures."""
    chance = np.random.default_rng(2026)
    plain = initial_model((20, 34))
    filters = np.zeros((2, 2, CLASSES, TAPS), dtype=np.int16)
    filters[..., [0, 5, 24, 29]] = chance.integers(20, 60, (2, 2, CLASSES, 1))
    model = Model(plain.rungs, plain.planes, None, filters)
    changes = initial_changes(model)
    planes = []
    for tables in changes.planes:
        rows = tables.rows.copy()
        rows[rows > 0] = np.where(chance.random((rows > 0).sum()) < 0.1, 1, rows[rows > 0])
        planes.append(replace(tables, rows=rows))
    model = with_memory(model, MemoryChanges(changes.groups, tuple(planes)))
    items = [code_item(picture(n, 64, 64, c), model, 80, effort=3) for n, c in ((0, 3), (1, 4), (2, 1))]
    return Codebook(ENGINE, "golden-memory", {**model.to_arrays(), **Memory(items).to_arrays()}, {})


def digest(samples: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()


if __name__ == "__main__":
    book = codebook()
    CODEBOOK.write_bytes(book.to_bytes())
    lines = []
    for name, size in SIZES.items():
        samples = picture(3, *size, {"rgb": 3, "rgba": 4, "grey": 1}[name])
        samples = samples[:, :, 0] if name == "grey" else samples
        data = encode_image(samples, codebook=book, quality=75, effort=5, chroma="420" if name == "rgba" else "444")
        (HERE / f"memory-{name}.vqc").write_bytes(data)
        lines.append(f"{digest(decode_image(data, codebook=book))} memory-{name}.vqc\n")
    HASHES.write_text("".join(lines))
