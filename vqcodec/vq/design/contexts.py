"""Classes for context modelling: merging the values of a conditioning variable at the least loss of rate.

Minimum conditional entropy context quantization (Wu, Chou, Xue 2000; Greene, Yao, Zhang 1998). Values are clustered by
their conditional distributions of the coded symbol. The distortion is the Kullback-Leibler divergence, which is exactly
the rate that merging loses.
"""

from __future__ import annotations

import numpy as np

_SMOOTHING = 0.02  # counts for each symbol on average, in proportion to its overall frequency
_MAX_ROUNDS = 40


def classes_of(counts: np.ndarray, classes: int) -> np.ndarray:
    """Assign each conditioning value to one of at most `classes` classes.

    Args:
        counts: (values, symbols), how often each symbol followed each value.
        classes: 1 to 255.

    Returns:
        uint8 (values,); the numbers of the classes are ordered by the first value in each.
    """
    values, symbols = counts.shape
    weights = counts.sum(axis=1).astype(np.float64)
    overall = (counts.sum(axis=0) + 1.0) / (weights.sum() + symbols)
    prior = _SMOOTHING * symbols * overall
    smooth = (counts + prior) / (weights[:, None] + prior.sum())
    assignment = _start(smooth, weights, min(classes, values))
    for _ in range(_MAX_ROUNDS):
        centres = _centres(counts, assignment, prior)
        # The cross entropy of each value's distribution under each centre; its own entropy is the same for all.
        rate = -smooth @ np.log2(centres).T
        nearest = rate.argmin(axis=1)
        if np.array_equal(nearest, assignment):
            break
        assignment = nearest
    _, first_seen, dense = np.unique(assignment, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first_seen))
    return order[dense].astype(np.uint8)


def _start(smooth: np.ndarray, weights: np.ndarray, classes: int) -> np.ndarray:
    """Initial classes: values in the order of the mean symbol they predict, cut into parts of equal weight."""
    mean = smooth @ np.arange(smooth.shape[1])
    order = np.argsort(mean, kind="stable")
    share = np.cumsum(weights[order] + 1e-9)
    assignment = np.empty(len(order), np.int64)
    assignment[order] = np.minimum((share / share[-1] * classes).astype(np.int64), classes - 1)
    return assignment


def _centres(counts: np.ndarray, assignment: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Distribution of the symbols in each class: (classes, symbols)."""
    classes = int(assignment.max()) + 1
    totals = np.zeros((classes, counts.shape[1]))
    np.add.at(totals, assignment, counts)
    totals += prior
    return totals / totals.sum(axis=1, keepdims=True)


def smoothed_counts(counts: np.ndarray, groups: int, strength: float) -> np.ndarray:
    """Counts plus pseudo-counts taken from the pooled counts of a group of contexts.

    Every context gets `strength` counts in the proportions of its group, so a rarely seen one follows the others. The
    proportions include a small part of a count for every symbol, so that each symbol can be coded.

    Args:
        counts: (contexts, symbols); contexts of one group follow each other.
        groups: number of groups; divides the number of contexts.
        strength: pseudo-counts a context.

    Returns:
        float64 (contexts, symbols), all positive.
    """
    contexts, symbols = counts.shape
    grouped = counts.reshape(groups, contexts // groups, symbols).astype(np.float64)
    overall = counts.sum(axis=0) + 0.5
    pooled = grouped.sum(axis=1) + strength * overall / overall.sum()
    pooled /= pooled.sum(axis=1, keepdims=True)
    return (grouped + strength * pooled[:, None, :]).reshape(contexts, symbols)
