"""Make the frozen pictures whose blocks have palettes, and their codebook: python tests/golden/make_palettes.py.

Only for a new format. The codebook is trained on nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from make_copies import freeze

HERE = Path(__file__).parent
CODEBOOK, HASHES = HERE / "palettes.vqcb", HERE / "palettes.sha256"
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
    freeze("palettes", picture)
