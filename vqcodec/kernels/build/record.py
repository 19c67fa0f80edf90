"""Recording of the signatures that kernels are called with, whether native code runs then or numba compiles it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vqcodec.kernels import jit
from vqcodec.kernels.build.declared import Signature
from vqcodec.kernels.signatures import Array, Record, Scalar, Tuple, Type


@contextmanager
def recording() -> Iterator[dict[str, set[Signature]]]:
    """Record the calls of kernels while the block runs: by name, the types of the arguments."""
    found: dict[str, set[Signature]] = {}

    def call(self: jit.Kernel, *args: Any, **named: Any) -> Any:
        if named:
            raise TypeError(f"{self.name}: kernels take no named arguments")
        found.setdefault(self.name, set()).add(tuple(map(type_of, args)))
        return super(jit.Kernel, self).__call__(*args)

    kind: Any = jit.Kernel
    kind.__call__ = call
    try:
        yield found
    finally:
        del kind.__call__


def type_of(value: Any) -> Type:
    """Return the type of an argument."""
    if value is None:
        return Scalar("none")
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous:
            raise TypeError(f"kernels take arrays in C order, not one with strides {value.strides} for {value.shape}")
        return Array(value.dtype, value.ndim, not value.flags.writeable)
    if isinstance(value, np.void):
        return Record(value.dtype)
    if isinstance(value, tuple):
        return Tuple(type(value), tuple(map(type_of, value)))
    if isinstance(value, np.generic) and type(value) is not np.float64:
        return Scalar(value.dtype.name)
    plain = {bool: "bool", int: "int64", float: "float64", np.float64: "float64"}.get(type(value))
    if plain is None:
        raise TypeError(f"kernels take no {type(value).__name__}")
    return Scalar(plain)
