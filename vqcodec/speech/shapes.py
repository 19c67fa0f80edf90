"""The trained fixed codebooks: search of all codevectors at once, side by side in float32.

Codevectors have unit rms, a sign of their own and may lie in several books, one after another in the tables.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.jit import inline_kernel, inner_kernel, merged_kernel

SHAPE_SCALE = 1 << 11  # stored codevectors are int16 in this unit: rms 2048
_MIN_ENERGY = 1e-9
_BLOCK = 64  # codevectors filtered side by side: their sums stay in the first cache


def autocorrelations(shapes: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return what `estimate_energies` needs of `shapes` (entries, n): float32 (n, entries), all but lag 0 doubled."""
    length = shapes.shape[1]
    lags = np.stack([(shapes[:, : length - k] * shapes[:, k:]).sum(axis=1) for k in range(length)])
    lags[1:] *= 2
    return np.ascontiguousarray(lags, dtype=np.float32)


@merged_kernel
def filtered_energies(transposed, response, sums, energies):
    """Fill `energies` (float32 (entries,)) with those of the codevectors filtered by `response`.

    `transposed` is float32 (n, entries), `response` float32 (n,), `sums` float32 (64,) room to work in.
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


@inner_kernel
def estimate_energies(lags, response_lags, energies):
    """Fill `energies` (float32 (entries,)) from autocorrelations alone, as if the filtered vectors were not cut off.

    `lags` comes from `autocorrelations`, `response_lags` is the autocorrelation of the response, float32 (n,).
    """
    length, entries = lags.shape
    for first in range(0, entries, _BLOCK):
        width = min(_BLOCK, entries - first)
        total = energies[first : first + width]
        for e in range(width):
            total[e] = 0.0
        for k in range(length):
            weight = response_lags[k]
            row = lags[k, first : first + width]
            for e in range(width):
                total[e] += weight * row[e]


@inline_kernel
def _match_block(transposed, target, shadow, shaded, match, hidden, first, width):
    """Fill a block of `match` and `hidden` with inner products; without `shaded` the latter are 0 as they stand."""
    found = match[first : first + width]
    masked = hidden[first : first + width]
    for e in range(width):
        found[e] = 0.0
        masked[e] = 0.0
    if not shaded:
        for k in range(transposed.shape[0]):
            t = np.float32(target[k])
            row = transposed[k, first : first + width]
            for e in range(width):
                found[e] += t * row[e]
        return
    for k in range(transposed.shape[0]):
        t = np.float32(target[k])
        s = np.float32(shadow[k])
        row = transposed[k, first : first + width]
        for e in range(width):
            found[e] += t * row[e]
            masked[e] += s * row[e]


@merged_kernel
def search_shapes(transposed, energies, costs, books, target, shadow, weight, lambda_, match, hidden, best):
    """Find the best codevector of every book.

    Args:
        transposed: float32 (n, entries).
        energies: float32 (entries,), of the filtered codevectors.
        costs: float32 (entries,), bits of the index.
        books: int64 (books + 1,), where each book starts.
        target, shadow: float64 (n,), as in `pulses.search_pulses`.
        weight: of the squared error; `lambda_` of a bit.
        match, hidden: float32 (entries,), room to work in: inner products with target and shadow.
        best: int64 (books,), filled with the entries.
    """
    entries = transposed.shape[1]
    weight32 = np.float32(weight)
    lambda32 = np.float32(lambda_)
    least = np.float32(_MIN_ENERGY)
    shaded = False
    for n in range(shadow.size):
        shaded = shaded or shadow[n] != 0.0
    for first in range(0, entries, _BLOCK):
        width = min(_BLOCK, entries - first)
        _match_block(transposed, target, shadow, shaded, match, hidden, first, width)
        merits = match[first : first + width]
        masked = hidden[first : first + width]
        energy = energies[first : first + width]
        bits = costs[first : first + width]
        for e in range(width):
            left = max(energy[e] - masked[e] * masked[e], least)
            merits[e] = weight32 * (merits[e] * merits[e] / left) - lambda32 * bits[e]
    for book in range(books.size - 1):
        top = books[book]
        for e in range(books[book] + 1, books[book + 1]):
            if match[e] > match[top]:
                top = e
        best[book] = top
