"""How kernels are declared, and the one place that decides how they run.

A kernel runs as native code that was compiled ahead of time (`native`), if there is such code for its source and for
the types of the arguments. Otherwise numba compiles it when it is called (`compiling`): in training, in development
and on machines without a native object. Either way it gives the same bits.

Kernels are serial, take arrays and release the GIL; parallel work is a list of fixed shards handed to threads, and
results are combined in the order of the shards. So nothing depends on the number of threads, numba's threading
layers (and their fork and nesting traps) stay out, and each kernel is compiled once.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from vqcodec.kernels import native

_LOCK = threading.Lock()


class Kernel(native.Caller):
    """A function that Python calls, compiled.

    Args:
        function: what to compile.
        allocating: whether it makes arrays. Those that do not need not count references to those that they are given,
            which takes a seventh of the time of kernels that hand many arrays on.
    """

    def __init__(self, function: Callable[..., Any], *, allocating: bool) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.allocating = allocating
        self._sought = False

    def otherwise(self, *args: Any, **named: Any) -> Any:
        """Call the kernel where no variant is at hand that takes the arguments."""
        if not self._sought:
            self._seek()
            return self(*args, **named)
        if native.forced():
            raise native.Unusable(f"{self.name} is not compiled ahead of time for {list(map(type, args))}")
        return self.dispatcher(*args, **named)

    def _seek(self) -> None:
        """Find the variants in the native object, once."""
        with _LOCK:
            if not self._sought:
                self.variants = native.variants_of(self.name)
                self._sought = True

    @functools.cached_property
    def dispatcher(self) -> Any:
        """numba's dispatcher, which compiles the kernel for the types that it is called with."""
        from vqcodec.kernels.compiling import dispatcher

        return dispatcher(self.function, _nrt=self.allocating)

    @property
    def _numba_type_(self) -> Any:
        """What numba asks for when it meets the function's name in a kernel."""
        return self.dispatcher._numba_type_


class InnerKernel:
    """A function that is compiled for the kernels that call it, and for them alone; Python runs it as it is written.

    An entry for Python would unpack every array of every argument: much of the time that small kernels take to compile.
    And numba is told of the function only when a kernel is compiled that calls it.
    Whether it counts references it takes over from the kernel that calls it.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self._function = function
        self._options = options
        functools.update_wrapper(self, function)

    @functools.cached_property
    def _dispatcher(self) -> Any:
        from vqcodec.kernels.compiling import dispatcher

        return dispatcher(self._function, no_cpython_wrapper=True, **self._options)

    @property
    def _numba_type_(self) -> Any:
        """What numba asks for when it meets the function's name in a kernel."""
        return self._dispatcher._numba_type_

    def __call__(self, *args: Any) -> Any:
        """Run the function, interpreted."""
        return self._function(*args)


class Instruction:
    """A few machine instructions that numba has no name for, to be called from kernels.

    Args:
        generator: as `numba.extending.intrinsic` takes it. It is called only when a kernel is compiled, so it may
            import numba and llvmlite.
    """

    def __init__(self, generator: Callable[..., Any]) -> None:
        self._generator = generator
        self.__doc__ = generator.__doc__

    @functools.cached_property
    def _numba_type_(self) -> Any:
        """What numba asks for when it meets the function's name in a kernel."""
        from vqcodec.kernels.compiling import type_of_intrinsic

        return type_of_intrinsic(self._generator)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel: without the GIL, IEEE arithmetic (never fastmath), making no arrays."""
    return Kernel(function, allocating=False)


def allocating_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that makes arrays."""
    return Kernel(function, allocating=True)


def inner_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a kernel that only kernels call."""
    return InnerKernel(function)


def inline_kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` as a helper that LLVM inlines into the kernels that call it."""
    return InnerKernel(function, forceinline=True)


def instruction(generator: Callable[..., Any]) -> Any:
    """Let kernels call the machine instructions that `generator` emits."""
    return Instruction(generator)
