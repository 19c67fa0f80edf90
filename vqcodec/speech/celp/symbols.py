"""All symbols of a group of packets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.speech.celp.speech_codebook import SpeechTableSet
from vqcodec.speech.excitation.trellis_state import Symbols, new_symbols
from vqcodec.speech.noise_floor.filling import Floors


class GroupSymbols(NamedTuple):
    """All symbols of a group.

    Attributes:
        excitation: symbols of the subframes.
        headers: uint8 (frames + 1,), of the LSF vectors; 0 for those that are not sent.
        stages: uint8 (frames + 1, stages), of the LSF vectors; 0 beyond a vector's depth.
        silent: uint8 (frames,), 1 for frames of silence.
        equalizer: uint8 (frames,), entries of the equalizer.
        floors: of the packets, each in the row of the packet's first frame.
    """

    excitation: Symbols
    headers: npt.NDArray[np.uint8]
    stages: npt.NDArray[np.uint8]
    silent: npt.NDArray[np.uint8]
    equalizer: npt.NDArray[np.uint8]
    floors: Floors

    @classmethod
    def empty(cls, frames: int, table_set: SpeechTableSet) -> GroupSymbols:
        """Return symbols that are all 0, to be filled in."""
        return cls(
            new_symbols(frames * table_set.band.subframes, table_set.band),
            np.zeros(frames + 1, dtype=np.uint8),
            np.zeros((frames + 1, table_set.lsf.stages), dtype=np.uint8),
            np.zeros(frames, dtype=np.uint8),
            np.zeros(frames, dtype=np.uint8),
            Floors.none(frames, table_set.lsf.stages),
        )

    @property
    def frames(self) -> int:
        """Number of frames of the group."""
        return len(self.silent)
