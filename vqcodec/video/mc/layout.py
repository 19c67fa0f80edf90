"""Sizes and the arrays that describe a frame while it is coded.

A frame's planes are those of the block engine (`blocks.layout.Plane`), in whole units of 8x8 luma samples. A frame
predicted from others has besides a map of its motion with one entry such a unit. Vectors are in quarters of a luma
sample; times are numbers of frames in display order, counted from the start of the group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import Plane, new_plane

GRID_LOG = 3  # units of the motion map, and the smallest block with motion
GRID = 1 << GRID_LOG
ROOT_LOG = 6
ROOT = 1 << ROOT_LOG  # superblocks of predicted frames
NODE_SIZES = ROOT_LOG - GRID_LOG + 1

LISTS = 2
ENTRIES = 2  # most references in a list
SLOTS = 8  # frames kept to predict from
BORDER = 80  # replicated luma samples around a reference; half as many around its chroma
REACH = ROOT + GRID  # how far beyond the frame a block is read at most: there all samples along an axis are alike
VECTOR_MAX = 2047

# Rows of the motion map
KIND, LOG_SIZE, FIRST_REFERENCE, SECOND_REFERENCE, FIRST_ROW, FIRST_COLUMN, SECOND_ROW, SECOND_COLUMN, SHAPE = range(9)
MOTION_FIELDS = 9

# Kinds of block
UNDECODED, SKIPPED, MERGED, EXPLICIT, INTRA = range(5)
INTER_MODE = 39  # what the map of intra modes holds for a block that has none

# What a motion is: the entries of its two references in the lists (-1: none), then its vectors (row, column), as in
# the rows of the map from FIRST_REFERENCE on
MOTION = 6


class InterFrame(NamedTuple):
    """A frame predicted from others, as kernels take it.

    Attributes:
        luma, blue, red: its planes; red's guides are luma at half size and blue, blue's are luma.
        motion: int16 (MOTION_FIELDS, height / 8, width / 8).
        colocated: int16, the motion of the frame that motion is predicted from in time.
        reference_luma: int16 (SLOTS, height + 2 BORDER, width + 2 BORDER), in 1/16.
        reference_chroma: int16 (2, SLOTS, height / 2 + BORDER, width / 2 + BORDER), in 1/16.
        slots: int64 (LISTS, ENTRIES), where the references are.
        times: int64 (LISTS, ENTRIES), their times.
        colocated_times: int64 (LISTS, ENTRIES), the times of the references of `colocated`.
        numbers: int64 (4,): the time of this frame, that of `colocated`, the entries of the two lists.
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


TIME, COLOCATED_TIME, FIRST_COUNT, SECOND_COUNT = range(4)  # of `InterFrame.numbers`


def new_planes(height: int, width: int, step_index: int, chroma_step_index: int) -> tuple[Plane, Plane, Plane]:
    """Return the empty planes of a frame of whole units.

    The planes share memory, so that what is decoded of one guides the next: the guides of red are luma at half size,
    and blue itself.
    """
    luma = new_plane(height, width, step_index, np.zeros((0, 1, 1), dtype=np.int16), np.zeros((1, 1), dtype=np.uint8))
    half = (2, height // 2, width // 2)
    guides = np.zeros(half, dtype=np.int16)
    modes = np.zeros((half[1] // 4, half[2] // 4), dtype=np.uint8)
    blue = new_plane(half[1], half[2], chroma_step_index, guides[:1], modes)._replace(samples=guides[1])
    red = new_plane(half[1], half[2], chroma_step_index, guides, modes)
    return luma, blue, red


def new_motion(height: int, width: int, kind: int = UNDECODED) -> npt.NDArray[np.int16]:
    """Return a motion map without any motion, every unit of `kind`."""
    motion = np.zeros((MOTION_FIELDS, height >> GRID_LOG, width >> GRID_LOG), dtype=np.int16)
    motion[KIND] = kind
    motion[LOG_SIZE] = GRID_LOG
    motion[FIRST_REFERENCE : SECOND_REFERENCE + 1] = -1
    return motion


class Sources(NamedTuple):
    """The planes to code, int16 in 1/16, in whole units."""

    luma: npt.NDArray[np.int16]
    blue: npt.NDArray[np.int16]
    red: npt.NDArray[np.int16]
