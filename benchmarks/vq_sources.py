"""The vectors that the figures of docs/vq-explained.md are made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
CORRELATION = np.array([[1.0, 0.75], [0.75, 1.0]])


def correlated(count: int) -> np.ndarray:
    """A 2-D source with correlated components, such as two neighbouring pixels have, (count, 2)."""
    return np.random.default_rng(5).multivariate_normal([0, 0], CORRELATION, count).astype(np.float32)


def clusters(count: int) -> np.ndarray:
    """Eight clusters of unlike size and width, (count, 2)."""
    chance = np.random.default_rng(7)
    centres = 2.3 * np.array([[np.cos(turn), np.sin(turn)] for turn in np.arange(8) * np.pi / 4])
    chosen = chance.choice(8, count, p=np.array([8, 1, 4, 1, 2, 6, 1, 3]) / 26)
    return (centres[chosen] + chance.normal(size=(count, 2)) * (0.15 + 0.06 * chosen[:, None])).astype(np.float32)


def error_of(quantizer: Any, points: np.ndarray) -> float:
    """The mean squared error per vector."""
    return float(np.square(points - quantizer.decode(quantizer.encode(points))).sum(axis=1).mean())
