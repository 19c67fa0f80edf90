"""How far float32 scores may be from the truth, and what the searches leave to the float64 formulas.

The searches compare scores s = (|c|^2 + p) / 2 - x . c, where vector x and codeword c have been moved by a common
offset (the mean of the codewords) and p >= 0 is the codeword's penalty. s is half of the cost |x - c|^2 + p, less
|x|^2 / 2. With u = 2^-24:

- summing s in any order, fused or not, adds at most u (D + 1) m, where m = (|c|^2 + p) / 2 + |x| |c| bounds every
  partial sum (Higham 2002, "Accuracy and stability of numerical algorithms", section 3.1);
- rounding (|c|^2 + p) / 2 to float32 adds at most u m, rounding the moved x and c at most 2 u m (apart from a
  term that is the same for all codewords).

So a score is within `score_error` = u (D + 6) m of the truth, which leaves 2 u m for the rounding of what is
computed from it, plus a constant for underflow.

**Ties.** Let w be the codeword of least score and a its cost. The nearest codeword k costs at most a, so both lie
within R = |x| + sqrt(a) of the origin, have penalties of at most a, and m <= (R^2 + a) / 2 + |x| R. As 2 |x| sqrt(a)
is at most |x|^2 + a, m <= (5 |x|^2 + 4 a) / 2, which needs no root. The score of k exceeds that of w by at most two
score errors with this m, the `tie_margin`. If no other score is that low, k = w. Otherwise the float64 formulas decide
among those that are.

**Boxes** bound costs from below by distances in a space of few coordinates (see `_boxes.py`). With C the largest
norm and H the largest (|c|^2 + p) / 2, the cost of a codeword of score s is at most T = |x|^2 + 2 s + 2 score errors
with m = H + |x| C; farther boxes are of no interest. The float32 coordinates of x are within tau |x| of the truth,
tau = u (2 D + 8), those of the boxes within tau C. As (a + b)^2 <= (1 + e) a^2 + (1 + 1/e) b^2, boxes up to a
squared distance of (1 + e) T + 2 (1 + 1/e) tau^2 (|x|^2 + C^2) must be looked into. The factor 1 + e, e = 2^-12,
also covers the rounding of the bound and of the basis, which is orthonormal to within u D.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel

UNIT_ROUNDOFF = 2.0**-24
UNDERFLOW = 1e-30
SLACK = 2.0**-12


@inline_kernel
def tie_margin(dimension, squared_norm, cost):
    """Scores that exceed the least one by more than this belong to codewords that cost more than `cost`.

    `squared_norm` is |x|^2, float32; `cost`, float64, is that of the codeword with the least score.
    """
    largest = 2.5 * np.float64(squared_norm) + 2.0 * cost
    return 2.0 * UNIT_ROUNDOFF * (dimension + 6) * largest + UNDERFLOW


def box_threshold(dimension: int, largest_norm: float, largest_half_cost: float) -> npt.NDArray[np.float32]:
    """Coefficients t, float32 (3,): with s the least score so far, boxes are pruned if their squared distance exceeds
    2 (1 + SLACK) s + t[0] + t[1] |x| + t[2] |x|^2.

    `largest_norm` and `largest_half_cost` are C and H above.
    """
    score_error = UNIT_ROUNDOFF * (dimension + 6)
    tau = UNIT_ROUNDOFF * (2 * dimension + 8)
    spread = 2 * (1 + 1 / SLACK) * tau**2
    constant = 4 * score_error * largest_half_cost + spread * largest_norm**2 + UNDERFLOW
    linear = 4 * score_error * largest_norm
    quadratic = (1 + SLACK) * (1 + tau) + spread
    return np.array([constant, linear, quadratic], np.float32)
