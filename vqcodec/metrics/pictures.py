"""The measures that `compare` takes of two pictures, by the names of the fields of `reports.image.Comparison`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqcodec.metrics.similarity import ssim, ssim_db
from vqcodec.metrics.squared_error import luma, mse, plane_psnr, psnr_611, psnr_rgb, ycbcr
from vqcodec.metrics.transparency import BACKGROUNDS, is_transparent, over

Samples = NDArray[np.uint8]


def measure_pictures(original: Samples, decoded: Samples) -> dict[str, Any]:
    """Return each measure of two pictures. With transparency they are measured over black and over white together.

    Args:
        original, decoded: uint8 (height, width, 1 to 4 channels), of one shape.

    Raises:
        UsageError: the shapes differ, or are not those of a picture.
    """
    colours = 3 if original.shape[2] >= 3 else 1
    views: list[tuple[NDArray[Any], NDArray[Any]]] = [(original[..., :colours], decoded[..., :colours])]
    if is_transparent(original) or is_transparent(decoded):
        views = [(over(original, background), over(decoded, background)) for background in BACKGROUNDS]
    first, second = (np.concatenate(pictures) for pictures in zip(*views, strict=True))
    similarity = float(np.mean([ssim(luma(one), luma(other)) for one, other in views]))
    by_plane = _by_plane(first, second, colours)
    if original.shape[2] > colours:
        by_plane["alpha"] = plane_psnr(original[..., -1], decoded[..., -1])[0]
    return {
        "mse": mse(first, second),
        "psnr_db": psnr_rgb(first, second),
        "plane_psnr_db": by_plane,
        "psnr_611_db": psnr_611(first, second),
        "ssim": similarity,
        "ssim_db": ssim_db(similarity),
    }


def _by_plane(original: ArrayLike, decoded: ArrayLike, colours: int) -> dict[str, float]:
    """Return the PSNR of each colour by its name, and of Y, Cb and Cr if the pictures are in colour."""
    names = ["grey"] if colours == 1 else ["red", "green", "blue"]
    by_plane = dict(zip(names, plane_psnr(original, decoded), strict=True))
    if colours == 3:
        by_plane.update(zip(("y", "cb", "cr"), plane_psnr(ycbcr(original), ycbcr(decoded)), strict=True))
    return by_plane
