"""numba's compiler for kernels: without the steps that kernels do not need, and with the libraries of `linking`.

More than half of the time of a compilation is numba's own Python code. Many of its steps do nothing for kernels, and
Python's search for garbage among its many objects takes a tenth of the time.

A build-time half of `vqcodec.kernels` that compiles ahead of time would hold this module.
"""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import compiler

from vqcodec.kernels.linking import KernelLibrary

_YOUNG_OBJECTS = 200_000
"""While a kernel is compiled, Python searches for garbage after this number of new objects."""

_UNNEEDED = frozenset(
    {
        "DumpParforDiagnostics",
        "FindLiterallyCalls",
        "InlineClosureLikes",  # and list comprehensions
        "InlineInlinables",
        "InlineOverloads",
        "LiteralPropagationSubPipelinePass",
        "LiteralUnroll",
        "MakeFunctionToJitFunction",
        "NoPythonSupportedFeatureValidation",
        "NopythonRewrites",  # expressions of whole arrays, as one loop
        "RewriteDynamicRaises",
        "WithLifting",
    }
)
"""numba's steps for things that kernels do not contain."""


class KernelFlags(compiler.Flags):
    """numba's options of a compilation, with a fast comparison.

    numba compares all options, one by one, each time it infers the types of an operation. That takes a noticeable part
    of a compilation.
    """

    __slots__ = ("_identity",)
    _identity: str

    def copy(self) -> KernelFlags:
        """Return a copy, which must not be changed: its hash is computed here."""
        clone = KernelFlags(self)
        clone._identity = sys.intern(repr(clone))
        return clone

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return self._identity is other._identity if isinstance(other, KernelFlags) else super().__eq__(other)


class KernelCompiler(compiler.Compiler):
    """numba's compiler with a `KernelLibrary`, and with symbols whose numbers are the same in every process."""

    def __init__(
        self, typingctx: Any, targetctx: Any, library: Any, args: Any, return_type: Any, flags: Any, *rest: Any
    ):
        super().__init__(typingctx, targetctx, library, args, return_type, KernelFlags(flags), *rest)

    def define_pipelines(self) -> list[Any]:
        """Return numba's own pipelines without `_UNNEEDED`. numba calls this when it knows function and types."""
        state, function = self.state, self.state.func_id
        enclosed = [cell.cell_contents for cell in function.func.__closure__ or ()]  # else one name for all dimensions
        identity = repr((function.modname, function.func_qualname, enclosed, state.args, state.flags))
        function.unique_id = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big")
        state.library = KernelLibrary(
            state.targetctx.codegen(),
            f"{function.modname}.{function.func_qualname}.{function.unique_id}",
            entry=not state.flags.no_cpython_wrapper,
            inlined=bool(state.flags.forceinline),
        )
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [step for step in pipeline.passes if step[0].__name__ not in _UNNEEDED]
        return pipelines

    def _compile_core(self) -> Any:
        with _patient_collector():
            return super()._compile_core()


@contextmanager
def _patient_collector() -> Iterator[None]:
    """While the block runs, Python searches for garbage less often."""
    before = gc.get_threshold()
    if 0 < before[0] < _YOUNG_OBJECTS:
        gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
