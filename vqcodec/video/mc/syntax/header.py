"""The header of a predicted frame: its change of step, and whether it is filtered."""

from __future__ import annotations

import numpy as np

from vqcodec.entropy.bits import get_bits, get_exp_golomb, put_bits, put_exp_golomb
from vqcodec.kernels.jit import kernel


@kernel
def put_frame_header(buffer, position, change, flags):
    """Write the header; return the new position.

    Args:
        change: added to the step of the frame's level.
        flags: 2 * (luma is filtered) + (chroma is filtered); -1 if the model has no filter.
    """
    position = put_exp_golomb(buffer, position, 2 * abs(change) - (change > 0), 0)
    if flags >= 0:
        position = put_bits(buffer, position, flags, 2)
    return position


@kernel
def get_frame_header(buffer, position, filters):
    """Return (change of the step, filter flags, new position); the flags are 0 if `filters` is false.

    Args:
        filters: whether the model has a filter.
    """
    code, position = get_exp_golomb(buffer, position, 0)
    change = (code + 1) >> 1 if code & 1 else -(code >> 1)
    flags = np.int64(0)
    if filters:
        flags, position = get_bits(buffer, position, 2)
    return change, flags, position
