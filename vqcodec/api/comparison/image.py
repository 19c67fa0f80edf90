"""How far one picture is from another, by every measure at once."""

from __future__ import annotations

import numpy as np

from vqcodec.errors import UsageError
from vqcodec.image.pixels import Picture
from vqcodec.metrics.pictures import measure_pictures
from vqcodec.reports.image import Comparison


def measure(reference: Picture, test: Picture, reference_name: str, test_name: str) -> Comparison:
    """Compare two pictures of one size.

    Where one is grey and the other colour, both are compared as colour; where one alone has alpha, the other counts
    as opaque.

    Raises:
        UsageError: the sizes differ.
    """
    if (reference.width, reference.height) != (test.width, test.height):
        raise UsageError(
            f"{test_name}: {test.width}x{test.height} pixels, but {reference_name} has "
            f"{reference.width}x{reference.height}; compare pictures of one size"
        )
    colours = 3 if max(reference.channels, test.channels) >= 3 else 1
    has_alpha = reference.channels in (2, 4) or test.channels in (2, 4)
    original = _with_channels(reference.samples, colours, has_alpha)
    decoded = _with_channels(test.samples, colours, has_alpha)
    return Comparison(
        reference=reference_name,
        test=test_name,
        width=reference.width,
        height=reference.height,
        channels=colours + has_alpha,
        **measure_pictures(original, decoded),
        identical=bool(np.array_equal(original, decoded)),
    )


def _with_channels(samples: np.ndarray, colours: int, has_alpha: bool) -> np.ndarray:
    """`samples` as 1 or 3 colours (grey repeated), with alpha if asked for (opaque if missing)."""
    has_own = samples.shape[2] in (2, 4)
    colour = samples[..., :-1] if has_own else samples
    if colour.shape[2] < colours:
        colour = np.repeat(colour, colours, axis=2)
    if not has_alpha:
        return colour
    alpha = samples[..., -1:] if has_own else np.full_like(samples[..., :1], 255)
    return np.concatenate([colour, alpha], axis=2)
