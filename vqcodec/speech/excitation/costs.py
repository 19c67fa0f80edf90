"""What the symbols of the excitation cost, in bits, as the kernels take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import NO_CODE_BITS
from vqcodec.speech.excitation.gains import FIXED, GAIN_CLASSES, GAIN_TABLES, RISE_BITS, RISES
from vqcodec.speech.excitation.model import Costs, Tables

DoubleArray = npt.NDArray[np.float64]


def coded_costs(lengths: Mapping[str, npt.NDArray[np.uint8]], tables: Tables, fixed_bits: DoubleArray) -> Costs:
    """Return the costs of codes of the given lengths; arguments as in `costs_of`.

    `lengths` are uint8 arrays by name, as a codebook stores them (see `statistics.Counts.code_lengths`). A symbol
    without a code costs NO_CODE_BITS.
    """
    bits = {name: np.where(array > 0, array, NO_CODE_BITS) for name, array in lengths.items()}
    gains = zip(np.split(bits["gains"], GAIN_TABLES), tables.gain_counts)
    return costs_of(
        tables, fixed_bits, bits["first_type"][:, : bits["later_type"].shape[1]], bits["later_type"],
        bits["lag_steps"], bits["lags"],
        [table[:, :count] for table, count in gains],
        [bits["shapes"][book : book + 1, :size] for book, size in enumerate(np.diff(tables.books))],
    )  # fmt: skip


def stacked_rows(tables: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Return the rows of all `tables`, one table below the other; shorter rows are filled up with zeros."""
    most = max(table.shape[1] for table in tables)
    return np.concatenate([np.pad(table, ((0, 0), (0, most - table.shape[1]))) for table in tables])


def costs_of(
    tables: Tables,
    fixed_bits: DoubleArray,
    first_type: npt.NDArray,
    later_type: npt.NDArray,
    lag_steps: npt.NDArray,
    lags: npt.NDArray,
    gains: Sequence[npt.NDArray],
    shapes: Sequence[npt.NDArray],
) -> Costs:
    """Return `Costs` from bits by context and symbol.

    Args:
        tables: of the table set.
        fixed_bits: float64 (kinds,), see `Excitation.fixed_bits`.
        first_type, later_type, lag_steps, lags: see `Costs`.
        gains: one array (GAIN_CLASSES, entries) for each table of gains.
        shapes: one array (1, entries) for each trained book.
    """
    padded = np.zeros((GAIN_TABLES, GAIN_CLASSES, tables.gains.shape[1]))
    for number, table in enumerate(gains):
        padded[number, :, : table.shape[1]] = table
    if tables.loudest >= 0:
        padded[FIXED, :, tables.loudest] += RISE_BITS
        stop = tables.gain_counts[FIXED]
        padded[FIXED, :, stop - RISES : stop] = padded[FIXED, :, tables.loudest, None]
    books = np.concatenate([np.zeros(0), *[book[0] for book in shapes]]).astype(np.float32)
    arrays = [np.ascontiguousarray(array, dtype=np.float64) for array in (first_type, later_type, lag_steps, lags)]
    return Costs._make([*arrays, padded, books, fixed_bits])
