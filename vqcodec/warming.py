"""Compiling every kernel ahead of time, by doing a little of everything that commands do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

EFFORTS = (0, 5, 9)
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "image/block": ({},),
    "image/transform": ({}, {"tune": "psnr", "chroma": "420", "alpha_quality": 50.0}),
}
"""By engine, options that between them take every way through the kernels."""

HEIGHT, WIDTH = 44, 52  # no multiples of a block


def compile_kernels(progress: Callable[[float], None] | None = None) -> None:
    """Encode and decode tiny pictures with every codebook at hand, so that kernels are compiled and cached.

    Args:
        progress: called with the part of the work that is done, from 0 to 1.
    """
    from vqcodec.image import count_bits, decode_picture, encode_picture
    from vqcodec.image.pixels import Picture
    from vqcodec.vq.library import list_codebooks

    steps = [
        (entry, channels, effort, options)
        for entry in list_codebooks()
        for options in OPTIONS.get(entry.engine, ())
        for channels in (1, 2, 3, 4)
        for effort in EFFORTS
    ]
    for number, (entry, channels, effort, options) in enumerate(steps):
        codebook = entry.load()
        encoded = encode_picture(
            Picture(texture(channels)),
            codebook=codebook,
            quality=50.0,
            effort=effort,
            threads=1,
            **options,
        )
        decode_picture(encoded.data, codebook=codebook, threads=1)
        count_bits(encoded.data, codebook=codebook)
        if progress is not None:
            progress((number + 1) / len(steps))


def texture(channels: int) -> np.ndarray:
    """A picture, uint8 (HEIGHT, WIDTH, channels): a flat half, a slope and noise."""
    y, x = np.indices((HEIGHT, WIDTH))
    noise = np.random.default_rng(1).integers(0, 80, (HEIGHT, WIDTH))
    plane = np.where(x < WIDTH // 2, 90, 2 * y + noise)
    return np.stack([plane + 10 * channel for channel in range(channels)], axis=2).astype(np.uint8)
