"""Transparency laid on a background of one colour."""

from __future__ import annotations

import numpy as np


def flattened(samples: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Return a picture without alpha, as it looks in front of a colour.

    Args:
        samples: uint8 (height, width, channels), as `Picture.samples`.
        colour: red, green and blue, 0 to 255. A grey picture stays grey if they are alike.
    """
    channels = samples.shape[2]
    if channels in (1, 3):
        return samples
    grey = channels == 2 and len(set(colour)) == 1
    top = samples[..., :-1] if channels == 4 or grey else np.repeat(samples[..., :1], 3, axis=2)
    alpha = samples[..., -1:].astype(np.uint32)
    behind = np.array(colour[:1] if grey else colour, np.uint32)
    return ((top * alpha + behind * (255 - alpha) + 127) // 255).astype(np.uint8)
