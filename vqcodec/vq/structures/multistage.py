"""The multistage quantizer: each stage codes what the stages before it left; the codewords add up.

Sources: Juang and Gray 1982, "Multiple stage vector quantization for speech coding"; LeBlanc, Bhattacharya, Mahmoud and
Cuperman 1993, "Efficient search and design procedures for robust multi-stage VQ of LPC parameters" (M-best search and
joint design).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import allocating_kernel
from vqcodec.threads import map_shards
from vqcodec.vq.structures.parts import (
    CompositeQuantizer,
    checked_indices,
    checked_part,
    checked_vectors,
    integers_of,
    no_rate,
    numbered_tables,
)

_SHARD = 4_096


class MultistageQuantizer(CompositeQuantizer):
    """Codewords of several stages that add up.

    Args:
        stages: the codewords of each stage, (size, dimension); 1 to 16 stages. Integers stay integers.
        paths: how many candidates the search keeps from stage to stage; 1 is the greedy search.

    Attributes:
        stages: copies of the codewords of each stage.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, stages: Sequence[npt.ArrayLike], *, paths: int = 8) -> None:
        if not 1 <= len(stages) <= 16:
            raise ValueError(f"{len(stages)} stages; 1 to 16 are wanted")
        self.stages = tuple(checked_part("stages", stage) for stage in stages)
        if len({stage.shape[1] for stage in self.stages}) > 1:
            raise ValueError(f"stages have dimensions {[stage.shape[1] for stage in self.stages]}; one is wanted")
        if paths < 1:
            raise ValueError(f"paths={paths}; at least 1 is wanted")
        self.paths = paths
        self.sizes = tuple(len(stage) for stage in self.stages)

    @property
    def dimension(self) -> int:
        return int(self.stages[0].shape[1])

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return a codeword of each stage for each vector, int32 (n, stages); see `Quantizer.encode`.

        The sum is the nearest one among those that the search kept; with enough `paths`, of all.
        """
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        columns = np.ascontiguousarray(np.concatenate(self.stages).T, dtype=np.float32)
        starts = np.concatenate([[0], np.cumsum(self.sizes)])
        indices = np.empty((len(data), len(self.stages)), np.int32)

        def search(first: int) -> None:
            rows = slice(first, first + _SHARD)
            _search_stages(data[rows], columns, starts, self.paths, indices[rows])

        map_shards(search, range(0, len(data), _SHARD), threads)
        return indices

    def decode(self, indices: npt.ArrayLike, *, stages: int | None = None) -> npt.NDArray:
        """Return the sums of the first `stages` codewords (None: of all); see `Quantizer.decode`."""
        checked = checked_indices(indices, self.sizes)
        used = len(self.stages) if stages is None else stages
        if not 1 <= used <= len(self.stages):
            raise ValueError(f"stages={stages}; 1 to {len(self.stages)} are wanted")
        return sum((self.stages[s][checked[:, s]] for s in range(1, used)), start=self.stages[0][checked[:, 0]])

    def reproductions(self, *, stages: int | None = None) -> npt.NDArray:
        """All vectors that `decode` can return, by the first `stages` codewords of each (None: by all)."""
        return self.decode(self.every_index(), stages=stages)

    def rounded(self) -> Self:
        """The quantizer with its numbers rounded to integers."""
        return type(self)([np.rint(stage).astype(np.int32) for stage in self.stages], paths=self.paths)

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `stage0`, `stage1` and so on; see `Quantizer.to_arrays`."""
        return integers_of({f"stage{number}": stage for number, stage in enumerate(self.stages)})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(numbered_tables(arrays, "stage"))


@allocating_kernel
def _search_stages(vectors, columns, starts, paths, indices):
    """Choose a codeword of each stage for each vector, keeping the best `paths` after each stage.

    Args:
        vectors: float32 (n, dimension).
        columns: float32 (dimension, total), the codewords of all stages.
        starts: int64 (stages + 1,), where those of a stage begin.
        indices: int32 (n, stages), written.
    """
    dimension, stages = columns.shape[0], len(starts) - 1
    errors = np.empty(columns.shape[1])
    rests, next_rests = np.empty((paths, dimension)), np.empty((paths, dimension))
    chosen, next_chosen = np.empty((paths, stages), np.int32), np.empty((paths, stages), np.int32)
    costs = np.empty(paths)
    parents, picked = np.empty(paths, np.int64), np.empty(paths, np.int64)
    for i in range(vectors.shape[0]):
        alive = 1
        rests[0] = vectors[i]
        for s in range(stages):
            kept = 0
            for path in range(alive):
                for k in range(starts[s], starts[s + 1]):
                    errors[k] = 0.0
                for d in range(dimension):
                    for k in range(starts[s], starts[s + 1]):
                        difference = rests[path, d] - columns[d, k]
                        errors[k] += difference * difference
                for k in range(starts[s], starts[s + 1]):
                    if kept == paths and not errors[k] < costs[kept - 1]:
                        continue
                    place = kept if kept < paths else paths - 1
                    while place > 0 and errors[k] < costs[place - 1]:
                        costs[place] = costs[place - 1]
                        parents[place], picked[place] = parents[place - 1], picked[place - 1]
                        place -= 1
                    costs[place], parents[place], picked[place] = errors[k], path, k
                    kept = min(kept + 1, paths)
            for path in range(kept):
                for d in range(dimension):
                    next_rests[path, d] = rests[parents[path], d] - columns[d, picked[path]]
                next_chosen[path, :s] = chosen[parents[path], :s]
                next_chosen[path, s] = picked[path] - starts[s]
            rests, next_rests = next_rests, rests
            chosen, next_chosen = next_chosen, chosen
            alive = kept
        indices[i] = chosen[0]
