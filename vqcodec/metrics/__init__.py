"""Distortion measures on arrays, and the Bjontegaard comparison of rate-distortion curves. Imports numpy only.

`pictures` and `perceptual` list the measures that `compare` takes. To add one for pictures (speech), add its function
to `pictures.measure_pictures` (`perceptual.MEASURES`) and a field of its name to `reports.image.Comparison`
(`reports.speech.SpeechComparison`), with the label that the command line prints.
"""

from vqcodec.metrics.bjontegaard import bd_quality, bd_rate
from vqcodec.metrics.signal import segmental_snr, sqnr
from vqcodec.metrics.similarity import ssim, ssim_db
from vqcodec.metrics.squared_error import luma, mse, plane_psnr, psnr, psnr_611, psnr_rgb, ycbcr
from vqcodec.metrics.ssimulacra2 import ssimulacra2_seen
from vqcodec.metrics.transparency import psnr_seen

__all__ = [
    "bd_quality",
    "bd_rate",
    "luma",
    "mse",
    "plane_psnr",
    "psnr",
    "psnr_611",
    "psnr_rgb",
    "psnr_seen",
    "segmental_snr",
    "sqnr",
    "ssim",
    "ssim_db",
    "ssimulacra2_seen",
    "ycbcr",
]
