"""From header symbols and stage indices to LSF vectors, in integers; search and decoder use the same routines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.errors import CorruptFileError
from vqcodec.kernels.jit import allocating_kernel, inline_kernel
from vqcodec.speech.lsf_quantizer.codebook import POSITION_BITS, PREDICTOR_BITS, UNIT, LsfCodebook

CEILING = 1 << 15  # pi, in units of UNIT
_PREDICTOR_HALF = 1 << (PREDICTOR_BITS - 1)
_POSITION_HALF = 1 << (POSITION_BITS - 1)

DoubleArray = npt.NDArray[np.floating]


class LsfIndices(NamedTuple):
    """The symbols of LSF vectors, one row for each vector.

    Attributes:
        headers: uint8 (vectors,).
        stages: uint8 (vectors, stages), 0 beyond a vector's depth.
    """

    headers: npt.NDArray[np.uint8]
    stages: npt.NDArray[np.uint8]


class ReconstructionTables(NamedTuple):
    """The arrays of an LsfCodebook that the kernels of reconstruction read; see there."""

    gap: int
    offsets: npt.NDArray[np.int32]
    predictors: npt.NDArray[np.int16]
    codewords: npt.NDArray[np.int16]
    positions: npt.NDArray[np.int16]


def reconstruction_tables(codebook: LsfCodebook) -> ReconstructionTables:
    """Return the tables of `codebook` for `reconstruct_coded` and `reconstruct_between`."""
    return ReconstructionTables(
        int(codebook.gap[0]),
        np.ascontiguousarray(codebook.offsets),
        np.ascontiguousarray(codebook.predictors),
        np.ascontiguousarray(codebook.codewords),
        np.ascontiguousarray(codebook.positions),
    )


def start_of(codebook: LsfCodebook, memory: npt.ArrayLike | None) -> npt.NDArray[np.int64]:
    """Return the vector before the first one, int64 (order,), in UNITs.

    It is `memory`, (order,) in radians; or the codebook's start if `memory` is None.
    """
    if memory is None:
        return codebook.start.astype(np.int64)
    return np.clip(np.rint(np.asarray(memory, np.float64) / UNIT), 1, CEILING - 1).astype(np.int64)


def reconstruct_lsf(indices: LsfIndices, codebook: LsfCodebook, memory: npt.ArrayLike | None = None) -> DoubleArray:
    """Reconstruct LSF vectors from their symbols.

    An interpolated vector lies between the nearest vectors before and after it that are not interpolated. If none comes
    after it, it repeats the one before.

    Args:
        indices: symbols of n vectors, not trusted.
        codebook: that they are of.
        memory: the reconstructed vector before the first one, (order,), radians; None at the start of a group.

    Returns:
        float64 (n, order), radians, ascending, neighbours at least the codebook's gap apart. The last vector is the
        memory for the vectors that follow.

    Raises:
        CorruptFileError: a symbol does not exist.
    """
    headers = np.ascontiguousarray(indices.headers, np.uint8)
    stages = np.ascontiguousarray(indices.stages, np.uint8)
    if stages.shape != (len(headers), codebook.stages):
        raise CorruptFileError(f"LSF indices have shape {stages.shape}, not {(len(headers), codebook.stages)}")
    if headers.max(initial=0) >= codebook.headers or (stages.max(axis=0, initial=0) >= codebook.sizes).any():
        raise CorruptFileError("an LSF index is beyond its codebook; the data are damaged")
    vectors = np.empty((len(headers), codebook.order), np.int64)
    _reconstruct(headers, stages, reconstruction_tables(codebook), start_of(codebook, memory), vectors)
    return vectors * UNIT


@inline_kernel
def enforce_order(vector, gap):
    """Move the entries of `vector`, int64 (order,) in UNITs, so that they ascend by at least `gap` within 0..pi."""
    order = vector.shape[0]
    least = gap
    for i in range(order):
        if vector[i] < least:
            vector[i] = least
        least = vector[i] + gap
    most = CEILING - gap
    for i in range(order - 1, -1, -1):
        if vector[i] > most:
            vector[i] = most
        most = vector[i] - gap


@inline_kernel
def predict(tables, kind, previous, vector):
    """Set `vector` to the prediction of class `kind` from `previous`; both are int64 (order,), in UNITs."""
    order = previous.shape[0]
    for i in range(order):
        total = _PREDICTOR_HALF
        for j in range(order):
            total += np.int64(tables.predictors[kind, i, j]) * previous[j]
        vector[i] = tables.offsets[kind, i] + (total >> PREDICTOR_BITS)


@inline_kernel
def reconstruct_coded(tables, kind, depth, stages, previous, vector):
    """Set `vector` to the prediction of class `kind` from `previous` plus the first `depth` stages.

    `stages` holds the index of each stage.
    """
    predict(tables, kind, previous, vector)
    for stage in range(depth):
        for i in range(previous.shape[0]):
            vector[i] += tables.codewords[kind, stage, stages[stage], i]
    enforce_order(vector, tables.gap)


@inline_kernel
def reconstruct_between(tables, interpolation, previous, following, vector):
    """Set `vector` to the vector at position number `interpolation` between `previous` and `following`."""
    position = np.int64(tables.positions[interpolation])
    for i in range(previous.shape[0]):
        vector[i] = previous[i] + (((following[i] - previous[i]) * position + _POSITION_HALF) >> POSITION_BITS)


@allocating_kernel
def _reconstruct(headers, stages, tables, start, vectors):
    """Fill `vectors`, int64 (n, order) in UNITs, from `headers` and `stages`; `start` is the vector before."""
    coded_headers = tables.offsets.shape[0] * (tables.codewords.shape[1] + 1)
    previous = start.copy()
    pending = 0  # interpolated vectors that wait for the next coded one
    for n in range(headers.shape[0]):
        header = headers[n]
        if header >= coded_headers:
            pending += 1
            continue
        depth = header % (tables.codewords.shape[1] + 1)
        reconstruct_coded(tables, header // (tables.codewords.shape[1] + 1), depth, stages[n], previous, vectors[n])
        for between in range(n - pending, n):
            reconstruct_between(tables, headers[between] - coded_headers, previous, vectors[n], vectors[between])
        previous[:] = vectors[n]
        pending = 0
    for between in range(headers.shape[0] - pending, headers.shape[0]):
        vectors[between] = previous
