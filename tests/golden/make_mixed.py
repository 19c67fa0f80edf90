"""Make the frozen pictures whose chances are mixed, and their codebook: python tests/golden/make_mixed.py.

Only for a new format. The codebook is trained on nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from make_copies import freeze

HERE = Path(__file__).parent
CODEBOOK, HASHES = HERE / "mixed.vqcb", HERE / "mixed.sha256"


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """Rings, slopes, an edge and a grain, by integers alone; alpha below the first rows."""
    y, x = np.mgrid[:height, :width, :1][:2]
    grain = (x * 7919 + y * 104729 + x * y * 31) % 29 - 14
    rings = ((x - 40) ** 2 + (y - 25) ** 2) // 40 % 64
    samples = 60 + 2 * rings + x + np.array([0, 20, -30]) * (3 * x > 4 * y) + grain
    alpha = np.where(y < 13, 255, 90)
    samples = np.clip(samples, 0, 255)
    return (np.concatenate([samples, alpha], axis=2) if channels == 4 else samples[:, :, :channels]).astype(np.uint8)


if __name__ == "__main__":
    freeze("mixed", picture)
