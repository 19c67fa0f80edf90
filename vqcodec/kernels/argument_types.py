"""The argument types of kernels that kernels call. They are general, so that numba compiles one version of each kernel.

numba gives each constant argument a type that holds its value, and each array within a record a type that holds its
shape. It compiles a version of the called kernel for each type. These versions hardly differ: LLVM inlines small
kernels and sees the constants there, and the loops of larger kernels do not depend on them.

A build-time half of `vqcodec.kernels` that compiles ahead of time would hold this module.
"""

from __future__ import annotations

from typing import Any

from numba import extending, types


def take_general_types(dispatcher: Any) -> None:
    """Make kernels call one version of a function, also if arguments are constants or arrays within records.

    Args:
        dispatcher: numba's, of the called function.
    """
    fold = dispatcher._compiler.fold_argument_types

    def fold_into_general(args: tuple[Any, ...], kws: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
        signature, folded = fold(args, kws)
        return signature, tuple(map(_general, folded))

    dispatcher._compiler.fold_argument_types = fold_into_general


def _general(given: Any) -> Any:
    """Return the general type of an argument type."""
    if isinstance(given, types.NestedArray):
        return types.Array(given.dtype, given.ndim, "C")
    return types.unliteral(given)


@extending.lower_cast(types.NestedArray, types.Array)
def _as_array(context: Any, builder: Any, given: Any, wanted: Any, value: Any) -> Any:
    """Return an array within a record unchanged: in memory it is an array."""
    return value
