"""Codebooks for a noisy channel: which index each codeword gets, and which codewords there are.

The channel is a binary symmetric one: each bit of an index arrives wrong with probability `ber`. A wrong bit costs the
squared error between two codewords. So codewords whose indices differ in one bit should lie close together.

    >>> import numpy as np
    >>> from vqcodec.vq.channel import assign_indices, channel_distortion
    >>> codewords = np.random.default_rng(0).normal(size=(16, 2))
    >>> order = assign_indices(codewords)
    >>> bool(channel_distortion(codewords[order], ber=0.01) < channel_distortion(codewords, ber=0.01))
    True

Sources: Zeger and Gersho 1990, "Pseudo-Gray coding" (binary switching); Farvardin and Vaishampayan 1991, "On the
performance and complexity of channel-optimized vector quantizers".
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.vq.design.cells import partition
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.result import DesignResult, DoubleArray, Iteration, Progress
from vqcodec.vq.design.starts import Start, check_stopping_rule, checked_training_sequence
from vqcodec.vq.search import SearchIndex

MOST_CODEWORDS = 4096
"""Of the functions here, which hold a number for each pair of codewords."""


def transmit(indices: npt.ArrayLike, bits: int, ber: float, *, seed: int = 0) -> npt.NDArray[np.int64]:
    """Return indices as they come out of a channel that changes each of their bits with probability `ber`.

    Args:
        indices: (n,) integers below 2^bits.
        bits: of an index, 1 to 16.

    Raises:
        ValueError: an argument is not as described.
    """
    _check_rate(ber)
    sent = np.asarray(indices, dtype=np.int64)
    if sent.ndim != 1 or not 1 <= bits <= 16 or (sent.size and not 0 <= int(sent.min()) <= int(sent.max()) < 1 << bits):
        raise ValueError(f"indices are wanted as (n,) below 2^bits, bits={bits} from 1 to 16")
    wrong = np.random.default_rng(seed).random((bits, len(sent))) < ber
    return sent ^ (wrong.astype(np.int64) << np.arange(bits)[:, np.newaxis]).sum(axis=0)


def channel_distortion(codewords: npt.ArrayLike, counts: npt.ArrayLike | None = None, *, ber: float) -> float:
    """Return the mean squared error between the codeword that was sent and the one that arrives.

    Args:
        codewords: (size, dimension), a power of two of them, in the order of their indices.
        counts: (size,), how often each is sent; None: equally often.

    Raises:
        ValueError: an argument is not as described.
    """
    rows = _checked_codewords(codewords)
    shares = _shares(counts, len(rows))
    return float(shares @ (_transitions(len(rows), ber) * _distances(rows)).sum(axis=1))


def assign_indices(
    codewords: npt.ArrayLike, counts: npt.ArrayLike | None = None, *, seed: int = 0, starts: int = 3
) -> npt.NDArray[np.intp]:
    """Return an order of codewords that loses little when one bit of an index is wrong: binary switching.

    From a random order on, two codewords change places whenever that lowers the mean error of single wrong bits, the
    costliest codewords first, until no exchange does. The best of several starts is returned.

    Args:
        codewords: (size, dimension), a power of two of them, at most 4096.
        counts: (size,), how often each is sent; None: equally often.
        starts: how many; the first is the order as it is.

    Returns:
        A permutation, intp (size,): codeword `order[i]` gets index i.

    Raises:
        ValueError: an argument is not as described.
    """
    rows = _checked_codewords(codewords)
    shares = _shares(counts, len(rows))
    if starts < 1:
        raise ValueError(f"starts={starts}; at least 1 is wanted")
    weights = (shares[:, np.newaxis] + shares) * _distances(rows)
    generator = np.random.default_rng(seed)
    bits = len(rows).bit_length() - 1
    orders = [np.arange(len(rows)), *(generator.permutation(len(rows)) for _ in range(starts - 1))]
    costs = [_switch(weights, order, bits) for order in orders]
    return orders[int(np.argmin(costs))]


def gray_order(codewords: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return codewords by their mean, in a Gray code: neighbours in the mean have indices that differ in one bit.

    Returns:
        A permutation as of `assign_indices`; arguments and errors are its.
    """
    rows = _checked_codewords(codewords)
    numbers = np.arange(len(rows))
    order = np.empty(len(rows), dtype=np.intp)
    order[numbers ^ (numbers >> 1)] = np.argsort(rows.mean(axis=1), kind="stable")
    return order


def channel_optimized(
    training_sequence: npt.ArrayLike,
    size: int,
    *,
    ber: float,
    start: Start = "k-means++",
    threshold: float = 1e-3,
    max_iterations: int = 100,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Design codewords, in the order of their indices, that lose least at both ends of a channel.

    Cells are those of the least expected error after the channel; each codeword is the mean of all vectors that may
    arrive as it. It begins with the codewords of `lbg`, in the order of `assign_indices`.

    Args:
        size: a power of two, 2 to 4096.
        ber: probability that a bit of an index is wrong, 0 to 0.5.

    The other arguments and errors are those of `lbg`. In the result, `distortion` and the costs of the history are
    expected after the channel. A search for these codewords is that of `channel_search`.
    """
    begin = time.perf_counter()
    data = checked_training_sequence(training_sequence, size)
    if not 2 <= size <= MOST_CODEWORDS or size & (size - 1):
        raise ValueError(f"size={size} codewords; 2 to {MOST_CODEWORDS}, a power of two, is wanted")
    check_stopping_rule(threshold, max_iterations)
    _check_rate(ber)
    first = lbg(data, size, start=start, seed=seed, threads=threads)
    codewords: DoubleArray = first.codewords[assign_indices(first.codewords, first.counts, seed=seed)].astype(float)
    transitions = _transitions(size, ber)
    history: list[Iteration] = []
    hint = None
    for iteration in range(1, max_iterations + 1):
        search, noise = _search_through(codewords, transitions)
        cells = partition(data, search, hint, threads)
        hint = cells.indices
        distortion = cells.distortion + float(cells.counts @ noise) / len(data)
        history.append(Iteration(size, iteration, distortion, 0.0, distortion))
        if progress is not None:
            progress(history[-1])
        settled = iteration > 1 and history[-2].cost - distortion <= threshold * distortion
        if settled or iteration == max_iterations:
            break
        arriving = transitions.T @ cells.counts
        sums = transitions.T @ cells.sums
        known = arriving > 1e-9
        codewords = np.where(known[:, np.newaxis], sums / np.where(known, arriving, 1.0)[:, np.newaxis], codewords)
    found = codewords.astype(np.float32), cells.counts, cells.indices, distortion
    return DesignResult(*found, tuple(history), time.perf_counter() - begin)


def channel_search(codewords: npt.ArrayLike, ber: float) -> SearchIndex:
    """Return the search for the index of least expected error after a channel; arguments as `channel_distortion`."""
    rows = _checked_codewords(codewords)
    return _search_through(rows, _transitions(len(rows), ber))[0]


def _search_through(codewords: DoubleArray, transitions: DoubleArray) -> tuple[SearchIndex, DoubleArray]:
    """A search by expected error, and what the channel adds to the error of each index.

    The expected error of index i is |x - m_i|^2 + v_i, where m_i is the mean of what may arrive, and v_i its variance.
    """
    means = transitions @ codewords
    noise = np.maximum(transitions @ np.square(codewords).sum(axis=1) - np.square(means).sum(axis=1), 0.0)
    return SearchIndex(means.astype(np.float32), noise), noise


@allocating_kernel
def _switch(weights, order, bits):
    """Exchange entries of `order` until no exchange helps; the cost of single wrong bits that remains.

    Args:
        weights: float64 (size, size), symmetric: what it costs that two codewords are one bit apart.
        order: int64 (size,), changed.
    """
    size = order.shape[0]
    costs = np.empty(size)
    changed = True
    while changed:
        changed = False
        for i in range(size):
            costs[i] = 0.0
            for b in range(bits):
                costs[i] += weights[order[i], order[i ^ (1 << b)]]
        for i in np.argsort(-costs):
            best, place = -1e-12 * costs[i], -1
            for j in range(size):
                if j == i:
                    continue
                change = 0.0
                for b in range(bits):
                    near, far = i ^ (1 << b), j ^ (1 << b)
                    if near != j:
                        change += weights[order[j], order[near]] - weights[order[i], order[near]]
                    if far != i:
                        change += weights[order[i], order[far]] - weights[order[j], order[far]]
                if change < best:
                    best, place = change, j
            if place >= 0:
                order[i], order[place] = order[place], order[i]
                changed = True
    total = 0.0
    for i in range(size):
        for b in range(bits):
            total += weights[order[i], order[i ^ (1 << b)]]
    return total


def _transitions(size: int, ber: float) -> DoubleArray:
    """Probability of each index (column) arriving when each (row) is sent, float64 (size, size)."""
    _check_rate(ber)
    numbers = np.arange(size)
    ones = np.array([number.bit_count() for number in range(size)], dtype=np.float64)
    wrong = ones[numbers[:, np.newaxis] ^ numbers]
    bits = size.bit_length() - 1
    return np.power(ber, wrong) * np.power(1 - ber, bits - wrong)


def _distances(codewords: DoubleArray) -> DoubleArray:
    """Squared errors between all pairs, float64 (size, size)."""
    return np.stack([np.square(codewords - codeword).sum(axis=1) for codeword in codewords])


def _checked_codewords(codewords: npt.ArrayLike) -> DoubleArray:
    rows = np.asarray(codewords, dtype=np.float64)
    size = len(rows) if rows.ndim == 2 else 0
    if not 2 <= size <= MOST_CODEWORDS or size & (size - 1):
        raise ValueError(f"codewords have shape {rows.shape}; 2 to {MOST_CODEWORDS} rows, a power of two, are wanted")
    if not np.isfinite(rows).all():
        raise ValueError("codewords are not finite")
    return rows


def _shares(counts: npt.ArrayLike | None, size: int) -> DoubleArray:
    shares = np.full(size, 1.0) if counts is None else np.asarray(counts, dtype=np.float64)
    if shares.shape != (size,) or not np.all(shares >= 0) or not 0 < shares.sum() < np.inf:
        raise ValueError(f"counts have shape {shares.shape}; ({size},) are wanted, 0 or more, and not all 0")
    return shares / shares.sum()


def _check_rate(ber: float) -> None:
    if not 0 <= ber <= 0.5:
        raise ValueError(f"ber={ber}; a probability in 0..0.5 is wanted")
