"""A codebook of engine video/mc that was trained on next to nothing, but has all that one can have."""

from __future__ import annotations

import functools

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.signal.restoration_kernels import CLASSES, TAPS
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.video.mc.model.tables import PLANE_TYPES, PREDICTED_CLASSES, initial_video_model


@functools.cache
def tiny_video_codebook(filters: bool = True) -> Codebook:
    """Return it; with `filters` its predicted frames can be filtered, by a weak blur."""
    model = initial_video_model(Model.from_arrays(load_codebook("photo").arrays), [24, 34])
    if filters:
        model.restoration = np.zeros((PREDICTED_CLASSES, 2, PLANE_TYPES, CLASSES, TAPS), dtype=np.int16)
        model.restoration[..., [0, 5, 24, 29]] = 40
    return Codebook("video/mc", "tiny", model.to_arrays(), {})
