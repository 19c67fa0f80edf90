"""The position of a quality, 0 to 100, on the ladder of quantizer steps."""

from __future__ import annotations

_QUALITY_OF_BEND = 75.0
_INDEX_OF_BEND = 28.0  # step 11.3, close to quality 75 of other coders
_COARSEST_INDEX = 60.0
_FINEST_REACH, _REACH_LOST = 0.45, 0.003  # octaves of lambda worth one step of the ladder at index 0; loss an index


def ladder_position(quality: float) -> tuple[int, float]:
    """Return the step index and the factor of lambda for a quality of 0 to 100.

    The ladder has eight steps a doubling, half a decibel apart. Between two steps the factor changes lambda, so that
    size and PSNR change without jumps.
    """
    if quality >= _QUALITY_OF_BEND:
        position = _INDEX_OF_BEND * (100.0 - quality) / (100.0 - _QUALITY_OF_BEND)
    else:
        share = (_QUALITY_OF_BEND - quality) / _QUALITY_OF_BEND
        position = _INDEX_OF_BEND + (_COARSEST_INDEX - _INDEX_OF_BEND) * share
    index = int(position + 0.5)
    return index, 2.0 ** ((position - index) * (_FINEST_REACH - _REACH_LOST * index))
