"""The settings of the search at each effort, from 0 (quickest) to 9 (smallest files)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.steps import LAMBDA_FACTOR

DEFAULT_EFFORT = 7
MAX_EFFORT = 9
TRAINING_EFFORT = 4  # the lowest effort that uses all tools: training below it leaves tables of some tools untrained


class LeafSettings(NamedTuple):
    """The search of a block.

    Attributes:
        lambda_factor: distortion per bit, in squared steps. This is where lambda travels: kernels compute it in squared
            samples from this factor and the step.
        trials: number of modes tried in full, in the order of their Hadamard costs.
        likely_trials: 0 to 2, number of likely modes tried besides.
        angle_stride: 1, 2 or 4; every angle, every second or every fourth is looked at.
        refine: 1 to look at the angles around the best one too.
        passes: of the quantizer.
        transforms: largest number of alternative transforms tried.
        memory_trials: number of motions tried in full in planes that are predicted from memory.
        memory_explicit: 1 to search displacements.
        memory_reach: how far, in whole samples, beside those around the candidates.
        memory_fractions: 1 to search the best of them, of all references, to quarters of a sample.
        transform_margin: they are tried if the plain transform costs at most this times the least cost so far.
    """

    lambda_factor: np.float32
    trials: int
    likely_trials: int
    angle_stride: int
    refine: int
    passes: int
    transforms: int
    memory_trials: int
    memory_explicit: int
    memory_reach: int
    memory_fractions: int
    transform_margin: np.float32


class SearchSettings(NamedTuple):
    """The search of a superblock.

    Attributes:
        leaf: for square blocks.
        half: for halves of squares.
        halves: 1 to try to cut coded blocks into two halves.
        largest: log2 size of the largest block tried.
        smallest: log2 size of the smallest square that a node is cut into.
        cut_uncoded: 1 to try to cut blocks that are best without coefficients.
    """

    leaf: LeafSettings
    half: LeafSettings
    halves: int
    largest: int
    smallest: int
    cut_uncoded: int


class _Effort(NamedTuple):
    """A row of the table: leaf and half are trials, likely trials, angle stride, refine, passes, transforms."""

    leaf: tuple[int, int, int, int, int, int]
    half: tuple[int, int, int, int, int, int] | None = None
    largest: int = 5
    smallest: int = 2
    cut_uncoded: int = 1


_LUMA = (
    _Effort((1, 0, 4, 0, 1, 0), largest=4, smallest=3, cut_uncoded=0),
    _Effort((1, 0, 4, 1, 1, 0), smallest=3, cut_uncoded=0),
    _Effort((1, 1, 4, 1, 1, 0), cut_uncoded=0),
    _Effort((1, 1, 4, 1, 1, 1), cut_uncoded=0),
    _Effort((1, 1, 4, 1, 1, 2), half=(1, 0, 4, 1, 1, 1), cut_uncoded=0),
    _Effort((1, 1, 4, 1, 1, 2), half=(1, 0, 4, 1, 1, 2), cut_uncoded=0),
    _Effort((1, 1, 4, 1, 2, 2), half=(1, 0, 4, 1, 1, 2), cut_uncoded=0),
    _Effort((2, 2, 4, 1, 2, 2), half=(1, 0, 4, 1, 2, 2)),
    _Effort((2, 2, 2, 1, 2, 2), half=(1, 1, 2, 1, 2, 2)),
    _Effort((12, 2, 1, 0, 3, 2), half=(10, 2, 1, 0, 3, 2)),
)
_CHROMA = (
    _Effort((1, 0, 4, 0, 1, 0), largest=4, smallest=4, cut_uncoded=0),
    _Effort((1, 0, 4, 0, 1, 0), smallest=3, cut_uncoded=0),
    _Effort((1, 1, 4, 0, 1, 0), cut_uncoded=0),
    _Effort((1, 1, 4, 0, 1, 0), cut_uncoded=0),
    _Effort((1, 1, 4, 0, 1, 0), half=(1, 0, 4, 0, 1, 0), cut_uncoded=0),
    _Effort((1, 1, 4, 0, 1, 0), half=(1, 0, 4, 0, 1, 0), cut_uncoded=0),
    _Effort((1, 1, 4, 0, 1, 0), half=(1, 0, 4, 0, 1, 0), cut_uncoded=0),
    _Effort((1, 1, 4, 1, 2, 0), half=(1, 0, 4, 0, 1, 0), cut_uncoded=0),
    _Effort((1, 2, 2, 1, 2, 0), half=(1, 1, 4, 1, 2, 0)),
    _Effort((10, 2, 1, 0, 3, 0), half=(8, 2, 1, 0, 3, 0)),
)
_MEMORY = (  # by effort: trials, explicit, reach, fractions
    (1, 0, 0, 0),
    (1, 1, 0, 0),
    (1, 1, 4, 0),
    (1, 1, 4, 0),
    (1, 1, 8, 1),
    (1, 1, 8, 1),
    (2, 1, 12, 1),
    (2, 1, 16, 1),
    (3, 1, 16, 1),
    (4, 1, 24, 1),
)
_MARGINS = (1.04,) * 9 + (1.5,)  # by effort


def search_settings(effort: int, lambda_factor: float = LAMBDA_FACTOR, chroma: bool = False) -> SearchSettings:
    """Return the settings of `effort` (0 to 9) for luma or chroma planes.

    Args:
        lambda_factor: distortion per bit, in squared steps.
    """
    row = (_CHROMA if chroma else _LUMA)[effort]
    memory = _MEMORY[effort]
    scale, margin = np.float32(lambda_factor), np.float32(_MARGINS[effort])
    return SearchSettings(
        leaf=LeafSettings(scale, *row.leaf, *memory, margin),
        half=LeafSettings(scale, *(row.half or row.leaf), *memory, margin),
        halves=int(row.half is not None),
        largest=row.largest,
        smallest=row.smallest,
        cut_uncoded=row.cut_uncoded,
    )
