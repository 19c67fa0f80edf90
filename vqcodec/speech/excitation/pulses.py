"""The pulse codebook: k signed unit pulses anywhere in the subframe, found jointly with the adaptive codebook's gain.

The criterion is (d.c)^2 / (c'Pc - (y.c)^2), with d the backward-filtered target made orthogonal to the filtered
adaptive vector, P = H'H and y that vector filtered backward and normed (Laflamme et al. 1991; the exchange of single
pulses after Park and Kabal's review of depth-first searches).
"""

from __future__ import annotations

import numpy as np

from vqcodec.kernels.jit import inline_kernel, inner_kernel

_MIN_ENERGY = 1e-9
_NUMBER_MASK = np.int64(255)  # of the bits of a criterion that make way for a position and sign
_ROUNDING = 1.0 - 1e-9
_PROGRESS = 1.000001  # an exchange must better the criterion by this factor


@inline_kernel
def _sums(n, sign, target, energies, shadow, cross, c0, e0, y0):
    """Return (c, e): numerator's root and denominator of the criterion with a pulse of `sign` added at `n`."""
    y = y0 + sign * shadow[n]
    return c0 + sign * target[n], e0 + sign * 2.0 * cross[n] + energies[n] - y * y


@inline_kernel
def _key(c, e, allowed, number):
    """Return an integer that orders criteria like their values, and the first `number` before others where equal."""
    criterion = c * c / e if (c > 0.0) & (e > _MIN_ENERGY) & allowed else -1.0
    return (np.float64(criterion).view(np.int64) & ~_NUMBER_MASK) | (_NUMBER_MASK - number)


@inline_kernel
def _best_pulse(target, energies, shadow, pulses, cross, c0, e0, y0):
    """Return (position, sign, criterion): the pulse to add to a vector with sums c0, e0, y0.

    `cross` holds P c of that vector. The best of both signs of all positions is found by integers, whose greatest
    LLVM finds side by side; it would not that of floating-point numbers, which might be none.
    """
    length = target.size
    best = np.int64(-1) << 62
    for n in range(length):
        c, e = _sums(n, 1.0, target, energies, shadow, cross, c0, e0, y0)
        best = max(best, _key(c, e, pulses[n] >= 0, n))
    for n in range(length):
        c, e = _sums(n, -1.0, target, energies, shadow, cross, c0, e0, y0)
        best = max(best, _key(c, e, pulses[n] <= 0, length + n))
    number = _NUMBER_MASK - (best & _NUMBER_MASK)
    position = number if number < length else number - length
    sign = 1 if number < length else -1
    c, e = _sums(position, float(sign), target, energies, shadow, cross, c0, e0, y0)
    return position, sign, c * c / e if best >= 0 else -1.0


@inline_kernel
def _any_better(target, energies, shadow, pulses, cross, c0, e0, y0, criterion):
    """Whether a pulse may bring more than `criterion`: the arguments are those of `_best_pulse`, without division."""
    found = np.int64(0)
    least = criterion * _ROUNDING
    for n in range(target.size):
        c, e = _sums(n, 1.0, target, energies, shadow, cross, c0, e0, y0)
        found += (c > 0.0) & (c * c > least * e) & (pulses[n] >= 0)
        c, e = _sums(n, -1.0, target, energies, shadow, cross, c0, e0, y0)
        found += (c > 0.0) & (c * c > least * e) & (pulses[n] <= 0)
    return found > 0


@inline_kernel
def _move_pulse(gram, cross, position, sign, length):
    """Add `sign` times column `position` of P to `cross`."""
    for n in range(length):
        cross[n] += sign * gram[position, n]


@inner_kernel
def search_pulses(target, gram, energies, shadow, pulse_counts, sweeps, found, sums, pulses, cross, trial, places):
    """Find the best vectors of each of the ascending `pulse_counts`, each from the one before.

    Args:
        target: float64 (n,), the orthogonalised backward-filtered target d.
        gram: float64 (n or more, n or more), P = H'H in its corner; energies float64 (n,), its diagonal.
        shadow: float64 (n,), the backward-filtered adaptive vector over its norm (zeros without one).
        pulse_counts: int64 (kinds,), ascending.
        sweeps: most sweeps of exchanges at each count.
        found: int8 (kinds or more, n or more), filled with the pulses.
        sums: float64 (kinds or more, 3), filled with d.c, c'Pc and y.c.
        pulses, cross, trial, places: room to work in: int64 (n,), float64 (n,), (n,), int64 (most pulses or more,).
    """
    length = target.size
    for n in range(length):
        pulses[n] = 0
        cross[n] = 0.0
    c = 0.0
    e = 0.0
    y = 0.0
    count = 0
    for kind in range(pulse_counts.size):
        while count < pulse_counts[kind]:
            position, sign, _ = _best_pulse(target, energies, shadow, pulses, cross, c, e, y)
            c += sign * target[position]
            y += sign * shadow[position]
            e += 2.0 * sign * cross[position] + energies[position]
            pulses[position] += sign
            _move_pulse(gram, cross, position, sign, length)
            places[count] = position
            count += 1
        if count > 1:
            for _ in range(sweeps):
                c, e, y, changed = _exchange(
                    target, gram, energies, shadow, pulses, cross, trial, places, count, c, e, y
                )
                if not changed:
                    break
        sums[kind, 0] = c
        sums[kind, 1] = e
        sums[kind, 2] = y
        for n in range(length):
            found[kind, n] = pulses[n]


@inner_kernel
def _exchange(target, gram, energies, shadow, pulses, cross, trial, places, count, c, e, y):
    """Take each pulse away in turn and put it where it is best; return the sums and whether any moved."""
    length = target.size
    changed = False
    for p in range(count):
        old = places[p]
        old_sign = 1 if pulses[old] > 0 else -1
        criterion = c * c / max(e - y * y, _MIN_ENERGY) * _PROGRESS
        for n in range(length):
            trial[n] = cross[n] - old_sign * gram[old, n]
        c_less = c - old_sign * target[old]
        y_less = y - old_sign * shadow[old]
        e_less = e - 2.0 * old_sign * cross[old] + energies[old]
        pulses[old] -= old_sign
        better = _any_better(target, energies, shadow, pulses, trial, c_less, e_less, y_less, criterion)
        if better:
            new, sign, value = _best_pulse(target, energies, shadow, pulses, trial, c_less, e_less, y_less)
            better = value > criterion and (new != old or sign != old_sign)
        if not better:
            pulses[old] += old_sign
            continue
        changed = True
        pulses[new] += sign
        places[p] = new
        c = c_less + sign * target[new]
        y = y_less + sign * shadow[new]
        e = e_less + 2.0 * sign * trial[new] + energies[new]
        for n in range(length):
            cross[n] = trial[n] + sign * gram[new, n]
    return c, e, y, changed
