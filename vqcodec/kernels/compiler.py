"""numba's compiler for kernels: with less to do, and the code of each kernel in a library of `kernel_linking`.

More than half of a compilation is numba's own Python. It does much that kernels have no use for, and makes so many
objects that Python's search for garbage among them takes a tenth of the time.
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
"""How many new objects Python is to wait for, while a kernel is compiled, until it looks for garbage among them."""

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
"""numba's steps for what kernels do not contain."""


class KernelFlags(compiler.Flags):
    """numba's options of a compilation, quickly compared.

    With every attempt to find the types of an operation numba looks into a table by the options of the compilation, and
    compares them all, option by option: a part of the time of a compilation.
    """

    __slots__ = ("_identity",)
    _identity: str

    def copy(self) -> KernelFlags:
        """Return a copy, which has to stay as it is."""
        clone = KernelFlags(self)
        clone._identity = sys.intern(repr(clone))
        return clone

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return self._identity is other._identity if isinstance(other, KernelFlags) else super().__eq__(other)


class KernelCompiler(compiler.Compiler):
    """numba's compiler, with a `KernelLibrary` and numbers in symbols that no other kernel has in another process."""

    def __init__(
        self, typingctx: Any, targetctx: Any, library: Any, args: Any, return_type: Any, flags: Any, *rest: Any
    ):
        super().__init__(typingctx, targetctx, library, args, return_type, KernelFlags(flags), *rest)

    def define_pipelines(self) -> list[Any]:
        """Return numba's own without `_UNNEEDED`; it asks for them when it knows what is to be compiled."""
        state, function = self.state, self.state.func_id
        identity = repr((function.modname, function.func_qualname, state.args, state.flags))
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
    """While the block runs, let Python look for garbage less often."""
    before = gc.get_threshold()
    if 0 < before[0] < _YOUNG_OBJECTS:
        gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
