"""Codebooks with changed arrays: of wrong forms and extreme values, or such that code lengths stay whole."""

from __future__ import annotations

from random import Random

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import VQCodecError

TYPES = ("<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<i8")


def changed_codebook(random: Random, codebook: Codebook) -> Codebook:
    """Return a codebook of the same engine with one to three changed arrays; of the same arrays if that cannot be."""
    arrays = {name: np.array(array) for name, array in codebook.arrays.items()}
    for _ in range(random.choice((1, 1, 2, 3))):
        name = random.choice(sorted(arrays))
        changed = _changed(random, arrays[name])
        if changed is None:
            del arrays[name]
        else:
            arrays[name] = np.ascontiguousarray(changed)
        if not arrays:
            break
    try:
        return Codebook(codebook.engine, "changed", arrays, {})
    except VQCodecError:
        return codebook


def _changed(random: Random, array: np.ndarray) -> np.ndarray | None:
    """Return a changed array; None to leave it out. Half of the changes keep each row's values, so codes stay codes."""
    rng, info = np.random.default_rng(random.randrange(1 << 40)), np.iinfo(array.dtype)
    way = random.randrange(14)
    if way < 3:
        return rng.permuted(array, axis=-1) if array.ndim else array
    if way < 5:
        return array[rng.permutation(len(array))] if array.ndim else array
    if way < 7:
        return np.flip(array)
    if way == 7:
        return rng.integers(info.min, info.max, array.shape, array.dtype, endpoint=True)
    if way == 8:
        return np.full(array.shape, random.choice((info.min, info.max, 0, 1)), array.dtype)
    if way == 9:
        array.reshape(-1)[random.randrange(array.size)] = random.choice((info.min, info.max, 0, 1))
        return array
    if way == 10:
        return array.astype(random.choice(TYPES))
    if way == 11:
        return array[: max(1, len(array) // 2)] if array.ndim else array
    if way == 12:
        return array.reshape(-1) if random.random() < 0.5 else array[None]
    return None
