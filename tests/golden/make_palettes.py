"""Make the frozen pictures whose blocks have palettes, and their codebook: python tests/golden/make_palettes.py.

Only for a new format. The codebook is trained on nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from make_copies import digest

from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.image import decode_image, encode_image
from vqcodec.image.transform.engine import ENGINE

HERE = Path(__file__).parent
CODEBOOK, HASHES = HERE / "palettes.vqcb", HERE / "palettes.sha256"
SIZES = {"rgb": (66, 90), "rgba": (61, 75), "grey": (52, 81)}
TONES = np.array(
    [
        [250, 244, 255],
        [20, 60, 110],
        [190, 30, 30],
        [10, 120, 40],
        [240, 200, 20],
        [90, 90, 90],
        [0, 0, 0],
        [30, 160, 220],
    ]
)


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """Overlapping discs of eight tones, some with an edge of another, by integers alone; alpha below the first rows."""
    y, x = np.mgrid[:height, :width]
    tone = np.zeros((height, width), dtype=np.int64)
    for number in range(40):
        away = (y - 37 * number % height) ** 2 + (x - 53 * number % width) ** 2
        radius = 3 + number * 7 % 9
        tone[away < radius**2] = number % 8
        tone[(away >= (radius - 1) ** 2) & (away < radius**2)] = number * 3 % 8
    samples = TONES[tone].copy()
    samples[-12:] = (40 + 3 * x + y)[-12:, :, None] % 256
    alpha = np.where(y < 13, 255, 90)[:, :, None]
    return (np.concatenate([samples, alpha], axis=2) if channels == 4 else samples[:, :, :channels]).astype(np.uint8)


if __name__ == "__main__":
    book = Codebook(ENGINE, "golden-palettes", initial_model((20, 34)).to_arrays(), {})
    CODEBOOK.write_bytes(book.to_bytes())
    lines = []
    for name, size in SIZES.items():
        samples = picture(*size, {"rgb": 3, "rgba": 4, "grey": 1}[name])
        samples = samples[:, :, 0] if name == "grey" else samples
        data = encode_image(samples, codebook=book, quality=75, effort=5, chroma="420" if name == "rgba" else "444")
        (HERE / f"palettes-{name}.vqc").write_bytes(data)
        lines.append(f"{digest(decode_image(data, codebook=book))} palettes-{name}.vqc\n")
    HASHES.write_text("".join(lines))
