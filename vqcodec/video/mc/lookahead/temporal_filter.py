"""Smoothing of source frames along the motion before they are coded; a choice of the encoder alone.

Noise in a reference costs bits twice: in the frame itself, and in each frame predicted from it. So frames of low levels
are averaged with their neighbours in time, aligned block by block. A neighbour's sample counts less if it differs from
the frame's own sample (a bilateral filter); with a finer step, smaller differences already count less. Blocks without a
good match in the neighbour count less, too.

Source: J. Enhorn, R. Sjöberg and P. Wennersten, "A temporal pre-filter for video coding based on bilateral
filtering", ICIP 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS
from vqcodec.blocks.signal.interpolation import BETWEEN_ROWS, pad_reference
from vqcodec.kernels.jit import inline_kernel, kernel
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.exposure import STEADY, Exposures
from vqcodec.video.mc.layout import BORDER, GRID, ROOT, Sources
from vqcodec.video.mc.motion.interpolation import PHASES, interpolate_phases, predict_chroma
from vqcodec.video.mc.planes import padded_planes

LEVEL_STRENGTHS = (0.6, 0.6, 0.38)  # by level of the hierarchy; higher levels are not smoothed
_WEIGHTS_BOTH = (0.85, 0.57, 0.41, 0.33)  # of an equal sample, by distance, in frames with neighbours on both sides
_WEIGHTS_ONE = (1.13, 0.97, 0.81, 0.57)  # likewise, with neighbours on one side; the frame's own samples count 1
_DIFFERENCES = 256 << SAMPLE_BITS  # number of possible differences
_SPREAD_AN_OCTAVE = 4.5  # spread of the differences that count, in samples, for each octave of the step above 2
_LEAST_SPREAD = 0.5
_FIRST_DISTANCE, _NEXT_DISTANCE = 64, 16  # first distance of the vector search, in quarters of a sample
_GOOD, _FAIR = 4.0, 8.0  # mean absolute differences of blocks, in samples; blocks below _GOOD count in full
_FAIR_TRUST, _POOR_TRUST = 0.6, 0.3  # weights of blocks below _FAIR, and of all others

FloatArray = npt.NDArray[np.float32]


class Smoothed(NamedTuple):
    """A smoothed frame.

    Attributes:
        planes: of the frame.
        errors: see `importance.Errors`; empty if the frame was not smoothed.
    """

    planes: Sources
    errors: dict[tuple[int, int], FloatArray]


class TemporalFilter:
    """Smooths the frames of a group.

    Args:
        frames: of the group, in display order, of one size.
        exposures: of the frames.
    """

    def __init__(self, frames: Sequence[Frame], exposures: Exposures = STEADY) -> None:
        self._frames = frames
        self._exposures = exposures
        height, width = padded_planes(frames[0]).luma.shape
        padded = height + 2 * BORDER, width + 2 * BORDER
        self._luma, self._between = np.zeros(padded, np.int16), np.zeros(padded, np.int16)
        self._phases = np.zeros((PHASES, *padded), np.int16)
        self._chroma = np.zeros((2, height // 2 + BORDER, width // 2 + BORDER), np.int16)
        self._scratch = np.zeros((2, ROOT + BETWEEN_ROWS, ROOT), np.int32)
        self._errors = np.zeros((height // GRID, width // GRID), np.float32)

    def smoothed(self, time: int, level: int, step: float) -> Smoothed:
        """Return the frame at `time`, smoothed if its level is low.

        Args:
            time: number of the frame in the group.
            level: of the frame in the hierarchy, from 0.
            step: quantizer step of the frame, in samples.
        """
        own = padded_planes(self._frames[time])
        errors: dict[tuple[int, int], FloatArray] = {}
        if level >= len(LEVEL_STRENGTHS):
            return Smoothed(own, errors)
        weights = _WEIGHTS_BOTH if 0 < time < len(self._frames) - 1 else _WEIGHTS_ONE
        spread = max(_SPREAD_AN_OCTAVE * np.log2(step / 2), _LEAST_SPREAD) * (1 << SAMPLE_BITS)
        agreement = LEVEL_STRENGTHS[level] * np.exp(-0.5 * (np.arange(_DIFFERENCES) / spread) ** 2)
        sums = [plane.astype(np.float32) for plane in own]
        totals = [np.ones(plane.shape, np.float32) for plane in own]
        for direction in (-1, 1):
            motion = np.zeros((*self._errors.shape, 2), np.int16)
            for distance, weight in enumerate(weights, 1):
                neighbour = time + direction * distance
                if not 0 <= neighbour < len(self._frames):
                    break
                self._load(self._as_bright(time, neighbour))
                first = np.int64(_FIRST_DISTANCE if distance == 1 else _NEXT_DISTANCE)
                _track(own.luma, self._phases, first, motion, self._errors)
                errors[direction, distance] = self._errors.copy()
                self._add(own, motion, (weight * agreement).astype(np.float32), sums, totals)
        return Smoothed(Sources(*(np.rint(a / b).astype(np.int16) for a, b in zip(sums, totals))), errors)

    def _as_bright(self, time: int, neighbour: int) -> Sources:
        """Return the planes of a neighbour, as bright as the frame at `time`."""
        planes = padded_planes(self._frames[neighbour])
        weight = self._exposures.weight(time, neighbour)
        if weight is None:
            return planes
        return Sources(weight.luma(planes.luma), weight.chroma(planes.blue), weight.chroma(planes.red))

    def _load(self, planes: Sources) -> None:
        """Take in a neighbour: pad its planes and interpolate its luma."""
        pad_reference(planes.luma, BORDER, self._luma)
        interpolate_phases(self._luma, self._between, self._phases)
        for number, plane in enumerate((planes.blue, planes.red)):
            pad_reference(plane, BORDER // 2, self._chroma[number])

    def _add(
        self,
        own: Sources,
        motion: npt.NDArray[np.int16],
        table: FloatArray,
        sums: Sequence[FloatArray],
        totals: Sequence[FloatArray],
    ) -> None:
        """Add the samples of the neighbour along `motion` to `sums`, and their weights to `totals`.

        Args:
            table: weights by absolute difference, float32 (_DIFFERENCES,).
            sums, totals: for luma, blue and red.
        """
        _add_luma(own.luma, self._phases, motion, self._errors, table, sums[0], totals[0])
        for number, plane in enumerate((own.blue, own.red)):
            reference = self._chroma[number]
            where = motion, self._errors, table, self._scratch, sums[1 + number], totals[1 + number]
            _add_chroma(plane, reference, *where)


@inline_kernel
def _difference(target, phases, y, x, row, column):
    """Return the sum of absolute differences between the block at (y, x) and its match in the neighbour.

    Args:
        row, column: displacement of the match, in quarters of a sample.

    Returns:
        int32, in 1/16; a very large number if the match lies beyond the border.
    """
    plane = phases[4 * (row & 3) + (column & 3)]
    top, left = y + (row >> 2) + BORDER, x + (column >> 2) + BORDER
    if top < 4 or left < 4 or top + GRID + 4 > plane.shape[0] or left + GRID + 4 > plane.shape[1]:
        return np.int32(1 << 30)
    total = np.int32(0)
    for i in range(GRID):
        here, there = target[y + i, x : x + GRID], plane[top + i, left : left + GRID]
        for j in range(GRID):
            total += abs(np.int32(here[j]) - np.int32(there[j]))
    return total


@kernel
def _track(target, phases, first, motion, errors):
    """Find the match of each block of `target` in a neighbour.

    Args:
        target: int16 (rows, columns), in 1/16.
        phases: int16 (PHASES, rows + 2 BORDER, columns + 2 BORDER), of the neighbour.
        first: first distance of the search, in quarters of a sample.
        motion: int16 (rows / GRID, columns / GRID, 2), (row, column) of each displacement in quarters of a sample. The
            search starts from it, and it is filled with the result.
        errors: float32 (rows / GRID, columns / GRID), filled with mean absolute differences in samples.
    """
    for block_row in range(motion.shape[0]):
        for block_column in range(motion.shape[1]):
            y, x = block_row * GRID, block_column * GRID
            row, column = np.int64(0), np.int64(0)
            best = _difference(target, phases, y, x, row, column)
            for candidate in range(3):  # the displacement in the nearer neighbour, that to the left, that above
                i, j = block_row - (candidate == 2), block_column - (candidate == 1)
                if i < 0 or j < 0:
                    continue
                down, across = np.int64(motion[i, j, 0]), np.int64(motion[i, j, 1])
                cost = _difference(target, phases, y, x, down, across)
                if cost < best:
                    best, row, column = cost, down, across
            distance = first
            while distance > 0:
                moved = False
                middle_row, middle_column = row, column
                for i in range(-1, 2):
                    for j in range(-1, 2):
                        if i != 0 or j != 0:
                            down, across = middle_row + i * distance, middle_column + j * distance
                            cost = _difference(target, phases, y, x, down, across)
                            if cost < best:
                                best, row, column, moved = cost, down, across, True
                if not moved:
                    distance >>= 1
            motion[block_row, block_column, 0] = row
            motion[block_row, block_column, 1] = column
            errors[block_row, block_column] = np.float32(best) / np.float32(GRID * GRID << SAMPLE_BITS)


@inline_kernel
def _trust(error):
    """Return the weight of a block with this mean absolute difference, in samples."""
    if error < np.float32(_GOOD):
        return np.float32(1.0)
    return np.float32(_FAIR_TRUST) if error < np.float32(_FAIR) else np.float32(_POOR_TRUST)


@inline_kernel
def _add_line(target, line, trust, table, sums, totals, count):
    """Add `count` weighted samples of `line` to `sums` and their weights to `totals`; weights: trust * `table`."""
    for j in range(count):
        value = np.int32(line[j])
        weight = trust * table[min(abs(value - np.int32(target[j])), table.shape[0] - 1)]
        sums[j] += weight * np.float32(value)
        totals[j] += weight


@kernel
def _add_luma(target, phases, motion, errors, table, sums, totals):
    """Add the luma of a neighbour along `motion` to `sums`, and its weights to `totals`.

    Args:
        target: int16 (rows, columns), the frame's own luma.
        phases, motion, errors: as for `_track`.
        table: float32, weights by absolute difference.
        sums, totals: float32 (rows, columns).
    """
    for block_row in range(motion.shape[0]):
        for block_column in range(motion.shape[1]):
            row, column = np.int64(motion[block_row, block_column, 0]), np.int64(motion[block_row, block_column, 1])
            plane = phases[4 * (row & 3) + (column & 3)]
            y, x = block_row * GRID, block_column * GRID
            top, left = y + (row >> 2) + BORDER, x + (column >> 2) + BORDER
            trust = _trust(errors[block_row, block_column])
            for i in range(GRID):
                line = plane[top + i, left : left + GRID]
                _add_line(target[y + i, x:], line, trust, table, sums[y + i, x:], totals[y + i, x:], GRID)


@kernel
def _add_chroma(target, reference, motion, errors, table, scratch, sums, totals):
    """Add a plane of chroma of a neighbour, as `_add_luma` does with luma.

    Args:
        reference: int16, the neighbour's plane padded by BORDER / 2.
        scratch: int32 (2, ROOT + BETWEEN_ROWS, ROOT).
    """
    size = GRID >> 1
    for block_row in range(motion.shape[0]):
        for block_column in range(motion.shape[1]):
            row, column = np.int64(motion[block_row, block_column, 0]), np.int64(motion[block_row, block_column, 1])
            y, x = block_row * size, block_column * size
            predict_chroma(reference, y, x, row, column, size, size, scratch[0], scratch[1])
            trust = _trust(errors[block_row, block_column])
            for i in range(size):
                line = scratch[1, i]
                _add_line(target[y + i, x:], line, trust, table, sums[y + i, x:], totals[y + i, x:], size)
