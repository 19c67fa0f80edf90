"""Search of the excitation: every decision by distortion + lambda * bits, the M best paths kept (delayed decision).

The distortion is measured on the error filtered by W(z): the impulse response of W(z)/A(z) turns candidates into what
they contribute, and the target is the weighted signal less what rings on from before (Atal and Schroeder 1984; delayed
decision in CELP after Su and Mermelstein 1992).
"""

from __future__ import annotations

import math

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.speech.excitation.adaptive_codebook import dot, lag_bits
from vqcodec.speech.excitation.gains import gain_table, level_gain, predict_level, search_gains
from vqcodec.speech.excitation.lag_search import propose_lags
from vqcodec.speech.excitation.model import LAG_REACH
from vqcodec.speech.excitation.pulses import search_pulses
from vqcodec.speech.excitation.shapes import estimate_energies, filtered_energies, search_shapes
from vqcodec.speech.excitation.synthesis import build_excitation, sharpened_lag, synthesize
from vqcodec.speech.excitation.targets import (
    exact_energy,
    prepare_branch,
    prepare_response,
    prepare_target,
    repeated_energy,
    sharpen,
)
from vqcodec.speech.excitation.trellis_state import ENERGIES, HIDDEN, MATCH, SHARP_ENERGIES, Search

_LEAST_SHARE = 1e-6  # of a fixed vector's energy, orthogonal to the adaptive vector, for its least error to be known
_ROUNDING = 1e-8  # of the target's energy


@inline_kernel
def copy(source, target):
    """Copy the values of one vector into another."""
    for n in range(source.size):
        target[n] = source[n]


@inner_kernel
def offer(leaders, count, most, cost, parent, symbol, lag, gain, shape, pulses):
    """Put a candidate in its place among the `count` leaders, of which `most` are kept; return their number."""
    if count == most and cost >= leaders[most - 1].cost:
        return count
    place = count if count < most else most - 1
    while place > 0 and leaders[place - 1].cost > cost:
        leaders[place] = leaders[place - 1]
        place -= 1
    leader = leaders[place]
    leader.cost = cost
    leader.parent = parent
    leader.type = symbol
    leader.lag = lag
    leader.gain = gain
    leader.shape = shape
    copy(pulses, leader.pulses)
    return min(count + 1, most)


@inline_kernel
def least_error(inner, adaptive):
    """Return less than the squared error that any pair of gains leaves; see `gains.search_gains` for `inner`.

    That of the gains which are best if they may be any, less what rounding may hide; minus infinity where the filtered
    vectors are nearly the same one.
    """
    explained = 0.0
    correlation = inner[2]
    energy = inner[4]
    if adaptive > 0:
        explained = inner[1] * inner[1] / inner[3]
        correlation -= inner[1] * inner[5] / inner[3]
        energy -= inner[5] * inner[5] / inner[3]
    if energy <= _LEAST_SHARE * inner[4]:
        return -np.inf
    return (1.0 - _ROUNDING) * inner[0] - explained - correlation * correlation / energy


@inline_kernel
def compare_fixed(kind, adaptive, tables, gram, backward, shadow, room, lists):
    """Fill room.inner with the products of the best fixed vector of `kind`, as it is stored; return its shape index."""
    length = room.length
    inner = room.inner
    root = math.sqrt(inner[3])
    books = tables.books.size - 1
    inner[2] = 0.0
    if kind > books:
        pulses = room.found[kind - 1 - books]
        for n in range(length):
            inner[2] += pulses[n] * backward[n]
        sums = room.pulse_sums[kind - 1 - books]
        inner[4] = sums[1]
        inner[5] = sums[2] * root
        return np.int64(0)
    entry = lists.best_shapes[kind - 1]
    inner[2] = dot(backward, tables.shapes[entry], length)
    inner[5] = dot(shadow, tables.shapes[entry], length) * root
    inner[4] = exact_energy(gram, tables.shapes[entry], room.fixed[:length])
    shape = 2 * entry
    if inner[2] * inner[3] < inner[1] * inner[5] or (adaptive == 0 and inner[2] < 0.0):
        shape += 1
        inner[2] = -inner[2]
        inner[5] = -inner[5]
    return shape


@inner_kernel
def search_branch(survivors, m, lag, adaptive, type_costs, tables, costs, search, weight, leaders, count, room, lists):
    """Offer every kind of fixed codevector beside one choice of adaptive vector; return the number of leaders."""
    length = room.length
    inner = room.inner
    survivor = survivors[m]
    adaptive_level = prepare_branch(survivor.history[: room.past], lag, adaptive, tables, room)
    bits_before = 0.0
    if adaptive > 0:
        bits_before = lag_bits(costs.lag_steps, costs.lags, survivor.lag_context, survivor.lag, lag, LAG_REACH)
    books = tables.books.size - 1
    repeat = sharpened_lag(tables.lags[lag], adaptive, tables.sharpening[0], length)
    gram = room.gram
    diagonal = room.diagonal[:length]
    backward = room.backward
    energies = lists.shapes[ENERGIES]
    if repeat > 0:
        sharpen(tables, repeat, room, lists)
        gram = room.sharp_gram
        diagonal = room.sharp_diagonal[:length]
        backward = room.sharp_backward
        energies = lists.shapes[SHARP_ENERGIES]
    orthogonal = room.orthogonal[:length]
    shadow = room.shadow[:length]
    fixed = room.fixed[:length]
    if books > 0:
        search_shapes(
            tables.transposed, energies, costs.shapes, tables.books, orthogonal, shadow, weight, search.lambda_,
            lists.shapes[MATCH], lists.shapes[HIDDEN], lists.best_shapes,
        )  # fmt: skip
    if tables.pulse_counts.size > 0:
        search_pulses(
            orthogonal, gram, diagonal, shadow, tables.pulse_counts, search.sweeps, room.found, room.pulse_sums,
            room.pulses, room.cross, room.trial, room.places,
        )  # fmt: skip
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
            shape = compare_fixed(kind, adaptive, tables, gram, backward, shadow, room, lists)
            if kind <= books:
                bits += costs.shapes[shape >> 1]
            if count == search.survivors:
                least_bits = bits + room.least_gain_bits[table, survivor.gain_class]
                least = survivor.cost + weight * least_error(inner, adaptive) + search.lambda_ * least_bits
                if least >= leaders[count - 1].cost:
                    continue
            energy = float(length)
            if kind > books:
                energy = repeated_energy(pulses, repeat if repeat > 0 else length, tables.sharpening[0], fixed)
            elif repeat > 0:
                energy = repeated_energy(tables.shapes[shape >> 1], repeat, tables.sharpening[0], fixed)
            norm = math.sqrt(length / energy)
            inner[2] *= norm
            inner[4] *= norm * norm
            inner[5] *= norm
            level = predict_level(
                tables.level_weights[adaptive], tables.level_bias[symbol], survivor.levels, adaptive_level
            )
            amplitude = level_gain(level)
        if table < 0:
            gain = np.int64(0)
            cost = weight * (1.0 + search.energy_weight) * inner[0] + search.lambda_ * bits
        else:
            gain, cost = search_gains(
                tables.gains[table, : tables.gain_counts[table]],
                costs.gains[table, survivor.gain_class],
                amplitude, inner, weight, search.lambda_, search.energy_weight, lists.gain_costs,
            )  # fmt: skip
            cost += search.lambda_ * bits
        count = offer(leaders, count, search.survivors, survivor.cost + cost, m, symbol, lag, gain, shape, pulses)
    return count


@inner_kernel
def start_packet(survivors, default_lag, start_type):
    """Set the contexts of all survivors as a packet's parser starts with."""
    for m in range(survivors.size):
        survivor = survivors[m]
        survivor.type = start_type
        survivor.lag = default_lag
        survivor.gain_class = 0
        survivor.lag_context = 0


@inner_kernel
def advance(survivors, following, leaders, count, tables, lpc, room):
    """Make the `count` leaders the survivors: reconstruct what each decided on top of its parent's state."""
    length = room.length
    excitation = room.excitation[:length]
    floor = leaders[0].cost
    for rank in range(count):
        leader = leaders[rank]
        parent = survivors[leader.parent]
        following[rank] = parent
        child = following[rank]
        symbol = leader.type
        build_excitation(
            tables, symbol, leader.lag, leader.gain, leader.shape, leader.pulses[:length], child.history[: room.past],
            child.levels, excitation, room.fixed[:length],
        )  # fmt: skip
        synthesize(lpc, excitation, child.memory[: room.kept], room.vector[:length])
        adaptive = symbol // tables.kinds
        table = gain_table(adaptive > 0, symbol % tables.kinds > 0)
        child.cost = leader.cost - floor
        child.type = symbol
        child.lag = leader.lag if adaptive > 0 else parent.lag
        child.gain_class = tables.gain_classes[table, leader.gain] if table >= 0 else 0
        child.lag_context = tables.lag_contexts[table, leader.gain] if table >= 0 else 0
    for rank in range(count):
        survivors[rank] = following[rank]


@inner_kernel
def search_subframe(
    subframe, signal, lpc, weighting, weight, lambda_, alive, tables, costs, search, nearest, survivors, leaders, room,
    lists,
):  # fmt: skip
    """Offer all that may follow the `alive` survivors in a subframe; return the number of leaders.

    The arguments are those of `search_excitation`, at the subframe.
    """
    here = Search(
        lambda_, search.survivors, search.lag_candidates, search.sweeps, search.exact, search.energy_weight,
        search.packet_subframes, search.frame_subframes,
    )  # fmt: skip
    length = room.length
    prepare_response(lpc, weighting, room)
    if tables.books.size > 1:
        if search.exact:
            filtered_energies(tables.transposed, room.response32[:length], lists.shapes[MATCH], lists.shapes[ENERGIES])
        else:
            estimate_energies(tables.shape_lags, room.gram[0], lists.shapes[ENERGIES])
    type_costs = costs.first_type if subframe % search.frame_subframes == 0 else costs.later_type
    count = np.int64(0)
    for m in range(alive):
        survivor = survivors[m]
        prepare_target(signal, subframe * length, lpc, weighting, survivor.memory[: room.kept], room)
        proposed = propose_lags(
            survivor.history[: room.past], m == 0, survivor.lag, survivor.lag_context, nearest, tables, costs, here,
            weight, room, lists,
        )  # fmt: skip
        row = type_costs[survivor.type]
        for a in range(proposed + 1):
            lag = lists.lags[a] if a < proposed else survivor.lag
            adaptive = 1 if a < proposed else 0
            count = search_branch(
                survivors, m, lag, adaptive, row, tables, costs, here, weight, leaders, count, room, lists
            )
    return count


@inner_kernel
def note_least_gain_bits(tables, costs, room):
    """Fill room.least_gain_bits by table and context."""
    for table in range(tables.gain_counts.size):
        for context in range(costs.gains.shape[1]):
            least = costs.gains[table, context, 0]
            for entry in range(1, tables.gain_counts[table]):
                least = min(least, costs.gains[table, context, entry])
            room.least_gain_bits[table, context] = least


@kernel
def search_excitation(
    signal, lpc, weighting, weights, lambdas, silent, tables, costs, search, nearest, survivors, following, leaders,
    paths, room, lists,
):  # fmt: skip
    """Search a group's excitation and fill `paths`; return the rank of survivors at the end (always 0, the best).

    Args:
        signal: float64 (kept + samples,), high-passed, room.kept samples before the first.
        lpc: float64 (subframes, order + 1); weighting: float64 (subframes, taps); weights: float64 (subframes,).
        lambdas: float64 (frames,), distortion that a bit is worth.
        silent: uint8 (frames,), 1 where nothing may be sent.
        nearest: int64, see `adaptive_codebook.nearest_steps`.
        survivors, following, leaders, paths, room, lists: see `trellis_state`; survivors holds the state to start from.
    """
    note_least_gain_bits(tables, costs, room)
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
                survivor = survivors[m]
                offer(
                    leaders, m, search.survivors, survivor.cost, m, nothing, survivor.lag, nothing, nothing,
                    room.found[0],
                )  # fmt: skip
            count = alive
        else:
            count = search_subframe(
                subframe, signal, lpc[subframe], weighting[subframe], weights[subframe],
                lambdas[subframe // search.frame_subframes], alive, tables, costs, search, nearest, survivors, leaders,
                room, lists,
            )  # fmt: skip
        for rank in range(count):
            paths[subframe, rank] = leaders[rank]
        advance(survivors, following, leaders, count, tables, lpc[subframe], room)
        alive = count
    return 0


@kernel
def trace_back(paths, symbols):
    """Fill `symbols` with the decisions that lead to the best survivor at the end."""
    rank = np.int64(0)
    length = symbols.pulses.shape[1]
    for subframe in range(paths.shape[0] - 1, -1, -1):
        decision = paths[subframe, rank]
        symbols.type[subframe] = decision.type
        symbols.lag[subframe] = decision.lag
        symbols.gain[subframe] = decision.gain
        symbols.shape[subframe] = decision.shape
        copy(decision.pulses[:length], symbols.pulses[subframe])
        rank = decision.parent
