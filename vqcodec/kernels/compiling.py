"""Compilation of kernels by numba, while the program runs or for `kernels.build`. Importing this module imports numba.

While the program runs, this is the way of training, of development and of machines without a native object.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba import extending
from numba.core import event
from numba.core.registry import cpu_target

from vqcodec.errors import UsageError
from vqcodec.kernels import keeping
from vqcodec.kernels.argument_types import take_general_types
from vqcodec.kernels.notices import tell

WAIT = "one or two minutes for each medium"
"""How long the compilation of all kernels of an engine takes."""

_AHEAD = "; `vqcodec warm` does it ahead of time"
_SIGNATURES = Path(__file__).with_name("signatures.json")
_TRAINING = "; they are for training, and later trainings find them"

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

    Raises:
        UsageError: numba may not compile.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        raise UsageError("NUMBA_DISABLE_JIT is set, but numba has to compile kernels here; unset it")
    made = numba.njit(**(OPTIONS | options))(function)
    if not _ahead:
        keeping.keep(made)
    take_general_types(made)
    return made


def type_of_intrinsic(generator: Callable[..., Any]) -> Any:
    """Return numba's type of the instructions that `generator` emits."""
    made: Any = extending.intrinsic(generator)
    typing = cpu_target.typing_context
    typing.refresh()  # takes note of the new one
    return typing.resolve_value_type(made)


def _is_recorded(name: str) -> bool:
    """Return whether a kernel is one of encoding and decoding, which `vqcodec warm` compiles."""
    try:
        return name in json.loads(_SIGNATURES.read_text(encoding="utf-8"))["kernels"]
    except OSError:
        return False


class _Announcer(event.Listener):
    """Tells the user of the first compilation. numba announces every one, and nothing for what is in its cache.

    Kernels that another one calls are compiled while that one is; they are not told of.
    """

    def __init__(self) -> None:
        self._depth = 0

    def on_start(self, event: Any) -> None:
        self._depth += 1
        if not _ahead and self._depth == 1:
            kept = not keeping.not_kept()
            function = event.data["dispatcher"].py_func
            later = _AHEAD if _is_recorded(f"{function.__module__}.{function.__qualname__}") else _TRAINING
            tell(f"compiling kernels: {'once, ' if kept else ''}{WAIT}" + later * kept)

    def on_end(self, event: Any) -> None:
        self._depth -= 1


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
