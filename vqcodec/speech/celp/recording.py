"""A recording as the encoder sees it: samples cut into groups, each with its analysis and weighting."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.errors import UsageError
from vqcodec.speech.bands import Band
from vqcodec.speech.signal import analysis, weighting
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.highpass import HighPass
from vqcodec.speech.signal.levels import Levels
from vqcodec.speech.signal.weighting import LevelMeter, Weighting

WARM_UP_S = 0.3  # seconds after which the start of the high-pass from zero no longer matters

DoubleArray = npt.NDArray[np.float64]


class Recording:
    """A recording to encode. Only its samples are kept, so that long recordings fit into memory.

    Args:
        samples: (n,), in the range of 16-bit samples, of any real type.
        band: narrowband or wideband.
        group_frames: frames of a group.

    Raises:
        UsageError: `samples` are not one row of finite numbers.
    """

    def __init__(self, samples: npt.ArrayLike, band: Band, group_frames: int) -> None:
        self.samples = np.asarray(samples)
        if self.samples.ndim != 1 or self.samples.dtype.kind not in "iuf":
            raise UsageError(f"speech is one row of numbers, not {self.samples.dtype} of shape {self.samples.shape}")
        if self.samples.dtype.kind == "f" and not np.isfinite(self.samples).all():
            raise UsageError("the speech has samples that are no numbers; repair them first")
        self._band = band
        self._frames = -(-len(self.samples) // band.frame)
        self._group_frames = group_frames
        self._levels: Levels | None = None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self._band.sample_rate

    @property
    def groups(self) -> int:
        """Number of groups."""
        return -(-self._frames // self._group_frames)

    @property
    def levels(self) -> Levels:
        """Levels of the whole recording, measured at the first use."""
        if self._levels is None:
            meter = LevelMeter(self._band)
            for number in range(self.groups):
                self.measure(number, meter)
            self._levels = meter.levels()
        return self._levels

    def measure(self, number: int, meter: LevelMeter) -> None:
        """Add the levels of group `number` to those that `meter` has measured."""
        _, frames = self._extent(number)
        signal, lead = self._filtered(number, weighting.context_samples(self._band))
        meter.add(signal, lead=lead, subframes=frames * self._band.subframes)

    def group(self, number: int) -> GroupSignal:
        """Return the samples of group `number`, its analysis and its weighting."""
        _, frames = self._extent(number)
        context = max(weighting.context_samples(self._band), analysis.context_samples(self._band))
        signal, lead = self._filtered(number, context)
        return GroupSignal(
            signal=self._cut(signal, lead, frames),
            analysis=analysis.analyse(signal, self._band, lead=lead, frames=frames),
            weighting=self._weighting(signal, lead, frames),
            reference_db=self.levels.reference_db,
            active_db=10 * math.log10(self.levels.power),
        )

    def weighted(self, number: int) -> tuple[DoubleArray, Weighting]:
        """Return the samples of group `number` and their weighting, for coders that do not send the spectrum."""
        _, frames = self._extent(number)
        signal, lead = self._filtered(number, weighting.context_samples(self._band))
        return self._cut(signal, lead, frames), self._weighting(signal, lead, frames)

    def _cut(self, signal: DoubleArray, lead: int, frames: int) -> DoubleArray:
        """Return the samples of `frames` frames from sample `lead` on, filled up with zeros after the end."""
        part = signal[lead : lead + frames * self._band.frame]
        return np.concatenate([part, np.zeros(frames * self._band.frame - len(part))])

    def _weighting(self, signal: DoubleArray, lead: int, frames: int) -> Weighting:
        return weighting.weighting(signal, self._band, self.levels, lead=lead, subframes=frames * self._band.subframes)

    def _extent(self, number: int) -> tuple[int, int]:
        """Return (first frame, number of frames) of a group."""
        first = number * self._group_frames
        return first, min(self._group_frames, self._frames - first)

    def _between(self, begin: int, end: int) -> npt.NDArray:
        """Return the samples from one number up to another, or to the end."""
        return self.samples[begin:end]

    def _filtered(self, number: int, context: int) -> tuple[DoubleArray, int]:
        """Return the high-passed samples of a group with `context` on both sides, and how many precede the group."""
        first, frames = self._extent(number)
        start = first * self._band.frame
        begin = max(0, start - context)
        warm = max(0, begin - round(WARM_UP_S * self._band.sample_rate))
        part = self._between(warm, start + frames * self._band.frame + context)
        signal = HighPass(self._band).filter(part.astype(np.float64))
        return signal[begin - warm :], start - begin


@dataclass(frozen=True)
class GroupSignal:
    """A group as the encoder sees it.

    Attributes:
        signal: float64 (frames * band.frame,), high-passed.
        analysis: of its frames.
        weighting: of its subframes.
        reference_db: level of speech of the whole recording, dB of a squared sample step.
        active_db: mean level of the recording without its pauses, likewise.
    """

    signal: DoubleArray
    analysis: Analysis
    weighting: Weighting
    reference_db: float
    active_db: float
