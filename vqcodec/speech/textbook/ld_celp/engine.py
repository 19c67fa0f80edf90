"""Engine speech/ld-celp: low-delay CELP at 16 kbit/s in the manner of ITU-T G.728.

Nothing is sent but 10 bits for each vector of 5 samples: 7 for its shape, 1 for its sign, 2 for its magnitude.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.textbook.coder import FixedRateCoder
from vqcodec.speech.textbook.fields import IntArray
from vqcodec.speech.textbook.ld_celp.codebook import ENGINE, tables_of
from vqcodec.speech.textbook.ld_celp.search import search_packet
from vqcodec.speech.textbook.ld_celp.synthesis import CYCLE, LAYOUT, SPEECH_REACH, clean_state, synthesize_cycles

BAND = replace(NARROWBAND, frame=CYCLE, subframe=CYCLE)
PACKET_CYCLES = 800  # 2 s


class LowDelayCelp(FixedRateCoder):
    """See the module."""

    engine = ENGINE
    band = BAND
    packet_units = PACKET_CYCLES
    layout = LAYOUT

    def search(self, recording: Recording, packet: int, codebook: Codebook) -> IntArray:
        """As `FixedRateCoder.search`."""
        return search_packet(*recording.weighted(packet), tables_of(codebook))[0]

    def synthesize(self, fields: IntArray, codebook: Codebook) -> npt.NDArray[np.float64]:
        """As `FixedRateCoder.synthesize`."""
        state = clean_state(len(fields))
        synthesize_cycles(fields, tables_of(codebook), state)
        return state.speech[SPEECH_REACH:]

    def check(self, codebook: Codebook) -> None:
        """As `FixedRateCoder.check`."""
        tables_of(codebook)


_CODER = LowDelayCelp()
encode, decode, count_bits, describe = _CODER.encode, _CODER.decode, _CODER.count_bits, _CODER.describe
open_live = _CODER.open_live
