"""The trained fixed codebooks: search of all codevectors at once, side by side in float32.

Codevectors have unit rms, and each may be used with either sign. They may lie in several books; the tables hold the
books one after another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, inner_kernel

SHAPE_SCALE = 1 << 11  # stored codevectors are int16 in this unit: rms 2048
ENERGIES, SHARP_ENERGIES, MATCH, HIDDEN = range(4)  # rows of `trellis_state.Lists.shapes`
_MIN_ENERGY = 1e-9
_BLOCK = 64  # codevectors filtered side by side: their sums stay in the first cache


def autocorrelations(shapes: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the autocorrelations of `shapes` (entries, n), as `estimate_energies` takes them.

    float32 (n, entries), one row a lag; all rows but that of lag 0 are doubled.
    """
    length = shapes.shape[1]
    lags = np.stack([(shapes[:, : length - k] * shapes[:, k:]).sum(axis=1) for k in range(length)])
    lags[1:] *= 2
    return np.ascontiguousarray(lags, dtype=np.float32)


@inner_kernel
def filtered_energies(transposed, response, sums, energies):
    """Fill `energies` with the energies of the codevectors, filtered by `response`.

    Args:
        transposed: float32 (n, entries).
        response: float32 (n,).
        sums: float32 (64 or more,), scratch.
        energies: float32 (entries,).
    """
    length, entries = transposed.shape
    for first in range(0, entries, _BLOCK):
        width = min(_BLOCK, entries - first)
        total = energies[first : first + width]
        for e in range(width):
            total[e] = 0.0
        for n in range(length):
            for e in range(width):
                sums[e] = 0.0
            for k in range(n + 1):
                weight = response[n - k]
                sample = transposed[k, first : first + width]
                for e in range(width):
                    sums[e] += weight * sample[e]
            for e in range(width):
                total[e] += sums[e] * sums[e]


@inline_kernel
def _add_rows(weights, rows, first, total):
    """Fill `total` with the weighted sum of the rows of `rows` (float32), for the columns from `first` on.

    The number of rows is a multiple of four. Four are added at a time, in turn, to read and write the sums less often.
    """
    width = total.size
    for e in range(width):
        total[e] = 0.0
    for k in range(0, rows.shape[0], 4):
        a = np.float32(weights[k])
        b = np.float32(weights[k + 1])
        c = np.float32(weights[k + 2])
        d = np.float32(weights[k + 3])
        row0 = rows[k, first : first + width]
        row1 = rows[k + 1, first : first + width]
        row2 = rows[k + 2, first : first + width]
        row3 = rows[k + 3, first : first + width]
        for e in range(width):
            total[e] = (((total[e] + a * row0[e]) + b * row1[e]) + c * row2[e]) + d * row3[e]


@inner_kernel
def estimate_energies(lags, response_lags, energies):
    """Fill `energies` with estimates from autocorrelations; they ignore that the subframe cuts filtered vectors off.

    Args:
        lags: float32 (n, entries), from `autocorrelations`.
        response_lags: float (n,), the autocorrelation of the response.
        energies: float32 (entries,).
    """
    entries = lags.shape[1]
    for first in range(0, entries, _BLOCK):
        _add_rows(response_lags, lags, first, energies[first : min(first + _BLOCK, entries)])


@inner_kernel
def search_shapes(tables, costs, energies, target, shadow, tradeoff, lists):
    """Fill `lists.best_shapes` with the best codevector of every book.

    Args:
        tables, costs: of the table set.
        energies: float32 (entries,), of the filtered codevectors.
        target, shadow: float64 (n,), as in `pulses.Criterion`.
        tradeoff: what errors and bits cost.
        lists: rows MATCH and HIDDEN of its `shapes` are scratch: inner products with target and shadow.
    """
    match = lists.shapes[MATCH]
    hidden = lists.shapes[HIDDEN]
    books = tables.books
    entries = tables.transposed.shape[1]
    weight32 = np.float32(tradeoff.weight)
    lambda32 = np.float32(tradeoff.lambda_)
    least = np.float32(_MIN_ENERGY)
    shaded = False
    for n in range(shadow.size):
        shaded = shaded or shadow[n] != 0.0
    for first in range(0, entries, _BLOCK):
        width = min(_BLOCK, entries - first)
        merits = match[first : first + width]
        masked = hidden[first : first + width]
        _add_rows(target, tables.transposed, first, merits)
        if shaded:
            _add_rows(shadow, tables.transposed, first, masked)
        else:
            for e in range(width):
                masked[e] = 0.0
        energy = energies[first : first + width]
        bits = costs.shapes[first : first + width]
        for e in range(width):
            left = max(energy[e] - masked[e] * masked[e], least)
            merits[e] = weight32 * (merits[e] * merits[e] / left) - lambda32 * bits[e]
    for book in range(books.size - 1):
        top = books[book]
        for e in range(books[book] + 1, books[book + 1]):
            if match[e] > match[top]:
                top = e
        lists.best_shapes[book] = top
