"""The memory of the LSF quantizer's search: costs, surviving paths, their continuations and partial sums.

These are tuples of arrays. They are allocated once for each group and filled by the kernels of `trellis`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class SearchCosts(NamedTuple):
    """Costs of symbols, and codewords with the entry as the last axis.

    Attributes:
        sizes: int64 (stages,), entries of each stage.
        entries: float32 (classes, stages, order, max(sizes)), codewords.
        header_bits: float64 (headers + 1, headers), by context.
        least_header_bits: float64 (headers + 1, classes, stages + 1), by context, class and depth: the bits of the
            cheapest header of the class with at least that depth.
        index_bits: float32 (classes, stages, max(sizes)).
    """

    sizes: IntArray
    entries: npt.NDArray[np.float32]
    header_bits: DoubleArray
    least_header_bits: DoubleArray
    index_bits: npt.NDArray[np.float32]


class Group(NamedTuple):
    """The vectors to code; see `search_trellis`."""

    targets: DoubleArray
    weights: DoubleArray
    breaks: npt.NDArray[np.uint8]


class Paths(NamedTuple):
    """Surviving paths by slot and rank. Slot n + 1 holds the paths whose last coded vector is n, slot 0 the beginning.

    `parent` is the rank of the path before, in the slot that lies `span` slots back. `between` holds the
    interpolations of the vectors skipped.
    """

    counts: IntArray
    cost: DoubleArray
    vector: IntArray
    header: IntArray
    parent: IntArray
    span: IntArray
    between: IntArray
    stages: npt.NDArray[np.uint8]


class Sources(NamedTuple):
    """The paths, of all spans, that a vector may follow, and the target of the vector after each of them.

    `bits` are those of the interpolated vectors between. `context` is that of the vector's header. `target` and
    `weight` include the errors of the interpolated vectors.
    """

    path: IntArray
    span: IntArray
    context: IntArray
    bits: DoubleArray
    between: IntArray
    target: DoubleArray
    weight: DoubleArray


class Nodes(NamedTuple):
    """Partial sums: the prediction of a class after a source, plus some stages.

    `cost` is that of the path with this vector, without the bits of its header. `base` is `cost` without the vector's
    distortion.
    """

    source: IntArray
    kind: IntArray
    depth: IntArray
    cost: DoubleArray
    base: DoubleArray
    residual: npt.NDArray[np.float32]
    stages: npt.NDArray[np.uint8]


class Best(NamedTuple):
    """The best continuations by a stage, ascending by `key`: the cost with the cheapest header still possible."""

    key: DoubleArray
    cost: DoubleArray
    node: IntArray
    entry: IntArray


def new_paths(shape: tuple[int, int], order: int, span_limit: int, depth_limit: int) -> Paths:
    """Return arrays for `shape` = (slots, ranks) paths; there are no paths yet."""
    return Paths(
        np.zeros(shape[0], np.int64),
        np.empty(shape),
        np.zeros((*shape, order), np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros((*shape, span_limit), np.int64),
        np.zeros((*shape, depth_limit), np.uint8),
    )


def new_sources(count: int, order: int, span_limit: int) -> Sources:
    """Return arrays for `count` sources."""
    return Sources(
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.empty(count),
        np.zeros((count, span_limit), np.int64),
        np.empty((count, order)),
        np.empty((count, order)),
    )


def new_nodes(count: int, order: int, depth_limit: int) -> Nodes:
    """Return arrays for `count` nodes."""
    return Nodes(
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.empty(count),
        np.empty(count),
        np.empty((count, order), np.float32),
        np.zeros((count, depth_limit), np.uint8),
    )


def new_best(survivors: int) -> Best:
    """Return arrays for `survivors` continuations."""
    return Best(np.empty(survivors), np.empty(survivors), np.empty(survivors, np.int64), np.empty(survivors, np.int64))
