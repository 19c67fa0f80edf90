"""How hard the encoder searches, by effort 0 to 9."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec.speech.bands import Band
from vqcodec.speech.lsf_quantizer.search import LsfEffort

_EXACT_FROM = 8


@dataclass(frozen=True)
class Effort:
    """How hard to search.

    Attributes:
        survivors, lag_candidates, sweeps: see `trellis_state.Search`.
        exact: whether to compare the trained codevectors by their exact filtered energies.
        lsf: of the LSF quantizer.
    """

    survivors: int
    lag_candidates: int
    sweeps: int
    exact: bool
    lsf: LsfEffort


_LSF = (
    LsfEffort(1, 2, 1),
    LsfEffort(1, 4, 2),
    LsfEffort(2, 4, 2),
    LsfEffort(2, 8, 3),
    LsfEffort(2, 8, 3),
    LsfEffort(8, 32, 3),
    LsfEffort(8, 32, 3),
    LsfEffort(8, 32, 3),
    LsfEffort(8, 32, 3),
    LsfEffort(8, 32, 3),
)
_LAG_CANDIDATES = {"nb": (1, 2, 2, 3, 3, 3, 3, 4, 4, 6), "wb": (1, 1, 2, 2, 2, 1, 2, 3, 4, 6)}
_SWEEPS = (0, 0, 0, 1, 2, 4, 4, 4, 8, 8)
_SURVIVORS = {"nb": (1, 1, 2, 3, 4, 6, 8, 12, 16, 32), "wb": (1, 1, 2, 2, 3, 4, 6, 8, 12, 16)}


def effort_for(band: Band, number: int) -> Effort:
    """Return the effort of `number`, 0 to 9; wideband, whose subframes are twice as long, keeps fewer paths."""
    return Effort(
        survivors=_SURVIVORS[band.name][number],
        lag_candidates=_LAG_CANDIDATES[band.name][number],
        sweeps=_SWEEPS[number],
        exact=number >= _EXACT_FROM,
        lsf=_LSF[number],
    )
