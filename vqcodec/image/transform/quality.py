"""Quality 0 to 100 on the ladder of quantizer steps."""

from __future__ import annotations

_QUALITY_OF_BEND = 75.0
_INDEX_OF_BEND = 28.0  # step 11.3, near what quality 75 means elsewhere
_COARSEST_INDEX = 60.0
_FINEST_REACH, _REACH_LOST = 0.45, 0.003  # octaves of lambda that are worth a step of the ladder; less at each index


def ladder_position(quality: float) -> tuple[int, float]:
    """Step index and factor of lambda for a quality of 0 to 100.

    The ladder has eight steps a doubling, half a decibel apart. Between two of them the factor moves lambda, so far
    that size and PSNR change without seams.
    """
    if quality >= _QUALITY_OF_BEND:
        position = _INDEX_OF_BEND * (100.0 - quality) / (100.0 - _QUALITY_OF_BEND)
    else:
        share = (_QUALITY_OF_BEND - quality) / _QUALITY_OF_BEND
        position = _INDEX_OF_BEND + (_COARSEST_INDEX - _INDEX_OF_BEND) * share
    index = int(position + 0.5)
    return index, 2.0 ** ((position - index) * (_FINEST_REACH - _REACH_LOST * index))
