"""The blocks of a frame, and how they are predicted, from the maps that decoding leaves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CODED, LOG_HEIGHT, LOG_WIDTH, UNIT_LOG
from vqcodec.video.engines import FrameBlocks
from vqcodec.video.mc.decoder import DecodedFrame
from vqcodec.video.mc.layout import (
    EXPLICIT,
    FIRST_COLUMN,
    FIRST_REFERENCE,
    FIRST_ROW,
    GRID_LOG,
    INTRA,
    KIND,
    LOG_SIZE,
    MERGED,
    SECOND_COLUMN,
    SECOND_REFERENCE,
    SECOND_ROW,
    SHAPE,
    SKIPPED,
)

_NAMES = {INTRA: "intra", SKIPPED: "skipped", MERGED: "merged", EXPLICIT: "explicit"}
_QUARTERS = 4.0  # of a sample, in which vectors are


def blocks_of(decoded: DecodedFrame) -> FrameBlocks:
    """Return the blocks of a decoded frame."""
    if decoded.motion is None:
        assert decoded.partition is not None  # of an intra frame
        return _of_intra(decoded.place.kind, decoded.partition)
    assert decoded.times is not None
    return _of_predicted(decoded.place.kind, decoded.place.time, decoded.motion, decoded.times)


def _of_intra(kind: str, partition: npt.NDArray[np.uint8]) -> FrameBlocks:
    v, u = np.mgrid[: partition.shape[1], : partition.shape[2]] << UNIT_LOG
    sides = np.int64(1) << partition[[LOG_HEIGHT, LOG_WIDTH]].astype(np.int64)
    # A block lies at a multiple of its own sides, so only its first unit does
    first = (v % sides[0] == 0) & (u % sides[1] == 0)
    count = int(first.sum())
    return FrameBlocks(
        kind=kind,
        top=v[first].astype(np.int32),
        left=u[first].astype(np.int32),
        height=sides[0][first].astype(np.int32),
        width=sides[1][first].astype(np.int32),
        how=np.zeros(count, dtype=np.uint8),
        coded=partition[CODED][first] > 0,
        motion=np.zeros((count, 2, 2), dtype=np.float32),
        towards=np.zeros((count, 2), dtype=np.int32),
        names=("intra",),
    )


def _of_predicted(kind: str, time: int, motion: npt.NDArray[np.int16], times: npt.NDArray[np.int64]) -> FrameBlocks:
    v, u = np.mgrid[: motion.shape[1], : motion.shape[2]] << GRID_LOG
    side = np.int64(1) << motion[LOG_SIZE].astype(np.int64)
    first = (v % side == 0) & (u % side == 0)
    found = motion[:, first].astype(np.int64)
    vectors = found[[FIRST_ROW, FIRST_COLUMN, SECOND_ROW, SECOND_COLUMN]].T.reshape(-1, 2, 2) / _QUARTERS
    entries = found[[FIRST_REFERENCE, SECOND_REFERENCE]]
    towards = np.stack(
        [np.where(entry >= 0, times[side][entry] - time, 0) for side, entry in enumerate(entries)], axis=1
    )
    names = tuple(_NAMES.values())
    numbers = np.zeros(max(_NAMES) + 1, dtype=np.uint8)
    for number, value in enumerate(_NAMES):
        numbers[value] = number
    return FrameBlocks(
        kind=kind,
        top=v[first].astype(np.int32),
        left=u[first].astype(np.int32),
        height=side[first].astype(np.int32),
        width=side[first].astype(np.int32),
        how=numbers[found[KIND]],
        coded=found[SHAPE] != 0,
        motion=np.where(towards[:, :, None] != 0, vectors, 0).astype(np.float32),
        towards=towards.astype(np.int32),
        names=names,
    )
