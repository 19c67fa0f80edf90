"""SSIMULACRA2, how alike two pictures look to people, by the package of the extra `vqcodec[ssimulacra2]`."""

from __future__ import annotations

import importlib
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import UsageError
from vqcodec.metrics.squared_error import same_shape
from vqcodec.metrics.transparency import BACKGROUNDS, is_transparent, over

_LEAST_SIDE = 8  # pixels; the measure has nothing to go by in smaller pictures


def check_measurable(original: NDArray[np.uint8]) -> None:
    """Raise UsageError if `ssimulacra2_seen` cannot measure a picture, uint8 (height, width, channels)."""
    _package()
    height, width = original.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        raise UsageError(f"SSIMULACRA2 needs {_LEAST_SIDE} pixels a side, and the picture has {width}x{height}")


def ssimulacra2_seen(original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """Return SSIMULACRA2 of what is seen: of what is transparent, the lower one over black and over white.

    It is at most 100, and that for equal pictures. At 90 most people see no difference to the original; 70 is high
    quality, 50 medium, 30 low.

    Args:
        original, decoded: uint8 (height, width, 1 to 4 channels), of one shape.

    Source: J. Sneyers, "SSIMULACRA 2", https://github.com/cloudinary/ssimulacra2, 2023.

    Raises:
        UsageError: the package is not installed, the shapes differ, or a side has fewer than 8 pixels.
    """
    check_measurable(original)
    same_shape(original, decoded)
    measure = _package().compute_ssimulacra2
    colours = 3 if original.shape[2] >= 3 else 1
    views: list[tuple[NDArray[Any], NDArray[Any]]] = [(original[..., :colours], decoded[..., :colours])]
    if is_transparent(original) or is_transparent(decoded):
        views = [(over(original, background), over(decoded, background)) for background in BACKGROUNDS]
    return min(float(measure(_file(one), _file(other))) for one, other in views)


def _package() -> Any:
    """Return the package, or raise UsageError if it is not installed."""
    try:
        return importlib.import_module("ssimulacra2")
    except ImportError:
        raise UsageError(
            "SSIMULACRA2 needs a package that is not installed: pip install 'vqcodec[ssimulacra2]'"
        ) from None


def _file(colours: NDArray[Any]) -> io.BytesIO:
    """Return a PGM or PPM file, since the package reads files, of samples of 0 to 255 (height, width, 1 or 3)."""
    height, width, channels = colours.shape
    head = f"P{5 if channels == 1 else 6} {width} {height} 255\n"
    return io.BytesIO(head.encode() + np.rint(colours).astype(np.uint8).tobytes())
