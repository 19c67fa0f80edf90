"""The restoration filter: classified, trained by least squares, applied to decoded planes.

The surroundings of a decoded sample tell how it may differ from the original: ringing beside a strong edge, steps at
the edges of blocks, texture that the quantizer removed. Each sample belongs to one of `CLASSES` classes. The class
follows from the direction and the activity around its 4x4 unit, from whether its block has coefficients, and from
whether the sample is at the edge of its block. The filter adds a weighted sum of the differences to the neighbours in a
7x7 diamond: plain, clipped to 1.5 steps, and clipped to 0.3 steps. The three together make a piecewise linear curve of
each difference. So the filter can smooth noise and leave or sharpen edges. The weights minimise the squared error
between the decoded samples of a training corpus and the originals.

The filter stands outside the coding loop: prediction uses unfiltered samples.

Sources: C.-Y. Tsai et al., "Adaptive loop filtering for video coding", IEEE J. Sel. Topics Signal Process. 7
(2013), for the classification by Laplacians and the Wiener solution; J. Taquet et al., "Non-linear adaptive
loop filter", PCS 2019, for the clipping.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_BITS, SUPERBLOCK, UNIT, UNIT_LOG, Plane
from vqcodec.blocks.signal.restoration_kernels import (
    BORDER,
    CLASSES,
    COEFFICIENT_BITS,
    EDGE_STATES,
    PATTERNS,
    ROW_PATTERNS,
    TAPS,
    UNIT_CLASSES,
    classify_units,
    collect_rows,
    filter_rows,
    sum_unit_differences,
)
from vqcodec.errors import CodebookError
from vqcodec.threads import map_shards

COEFFICIENT_MAX = 1 << (COEFFICIENT_BITS + 1)  # so that sums of products stay within 32 bits
BAND = 2 * SUPERBLOCK  # rows of samples in a shard
RIDGE = 100.0  # pull towards zero: this many average samples of the class that need no correction

Coefficients = npt.NDArray[np.int16]


@dataclass(frozen=True)
class FilterSums:
    """Sums over training samples, from which coefficients are solved. They are integers, so their order is free.

    Attributes:
        products: int64 (CLASSES, TAPS, TAPS), lower triangles; inputs in 1/16.
        targets: int64 (CLASSES, TAPS).
        counts: int64 (CLASSES,), samples.
    """

    products: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @classmethod
    def zeros(cls) -> FilterSums:
        """Return sums over nothing."""
        return cls(
            np.zeros((CLASSES, TAPS, TAPS), dtype=np.int64),
            np.zeros((CLASSES, TAPS), dtype=np.int64),
            np.zeros(CLASSES, dtype=np.int64),
        )

    def __add__(self, other: FilterSums) -> FilterSums:
        return FilterSums(self.products + other.products, self.targets + other.targets, self.counts + other.counts)


def check_coefficients(coefficients: npt.NDArray[np.int16]) -> Coefficients:
    """Return the coefficients of a codebook, int16 (CLASSES, TAPS) in 1/1024, if the filter's arithmetic can use them.

    Raises:
        CodebookError: wrong type or shape, or a coefficient out of range.
    """
    if coefficients.dtype != np.int16 or coefficients.shape != (CLASSES, TAPS):
        raise CodebookError(
            f"restoration filter: {coefficients.dtype} {coefficients.shape} instead of int16 ({CLASSES}, {TAPS})"
        )
    if coefficients.size and int(np.abs(coefficients.astype(np.int32)).max()) > COEFFICIENT_MAX:
        raise CodebookError(f"restoration filter: a coefficient is beyond {COEFFICIENT_MAX}")
    return np.ascontiguousarray(coefficients)


def restore(plane: Plane, coefficients: Coefficients, threads: int | None = 1) -> npt.NDArray[np.int16]:
    """Return the filtered samples of a decoded plane, int16 (height, width) in 1/16. The plane is not changed.

    Args:
        plane: a decoded plane: its samples, blocks and steps are used.
        coefficients: int16 (CLASSES, TAPS) in 1/1024, as `check_coefficients` returns them.
        threads: None for all CPUs; the result does not depend on it.
    """
    padded = _padded(plane.samples)
    classes = _classes(padded, plane, threads)
    weights = _weights_by_row(coefficients)
    filtered = np.empty_like(plane.samples)

    def filter_band(band: tuple[int, int]) -> None:
        filter_rows(padded, plane.blocks, plane.steps, classes, weights, *band, filtered)

    map_shards(filter_band, _bands(plane.samples.shape[0]), threads)
    return filtered


def collect(original: npt.NDArray[np.uint8], plane: Plane) -> FilterSums:
    """Return the sums of one decoded plane.

    Args:
        original: uint8 (height, width) before padding to whole units. Padding is not counted.
        plane: the plane decoded from it, before any filter.
    """
    padded = _padded(plane.samples)
    classes = _classes(padded, plane, 1)
    sums = FilterSums.zeros()
    target = original.astype(np.int16) << SAMPLE_BITS
    collect_rows(
        padded,
        target,
        plane.blocks,
        plane.steps,
        classes,
        0,
        plane.samples.shape[0],
        sums.products,
        sums.targets,
        sums.counts,
    )
    return sums


def solve(sums: FilterSums, ridge: float = RIDGE, towards: Coefficients | None = None) -> Coefficients:
    """Return the coefficients (int16 (CLASSES, TAPS), in 1/1024) with the least squared error over the sums.

    Each class is solved on its own: (P + r e I) w = t + r e v, where e is the mean energy of an input in the class. So
    the ridge r is in samples at every step. It pulls the coefficients of rare classes towards v, and those of classes
    without samples are v.

    Args:
        sums: over all training planes of one type and range of steps.
        ridge: strength of the pull, in samples, above 0.
        towards: v, int16 (CLASSES, TAPS) in 1/1024; None for zero.
    """
    lower = sums.products.astype(np.float64)
    products = lower + np.transpose(np.tril(lower, -1), (0, 2, 1))
    energy = np.trace(lower, axis1=1, axis2=2) / (TAPS * np.maximum(sums.counts, 1))
    pull = np.maximum(ridge * energy, 1.0)  # above 0 even for classes without samples or differences
    systems = products + pull[:, np.newaxis, np.newaxis] * np.eye(TAPS)
    targets = sums.targets.astype(np.float64)
    if towards is not None:
        targets += pull[:, np.newaxis] * (towards / float(1 << COEFFICIENT_BITS))
    solution = _solve_symmetric(systems, targets)
    scaled = np.rint(solution * (1 << COEFFICIENT_BITS))
    return np.clip(scaled, -COEFFICIENT_MAX, COEFFICIENT_MAX).astype(np.int16)


def _solve_symmetric(matrices: npt.NDArray[np.float64], vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Solve positive definite systems by elimination, element by element.

    LAPACK's order of summation differs between machines. Here the same sums give the same codebook everywhere.
    """
    a, b = matrices.copy(), vectors.copy()
    size = b.shape[1]
    for k in range(size):
        factors = a[:, k + 1 :, k] / a[:, k, k, np.newaxis]
        a[:, k + 1 :, k:] -= factors[:, :, np.newaxis] * a[:, np.newaxis, k, k:]
        b[:, k + 1 :] -= factors * b[:, k, np.newaxis]
    for k in range(size - 1, -1, -1):
        b[:, k] /= a[:, k, k]
        b[:, :k] -= a[:, :k, k] * b[:, k, np.newaxis]
    return b


def _padded(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return `samples` with a border of BORDER repeated samples."""
    height, width = samples.shape
    wide = np.empty((height + 2 * BORDER, width + 2 * BORDER), samples.dtype)
    rows, columns = slice(BORDER, BORDER + height), slice(BORDER, BORDER + width)
    wide[rows, columns] = samples
    wide[:BORDER, columns], wide[BORDER + height :, columns] = samples[0], samples[-1]
    wide[:, :BORDER], wide[:, BORDER + width :] = wide[:, BORDER : BORDER + 1], wide[:, BORDER + width - 1, None]
    return wide


def _bands(height: int) -> list[tuple[int, int]]:
    """Return the first and last row (exclusive) of each shard of a plane of `height` rows."""
    return [(start, min(start + BAND, height)) for start in range(0, height, BAND)]


def _classes(padded: npt.NDArray[np.int16], plane: Plane, threads: int | None) -> npt.NDArray[np.uint8]:
    """Return the class of every unit, uint8 (height / 4, width / 4)."""
    units = tuple((side - 2 * BORDER) // UNIT for side in padded.shape)
    sums = np.empty((*units, 4), dtype=np.int32)
    classes = np.empty(units, dtype=np.uint8)
    bands = [(start >> UNIT_LOG, end >> UNIT_LOG) for start, end in _bands(padded.shape[0] - 2 * BORDER)]
    map_shards(lambda band: sum_unit_differences(padded, *band, sums), bands, threads)
    map_shards(lambda band: classify_units(sums, plane.blocks, plane.steps, *band, classes), bands, threads)
    return classes


def _weights_by_row(coefficients: Coefficients) -> npt.NDArray[np.int64]:
    """Return the coefficients of the four samples of a unit's row side by side in an int64.

    They are int64 (UNIT_CLASSES * PATTERNS, TAPS), one row for each class of units and row pattern.
    """
    by_state = coefficients.reshape(UNIT_CLASSES, EDGE_STATES, TAPS)
    spread = by_state[:, ROW_PATTERNS]  # (UNIT_CLASSES, PATTERNS, UNIT, TAPS)
    rows = np.ascontiguousarray(spread.transpose(0, 1, 3, 2))
    return rows.view(np.int64).reshape(UNIT_CLASSES * PATTERNS, TAPS)
