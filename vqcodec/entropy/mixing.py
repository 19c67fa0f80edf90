"""Mixed chances: three estimates of one chance become one, each weighted by how well it has served so far.

A symbol is a walk down a binary tree, highest bit first. At each node there is a prior chance of the bit 1, from the
code lengths of a trained table, and a counter for each of two contexts: what the bit was there until now. Logarithms of
odds are added with weights, and the weights learn. All of it is integers, so encoder and decoder agree everywhere.

Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", Florida Tech. CS-2005-16.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.huffman import MAX_LENGTH
from vqcodec.entropy.range_coder import CHANCE_BITS
from vqcodec.kernels.jit import inline_kernel

ESTIMATES = 3  # the prior, and two counters
CERTAIN = 1 << CHANCE_BITS  # prior chance of a bit that can only be 1; 0 if it can only be 0

_ODDS_BITS = 12  # of a chance, whose logarithm of odds is tabulated
_ODDS_MAX = 2047  # in 1/256: 8 nats
_FIRST_WEIGHTS = (22938, 24576, 24576)  # in 1/65536, of the prior and of the counters
_WEIGHT_SHIFT = 16
_WEIGHT_MAX = 1 << 19
_LEARNING_SHIFT = 15
_COUNTER_BITS = 22  # of the chance in a counter; below it stands how many values it has seen
_SEEN_BITS = 10
_FIRST_SEEN, _MOST_SEEN = 4, 250


def _tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Return the logarithms of odds by chance, the chances by logarithm of odds, the rates by number of values seen.

    They are small, because they are to stay in the nearest cache.
    """
    chance = np.arange(1 << _ODDS_BITS) + 0.5
    odds = np.rint(256 * np.log(chance / ((1 << _ODDS_BITS) - chance)))
    logarithms = np.arange(-_ODDS_MAX, _ODDS_MAX + 1) / 256
    chances = np.rint((1 << CHANCE_BITS) / (1 + np.exp(-logarithms))).astype(np.uint16)
    rates = np.rint(65536 / (np.arange(_MOST_SEEN + 1) + 1.5)).astype(np.uint16)
    return np.clip(odds, -_ODDS_MAX, _ODDS_MAX).astype(np.int16), chances, rates


_ODDS, _CHANCES, _RATES = _tables()


def prior_chances(lengths: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.int32]:
    """Return the chances that code lengths stand for: int32 (tables, 2^bits), in 1 / 2^CHANCE_BITS, by node.

    The node of the first bit is 1, and those below node n are 2 n and 2 n + 1. A symbol of length n counts as
    2^(16 - n). Where a bit is certain, or a node cannot be reached, the chance is 0 or CERTAIN.

    Args:
        lengths: uint8 (tables, symbols), in bits; 0 for a symbol without a code.
        bits: of a symbol; there are at most 2^bits.
    """
    tables, symbols = lengths.shape
    uses = np.zeros((tables, 1 << bits), dtype=np.int64)
    uses[:, :symbols] = np.where(lengths > 0, (1 << MAX_LENGTH) >> lengths.astype(np.int64), 0)
    chances = np.zeros((tables, 1 << bits), dtype=np.int32)
    for depth in range(bits - 1, -1, -1):
        pairs = uses.reshape(tables, 1 << depth, 2)
        uses, upper = pairs.sum(axis=2), pairs[:, :, 1]
        rounded = ((upper << CHANCE_BITS) + (uses >> 1)) // np.maximum(uses, 1)
        possible = np.where(upper == uses, CERTAIN, np.clip(rounded, 1, CERTAIN - 1))
        chances[:, 1 << depth : 2 << depth] = np.where(upper == 0, 0, possible)
    return chances


@inline_kernel
def start_weights(weights):
    """Set weights, int32 (..., ESTIMATES), to what they are at first."""
    for number in range(weights.shape[0]):
        for estimate in range(ESTIMATES):
            weights[number, estimate] = _FIRST_WEIGHTS[estimate]


@inline_kernel
def counter_at(counters, place, prior):
    """Return the counter at a place of `counters` (uint32), as int64. If it is new, it has the prior chance."""
    counter = np.int64(counters[place])
    if counter == 0:
        counter = (prior << (_COUNTER_BITS - CHANCE_BITS + _SEEN_BITS)) | _FIRST_SEEN
    return counter


@inline_kernel
def moved(counter, value):
    """Return a counter that has seen one more value."""
    seen, chance = counter & ((1 << _SEEN_BITS) - 1), counter >> _SEEN_BITS
    target = (1 << _COUNTER_BITS) - 1 if value else 0
    chance += ((target - chance) * np.int64(_RATES[seen])) >> 16
    return (chance << _SEEN_BITS) | min(seen + 1, np.int64(_MOST_SEEN))


@inline_kernel
def odds_of(prior, first, second):
    """Return the logarithms of odds of a prior chance and two counters, in 1/256."""
    shift = _COUNTER_BITS + _SEEN_BITS - _ODDS_BITS
    return (
        np.int64(_ODDS[prior >> (CHANCE_BITS - _ODDS_BITS)]),
        np.int64(_ODDS[first >> shift]),
        np.int64(_ODDS[second >> shift]),
    )


@inline_kernel
def weights_of(weights, row):
    """Return the weights of a row of int32 (rows, ESTIMATES)."""
    return np.int64(weights[row, 0]), np.int64(weights[row, 1]), np.int64(weights[row, 2])


@inline_kernel
def keep_weights(weights, row, kept):
    """Store the weights of a row."""
    for estimate in range(ESTIMATES):
        weights[row, estimate] = kept[estimate]


@inline_kernel
def mixed_chance(odds, weights):
    """Return the chance of the value 1, in 1 / 2^CHANCE_BITS: never 0, never 1.

    Args:
        odds: as from `odds_of`; weights: as from `weights_of`.
    """
    total = odds[0] * weights[0] + odds[1] * weights[1] + odds[2] * weights[2]
    place = min(max(total >> _WEIGHT_SHIFT, -_ODDS_MAX), np.int64(_ODDS_MAX))
    return np.int64(_CHANCES[place + _ODDS_MAX])


@inline_kernel
def _learned(weight, odds, error):
    """Return a weight that has learnt from an error."""
    change = (odds * error + (1 << (_LEARNING_SHIFT - 1))) >> _LEARNING_SHIFT
    return min(max(weight + change, -_WEIGHT_MAX), np.int64(_WEIGHT_MAX))


@inline_kernel
def learned(odds, weights, chance, value):
    """Return the weights after a value whose chance was `chance`."""
    error = (value << CHANCE_BITS) - chance
    return (
        _learned(weights[0], odds[0], error),
        _learned(weights[1], odds[1], error),
        _learned(weights[2], odds[2], error),
    )
