"""Places that blocks may be copied from, for a whole plane; and whether a picture repeats enough for that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import UNIT
from vqcodec.blocks.picture_planes import Samples, padded_source, tile_rectangles
from vqcodec.blocks.search.repeats import LEADS, LEVELS, find_leads, hash_windows

Leads = npt.NDArray[np.int64]

NO_LEADS: Leads = np.zeros((0, 0, 0, 0), dtype=np.int64)
LEAST_SHARE = 0.02  # of 8x8 blocks that repeat, for copying to be tried
_TESTED = 8  # samples a side
_LEAST_EQUAL = 0.4  # of samples that are like the one to their left; at most 0.4 of photographs, most of screenshots
LEAST_SAMPLES = 64 * 64  # of a picture; in a smaller one little repeats, and its header would take more


def _leads_of(source: npt.NDArray[np.int16], side: int, leads: Leads) -> int:
    """Call both kernels with working arrays."""
    hashes = np.zeros(source.shape, dtype=np.uint64)
    hash_windows(source, side, hashes)
    heads = np.full(1 << max(source.size - 1, 1).bit_length(), -1, dtype=np.int32)
    return int(find_leads(source, side, hashes, heads, np.empty(source.shape, dtype=np.int32), leads))


def plane_leads(source: npt.NDArray[np.int16]) -> Leads:
    """Return int64 (LEVELS, height / 4, width / 4, LEADS): places that blocks of a padded plane may be copied from.

    Args:
        source: int16 (height, width), padded to whole units.
    """
    leads = np.full((LEVELS, source.shape[0] // UNIT, source.shape[1] // UNIT, LEADS), -1, dtype=np.int64)
    for level in range(LEVELS):
        _leads_of(source, UNIT << level, leads[level])
    return leads


def picture_repeats(luma: Samples) -> bool:
    """Whether so much of the first plane of a picture repeats, within its tiles, that copying is worth a try."""
    if luma.size < LEAST_SAMPLES or not is_drawn(luma):
        return False
    return repeated_share(luma) >= LEAST_SHARE


def is_drawn(luma: Samples) -> bool:
    """Whether the first plane of a picture looks drawn: many samples are like their neighbours."""
    return bool(np.count_nonzero(luma[:, 1:] == luma[:, :-1]) >= _LEAST_EQUAL * luma.size)


def repeated_share(luma: Samples) -> float:
    """Return the part of a plane's samples that lie in 8x8 blocks, not flat, that repeat within their tile."""
    repeated = 0
    for tile in tile_rectangles((luma.shape[0], luma.shape[1])):
        source = padded_source(tile.of(luma))
        leads = np.full((source.shape[0] // UNIT, source.shape[1] // UNIT, LEADS), -1, dtype=np.int64)
        repeated += _leads_of(source, _TESTED, leads)
    return repeated * _TESTED**2 / luma.size


def guiding_leads(leads: Leads, subsampling: str, rows: int, columns: int) -> Leads:
    """Return luma's leads for a plane of so many units: the same at full size, none at half size.

    There the places of luma's blocks are candidates.
    """
    if subsampling != "420" or not len(leads):
        return leads
    return np.full((LEVELS, rows, columns, LEADS), -1, dtype=np.int64)
