"""What training collects from coded slabs: how often each symbol occurs, and where coefficients really lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CHROMA, LUMA, PLANE_TYPES
from vqcodec.blocks.search.leaf_search import load_residual
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.syntax.tokens import count_tokens
from vqcodec.blocks.training.statistics import collect_levels, new_statistics
from vqcodec.kernels.jit import kernel
from vqcodec.kernels.records import new_record
from vqcodec.video.st3d.layout import Planes, Slab
from vqcodec.video.st3d.search.quantizing import ENCODER_SCRATCH, step_size
from vqcodec.video.st3d.signal.blocks import (
    COMPONENTS,
    block_at,
    class_of,
    component_of,
    form_of,
    is_coded,
    luma_log_size,
    predict_block,
)


@kernel
def _collect_offsets(slab, bands, levels, number, scratch, offset_sums, offset_counts):
    """Add the coefficient statistics of the coded blocks of a component; macroblocks in raster order.

    Args:
        slab: `layout.Slab`, with its bands reconstructed.
        bands: int16 (bands, height, width), the bands of the component that were coded.
        levels: int16 of the same shape.
        number: 0 luma, 1 blue, 2 red.
        scratch: record of ENCODER_SCRATCH.
        offset_sums, offset_counts: see `blocks.training.statistics.PlaneStatistics`.
    """
    component = component_of(slab, number)
    values, state = scratch.quantizer.values, scratch.block.state
    for row in range(slab.maps.shape[1]):
        for column in range(slab.maps.shape[2]):
            log_size = luma_log_size(slab, row, column) if number == 0 else np.int64(3)
            for band in range(slab.luma.shape[0]):
                for part in range(4 if number == 0 and log_size == 3 else 1):
                    if not is_coded(slab, number, row, column, band, part):
                        continue
                    block = block_at(slab, number, row, column, band, part, log_size)
                    predict_block(component, block, scratch.prediction)
                    load_residual(bands[band], block.square, scratch.prediction, scratch.residual)
                    transform_forward(scratch.residual, log_size, log_size, np.int64(COSINE), scratch.between, values)
                    step = step_size(component.steps, class_of(block))
                    form = form_of(block)
                    collect_levels(levels[band], values, block.square, form, step, state, offset_sums, offset_counts)


class SlabCollector:
    """Collects from slabs as they are coded (an `encoder.Observer`).

    Attributes:
        statistics: by plane type.
    """

    def __init__(self) -> None:
        self.statistics = [new_statistics() for _ in PLANE_TYPES]
        self._scratch = new_record(ENCODER_SCRATCH)

    def tokens(self, plane_type: int, tokens: npt.NDArray[np.uint32]) -> None:
        """Count the symbols of tokens."""
        count_tokens(tokens, self.statistics[plane_type].counts)

    def slab(self, slab: Slab, bands: Planes, levels: Planes) -> None:
        """Add the coefficient statistics of a coded slab."""
        for number in range(COMPONENTS):
            sums = self.statistics[CHROMA if number else LUMA]
            pair = (bands.luma, levels.luma) if number == 0 else (bands.chroma[number - 1], levels.chroma[number - 1])
            _collect_offsets(slab, *pair, np.int64(number), self._scratch, sums.offset_sums, sums.offset_counts)
