"""A recording that still goes on: samples come, groups become ready, and what is done with is forgotten."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vqcodec.speech.bands import Band
from vqcodec.speech.celp.recording import WARM_UP_S, Recording
from vqcodec.speech.signal import analysis, weighting
from vqcodec.speech.signal.levels import Levels
from vqcodec.speech.signal.weighting import LevelMeter

_REMEMBERED_S = 300  # seconds of which the levels are measured: memory is bounded, and a new voice gets its due
_LEAST_RMS = 100.0  # sample steps: speech is hardly softer, so until some has come, noise is not coded as carefully

Samples = npt.NDArray[np.int16]


class Part(Recording):
    """What the coding of one group needs of a recording; the group keeps its number.

    Args:
        samples: int16 (n,), from sample number `begin` of the recording on.
        begin: number of the first sample.
        frames: of the recording so far.
        band: narrowband or wideband.
        group_frames: frames of a group.

    Attributes:
        number: of the group.
    """

    def __init__(self, samples: Samples, begin: int, frames: int, band: Band, group_frames: int) -> None:
        super().__init__(samples, band, group_frames)
        self.number = 0
        self._begin = begin
        self._frames = frames

    def with_levels(self, number: int, levels: Levels) -> Part:
        """Return this part for group `number`, with the levels of what the recording was until then."""
        self.number, self._levels = number, levels
        return self

    def _between(self, begin: int, end: int) -> Samples:
        return self.samples[max(0, begin - self._begin) : max(0, end - self._begin)]


class LiveRecording:
    """A recording whose samples come piece by piece.

    Args:
        band: narrowband or wideband.
        group_frames: frames of a group.

    Attributes:
        length: samples that have come.
    """

    def __init__(self, band: Band, group_frames: int) -> None:
        self._band = band
        self._group_frames = group_frames
        self._context = max(weighting.context_samples(band), analysis.context_samples(band))
        self._warm_up = self._context + round(WARM_UP_S * band.sample_rate)
        self._meter = LevelMeter(band, _REMEMBERED_S * band.sample_rate // band.subframe)
        self._pieces: list[Samples] = []
        self._begin = 0  # number of the first sample that is kept
        self._taken = 0  # groups
        self.length = 0

    def push(self, samples: Samples) -> list[Part]:
        """Take the next samples, int16 (n,); return the groups that are ready now.

        A group is ready when the samples behind it that its analysis uses are there.
        """
        self._pieces.append(samples)
        self.length += samples.size
        return self._ready((self.length - self._context) // self._band.frame // self._group_frames)

    def finish(self) -> list[Part]:
        """Return the groups that are left. No samples may follow."""
        frames = -(-self.length // self._band.frame)
        return self._ready(-(-frames // self._group_frames))

    def _ready(self, groups: int) -> list[Part]:
        """Return the groups up to number `groups`, each with the levels up to its end."""
        if groups <= self._taken:
            return []
        samples = np.concatenate(self._pieces)
        frames = -(-self.length // self._band.frame)
        parts = []
        group_samples = self._group_frames * self._band.frame
        for number in range(self._taken, groups):
            first = max(self._begin, number * group_samples - self._warm_up)
            last = (number + 1) * group_samples + self._context
            own = samples[first - self._begin : last - self._begin]
            part = Part(own, first, frames, self._band, self._group_frames)
            part.measure(number, self._meter)
            parts.append(part.with_levels(number, _at_least(self._meter.levels())))
        self._taken = groups
        kept = max(self._begin, groups * group_samples - self._warm_up)
        self._pieces = [samples[kept - self._begin :].copy()]
        self._begin = kept
        return parts


def _at_least(levels: Levels) -> Levels:
    """Return levels that are not below those of soft speech."""
    power = max(levels.power, _LEAST_RMS**2)
    return replace(levels, power=power, reference_db=max(levels.reference_db, 10 * math.log10(_LEAST_RMS**2)))
