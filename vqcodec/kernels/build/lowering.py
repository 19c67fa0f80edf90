"""Lowering of kernels by numba to LLVM's intermediate language, with an entry for each variant that C can call.

Of numba's inner parts this uses: the class of code libraries, so as to keep the text of what is lowered instead of
translating it; the calling convention, so that errors are numbers and not pickled exceptions; and the models of values,
to build arguments. It needs the version of numba that the lock file names, at build time alone.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
from typing import Any, ClassVar, NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype
from numba import types as numba_types
from numba.core import callconv, cgutils, codegen
from numba.core.errors import NumbaError
from numba.core.registry import cpu_target
from numba.np import arrayobj

from vqcodec.kernels import compiling, jit
from vqcodec.kernels.build.declared import Declared
from vqcodec.kernels.build.sources import sources_of
from vqcodec.kernels.signatures import Array, Record, Scalar, Tuple, Type

_ERRORS = {MemoryError: 2, IndexError: 3}
"""The number that an entry returns for an exception; 1 for others. The packers turn it into the exception."""

_OTHER_ERROR = 1
_YOUNG_OBJECTS = 200_000
types: Any = numba_types  # whose classes set their attributes in ways that type checkers do not see
_INT64, _INT32 = ir.IntType(64), ir.IntType(32)


class Lowered(NamedTuple):
    """Lowered kernels.

    Attributes:
        texts: modules of LLVM's intermediate language, not optimised.
        kernels: by name, what the loader's table says of the kernel.
        tuples: definitions of the tuples that results are.
        refused: by name, why a kernel cannot be compiled for its signatures.
    """

    texts: list[str]
    kernels: dict[str, dict[str, Any]]
    tuples: dict[str, list[str]]
    refused: dict[str, str]


def lower(declared: Declared, names: list[str], *, checked: bool) -> Lowered:
    """Lower kernels, once in a process.

    Args:
        declared: the signatures of all kernels.
        names: the kernels to lower.
        checked: whether every index is checked.
    """
    gc.set_threshold(_YOUNG_OBJECTS)
    _prepare(checked)
    found = Lowered(_IRLibrary.texts, {}, {}, {})
    kernels = {}
    for name in names:
        try:
            kernels[name] = _kernel_named(name)
        except (ImportError, AttributeError) as error:
            found.refused[name] = str(error)
    # What kernels call is compiled in the way of the first that calls it. So those without counts of references first.
    for name, kernel in sorted(kernels.items(), key=lambda item: item[1].allocating):
        try:
            _lower_kernel(name, kernel, declared, found)
        except (NumbaError, ImportError, AttributeError, KeyError, TypeError) as error:
            found.refused[name] = str(error).strip()
    return found


def _lower_kernel(name: str, kernel: jit.Kernel, declared: Declared, found: Lowered) -> None:
    definitions = declared.definitions()
    variants = []
    for texts in declared.kernels[name]:
        args = tuple(_numba_type(definitions.type_of(text)) for text in texts)
        kernel.dispatcher.compile(args)
        entry = _Entry(kernel.dispatcher.overloads[args], args, symbol_of(name, texts))
        found.tuples.update(entry.tuples)
        variants.append({"symbol": entry.symbol, "slots": entry.slots, "arguments": texts, "result": entry.result})
    found.kernels[name] = {"sources": sources_of(name.rpartition(".")[0]), "variants": variants}


def _kernel_named(name: str) -> jit.Kernel:
    module, _, function = name.rpartition(".")
    kernel = getattr(importlib.import_module(module), function)
    if not isinstance(kernel, jit.Kernel):
        raise AttributeError(f"{name} is no kernel that Python calls")
    return kernel


def symbol_of(name: str, texts: list[str]) -> str:
    """Return the symbol of a variant: the same in every build."""
    digest = hashlib.sha256(repr((name, texts)).encode()).hexdigest()[:12]
    return f"vqk_{name.rpartition('.')[2].strip('_')}_{digest}"


class _IRLibrary(codegen.JITCodeLibrary):
    """numba's code library that keeps the text of what is lowered, and neither optimises nor translates it."""

    texts: ClassVar[list[str]] = []

    @property
    def codegen(self) -> Any:
        return _Generator(self._codegen)

    def add_ir_module(self, module: Any) -> None:
        if module.name not in ("cfunc_wrapper", "wrapper"):  # entries for C and Python, which nobody uses
            self.texts.append(cgutils.normalize_ir_text(str(module)))

    def add_linking_library(self, library: Any) -> None:
        """There is nothing to link: all texts are linked at the end."""

    def finalize(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0


class _Generator:
    """numba's code generator for code that has no address."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, name: str, env: Any) -> None:
        """There is nothing to set."""


def _prepare(checked: bool) -> None:
    """Make numba a compiler to texts; before anything is compiled, so that its own functions come as texts too."""
    # On the instance: numba has made it already.
    cpu_target.target_context.codegen()._library_class = _IRLibrary
    convention: Any = callconv.CPUCallConv
    convention.return_user_exc = convention.return_dynamic_user_exc = _return_error
    compiling.ahead_of_time(checked=checked)


def _return_error(self: Any, builder: Any, exc: Any, *unused: Any, **named: Any) -> None:
    """Emit the return of an error's number."""
    self._return_errcode_raw(builder, ir.Constant(_INT32, _ERRORS.get(exc, _OTHER_ERROR)))


def _numba_type(kind: Type) -> Any:
    """Return numba's type for a declared one."""
    if isinstance(kind, Array):
        return types.Array(from_dtype(kind.dtype), kind.ndim, "C", readonly=kind.readonly)
    if isinstance(kind, Record):
        return from_dtype(kind.dtype)
    if isinstance(kind, Tuple):
        parts = [_numba_type(part) for part in kind.parts]
        return types.Tuple(parts) if kind.kind is tuple else types.BaseTuple.from_types(parts, kind.kind)
    assert isinstance(kind, Scalar)
    return types.none if kind.name == "none" else from_dtype(np.dtype(kind.name))


class _Entry:
    """Emits `int32 SYMBOL(int64 *slots)`: arguments from the slots, numba's calling convention, results to the slots.

    An array is its address and shape (in C order, so strides follow), a record its address, a tuple its elements, a
    number 8 bytes. Results overwrite the slots from the first on; the kernel's status is returned.
    """

    def __init__(self, compiled: Any, args: tuple[Any, ...], symbol: str) -> None:
        self.symbol = symbol
        self.tuples: dict[str, list[str]] = {}
        self.context = context = compiled.target_context
        library = context.codegen().create_library(symbol)
        module = library.create_ir_module(symbol)
        function = ir.Function(module, ir.FunctionType(_INT32, [_INT64.as_pointer()]), symbol)
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self._slots = function.args[0]
        self._at = 0
        values = [self._argument(kind) for kind in args]
        taken, self._at = self._at, 0
        described = compiled.fndesc
        callee = context.declare_function(module, described)
        status, value = context.call_conv.call_function(
            self.builder, callee, described.restype, described.argtypes, values
        )
        self.result = self._store(described.restype, value)
        self.builder.ret(status.code)
        self.slots = max(taken, self._at)
        library.add_ir_module(module)

    def _next(self, kind: Any) -> Any:
        """Emit the address of the next slot."""
        address = self.builder.gep(self._slots, [ir.Constant(_INT64, self._at)])
        self._at += 1
        return self.builder.bitcast(address, kind.as_pointer())

    def _take(self, kind: Any = _INT64) -> Any:
        return self.builder.load(self._next(kind))

    def _argument(self, kind: Any) -> Any:
        context, builder = self.context, self.builder
        if isinstance(kind, types.Array):
            return self._array(kind)
        if isinstance(kind, types.BaseTuple):
            return context.make_tuple(builder, kind, [self._argument(part) for part in kind.types])
        if isinstance(kind, types.Record):
            return builder.inttoptr(self._take(), context.get_value_type(kind))
        if isinstance(kind, types.Boolean):
            return builder.icmp_unsigned("!=", self._take(), ir.Constant(_INT64, 0))
        if isinstance(kind, types.Float):
            value = self._take(ir.DoubleType())
            return builder.fptrunc(value, ir.FloatType()) if kind.bitwidth == 32 else value
        if isinstance(kind, types.NoneType):
            return context.get_dummy_value()
        value = self._take()
        return builder.trunc(value, ir.IntType(kind.bitwidth)) if kind.bitwidth < 64 else value

    def _array(self, kind: Any) -> Any:
        context, builder = self.context, self.builder
        array = context.make_array(kind)(context, builder)
        data = builder.inttoptr(self._take(), array.data.type)
        shape = [self._take() for _ in range(kind.ndim)]
        item = ir.Constant(_INT64, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        strides: list[Any] = []
        step = item
        for length in reversed(shape):
            strides.insert(0, step)
            step = builder.mul(step, length)
        arrayobj.populate_array(array, data=data, shape=shape, strides=strides, itemsize=item, meminfo=None)
        return array._getvalue()

    def _store(self, kind: Any, value: Any) -> str:
        """Emit the storing of a result; return the text of its type."""
        builder = self.builder
        if isinstance(kind, types.NoneType):
            return "none"
        if isinstance(kind, types.BaseTuple) and not isinstance(kind, types.BaseNamedTuple):
            parts = [self._store(part, builder.extract_value(value, number)) for number, part in enumerate(kind.types)]
            text = f"({', '.join(parts)})"
            self.tuples[text] = ["", *parts]
            return text
        if isinstance(kind, types.IntegerLiteral):
            kind, value = types.int64, ir.Constant(_INT64, kind.literal_value)
        if isinstance(kind, types.Boolean):
            builder.store(builder.zext(value, _INT64), self._next(_INT64))
            return "bool"
        if isinstance(kind, types.Float):
            wide = builder.fpext(value, ir.DoubleType()) if kind.bitwidth == 32 else value
            builder.store(wide, self._next(ir.DoubleType()))
            return "float64"
        if not isinstance(kind, types.Integer):
            raise TypeError(f"{self.symbol}: entries return numbers and plain tuples of them, not {kind}")
        if kind.bitwidth < 64:
            value = (builder.sext if kind.signed else builder.zext)(value, _INT64)
        builder.store(value, self._next(_INT64))
        return "int64" if kind.signed else "uint64"
