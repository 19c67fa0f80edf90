"""Compilation and threading policy: the one place that decides how kernels are compiled and run in parallel.

Kernels are serial, take arrays and release the GIL; parallel work is a list of fixed shards handed to threads, and
results are combined in the order of the shards. So nothing depends on the number of threads, numba's threading
layers (and their fork and nesting traps) stay out, and each kernel is compiled once.
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
    "no_cfunc_wrapper": True,  # an entry for C, which nobody uses, takes as long to compile as the one for Python
}


_LEAN_PACKAGES = (
    "vqcodec.blocks.",
    "vqcodec.video.mc.",
    "vqcodec.speech.excitation.adaptive_codebook",
    "vqcodec.speech.excitation.gains",
    "vqcodec.speech.excitation.lag_search",
    "vqcodec.speech.excitation.pulses",
    "vqcodec.speech.excitation.shapes",
    "vqcodec.speech.excitation.synthesis",
    "vqcodec.speech.excitation.targets",
    "vqcodec.speech.excitation.trellis",
)
"""Whose kernels make no arrays, and so need not count references to those that they are given.

Numba counts at every call that an array goes into, which takes a seventh of the time of kernels that hand many arrays
on, and more of their compilation. A kernel that does make arrays is an `allocating_kernel`; numba refuses others
("Only accept returning of array passed into the function as argument").
"""


def _njit(function: Callable[..., Any], **options: Any) -> Any:
    """numba's decorator, for kernels; of versions whose inner parts are not known, as it is."""
    if not kernel_linking.KNOWS_NUMBA:
        return numba.njit(cache=True, **options)(function)
    dispatcher = numba.njit(pipeline_class=kernel_compiler.KernelCompiler, **options)(function)
    dispatcher._cache = kernel_linking.KernelCache(function)
    kernel_types.take_general_types(dispatcher)
    return dispatcher


def _options(function: Callable[..., Any]) -> dict[str, Any]:
    """The options for a function: what is not said here it takes over from the kernel that calls it."""
    return {**_OPTIONS, "_nrt": False} if function.__module__.startswith(_LEAN_PACKAGES) else _OPTIONS


class InnerKernel:
    """A function that is compiled for the kernels that call it, and for them alone; Python runs it as it is written.

    An entry for Python would unpack every array of every argument: much of the time that small kernels take to compile.
    And numba is told of the function only when a kernel is compiled that calls it: kernels from the cache need it not.
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
        """What numba asks for when it meets the function's name in a kernel."""
        return self._dispatcher._numba_type_

    def __call__(self, *args: Any) -> Any:
        """Run the function, interpreted."""
        return self._function(*args)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel: cached on disk, without the GIL, IEEE arithmetic (never fastmath)."""
    return _njit(function, **_options(function))


def allocating_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that makes arrays, where most make none."""
    return _njit(function, **_OPTIONS, _nrt=True)


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that only kernels call."""
    return InnerKernel(function)


def inline_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a helper that LLVM inlines into the kernels that call it."""
    return InnerKernel(function, forceinline=True)
