"""How thoroughly predicted frames are searched, by effort."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.effort import LeafSettings, search_settings
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.video.engines import MAX_EFFORT
from vqcodec.video.mc.layout import GRID_LOG

DEFAULT_EFFORT = 5
_SMOOTHING_FROM = 2  # effort
_NEVER = 1e6  # steps: no difference is as large


class BlockSettings(NamedTuple):
    """How a block is searched.

    Attributes:
        lambda_: distortion per bit, in squared samples.
        weight: cost of a bit beside Hadamard differences in 1/16 of samples.
        lambda_factor, chroma_lambda_factor: `lambda_` in squared steps of luma, of chroma.
        smallest: log2 of the smallest block that others are cut into.
        passes: of the quantizer.
        merges: candidates tried with a residual by Hadamard cost, beside the one that is best to skip.
        explicit: 0 to 3, explicit motions tried with a residual.
        reach: first distance of the vector search, whole samples.
        neighbours: 4 or 8, tried around a vector.
        both: 1 to search pairs of vectors.
        small_transforms: 1 to try cutting the residual of 8x8 blocks.
        cut_only_coded: 1 to cut residuals only that are worth coding whole.
        stop_search: 1 to search no vectors where a block is best skipped.
        stop_cut: 1 not to cut such blocks.
        good_below: mean Hadamard difference of the best candidate, in samples, below which blocks are neither searched
            for vectors nor cut.
        cut_from: likewise, from which blocks larger than the smallest are cut without being coded whole.
        intra_from: mean Hadamard difference of the best motion, in samples, from which blocks are tried without motion.
        intra, chroma_intra: how those are searched.
    """

    lambda_: np.float32
    weight: np.float32
    lambda_factor: np.float32
    chroma_lambda_factor: np.float32
    smallest: int
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
    good_below: np.float32
    cut_from: np.float32
    intra_from: np.float32
    intra: LeafSettings
    chroma_intra: LeafSettings


class _Effort(NamedTuple):
    """A row of the table: as in `BlockSettings`, differences in steps."""

    picture: int  # effort of the picture coder for frames and blocks without motion
    merges: int
    explicit: int
    reach: int
    neighbours: int
    passes: int = 1
    smallest: int = GRID_LOG
    both: int = 1
    small_transforms: int = 1
    cut_only_coded: int = 0
    stop_search: int = 0
    stop_cut: int = 0
    good_below: float = 0.0
    cut_from: float = _NEVER
    intra_from: float = 0.12


_STOPS = {"cut_only_coded": 1, "stop_search": 1, "stop_cut": 1}
_SIMPLE = {**_STOPS, "small_transforms": 0}
_EFFORTS = (
    _Effort(1, 0, 1, 2, 4, **_SIMPLE, smallest=GRID_LOG + 1, good_below=0.05, cut_from=0.4, intra_from=0.25),
    _Effort(1, 0, 1, 4, 4, **_SIMPLE, good_below=0.04, cut_from=0.6, intra_from=0.25),
    _Effort(2, 0, 1, 4, 4, **_SIMPLE),
    _Effort(4, 1, 1, 8, 8, **_STOPS),
    _Effort(5, 1, 1, 8, 8, stop_search=1, stop_cut=1),
    _Effort(6, 2, 2, 8, 8, stop_search=1),
    _Effort(7, 2, 2, 8, 8),
    _Effort(7, 2, 2, 8, 8, passes=2),
    _Effort(8, 3, 3, 16, 8, passes=2),
    _Effort(9, 5, 3, 16, 8, passes=2),
)


def smooths_sources(effort: int) -> bool:
    """Return whether frames are smoothed in time before they are coded (`temporal_filter`)."""
    return effort >= _SMOOTHING_FROM


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
        smallest=row.smallest,
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
        good_below=np.float32(row.good_below * step),
        cut_from=np.float32(row.cut_from * step),
        intra_from=np.float32(row.intra_from * step),
        intra=search_settings(row.picture, lambda_factor).leaf,
        chroma_intra=search_settings(row.picture, chroma_factor, chroma=True).leaf,
    )
