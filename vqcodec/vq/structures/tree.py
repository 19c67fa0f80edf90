"""The tree-structured quantizer: the search goes down from the root, to the nearest child at each node.

Sources: Buzo, Gray, Gray and Markel 1980, "Speech coding based upon vector quantization" (binary trees); Chou,
Lookabaugh and Gray 1989, "Optimal pruning with applications to tree-structured source coding and modeling" (pruned
trees).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.threads import map_shards
from vqcodec.vq.checks import checked_index
from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.structures.parts import checked_part, checked_vectors, integers_of, no_rate

_SHARD = 4_096


class TreeQuantizer(Quantizer):
    """Codewords at the nodes of a tree; the index of a vector is the number of a leaf.

    Args:
        codewords: (nodes, dimension), the root first, the children of a node next to one another and after it. Integers
            stay integers.
        parents: (nodes,), the parent of each node; of the root -1.
        paths: how many nodes of a level the search keeps; 1 is the plain descent.

    Attributes:
        codewords, parents: copies of them.
        leaves: (size,), the nodes without children, in their order.
        depths: (nodes,), levels below the root.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more nodes or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike, parents: npt.ArrayLike, *, paths: int = 1) -> None:
        self.codewords = checked_part("codewords", codewords)
        self.parents = np.array(parents, dtype=np.int32)
        nodes = len(self.codewords)
        if self.parents.shape != (nodes,):
            raise ValueError(f"parents have shape {self.parents.shape}; ({nodes},) is wanted")
        above = self.parents[1:]
        if self.parents[0] != -1 or np.any(above < 0) or np.any(above >= np.arange(1, nodes)):
            raise ValueError("parents: the root comes first and has -1; every other node has one before it")
        if np.any(np.diff(above) < 0):
            raise ValueError("parents: the children of a node are wanted next to one another, in the order of nodes")
        if paths < 1:
            raise ValueError(f"paths={paths}; at least 1 is wanted")
        self.paths = paths
        counts = np.bincount(above, minlength=nodes)
        self._first_children = np.searchsorted(self.parents, np.arange(nodes)).astype(np.int64)
        self._children = counts.astype(np.int64)
        self.leaves = np.flatnonzero(counts == 0)
        self._leaf_numbers = np.cumsum(counts == 0) - 1
        self.depths = np.zeros(nodes, np.int32)
        for node in range(1, nodes):
            self.depths[node] = self.depths[self.parents[node]] + 1

    @property
    def dimension(self) -> int:
        return int(self.codewords.shape[1])

    @property
    def size(self) -> int:
        return len(self.leaves)

    @property
    def index_shape(self) -> tuple[int, ...]:
        return ()

    @property
    def stages(self) -> int:
        """Levels below the root that the deepest leaf has."""
        return int(self.depths.max())

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the leaf of each vector, int32 (n,): the nearest one that the search comes to."""
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        codewords = self.codewords.astype(np.float32)
        nodes = np.zeros(len(data), np.int64)

        def search(first: int) -> None:
            rows = slice(first, first + _SHARD)
            _descend(data[rows], codewords, self._first_children, self._children, self.paths, nodes[rows])

        map_shards(search, range(0, len(data), _SHARD), threads)
        return self._leaf_numbers[nodes].astype(np.int32)

    def decode(self, indices: npt.ArrayLike, *, stages: int | None = None) -> npt.NDArray:
        """Return the codewords of leaves, or of their ancestors `stages` levels below the root."""
        return self.codewords[self.ancestors(stages)[checked_index(indices, self.size)]]

    def ancestors(self, stages: int | None = None) -> npt.NDArray[np.intp]:
        """For each leaf its ancestor `stages` levels below the root, intp (size,); itself if it is not deeper.

        Raises:
            ValueError: `stages` is not 0 to the depth of the tree.
        """
        if stages is not None and not 0 <= stages <= self.stages:
            raise ValueError(f"stages={stages}; 0 to {self.stages} are wanted")
        nodes = self.leaves.copy()
        while stages is not None and np.any(deep := self.depths[nodes] > stages):
            nodes[deep] = self.parents[nodes[deep]]
        return nodes

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the bits of the way to each leaf: for each node on it, log2 of its children, rounded up."""
        bits = np.zeros(len(self.parents))
        for node in range(1, len(bits)):
            above = self.parents[node]
            bits[node] = bits[above] + int(self._children[above] - 1).bit_length()
        return bits[self.leaves[checked_index(indices, self.size)]]

    def reproductions(self, *, stages: int | None = None) -> npt.NDArray:
        """The codewords of all leaves, or of their ancestors, (size, dimension)."""
        return self.codewords[self.ancestors(stages)]

    def rounded(self) -> Self:
        """The quantizer with its numbers rounded to integers."""
        return type(self)(np.rint(self.codewords).astype(np.int32), self.parents, paths=self.paths)

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `nodes` and `parents`; see `Quantizer.to_arrays`."""
        return integers_of({"nodes": self.codewords, "parents": self.parents})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(arrays["nodes"], arrays["parents"])


@allocating_kernel
def _descend(vectors, codewords, first_children, children, paths, nodes):
    """Write the leaf of each vector.

    Args:
        vectors: float32 (n, dimension).
        codewords: float32 (nodes, dimension).
        first_children, children: int64 (nodes,), where the children of a node begin, and how many it has.
        nodes: int64 (n,), written.
    """
    kept_nodes, kept_costs = np.empty(paths, np.int64), np.empty(paths)
    next_nodes, next_costs = np.empty(paths, np.int64), np.empty(paths)
    for i in range(vectors.shape[0]):
        kept_nodes[0], kept_costs[0], alive = 0, np.inf, 1
        inner = children[0] > 0
        while inner:
            kept, inner = 0, False
            for path in range(alive):
                node = kept_nodes[path]
                count = max(1, children[node])
                for child in range(count):
                    if children[node] == 0:
                        candidate, cost = node, kept_costs[path]
                    else:
                        candidate, cost = first_children[node] + child, 0.0
                        for d in range(vectors.shape[1]):
                            difference = np.float64(vectors[i, d]) - np.float64(codewords[candidate, d])
                            cost += difference * difference
                    if kept == paths and not cost < next_costs[kept - 1]:
                        continue
                    place = kept if kept < paths else paths - 1
                    while place > 0 and cost < next_costs[place - 1]:
                        next_costs[place], next_nodes[place] = next_costs[place - 1], next_nodes[place - 1]
                        place -= 1
                    next_costs[place], next_nodes[place] = cost, candidate
                    kept = min(kept + 1, paths)
            kept_nodes, next_nodes = next_nodes, kept_nodes
            kept_costs, next_costs = next_costs, kept_costs
            alive = kept
            for path in range(alive):
                inner |= children[kept_nodes[path]] > 0
        nodes[i] = kept_nodes[0]
