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

LAMBDA_FACTOR = 0.12  # distortion per bit in squared steps
