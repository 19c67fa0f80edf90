"""Machine words in byte buffers: the three operations that numba has no name for.

Each is one LLVM instruction or two. `load_word` and `store_word` check nothing; only `vqcodec.entropy.bits` uses them,
and clamps every index first.
"""

from __future__ import annotations

import sys
from typing import Any

from vqcodec.kernels.jit import instruction


def _word_pointer(context: Any, builder: Any, array_type: Any, array: Any, byte_index: Any) -> Any:
    """Emit the address of the 8 bytes that start at `byte_index`, as a pointer to a word."""
    from llvmlite import ir

    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [byte_index]), ir.IntType(64).as_pointer())


def _big_endian(builder: Any, word: Any) -> Any:
    """Emit the conversion between the machine's byte order and the stream's (first byte most significant)."""
    return builder.bswap(word) if sys.byteorder == "little" else word


@instruction
def load_word(typing_context: Any, buffer: Any, byte_index: Any) -> Any:
    """Return the 8 bytes from `byte_index` on as a uint64, the first byte most significant; unchecked."""
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _word_pointer(context, builder, signature.args[0], *arguments)
        return _big_endian(builder, builder.load(pointer, align=1))

    return types.uint64(buffer, types.int64), generate


@instruction
def store_word(typing_context: Any, buffer: Any, byte_index: Any, word: Any) -> Any:
    """Store `word` (uint64) in the 8 bytes from `byte_index` on, most significant first; unchecked."""
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, index, value = arguments
        pointer = _word_pointer(context, builder, signature.args[0], array, index)
        builder.store(_big_endian(builder, value), pointer, align=1)
        return context.get_dummy_value()

    return types.void(buffer, types.int64, types.uint64), generate


@instruction
def leading_zeros(typing_context: Any, word: Any) -> Any:
    """Return the number of zero bits above the highest set bit of `word` (uint64): 0 to 64."""
    from llvmlite import ir
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate
