"""Checks of what quantizers are given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def checked_index(indices: npt.ArrayLike, size: int) -> npt.NDArray[np.intp]:
    """Indices of one table of `size` codewords, intp (n,).

    Raises:
        ValueError: another shape or type, or an index out of range.
    """
    checked = np.asarray(indices)
    if checked.ndim != 1 or (checked.size and checked.dtype.kind not in "iu"):
        raise ValueError(f"indices are {checked.dtype} {checked.shape}; (n,) integers are wanted")
    if checked.size and not 0 <= int(checked.min()) <= int(checked.max()) < size:
        raise ValueError(f"indices lie in {checked.min()}..{checked.max()}; those here are 0..{size - 1}")
    return checked.astype(np.intp, copy=False)
