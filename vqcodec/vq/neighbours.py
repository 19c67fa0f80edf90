"""The nearest few of many short descriptors, exactly.

Components are bytes. So scalar products of up to `MAX_DIMENSION` components are integers below 2^24, and float32 keeps
them exactly, whatever the order of summation. Matrix products may therefore find the distances.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.threads import map_shards

MAX_DIMENSION = (1 << 24) // 255**2  # 258
_SHARD_DISTANCES = 1 << 22


def nearest_few(
    points: npt.NDArray[np.uint8], queries: npt.NDArray[np.uint8], count: int, threads: int | None = None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Find the `count` points of least squared distance from each query; ties go to the lower number.

    Args:
        points: uint8 (n, dimension), at most MAX_DIMENSION dimensions.
        queries: uint8 (m, dimension).
        count: how many to find, 1 or more; no more than there are points are found.
        threads: None for all CPUs; the result does not depend on it.

    Returns:
        (numbers of the points, nearest first; their squared distances), int32 (m, min(count, n)) each.

    Raises:
        ValueError: the arrays do not have these shapes and types, or count is below 1.
    """
    for array in (points, queries):
        if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] > MAX_DIMENSION:
            raise ValueError(f"descriptors must be uint8 (n, dimension <= {MAX_DIMENSION}), not {array.shape}")
    if points.shape[1] != queries.shape[1] or count < 1:
        raise ValueError(f"{points.shape[1]} and {queries.shape[1]} dimensions, count {count}")
    count = min(count, len(points))
    numbers = np.empty((len(queries), count), np.int32)
    distances = np.empty((len(queries), count), np.int32)
    if not count:
        return numbers, distances
    columns = np.ascontiguousarray(points.T.astype(np.float32))
    energies = np.square(points.astype(np.int64)).sum(axis=1)
    rows = max(1, _SHARD_DISTANCES // len(points))

    def search(first: int) -> None:
        part = queries[first : first + rows]
        products = (part.astype(np.float32) @ columns).astype(np.int64)
        squares = np.square(part.astype(np.int64)).sum(axis=1)[:, None] + energies - 2 * products
        keys = squares * len(points) + np.arange(len(points))  # all different, so that the order is fixed
        best = np.sort(np.partition(keys, count - 1, axis=1)[:, :count], axis=1)
        numbers[first : first + rows] = best % len(points)
        distances[first : first + rows] = best // len(points)

    map_shards(search, range(0, len(queries), rows), threads)
    return numbers, distances
