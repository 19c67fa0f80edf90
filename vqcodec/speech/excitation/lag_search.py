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
def propose_lags(history, score, previous, context, nearest, tables, costs, search, weight, room, lists):
    """Fill `lists.lags` with the most promising pitch lags; return how many.

    The best local maxima of a full search of integer lags, each refined on the grid. With `score` 0 the search is not
    done, and another survivor's, whose past is nearly the same, is taken from room.lag_scores.
    """
    lag_min = tables.lags[0] // LAG_UNITS
    lag_max = tables.lags[-1] // LAG_UNITS
    scores = room.lag_scores
    length = room.length
    if score:
        score_integer_lags(
            history, room.backward[:length], room.response[:length], lag_min, lag_max, scores, room.vector[:length],
            room.ringing,
        )  # fmt: skip
    count = 0
    for lag in range(lag_min, lag_max + 1):
        if scores[lag] <= 0.0 or (lag > lag_min and scores[lag] < scores[lag - 1]):
            continue
        if lag < lag_max and scores[lag] < scores[lag + 1]:
            continue
        index = nearest[lag]
        bits = lag_bits(costs.lag_steps, costs.lags, context, previous, index, LAG_REACH)
        merit = weight * scores[lag] - search.lambda_ * bits
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
        lag = refine_lag(history, lists.lags[place], previous, context, tables, costs, search, weight, room)
        doubled = lag < 0
        for other in range(kept):
            doubled = doubled or lists.lags[other] == lag
        if not doubled:
            lists.lags[kept] = lag
            kept += 1
    return kept


@inner_kernel
def refine_lag(history, start, previous, context, tables, costs, search, weight, room):
    """Return the best lag index within REFINED_STEPS of `start`, climbing from there; -1 if none helps."""
    best = start
    best_merit = _lag_merit(history, start, previous, context, tables, costs, search, weight, room)
    for direction in (-1, 1):
        lag = start + direction
        while 0 <= lag < tables.lags.size and abs(lag - start) <= REFINED_STEPS:
            merit = _lag_merit(history, lag, previous, context, tables, costs, search, weight, room)
            if merit <= best_merit:
                break
            best_merit = merit
            best = lag
            lag += direction
        if best != start:
            break
    return best if best_merit > -_IMPROBABLE else -1


@inner_kernel
def _lag_merit(history, lag, previous, context, tables, costs, search, weight, room):
    """Return what lag index `lag` gains in cost, with an open gain."""
    length = room.length
    vector = room.vector[:length]
    filtered = room.filtered[:length]
    build_adaptive_vector(history, tables.lags[lag], tables.interpolators, vector)
    filter_vector(room.response[:length], vector, filtered)
    gain = explained_energy(dot(room.backward, vector, length), dot(filtered, filtered, length))
    if gain <= 0.0:
        return -_IMPROBABLE
    bits = lag_bits(costs.lag_steps, costs.lags, context, previous, lag, LAG_REACH)
    return weight * gain - search.lambda_ * bits
