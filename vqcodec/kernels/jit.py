"""The decorators of kernels: the one place that decides how kernels are compiled.

Kernels are serial, take arrays and release the GIL. Parallel work is a list of fixed shards (`vqcodec.threads`), and
results are combined in the order of the shards. So no result depends on the number of threads, numba's threading layers
with their problems of forking and nesting are not used, and each kernel is compiled once.

A build-time half of `vqcodec.kernels` that compiles ahead of time may come. Then these decorators compile there, and at
run time they load compiled code.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from vqcodec.kernels import cache as kernel_cache

kernel_cache.choose_folder()

import numba  # noqa: E402  (the cache folder must be chosen before numba reads its configuration)

numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # type: ignore[attr-defined]  # for the case that numba was imported before


from vqcodec.kernels import argument_types as kernel_types  # noqa: E402  (which import numba)
from vqcodec.kernels import compiler as kernel_compiler  # noqa: E402  (which import numba)
from vqcodec.kernels import linking as kernel_linking  # noqa: E402  (which import numba)

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "no_cfunc_wrapper": True,  # nobody uses the entry for C, and it takes as long to compile as the entry for Python
}


_LEAN_ROOMS = (
    "vqcodec.blocks.",
    "vqcodec.video.mc.",
    "vqcodec.video.st3d.",
    "vqcodec.speech.celp.",
    "vqcodec.speech.excitation.",
)
"""Lean rooms: their kernels allocate no arrays, so that they need not count references to their arguments.

numba counts references at every call that takes an array. That takes a seventh of the time of kernels that pass many
arrays on, and more of their compilation. A kernel in these rooms that allocates arrays must be an
`allocating_kernel`; numba refuses other decorators with "Only accept returning of array passed into the function as
argument".
"""


def _njit(function: Callable[..., Any], **options: Any) -> Any:
    """Return numba's dispatcher for a kernel: with our compiler and cache if this version of numba is known."""
    if not kernel_linking.KNOWS_NUMBA:
        return numba.njit(cache=True, **options)(function)
    dispatcher = numba.njit(pipeline_class=kernel_compiler.KernelCompiler, **options)(function)
    dispatcher._cache = kernel_linking.KernelCache(function)
    kernel_types.take_general_types(dispatcher)
    return dispatcher


def _options(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the options for a function. It inherits all others from the kernel that calls it."""
    return {**_OPTIONS, "_nrt": False} if function.__module__.startswith(_LEAN_ROOMS) else _OPTIONS


class InnerKernel:
    """A function that is compiled only for the kernels that call it. A call from Python runs it interpreted.

    A compiled entry for Python would unpack every array of every argument, which takes much of the compile time of a
    small kernel. numba learns of the function only when it compiles a kernel that calls it; cached kernels do not need
    it.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self._function = function
        self._options = options
        functools.update_wrapper(self, function)

    @functools.cached_property
    def _dispatcher(self) -> Any:
        return _njit(self._function, **_options(self._function), no_cpython_wrapper=True, **self._options)

    @property
    def _numba_type_(self) -> Any:
        """The type of the function for numba, which asks for it when it meets the function's name in a kernel."""
        return self._dispatcher._numba_type_

    def __call__(self, *args: Any) -> Any:
        """Run the function, interpreted."""
        return self._function(*args)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that Python calls: cached on disk, without the GIL, IEEE arithmetic."""
    return _njit(function, **_options(function))


def allocating_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that Python calls and that allocates arrays."""
    return _njit(function, **_OPTIONS, _nrt=True)


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that only kernels call. A call from Python runs it interpreted."""
    return InnerKernel(function)


def inline_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a helper that LLVM inlines into the kernels that call it."""
    return InnerKernel(function, forceinline=True)
