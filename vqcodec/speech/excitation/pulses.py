"""The pulse codebook: k signed unit pulses anywhere in the subframe, found jointly with the adaptive codebook's gain.

The criterion is (d.c)^2 / (c'Pc - (y.c)^2). d is the backward-filtered target, made orthogonal to the filtered adaptive
vector. P is H'H. y is the filtered adaptive vector, filtered backward and divided by its norm.

Sources: C. Laflamme et al., "16 kbps wideband speech coding technique based on algebraic CELP", ICASSP 1991 (the
criterion); H. Park and P. Kabal's review of depth-first searches (the exchange of single pulses).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, inner_kernel

DoubleArray = npt.NDArray[np.float64]

_MIN_ENERGY = 1e-9
_NUMBER_MASK = np.int64(255)  # of the bits of a criterion that make way for a position and sign
_ROUNDING = 1.0 - 1e-9
_PROGRESS = 1.000001  # an exchange must better the criterion by this factor


class Criterion(NamedTuple):
    """The arrays of the criterion.

    Attributes:
        target: float64 (n,), d.
        gram: float64 (n or more, n or more), P in its corner.
        energies: float64 (n,), the diagonal of P.
        shadow: float64 (n,), y; zeros without an adaptive vector.
    """

    target: DoubleArray
    gram: DoubleArray
    energies: DoubleArray
    shadow: DoubleArray


class Sums(NamedTuple):
    """What the criterion needs of a vector of pulses: `c` is d.c, `e` is c'Pc, `y` is y.c."""

    c: float
    e: float
    y: float


@inline_kernel
def _with_pulse(n, sign, criterion, cross, sums):
    """Return (c, e): numerator's root and denominator of the criterion with a pulse of `sign` added at `n`."""
    y = sums.y + sign * criterion.shadow[n]
    return sums.c + sign * criterion.target[n], sums.e + sign * 2.0 * cross[n] + criterion.energies[n] - y * y


@inline_kernel
def _key(c, e, allowed, number):
    """Return an integer that orders criteria by value, and equal ones by ascending `number`."""
    value = c * c / e if (c > 0.0) & (e > _MIN_ENERGY) & allowed else -1.0
    return (np.float64(value).view(np.int64) & ~_NUMBER_MASK) | (_NUMBER_MASK - number)


@inline_kernel
def _best_pulse(criterion, pulses, cross, sums):
    """Return (position, sign, value): the pulse to add to a vector, and the criterion with it.

    `cross` holds P c of the vector, `sums` its sums. The search compares integers, because LLVM vectorises the maximum
    of integers, but not of floating-point numbers, which may be NaN.
    """
    length = criterion.target.size
    best = np.int64(-1) << 62
    for n in range(length):
        c, e = _with_pulse(n, 1.0, criterion, cross, sums)
        best = max(best, _key(c, e, pulses[n] >= 0, n))
    for n in range(length):
        c, e = _with_pulse(n, -1.0, criterion, cross, sums)
        best = max(best, _key(c, e, pulses[n] <= 0, length + n))
    number = _NUMBER_MASK - (best & _NUMBER_MASK)
    position = number if number < length else number - length
    sign = 1 if number < length else -1
    c, e = _with_pulse(position, float(sign), criterion, cross, sums)
    return position, sign, c * c / e if best >= 0 else -1.0


@inline_kernel
def _any_better(criterion, pulses, cross, sums, value):
    """Return whether a pulse may bring the criterion above `value`; arguments as in `_best_pulse`, no division."""
    found = np.int64(0)
    least = value * _ROUNDING
    for n in range(criterion.target.size):
        c, e = _with_pulse(n, 1.0, criterion, cross, sums)
        found += (c > 0.0) & (c * c > least * e) & (pulses[n] >= 0)
        c, e = _with_pulse(n, -1.0, criterion, cross, sums)
        found += (c > 0.0) & (c * c > least * e) & (pulses[n] <= 0)
    return found > 0


@inline_kernel
def _move_pulse(gram, cross, position, sign, length):
    """Add `sign` times column `position` of P to `cross`."""
    for n in range(length):
        cross[n] += sign * gram[position, n]


@inner_kernel
def search_pulses(criterion, pulse_counts, sweeps, scratch):
    """Find the best vector for each of the ascending `pulse_counts`, each from the one before.

    Args:
        criterion: Criterion.
        pulse_counts: int64 (kinds,), ascending, at most `pulse_enumeration.MAX_PULSES`.
        sweeps: most sweeps of exchanges at each count.
        scratch: SUBFRAME_SCRATCH. Row k of `found` is filled with the pulses for count k, row k of `pulse_sums` with
            their d.c, c'Pc and y.c.
    """
    length = criterion.target.size
    pulses = scratch.pulses
    cross = scratch.cross
    for n in range(length):
        pulses[n] = 0
        cross[n] = 0.0
    sums = Sums(0.0, 0.0, 0.0)
    count = 0
    for kind in range(pulse_counts.size):
        while count < pulse_counts[kind]:
            position, sign, _ = _best_pulse(criterion, pulses, cross, sums)
            sums = Sums(
                sums.c + sign * criterion.target[position],
                sums.e + (2.0 * sign * cross[position] + criterion.energies[position]),
                sums.y + sign * criterion.shadow[position],
            )
            pulses[position] += sign
            _move_pulse(criterion.gram, cross, position, sign, length)
            scratch.places[count] = position
            count += 1
        if count > 1:
            for _ in range(sweeps):
                sums, changed = _exchange(criterion, count, sums, scratch)
                if not changed:
                    break
        scratch.pulse_sums[kind, 0] = sums.c
        scratch.pulse_sums[kind, 1] = sums.e
        scratch.pulse_sums[kind, 2] = sums.y
        for n in range(length):
            scratch.found[kind, n] = pulses[n]


@inner_kernel
def _exchange(criterion, count, sums, scratch):
    """Take each of `count` pulses away in turn and put it where it is best; return the sums and whether any moved."""
    length = criterion.target.size
    pulses = scratch.pulses
    cross = scratch.cross
    trial = scratch.trial
    changed = False
    for p in range(count):
        old = scratch.places[p]
        old_sign = 1 if pulses[old] > 0 else -1
        value = sums.c * sums.c / max(sums.e - sums.y * sums.y, _MIN_ENERGY) * _PROGRESS
        for n in range(length):
            trial[n] = cross[n] - old_sign * criterion.gram[old, n]
        without = Sums(
            sums.c - old_sign * criterion.target[old],
            sums.e - 2.0 * old_sign * cross[old] + criterion.energies[old],
            sums.y - old_sign * criterion.shadow[old],
        )
        pulses[old] -= old_sign
        better = _any_better(criterion, pulses, trial, without, value)
        if better:
            new, sign, new_value = _best_pulse(criterion, pulses, trial, without)
            better = new_value > value and (new != old or sign != old_sign)
        if not better:
            pulses[old] += old_sign
            continue
        changed = True
        pulses[new] += sign
        scratch.places[p] = new
        sums = Sums(
            without.c + sign * criterion.target[new],
            without.e + 2.0 * sign * trial[new] + criterion.energies[new],
            without.y + sign * criterion.shadow[new],
        )
        for n in range(length):
            cross[n] = trial[n] + sign * criterion.gram[new, n]
    return sums, changed
