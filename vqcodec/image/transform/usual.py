"""What the stream headers of pictures like those of a corpus begin with: the codebook knows it, so that files need not.

A picture of 32x32 pixels takes about a hundred bytes, and 8 of them tell what is the same for all pictures of its set.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.image.pixels import Picture
from vqcodec.image.shape import Shape
from vqcodec.image.transform.coding import TransformOptions, encode_picture
from vqcodec.media.training import Corpus

_LEAST_SHARE = 0.5  # of the pictures that have the most frequent size
_LARGEST_SIDE = 256  # for larger pictures a few bytes are nothing
_LOOKED_AT = 16  # pictures
_QUALITIES = (35.0, 65.0)
_EFFORT = 2
_TUNED = 0x40  # the bit of the first parameter byte that tells whether steps change with the picture


def usual_headers(corpus: Corpus[Picture], model: Model) -> np.ndarray | None:
    """Return the array `usual_headers` for a codebook, uint8 (2, bytes): of the default tune and of `psnr`.

    None if the pictures are of many sizes, or large.

    Args:
        corpus: read in part.
        model: of the codebook.
    """
    (size, count), *_ = Counter(tuple(size) for size in corpus.sizes).most_common(1)
    height, width, channels = size
    if count < _LEAST_SHARE * len(corpus.sizes) or max(height, width) > _LARGEST_SIDE:
        return None
    shape = Shape(width, height, channels).to_bytes()
    alike = (picture.samples for picture in corpus if picture.samples.shape == size)
    some = list(islice(alike, 0, _LOOKED_AT * max(1, count // _LOOKED_AT), max(1, count // _LOOKED_AT)))
    rows = []
    for tune in ("visual", "psnr"):
        options = TransformOptions(tune=tune, chroma="auto", alpha_quality=100)
        headers = [encode_picture(samples, model, q, _EFFORT, options).header for samples in some for q in _QUALITIES]
        (second, _), *_ = Counter(header[len(shape) + 1] for header in headers).most_common(1)
        rows.append(shape + bytes([headers[0][len(shape)] & _TUNED, second]))
    return np.array([list(row) for row in rows], dtype=np.uint8)
