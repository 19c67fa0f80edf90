"""What the search of the LSF quantizer keeps: costs, surviving paths, their continuations and partial sums.

They are tuples of arrays, allocated once a group and filled by the kernels of `lsf_trellis`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class SearchCosts(NamedTuple):
    """Costs of symbols, and codewords with the entry last.

    Attributes:
        sizes: int64 (stages,).
        entries: float32 (classes, stages, order, max(sizes)), codewords.
        header_bits: float64 (headers + 1, headers), by context.
        least_header_bits: float64 (headers + 1, classes, stages + 1), of all headers of a class and at least a depth.
        index_bits: float32 (classes, stages, max(sizes)).
    """

    sizes: IntArray
    entries: npt.NDArray[np.float32]
    header_bits: DoubleArray
    least_header_bits: DoubleArray
    index_bits: npt.NDArray[np.float32]


class Group(NamedTuple):
    """What is to be coded: see `search_trellis`."""

    targets: DoubleArray
    weights: DoubleArray
    breaks: npt.NDArray[np.uint8]


class Paths(NamedTuple):
    """Surviving paths by slot and rank. Slot n + 1 holds those that end with vector n coded, slot 0 the beginning.

    `parent` is the rank in the slot `span` before; `between` are the interpolations of the vectors skipped.
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
    """The paths that a vector may follow, of all spans, and what the vector should be after each of them.

    `bits` are those of the interpolated vectors between, `context` that of the vector's header. `target` and `weight`
    take in the errors of the interpolated vectors.
    """

    path: IntArray
    span: IntArray
    context: IntArray
    bits: DoubleArray
    between: IntArray
    target: DoubleArray
    weight: DoubleArray


class Nodes(NamedTuple):
    """Partial sums of stages after a source's prediction by a class.

    `cost` is that of the path with this vector, but for its header; `base` is `cost` without the vector's distortion.
    """

    source: IntArray
    kind: IntArray
    depth: IntArray
    cost: DoubleArray
    base: DoubleArray
    residual: npt.NDArray[np.float32]
    stages: npt.NDArray[np.uint8]


class Best(NamedTuple):
    """The best continuations met in a stage, ascending by `key`: cost with the least header still possible."""

    key: DoubleArray
    cost: DoubleArray
    node: IntArray
    entry: IntArray


def new_paths(shape: tuple[int, int], order: int, span_limit: int, depth_limit: int) -> Paths:
    """Room for `shape` = (slots, ranks) paths; there are none so far."""
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
    """Room for `count` sources."""
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
    """Room for `count` nodes."""
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
    """Room for `survivors` continuations."""
    return Best(np.empty(survivors), np.empty(survivors), np.empty(survivors, np.int64), np.empty(survivors, np.int64))
