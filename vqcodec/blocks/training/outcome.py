"""What a round of training came to: what its pictures cost, and which contexts and codewords they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.plane_tables import POOL_RANGES
from vqcodec.blocks.model.tables import SearchTables
from vqcodec.blocks.picture_planes import rounded
from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.steps import LAMBDA_FACTOR, STEP_SIZES
from vqcodec.blocks.syntax.contexts import (
    COUNT_STARTS,
    ELEMENTS,
    PATTERN_SYMBOLS,
    RAW_BITS,
    RAW_COPY,
    RAW_SIGNS,
    TOKEN_SHIFT,
)
from vqcodec.blocks.training.statistics import PlaneStatistics

COST_UNIT = "bits a sample, and those that its squared error is worth"
PATTERNS = "codewords of four magnitudes"
"""What reports call the cost of `lagrangian`, and the codewords of `Usage.patterns`."""


@dataclass
class CodedSums:
    """Sums over what was coded at one rung.

    Attributes:
        bits: of the codes.
        error: squared, of samples of 0 to 255.
        samples: their number.
    """

    bits: int = 0
    error: int = 0
    samples: int = 0

    def add(self, other: CodedSums) -> None:
        """Add the sums of `other` in place."""
        self.bits += other.bits
        self.error += other.error
        self.samples += other.samples

    def add_planes(self, original: npt.NDArray[np.uint8], shown: npt.NDArray[np.uint8], bits: int = 0) -> None:
        """Add a plane of the original, and as the decoder shows it, which takes so many bits."""
        difference = original.astype(np.int64) - shown
        self.add(CodedSums(bits, int((difference * difference).sum()), original.size))

    def add_searched(self, plane: SearchedPlane, tables: SearchTables) -> None:
        """Add a plane after the search that was coded with `tables`."""
        rows = slice(plane.shape[0]), slice(plane.shape[1])
        self.add_planes(rounded(plane.source[rows]), rounded(plane.plane.samples[rows]), _bits(plane.tokens, tables))


def _bits(tokens: npt.NDArray[np.uint32], tables: SearchTables) -> int:
    """Return the bits of tokens in the codes of `tables`."""
    contexts, symbols = (tokens >> TOKEN_SHIFT).astype(np.int64), tokens & 0xFFFF
    bits = int((contexts[(contexts >= RAW_SIGNS) & (contexts < RAW_COPY)] & RAW_BITS).sum())
    for pool, (first, end) in POOL_RANGES.items():
        own = (contexts >= first) & (contexts < end)
        prices: npt.NDArray[np.uint8] = getattr(tables, pool)
        bits += int(prices[tables.rows[contexts[own]], symbols[own]].sum(dtype=np.int64))
    return bits


def lagrangian(sums: Sequence[CodedSums], steps: Sequence[int]) -> float:
    """Return what a sample costs in bits over all rungs: its bits, and those that its squared error is worth.

    Args:
        sums: by rung.
        steps: step index of each rung. A bit is worth LAMBDA_FACTOR times the square of the step.
    """
    cost = sum(one.bits + one.error / (LAMBDA_FACTOR * float(STEP_SIZES[step]) ** 2) for one, step in zip(sums, steps))
    return cost / max(1, sum(one.samples for one in sums))


class Usage(NamedTuple):
    """What is used of a model.

    Attributes:
        contexts: by syntax element, how many occur, and how many there are at all rungs and plane types.
        patterns: int64 (PATTERN_SYMBOLS,), how often each codeword of four magnitudes was chosen.
    """

    contexts: Mapping[str, tuple[int, int]]
    patterns: npt.NDArray[np.int64]


def usage_of(statistics: Sequence[PlaneStatistics]) -> Usage:
    """Return what is used by planes of all types at all rungs."""
    contexts, patterns = {}, np.zeros(PATTERN_SYMBOLS, np.int64)
    for element in ELEMENTS:
        start, shape = COUNT_STARTS[element.first], (element.contexts, element.symbols)
        counts = [sums.counts[start : start + element.contexts * element.symbols].reshape(shape) for sums in statistics]
        contexts[element.name] = (sum(int(one.any(axis=1).sum()) for one in counts), element.contexts * len(counts))
        if element.name == "pattern":
            patterns += sum(one.sum(axis=0) for one in counts)
    return Usage(contexts, patterns)
