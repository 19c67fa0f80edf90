"""Smoothing of block edges within the coding loop: later frames are predicted from the result.

Edges lie on a grid of 8 samples. An edge is strong (2) beside a block without motion, weak (1) if one of its sides has
coefficients or the motions differ, and is otherwise left as it is (0). Luma is smoothed at weak and strong edges, over
three samples a side where it is flat. Chroma is smoothed at strong edges, over one sample a side. All thresholds are
those of HEVC for the same quantizer step, in 1/16.

The edges are found in the maps, unit by unit in raster order: unlike reading and writing, smoothing does not depend on
the order in which the blocks of a frame are coded.

Source: Norkin et al. 2012, "HEVC deblocking filter".
"""

from __future__ import annotations

import numpy as np

from vqcodec.blocks.layout import CODED, LOG_HEIGHT, LOG_WIDTH, SAMPLE_BITS, SAMPLE_MAX, UNIT_LOG
from vqcodec.kernels.jit import inline_kernel, kernel
from vqcodec.video.mc.layout import FIRST_REFERENCE, FIRST_ROW, INTRA, KIND, InterFrame

_BETA = [0] * 16 + list(range(6, 18)) + list(range(18, 66, 2))
_TC = [*[0] * 18, *[1] * 9, *[2] * 4, *[3] * 4, *[4] * 3, 5, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 22, 24]
BETA = np.array(_BETA, dtype=np.int32) << SAMPLE_BITS
TC = np.array(_TC, dtype=np.int32) << SAMPLE_BITS
STRONG = 2


@inline_kernel
def _parameter(step_index):
    """Return HEVC's quantization parameter for a step: 4 + 6 log2(step), rounded."""
    return (16 + 3 * step_index + 2) >> 2


@inline_kernel
def _motions_differ(motion, times, grid_row, grid_column, near_row, near_column):
    """Return whether two units of the motion map have other references, or vectors one sample or more apart."""
    for side in range(2):
        first = np.int64(motion[FIRST_REFERENCE + side, grid_row, grid_column])
        second = np.int64(motion[FIRST_REFERENCE + side, near_row, near_column])
        if (first >= 0) != (second >= 0):
            return True
        if first < 0:
            continue
        if times[side, first] != times[side, second]:
            return True
        for k in range(2):
            field = FIRST_ROW + 2 * side + k
            own, other = motion[field, grid_row, grid_column], motion[field, near_row, near_column]
            if abs(np.int64(own) - np.int64(other)) >= 4:
                return True
    return False


@kernel
def edge_strengths(blocks, motion, times, vertical, strengths):
    """Fill `strengths` with the strength of one edge of each unit: the left edge if `vertical`, else the upper edge.

    Args:
        blocks: uint8 maps of luma, see `blocks.layout`.
        motion: int16 motion map.
        times: int64 (LISTS, ENTRIES), of the references in the lists.
        strengths: uint8 (height / 4, width / 4), filled with 0, 1 or STRONG.
    """
    rows, columns = strengths.shape
    field = LOG_WIDTH if vertical else LOG_HEIGHT
    for v in range(rows):
        for u in range(columns):
            strengths[v, u] = 0
            place = u if vertical else v
            if place == 0 or place & 1 or (place << UNIT_LOG) & ((1 << blocks[field, v, u]) - 1):
                continue
            near_row, near_column = (v, u - 1) if vertical else (v - 1, u)
            here, there = (v >> 1, u >> 1), (near_row >> 1, near_column >> 1)
            if motion[KIND, here[0], here[1]] == INTRA or motion[KIND, there[0], there[1]] == INTRA:
                strengths[v, u] = STRONG
            elif (
                blocks[CODED, v, u]
                or blocks[CODED, near_row, near_column]
                or _motions_differ(motion, times, here[0], here[1], there[0], there[1])
            ):
                strengths[v, u] = 1


@inline_kernel
def _bounded(value, middle, bound):
    """Return `value`, limited to the range from `middle - bound` to `middle + bound`."""
    return min(max(value, middle - bound), middle + bound)


@inline_kernel
def _smooth_flat(samples, at, a, tc):
    """Smooth three samples on either side of the edge at `at`; `a` is the distance between samples across it."""
    p3, p2, p1, p0 = samples[at - 4 * a], samples[at - 3 * a], samples[at - 2 * a], samples[at - a]
    q0, q1, q2, q3 = samples[at], samples[at + a], samples[at + 2 * a], samples[at + 3 * a]
    bound = 2 * tc
    samples[at - a] = _bounded((p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3, p0, bound)
    samples[at - 2 * a] = _bounded((p2 + p1 + p0 + q0 + 2) >> 2, p1, bound)
    samples[at - 3 * a] = _bounded((2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3, p2, bound)
    samples[at] = _bounded((p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3, q0, bound)
    samples[at + a] = _bounded((p0 + q0 + q1 + q2 + 2) >> 2, q1, bound)
    samples[at + 2 * a] = _bounded((p0 + q0 + q1 + 3 * q2 + 2 * q3 + 4) >> 3, q2, bound)


@inline_kernel
def _smooth_step(samples, at, a, tc, deep_p, deep_q):
    """Smooth one sample on either side of the edge at `at`, and a second one on a side that is `deep`."""
    p2, p1, p0 = samples[at - 3 * a], samples[at - 2 * a], samples[at - a]
    q0, q1, q2 = samples[at], samples[at + a], samples[at + 2 * a]
    delta = (9 * (q0 - p0) - 3 * (q1 - p1) + 8) >> 4
    if abs(delta) >= 10 * tc:
        return
    delta = min(max(delta, -tc), tc)
    samples[at - a] = min(max(p0 + delta, 0), SAMPLE_MAX)
    samples[at] = min(max(q0 - delta, 0), SAMPLE_MAX)
    half = tc >> 1
    if deep_p:
        change = min(max((((p2 + p0 + 1) >> 1) - p1 + delta) >> 1, -half), half)
        samples[at - 2 * a] = min(max(p1 + change, 0), SAMPLE_MAX)
    if deep_q:
        change = min(max((((q2 + q0 + 1) >> 1) - q1 - delta) >> 1, -half), half)
        samples[at + a] = min(max(q1 + change, 0), SAMPLE_MAX)


@kernel
def smooth_luma(samples, columns, strengths, step_index, vertical):
    """Smooth the edges of one direction in a plane of luma.

    Args:
        samples: int16 (rows * columns,), the plane in 1/16.
        columns: of the plane.
        strengths: uint8 (rows / 4, columns / 4), from `edge_strengths` for the same direction.
        step_index: quantizer step of the plane.
        vertical: whether the edges are vertical.
    """
    quantizer = _parameter(step_index)
    a, b = (1, columns) if vertical else (columns, 1)
    for v in range(strengths.shape[0]):
        for u in range(strengths.shape[1]):
            strength = np.int64(strengths[v, u])
            if strength == 0:
                continue
            beta = np.int64(BETA[min(quantizer, 51)])
            tc = np.int64(TC[min(quantizer + 2 * (strength - 1), 53)])
            first = 4 * v * columns + 4 * u
            last = first + 3 * b
            p0 = abs(samples[first - 3 * a] - 2 * samples[first - 2 * a] + samples[first - a])
            p3 = abs(samples[last - 3 * a] - 2 * samples[last - 2 * a] + samples[last - a])
            q0 = abs(samples[first] - 2 * samples[first + a] + samples[first + 2 * a])
            q3 = abs(samples[last] - 2 * samples[last + a] + samples[last + 2 * a])
            if p0 + p3 + q0 + q3 >= beta:
                continue
            flat = True
            for k in range(2):
                at = first if k == 0 else last
                bend = 2 * (p0 + q0) if k == 0 else 2 * (p3 + q3)
                slope = abs(samples[at - 4 * a] - samples[at - a]) + abs(samples[at] - samples[at + 3 * a])
                step = abs(samples[at - a] - samples[at])
                flat = flat and bend < beta >> 2 and slope < beta >> 3 and 2 * step < 5 * tc
            limit = (beta + (beta >> 1)) >> 3
            for k in range(4):
                if flat:
                    _smooth_flat(samples, first + k * b, a, tc)
                else:
                    _smooth_step(samples, first + k * b, a, tc, p0 + p3 < limit, q0 + q3 < limit)


@kernel
def smooth_chroma(samples, columns, strengths, step_index, vertical):
    """Smooth the strong edges of one direction that lie on a grid of 8 chroma samples.

    Args:
        samples, columns: the plane of chroma, as for `smooth_luma`.
        strengths: of luma, from `edge_strengths`.
        step_index: quantizer step of the plane.
        vertical: whether the edges are vertical.
    """
    quantizer = _parameter(step_index)
    tc = np.int64(TC[min(quantizer + 2, 53)])
    a, b = (1, columns) if vertical else (columns, 1)
    for v in range(strengths.shape[0]):
        for u in range(strengths.shape[1]):
            place = u if vertical else v
            if strengths[v, u] != STRONG or place & 3:
                continue
            for k in range(2):
                at = 2 * v * columns + 2 * u + k * b
                p1, p0, q0, q1 = samples[at - 2 * a], samples[at - a], samples[at], samples[at + a]
                delta = min(max((4 * (q0 - p0) + p1 - q1 + 4) >> 3, -tc), tc)
                samples[at - a] = min(max(p0 + delta, 0), SAMPLE_MAX)
                samples[at] = min(max(q0 - delta, 0), SAMPLE_MAX)


def smooth_frame(frame: InterFrame) -> None:
    """Smooth all edges of a reconstructed frame in place: first the vertical ones, then the horizontal ones."""
    shape = frame.luma.blocks.shape[1:]
    strengths = np.empty(shape, dtype=np.uint8)
    step, chroma_step = int(frame.luma.steps[0, 0]), int(frame.blue.steps[0, 0])
    for vertical in (True, False):
        edge_strengths(frame.luma.blocks, frame.motion, frame.times, vertical, strengths)
        smooth_luma(frame.luma.samples.reshape(-1), frame.luma.samples.shape[1], strengths, step, vertical)
        for plane in (frame.blue, frame.red):
            smooth_chroma(plane.samples.reshape(-1), plane.samples.shape[1], strengths, chroma_step, vertical)
