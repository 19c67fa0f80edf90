"""Working arrays of kernels, kept together in records.

To a compiled kernel a record is one pointer, while a tuple of arrays is seven values an array or more: the dozens of
arrays that a search works on would be hundreds of arguments of every call, and of the code that LLVM has to optimise.

A kernel takes records of one type for an argument, never of several: numba tells the compiled variants apart by numbers
of the types that are other ones in another process, so in the cache one could be taken for another.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def record_type(**fields: tuple[type, int | tuple[int, ...]] | np.dtype) -> np.dtype:
    """Return the type of records with such fields: arrays of an element type and a shape, or other records."""
    members = [(name, field) if isinstance(field, np.dtype) else (name, *field) for name, field in fields.items()]
    return np.dtype((np.record, np.dtype(members, align=True)))


def new_record(kind: np.dtype) -> Any:
    """Return a zeroed record, whose arrays are its attributes."""
    return np.zeros((), dtype=kind)[()]
