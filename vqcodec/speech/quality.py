"""Signal-to-noise ratios of decoded speech, measured piece by piece, so that memory stays bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import UsageError
from vqcodec.metrics.signal import segmental_snr
from vqcodec.metrics.speech import weighted_segmental_snr

PIECE_S = 60  # seconds of a piece; segmental measures are means over the pieces, weighted by their lengths


@dataclass(frozen=True)
class Quality:
    """Signal-to-noise ratios in dB: infinite if there is no error, None if there is no signal.

    Attributes:
        sqnr_db: of the whole signal.
        segmental_snr_db: mean over segments of 20 ms.
        weighted_segmental_snr_db: mean over active segments of 20 ms, after the weighting filter.
    """

    sqnr_db: float | None
    segmental_snr_db: float | None
    weighted_segmental_snr_db: float | None


class QualityMeter:
    """Sums up the errors of any number of signals at one sampling rate, in Hz."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._signal = self._noise = 0.0
        self._sums = np.zeros(2)
        self._length = 0

    def add(self, original: NDArray[np.int16], decoded: NDArray[np.int16]) -> None:
        """Measure `decoded` against `original`, both int16 (samples,)."""
        piece = PIECE_S * self._rate
        for start in range(0, original.size, piece):
            self._add_piece(original[start : start + piece].astype(float), decoded[start : start + piece].astype(float))

    def result(self) -> Quality:
        """Return the measures over all signals added."""
        if self._signal == 0:
            return Quality(None, None, None)
        sqnr = math.inf if self._noise == 0 else 10 * math.log10(self._signal / self._noise)
        segmental, weighted = self._sums / self._length
        return Quality(sqnr, float(segmental), float(weighted))

    def _add_piece(self, original: NDArray[np.float64], decoded: NDArray[np.float64]) -> None:
        """Add the errors of one piece, (samples,)."""
        noise = original - decoded
        self._signal += float(original @ original)
        self._noise += float(noise @ noise)
        try:
            values = [measure(original, decoded, self._rate) for measure in (segmental_snr, weighted_segmental_snr)]
        except UsageError:  # silence throughout
            return
        self._sums += original.size * np.array(values)
        self._length += original.size
