"""The linking of compiled kernels: small kernels are compiled into their callers, all others are called.

numba links the optimised code of each callee into its caller, and optimises and translates it again there. In a chain
of n functions the last one is compiled n times. Here each kernel is optimised and translated once, and its callers
refer to it by name. Kernels that are small or must be inlined are linked as numba does it; they have machine code of
their own only if Python calls them.

A file of the cache on disk holds a kernel with the machine code of all kernels that it calls, so that each file is
complete. Code that is already loaded is not loaded again. Symbols have the same names in every process.

This is enabled only for tested versions of numba (`KNOWN_VERSIONS`), because it subclasses numba's code library and
cache, which numba does not document. With other versions plain numba is used: same results, twice the compile time.

A build-time half of `vqcodec.kernels` that compiles ahead of time would replace this module.
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
"""A kernel with at most this number of lines of LLVM's intermediate language is linked into its callers."""


class MachineCode(NamedTuple):
    """A translated kernel, and the symbols that it defines."""

    name: str
    code: bytes
    symbols: frozenset[str]

    def load(self, generator: Any) -> None:
        """Load the code into the engine of numba's code generator, unless it is loaded already."""
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
        inlined: whether LLVM must inline it into every caller. Then it is optimised there.
    """

    def __init__(self, generator: Any, name: str, *, entry: bool, inlined: bool) -> None:
        super().__init__(generator, name)
        self._entry = entry
        self._inlined = inlined
        self._linkable = inlined
        self._called: dict[frozenset[str], MachineCode] = {}  # by symbols, since processes number types differently
        self._machine_code: MachineCode | None = None
        self.enable_object_caching()

    @property
    def codegen(self) -> Any:
        """numba's code generator, which numba asks to write to an address in the code."""
        return _Unloaded(self._codegen) if self._linkable else self._codegen

    def add_linking_library(self, library: Any) -> None:
        """Link a library if it is small; otherwise its loaded code is called."""
        library._ensure_finalized()
        if isinstance(library, KernelLibrary):
            self._called.update(library._called)
            if library._machine_code is not None:
                self._called[library._machine_code.symbols] = library._machine_code
                return
        super().add_linking_library(library)

    def finalize(self) -> None:
        """Link, optimise and load. numba's runtime is linked only if a function counts references."""
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
        """Return the state that `unserialize` takes."""
        self._ensure_finalized()
        bitcode = self._get_module_for_linking().as_bitcode() if self._linkable else None
        return self.name, self._entry, self._inlined, bitcode, self._machine_code, list(self._called.values())

    @classmethod
    def unserialize(cls, generator: Any, state: tuple[Any, ...]) -> KernelLibrary:
        """Return a serialised library, and load its code and the code of all kernels that it calls."""
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
    """numba's code generator, for code that is not loaded and so has no address."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, env_name: str, env: Any) -> None:
        """Do nothing: code without an address has no environment to set."""


class _RebuildingContext:
    """numba's target context, but its code generator restores a `KernelLibrary`."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def codegen(self) -> _RebuildingContext:
        return self

    def unserialize_library(self, state: tuple[Any, ...]) -> KernelLibrary:
        return KernelLibrary.unserialize(self._context.codegen(), state)


class _CacheEntries(caching.CompileResultCacheImpl):
    """numba's entries of a cache, but they restore a `KernelLibrary`."""

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        return super().rebuild(_RebuildingContext(target_context), payload)._replace(target_context=target_context)


class _CacheFiles:
    """The files of a function's cache, one for each signature, so that no two processes write to one they both read."""

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
    """numba's cache of a function on disk, safe for several processes that compile at the same time."""

    _impl_class = _CacheEntries

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _CacheFiles(locator.get_cache_path(), self._impl.filename_base, locator.get_source_stamp())
