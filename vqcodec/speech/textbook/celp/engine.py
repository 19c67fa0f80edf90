"""Engine speech/celp-fixed: CELP of 144 bits every 30 ms, 4.8 kbit/s, in the manner of FS1016."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.textbook.celp.codebook import ENGINE, tables_of
from vqcodec.speech.textbook.celp.frame import BAND, LAYOUT
from vqcodec.speech.textbook.celp.search import search_packet
from vqcodec.speech.textbook.celp.synthesis import synthesize_packet
from vqcodec.speech.textbook.coder import FixedRateCoder
from vqcodec.speech.textbook.fields import IntArray

PACKET_FRAMES = 60  # 1.8 s


class FixedRateCelp(FixedRateCoder):
    """See the module."""

    engine = ENGINE
    band = BAND
    packet_units = PACKET_FRAMES
    layout = LAYOUT

    def search(self, recording: Recording, packet: int, codebook: Codebook) -> IntArray:
        """As `FixedRateCoder.search`."""
        return search_packet(recording.group(packet), tables_of(codebook))[0]

    def synthesize(self, fields: IntArray, codebook: Codebook) -> npt.NDArray[np.float64]:
        """As `FixedRateCoder.synthesize`."""
        return synthesize_packet(fields, tables_of(codebook))

    def check(self, codebook: Codebook) -> None:
        """As `FixedRateCoder.check`."""
        tables_of(codebook)


_CODER = FixedRateCelp()
encode, decode, count_bits, describe = _CODER.encode, _CODER.decode, _CODER.count_bits, _CODER.describe
open_live = _CODER.open_live
