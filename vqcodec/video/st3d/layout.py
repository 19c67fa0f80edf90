"""Slabs, bands and macroblocks: the geometry of the engine, and the arrays that describe a slab while it is coded.

A slab is 1, 2 or 4 consecutive frames. A temporal Haar transform turns them into as many bands. Four frames give the
mean LL, the difference LH between the means of both pairs, and the differences H0 and H1 within the pairs; two frames
give L and H. A macroblock is 16x16 samples of luma and 8x8 samples of each chroma plane, in all bands of its slab. Its
mode says how many frames share a transform.

Names of positions, throughout this engine: `y, x` are samples of a plane; `row, column` are macroblocks; `top, left`
are those of a superblock, or the groups of a block within its macroblock; vectors are in half samples of luma a frame.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS, SAMPLE_MAX
from vqcodec.blocks.steps import MAX_STEP_INDEX, STEPS

MACROBLOCK = 16
SUPERBLOCK_SIDE = 2  # macroblocks along a side of a superblock, which shares one skip mask
DEPTHS = (1, 2, 4)  # frames of a slab
MAX_BANDS = 4
BAND_LIMIT = 2 * SAMPLE_MAX  # largest magnitude of a band's sample: sums of lifting fit 16 bits for any stream

# Modes of a macroblock. DEEP: all frames in one transform; PAIRS: two by two; ALONE: no transform along time
DEEP, DEEP_MOTION, PAIRS, PAIRS_MOTION, ALONE = range(5)
MODES = 5

# Classes of bands: of a single frame, of pairs, of four frames
SINGLE, PAIR_LOW, PAIR_HIGH, DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH = range(6)
BAND_CLASSES = 6

CLASS_OF_BAND = np.array(
    [
        [DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH, DEEP_HIGH],
        [DEEP_LOW, DEEP_MIDDLE, DEEP_HIGH, DEEP_HIGH],
        [PAIR_LOW, PAIR_LOW, PAIR_HIGH, PAIR_HIGH],
        [PAIR_LOW, PAIR_LOW, PAIR_HIGH, PAIR_HIGH],
        [SINGLE, SINGLE, SINGLE, SINGLE],
    ],
    dtype=np.int64,
)  # by mode and band, for slabs of four frames
CLASS_OF_PAIR_BAND = np.array([[PAIR_LOW, PAIR_HIGH], [SINGLE, SINGLE]], dtype=np.int64)  # for two: PAIRS*, ALONE

# Added to the step index, by class: bands are means and differences, and so not scaled as by an orthonormal transform
STEP_SHIFTS = np.array([0, -4, 4, -8, 0, 4], dtype=np.int64)
PIXEL_LIKE = np.array([1, 1, 0, 1, 0, 0], dtype=np.int64)  # 1 for classes that are predicted from a mean of samples

# The codewords of a band are conditioned on the magnitudes of the bands before it, with these weights in halves. The
# row of a band is mode * MAX_BANDS + band in slabs of four frames. Bands of other slabs use one of the two rows below
CONDITION_WEIGHTS = np.zeros((MODES * MAX_BANDS, MAX_BANDS), dtype=np.int64)
for _mode in (DEEP, DEEP_MOTION):
    CONDITION_WEIGHTS[_mode * MAX_BANDS + 1] = [2, 0, 0, 0]
    CONDITION_WEIGHTS[_mode * MAX_BANDS + 2] = [1, 2, 0, 0]
    CONDITION_WEIGHTS[_mode * MAX_BANDS + 3] = [0, 1, 2, 0]
for _mode in (PAIRS, PAIRS_MOTION):
    CONDITION_WEIGHTS[_mode * MAX_BANDS + 2] = [2, 0, 0, 0]
    CONDITION_WEIGHTS[_mode * MAX_BANDS + 3] = [0, 2, 0, 0]
UNCONDITIONED_ROW = DEEP * MAX_BANDS
PAIR_ROW = PAIRS * MAX_BANDS + 2  # the second band of a slab of two

FIRST_CLASS_FORM = np.array([0, 1, 2, 5, 6, 9], dtype=np.int64)  # conditioned classes have three forms for each size

MAX_VECTOR = 31  # largest magnitude of a component, in half samples a frame

# Rows of `Slab.maps`
SKIPPED, MODE, VECTOR_Y, VECTOR_X, BAND_MASK = range(5)
MAP_FIELDS = 5

# Bits of `Slab.parts`
LUMA_CODED, BLUE_CODED, RED_CODED, SMALL = 1, 2, 4, 8

CHROMA_STEP = -2  # added to the step index for chroma, in eighths of an octave
MIN_STEP_INDEX, LAST_STEP_INDEX = 10, MAX_STEP_INDEX - 4  # the steps of all bands stay on the ladder


class Planes(NamedTuple):
    """Luma and chroma of a frame, or of the frames or bands of a slab, padded to whole macroblocks.

    Attributes:
        luma: int16 (height, width), or (frames or bands, height, width).
        chroma: int16 (2, height / 2, width / 2), or (2, frames or bands, height / 2, width / 2): blue and red.
    """

    luma: npt.NDArray[np.int16]
    chroma: npt.NDArray[np.int16]


class Slab(NamedTuple):
    """A slab while it is coded, in the form that kernels take; sizes are padded to whole macroblocks.

    Attributes:
        luma: int16 (bands, height, width), the bands as reconstructed so far, in 1/16.
        chroma: int16 (2, bands, height / 2, width / 2), likewise.
        last_luma, last_chroma: int16 (height, width), (2, height / 2, width / 2): the last frame of the slab before,
            in 1/16.
        maps: int16 (MAP_FIELDS, rows, columns), by macroblock.
        parts: uint8 (bands, rows, columns), by macroblock: which components of a band are coded, and whether luma is
            in 8x8 blocks.
        quarters: uint8 (bands, rows, columns), by macroblock: which of the 8x8 blocks of luma are coded.
        energy: uint8 (bands, height / 8, width / 8), by block of 8x8 samples: how much was coded, 0 to 8.
        chroma_energy: uint8 (2, bands, height / 16, width / 16), likewise.
        steps: int32 (2, BAND_CLASSES), fixed-point steps of luma and chroma.
    """

    luma: npt.NDArray[np.int16]
    chroma: npt.NDArray[np.int16]
    last_luma: npt.NDArray[np.int16]
    last_chroma: npt.NDArray[np.int16]
    maps: npt.NDArray[np.int16]
    parts: npt.NDArray[np.uint8]
    quarters: npt.NDArray[np.uint8]
    energy: npt.NDArray[np.uint8]
    chroma_energy: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.int32]


def macroblocks(size: int) -> int:
    """Return the number of macroblocks along a side of `size` luma samples, rounded up."""
    return -(-size // MACROBLOCK)


def new_slab(bands: int, height: int, width: int, step_index: int, last: Planes) -> Slab:
    """Return an empty slab.

    Args:
        bands: 1, 2 or 4.
        height, width: of the frames, in samples.
        step_index: on the ladder of `blocks.steps`, MIN_STEP_INDEX to LAST_STEP_INDEX.
        last: the last frame before the slab.
    """
    rows, columns = macroblocks(height), macroblocks(width)
    indices = step_index + STEP_SHIFTS[None, :] + np.array([[0], [CHROMA_STEP]])
    return Slab(
        luma=np.zeros((bands, MACROBLOCK * rows, MACROBLOCK * columns), dtype=np.int16),
        chroma=np.zeros((2, bands, MACROBLOCK * rows // 2, MACROBLOCK * columns // 2), dtype=np.int16),
        last_luma=last.luma,
        last_chroma=last.chroma,
        maps=np.zeros((MAP_FIELDS, rows, columns), dtype=np.int16),
        parts=np.zeros((bands, rows, columns), dtype=np.uint8),
        quarters=np.zeros((bands, rows, columns), dtype=np.uint8),
        energy=np.zeros((bands, 2 * rows, 2 * columns), dtype=np.uint8),
        chroma_energy=np.zeros((2, bands, rows, columns), dtype=np.uint8),
        steps=STEPS[indices],
    )


def grey_frame(height: int, width: int) -> Planes:
    """Return the planes of a grey frame of `height` x `width` samples, padded, in 1/16."""
    rows, columns = MACROBLOCK * macroblocks(height), MACROBLOCK * macroblocks(width)
    grey = np.int16(128 << SAMPLE_BITS)
    return Planes(np.full((rows, columns), grey), np.full((2, rows // 2, columns // 2), grey))


def slab_depths(frames: int, depth: int) -> list[int]:
    """Return the number of frames of each slab of a group.

    There are as many slabs of `depth` frames as fit; the rest is cut in slabs of half as many frames, and so on.
    """
    depths: list[int] = []
    while frames:
        while depth > frames:
            depth //= 2
        depths.append(depth)
        frames -= depth
    return depths
