"""Log-spectral distortion between two all-pole spectra, the usual measure of LSF quantizers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.errors import UsageError

BANDS_HZ = {8000: (60.0, 3500.0), 16000: (60.0, 7000.0)}  # the range over which distortion is measured
_FFT_LENGTH = 512
_OUTLIER_DB = 2.0
_FAR_OUTLIER_DB = 4.0


class SpectralDistortion(NamedTuple):
    """The mean distortion of frames in dB, and the shares (0 to 1) of frames above 2 dB and above 4 dB."""

    mean_db: float
    above_2_db: float
    above_4_db: float


def spectral_distortion(original: npt.ArrayLike, quantized: npt.ArrayLike, sample_rate: int) -> npt.NDArray[np.float64]:
    """Return the root mean square difference in dB of the spectra 1/|A|^2 of predictors, by frame: shape (frames,).

    Args:
        original, quantized: A(z), shape (frames, order + 1), with coefficient 0 equal to 1.
        sample_rate: Hz. The range of frequencies is that in BANDS_HZ; for other rates it ends at 7/16 of the rate.

    Source: K. K. Paliwal and B. S. Atal, "Efficient vector quantization of LPC parameters at 24 bits/frame", IEEE
        Trans. Speech and Audio Processing 1993.

    Raises:
        UsageError: the shapes differ.
    """
    first, second = np.asarray(original, np.float64), np.asarray(quantized, np.float64)
    if first.shape != second.shape or first.ndim != 2:
        raise UsageError(f"spectral distortion compares predictors of one shape: got {first.shape} and {second.shape}")
    low, high = BANDS_HZ.get(sample_rate, (60.0, sample_rate * 7 / 16))
    frequencies = np.arange(_FFT_LENGTH // 2 + 1) * (sample_rate / _FFT_LENGTH)
    within = (frequencies >= low) & (frequencies <= high)
    ratio = np.abs(np.fft.rfft(second, _FFT_LENGTH)) / np.abs(np.fft.rfft(first, _FFT_LENGTH))
    return np.sqrt(np.mean((20 * np.log10(ratio[:, within])) ** 2, axis=1))


def summarize_distortion(distortion_db: npt.ArrayLike) -> SpectralDistortion:
    """Return the mean and the outliers of the distortion of frames, by which LSF quantizers are judged.

    A quantizer is called transparent if the mean is at most 1 dB, less than 2 % of the frames are above 2 dB, and none
    is above 4 dB.

    Raises:
        UsageError: there is no frame.
    """
    values = np.asarray(distortion_db, np.float64)
    if not values.size:
        raise UsageError("spectral distortion of no frames")
    return SpectralDistortion(
        float(values.mean()), float((values > _OUTLIER_DB).mean()), float((values > _FAR_OUTLIER_DB).mean())
    )
