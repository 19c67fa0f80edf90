"""Media as text within a page: data URIs, and arrays in base64."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from vqcodec.image.pixels import MODES

MOST_SHOWN = 3_000_000
"""Pixels of a picture that a page shows at most; a larger one is shown smaller."""

_WEBP_SIDE = 16_383  # the most that WebP holds


def data_uri(data: bytes, kind: str) -> str:
    """Return the URI of data of a MIME type, such as `image/png`."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def packed(array: NDArray[Any], kind: str) -> str:
    """Return an array as base64 of its numbers in one of numpy's little-endian types, such as `<u2`.

    Numbers beyond the type's range become its greatest or least.
    """
    wanted = np.dtype(kind)
    if wanted.kind in "iu":
        limits = np.iinfo(wanted)
        array = np.clip(array, limits.min, limits.max)
    return base64.b64encode(np.ascontiguousarray(array, dtype=wanted).tobytes()).decode("ascii")


def reduction(height: int, width: int) -> float:
    """Return the factor by which both sides of a picture are made smaller to be shown, at most 1."""
    side = min(1.0, _WEBP_SIDE / max(height, width))
    return min(side, (MOST_SHOWN / (height * width)) ** 0.5)


def picture_uri(samples: NDArray[np.uint8]) -> str:
    """Return a picture, uint8 (height, width, 1 to 4 channels), without loss, unless it is too large to be shown."""
    return encoded_picture(image_of(samples))


def image_of(samples: NDArray[np.uint8]) -> Image.Image:
    """Return samples as an image of Pillow."""
    channels = samples.shape[2]
    return Image.fromarray(samples[:, :, 0] if channels == 1 else samples, MODES[channels])


def encoded_picture(image: Image.Image) -> str:
    """Return an image of Pillow as `picture_uri` does."""
    factor = reduction(image.height, image.width)
    if factor < 1:
        size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
        image = image.resize(size, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    if features.check("webp"):
        image.save(written, "WEBP", lossless=True, quality=60, method=4, exact=True)
        return data_uri(written.getvalue(), "image/webp")
    image.save(written, "PNG", optimize=True)
    return data_uri(written.getvalue(), "image/png")
