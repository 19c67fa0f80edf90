"""The measures that `compare` takes of two pictures, by the names of the fields of `reports.image.Comparison`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.metrics.similarity import ssim, ssim_db
from vqcodec.metrics.squared_error import luma, mse, plane_psnr, psnr_611, psnr_rgb, ycbcr

Samples = NDArray[np.uint8]


def measure_pictures(original: Samples, decoded: Samples) -> dict[str, Any]:
    """Return each measure of two pictures.

    Args:
        original, decoded: uint8 (height, width, 1 to 4 channels), of one shape.

    Raises:
        UsageError: the shapes differ, or are not those of a picture.
    """
    colours = 3 if original.shape[2] >= 3 else 1
    similarity = ssim(luma(original), luma(decoded))
    return {
        "mse": mse(original[..., :colours], decoded[..., :colours]),
        "psnr_db": psnr_rgb(original, decoded),
        "plane_psnr_db": _by_plane(original, decoded, colours),
        "psnr_611_db": psnr_611(original, decoded),
        "ssim": similarity,
        "ssim_db": ssim_db(similarity),
    }


def _by_plane(original: Samples, decoded: Samples, colours: int) -> dict[str, float]:
    """Return the PSNR of each plane by its name, and of Y, Cb and Cr if the pictures are in colour."""
    names = ["grey"] if colours == 1 else ["red", "green", "blue"]
    if original.shape[2] > colours:
        names.append("alpha")
    by_plane = dict(zip(names, plane_psnr(original, decoded), strict=True))
    if colours == 3:
        by_plane.update(zip(("y", "cb", "cr"), plane_psnr(ycbcr(original), ycbcr(decoded)), strict=True))
    return by_plane
