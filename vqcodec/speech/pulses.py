"""The pulse codebook: k signed unit pulses anywhere in the subframe, found jointly with the adaptive codebook's gain.

The criterion is (d.c)^2 / (c'Pc - (y.c)^2), with d the backward-filtered target made orthogonal to the filtered
adaptive vector, P = H'H and y that vector filtered backward and normed (Laflamme et al. 1991; the exchange of single
pulses after Park and Kabal's review of depth-first searches).
"""

from __future__ import annotations

from vqcodec.jit import inline_kernel, merged_kernel

_MIN_ENERGY = 1e-9
_PROGRESS = 1.000001  # an exchange must better the criterion by this factor


@inline_kernel
def _best_pulse(target, energies, shadow, pulses, cross, c0, e0, y0, room):
    """Return (position, sign, criterion): the pulse to add to a vector with sums c0, e0, y0.

    `cross` holds P c of that vector. Criteria of both signs of all positions are worked out side by side first.
    """
    length = target.size
    for n in range(length):
        c = c0 + target[n]
        y = y0 + shadow[n]
        e = e0 + 2.0 * cross[n] + energies[n] - y * y
        room[n] = c * c / e if c > 0.0 and e > _MIN_ENERGY and pulses[n] >= 0 else -1.0
    for n in range(length):
        c = c0 - target[n]
        y = y0 - shadow[n]
        e = e0 - 2.0 * cross[n] + energies[n] - y * y
        room[length + n] = c * c / e if c > 0.0 and e > _MIN_ENERGY and pulses[n] <= 0 else -1.0
    best = 0
    for n in range(1, 2 * length):
        if room[n] > room[best]:
            best = n
    if best < length:
        return best, 1, room[best]
    return best - length, -1, room[best]


@inline_kernel
def _move_pulse(gram, cross, position, sign, length):
    """Add `sign` times column `position` of P to `cross`."""
    for n in range(length):
        cross[n] += sign * gram[position, n]


@merged_kernel
def search_pulses(
    target, gram, energies, shadow, pulse_counts, sweeps, found, sums, pulses, cross, trial, room, places
):
    """Find the best vectors of each of the ascending `pulse_counts`, each from the one before.

    Args:
        target: float64 (n,), the orthogonalised backward-filtered target d.
        gram: float64 (n, n), P = H'H; energies its diagonal.
        shadow: float64 (n,), the backward-filtered adaptive vector over its norm (zeros without one).
        pulse_counts: int64 (kinds,), ascending.
        sweeps: most sweeps of exchanges at each count.
        found: int8 (kinds, n), filled with the pulses.
        sums: float64 (kinds, 3), filled with d.c, c'Pc and y.c.
        pulses, cross, trial, room, places: room to work in: int64 (n,), float64 (n,), (n,), (2n,), int64 (most pulses).
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
            position, sign, _ = _best_pulse(target, energies, shadow, pulses, cross, c, e, y, room)
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
                    target, gram, energies, shadow, pulses, cross, trial, room, places, count, c, e, y
                )
                if not changed:
                    break
        sums[kind, 0] = c
        sums[kind, 1] = e
        sums[kind, 2] = y
        for n in range(length):
            found[kind, n] = pulses[n]


@merged_kernel
def _exchange(target, gram, energies, shadow, pulses, cross, trial, room, places, count, c, e, y):
    """Take each pulse away in turn and put it where it is best; return the sums and whether any moved."""
    length = target.size
    changed = False
    for p in range(count):
        old = places[p]
        old_sign = 1 if pulses[old] > 0 else -1
        criterion = c * c / max(e - y * y, _MIN_ENERGY)
        for n in range(length):
            trial[n] = cross[n] - old_sign * gram[old, n]
        c_less = c - old_sign * target[old]
        y_less = y - old_sign * shadow[old]
        e_less = e - 2.0 * old_sign * cross[old] + energies[old]
        pulses[old] -= old_sign
        new, sign, value = _best_pulse(target, energies, shadow, pulses, trial, c_less, e_less, y_less, room)
        if value <= criterion * _PROGRESS or (new == old and sign == old_sign):
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
