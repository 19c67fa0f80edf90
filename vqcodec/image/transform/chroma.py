"""At which size chroma is coded, and how finely: by what half size loses beside what quantization loses.

Half-size chroma saves bits where chroma is smooth. Coloured text and saturated edges lose more by it than by all
quantization. So the encoder measures the loss on the picture itself and estimates the loss of quantization from the
step. Their ratio chooses, and it also chooses how finely chroma of full size is coded, so that neither size nor
fidelity jumps where the choice changes.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec import metrics
from vqcodec.blocks.layout import SAMPLE_BITS, SAMPLE_MAX
from vqcodec.blocks.parameters import DEFAULT_CHROMA_STEP
from vqcodec.blocks.signal.transforms import cosine_matrix
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.image import colour, fine_colour
from vqcodec.image.transform.quality import ladder_position
from vqcodec.metrics.squared_error import PEAK

_SHARP_FROM = 0.3  # 3 % more bits then give 0.7 dB of RGB PSNR


class _Rule(NamedTuple):
    """How a tune chooses.

    Attributes:
        full_from: ratio of the losses from which on chroma has full size.
        full_from_quality: from this quality on at any ratio.
        half_step: step of half size.
        loss_that_shows: where half size loses less than this squared error, the ratio must be as much higher.
        coarsest_full_step: where full size begins.
        finest_full_step: at high ratios.
        steps_per_doubling: by how much the step gets finer when the ratio doubles.
    """

    full_from: float
    full_from_quality: float
    half_step: int
    loss_that_shows: float = 0.0
    coarsest_full_step: int = DEFAULT_CHROMA_STEP
    finest_full_step: int = DEFAULT_CHROMA_STEP
    steps_per_doubling: float = 0.0


# SSIM sees luma, and half-size chroma leaves it more bits. RGB PSNR gains by full size from a ratio of 0.15 on. Half
# size at -4 costs 2 % of the bits at equal SSIM, and keeps a sky blue at rates where chroma is a hundredth of them.
# Where full size begins, step 4 costs 2 to 6 % more than half size. SSIMULACRA2 loses by finer chroma, up to 9 %.
_RULES = {
    "visual": _Rule(0.5, 100.0, -5, 5.0, coarsest_full_step=4, finest_full_step=1, steps_per_doubling=1.0),
    "ssim": _Rule(0.5, 100.0, -4, coarsest_full_step=4, steps_per_doubling=2.0),
    "psnr": _Rule(0.15, 20.0, DEFAULT_CHROMA_STEP),
}

# Of the ratios to reach a PSNR: outside them one of the two sizes takes fewer bytes for certain.
_HALF_ALONE_BELOW, _FULL_ALONE_FROM = 0.08, 0.4

_SAMPLED_PIXELS, _STRIP = 1 << 20, 64
_CELL = 8
_COSINES = cosine_matrix(_CELL)
_LOST_BELOW, _QUANTIZATION_FACTOR = 0.08, 2.0  # fitted on 13 pictures at qualities 10 to 95, within a quarter


class ChromaCoding(NamedTuple):
    """How chroma is coded.

    Attributes:
        subsampling: "444" or "420".
        step: added to the step index, as `CodingParameters.chroma_step`.
        sharp: whether half-size chroma is sharpened for the decoder's interpolation.
    """

    subsampling: str
    step: int
    sharp: bool = False


def chroma_coding(samples: np.ndarray, quality: float, tune: str, chroma: str) -> ChromaCoding:
    """Return how the chroma of a picture, uint8 (height, width, 3), is coded.

    Args:
        quality: 0 to 100.
        tune: "visual", "ssim" or "psnr".
        chroma: "444", "420", or "auto" to choose by the picture.
    """
    rule = _RULES[tune]
    if chroma == "444" or (chroma == "auto" and quality >= rule.full_from_quality):
        return ChromaCoding("444", DEFAULT_CHROMA_STEP)
    losses = _losses(samples)
    ratio = losses.of_half_size / losses.of_quantization(quality)
    full_from = rule.full_from * math.hypot(1.0, rule.loss_that_shows / max(losses.of_half_size, 1e-3))
    if chroma == "420" or ratio < full_from:
        return ChromaCoding("420", rule.half_step, ratio >= _SHARP_FROM)
    step = rule.coarsest_full_step - rule.steps_per_doubling * math.log2(ratio / full_from)
    return ChromaCoding("444", max(round(step), rule.finest_full_step))


def sizes_to_try(samples: np.ndarray, psnr_db: float) -> list[str]:
    """Return the values of `chroma` that may reach a PSNR over all colour samples in the fewest bytes.

    Args:
        samples: uint8 (height, width, 3).
        psnr_db: the PSNR to reach, in dB.
    """
    ratio = _losses(samples).of_half_size / (PEAK**2 * 10 ** (-psnr_db / 10))
    if ratio >= _FULL_ALONE_FROM:
        return ["444"]
    return ["420"] if ratio < _HALF_ALONE_BELOW else ["420", "444"]


def halved(plane: npt.NDArray[np.int16], sharp: bool) -> npt.NDArray[np.int16]:
    """Return a chroma plane in 1/16 at half size. If `sharp`, it lies nearer to `plane` once the decoder doubles it."""
    half = colour.halve(plane)
    if not sharp:
        return half
    missing = colour.halve(plane - colour.double(half, *plane.shape))
    return np.clip(half + missing, 0, SAMPLE_MAX).astype(np.int16)


def _sampled(samples: np.ndarray) -> np.ndarray:
    """Return a picture that stands for a large one: strips of it, one below another, evenly spread."""
    height, width, _ = samples.shape
    strips = height // _STRIP
    wanted = max(1, _SAMPLED_PIXELS // (_STRIP * width))
    if strips <= wanted:
        return samples
    tops = _STRIP * (np.arange(wanted) * strips // wanted)
    return np.concatenate([samples[top : top + _STRIP] for top in tops])


class _Losses:
    """Mean squared errors of a picture, by half-size chroma and by quantization.

    Args:
        samples: of the picture, or of what stands for it, uint8 (height, width, 3).
    """

    def __init__(self, samples: np.ndarray) -> None:
        luma, *chroma = fine_colour.to_ycbcr(samples)
        doubled = [colour.double(colour.halve(plane), *plane.shape) for plane in chroma]
        full = fine_colour.to_rgb(luma, *chroma)  # so that the rounding of the conversion does not count
        self._luma = luma
        self.of_half_size = metrics.mse(full, fine_colour.to_rgb(luma, *doubled))
        """Error of the colours if chroma goes through half size, without any quantization."""

    @cached_property
    def _energies(self) -> np.ndarray:
        """The squares of the coefficients of the cosine transform of luma."""
        height, width = self._luma.shape
        whole = np.pad(self._luma, ((0, -height % _CELL), (0, -width % _CELL)), mode="edge") / float(1 << SAMPLE_BITS)
        cells = whole.reshape(whole.shape[0] // _CELL, _CELL, -1, _CELL).swapaxes(1, 2)
        return np.asarray((_COSINES @ cells @ _COSINES.T) ** 2)

    def of_quantization(self, quality: float) -> float:
        """Return about the error at a quality with chroma of full size.

        A coefficient of luma loses its energy if that is small beside the step, or else an error that the step alone
        says.
        """
        index, _ = ladder_position(quality)
        most = _LOST_BELOW * float(STEP_SIZES[index]) ** 2
        return max(_QUANTIZATION_FACTOR * float(np.minimum(self._energies, most).mean()), 1e-3)


def _losses(samples: np.ndarray) -> _Losses:
    """Return the errors of a picture, uint8 (height, width, 3)."""
    sampled = _sampled(samples)
    return _losses_of(sampled.tobytes(), *sampled.shape[:2])


@lru_cache(maxsize=1)  # a target tries several qualities of one picture
def _losses_of(samples: bytes, height: int, width: int) -> _Losses:
    writable = np.frombuffer(bytearray(samples), np.uint8)  # as kernels are compiled for
    return _Losses(writable.reshape(height, width, 3))
