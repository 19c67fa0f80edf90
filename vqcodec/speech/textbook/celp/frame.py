"""A frame of fixed-rate CELP: its division, and its fields in the order in which they are written and read.

A frame is 240 samples (30 ms), four subframes of 60. Its fields are the level, the ten LSFs, and five fields for each
subframe (FORMAT.md, section 15).
"""

from __future__ import annotations

from dataclasses import replace

from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.textbook.fields import Field, Layout

BAND = replace(
    NARROWBAND, frame=240, subframe=60, lag_min=20, lag_max=147, lag_knees=(34, 77), lag_resolutions=(4, 3, 1)
)  # 256 lags, half of them of whole samples, as in FS1016
ORDER = BAND.order
SUBFRAME = BAND.subframe
SUBFRAMES = BAND.subframes

LEVEL_BITS, GAIN_BITS, CODEWORD_BITS, SIGN_BITS, MAGNITUDE_BITS = 6, 5, 9, 1, 4
LSF_BITS = (3, 4, 4, 4, 4, 3, 3, 3, 3, 3)
LAG_BITS, DELTA_BITS = 8, 6
LAGS, DELTAS, CODEWORDS = 1 << LAG_BITS, 1 << DELTA_BITS, 1 << CODEWORD_BITS

LEVEL, FIRST_LSF, FIRST_SUBFRAME = 0, 1, 1 + ORDER  # places of the fields of a frame
LAG, GAIN, CODEWORD, SIGN, MAGNITUDE = range(5)  # places of the fields of a subframe, from its first one on
SUBFRAME_FIELDS = 5


def _subframe_fields(number: int) -> list[Field]:
    return [
        Field("lags", DELTA_BITS if number % 2 else LAG_BITS),
        Field("adaptive gains", GAIN_BITS),
        Field("codewords", CODEWORD_BITS),
        Field("fixed gains", SIGN_BITS),
        Field("fixed gains", MAGNITUDE_BITS),
    ]


LAYOUT = Layout(
    [
        Field("levels", LEVEL_BITS),
        *(Field("lsf", bits) for bits in LSF_BITS),
        *(field for number in range(SUBFRAMES) for field in _subframe_fields(number)),
    ]
)
