"""The types that kernels are compiled for when kernels call them: general ones, so that there is one version of each.

numba gives a constant argument a type of its own, that of its value, and an array within a record one of its shape; and
it compiles a version of the called kernel for every type that it meets. The code is nearly the same: what is small is
inlined, where LLVM sees the constants, and loops of larger kernels do not depend on them.
"""

from __future__ import annotations

from typing import Any

from numba import extending, types


def take_general_types(dispatcher: Any) -> None:
    """Let kernels call the same version of a function whatever constants and arrays within records they hand to it."""
    fold = dispatcher._compiler.fold_argument_types

    def fold_into_general(args: tuple[Any, ...], kws: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
        signature, folded = fold(args, kws)
        return signature, tuple(map(_general, folded))

    dispatcher._compiler.fold_argument_types = fold_into_general


def _general(given: Any) -> Any:
    if isinstance(given, types.NestedArray):
        return types.Array(given.dtype, given.ndim, "C")
    return types.unliteral(given)


@extending.lower_cast(types.NestedArray, types.Array)
def _as_array(context: Any, builder: Any, given: Any, wanted: Any, value: Any) -> Any:
    """Return an array within a record as the array that it is in memory, too."""
    return value
