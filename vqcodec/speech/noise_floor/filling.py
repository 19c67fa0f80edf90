"""The noise floor: what pauses sound of, made by the decoder so that it neither stops nor switches on and off.

Room noise costs more bits than it is worth, and where only some of its frames are coded, it comes and goes. So a
packet may tell the floor's spectrum, as an LSF vector, and its level, that of the prediction error under that spectrum.
The decoder measures the prediction error of the finished speech, and where it is below the level, white noise filtered
by the spectrum makes up the difference (comfort noise, as in ITU-T G.729 Annex B, but filled up to, not switched to).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import inline_kernel, kernel
from vqcodec.speech.bands import Band
from vqcodec.speech.excitation.adaptive_codebook import add_taps
from vqcodec.speech.lsf_quantizer.codebook import UNIT, LsfCodebook
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices, reconstruct_lsf
from vqcodec.speech.signal.lsf import lsf_to_lpc

LEVEL_BITS = 5
MAX_LEVEL = (1 << LEVEL_BITS) - 1
LEVEL_DB = 2.0  # of a step: level v is a prediction error of 2 v - 8 dB, squared sample steps; 0 is no noise
_LEVEL_0_DB = -8.0
SAME, LEVEL, SPECTRUM = range(3)  # what a packet sends: nothing new, a level, a level and a spectrum
_FACTOR, _ADDEND, _MODULUS = 1664525, 1013904223, 1 << 32  # of the generator: Numerical Recipes, "quick and dirty"
_INAUDIBLE = 1e-9  # sample steps; noise that has died away to it is over
_SPREAD = math.sqrt(3.0)  # numbers spread evenly over -1..1, times this, have an rms of 1

DoubleArray = npt.NDArray[np.float64]


class Floors(NamedTuple):
    """The noise floors of a group's packets, each in the row of the packet's first frame.

    Attributes:
        sent: uint8 (frames,), what the packet sends: SAME, LEVEL or SPECTRUM.
        levels: uint8 (frames,), 0 for SAME.
        headers: uint8 (frames,), of the LSF vector of a SPECTRUM.
        stages: uint8 (frames, stages), likewise.
    """

    sent: npt.NDArray[np.uint8]
    levels: npt.NDArray[np.uint8]
    headers: npt.NDArray[np.uint8]
    stages: npt.NDArray[np.uint8]

    @classmethod
    def none(cls, frames: int, stages: int) -> Floors:
        """Return the floors of a group that has no noise."""
        sent, levels, headers = np.zeros((3, frames), np.uint8)
        return cls(sent, levels, headers, np.zeros((frames, stages), np.uint8))

    def in_force(self, codebook: LsfCodebook, packet_frames: int) -> tuple[DoubleArray, DoubleArray]:
        """Return (powers, predictors) of the packets: float64 (packets,) and (packets, order + 1).

        Args:
            codebook: of the LSF vectors.
            packet_frames: frames of a packet.
        """
        powers, vectors = [], []
        power, vector = 0.0, codebook.start * UNIT
        for first in range(0, len(self.sent), packet_frames):
            if self.sent[first] != SAME:
                power = floor_power(int(self.levels[first]))
            if self.sent[first] == SPECTRUM:
                indices = LsfIndices(self.headers[first : first + 1], self.stages[first : first + 1])
                vector = reconstruct_lsf(indices, codebook)[0]
            powers.append(power)
            vectors.append(vector)
        return np.array(powers), lsf_to_lpc(np.array(vectors))


def floor_power(level: int) -> float:
    """Return the power of the prediction error that a level stands for, squared sample steps."""
    return 10.0 ** ((_LEVEL_0_DB + LEVEL_DB * level) / 10) if level > 0 else 0.0


def nearest_level(decibels: float) -> int:
    """Return the level whose power is nearest."""
    return min(max(round((decibels - _LEVEL_0_DB) / LEVEL_DB), 0), MAX_LEVEL)


def fill_up(speech: DoubleArray, floors: Floors, codebook: LsfCodebook, packet_frames: int, band: Band) -> DoubleArray:
    """Return the speech of a group with noise where it is below the floor.

    Args:
        speech: float64 (frames * band.frame,), after all other filters.
        floors: of the group.
        codebook: of the LSF vectors.
        packet_frames: frames of a packet.
        band: narrowband or wideband.
    """
    if not floors.levels.any():
        return speech
    powers, predictors = floors.in_force(codebook, packet_frames)
    packet_samples = packet_frames * band.frame
    gains = np.empty(len(speech) // band.subframe)
    measure_gaps(speech, predictors, powers, packet_samples, np.empty(band.subframe), gains)
    filled = speech.copy()
    add_noise(predictors, gains, packet_samples, band.subframe, np.zeros(band.order + band.subframe), filled)
    return filled


@inline_kernel
def error_power(speech, start, predictor, errors):
    """Return the mean power of the prediction error of `errors.size` samples of `speech` from `start` on.

    Before the speech are zeros. `errors` is float64, room to work in.
    """
    length = errors.size
    for k in range(length):
        errors[k] = speech[start + k]
    order = predictor.size - 1
    whole = order - order % 4 if start >= order else 0
    for i in range(1, whole, 4):
        add_taps(predictor[i : i + 4], speech, start - i, 0, length, errors)
    for i in range(whole + 1, order + 1):
        weight = predictor[i]
        for k in range(max(i - start, 0), length):
            errors[k] += weight * speech[start + k - i]
    total = 0.0
    for k in range(length):
        total += errors[k] * errors[k]
    return total / length


@kernel
def measure_gaps(speech, predictors, powers, packet_samples, errors, gains):
    """Fill `gains`, float64 (subframes,), with the rms of white noise that brings each subframe up to the floor.

    `errors` is float64 (length of a subframe,), room to work in.
    """
    length = errors.size
    for subframe in range(gains.size):
        packet = subframe * length // packet_samples
        gains[subframe] = 0.0
        if powers[packet] > 0.0:
            power = error_power(speech, subframe * length, predictors[packet], errors)
            gains[subframe] = math.sqrt(max(powers[packet] - power, 0.0))


@kernel
def add_noise(predictors, gains, packet_samples, length, memory, speech):
    """Add to `speech` white noise of `gains` in the middle of subframes (lines between them), filtered by 1/A(z).

    Where there is no gain and the noise has died away, nothing is computed.

    Args:
        predictors: float64 (packets, order + 1).
        gains: float64 (subframes,).
        packet_samples, length: samples of a packet, and of a subframe.
        memory: float64 (order + length,), zeros, room to work in: the noise.
        speech: float64 (subframes * length,).
    """
    state = np.int64(0)
    half = length // 2
    order = memory.size - length
    for subframe in range(gains.size):
        gain = gains[subframe]
        before = gains[max(subframe - 1, 0)]
        after = gains[min(subframe + 1, gains.size - 1)]
        loudest = max(gain, max(before, after))
        for i in range(order):
            loudest = max(loudest, abs(memory[i]))
        if loudest < _INAUDIBLE:
            for _ in range(length):
                state = (state * _FACTOR + _ADDEND) & (_MODULUS - 1)
            for i in range(order):
                memory[i] = 0.0
            continue
        predictor = predictors[subframe * length // packet_samples]
        for k in range(length):
            state = (state * _FACTOR + _ADDEND) & (_MODULUS - 1)
            way = (k - half) / length
            other = after if way > 0.0 else before
            value = (gain + abs(way) * (other - gain)) * _SPREAD * (state / (_MODULUS / 2) - 1.0)
            for i in range(order):
                value -= predictor[i + 1] * memory[order + k - 1 - i]
            memory[order + k] = value
            speech[subframe * length + k] += value
        for i in range(order):
            memory[i] = memory[length + i]
