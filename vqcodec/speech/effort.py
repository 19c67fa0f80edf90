"""How hard the encoder searches, by effort 0 to 9."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.speech.lsf_search import LsfEffort

MAX_EFFORT = 9
DEFAULT_EFFORT = 5


@dataclass(frozen=True)
class Effort:
    """Settings of the searches.

    Attributes:
        survivors: paths of the excitation. lag_candidates: of each. sweeps: of exchanges of pulses.
        exact: whether trained codevectors are compared by exact energies.
        lsf: of the LSF quantizer.
    """

    survivors: int
    lag_candidates: int
    sweeps: int
    exact: bool
    lsf: LsfEffort


EFFORTS = (
    Effort(1, 1, 0, False, LsfEffort(1, 2, 1)),
    Effort(1, 2, 0, False, LsfEffort(1, 4, 2)),
    Effort(2, 2, 0, False, LsfEffort(2, 4, 2)),
    Effort(2, 3, 1, False, LsfEffort(2, 8, 3)),
    Effort(3, 3, 1, False, LsfEffort(2, 8, 3)),
    Effort(4, 3, 1, False, LsfEffort(4, 8, 3)),
    Effort(6, 3, 1, True, LsfEffort(4, 16, 3)),
    Effort(8, 4, 2, True, LsfEffort(4, 16, 3)),
    Effort(12, 4, 2, True, LsfEffort(4, 16, 3)),
    Effort(16, 6, 2, True, LsfEffort(8, 32, 3)),
)
