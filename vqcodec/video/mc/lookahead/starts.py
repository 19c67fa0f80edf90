"""Vectors that the search of a predicted frame starts from, beside those of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.search.leads import LEAST_SAMPLES, LEAST_SHARE, repeated_share
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.layout import FIRST_COUNT, GRID, InterFrame
from vqcodec.video.mc.lookahead.exact_matches import MATCHES, ExactMatches, Matches
from vqcodec.video.mc.lookahead.global_motion import VECTORS, GlobalMotion


class Starts(NamedTuple):
    """Vectors to each reference, as `search.search_records.Search` has them.

    Attributes:
        far: int64 (slots, VECTORS, 2), that many blocks share.
        matches: int16 (slots, rows / GRID, columns / GRID, 2 MATCHES), of blocks.
    """

    far: npt.NDArray[np.int64]
    matches: Matches


def repeats(luma: npt.NDArray[np.uint8]) -> bool:
    """Whether so much of a frame repeats within it that it is worth while to look for what was there before."""
    return luma.size >= LEAST_SAMPLES and repeated_share(luma) >= LEAST_SHARE


class StartFinder:
    """Finds vectors to start from for the frames of a group.

    Args:
        frames: of the group, in display order, of one size.
        looking: whether to look for anything.
        matching: whether to look for blocks that stand elsewhere in a reference, if the first frame repeats itself.
    """

    def __init__(self, frames: Sequence[Frame], *, looking: bool, matching: bool) -> None:
        self._motion = GlobalMotion(frames) if looking else None
        self._matches = ExactMatches(frames) if looking and matching and repeats(frames[0].luma) else None

    def starts(self, frame: InterFrame, time: int, slots: int) -> Starts:
        """Return the vectors for the frame at `time`: far ones to the nearest reference of each list, matches to all.

        Args:
            slots: number of the slots that references may be in.
        """
        far = np.zeros((slots, VECTORS, 2), dtype=np.int64)
        rows, columns = (side // GRID for side in frame.luma.samples.shape)
        matches = np.zeros((slots, *((rows, columns) if self._matches else (0, 0)), 2 * MATCHES), dtype=np.int16)
        for slot, (reference, nearest) in sorted(_references(frame).items()):
            if self._motion is not None and nearest:
                far[slot] = self._motion.vectors(time, reference)
            if self._matches is not None:
                found = self._matches.vectors(time, reference)
                matches[slot, : found.shape[0], : found.shape[1]] = found
        return Starts(far, matches)


def _references(frame: InterFrame) -> dict[int, tuple[int, bool]]:
    """Return the time of each reference of the group by its slot, and whether it is the nearest of a list."""
    found: dict[int, tuple[int, bool]] = {}
    for side, count in enumerate(frame.numbers[FIRST_COUNT:]):
        for entry in range(int(count)):
            slot, time = int(frame.slots[side, entry]), int(frame.times[side, entry])
            if time >= 0:  # frames of a memory are not in the group
                found[slot] = time, entry == 0 or found.get(slot, (time, False))[1]
    return found
