"""Choosing the indices of a layer, and writing and reading them as Huffman codes in contexts.

The class of its left and the class of its upper neighbour choose the table that an index is coded with. Where the left,
the upper and the upper right neighbour are the same codeword, a run length is coded first: the number of blocks of this
row that continue with that codeword. So a flat area costs a fraction of a bit a block (after the run mode of JPEG-LS:
Weinberger, Seroussi, Sapiro 2000).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from vqcodec.entropy import bits
from vqcodec.entropy.tables import get_symbol, put_symbol
from vqcodec.image.block.layers import RUN_SYMBOLS, Layer
from vqcodec.kernels.jit import allocating_kernel, inline_kernel, inner_kernel, kernel
from vqcodec.media.progress import Progress
from vqcodec.vq.flat import integer_errors

RUN_TO_END = RUN_SYMBOLS - 1
_DIRECT_RUNS = 8  # run symbols below this are the length itself
_COST_SCALE = 256  # lambda is held in 1/256 so that costs are integers and choices exact
_NO_CODE_BITS = (1 << 31) - 1  # what a symbol without a code counts in the choice
_BLOCKS_AT_ONCE = 1 << 14  # between two calls of `progress`
_LEAST_WEIGHT = 8  # of a bit, in 1/256, at which _NO_CODE_BITS are above the greatest squared error of a block


def select_indices(
    vectors: np.ndarray,
    layer: Layer,
    lambda_: float,
    passes: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Indices that minimise squared error + `lambda_` * bits: the quantizer's own choice if `lambda_` is 0.

    The first pass goes through the blocks in coding order and counts the bits of each index in the context of those
    already chosen. Each further pass also counts what the index does to the contexts of the blocks to its right and
    below, as the previous pass left them (iterated conditional modes: Besag 1986).

    Args:
        vectors: uint8 (rows, columns, dimension).
        lambda_: squared error a bit is worth, 0 or more.
        passes: further passes, 0 or more.
        threads: how many threads the quantizer may use; None: as many as there are CPUs.
        progress: called with the part that is done.

    Returns:
        int32 (rows, columns).
    """
    rows, columns, dimension = vectors.shape
    weight = round(lambda_ * _COST_SCALE)
    if not (layer.index_lengths.all() and layer.run_lengths.all()):
        weight = max(weight, _LEAST_WEIGHT)
    if weight == 0:
        nearest = layer.quantizer.encode(vectors.reshape(-1, dimension), threads=threads)
        if progress is not None:
            progress(1.0)
        return nearest.reshape(rows, columns)
    indices = np.full((rows, columns), layer.first, np.int32)
    costs = _costs_of(layer.index_lengths), _run_costs_of(layer.run_lengths)
    at_once = max(1, _BLOCKS_AT_ONCE // columns)
    for number, first in product(range(1 + passes), range(0, rows, at_once)):
        end = min(first + at_once, rows)
        _select(vectors, layer.quantizer.columns, *costs, layer.contexts, weight, number > 0, first, end, indices)
        if progress is not None:
            progress((number * rows + end) / ((1 + passes) * rows))
    return indices


def _costs_of(lengths: np.ndarray) -> np.ndarray:
    """Bits of symbols in the choice, int32 of the shape of `lengths`."""
    return np.where(lengths > 0, lengths, np.int32(_NO_CODE_BITS)).astype(np.int32)


def _run_costs_of(lengths: np.ndarray) -> np.ndarray:
    """Bits of run symbols in the choice, int32; that of run 1 stands for all runs, so some run has to have a code."""
    costs = _costs_of(lengths)
    costs[:, 1] = np.where(lengths[:, 1] > 0, costs[:, 1], costs[:, 1:].min(axis=1))
    return costs


def most_bits(blocks: int, layer: Layer) -> int:
    """The most bits that the indices of `blocks` blocks can take."""
    longest_run = int(layer.run_lengths.max()) + bits.MAX_PUT_BITS
    return blocks * (int(layer.index_lengths.max()) + longest_run)


def encode_indices(
    indices: np.ndarray, vectors: np.ndarray, layer: Layer, buffer: np.ndarray, position: int
) -> tuple[int, int]:
    """Write the Huffman codes of a layer's indices into `buffer` from bit `position` on.

    Args:
        indices: int32 (rows, columns). Where an index or a run has no code, others take its place here, too.
        vectors: uint8 (rows, columns, dimension), what the indices stand for.

    Returns:
        position after them, and how many of the bits went to run lengths.
    """
    tables = layer.index_tables.encoder, layer.run_tables.encoder
    end, run_bits = _write_indices(vectors, layer.quantizer.columns, layer.contexts, *tables, buffer, position, indices)
    return int(end), int(run_bits)


def decode_indices(
    buffer: np.ndarray, position: int, rows: int, columns: int, layer: Layer
) -> tuple[np.ndarray, int, int]:
    """Indices read from `buffer` (uint8, padded) from bit `position` on; the position after them; the bits of runs.

    The caller compares that position with the end of the data: past it, the data was truncated.
    """
    indices = np.empty((rows, columns), np.int32)
    tables = layer.index_tables.decoder, layer.run_tables.decoder
    end, run_bits = _read_indices(buffer, position, layer.contexts, *tables, indices)
    return indices, int(end), int(run_bits)


def count_symbols(indices: np.ndarray, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Counts of each index and of each run symbol by context: int64, in the shapes of the layer's code lengths."""
    index_counts = np.zeros(layer.index_lengths.shape, np.int64)
    run_counts = np.zeros(layer.run_lengths.shape, np.int64)
    _count(indices, layer.contexts, index_counts, run_counts)
    return index_counts, run_counts


@inline_kernel
def _neighbours(indices, row, column, first):
    """Left and upper neighbour's index. A missing one is taken to be like the other; `first`, if both are missing."""
    if row > 0:
        up = indices[row - 1, column]
        left = indices[row, column - 1] if column > 0 else up
    else:
        left = indices[row, column - 1] if column > 0 else np.int32(first)
        up = left
    return left, up


@inline_kernel
def _context(contexts, left, up):
    """Context of an index, by the indices to its left and above."""
    return np.int64(contexts.left_class[left]) * contexts.classes + contexts.up_class[up]


@inline_kernel
def _is_flat(indices, row, column, left, up):
    """Whether a run is coded here: left, upper and (if there is one) upper right neighbour are one codeword."""
    if left != up:
        return False
    return row == 0 or column + 1 >= indices.shape[1] or indices[row - 1, column + 1] == left


@inline_kernel
def _run_symbol(length, to_end):
    """Symbol, number of extra bits and their value of a run length."""
    if to_end:
        return RUN_TO_END, 0, 0
    if length < _DIRECT_RUNS:
        return length, 0, 0
    exponent = 3
    while exponent < 11 and length >= (2 << exponent):
        exponent += 1
    return _DIRECT_RUNS + exponent - 3, exponent if exponent < 11 else 16, length - (1 << exponent)


@inline_kernel
def _run_at(indices, row, column, value):
    """Length of the run of `value` from `column` on, and whether it reaches the end of the row."""
    columns = indices.shape[1]
    end = column
    while end < columns and indices[row, end] == value:
        end += 1
    return end - column, end == columns


@allocating_kernel
def _select(vectors, codewords, lengths, runs, contexts, weight, again, first_row, end_row, indices):
    """One pass of the choice, from `first_row` to before `end_row`.

    `codewords` are columns; `again` says that `indices` hold the pass before.
    """
    columns = vectors.shape[1]
    size = codewords.shape[1]
    left_class, first = contexts.left_class, contexts.first
    cost = np.empty(size, np.int64)
    squared = np.empty(size, np.int32)
    right_bits = np.empty(contexts.classes, np.int64)
    below_bits = np.empty(contexts.classes, np.int64)
    for row in range(first_row, end_row):
        for column in range(columns):
            left, up = _neighbours(indices, row, column, first)
            integer_errors(vectors[row, column], codewords, squared)
            context = _context(contexts, left, up)
            for k in range(size):
                cost[k] = np.int64(squared[k]) * _COST_SCALE + weight * lengths[context, k]
            if _is_flat(indices, row, column, left, up):
                # Inside a run the repeated codeword is all but free; leaving it costs the symbol that ends the run.
                inside = column > 0 and _continues_run(indices, row, column, left, first)
                leave = runs[left_class[left], 0]
                for k in range(size):
                    cost[k] += weight * leave
                stay = 0 if inside else runs[left_class[left], 1]
                cost[left] = np.int64(squared[left]) * _COST_SCALE + weight * stay
            if again:
                _add_effect_on_neighbours(indices, row, column, lengths, contexts, weight, right_bits, below_bits, cost)
            best = 0
            for k in range(1, size):
                if cost[k] < cost[best]:
                    best = k
            indices[row, column] = best


@inline_kernel
def _continues_run(indices, row, column, value, first):
    """Whether the block to the left was itself coded inside a run of `value`."""
    left, up = _neighbours(indices, row, column - 1, first)
    return indices[row, column - 1] == left and _is_flat(indices, row, column - 1, left, up)


@inner_kernel
def _add_effect_on_neighbours(indices, row, column, lengths, contexts, weight, right_bits, below_bits, cost):
    """Add to the cost of each index what it makes the right and the lower neighbour cost, by its classes."""
    rows, columns = indices.shape
    left_class, up_class, classes = contexts.left_class, contexts.up_class, contexts.classes
    right_bits[:] = 0
    below_bits[:] = 0
    if column + 1 < columns:
        right = indices[row, column + 1]
        for c in range(classes):
            over = up_class[indices[row - 1, column + 1]] if row > 0 else c
            right_bits[c] = lengths[c * classes + over, right]
    if row + 1 < rows:
        below = indices[row + 1, column]
        for c in range(classes):
            beside = left_class[indices[row + 1, column - 1]] if column > 0 else c
            below_bits[c] = lengths[beside * classes + c, below]
    for k in range(cost.shape[0]):
        cost[k] += weight * (right_bits[left_class[k]] + below_bits[up_class[k]])


@inline_kernel
def _codable_run(length, to_end, room, lengths):
    """The number of blocks and the symbol of the run to code, where a run of `length` is wanted: a symbol with a code.

    If the wanted one has none: a longer run where the row ends anyway, else the longest that is shorter, else a longer
    one, whose blocks then have to change. Some symbol always has a code.

    Args:
        to_end: whether the wanted run ends with the row. room: blocks from its beginning to the end of the row.
        lengths: code lengths of the run symbols.
    """
    if to_end and lengths[RUN_TO_END] > 0:
        return length, RUN_TO_END
    symbol, _, _ = _run_symbol(length, False)
    if lengths[symbol] > 0:
        return length, symbol
    if not to_end:
        for shorter in range(symbol - 1, -1, -1):
            if lengths[shorter] > 0:
                return _least_run(shorter + 1) - 1, shorter
    for longer in range(symbol + 1, RUN_TO_END):
        if lengths[longer] > 0:
            return _least_run(longer), longer
    for shorter in range(symbol - 1, -1, -1):
        if lengths[shorter] > 0:
            return _least_run(shorter + 1) - 1, shorter
    return room, RUN_TO_END


@inline_kernel
def _least_run(symbol):
    """The shortest run of a run symbol, which is not RUN_TO_END."""
    return symbol if symbol < _DIRECT_RUNS else 8 << (symbol - _DIRECT_RUNS)


@inline_kernel
def _nearest_codable(vector, columns, lengths, errors):
    """The nearest codeword whose index has a code, by the code lengths of the indices."""
    integer_errors(vector, columns, errors)
    best = -1
    for k in range(lengths.shape[0]):
        if lengths[k] > 0 and (best < 0 or errors[k] < errors[best]):
            best = k
    return best


@allocating_kernel
def _write_indices(vectors, columns, contexts, codes, run_codes, buffer, position, indices):
    """Write all indices; return the position after them, and the number of bits that went to run lengths.

    Where a symbol has no code, others are written, and `indices` become what they say.
    """
    rows, width = indices.shape
    errors = np.empty(columns.shape[1], np.int32)
    run_bits = np.int64(0)
    for row in range(rows):
        column = 0
        while column < width:
            left, up = _neighbours(indices, row, column, contexts.first)
            if _is_flat(indices, row, column, left, up):
                run_class = contexts.left_class[left]
                length, to_end = _run_at(indices, row, column, left)
                length, symbol = _codable_run(length, to_end, width - column, run_codes.lengths[run_class])
                _, extra, remainder = _run_symbol(length, symbol == RUN_TO_END)
                start = position
                position = put_symbol(buffer, position, run_class, symbol, run_codes.codes, run_codes.lengths)
                position = bits.put_bits(buffer, position, remainder, extra)
                run_bits += position - start
                length = min(length, width - column)
                for k in range(length):
                    indices[row, column + k] = left
                column += length
                if column >= width:
                    break
                left = indices[row, column - 1] if column > 0 else left
                up = indices[row - 1, column] if row > 0 else left
            context = _context(contexts, left, up)
            if codes.lengths[context, indices[row, column]] == 0:
                indices[row, column] = _nearest_codable(vectors[row, column], columns, codes.lengths[context], errors)
            position = put_symbol(buffer, position, context, indices[row, column], codes.codes, codes.lengths)
            column += 1
    return position, run_bits


@kernel
def _read_indices(buffer, position, contexts, tables, run_tables, indices):
    """Read all indices; return the position after them, and the number of bits that went to run lengths."""
    rows, columns = indices.shape
    run_bits = np.int64(0)
    for row in range(rows):
        column = 0
        while column < columns:
            left, up = _neighbours(indices, row, column, contexts.first)
            if _is_flat(indices, row, column, left, up):
                start = position
                symbol, position = get_symbol(buffer, position, np.int64(contexts.left_class[left]), run_tables)
                length = np.int64(symbol)
                if symbol == RUN_TO_END:
                    length = columns - column
                elif symbol >= _DIRECT_RUNS:
                    exponent = symbol - _DIRECT_RUNS + 3
                    extra = exponent if exponent < 11 else 16
                    length = (np.int64(1) << exponent) + np.int64(bits.peek_bits(buffer, position, extra))
                    position += extra
                run_bits += position - start
                length = min(length, columns - column)
                for k in range(length):
                    indices[row, column + k] = left
                column += length
                if column >= columns:
                    break
                left = indices[row, column - 1] if column > 0 else left
                up = indices[row - 1, column] if row > 0 else left
            symbol, position = get_symbol(buffer, position, _context(contexts, left, up), tables)
            indices[row, column] = symbol
            column += 1
    return position, run_bits


@kernel
def _count(indices, contexts, index_counts, run_counts):
    """Count all indices and run symbols by context."""
    rows, columns = indices.shape
    for row in range(rows):
        column = 0
        while column < columns:
            left, up = _neighbours(indices, row, column, contexts.first)
            if _is_flat(indices, row, column, left, up):
                length, to_end = _run_at(indices, row, column, left)
                symbol, _, _ = _run_symbol(length, to_end)
                run_counts[contexts.left_class[left], symbol] += 1
                column += length
                if to_end:
                    break
                left = indices[row, column - 1] if column > 0 else left
                up = indices[row - 1, column] if row > 0 else left
            index_counts[_context(contexts, left, up), indices[row, column]] += 1
            column += 1
