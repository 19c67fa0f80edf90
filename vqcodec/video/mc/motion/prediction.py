"""Prediction of a block from one or two references along its motion; the same in encoder and decoder."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.signal.interpolation import BETWEEN_ROWS
from vqcodec.kernels.jit import inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.mc.layout import ROOT
from vqcodec.video.mc.motion.interpolation import predict_chroma, predict_luma

MOTION_SCRATCH = record_type(
    between=(np.int32, (ROOT + BETWEEN_ROWS, ROOT)),
    other=(np.int32, (ROOT, ROOT)),
)
"""Working arrays of motion compensation.

Attributes:
    between: rows that are interpolated along rows, not yet along columns.
    other: the second of two predictions.
"""


@inner_kernel
def _average(first, second, width, height):
    """Replace `first` by the mean of both; halves are rounded up."""
    for i in range(height):
        a, b = first[i], second[i]
        for j in range(width):
            a[j] = np.int32(a[j] + b[j] + 1) >> 1


@inner_kernel
def predict_luma_motion(frame, y, x, width, height, motion, scratch, prediction):
    """Predict the luma block at (y, x), of `width` x `height` samples, along `motion`.

    Args:
        frame: `layout.InterFrame`.
        motion: (MOTION,), see `layout.MOTION`.
        scratch: record of MOTION_SCRATCH.
        prediction: int32, filled in its corner, in 1/16.
    """
    first, second = np.int64(motion[0]), np.int64(motion[1])
    if first >= 0:
        reference = frame.reference_luma[frame.slots[0, first]]
        predict_luma(
            reference, y, x, np.int64(motion[2]), np.int64(motion[3]), width, height, scratch.between, prediction
        )
    if second >= 0:
        reference = frame.reference_luma[frame.slots[1, second]]
        row, column = np.int64(motion[4]), np.int64(motion[5])
        if first < 0:
            predict_luma(reference, y, x, row, column, width, height, scratch.between, prediction)
        else:
            predict_luma(reference, y, x, row, column, width, height, scratch.between, scratch.other)
            _average(prediction, scratch.other, width, height)


@inner_kernel
def predict_chroma_motion(frame, plane, y, x, width, height, motion, scratch, prediction):
    """Predict the block at (y, x) of chroma plane `plane` (0 blue, 1 red); y, x and sizes in samples of chroma.

    The other arguments are as for `predict_luma_motion`.
    """
    first, second = np.int64(motion[0]), np.int64(motion[1])
    if first >= 0:
        reference = frame.reference_chroma[plane, frame.slots[0, first]]
        predict_chroma(
            reference, y, x, np.int64(motion[2]), np.int64(motion[3]), width, height, scratch.between, prediction
        )
    if second >= 0:
        reference = frame.reference_chroma[plane, frame.slots[1, second]]
        row, column = np.int64(motion[4]), np.int64(motion[5])
        if first < 0:
            predict_chroma(reference, y, x, row, column, width, height, scratch.between, prediction)
        else:
            predict_chroma(reference, y, x, row, column, width, height, scratch.between, scratch.other)
            _average(prediction, scratch.other, width, height)
