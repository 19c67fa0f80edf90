"""How thoroughly predicted frames are searched, by effort."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.effort import LeafSettings, search_settings
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.video.engines import MAX_EFFORT

DEFAULT_EFFORT = 5


class BlockSettings(NamedTuple):
    """How a block is searched.

    Attributes:
        lambda_: distortion per bit, in squared samples.
        weight: cost of a bit beside Hadamard differences in 1/16 of samples.
        lambda_factor, chroma_lambda_factor: `lambda_` in squared steps of luma, of chroma.
        passes: of the quantizer.
        merges: candidates tried with a residual, by Hadamard cost.
        explicit: 0 to 3, explicit motions tried with a residual.
        reach: first distance of the vector search, whole samples.
        neighbours: 4 or 8, tried around a vector.
        both: 1 to search pairs of vectors.
        small_transforms: 1 to try cutting the residual of 8x8 blocks.
        cut_only_coded: 1 to cut residuals only that are worth coding whole.
        stop_search: 1 to search no vectors where a block is best skipped.
        stop_cut: 1 not to cut such blocks.
        intra_from: mean Hadamard difference of the best motion, in steps, from which blocks are tried without motion.
        intra, chroma_intra: how those are searched.
    """

    lambda_: np.float32
    weight: np.float32
    lambda_factor: np.float32
    chroma_lambda_factor: np.float32
    passes: int
    merges: int
    explicit: int
    reach: int
    neighbours: int
    both: int
    small_transforms: int
    cut_only_coded: int
    stop_search: int
    stop_cut: int
    intra_from: np.float32
    intra: LeafSettings
    chroma_intra: LeafSettings


class _Effort(NamedTuple):
    """A row of the table."""

    picture: int  # effort of the picture coder for frames and blocks without motion
    passes: int
    merges: int
    explicit: int
    reach: int
    neighbours: int
    both: int
    small_transforms: int
    cut_only_coded: int
    stop_search: int
    stop_cut: int


_EFFORTS = (
    _Effort(1, 1, 1, 1, 4, 4, 0, 0, 1, 1, 1),
    _Effort(2, 1, 1, 1, 4, 4, 0, 0, 1, 1, 1),
    _Effort(3, 1, 1, 1, 4, 4, 1, 0, 1, 1, 1),
    _Effort(4, 1, 1, 1, 8, 8, 1, 1, 1, 1, 1),
    _Effort(5, 1, 1, 1, 8, 8, 1, 1, 0, 1, 1),
    _Effort(6, 1, 2, 2, 8, 8, 1, 1, 0, 1, 0),
    _Effort(7, 1, 2, 2, 8, 8, 1, 1, 0, 0, 0),
    _Effort(7, 2, 2, 2, 8, 8, 1, 1, 0, 0, 0),
    _Effort(8, 2, 3, 3, 16, 8, 1, 1, 0, 0, 0),
    _Effort(9, 2, 5, 3, 16, 8, 1, 1, 0, 0, 0),
)
_INTRA_FROM = 0.12


def picture_effort(effort: int) -> int:
    """Return the effort of the picture coder for frames on their own."""
    return _EFFORTS[effort].picture


def block_settings(effort: int, step_index: int, chroma_step_index: int, lambda_factor: float) -> BlockSettings:
    """Return the settings of an effort (0 to MAX_EFFORT).

    Args:
        step_index, chroma_step_index: of the frame.
        lambda_factor: distortion per bit, in squared steps of luma.
    """
    row = _EFFORTS[min(effort, MAX_EFFORT)]
    step, chroma_step = float(STEP_SIZES[step_index]), float(STEP_SIZES[chroma_step_index])
    chroma_factor = lambda_factor * (step / chroma_step) ** 2
    lambda_ = lambda_factor * step * step
    return BlockSettings(
        lambda_=np.float32(lambda_),
        weight=np.float32(16 * lambda_**0.5),
        lambda_factor=np.float32(lambda_factor),
        chroma_lambda_factor=np.float32(chroma_factor),
        passes=row.passes,
        merges=row.merges,
        explicit=row.explicit,
        reach=row.reach,
        neighbours=row.neighbours,
        both=row.both,
        small_transforms=row.small_transforms,
        cut_only_coded=row.cut_only_coded,
        stop_search=row.stop_search,
        stop_cut=row.stop_cut,
        intra_from=np.float32(_INTRA_FROM * step),
        intra=search_settings(row.picture, lambda_factor).leaf,
        chroma_intra=search_settings(row.picture, chroma_factor, chroma=True).leaf,
    )
