"""Search of the excitation: every decision by distortion + lambda * bits, the M best paths kept (delayed decision).

The distortion is measured on the error filtered by W(z): the impulse response of W(z)/A(z) turns candidates into what
they contribute, and the target is the weighted signal less what rings on from before (Atal and Schroeder 1984; delayed
decision in CELP after Su and Mermelstein 1992).
"""

from __future__ import annotations

import math

import numpy as np

from vqcodec.jit import inline_kernel, inner_kernel, kernel, merged_kernel
from vqcodec.speech.adaptive_codebook import dot, lag_bits
from vqcodec.speech.gains import gain_table, level_gain, predict_level, search_gains
from vqcodec.speech.lag_search import propose_lags
from vqcodec.speech.model import LAG_REACH
from vqcodec.speech.pulses import search_pulses
from vqcodec.speech.shapes import estimate_energies, filtered_energies, search_shapes
from vqcodec.speech.synthesis import build_excitation, sharpened_lag, synthesize
from vqcodec.speech.targets import (
    exact_energy,
    prepare_branch,
    prepare_response,
    prepare_target,
    repeated_energy,
    sharpen,
)
from vqcodec.speech.trellis_state import Search


@inline_kernel
def copy(source, target):
    """Copy the values of one vector into another."""
    for n in range(source.size):
        target[n] = source[n]


@inner_kernel
def offer(leaders, count, most, cost, parent, symbol, lag, gain, shape, pulses):
    """Put a candidate in its place among the `count` leaders, of which `most` are kept; return their number."""
    if count == most and cost >= leaders.cost[most - 1]:
        return count
    place = count if count < most else most - 1
    while place > 0 and leaders.cost[place - 1] > cost:
        before = place - 1
        leaders.cost[place] = leaders.cost[before]
        leaders.parent[place] = leaders.parent[before]
        leaders.type[place] = leaders.type[before]
        leaders.lag[place] = leaders.lag[before]
        leaders.gain[place] = leaders.gain[before]
        leaders.shape[place] = leaders.shape[before]
        copy(leaders.pulses[before], leaders.pulses[place])
        place = before
    leaders.cost[place] = cost
    leaders.parent[place] = parent
    leaders.type[place] = symbol
    leaders.lag[place] = lag
    leaders.gain[place] = gain
    leaders.shape[place] = shape
    copy(pulses, leaders.pulses[place])
    return min(count + 1, most)


@merged_kernel
def search_branch(survivors, m, lag, adaptive, type_costs, tables, costs, search, weight, leaders, count, room):
    """Offer every kind of fixed codevector beside one choice of adaptive vector; return the number of leaders."""
    length = room.target.size
    inner = room.inner
    adaptive_level = prepare_branch(survivors.history[m], lag, adaptive, tables, room)
    bits_before = 0.0
    if adaptive > 0:
        bits_before = lag_bits(costs.lag_steps, costs.lags, survivors.lag_context[m], survivors.lag[m], lag, LAG_REACH)
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
        shape = np.int64(0)
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
            gain = np.int64(0)
            cost = weight * (1.0 + search.energy_weight) * inner[0] + search.lambda_ * bits
        else:
            gain, cost = search_gains(
                tables.gains[table, : tables.gain_counts[table]],
                costs.gains[table, survivors.gain_class[m]],
                amplitude, inner, weight, search.lambda_, search.energy_weight, room.gain_costs,
            )  # fmt: skip
            cost += search.lambda_ * bits
        count = offer(leaders, count, search.survivors, survivors.cost[m] + cost, m, symbol, lag, gain, shape, pulses)
    return count


@merged_kernel
def start_packet(survivors, default_lag, start_type):
    """Set the contexts of all survivors as a packet's parser starts with."""
    for m in range(survivors.type.size):
        survivors.type[m] = start_type
        survivors.lag[m] = default_lag
        survivors.gain_class[m] = 0
        survivors.lag_context[m] = 0


@merged_kernel
def advance(survivors, following, leaders, count, tables, lpc, speech, room):
    """Make the `count` leaders the survivors: reconstruct what each decided on top of its parent's state."""
    floor = leaders.cost[0]
    for rank in range(count):
        m = leaders.parent[rank]
        copy(survivors.history[m], following.history[rank])
        copy(survivors.memory[m], following.memory[rank])
        copy(survivors.levels[m], following.levels[rank])
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
        copy(following.history[rank], survivors.history[rank])
        copy(following.memory[rank], survivors.memory[rank])
        copy(following.levels[rank], survivors.levels[rank])
        survivors.cost[rank] = following.cost[rank]
        survivors.type[rank] = following.type[rank]
        survivors.lag[rank] = following.lag[rank]
        survivors.gain_class[rank] = following.gain_class[rank]
        survivors.lag_context[rank] = following.lag_context[rank]


@merged_kernel
def search_subframe(
    subframe, signal, lpc, weighting, weight, lambda_, alive, tables, costs, search, nearest, survivors, leaders, room
):
    """Offer all that may follow the `alive` survivors in a subframe; return the number of leaders.

    The arguments are those of `search_excitation`, at the subframe.
    """
    here = Search(
        lambda_, search.survivors, search.lag_candidates, search.sweeps, search.exact, search.energy_weight,
        search.packet_subframes, search.frame_subframes,
    )  # fmt: skip
    prepare_response(lpc, weighting, room)
    if tables.books.size > 1:
        if search.exact:
            filtered_energies(tables.transposed, room.response32, room.sums, room.energies)
        else:
            estimate_energies(tables.shape_lags, room.response_lags, room.energies)
    type_costs = costs.first_type if subframe % search.frame_subframes == 0 else costs.later_type
    count = np.int64(0)
    for m in range(alive):
        prepare_target(signal, subframe * room.target.size, lpc, weighting, survivors.memory[m], room)
        proposed = propose_lags(
            survivors.history[m], m == 0, survivors.lag[m], survivors.lag_context[m], nearest, tables, costs, here,
            weight, room,
        )  # fmt: skip
        row = type_costs[survivors.type[m]]
        for a in range(proposed + 1):
            lag = room.lag_list[a] if a < proposed else survivors.lag[m]
            adaptive = 1 if a < proposed else 0
            count = search_branch(survivors, m, lag, adaptive, row, tables, costs, here, weight, leaders, count, room)
    return count


@kernel
def search_excitation(
    signal, lpc, weighting, weights, lambdas, silent, tables, costs, search, nearest, survivors, following, leaders,
    paths, room,
):  # fmt: skip
    """Search a group's excitation and fill `paths`; return the rank of survivors at the end (always 0, the best).

    Args:
        signal: float64 (kept + samples,), high-passed, `kept` samples (as survivors.memory has) before the first.
        lpc: float64 (subframes, order + 1); weighting: float64 (subframes, taps); weights: float64 (subframes,).
        lambdas: float64 (frames,), distortion that a bit is worth.
        silent: uint8 (frames,), 1 where nothing may be sent.
        nearest: int64, see `adaptive_codebook.nearest_steps`.
        survivors, following, leaders, paths, room: see `trellis_state`; survivors holds the state to start from.
    """
    start_type = 2 * tables.kinds
    default_lag = tables.lags.size // 3
    nothing = np.int64(0)
    alive = np.int64(1)  # an int64, not a literal, for which the callees would be compiled once more
    for subframe in range(lpc.shape[0]):
        if subframe % search.packet_subframes == 0:
            start_packet(survivors, default_lag, start_type)
        count = np.int64(0)
        if silent[subframe // search.frame_subframes]:
            for m in range(alive):
                cost = survivors.cost[m]
                offer(leaders, m, search.survivors, cost, m, nothing, survivors.lag[m], nothing, nothing, room.found[0])
            count = alive
        else:
            count = search_subframe(
                subframe, signal, lpc[subframe], weighting[subframe], weights[subframe],
                lambdas[subframe // search.frame_subframes], alive, tables, costs, search, nearest, survivors, leaders,
                room,
            )  # fmt: skip
        keep_paths(paths, leaders, count, subframe)
        advance(survivors, following, leaders, count, tables, lpc[subframe], room.vector, room)
        alive = count
    return 0


@merged_kernel
def keep_paths(paths, leaders, count, subframe):
    """Write down the decisions of the `count` leaders of a subframe."""
    for rank in range(count):
        paths.parent[subframe, rank] = leaders.parent[rank]
        paths.type[subframe, rank] = leaders.type[rank]
        paths.lag[subframe, rank] = leaders.lag[rank]
        paths.gain[subframe, rank] = leaders.gain[rank]
        paths.shape[subframe, rank] = leaders.shape[rank]
        copy(leaders.pulses[rank], paths.pulses[subframe, rank])


@kernel
def trace_back(paths, symbols):
    """Fill `symbols` with the decisions that lead to the best survivor at the end."""
    rank = 0
    for subframe in range(paths.parent.shape[0] - 1, -1, -1):
        symbols.type[subframe] = paths.type[subframe, rank]
        symbols.lag[subframe] = paths.lag[subframe, rank]
        symbols.gain[subframe] = paths.gain[subframe, rank]
        symbols.shape[subframe] = paths.shape[subframe, rank]
        copy(paths.pulses[subframe, rank], symbols.pulses[subframe])
        rank = paths.parent[subframe, rank]
