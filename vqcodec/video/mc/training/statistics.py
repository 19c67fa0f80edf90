"""What training collects from coded groups: symbols, positions of coefficients, sums for the restoration filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CODED, LOG_WIDTH, UNIT_LOG, Block
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.picture_planes import rounded
from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH, load_residual
from vqcodec.blocks.signal.restoration import FilterSums
from vqcodec.blocks.signal.restoration import collect as collect_filter
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.contexts import OFFSET_CELLS, PATTERN_SYMBOLS
from vqcodec.blocks.syntax.significance import COEFFICIENT_STATE
from vqcodec.blocks.training.outcome import CodedSums
from vqcodec.blocks.training.statistics import Collector, PlaneStatistics, collect_levels, new_statistics
from vqcodec.kernels.jit import kernel
from vqcodec.kernels.records import new_record, record_type
from vqcodec.video.mc.contexts import POOLS
from vqcodec.video.mc.layout import FIRST_REFERENCE, GRID_LOG, INTRA, KIND, MOTION, InterFrame, Sources
from vqcodec.video.mc.model.adaptation import FrameCounts, new_counts
from vqcodec.video.mc.model.tables import PLANE_TYPES, PREDICTED_CLASSES
from vqcodec.video.mc.motion.prediction import MOTION_SCRATCH, predict_chroma_motion, predict_luma_motion
from vqcodec.video.mc.motion.reconstruction import transform_form

_SCRATCH = record_type(leaf=LEAF_SCRATCH, motion=MOTION_SCRATCH, current=(np.int64, MOTION), state=COEFFICIENT_STATE)


@kernel
def _collect_offsets(frame, plane_number, source, scratch, sums, counts):
    """Add the coefficient statistics of the blocks with motion of one plane.

    Transforms are found in the maps in raster order: unlike writing, collecting does not depend on coding order.

    Args:
        plane_number: 0 luma, 1 blue, 2 red.
        source: int16, the plane that was coded, in 1/16.
        scratch: record of _SCRATCH.
        sums, counts: offset sums and counts of `blocks.training.statistics.PlaneStatistics`.
    """
    plane = frame.luma if plane_number == 0 else (frame.blue if plane_number == 1 else frame.red)
    step = STEP_SIZES[plane.steps[0, 0]]
    shift = GRID_LOG - UNIT_LOG if plane_number == 0 else GRID_LOG - UNIT_LOG - 1
    leaf = scratch.leaf
    for v in range(plane.blocks.shape[1]):
        for u in range(plane.blocks.shape[2]):
            log_size = np.int64(plane.blocks[LOG_WIDTH, v, u])
            y, x, size = np.int64(v) << UNIT_LOG, np.int64(u) << UNIT_LOG, np.int64(1) << log_size
            begins = ((y | x) & (size - 1)) == 0
            grid_row, grid_column = v >> shift, u >> shift
            coded = plane.blocks[CODED, v, u] != 0
            if not begins or not coded or frame.motion[KIND, grid_row, grid_column] == INTRA:
                continue
            for k in range(MOTION):
                scratch.current[k] = frame.motion[FIRST_REFERENCE + k, grid_row, grid_column]
            prediction = leaf.block.prediction
            if plane_number == 0:
                predict_luma_motion(frame, y, x, size, size, scratch.current, scratch.motion, prediction)
            else:
                predict_chroma_motion(
                    frame, plane_number - 1, y, x, size, size, scratch.current, scratch.motion, prediction
                )
            block = Block(y, x, log_size, log_size)
            load_residual(source, block, prediction, leaf.residual)
            values = leaf.quantizer.values
            transform_forward(leaf.residual, log_size, log_size, np.int64(COSINE), leaf.between, values)
            form = transform_form(log_size)
            collect_levels(plane.levels, values, block, form, step, scratch.state, sums, counts)


@dataclass
class ClassStatistics:
    """Sums over frames of one class at one rung.

    Attributes:
        counts: of symbols, by pool.
        offset_sums, offset_counts: as in `blocks.training.statistics.PlaneStatistics`, by plane type.
        filters: sums for the restoration filter, by plane type; zeros if they are not collected.
    """

    counts: FrameCounts = field(default_factory=new_counts)
    offset_sums: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((PLANE_TYPES, OFFSET_CELLS, PATTERN_SYMBOLS, 4), dtype=np.int64)
    )
    offset_counts: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((PLANE_TYPES, OFFSET_CELLS, PATTERN_SYMBOLS), dtype=np.int64)
    )
    filters: list[FilterSums] = field(default_factory=lambda: [FilterSums.zeros() for _ in range(PLANE_TYPES)])

    def add(self, other: ClassStatistics) -> None:
        """Add the sums of `other` in place."""
        for mine, theirs in zip(self.counts, other.counts):
            mine += theirs
        self.offset_sums += other.offset_sums
        self.offset_counts += other.offset_counts
        self.filters = [mine + theirs for mine, theirs in zip(self.filters, other.filters)]


@dataclass
class GroupStatistics:
    """Sums over groups at one rung.

    Attributes:
        classes: of predicted frames, by class.
        intra: of intra frames, by plane type.
        intra_filters: sums for the restoration filter of intra frames, by plane type.
        coded: what the groups take.
    """

    classes: list[ClassStatistics] = field(
        default_factory=lambda: [ClassStatistics() for _ in range(PREDICTED_CLASSES)]
    )
    intra: list[PlaneStatistics] = field(default_factory=lambda: [new_statistics() for _ in range(PLANE_TYPES)])
    intra_filters: list[FilterSums] = field(default_factory=lambda: [FilterSums.zeros() for _ in range(PLANE_TYPES)])
    coded: CodedSums = field(default_factory=CodedSums)

    def add(self, other: GroupStatistics) -> None:
        """Add the sums of `other` in place."""
        for mine, theirs in zip(self.classes, other.classes):
            mine.add(theirs)
        for plane, more in zip(self.intra, other.intra):
            plane.add(more)
        self.intra_filters = [mine + theirs for mine, theirs in zip(self.intra_filters, other.intra_filters)]
        self.coded.add(other.coded)


def counts_by_pool(sums: Sequence[GroupStatistics]) -> dict[str, npt.NDArray[np.int64]]:
    """Return how often symbols occurred in predicted frames, int64 (rungs * classes * contexts, symbols), by pool."""
    classes = [one for of_rung in sums for one in of_rung.classes]
    return {pool.name: np.concatenate([one.counts[number] for one in classes]) for number, pool in enumerate(POOLS)}


class GroupCollector:
    """Collects from frames as they are coded (an `encoder.Observer`).

    Args:
        intra: the picture model of intra frames.
        step_index: quantizer step of intra frames.
        filters: whether to collect sums for the restoration filters.

    Attributes:
        statistics: the sums so far.
    """

    def __init__(self, intra: Model, step_index: int, filters: bool) -> None:
        self.statistics = GroupStatistics()
        self._tables = [intra.search_tables(kind, intra.rung_of(step_index)) for kind in range(PLANE_TYPES)]
        self._filters = filters
        self._collector = Collector()
        self._scratch = new_record(_SCRATCH)

    def intra(self, searched: Sequence[SearchedPlane], sources: Sources) -> None:
        """Add an intra frame."""
        for number, plane in enumerate(searched):
            kind = min(number, 1)
            if self._filters:
                sums = self.statistics.intra_filters
                sums[kind] = sums[kind] + collect_filter(rounded(sources[number]), plane.plane)
            self._collector.collect(plane, self._tables[kind], self.statistics.intra[kind])

    def predicted(self, frame_class: int, frame: InterFrame, sources: Sources, counts: FrameCounts) -> None:
        """Add a predicted frame of class `frame_class`."""
        into = self.statistics.classes[frame_class]
        for mine, found in zip(into.counts, counts):
            mine += found
        for number in range(3):
            kind = min(number, 1)
            _collect_offsets(
                frame,
                np.int64(number),
                sources[number],
                self._scratch,
                into.offset_sums[kind],
                into.offset_counts[kind],
            )
        if self._filters:
            for number, plane in enumerate((frame.luma, frame.blue, frame.red)):
                kind = min(number, 1)
                into.filters[kind] = into.filters[kind] + collect_filter(rounded(sources[number]), plane)
