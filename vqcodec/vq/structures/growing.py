"""Design of tree-structured quantizers: growing by splitting leaves, and pruning.

Sources: Buzo, Gray, Gray and Markel 1980 (splitting level by level); Chou, Lookabaugh and Gray 1989 (pruning by the
generalized BFOS algorithm); Riskin and Gray 1991, "A greedy tree growing algorithm for the design of variable rate
vector quantizers".
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.vq.design.methods import design
from vqcodec.vq.design.result import Iteration, Progress
from vqcodec.vq.design.starts import checked_training_sequence
from vqcodec.vq.structures.tree import TreeQuantizer


class _Growth:
    """A growing tree: nodes as lists, with the training vectors of each leaf."""

    def __init__(self, data: npt.NDArray[np.float32], branches: int, method: str, seed: int, options: dict[str, Any]):
        self.data = data
        self.branches = branches
        self.method = method
        self.seed = seed
        self.options = options
        self.codewords = [data.mean(axis=0, dtype=np.float64)]
        self.parents = [-1]
        self.members = [np.arange(len(data))]
        self.errors = [self._error(0)]

    def _error(self, node: int) -> float:
        """Sum of the squared errors of a node's vectors."""
        return float(np.square(self.data[self.members[node]] - self.codewords[node]).sum())

    def split(self, node: int, threads: int | None) -> list[int]:
        """Give a node children, one for each cell of its vectors; none if its vectors are all alike."""
        rows = self.members[node]
        branches = min(self.branches, len(rows))
        if branches < 2 or not self.errors[node] > 0:
            return []
        vectors = np.ascontiguousarray(self.data[rows])
        found = design(vectors, branches, method=self.method, seed=self.seed, threads=threads, **self.options)
        used = np.flatnonzero(found.counts)
        if len(used) < 2:
            return []
        added = []
        for k in used:
            added.append(len(self.codewords))
            cell = rows[found.indices == k]
            self.members.append(cell)
            self.codewords.append(self.data[cell].mean(axis=0, dtype=np.float64))
            self.parents.append(node)
            self.errors.append(self._error(added[-1]))
        return added


def design_tree(
    vectors: npt.ArrayLike,
    size: int,
    *,
    method: str = "lbg",
    branches: int = 2,
    growth: str = "balanced",
    grown: int = 4,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> TreeQuantizer:
    """Design a tree-structured quantizer of at most `size` leaves.

    Args:
        vectors: (n, dimension) with n >= size, converted to float32; finite and within +-1e15.
        size: number of leaves, 2 to 32,768, since a tree has up to twice as many nodes.
        method: of the split of a node's vectors, see `design`.
        branches: children of a node, 2 to 256.
        growth: `balanced`: level by level, so that all indices take about the same bits; `greedy`: always the leaf
            whose split saves most; `pruned`: greedily to `grown` times as many leaves, then cut back where it costs
            least distortion for the rate that it saves (BFOS).
        grown: of `pruned`.
        progress: called after each split with an `Iteration` of the whole tree.
        options: keywords of the method.

    Returns:
        The quantizer; it has fewer leaves if fewer cells can be split.

    Raises:
        ValueError: an argument is not as described.
        LimitError: more leaves or dimensions than `vqcodec.limits` allows.
    """
    data = checked_training_sequence(vectors, size)
    if growth not in ("balanced", "greedy", "pruned"):
        raise ValueError(f"growth={growth!r}; one of balanced, greedy, pruned is wanted")
    if size < 2 or not 2 <= branches <= 256 or grown < 1:
        raise ValueError(f"size={size}, branches={branches}, grown={grown}; 2 or more, 2..256 and 1 or more are wanted")
    if 2 * size > limits.MAX_CODEWORDS:
        raise LimitError(f"a tree of {size} leaves; at most {limits.MAX_CODEWORDS // 2} are allowed")
    if method == "lbg":
        options = {"start": "split"} | options
    tree = _Growth(data, branches, method, seed, options)
    wanted = min(size * grown, len(data)) if growth == "pruned" else size
    _grow(tree, wanted, growth == "balanced", threads, progress)
    cut = _prune(tree, size) if growth == "pruned" else np.zeros(len(tree.parents), bool)
    return _quantizer(tree, cut)


def _grow(tree: _Growth, size: int, balanced: bool, threads: int | None, progress: Progress | None) -> None:
    """Split leaves until there are `size`: level by level, or those first whose errors are greatest.

    A leaf's own error is what its split can save, and nearly in proportion to what it does.
    """
    numbers = itertools.count()
    waiting = [(0.0, next(numbers), 0)]
    leaves, error, splits = 1, tree.errors[0], 0
    while waiting and leaves < size:
        _, _, node = heapq.heappop(waiting)
        if leaves + min(tree.branches, len(tree.members[node])) - 1 > size:
            continue
        children = tree.split(node, threads)
        leaves += max(0, len(children) - 1)
        if children and progress is not None:
            error += sum(tree.errors[child] for child in children) - tree.errors[node]
            splits += 1
            distortion = max(0.0, error / len(tree.data))
            progress(Iteration(leaves, splits, distortion, 0.0, distortion))
        for child in children:
            first = float(next(numbers)) if balanced else -tree.errors[child]
            heapq.heappush(waiting, (first, next(numbers), child))


def _prune(tree: _Growth, size: int) -> npt.NDArray[np.bool_]:
    """Which nodes to cut off, bool (nodes,), so that at most `size` leaves remain.

    Each time, the subtree goes whose removal adds least distortion for the bits that it saves.
    """
    nodes = len(tree.parents)
    parents = np.array(tree.parents)
    weights = np.array([len(members) for members in tree.members], dtype=float)
    errors = np.array(tree.errors)
    inner = np.zeros(nodes, bool)
    inner[parents[1:]] = True
    below, lengths, leaves = errors.copy(), np.zeros(nodes), (~inner).astype(int)
    below[inner] = 0
    for node in range(nodes - 1, 0, -1):
        above = parents[node]
        below[above] += below[node]
        lengths[above] += lengths[node] + weights[node]
        leaves[above] += leaves[node]
    cut = np.zeros(nodes, bool)
    while leaves[0] > size:
        slopes = np.where(inner, (errors - below) / np.maximum(lengths, 1e-30), np.inf)
        node = int(slopes.argmin())
        if not np.isfinite(slopes[node]):
            break
        change = errors[node] - below[node], lengths[node], leaves[node] - 1
        _cut_below(node, parents, inner, cut)
        above = node
        while above >= 0:
            below[above] += change[0]
            lengths[above] -= change[1]
            leaves[above] -= change[2]
            above = parents[above]
    return cut


def _cut_below(
    node: int, parents: npt.NDArray[np.intp], inner: npt.NDArray[np.bool_], cut: npt.NDArray[np.bool_]
) -> None:
    """Cut off all below a node, which becomes a leaf."""
    gone = [node]
    while gone:
        above = gone.pop()
        inner[above] = False
        children = np.flatnonzero((parents == above) & ~cut)
        cut[children] = True
        gone += children.tolist()


def _quantizer(tree: _Growth, cut: npt.NDArray[np.bool_]) -> TreeQuantizer:
    """The tree without what was cut off, its nodes in the order of their levels."""
    children: dict[int, list[int]] = {}
    for node in np.flatnonzero(~cut)[1:].tolist():
        children.setdefault(tree.parents[node], []).append(node)
    order, parents, place = [0], [-1], 0
    while place < len(order):
        for child in children.get(order[place], []):
            order.append(child)
            parents.append(place)
        place += 1
    return TreeQuantizer(np.array([tree.codewords[node] for node in order], dtype=np.float32), parents)
