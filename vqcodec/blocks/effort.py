"""What the encoder tries at each effort, from 0 (quickest) to 9 (smallest files)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.steps import LAMBDA_FACTOR

DEFAULT_EFFORT = 6
MAX_EFFORT = 9


class LeafSettings(NamedTuple):
    """How thoroughly a block is searched.

    Attributes:
        lambda_factor: distortion per bit, in squared steps.
        trials: modes tried in full, by Hadamard cost.
        likely_trials: 0 to 2, likely modes tried besides.
        sparse_angles: 1 to look at every second angle first.
        passes: of the quantizer.
        transforms: most alternative transforms tried.
        transform_margin: they are tried while the plain transform costs at most this times the best so far.
    """

    lambda_factor: np.float32
    trials: int
    likely_trials: int
    sparse_angles: int
    passes: int
    transforms: int
    transform_margin: np.float32


class SearchSettings(NamedTuple):
    """How thoroughly a superblock is searched.

    Attributes:
        leaf: for square blocks.
        half: for halves of squares.
        halves: 1 to try cutting coded blocks in two halves.
    """

    leaf: LeafSettings
    half: LeafSettings
    halves: int


_LEAF = {  # trials, likely trials, sparse angles, passes, transforms
    0: (1, 0, 1, 1, 0),
    1: (1, 1, 1, 1, 0),
    2: (1, 2, 1, 1, 0),
    3: (2, 1, 1, 1, 0),
    4: (2, 2, 1, 1, 2),
    5: (2, 2, 1, 2, 2),
    6: (2, 2, 1, 2, 2),
    7: (2, 2, 0, 2, 2),
    8: (3, 2, 0, 2, 2),
    9: (5, 2, 0, 2, 2),
}
_CHROMA = {**dict.fromkeys(range(4), (1, 1, 1, 1, 0)), **dict.fromkeys(range(4, 8), (1, 2, 1, 2, 0))}
_HALF = {6: (1, 1, 1, 2, 2), 7: (1, 2, 1, 2, 2), 8: (2, 2, 0, 2, 2), 9: (3, 2, 0, 2, 2)}
_MARGIN = np.float32(1.04)


def search_settings(effort: int, lambda_factor: float = LAMBDA_FACTOR, chroma: bool = False) -> SearchSettings:
    """Return the settings of `effort` (0 to 9) for luma or chroma planes."""
    scale = np.float32(lambda_factor)
    leaf = _CHROMA.get(effort, _LEAF[effort]) if chroma else _LEAF[effort]
    half = _HALF.get(effort, leaf)
    return SearchSettings(
        LeafSettings(scale, *leaf, _MARGIN), LeafSettings(scale, *half, _MARGIN), int(effort in _HALF)
    )
