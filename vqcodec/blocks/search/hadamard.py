"""The Hadamard cost of a prediction, which ranks what is then tried in full."""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.kernels.jit import inner_kernel


@inner_kernel
def hadamard_cost(source, block, prediction, scratch):
    """Return the sum of the absolute 4x4 Hadamard coefficients of the residual, a quarter each, in samples.

    Args:
        source: int16 plane in 1/16; block: `layout.Block`.
        prediction: int32 (32, 32) in 1/16.
        scratch: int32 (16,).
    """
    h, y, x = scratch, block.y, block.x
    width, height = 1 << block.log_width, 1 << block.log_height
    original = source[y : y + height, x : x + width]
    total = np.int32(0)
    for top in range(0, height, 4):
        for left in range(0, width, 4):
            for i in range(4):
                a = np.int32(original[top + i, left] - prediction[top + i, left])
                b = np.int32(original[top + i, left + 1] - prediction[top + i, left + 1])
                c = np.int32(original[top + i, left + 2] - prediction[top + i, left + 2])
                d = np.int32(original[top + i, left + 3] - prediction[top + i, left + 3])
                h[i] = a + c + b + d
                h[4 + i] = a + c - b - d
                h[8 + i] = a - c + b - d
                h[12 + i] = a - c - b + d
            for j in range(0, 16, 4):
                e, f, g, k = h[j] + h[j + 2], h[j + 1] + h[j + 3], h[j] - h[j + 2], h[j + 1] - h[j + 3]
                total += abs(e + f) + abs(e - f) + abs(g + k) + abs(g - k)
    return np.float32(total) / np.float32(4 << SAMPLE_BITS)
