"""Make the frozen pictures whose blocks are copied, and their codebook: python tests/golden/make_copies.py.

Only for a new format. The codebook is trained on nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.image import decode_image, encode_image
from vqcodec.image.transform.engine import ENGINE

HERE = Path(__file__).parent
CODEBOOK, HASHES = HERE / "copies.vqcb", HERE / "copies.sha256"
SIZES = {"rgb": (66, 90), "rgba": (61, 75), "grey": (52, 81)}
TONES = np.array([[250, 244, 255], [20, 60, 110], [190, 30, 30]])


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """Lines of three shapes of 9x7 pixels, on a ground, by integers alone; alpha below the first line."""
    y, x = np.mgrid[:height, :width]
    line, letter, i, j = y // 13, x // 8, y % 13, x % 8
    shape = (letter * letter + 2 * line) % 3
    inked = np.where(
        shape == 0, (i - j) % 5 == 0, np.where(shape == 1, i * j % 7 == 2, (i - 4) ** 2 + (j - 3) ** 2 < 10)
    )
    ink = np.where(inked & (i < 9) & (j < 7), 1 + line % 2, 0)
    samples = TONES[ink].copy()
    samples[-12:] = (40 + 3 * x + y)[-12:, :, None] % 256
    alpha = np.where(y < 13, 255, 90)[:, :, None]
    return (np.concatenate([samples, alpha], axis=2) if channels == 4 else samples[:, :, :channels]).astype(np.uint8)


def digest(samples: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()


def freeze(kind: str, draw: Callable[[int, int, int], np.ndarray]) -> None:
    """Write the codebook, the files and the hashes of what is drawn, named as `kind`."""
    book = Codebook(ENGINE, f"golden-{kind}", initial_model((20, 34)).to_arrays(), {})
    (HERE / f"{kind}.vqcb").write_bytes(book.to_bytes())
    lines = []
    for name, size in SIZES.items():
        samples = draw(*size, {"rgb": 3, "rgba": 4, "grey": 1}[name])
        samples = samples[:, :, 0] if name == "grey" else samples
        data = encode_image(samples, codebook=book, quality=75, effort=5, chroma="420" if name == "rgba" else "444")
        (HERE / f"{kind}-{name}.vqc").write_bytes(data)
        lines.append(f"{digest(decode_image(data, codebook=book))} {kind}-{name}.vqc\n")
    (HERE / f"{kind}.sha256").write_text("".join(lines))


if __name__ == "__main__":
    freeze("copies", picture)
