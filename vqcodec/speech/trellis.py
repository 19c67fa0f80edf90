"""Search of the excitation: every decision by distortion + lambda * bits, the M best paths kept (delayed decision).

The distortion is measured on the error filtered by W(z): the impulse response of W(z)/A(z) turns candidates into what
they contribute, and the target is the weighted signal less what rings on from before (Atal and Schroeder 1984; delayed
decision in CELP after Su and Mermelstein 1992).
"""

from __future__ import annotations

import math

from vqcodec.jit import inline_kernel, kernel
from vqcodec.speech.adaptive_codebook import (
    LAG_UNITS,
    REFINED_STEPS,
    build_adaptive_vector,
    dot,
    explained_energy,
    filter_backward,
    filter_vector,
    lag_bits,
    score_integer_lags,
)
from vqcodec.speech.gains import energy_level, gain_table, level_gain, predict_level, search_gains
from vqcodec.speech.model import LAG_REACH
from vqcodec.speech.pulses import search_pulses
from vqcodec.speech.shapes import estimate_energies, filtered_energies, search_shapes
from vqcodec.speech.synthesis import build_excitation, sharpened_lag, synthesize

_IMPROBABLE = 1e30


@kernel
def prepare_response(lpc, weighting, room):
    """Fill `room` with the impulse response of W(z)/A(z), its Gram matrix H'H and its autocorrelation."""
    length = room.response.size
    order = lpc.size - 1
    taps = weighting.size
    ringing = room.vector
    for n in range(length):
        value = 1.0 if n == 0 else 0.0
        for i in range(1, min(order, n) + 1):
            value -= lpc[i] * ringing[n - i]
        ringing[n] = value
    for n in range(length):
        value = 0.0
        for i in range(min(taps - 1, n) + 1):
            value += weighting[i] * ringing[n - i]
        room.response[n] = value
        room.response32[n] = value
    fill_gram(room.response, room.gram, room.diagonal)
    correlate(room.response, room.response_lags)


@kernel
def fill_gram(response, gram, diagonal):
    """Fill `gram` (n, n) with H'H of the lower triangular Toeplitz matrix H of `response`, and its diagonal."""
    length = response.size
    for k in range(length):
        value = 0.0
        for j in range(length - 1, k - 1, -1):
            value += response[length - 1 - j] * response[length - 1 - j + k]
            gram[j - k, j] = value
            gram[j, j - k] = value
    for n in range(length):
        diagonal[n] = gram[n, n]


@kernel
def prepare_target(signal, position, lpc, weighting, memory, room):
    """Fill room.target with the weighted target at `position` of `signal`, and room.backward with H'x.

    `signal` is preceded by as many samples as `memory` (past synthetic speech) holds.
    """
    length = room.target.size
    order = lpc.size - 1
    kept = memory.size
    error = room.error
    ringing = room.vector
    for i in range(kept):
        error[i] = signal[position + i] - memory[i]
    for n in range(length):
        value = 0.0
        for i in range(1, order + 1):
            value -= lpc[i] * (ringing[n - i] if i <= n else memory[kept + n - i])
        ringing[n] = value
        error[kept + n] = signal[position + kept + n] - value
    for n in range(length):
        value = 0.0
        for i in range(weighting.size):
            value += weighting[i] * error[kept + n - i]
        room.target[n] = value
    filter_backward(room.response, room.target, room.backward)


@kernel
def propose_lags(history, previous, context, nearest, tables, costs, search, weight, room):
    """Fill room.lag_list with the most promising pitch lags; return how many.

    The best local maxima of a full search of integer lags, each refined on the grid.
    """
    lag_min = tables.lags[0] // LAG_UNITS
    lag_max = tables.lags[-1] // LAG_UNITS
    scores = room.lag_scores
    score_integer_lags(history, room.backward, room.response, lag_min, lag_max, scores, room.vector, room.filtered)
    count = 0
    for lag in range(lag_min, lag_max + 1):
        if scores[lag] <= 0.0 or (lag > lag_min and scores[lag] < scores[lag - 1]):
            continue
        if lag < lag_max and scores[lag] < scores[lag + 1]:
            continue
        index = nearest[lag]
        bits = lag_bits(costs.lag_steps, costs.lags, context, previous, index, LAG_REACH)
        merit = weight * scores[lag] - search.lambda_ * bits
        if count < search.lag_candidates or merit > room.lag_merits[count - 1]:
            place = count if count < search.lag_candidates else search.lag_candidates - 1
            while place > 0 and room.lag_merits[place - 1] < merit:
                room.lag_merits[place] = room.lag_merits[place - 1]
                room.lag_list[place] = room.lag_list[place - 1]
                place -= 1
            room.lag_merits[place] = merit
            room.lag_list[place] = index
            if count < search.lag_candidates:
                count += 1
    kept = 0
    for place in range(count):
        lag = refine_lag(history, room.lag_list[place], previous, context, tables, costs, search, weight, room)
        doubled = lag < 0
        for other in range(kept):
            doubled = doubled or room.lag_list[other] == lag
        if not doubled:
            room.lag_list[kept] = lag
            kept += 1
    return kept


@kernel
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


@kernel
def _lag_merit(history, lag, previous, context, tables, costs, search, weight, room):
    """Return what lag index `lag` gains in cost, with an open gain."""
    build_adaptive_vector(history, tables.lags[lag], tables.interpolators, room.vector)
    filter_vector(room.response, room.vector, room.filtered)
    length = room.vector.size
    gain = explained_energy(dot(room.backward, room.vector, length), dot(room.filtered, room.filtered, length))
    if gain <= 0.0:
        return -_IMPROBABLE
    bits = lag_bits(costs.lag_steps, costs.lags, context, previous, lag, LAG_REACH)
    return weight * gain - search.lambda_ * bits


@kernel
def prepare_branch(history, lag, adaptive, tables, room):
    """Fill room with what a choice of adaptive vector (0 none) makes of the search for a fixed one; return its level.

    room.inner gets xx, xy, yy; room.orthogonal and room.shadow the criteria of `pulses.search_pulses`.
    """
    length = room.target.size
    inner = room.inner
    inner[0] = dot(room.target, room.target, length)
    inner[1] = 0.0
    inner[3] = 0.0
    if adaptive == 0:
        for n in range(length):
            room.orthogonal[n] = room.backward[n]
            room.shadow[n] = 0.0
        return 0.0
    build_adaptive_vector(history, tables.lags[lag], tables.interpolators, room.adaptive)
    filter_vector(room.response, room.adaptive, room.adaptive_filtered)
    filter_backward(room.response, room.adaptive_filtered, room.shadow)
    inner[1] = dot(room.backward, room.adaptive, length)
    inner[3] = max(dot(room.adaptive_filtered, room.adaptive_filtered, length), 1e-9)
    ratio = inner[1] / inner[3]
    norm = 1.0 / math.sqrt(inner[3])
    for n in range(length):
        room.orthogonal[n] = room.backward[n] - ratio * room.shadow[n]
        room.shadow[n] *= norm
    return energy_level(dot(room.adaptive, room.adaptive, length), length)


@kernel
def sharpen(tables, repeat, room):
    """Turn the criteria into those of vectors that repeat themselves at `repeat` samples, softer each time.

    With S the repetition, Hc becomes HSc: the response is filtered, what was filtered backward is filtered by S'.
    """
    length = room.response.size
    factor = tables.sharpening[0]
    for n in range(length):
        room.sharp_response[n] = room.response[n]
        room.sharp_backward[n] = room.backward[n]
    for n in range(repeat, length):
        room.sharp_response[n] += factor * room.sharp_response[n - repeat]
    for n in range(length - 1 - repeat, -1, -1):
        room.sharp_backward[n] += factor * room.sharp_backward[n + repeat]
        room.orthogonal[n] += factor * room.orthogonal[n + repeat]
        room.shadow[n] += factor * room.shadow[n + repeat]
    fill_gram(room.sharp_response, room.sharp_gram, room.sharp_diagonal)
    if tables.books.size > 1:
        correlate(room.sharp_response, room.sharp_lags)
        estimate_energies(tables.shape_lags, room.sharp_lags, room.sharp_energies)


@kernel
def correlate(response, lags):
    """Fill `lags` (float32) with the autocorrelation of `response` (float64)."""
    length = response.size
    for k in range(length):
        value = 0.0
        for n in range(length - k):
            value += response[n] * response[n + k]
        lags[k] = value


@inline_kernel
def repeated_energy(vector, repeat, factor, room):
    """Return the energy of `vector` when it repeats itself at `repeat` samples."""
    length = room.size
    total = 0.0
    for n in range(length):
        room[n] = vector[n]
        if n >= repeat:
            room[n] += factor * room[n - repeat]
        total += room[n] * room[n]
    return total


@kernel
def offer(leaders, count, most, cost, distortion, parent, symbol, lag, gain, shape, pulses):
    """Put a candidate in its place among the `count` leaders, of which `most` are kept; return their number."""
    if count == most and cost >= leaders.cost[most - 1]:
        return count
    place = count if count < most else most - 1
    while place > 0 and leaders.cost[place - 1] > cost:
        before = place - 1
        leaders.cost[place] = leaders.cost[before]
        leaders.distortion[place] = leaders.distortion[before]
        leaders.parent[place] = leaders.parent[before]
        leaders.type[place] = leaders.type[before]
        leaders.lag[place] = leaders.lag[before]
        leaders.gain[place] = leaders.gain[before]
        leaders.shape[place] = leaders.shape[before]
        leaders.pulses[place, :] = leaders.pulses[before, :]
        place = before
    leaders.cost[place] = cost
    leaders.distortion[place] = distortion
    leaders.parent[place] = parent
    leaders.type[place] = symbol
    leaders.lag[place] = lag
    leaders.gain[place] = gain
    leaders.shape[place] = shape
    leaders.pulses[place, :] = pulses
    return min(count + 1, most)


@kernel
def search_branch(survivors, m, lag, adaptive, type_costs, tables, costs, search, weight, leaders, count, room):
    """Offer every kind of fixed codevector beside one choice of adaptive vector; return the number of leaders."""
    length = room.target.size
    inner = room.inner
    adaptive_level = prepare_branch(survivors.history[m], lag, adaptive, tables, room)
    bits_before = 0.0
    if adaptive > 0:
        bits_before = lag_bits(
            costs.lag_steps, costs.lags, survivors.lag_context[m], survivors.lag[m], lag, LAG_REACH
        )
    books = tables.books.size - 1
    repeat = sharpened_lag(tables.lags[lag], adaptive, tables.sharpening[0], length)
    gram = room.gram
    diagonal = room.diagonal
    backward = room.backward
    energies = room.energies
    if repeat > 0:
        sharpen(tables, repeat, room)
        gram = room.sharp_gram
        diagonal = room.sharp_diagonal
        backward = room.sharp_backward
        energies = room.sharp_energies
    if books > 0:
        search_shapes(
            tables.transposed, energies, costs.shapes, tables.books, room.orthogonal, room.shadow, weight,
            search.lambda_, room.match, room.hidden, room.best_shapes,
        )  # fmt: skip
    if tables.pulse_counts.size > 0:
        search_pulses(
            room.orthogonal, gram, diagonal, room.shadow, tables.pulse_counts, search.sweeps, room.found,
            room.pulse_sums, room.pulses, room.cross, room.trial, room.both_signs, room.places,
        )  # fmt: skip
    root = math.sqrt(inner[3])
    for kind in range(tables.kinds):
        symbol = adaptive * tables.kinds + kind
        table = gain_table(adaptive > 0, kind > 0)
        bits = bits_before + type_costs[symbol] + costs.fixed[kind]
        shape = 0
        amplitude = 0.0
        inner[2] = 0.0
        inner[4] = 0.0
        inner[5] = 0.0
        pulses = room.found[max(kind - 1 - books, 0)]
        if kind > 0:
            if kind <= books:
                entry = room.best_shapes[kind - 1]
                bits += costs.shapes[entry]
                inner[2] = dot(backward, tables.shapes[entry], length)
                inner[5] = dot(room.shadow, tables.shapes[entry], length) * root
                inner[4] = exact_energy(gram, tables.shapes[entry])
                shape = 2 * entry
                if inner[2] * inner[3] < inner[1] * inner[5] or (adaptive == 0 and inner[2] < 0.0):
                    shape += 1
                    inner[2] = -inner[2]
                    inner[5] = -inner[5]
                energy = float(length)
                if repeat > 0:
                    energy = repeated_energy(tables.shapes[entry], repeat, tables.sharpening[0], room.fixed)
            else:
                sums = room.pulse_sums[kind - 1 - books]
                energy = repeated_energy(pulses, repeat if repeat > 0 else length, tables.sharpening[0], room.fixed)
                inner[2] = 0.0
                for n in range(length):
                    inner[2] += pulses[n] * backward[n]
                inner[4] = sums[1]
                inner[5] = sums[2] * root
            norm = math.sqrt(length / energy)
            inner[2] *= norm
            inner[4] *= norm * norm
            inner[5] *= norm
            level = predict_level(
                tables.level_weights[adaptive], tables.level_bias[symbol], survivors.levels[m], adaptive_level
            )
            amplitude = level_gain(level)
        if table < 0:
            gain = 0
            cost = weight * (1.0 + search.energy_weight) * inner[0] + search.lambda_ * bits
        else:
            gain, cost = search_gains(
                tables.gains[table, : tables.gain_counts[table]],
                costs.gains[table, survivors.gain_class[m]],
                amplitude, inner, weight, search.lambda_, search.energy_weight, room.gain_costs,
            )  # fmt: skip
            cost += search.lambda_ * bits
        count = offer(
            leaders, count, search.survivors, survivors.cost[m] + cost, cost, m, symbol, lag, gain, shape, pulses
        )
    return count


@kernel
def exact_energy(gram, vector):
    """Return c'Pc."""
    length = vector.size
    total = 0.0
    for n in range(length):
        total += vector[n] * dot(gram[n], vector, length)
    return total


@kernel
def start_packet(survivors, default_lag, start_type):
    """Set the contexts of all survivors as a packet's parser starts with."""
    for m in range(survivors.type.size):
        survivors.type[m] = start_type
        survivors.lag[m] = default_lag
        survivors.gain_class[m] = 0
        survivors.lag_context[m] = 0


@kernel
def advance(survivors, following, leaders, count, tables, lpc, speech, room):
    """Make the `count` leaders the survivors: reconstruct what each decided on top of its parent's state."""
    floor = leaders.cost[0]
    for rank in range(count):
        m = leaders.parent[rank]
        following.history[rank, :] = survivors.history[m, :]
        following.memory[rank, :] = survivors.memory[m, :]
        following.levels[rank, :] = survivors.levels[m, :]
        symbol = leaders.type[rank]
        build_excitation(
            tables, symbol, leaders.lag[rank], leaders.gain[rank], leaders.shape[rank], leaders.pulses[rank],
            following.history[rank], following.levels[rank], room.excitation, room.fixed,
        )  # fmt: skip
        synthesize(lpc, room.excitation, following.memory[rank], speech)
        adaptive = symbol // tables.kinds
        table = gain_table(adaptive > 0, symbol % tables.kinds > 0)
        following.cost[rank] = leaders.cost[rank] - floor
        following.type[rank] = symbol
        following.lag[rank] = leaders.lag[rank] if adaptive > 0 else survivors.lag[m]
        following.gain_class[rank] = tables.gain_classes[table, leaders.gain[rank]] if table >= 0 else 0
        following.lag_context[rank] = tables.lag_contexts[table, leaders.gain[rank]] if table >= 0 else 0
    for rank in range(count):
        survivors.history[rank, :] = following.history[rank, :]
        survivors.memory[rank, :] = following.memory[rank, :]
        survivors.levels[rank, :] = following.levels[rank, :]
        survivors.cost[rank] = following.cost[rank]
        survivors.type[rank] = following.type[rank]
        survivors.lag[rank] = following.lag[rank]
        survivors.gain_class[rank] = following.gain_class[rank]
        survivors.lag_context[rank] = following.lag_context[rank]


@kernel
def search_excitation(
    signal, lpc, weighting, weights, tables, costs, search, nearest, survivors, following, leaders, paths, room
):
    """Search a group's excitation and fill `paths`; return the rank of survivors at the end (always 0, the best).

    Args:
        signal: float64 (kept + samples,), high-passed, `kept` samples (as survivors.memory has) before the first.
        lpc: float64 (subframes, order + 1); weighting: float64 (subframes, taps); weights: float64 (subframes,).
        nearest: int64, see `adaptive_codebook.nearest_steps`.
        survivors, following, leaders, paths, room: see `trellis_state`; survivors holds the state to start from.
    """
    start_type = 2 * tables.kinds
    default_lag = tables.lags.size // 3
    length = room.target.size
    alive = 1
    for subframe in range(lpc.shape[0]):
        if subframe % search.packet_subframes == 0:
            start_packet(survivors, default_lag, start_type)
        prepare_response(lpc[subframe], weighting[subframe], room)
        if tables.books.size > 1:
            if search.exact:
                filtered_energies(tables.transposed, room.response32, room.sums, room.energies)
            else:
                estimate_energies(tables.shape_lags, room.response_lags, room.energies)
        type_costs = costs.first_type if subframe % search.frame_subframes == 0 else costs.later_type
        count = 0
        for m in range(alive):
            prepare_target(signal, subframe * length, lpc[subframe], weighting[subframe], survivors.memory[m], room)
            proposed = propose_lags(
                survivors.history[m], survivors.lag[m], survivors.lag_context[m], nearest, tables, costs, search,
                weights[subframe], room,
            )  # fmt: skip
            row = type_costs[survivors.type[m]]
            for a in range(proposed + 1):
                lag = room.lag_list[a] if a < proposed else survivors.lag[m]
                adaptive = 1 if a < proposed else 0
                count = search_branch(
                    survivors, m, lag, adaptive, row, tables, costs, search, weights[subframe], leaders, count, room
                )
        for rank in range(count):
            paths.parent[subframe, rank] = leaders.parent[rank]
            paths.type[subframe, rank] = leaders.type[rank]
            paths.lag[subframe, rank] = leaders.lag[rank]
            paths.gain[subframe, rank] = leaders.gain[rank]
            paths.shape[subframe, rank] = leaders.shape[rank]
            paths.pulses[subframe, rank, :] = leaders.pulses[rank, :]
            paths.distortion[subframe, rank] = leaders.distortion[rank]
        advance(survivors, following, leaders, count, tables, lpc[subframe], room.vector, room)
        alive = count
    return 0


@kernel
def trace_back(paths, symbols):
    """Fill `symbols` with the decisions that lead to the best survivor at the end."""
    rank = 0
    for subframe in range(paths.parent.shape[0] - 1, -1, -1):
        symbols.type[subframe] = paths.type[subframe, rank]
        symbols.lag[subframe] = paths.lag[subframe, rank]
        symbols.gain[subframe] = paths.gain[subframe, rank]
        symbols.shape[subframe] = paths.shape[subframe, rank]
        symbols.pulses[subframe, :] = paths.pulses[subframe, rank, :]
        rank = paths.parent[subframe, rank]
