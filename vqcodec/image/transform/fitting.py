"""Which of the shipped codebooks fits a picture, when nobody says: a trial of all on a few of its blocks.

What is drawn, such as a screenshot, takes 6 to 18 % fewer bits with `graphic`, and a photograph 5 to 9 % fewer with
`photo`. In the trial, 49 photographs saved at most 1.8 % with `graphic`, and 20 of 21 screenshots at least 6 %. Most
photographs need no trial, nor time to load `graphic`: they have too few equal neighbours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.parameters import CodingParameters
from vqcodec.codebook.library import load_codebook
from vqcodec.image.transform.coding import cost_of
from vqcodec.image.transform.descriptor import TRANSFORM
from vqcodec.image.transform.engine import model_of
from vqcodec.image.transform.planes import planes_of
from vqcodec.image.transform.quality import ladder_position

USUAL, DRAWN = "photo", "graphic"
_LEAST_SAVED, _LEAST_SAVED_BITS = 0.03, 64.0  # by `graphic`
_LEAST_EQUAL = 0.16  # of neighbouring pixels: 0.00 to 0.15 in most photographs, 0.17 to 0.98 in what is drawn
_SIDE, _BLOCKS = 64, 12
_LOOKED_AT = 256  # blocks, of which the liveliest are tried
_QUALITY, _EFFORT = 60.0, 1  # whatever quality is asked for: the choice must not change along the ladder


def fitting_codebook(samples: npt.NDArray[np.uint8]) -> str:
    """Return the name of the shipped codebook that fits a picture.

    Args:
        samples: uint8 (height, width, 1 to 4 channels).
    """
    from vqcodec.blocks.search.encoder import encode_planes  # which decoding does without

    colours = 1 if samples.shape[2] < 3 else 3
    part = np.ascontiguousarray(lively_part(samples[:, :, :colours]))
    if equal_share(part) < _LEAST_EQUAL:
        return USUAL
    books = [load_codebook(name) for name in (USUAL, DRAWN)]
    if any(book.engine != TRANSFORM.name for book in books):
        return USUAL  # a codebook of the user's own has the name of one of them
    chroma = "grey" if colours == 1 else "420"
    planes = planes_of(part, chroma)
    index, lambda_scale = ladder_position(_QUALITY)
    parameters = CodingParameters(index, tune="psnr", subsampling=chroma, effort=_EFFORT, lambda_scale=lambda_scale)
    usual, drawn = (cost_of(planes, encode_planes(planes, model_of(book), parameters, 1), parameters) for book in books)
    return DRAWN if usual - drawn > max(_LEAST_SAVED * usual, _LEAST_SAVED_BITS) else USUAL


def equal_share(samples: npt.NDArray[np.uint8]) -> float:
    """Return the part of the pixels of a picture that are like the one to their left; 1 if none has one there."""
    equal = (samples[:, 1:] == samples[:, :-1]).all(axis=2)
    return float(equal.mean()) if equal.size else 1.0


def lively_part(samples: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return some blocks of a picture, above one another: from everywhere, of the livelier half.

    Args:
        samples: uint8 (height, width, channels). If they are not many, they are returned as they are. Blocks of a strip
            that is narrower than a block are as narrow as it is.
    """
    height, width, channels = samples.shape
    down, across = min(_SIDE, height), min(_SIDE, width)
    rows, columns = height // down, width // across
    if rows * columns <= _BLOCKS:
        return samples
    whole = samples[: rows * down, : columns * across]
    blocks = whole.reshape(rows, down, columns, across, channels).swapaxes(1, 2)
    numbers = np.unique(np.linspace(0, rows * columns - 1, _LOOKED_AT).astype(np.int64))
    looked_at = blocks[numbers // columns, numbers % columns]
    grey = looked_at.sum(axis=3, dtype=np.int16)
    edges = np.count_nonzero(np.abs(np.diff(grey, axis=2)) > 4 * channels, axis=(1, 2))
    liveliest = np.argsort(-edges, kind="stable")[: max(_BLOCKS, len(numbers) // 2)]
    tried = liveliest[np.linspace(0, len(liveliest) - 1, _BLOCKS).astype(np.int64)]
    return looked_at[np.sort(tried)].reshape(-1, across, channels)
