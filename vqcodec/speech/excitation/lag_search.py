"""Search of the pitch lag: the peaks of a full search of integer lags, refined on the grid of fractional ones."""

from __future__ import annotations

from vqcodec.kernels.jit import inner_kernel
from vqcodec.speech.excitation.adaptive_codebook import (
    LAG_UNITS,
    REFINED_STEPS,
    build_adaptive_vector,
    dot,
    explained_energy,
    filter_vector,
    lag_bits,
    score_integer_lags,
)
from vqcodec.speech.excitation.model import LAG_REACH

_IMPROBABLE = 1e30


@inner_kernel
def search_lags(survivor, score, tables, costs, search, tradeoff, scratch, lists):
    """Fill `lists.lags` with the indices of the most promising pitch lags; return their number.

    They are the best local maxima of a full search of integer lags, each refined on the grid.

    Args:
        survivor: SURVIVOR, the state that the lags follow.
        score: whether to score the integer lags. If not, `scratch.lag_scores` must hold those of another survivor; the
            pasts of survivors are nearly the same.
        tables, costs: of the table set.
        search, tradeoff, scratch, lists: see `trellis_state`.
    """
    lag_min = tables.lags[0] // LAG_UNITS
    lag_max = tables.lags[-1] // LAG_UNITS
    scores = scratch.lag_scores
    length = scratch.length
    if score:
        score_integer_lags(
            survivor.history[: scratch.past], scratch.backward[:length], scratch.response[:length], lag_min, lag_max,
            scores, scratch.vector[:length], scratch.ringing,
        )  # fmt: skip
    count = 0
    for lag in range(lag_min, lag_max + 1):
        if scores[lag] <= 0.0 or (lag > lag_min and scores[lag] < scores[lag - 1]):
            continue
        if lag < lag_max and scores[lag] < scores[lag + 1]:
            continue
        index = scratch.nearest_lags[lag]
        bits = lag_bits(costs.lag_steps, costs.lags, survivor.lag_context, survivor.lag, index, LAG_REACH)
        merit = tradeoff.weight * scores[lag] - tradeoff.lambda_ * bits
        if count < search.lag_candidates or merit > lists.lag_merits[count - 1]:
            place = count if count < search.lag_candidates else search.lag_candidates - 1
            while place > 0 and lists.lag_merits[place - 1] < merit:
                lists.lag_merits[place] = lists.lag_merits[place - 1]
                lists.lags[place] = lists.lags[place - 1]
                place -= 1
            lists.lag_merits[place] = merit
            lists.lags[place] = index
            if count < search.lag_candidates:
                count += 1
    kept = 0
    for place in range(count):
        lag = refine_lag(survivor, lists.lags[place], tables, costs, tradeoff, scratch)
        doubled = lag < 0
        for other in range(kept):
            doubled = doubled or lists.lags[other] == lag
        if not doubled:
            lists.lags[kept] = lag
            kept += 1
    return kept


@inner_kernel
def refine_lag(survivor, start, tables, costs, tradeoff, scratch):
    """Return the best lag index within REFINED_STEPS of `start`, found by climbing; -1 if no lag lowers the cost."""
    best = start
    best_merit = _lag_merit(survivor, start, tables, costs, tradeoff, scratch)
    for direction in (-1, 1):
        lag = start + direction
        while 0 <= lag < tables.lags.size and abs(lag - start) <= REFINED_STEPS:
            merit = _lag_merit(survivor, lag, tables, costs, tradeoff, scratch)
            if merit <= best_merit:
                break
            best_merit = merit
            best = lag
            lag += direction
        if best != start:
            break
    return best if best_merit > -_IMPROBABLE else -1


@inner_kernel
def _lag_merit(survivor, lag, tables, costs, tradeoff, scratch):
    """Return by how much lag index `lag` lowers the cost if its gain is free."""
    length = scratch.length
    vector = scratch.vector[:length]
    filtered = scratch.filtered[:length]
    build_adaptive_vector(survivor.history[: scratch.past], tables.lags[lag], tables.interpolators, vector)
    filter_vector(scratch.response[:length], vector, filtered)
    gain = explained_energy(dot(scratch.backward, vector, length), dot(filtered, filtered, length))
    if gain <= 0.0:
        return -_IMPROBABLE
    bits = lag_bits(costs.lag_steps, costs.lags, survivor.lag_context, survivor.lag, lag, LAG_REACH)
    return tradeoff.weight * gain - tradeoff.lambda_ * bits
