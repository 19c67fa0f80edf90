"""What encoder and decoder both do with the blocks of a macroblock: condition, predict, reconstruct, record."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_MIDDLE, SUPERBLOCK, Block
from vqcodec.blocks.signal.transforms import COSINE, transform_inverse
from vqcodec.blocks.syntax.significance import BORDER, COEFFICIENT_STATE
from vqcodec.blocks.syntax.values import VALUE_STATE
from vqcodec.kernels.jit import inline_kernel, inner_kernel
from vqcodec.kernels.records import record_type
from vqcodec.video.st3d.contexts import band_class, band_form
from vqcodec.video.st3d.layout import (
    BAND_LIMIT,
    CONDITION_WEIGHTS,
    LUMA_CODED,
    MACROBLOCK,
    MAX_BANDS,
    MODE,
    PAIR_HIGH,
    PAIR_ROW,
    PIXEL_LIKE,
    SKIPPED,
    SMALL,
    UNCONDITIONED_ROW,
)

COMPONENTS = 3  # luma, blue, red
_FEW = 4  # halves of magnitudes: up to this sum the codewords before count as small

BLOCK_SCRATCH = record_type(
    state=COEFFICIENT_STATE,
    coefficients=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    between=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    residual=(np.int32, (SUPERBLOCK, SUPERBLOCK)),
    magnitudes=(np.int32, (COMPONENTS, MAX_BANDS, 8, 8)),
    values=VALUE_STATE,
)
"""Working arrays for one macroblock.

Attributes:
    magnitudes: sums of magnitudes by component, band, and row and column of the group within the macroblock. Chroma has
        only the first quarter of the groups.
    values: for `parse_coefficients`; flags are Huffman codes here.
"""


class Component(NamedTuple):
    """One component of a slab, in the form that kernels take.

    Attributes:
        samples: int16 (bands, height, width), the bands as reconstructed so far, in 1/16.
        last: int16 (height, width), the last frame before the slab, in 1/16.
        energy: uint8 (bands, height / 8, width / 8), see `layout.Slab`.
        steps: int32 (BAND_CLASSES,), fixed-point steps.
    """

    samples: npt.NDArray[np.int16]
    last: npt.NDArray[np.int16]
    energy: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.int32]


class BandBlock(NamedTuple):
    """A block of a band of a component. For kernels it is integers in registers.

    Attributes:
        square: place and size in the component.
        component: 0 luma, 1 blue, 2 red.
        bands: number of bands of the slab. band: number of this band.
        mode: of the macroblock. skipped: 1 if the macroblock is skipped, else 0.
    """

    square: Block
    component: int
    bands: int
    band: int
    mode: int
    skipped: int


@inline_kernel
def component_of(slab, component):
    """Return a component (0 luma, 1 blue, 2 red) of a slab."""
    if component == 0:
        return Component(slab.luma, slab.last_luma, slab.energy, slab.steps[0])
    chroma = component - 1
    return Component(slab.chroma[chroma], slab.last_chroma[chroma], slab.chroma_energy[chroma], slab.steps[1])


@inline_kernel
def block_at(slab, component, row, column, band, part, log_size):
    """Return block `part` of a band of a component of the macroblock at (row, column)."""
    side = MACROBLOCK if component == 0 else MACROBLOCK >> 1
    y, x = row * side + ((part >> 1) << log_size), column * side + ((part & 1) << log_size)
    return BandBlock(
        Block(np.int64(y), np.int64(x), np.int64(log_size), np.int64(log_size)),
        np.int64(component),
        np.int64(slab.luma.shape[0]),
        np.int64(band),
        np.int64(slab.maps[MODE, row, column]),
        np.int64(slab.maps[SKIPPED, row, column]),
    )


@inline_kernel
def luma_log_size(slab, row, column):
    """Return log2 of the side of the luma blocks of the macroblock at (row, column), in all bands: 3 or 4."""
    log_size = np.int64(4)
    for band in range(slab.luma.shape[0]):
        parts = slab.parts[band, row, column]
        if parts & LUMA_CODED and parts & SMALL:
            log_size = np.int64(3)
    return log_size


@inline_kernel
def is_coded(slab, component, row, column, band, part):
    """Return whether block `part` of a band of a component of the macroblock at (row, column) has coefficients."""
    coded = (slab.parts[band, row, column] >> component) & 1 != 0
    if component == 0:
        coded = coded and (slab.quarters[band, row, column] >> part) & 1 != 0
    return coded


@inline_kernel
def class_of(block):
    """Return the class of the band of a block."""
    return band_class(block.bands, block.mode, block.band)


@inline_kernel
def form_of(block):
    """Return the form of the coefficients of a block; the conditioning adds to it."""
    return np.int64(band_form(class_of(block), block.square.log_width == 3))


@inline_kernel
def square_within(block):
    """Return place and size of a block within its macroblock, as `blocks.layout.Block`."""
    square, inside = block.square, (MACROBLOCK if block.component == 0 else MACROBLOCK >> 1) - 1
    return Block(square.y & inside, square.x & inside, square.log_width, square.log_height)


@inline_kernel
def _condition_row(block):
    """Return the row of CONDITION_WEIGHTS for a block."""
    if block.bands == MAX_BANDS:
        return block.mode * MAX_BANDS + block.band
    return np.int64(PAIR_ROW if class_of(block) == PAIR_HIGH else UNCONDITIONED_ROW)


@inner_kernel
def condition(block, magnitudes, state):
    """Fill the form shifts of a block's nodes from the codewords at the same frequencies of the bands before.

    The shift of a group is 0, 2 or 4 if those codewords are zero, small or large. The shift of a node above follows
    from those of its children in the same way.

    Args:
        magnitudes: of BLOCK_SCRATCH.
        state: record of COEFFICIENT_STATE, whose form shifts are filled.
    """
    weights = CONDITION_WEIGHTS[_condition_row(block)]
    shifts = state.form_shifts
    depth = block.square.log_width - 1
    side = 1 << depth
    inner = square_within(block)
    top, left = inner.y >> 1, inner.x >> 1
    any_weight = 0
    for b in range(block.band):
        any_weight += weights[b]
    for gy in range(side):
        for gx in range(side):
            total = 0
            if any_weight > 0:
                for b in range(block.band):
                    total += weights[b] * magnitudes[block.component, b, top + gy, left + gx]
            shifts[depth, gy, gx] = 0 if total == 0 else (2 if total <= _FEW else 4)
    for d in range(depth - 1, -1, -1):
        for row in range(1 << d):
            for column in range(1 << d):
                total = np.int64(0)
                for k in range(4):
                    total += shifts[d + 1, 2 * row + (k >> 1), 2 * column + (k & 1)]
                shifts[d, row, column] = 0 if total == 0 else (2 if total <= _FEW else 4)


@inner_kernel
def store_magnitudes(block, coded, magnitudes, state):
    """Keep the magnitudes of a block's groups for the bands after it; zeros if it is not coded."""
    side = 1 << (block.square.log_width - 1)
    inner = square_within(block)
    top, left = inner.y >> 1, inner.x >> 1
    for gy in range(side):
        for gx in range(side):
            value = np.int32(0)
            if coded:
                value = state.magnitudes[gy + BORDER, gx + BORDER]
            magnitudes[block.component, block.band, top + gy, left + gx] = value


@inner_kernel
def mean_around(samples, y, x, size):
    """Return the rounded mean of the row above and the column to the left of a block; SAMPLE_MIDDLE without both."""
    total, count = np.int64(0), 0
    if y > 0:
        for j in range(size):
            total += samples[y - 1, x + j]
        count += size
    if x > 0:
        for i in range(size):
            total += samples[y + i, x - 1]
        count += size
    if count == 0:
        return np.int64(SAMPLE_MIDDLE)
    return (total + (count >> 1)) // count


@inner_kernel
def mean_within(samples, y, x, size):
    """Return the rounded mean of a block."""
    total = np.int64(0)
    for i in range(size):
        for j in range(size):
            total += samples[y + i, x + j]
    area = size * size
    return (total + (area >> 1)) // area


@inner_kernel
def predict_block(component, block, prediction):
    """Predict a block.

    The first band is predicted by the last frame if the macroblock is skipped. Otherwise pixel-like bands are predicted
    by a mean: the first band by the mean around the block, others by the mean of the same block of the first band. All
    other blocks are predicted by zeros.

    Args:
        component: Component; block: BandBlock.
        prediction: int32 (32, 32), filled in its corner.
    """
    y, x, size = block.square.y, block.square.x, 1 << block.square.log_width
    if block.skipped and block.band == 0:
        for i in range(size):
            for j in range(size):
                prediction[i, j] = component.last[y + i, x + j]
        return
    value = np.int64(0)
    if PIXEL_LIKE[class_of(block)]:
        first = component.samples[0]
        value = mean_around(first, y, x, size) if block.band == 0 else mean_within(first, y, x, size)
    for i in range(size):
        for j in range(size):
            prediction[i, j] = value


@inner_kernel
def reconstruct_block(component, block, used_width, used_height, prediction, scratch):
    """Write prediction plus the inverse of `scratch.coefficients` to a block, and clear the coefficients.

    Args:
        used_width, used_height: bounds of the nonzero coefficients; 0 means that there are none.
        scratch: record of BLOCK_SCRATCH.
    """
    y, x, log_size = block.square.y, block.square.x, block.square.log_width
    size = 1 << log_size
    target, residual = component.samples[block.band], scratch.residual
    if used_width > 0:
        transform_inverse(
            scratch.coefficients,
            log_size,
            log_size,
            np.int64(COSINE),
            used_width,
            used_height,
            scratch.between,
            residual,
        )
        for i in range(used_height):
            for j in range(used_width):
                scratch.coefficients[i, j] = 0
    for i in range(size):
        for j in range(size):
            value = prediction[i, j]
            if used_width > 0:
                value += residual[i, j]
            target[y + i, x + j] = min(max(value, -BAND_LIMIT), BAND_LIMIT)


@inner_kernel
def record_energy(component, block, total):
    """Note how much was coded of a block, 0 to 8, in the map of energies; `total` is the sum of its magnitudes."""
    y, x, log_size = block.square.y, block.square.x, block.square.log_width
    area_log = 2 * log_size
    value = min(8, ((total << 4) + (1 << area_log) - 1) >> area_log)
    size = 1 << log_size
    for i in range(y >> 3, (y + size) >> 3):
        for j in range(x >> 3, (x + size) >> 3):
            component.energy[block.band, i, j] = value
