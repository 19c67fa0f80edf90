"""Sizes, and the arrays that describe a frame while it is coded.

The planes of a frame are those of the block engine (`blocks.layout.Plane`). They are padded to whole units of 8x8 luma
samples. A predicted frame also has a motion map with one entry for each such unit. Vectors are in quarters of a luma
sample. Times are frame numbers in display order, counted from the start of the group.

Names of positions, throughout this engine: `y, x` are samples of a plane; `v, u` are units of 4x4 samples, as in
`blocks.layout`; `grid_row, grid_column` are units of the motion map, 8x8 luma samples each; `row, column` are the
components of a vector; `i, j` count within a block.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import Plane, new_plane

GRID_LOG = 3  # log2 of the side of a unit of the motion map, which is the smallest block with motion
GRID = 1 << GRID_LOG
ROOT_LOG = 6
ROOT = 1 << ROOT_LOG  # superblocks of predicted frames
NODE_SIZES = ROOT_LOG - GRID_LOG + 1

LISTS = 2
ENTRIES = 2  # most references in a list
SLOTS = 8  # frames kept to predict from
BORDER = 80  # replicated luma samples around a reference; half as many around its chroma
REACH = ROOT + GRID  # samples beyond the frame at which a block is read at most; farther out all samples are equal
VECTOR_MAX = 2047  # largest magnitude of a component

# Rows of the motion map
KIND, LOG_SIZE, FIRST_REFERENCE, SECOND_REFERENCE, FIRST_ROW, FIRST_COLUMN, SECOND_ROW, SECOND_COLUMN, SHAPE = range(9)
MOTION_FIELDS = 9

# Kinds of block
UNDECODED, SKIPPED, MERGED, EXPLICIT, INTRA = range(5)
INTER_MODE = 39  # entry of the map of intra modes for a block with motion

# Length of a motion: the entries of its two references in the lists (-1: none), then its two vectors (row, column).
# The rows of the map from FIRST_REFERENCE on have the same order
MOTION = 6


class InterFrame(NamedTuple):
    """A predicted frame, in the form that kernels take.

    Attributes:
        luma, blue, red: the planes. The guides of blue are luma at half size; those of red are that and blue.
        motion: int16 (MOTION_FIELDS, height / 8, width / 8).
        colocated: int16 (MOTION_FIELDS, height / 8, width / 8), motion of the frame from which motion is predicted in
            time.
        reference_luma: int16 (SLOTS, height + 2 BORDER, width + 2 BORDER), in 1/16.
        reference_chroma: int16 (2, SLOTS, height / 2 + BORDER, width / 2 + BORDER), in 1/16.
        slots: int64 (LISTS, ENTRIES), the slots of the references.
        times: int64 (LISTS, ENTRIES), the times of the references.
        colocated_times: int64 (LISTS, ENTRIES), the times of the references of `colocated`.
        numbers: int64 (4,), in the order of TIME, COLOCATED_TIME, FIRST_COUNT and SECOND_COUNT: the time of this
            frame, the time of `colocated`, the numbers of entries of the two lists.
    """

    luma: Plane
    blue: Plane
    red: Plane
    motion: npt.NDArray[np.int16]
    colocated: npt.NDArray[np.int16]
    reference_luma: npt.NDArray[np.int16]
    reference_chroma: npt.NDArray[np.int16]
    slots: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    colocated_times: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]


TIME, COLOCATED_TIME, FIRST_COUNT, SECOND_COUNT = range(4)  # places in `InterFrame.numbers`


def new_planes(height: int, width: int, step_index: int, chroma_step_index: int) -> tuple[Plane, Plane, Plane]:
    """Return the empty planes of a frame whose sides are whole units: luma, blue, red.

    The planes share memory, so that a decoded plane guides the next one: the guides of red are luma at half size and
    the samples of blue.

    Args:
        height, width: of luma, in samples.
        step_index, chroma_step_index: quantizer steps on the ladder of `blocks.steps`.
    """
    luma = new_plane(height, width, step_index, np.zeros((0, 1, 1), dtype=np.int16), np.zeros((1, 1), dtype=np.uint8))
    half = (2, height // 2, width // 2)
    guides = np.zeros(half, dtype=np.int16)
    modes = np.zeros((half[1] // 4, half[2] // 4), dtype=np.uint8)
    blue = new_plane(half[1], half[2], chroma_step_index, guides[:1], modes)._replace(samples=guides[1])
    red = new_plane(half[1], half[2], chroma_step_index, guides, modes)
    return luma, blue, red


def new_motion(height: int, width: int, kind: int = UNDECODED) -> npt.NDArray[np.int16]:
    """Return a motion map, int16 (MOTION_FIELDS, height / 8, width / 8), in which every unit is of `kind`."""
    motion = np.zeros((MOTION_FIELDS, height >> GRID_LOG, width >> GRID_LOG), dtype=np.int16)
    motion[KIND] = kind
    motion[LOG_SIZE] = GRID_LOG
    motion[FIRST_REFERENCE : SECOND_REFERENCE + 1] = -1
    return motion


class Sources(NamedTuple):
    """The planes to code: int16 in 1/16, padded to whole units."""

    luma: npt.NDArray[np.int16]
    blue: npt.NDArray[np.int16]
    red: npt.NDArray[np.int16]
