"""What the encoder tries at each effort, from 0 (quickest) to 9 (smallest files)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.steps import LAMBDA_FACTOR

DEFAULT_EFFORT = 6
MAX_EFFORT = 9


class SearchSettings(NamedTuple):
    """How thoroughly a superblock is searched.

    Attributes:
        lambda_factor: distortion per bit, in squared steps.
        trials: modes tried in full, by Hadamard cost.
        likely_trials: 0 to 2, likely modes tried besides.
        sparse_angles: 1 to look at every second angle first.
        passes: of the quantizer.
        halves: 1 to try cutting blocks in two halves.
        transforms: most alternative transforms tried.
        transform_margin: they are tried while the plain transform costs at most this times the best so far.
    """

    lambda_factor: np.float32
    trials: int
    likely_trials: int
    sparse_angles: int
    passes: int
    halves: int
    transforms: int
    transform_margin: np.float32


def search_settings(effort: int, lambda_factor: float = LAMBDA_FACTOR) -> SearchSettings:
    """Return the settings of `effort` (0 to 9)."""
    table = {
        0: (1, 0, 1, 1, 0, 0),
        1: (1, 1, 1, 1, 0, 0),
        2: (1, 2, 1, 1, 0, 0),
        3: (2, 1, 1, 1, 0, 0),
        4: (2, 2, 1, 1, 0, 2),
        5: (2, 2, 0, 2, 0, 2),
        6: (3, 2, 0, 2, 0, 2),
        7: (2, 2, 0, 2, 1, 2),
        8: (3, 2, 0, 2, 1, 2),
        9: (5, 2, 0, 2, 1, 2),
    }
    return SearchSettings(np.float32(lambda_factor), *table[effort], np.float32(1.04))
