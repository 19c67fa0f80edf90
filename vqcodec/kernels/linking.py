"""How compiled kernels come together: small ones are compiled into those that call them, all others are called.

numba compiles whatever a function calls into it: the optimised code of each callee is linked, optimised and translated
anew with every function above it, so that a chain of n functions costs n times what the last one does. Here a kernel is
optimised and translated once, and its callers only name it. What is small, or to be inlined anyway, is linked as numba
does it, and not translated for itself unless Python calls it.

In the cache on disk a kernel lies with the machine code of all that it calls, so that each file stands for itself; code
that is loaded already is left out. Symbols have the same names in every process.

The hooks are numba's code library and cache as base classes, which numba does not document. So this is done for the
versions of numba that it is tested with (`KNOWS_NUMBA`); kernels are else compiled in numba's own way, which takes more
than twice the time and gives the same results.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numba
from numba.core import caching, codegen
from numba.core.runtime import rtsys

KNOWN_VERSIONS = ("0.68",)
KNOWS_NUMBA = ".".join(numba.__version__.split(".")[:2]) in KNOWN_VERSIONS

LINKED_LINES = 400
"""Up to how many lines of LLVM's intermediate language a kernel is linked into its callers, to be inlined perhaps."""


class MachineCode(NamedTuple):
    """A translated kernel, and the symbols that it defines."""

    name: str
    code: bytes
    symbols: frozenset[str]

    def load(self, generator: Any) -> None:
        """Load the code into the engine of numba's code generator, unless it is there."""
        engine = generator._engine
        if self.symbols <= engine._defined_symbols:
            return
        library = codegen.JITCodeLibrary(generator, self.name)
        library.enable_object_caching()
        library._set_compiled_object(self.code)
        library._finalize_final_module()
        engine._defined_symbols |= self.symbols


class KernelLibrary(codegen.JITCodeLibrary):
    """The code of one kernel and of the small kernels that it calls.

    Args:
        entry: whether Python calls the kernel.
        inlined: whether LLVM has to inline it wherever it is called; it is optimised there.
    """

    def __init__(self, generator: Any, name: str, *, entry: bool, inlined: bool) -> None:
        super().__init__(generator, name)
        self._entry = entry
        self._inlined = inlined
        self._linkable = inlined
        self._called: dict[frozenset[str], MachineCode] = {}  # by symbols: other processes number types otherwise
        self._machine_code: MachineCode | None = None
        self.enable_object_caching()

    @property
    def codegen(self) -> Any:
        """numba's code generator, which is asked to write to an address in the code."""
        return _Unloaded(self._codegen) if self._linkable else self._codegen

    def add_linking_library(self, library: Any) -> None:
        """Link a library if that is worth it; else its code, which is loaded, is called."""
        library._ensure_finalized()
        if isinstance(library, KernelLibrary):
            self._called.update(library._called)
            if library._machine_code is not None:
                self._called[library._machine_code.symbols] = library._machine_code
                return
        super().add_linking_library(library)

    def finalize(self) -> None:
        """Link, optimise and load; without numba's counting of references where nothing is counted."""
        if not any(function.name.startswith("NRT_") for function in self._final_module.functions):
            self._linking_libraries = [library for library in self._linking_libraries if library is not rtsys.library]
        super().finalize()

    def _optimize_final_module(self) -> None:
        if not self._inlined:
            super()._optimize_final_module()

    def _finalize_final_module(self) -> None:
        if not self._inlined:
            lines = sum(str(function).count("\n") for function in self.get_defined_functions())
            self._linkable = not self._entry and lines <= LINKED_LINES
        if self._linkable:
            self._finalized = True
            return
        super()._finalize_final_module()
        defined = (*self._final_module.functions, *self._final_module.global_variables)
        symbols = frozenset(symbol.name for symbol in defined if not symbol.is_declaration)
        self._machine_code = MachineCode(self.name, self._get_compiled_object(), symbols)

    def _verify_declare_only_symbols(self) -> None:
        super()._verify_declare_only_symbols()
        known = frozenset().union(*self._called)
        for function in self._final_module.functions:
            if function.is_declaration and function.name.startswith("_ZN7vqcodec") and function.name not in known:
                raise AssertionError(f"{self.name} calls {function.name}, whose code is not there")

    def serialize_using_object_code(self) -> tuple[Any, ...]:
        """Return what `unserialize` takes."""
        self._ensure_finalized()
        bitcode = self._get_module_for_linking().as_bitcode() if self._linkable else None
        return self.name, self._entry, self._inlined, bitcode, self._machine_code, list(self._called.values())

    @classmethod
    def unserialize(cls, generator: Any, state: tuple[Any, ...]) -> KernelLibrary:
        """Return a library that was serialised; its code and all that it calls is loaded."""
        name, entry, inlined, bitcode, machine_code, called = state
        self = cls(generator, name, entry=entry, inlined=inlined)
        self._called = {code.symbols: code for code in called}
        for code in called:
            code.load(generator)
        self._linkable = bitcode is not None
        if self._linkable:
            self._final_module = self._shared_module = codegen.ll.parse_bitcode(bitcode)
        else:
            self._machine_code = machine_code
            machine_code.load(generator)
        self._finalized = True
        return self


class _Unloaded:
    """numba's code generator for code that has no address."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, env_name: str, env: Any) -> None:
        """There is nothing to set."""


class _RebuildingContext:
    """numba's target context, with a code generator that restores a `KernelLibrary`."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def codegen(self) -> _RebuildingContext:
        return self

    def unserialize_library(self, state: tuple[Any, ...]) -> KernelLibrary:
        return KernelLibrary.unserialize(self._context.codegen(), state)


class _CacheEntries(caching.CompileResultCacheImpl):
    def rebuild(self, target_context: Any, payload: Any) -> Any:
        return super().rebuild(_RebuildingContext(target_context), payload)._replace(target_context=target_context)


class _CacheFiles:
    """Files of a function's cache, by signature, so that no two processes write to one that both have read."""

    def __init__(self, folder: str, base: str, stamp: Any) -> None:
        self._folder = folder
        self._base = base
        self._stamp = stamp

    def _files(self, key: Any) -> Any:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return caching.IndexDataCacheFile(self._folder, f"{self._base}-{digest}", self._stamp)

    def load(self, key: Any) -> Any:
        return self._files(key).load(key)

    def save(self, key: Any, data: Any) -> None:
        self._files(key).save(key, data)


class KernelCache(caching.FunctionCache):
    """numba's cache of a function on disk, fit for several processes that compile at once."""

    _impl_class = _CacheEntries

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _CacheFiles(locator.get_cache_path(), self._impl.filename_base, locator.get_source_stamp())
