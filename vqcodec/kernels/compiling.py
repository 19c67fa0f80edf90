"""Compilation of kernels by numba, while the program runs: importing this module imports numba.

It is the way of training, of development and of machines without a native object.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from vqcodec.kernels import cache as kernel_cache

kernel_cache.choose_folder()

import numba  # noqa: E402  (the cache folder must be chosen before numba reads its configuration)
from numba import extending  # noqa: E402
from numba.core import event  # noqa: E402
from numba.core.registry import cpu_target  # noqa: E402

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # type: ignore[attr-defined]  # for the case that numba was imported before

from vqcodec.kernels import argument_types as kernel_types  # noqa: E402  (which import numba)
from vqcodec.kernels import compiler as kernel_compiler  # noqa: E402
from vqcodec.kernels import linking as kernel_linking  # noqa: E402
from vqcodec.kernels.notices import tell  # noqa: E402

WAIT = "half a minute for pictures or speech, a minute for video"  # all kernels of an engine, from nothing

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "no_cfunc_wrapper": True,  # an entry for C, which nobody uses, takes as long to compile as the one for Python
}
"""numba's options for every kernel."""


_ahead = False


class _Announcer(event.Listener):
    """Tells the user of the first compilation; numba announces every one, and nothing for what is in its cache."""

    def on_start(self, event: Any) -> None:
        if not _ahead:
            tell(f"compiling kernels: once, about {WAIT}; `vqcodec warm` does it ahead of time")

    def on_end(self, event: Any) -> None:
        """There is nothing to say."""


event.register("numba:compile", _Announcer())


def _hide_scipy() -> None:
    """Keep numba from loading scipy where that is installed, for matrix products, of which kernels have none."""
    if "scipy" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]  # makes `import scipy` fail
    try:
        importlib.import_module("numba.np.arraymath")  # the module of numba that looks for scipy.linalg
    finally:
        del sys.modules["scipy"]


_hide_scipy()


def ahead_of_time(*, checked: bool) -> None:
    """Compile kernels in this process for `kernels.build`: without entries for Python, and never from a cache.

    Args:
        checked: whether every index is checked.
    """
    global _ahead
    _ahead = True
    OPTIONS.update(no_cpython_wrapper=True, boundscheck=checked)


def dispatcher(function: Callable[..., Any], **options: Any) -> Any:
    """Return numba's dispatcher of a kernel."""
    options = OPTIONS | options
    if _ahead:
        made = numba.njit(**options)(function)
        kernel_types.take_general_types(made)
        return made
    if not kernel_linking.KNOWS_NUMBA:
        return numba.njit(cache=True, **options)(function)
    made = numba.njit(pipeline_class=kernel_compiler.KernelCompiler, **options)(function)
    made._cache = kernel_linking.KernelCache(function)
    kernel_types.take_general_types(made)
    return made


def type_of_intrinsic(generator: Callable[..., Any]) -> Any:
    """Return numba's type of the instructions that `generator` emits."""
    made: Any = extending.intrinsic(generator)
    typing = cpu_target.typing_context
    typing.refresh()  # takes note of the new one
    return typing.resolve_value_type(made)
