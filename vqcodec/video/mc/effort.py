"""How thoroughly predicted frames are searched at each effort, 0 (fastest) to 9 (smallest files)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqcodec.blocks.effort import MAX_EFFORT, LeafSettings, search_settings
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.video.mc.layout import GRID_LOG

_SMOOTHING_FROM = 2  # effort
_NEVER = 1e6  # steps: no difference is as large


class Lambdas(NamedTuple):
    """Distortion per bit, in the unit of each comparison; all parts of the search take it from here.

    Attributes:
        samples: in squared samples.
        differences: in the unit of Hadamard and absolute differences: 1/16 of samples.
        luma_steps, chroma_steps: in squared quantizer steps of luma and of chroma.
    """

    samples: np.float32
    differences: np.float32
    luma_steps: np.float32
    chroma_steps: np.float32


class BlockEffort(NamedTuple):
    """How thoroughly a block is searched.

    Attributes:
        lambdas: what a bit costs.
        smallest: log2 of the side of the smallest blocks.
        passes: of the quantizer.
        merges: number of candidates tried with a residual, beside the best one to skip.
        explicit: number of explicit motions tried with a residual, 0 to 3.
        reach: first distance of the vector search, in whole samples.
        neighbours: number of vectors tried around a vector: 4 or 8.
        both: 1 to search pairs of vectors.
        small_transforms: 1 to try four transforms for the residual of 8x8 blocks.
        cut_only_coded: 1 to try four transforms only if one is worth coding.
        stop_search: 1 to search no vectors for a block that is best skipped.
        stop_cut: 1 to leave a block whole if it is best skipped.
        good_below: mean Hadamard difference of the best candidate, in samples. Blocks below it count as best skipped.
        cut_from: mean Hadamard difference of the best candidate, in samples. Larger blocks from it on are cut without
            being coded whole.
        intra_from: mean Hadamard difference of the best motion, in samples. Blocks from it on are tried without motion.
        intra, chroma_intra: how squares without motion are searched.
    """

    lambdas: Lambdas
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


class _Row(NamedTuple):
    """A row of the table: fields as in `BlockEffort`, with differences in quantizer steps."""

    picture: int  # effort of the picture coder for intra frames and blocks without motion
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
_ROWS = (
    _Row(1, 0, 1, 2, 4, **_SIMPLE, smallest=GRID_LOG + 1, good_below=0.05, cut_from=0.4, intra_from=0.25),
    _Row(1, 0, 1, 4, 4, **_SIMPLE, good_below=0.04, cut_from=0.6, intra_from=0.25),
    _Row(2, 0, 1, 4, 4, **_SIMPLE),
    _Row(4, 1, 1, 8, 8, **_STOPS),
    _Row(5, 1, 1, 8, 8, stop_search=1, stop_cut=1),
    _Row(6, 2, 2, 8, 8, stop_search=1),
    _Row(7, 2, 2, 8, 8),
    _Row(7, 2, 2, 8, 8, passes=2),
    _Row(8, 3, 3, 16, 8, passes=2),
    _Row(9, 5, 3, 16, 8, passes=2),
)


def smooths_sources(effort: int) -> bool:
    """Return whether source frames are smoothed in time before they are coded (`lookahead.temporal_filter`)."""
    return effort >= _SMOOTHING_FROM


def picture_effort(effort: int) -> int:
    """Return the effort of the picture coder for intra frames."""
    return _ROWS[effort].picture


def block_effort(effort: int, step_index: int, chroma_step_index: int, lambda_factor: float) -> BlockEffort:
    """Return how blocks are searched at an effort of 0 to MAX_EFFORT.

    Args:
        step_index, chroma_step_index: of the frame, on the ladder of `blocks.steps`.
        lambda_factor: distortion per bit, in squared steps of luma.
    """
    row = _ROWS[min(effort, MAX_EFFORT)]
    step, chroma_step = float(STEP_SIZES[step_index]), float(STEP_SIZES[chroma_step_index])
    chroma_factor = lambda_factor * (step / chroma_step) ** 2
    lambda_ = lambda_factor * step * step
    return BlockEffort(
        lambdas=Lambdas(
            samples=np.float32(lambda_),
            differences=np.float32(16 * lambda_**0.5),
            luma_steps=np.float32(lambda_factor),
            chroma_steps=np.float32(chroma_factor),
        ),
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
