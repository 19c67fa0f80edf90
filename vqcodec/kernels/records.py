"""Records: the working arrays of a kernel, its scratch, in one argument.

For a compiled kernel a record is one pointer, but a tuple of arrays is at least seven values for each array. A search
works on dozens of arrays. In tuples they would be hundreds of arguments of every call, which LLVM has to optimise.
Integers and floats travel well in tuples, for example `blocks.layout.Block`.

Each argument of a kernel must take records of one type only. numba numbers the types of records, and another process
numbers them differently, so that it could take one cached variant for another.

Both halves of `vqcodec.kernels` would need this module, if kernels are compiled ahead of time.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def record_type(**fields: tuple[type, int | tuple[int, ...]] | np.dtype) -> np.dtype:
    """Return the type of records with these fields: each is (element type, shape) of an array, or a type of records."""
    return record_of(
        [(name, field) if isinstance(field, np.dtype) else (name, *field) for name, field in fields.items()]
    )


def record_of(members: list[tuple[Any, ...]]) -> np.dtype:
    """Return the type of records with these members, as a structured type has them."""
    layout = _aligned(np.dtype(members))
    formats: list[Any] = [member[1] if len(member) == 2 else member[1:] for member in members]
    placed: Any = {
        "names": [member[0] for member in members],
        "formats": formats,
        "offsets": [layout.fields[member[0]][1] for member in members] if layout.fields else [],
        "itemsize": layout.itemsize,
    }
    return np.dtype((np.record, np.dtype(placed, align=True)))


def _aligned(kind: np.dtype) -> np.dtype:
    """Return a structured type with all its members aligned, and theirs; numpy does not align records within others."""
    if kind.fields is None:
        return kind
    return np.dtype([(name, _aligned(member[0])) for name, member in kind.fields.items()], align=True)


def new_record(kind: np.dtype) -> Any:
    """Return a zeroed record; its arrays are its attributes."""
    return np.zeros((), dtype=kind)[()]
