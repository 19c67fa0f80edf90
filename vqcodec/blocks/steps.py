"""The ladder of quantizer steps: eight a doubling, in fixed point, the same on every machine."""

from __future__ import annotations

import numpy as np

STEP_BITS = 6  # fractional bits of a step
STEPS_PER_OCTAVE = 8
STEP_COUNT = 64
MAX_STEP_INDEX = STEP_COUNT - 1

# 64 * 2^(k / 8) rounded, doubled every octave: steps from 1 to about 234
_OCTAVE = np.array([64, 70, 76, 83, 91, 99, 108, 117], dtype=np.int32)
STEPS = np.array([int(_OCTAVE[i % 8]) << (i // 8) for i in range(STEP_COUNT)], dtype=np.int32)
STEP_SIZES = (STEPS / (1 << STEP_BITS)).astype(np.float32)  # in sample units

MATRIX_BITS = 6  # fractional bits of the factors of a quantization matrix
_SIDE = np.arange(32, dtype=np.int32)
FREQUENCY_MATRIX = 45 + 3 * (_SIDE[:, None] + _SIDE) // 2
"""Factors of the step by frequency, int32 (32, 32), from 0.7 to 2.2 in fixed point.

Row and column are the vertical and the horizontal frequency in a 32x32 block. In a smaller block a coefficient has the
factor of its frequency there: a block of 2^n samples a side takes every 2^(5 - n)-th row or column.
"""

LAMBDA_FACTOR = 0.12  # distortion per bit in squared steps
