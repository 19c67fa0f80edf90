"""The search of the LSF quantizer: symbols of least distortion + lambda * bits for the LSF vectors of a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import NO_CODE_BITS
from vqcodec.speech.lsf_quantizer.codebook import UNIT, LsfCodebook
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices, reconstruction_tables, start_of
from vqcodec.speech.lsf_quantizer.paths import SearchCosts
from vqcodec.speech.lsf_quantizer.trellis import search_trellis
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.levels import frame_weights
from vqcodec.speech.signal.lsf import SD_PER_WEIGHTED_ERROR

DoubleArray = npt.NDArray[np.floating]


@dataclass(frozen=True)
class LsfEffort:
    """How hard to search.

    Attributes:
        paths: K, number of paths that survive a frame, 1 or more.
        survivors: M, number of partial sums that survive a stage, 1 or more.
        span: most frames from one coded vector to the next, 1 or more; the vectors between are interpolated.
    """

    paths: int = 4
    survivors: int = 16
    span: int = 3


class QuantizedLsf(NamedTuple):
    """What `search_lsf` found.

    Attributes:
        indices: the symbols.
        lsf_q: float64 (vectors, order), radians, as `reconstruct_lsf` gives them.
        bits: int64 (vectors,), of each vector's symbols.
    """

    indices: LsfIndices
    lsf_q: DoubleArray
    bits: npt.NDArray[np.int64]


def search_lsf(
    analysis: Analysis,
    codebook: LsfCodebook,
    lambda_: float,
    *,
    reference_db: float,
    packet_starts: npt.ArrayLike = (0,),
    memory: npt.ArrayLike | None = None,
    effort: LsfEffort | None = None,
) -> QuantizedLsf:
    """Find the symbols of least weighted distortion + lambda * bits for the LSF vectors of a group.

    Args:
        analysis: of n vectors.
        codebook: of the same order.
        lambda_: dB^2 that a bit is worth; 0.06 is transparent, 1.0 very coarse.
        reference_db: the file's level of speech (see `levels.Levels`); quieter vectors may be coarser.
        packet_starts: numbers of the vectors with which packets begin. Vector 0 always begins one. Neither contexts nor
            interpolations reach across the beginning of a packet.
        memory: the quantized vector before the first one, (order,), radians; None at the start of a group.
        effort: how hard to search.
    """
    effort = effort or LsfEffort()
    weights = frame_weights(analysis.energy_db, reference_db)[:, None] * analysis.sensitivity
    breaks = np.zeros(len(analysis), np.uint8)
    breaks[np.asarray(packet_starts, np.int64)] = 1
    headers, stages, vectors = search_trellis(
        analysis.lsf / UNIT,
        weights * (SD_PER_WEIGHTED_ERROR * UNIT * UNIT),
        breaks,
        start_of(codebook, memory),
        reconstruction_tables(codebook),
        search_costs(codebook),
        float(lambda_),
        (effort.paths, effort.survivors, effort.span),
    )
    indices = LsfIndices(headers, stages)
    return QuantizedLsf(indices, vectors * UNIT, count_lsf_bits(indices, codebook, packet_starts))


def header_contexts(
    headers: npt.NDArray[np.uint8], codebook: LsfCodebook, packet_starts: npt.ArrayLike = (0,)
) -> npt.NDArray[np.int64]:
    """Return the context of each header symbol, int64 (vectors,).

    It is the symbol before; at the start of a packet it is `first_context`. Vector 0 always starts a packet.
    """
    contexts = np.concatenate([[codebook.first_context], headers[:-1].astype(np.int64)])[: len(headers)]
    contexts[np.asarray(packet_starts, np.int64)] = codebook.first_context
    return contexts


def count_lsf_bits(
    indices: LsfIndices, codebook: LsfCodebook, packet_starts: npt.ArrayLike = (0,)
) -> npt.NDArray[np.int64]:
    """Return the bits of each vector's symbols, int64 (vectors,); arguments as in `search_lsf`."""
    contexts = header_contexts(indices.headers, codebook, packet_starts)
    bits = codebook.header_lengths[contexts, indices.headers].astype(np.int64)
    for used, rows, entries in stage_symbols(indices, codebook):
        bits[used] += codebook.index_lengths[rows, entries]
    return bits


def stage_symbols(indices: LsfIndices, codebook: LsfCodebook) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return (vectors, rows, indices) for each stage.

    They are the numbers of the vectors that have an index of that stage, the rows of their codes, and the indices.
    """
    depths = codebook.depths()[indices.headers]
    symbols = []
    for stage in range(codebook.stages):
        used = np.flatnonzero(depths > stage)
        rows = indices.headers[used].astype(np.int64) // (codebook.stages + 1) * codebook.stages + stage
        symbols.append((used, rows, indices.stages[used, stage]))
    return symbols


def search_costs(codebook: LsfCodebook) -> SearchCosts:
    """Return the costs of the codes of `codebook`, and its codewords as the scoring loop takes them."""
    header_bits = np.where(codebook.header_lengths > 0, codebook.header_lengths.astype(np.float64), NO_CODE_BITS)
    by_depth = header_bits[:, : codebook.coded_headers].reshape(-1, codebook.classes, codebook.stages + 1)
    least = np.minimum.accumulate(by_depth[:, :, ::-1], axis=2)[:, :, ::-1]
    index_bits = np.where(codebook.index_lengths > 0, codebook.index_lengths, NO_CODE_BITS)
    return SearchCosts(
        codebook.sizes.astype(np.int64),
        np.ascontiguousarray(codebook.codewords.transpose(0, 1, 3, 2), dtype=np.float32),
        header_bits,
        np.ascontiguousarray(least),
        index_bits.reshape(codebook.classes, codebook.stages, -1).astype(np.float32),
    )
