"""Sets of Huffman codes chosen by context, with the tables that encoding and decoding kernels need.

One look-up of its first bits decodes a symbol. Codes too long for that (rare by construction) are found by comparing
with the end of each length's range of canonical codes (Moffat and Turpin 1997, "On the implementation of minimum
redundancy prefix codes").
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import peek_word, put_bits
from vqcodec.entropy.huffman import MAX_LENGTH, canonical_codes, check_lengths, code_lengths
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.kernels.jit import allocating_kernel, inline_kernel, inner_kernel

LOOKUP_BITS = 9  # at most
MAX_CONTEXTS = 1 << 16
MAX_LOOKUP_ENTRIES = 1 << 19  # of all contexts together: 1 MiB, which stays in the cache of one core
_PRIOR_UNITS = 1 << 12  # resolution of the fractional counts that smoothing makes
LENGTH_FIELD_BITS = 4  # low bits of a look-up entry: the code's length; the symbol is above
NO_CODE = 255  # in `TableSet.prices`: the symbol has no code
NO_CODE_BITS = 1e12  # what such a symbol counts in a search: it loses against everything that can be written
UNWRITABLE = np.int64(1) << 44  # bits: a position from here on tells that a symbol had no code
_LOOKUP_SYMBOLS = 1 << (16 - LENGTH_FIELD_BITS)  # symbols from here on do not fit into an entry


class EncodeTables(NamedTuple):
    """The two arrays that `put_symbol` needs of a TableSet, together, for kernels that take many of them."""

    codes: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.uint8]


class DecodeTables(NamedTuple):
    """What `get_symbol` needs of a TableSet.

    Attributes:
        lookup: uint16 (contexts, 2^lookup_bits), by the next bits: symbol * 16 + length; 0 where the code is
            longer than `lookup_bits` or the symbol above 4095. Small, because misses of the cache cost most.
        ends: uint32 (contexts, 17): the first value of the next 16 bits above all codes of up to that length.
        bases: int32 (contexts, 17): rank of a code = bases[length] + code.
        ranked: uint16 (contexts, symbols): the symbols in the order of their codes.
        lookup_bits: width of the look-up, 1 to LOOKUP_BITS.
        shortest_search: the least length that a code not found in `lookup` can have.
    """

    lookup: npt.NDArray[np.uint16]
    ends: npt.NDArray[np.uint32]
    bases: npt.NDArray[np.int32]
    ranked: npt.NDArray[np.uint16]
    lookup_bits: int
    shortest_search: int


class TableSet:
    """The codes of a set of contexts over one alphabet. It is immutable; its tables are built when first asked for.

    Args:
        lengths: uint8 code lengths, shape (contexts, symbols), or (symbols,) for one context. They come from outside
            and are checked.
        subject: how error messages name the set.

    Attributes:
        lengths: uint8 (contexts, symbols), in bits; 0 for a symbol without a code.

    Raises:
        CorruptFileError: a row is neither a complete prefix code nor a single symbol (see
            `huffman.check_lengths`), or there are more than 65,536 contexts.
    """

    def __init__(self, lengths: npt.ArrayLike, subject: str = "code lengths") -> None:
        check_lengths(lengths, subject)
        self.lengths: npt.NDArray[np.uint8] = np.array(lengths, dtype=np.uint8, order="C", ndmin=2)
        if self.contexts > MAX_CONTEXTS:
            raise CorruptFileError(f"{subject}: {self.contexts} contexts; at most {MAX_CONTEXTS} are allowed")

    @classmethod
    def from_counts(cls, counts: npt.ArrayLike, max_length: int = 15, smoothing: float = 0.0) -> TableSet:
        """Return the best codes for the `counts` of a training sequence.

        Args:
            counts: how often each symbol occurred in each context; a row's sum is at most 2^33 when smoothed.
            max_length: limit of the code lengths, 1 to 16 bits.
            smoothing: weight of the prior, in symbols for each context. By the prior, every symbol (also one never
                seen) follows the distribution over all contexts, each count plus one. With 0, only seen symbols get
                codes, and a context without any symbol takes the code of all contexts together.

        Raises:
            ValueError: `counts` are negative, too large or no integers; they are all 0, without smoothing; or the
                alphabet is too large for `max_length`.
        """
        histogram = np.atleast_2d(np.asarray(counts))
        if histogram.dtype.kind not in "iu" or histogram.min(initial=0) < 0:
            raise ValueError("counts must be integers, and not negative")
        pooled = histogram.sum(axis=0, dtype=np.int64)
        if smoothing < 0:
            raise ValueError(f"smoothing is {smoothing}; it must not be negative")
        if smoothing > 0:
            weights = (pooled + 1) * (smoothing * _PRIOR_UNITS / (pooled.sum() + pooled.size))
            prior = np.maximum(np.rint(weights), 1).astype(np.int64)
            histogram = histogram.astype(np.int64) * _PRIOR_UNITS + prior
        else:
            if not pooled.any():
                raise ValueError("counts are all 0: without smoothing there is nothing to make codes from")
            histogram = np.where(histogram.any(axis=1, keepdims=True), histogram, pooled)
        return cls(code_lengths(histogram, max_length))

    @property
    def contexts(self) -> int:
        """The number of contexts."""
        return self.lengths.shape[0]

    @property
    def symbols(self) -> int:
        """The size of the alphabet."""
        return self.lengths.shape[1]

    @cached_property
    def prices(self) -> npt.NDArray[np.uint8]:
        """What `bits_of` turns into the cost of each symbol: `lengths`, with NO_CODE for a symbol without a code."""
        return np.where(self.lengths > 0, self.lengths, np.uint8(NO_CODE))

    @cached_property
    def codes(self) -> npt.NDArray[np.uint32]:
        """Canonical codes, right-aligned, uint32 (contexts, symbols)."""
        return canonical_codes(self.lengths)

    @property
    def encoder(self) -> EncodeTables:
        """The arrays for `put_symbol`."""
        return EncodeTables(self.codes, self.lengths)

    @cached_property
    def decoder(self) -> DecodeTables:
        """The arrays for `get_symbol`.

        The look-up has LOOKUP_BITS bits: fewer if no code is as long, or if all contexts together would have more than
        MAX_LOOKUP_ENTRIES.
        """
        affordable = max(1, (MAX_LOOKUP_ENTRIES // self.contexts).bit_length() - 1)
        width = min(LOOKUP_BITS, int(self.lengths.max()), affordable)
        tables = DecodeTables(
            lookup=np.zeros((self.contexts, 1 << width), dtype=np.uint16),
            ends=np.zeros((self.contexts, MAX_LENGTH + 1), dtype=np.uint32),
            bases=np.zeros((self.contexts, MAX_LENGTH + 1), dtype=np.int32),
            ranked=np.zeros(self.lengths.shape, dtype=np.uint16),
            lookup_bits=width,
            shortest_search=width + 1 if self.symbols <= _LOOKUP_SYMBOLS else 1,
        )
        _fill_decode_tables(self.lengths, tables)
        return tables


@allocating_kernel
def _fill_decode_tables(lengths, tables):
    """Fill zeroed `tables` (DecodeTables) for checked `lengths` (uint8 (contexts, symbols))."""
    width = tables.lookup_bits
    length_counts = np.empty(MAX_LENGTH + 1, dtype=np.int64)
    next_rank = np.empty(MAX_LENGTH + 1, dtype=np.int64)
    for context in range(lengths.shape[0]):
        length_counts[:] = 0
        for symbol in range(lengths.shape[1]):
            length_counts[lengths[context, symbol]] += 1
        code = 0
        rank = 0
        for length in range(1, MAX_LENGTH + 1):
            next_rank[length] = rank
            tables.bases[context, length] = rank - code
            rank += length_counts[length]
            code += length_counts[length]
            tables.ends[context, length] = code << (MAX_LENGTH - length)
            code <<= 1
        for symbol in range(lengths.shape[1]):
            length = lengths[context, symbol]
            if length > 0:
                tables.ranked[context, next_rank[length]] = symbol
                next_rank[length] += 1
        if rank == 1:  # one symbol alone: either bit is decoded to it
            symbol = tables.ranked[context, 0]
            tables.ranked[context, :] = symbol
            tables.ends[context, 1:] = 1 << MAX_LENGTH
            if symbol < _LOOKUP_SYMBOLS:
                tables.lookup[context, :] = (symbol << LENGTH_FIELD_BITS) | 1
            continue
        slot = 0
        for place in range(rank):
            symbol = tables.ranked[context, place]
            length = lengths[context, symbol]
            if length > width:
                break
            filled = slot + (1 << (width - length))
            if symbol < _LOOKUP_SYMBOLS:
                tables.lookup[context, slot:filled] = (symbol << LENGTH_FIELD_BITS) | length
            slot = filled


@inner_kernel
def search_symbol(word, context, tables):
    """Return (symbol, length), int64, of the code at the top of `word` (uint64), not found in the look-up."""
    window = np.int64(word >> np.uint64(64 - MAX_LENGTH))
    length = tables.shortest_search
    while length < MAX_LENGTH and window >= tables.ends[context, length]:
        length += 1
    rank = tables.bases[context, length] + (window >> (MAX_LENGTH - length))
    return np.int64(tables.ranked[context, rank]), np.int64(length)


@inline_kernel
def get_symbol(buffer, position, context, tables):
    """Return (symbol, new position), both int64: decode the code at `position` in `context`.

    `buffer` is padded uint8, `tables` a DecodeTables, `context` must exist. Past the end zeros are decoded.
    """
    word = peek_word(buffer, position)
    entry = np.int64(tables.lookup[context, np.int64(word >> np.uint64(64 - tables.lookup_bits))])
    if entry == 0:
        symbol, length = search_symbol(word, context, tables)
        return symbol, position + length
    return entry >> LENGTH_FIELD_BITS, position + (entry & ((1 << LENGTH_FIELD_BITS) - 1))


@inline_kernel
def put_symbol(buffer, position, context, symbol, codes, lengths):
    """Write the code of `symbol` in `context` at `position`; return the new position.

    `buffer` is as for `bits.put_bits`; `codes` and `lengths` are those of a TableSet. If the symbol has no code (length
    0), nothing is written, and `check_written` refuses the new position and all that come from it.
    """
    length = np.int64(lengths[context, symbol])
    if length == 0:
        return position + UNWRITABLE
    return put_bits(buffer, position, np.int64(codes[context, symbol]), length)


def check_written(position: int) -> int:
    """Return `position`, to which an encoder has written symbols with `put_symbol`.

    Raises:
        CodebookError: one of the symbols has no code.
    """
    if position >= UNWRITABLE:
        raise CodebookError(
            "codebook: it has no code for a symbol that this input needs; choose another codebook, or train one"
        )
    return int(position)


@inline_kernel
def bits_of(price):
    """Return the bits, float32, that a symbol of this `price` (uint8, see `TableSet.prices`) counts in a search."""
    return np.float32(NO_CODE_BITS) if price == NO_CODE else np.float32(price)
