"""Compilation of kernels by numba, while the program runs or for `kernels.build`. Importing this module imports numba.

While the program runs, this is the way of training, of development and of machines without a native object.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from vqcodec.kernels import cache
from vqcodec.kernels.notices import tell

CACHE_FOLDER = cache.choose_folder()
if CACHE_FOLDER is not None:
    os.environ["NUMBA_CACHE_DIR"] = CACHE_FOLDER  # numba reads it when it is imported

import numba  # noqa: E402
from numba import extending  # noqa: E402
from numba.core import event  # noqa: E402
from numba.core.registry import cpu_target  # noqa: E402

from vqcodec.kernels.argument_types import take_general_types  # noqa: E402  (which imports numba)

if CACHE_FOLDER is not None:
    numba.config.CACHE_DIR = CACHE_FOLDER  # type: ignore[attr-defined]  # in case numba was imported before

WAIT = "one or two minutes for each medium"
"""How long the compilation of all kernels of an engine takes."""

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "no_cfunc_wrapper": True,  # nobody uses the entry for C, and it takes as long to compile as the entry for Python
}
"""numba's options for every kernel."""

_ahead = False


def ahead_of_time(*, checked: bool) -> None:
    """Compile kernels in this process for `kernels.build`: without entries for Python, and without a cache.

    Args:
        checked: whether every index is checked.
    """
    global _ahead
    _ahead = True
    OPTIONS.update(no_cpython_wrapper=True, boundscheck=checked)


def dispatcher(function: Callable[..., Any], **options: Any) -> Any:
    """Return numba's dispatcher of a kernel.

    Args:
        function: the kernel.
        options: numba's, besides `OPTIONS`.
    """
    made = numba.njit(cache=CACHE_FOLDER is not None and not _ahead, **(OPTIONS | options))(function)
    take_general_types(made)
    return made


def type_of_intrinsic(generator: Callable[..., Any]) -> Any:
    """Return numba's type of the instructions that `generator` emits."""
    made: Any = extending.intrinsic(generator)
    typing = cpu_target.typing_context
    typing.refresh()  # takes note of the new one
    return typing.resolve_value_type(made)


class _Announcer(event.Listener):
    """Tells the user of the first compilation. numba announces every one, and nothing for what is in its cache."""

    def on_start(self, event: Any) -> None:
        if not _ahead:
            tell(f"compiling kernels: once, {WAIT}; `vqcodec warm` does it ahead of time")

    def on_end(self, event: Any) -> None:
        """Do nothing."""


def _hide_scipy() -> None:
    """Keep numba from loading scipy, if it is installed, for matrix products. Our kernels have none."""
    if "scipy" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]  # makes `import scipy` fail
    try:
        importlib.import_module("numba.np.arraymath")  # the module of numba that looks for scipy.linalg
    finally:
        del sys.modules["scipy"]


event.register("numba:compile", _Announcer())
_hide_scipy()
