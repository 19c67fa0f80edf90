"""Search of the excitation: every decision by distortion + lambda * bits, the M best paths kept (delayed decision).

The distortion is that of the error, filtered by W(z). A candidate contributes its vector, filtered by the impulse
response of W(z)/A(z). The target is the weighted signal less what rings on from before.

Sources: B. S. Atal and M. R. Schroeder, "Stochastic coding of speech signals at very low bit rates", ICC 1984; delayed
decision in CELP after Su and Mermelstein 1992.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.speech.excitation.adaptive_codebook import dot, lag_bits
from vqcodec.speech.excitation.gains import gain_table, level_gain, predict_level, search_gains
from vqcodec.speech.excitation.lag_search import search_lags
from vqcodec.speech.excitation.model import LAG_REACH
from vqcodec.speech.excitation.pulses import Criterion, search_pulses
from vqcodec.speech.excitation.shapes import (
    ENERGIES,
    MATCH,
    SHARP_ENERGIES,
    estimate_energies,
    filtered_energies,
    search_shapes,
)
from vqcodec.speech.excitation.synthesis import build_excitation, sharpened_lag, synthesize
from vqcodec.speech.excitation.targets import (
    exact_energy,
    prepare_branch,
    prepare_response,
    prepare_target,
    repeated_energy,
    sharpen,
)
from vqcodec.speech.excitation.trellis_state import Tradeoff

_LEAST_SHARE = 1e-6  # of a fixed vector's energy: if less is orthogonal to the adaptive vector, no bound is known
_HOLE = 2.0  # factor of the energy term if nothing is sent: a hole is heard more than noise
_ROUNDING = 1e-8  # of the target's energy


class Branch(NamedTuple):
    """One choice of adaptive vector after one survivor.

    Attributes:
        parent: number of the survivor.
        lag: index of the pitch lag; without an adaptive vector, the index used last.
        adaptive: 1 with an adaptive vector, else 0.
        type_costs: float64 (types,), bits of each type after the survivor's.
    """

    parent: int
    lag: int
    adaptive: int
    type_costs: npt.NDArray[np.float64]


@inline_kernel
def copy(source, target):
    """Copy the values of one vector into another."""
    for n in range(source.size):
        target[n] = source[n]


@inner_kernel
def offer(leaders, count, cost, parent, symbol, lag, gain, shape, pulses):
    """Put a candidate in its place among the `count` leaders, if it is good enough; return their new number."""
    most = leaders.size
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
    """Return a lower bound of the squared error that any pair of gains leaves; see `gains.search_gains` for `inner`.

    The bound is the error of the best real gains, less what rounding may hide. It is minus infinity if the filtered
    vectors are nearly the same.
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
def compare_fixed(kind, adaptive, tables, gram, backward, shadow, scratch, lists):
    """Fill scratch.inner with the products of the best fixed vector of `kind`, as stored; return its shape index."""
    length = scratch.length
    inner = scratch.inner
    root = math.sqrt(inner[3])
    books = tables.books.size - 1
    inner[2] = 0.0
    if kind > books:
        pulses = scratch.found[kind - 1 - books]
        for n in range(length):
            inner[2] += pulses[n] * backward[n]
        sums = scratch.pulse_sums[kind - 1 - books]
        inner[4] = sums[1]
        inner[5] = sums[2] * root
        return np.int64(0)
    entry = lists.best_shapes[kind - 1]
    inner[2] = dot(backward, tables.shapes[entry], length)
    inner[5] = dot(shadow, tables.shapes[entry], length) * root
    inner[4] = exact_energy(gram, tables.shapes[entry], scratch.fixed[:length])
    shape = 2 * entry
    if inner[2] * inner[3] < inner[1] * inner[5] or (adaptive == 0 and inner[2] < 0.0):
        shape += 1
        inner[2] = -inner[2]
        inner[5] = -inner[5]
    return shape


@inner_kernel
def search_branch(branch, trellis, tables, costs, search, tradeoff, count, scratch, lists):
    """Offer every kind of fixed codevector beside one choice of adaptive vector; return the number of leaders.

    `count` is the number of leaders so far.
    """
    length = scratch.length
    inner = scratch.inner
    weight, lambda_ = tradeoff.weight, tradeoff.lambda_
    leaders = trellis.leaders
    survivor = trellis.survivors[branch.parent]
    lag, adaptive = branch.lag, branch.adaptive
    adaptive_level = prepare_branch(survivor.history[: scratch.past], lag, adaptive, tables, scratch)
    bits_before = 0.0
    if adaptive > 0:
        bits_before = lag_bits(costs.lag_steps, costs.lags, survivor.lag_context, survivor.lag, lag, LAG_REACH)
    books = tables.books.size - 1
    repeat = sharpened_lag(tables.lags[lag], adaptive, tables.sharpening[0], length)
    gram = scratch.gram
    diagonal = scratch.diagonal[:length]
    backward = scratch.backward
    energies = lists.shapes[ENERGIES]
    if repeat > 0:
        sharpen(tables, repeat, scratch, lists)
        gram = scratch.sharp_gram
        diagonal = scratch.sharp_diagonal[:length]
        backward = scratch.sharp_backward
        energies = lists.shapes[SHARP_ENERGIES]
    orthogonal = scratch.orthogonal[:length]
    shadow = scratch.shadow[:length]
    fixed = scratch.fixed[:length]
    if books > 0:
        search_shapes(tables, costs, energies, orthogonal, shadow, tradeoff, lists)
    if tables.pulse_counts.size > 0:
        search_pulses(Criterion(orthogonal, gram, diagonal, shadow), tables.pulse_counts, search.sweeps, scratch)
    for kind in range(tables.kinds):
        symbol = adaptive * tables.kinds + kind
        table = gain_table(adaptive > 0, kind > 0)
        bits = bits_before + branch.type_costs[symbol] + costs.fixed[kind]
        shape = np.int64(0)
        amplitude = 0.0
        inner[2] = 0.0
        inner[4] = 0.0
        inner[5] = 0.0
        pulses = scratch.found[max(kind - 1 - books, 0)]
        if kind > 0:
            shape = compare_fixed(kind, adaptive, tables, gram, backward, shadow, scratch, lists)
            if kind <= books:
                bits += costs.shapes[shape >> 1]
            if count == leaders.size:
                least_bits = bits + scratch.least_gain_bits[table, survivor.gain_class]
                least = survivor.cost + weight * least_error(inner, adaptive) + lambda_ * least_bits
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
            cost = weight * (1.0 + _HOLE * tradeoff.energy_weight) * inner[0] + lambda_ * bits
        else:
            gain, cost = search_gains(
                tables.gains[table, : tables.gain_counts[table]], costs.gains[table, survivor.gain_class],
                amplitude, inner, tradeoff, lists.gain_costs,
            )  # fmt: skip
            cost += lambda_ * bits
        count = offer(leaders, count, survivor.cost + cost, branch.parent, symbol, lag, gain, shape, pulses)
    return count


@inner_kernel
def start_packet(survivors, tables):
    """Give all survivors the contexts that a packet starts with."""
    for m in range(survivors.size):
        survivor = survivors[m]
        survivor.type = 2 * tables.kinds
        survivor.lag = tables.lags.size // 3
        survivor.gain_class = 0
        survivor.lag_context = 0


@inner_kernel
def advance(trellis, count, tables, lpc, scratch):
    """Make the `count` leaders the survivors: reconstruct what each decided on top of its parent's state."""
    survivors, following = trellis.survivors, trellis.following
    length = scratch.length
    excitation = scratch.excitation[:length]
    floor = trellis.leaders[0].cost
    for rank in range(count):
        leader = trellis.leaders[rank]
        parent = survivors[leader.parent]
        following[rank] = parent
        child = following[rank]
        symbol = leader.type
        build_excitation(
            tables, symbol, leader.lag, leader.gain, leader.shape, leader.pulses[:length],
            child.history[: scratch.past], child.levels, excitation, scratch.fixed[:length],
        )  # fmt: skip
        synthesize(lpc, excitation, child.memory[: scratch.kept], scratch.vector[:length])
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
def search_subframe(subframe, alive, group, tables, costs, search, trellis, scratch, lists):
    """Offer all that may follow the `alive` survivors in a subframe; return the number of leaders.

    The other arguments are those of `search_excitation`.
    """
    length = scratch.length
    lpc, filters = group.lpc[subframe], group.filters[subframe]
    lambda_ = group.lambdas[subframe // scratch.frame_subframes]
    tradeoff = Tradeoff(group.weights[subframe], lambda_, search.energy_weight)
    prepare_response(lpc, filters, scratch)
    if tables.books.size > 1:
        if search.exact:
            filtered_energies(
                tables.transposed, scratch.response32[:length], lists.shapes[MATCH], lists.shapes[ENERGIES]
            )
        else:
            estimate_energies(tables.shape_lags, scratch.gram[0], lists.shapes[ENERGIES])
    type_costs = costs.first_type if subframe % scratch.frame_subframes == 0 else costs.later_type
    count = np.int64(0)
    for m in range(alive):
        survivor = trellis.survivors[m]
        prepare_target(group.signal, subframe * length, lpc, filters, survivor.memory[: scratch.kept], scratch)
        proposed = search_lags(survivor, m == 0, tables, costs, search, tradeoff, scratch, lists)
        for a in range(proposed + 1):
            lag = lists.lags[a] if a < proposed else survivor.lag
            adaptive = 1 if a < proposed else 0
            branch = Branch(m, lag, adaptive, type_costs[survivor.type])
            count = search_branch(branch, trellis, tables, costs, search, tradeoff, count, scratch, lists)
    return count


@inner_kernel
def note_least_gain_bits(tables, costs, scratch):
    """Fill scratch.least_gain_bits with the bits of the cheapest gain, by table and context."""
    for table in range(tables.gain_counts.size):
        for context in range(costs.gains.shape[1]):
            least = costs.gains[table, context, 0]
            for entry in range(1, tables.gain_counts[table]):
                least = min(least, costs.gains[table, context, entry])
            scratch.least_gain_bits[table, context] = least


@kernel
def search_excitation(group, tables, costs, search, trellis, scratch, lists):
    """Search a group's excitation and fill `trellis.paths`; the best path is that of rank 0 at the end.

    Args:
        group: trellis_state.GroupInput.
        tables, costs: of the table set.
        search, trellis, scratch, lists: see `trellis_state`.
    """
    note_least_gain_bits(tables, costs, scratch)
    packet_subframes = search.packet_frames * scratch.frame_subframes
    nothing = np.int64(0)
    alive = np.int64(1)  # an int64: for a literal, the kernels that take it would be compiled once more
    for subframe in range(group.lpc.shape[0]):
        if subframe % packet_subframes == 0:
            start_packet(trellis.survivors, tables)
        count = np.int64(0)
        if group.silent[subframe // scratch.frame_subframes]:
            for m in range(alive):
                survivor = trellis.survivors[m]
                offer(trellis.leaders, m, survivor.cost, m, nothing, survivor.lag, nothing, nothing, scratch.found[0])
            count = alive
        else:
            count = search_subframe(subframe, alive, group, tables, costs, search, trellis, scratch, lists)
        for rank in range(count):
            trellis.paths[subframe, rank] = trellis.leaders[rank]
        advance(trellis, count, tables, group.lpc[subframe], scratch)
        alive = count


@kernel
def trace_back(paths, symbols):
    """Fill `symbols` with the decisions that lead to the best survivor at the end.

    `paths` are those of `trellis_state.Trellis`, `symbols` is trellis_state.Symbols.
    """
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
