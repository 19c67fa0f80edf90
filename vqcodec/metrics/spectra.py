"""Power spectra of speech in single precision, which is twice as fast and precise enough for spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def power_spectra(rows: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return the power spectra (rows, length // 2 + 1) of `rows`, padded with zeros to `length`."""
    spectra = np.fft.rfft(rows, length, axis=1).astype(np.complex64, copy=False)
    return spectra.real**2 + spectra.imag**2
