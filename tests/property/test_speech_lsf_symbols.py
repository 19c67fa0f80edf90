"""Whatever the symbols and tables, reconstructed LSFs are those of stable filters."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vqcodec.entropy.tables import TableSet
from vqcodec.speech.lsf_quantizer.codebook import UNIT, LsfCodebook
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices, reconstruct_lsf
from vqcodec.speech.signal.lsf import lpc_to_lsf, lsf_to_lpc

ORDER, CLASSES, STAGES, SIZE = 10, 2, 3, 4
HEADERS = CLASSES * (STAGES + 1) + 2


def wild_codebook(seed: int, gap: int) -> LsfCodebook:
    rng = np.random.default_rng(seed)
    return LsfCodebook(
        start=np.linspace(2900, 29000, ORDER).astype(np.int16),
        gap=np.array([gap], np.int16),
        offsets=(rng.integers(-(1 << 31), 1 << 31, (CLASSES, ORDER)) >> rng.integers(0, 24)).astype(np.int32),
        predictors=rng.integers(-32768, 32767, (CLASSES, ORDER, ORDER)).astype(np.int16),
        sizes=np.full(STAGES, SIZE, np.int16),
        codewords=rng.integers(-32768, 32767, (CLASSES, STAGES, SIZE, ORDER)).astype(np.int16),
        positions=np.array([0, 12000], np.int16),
        header_lengths=TableSet.from_counts(np.ones((HEADERS + 1, HEADERS), np.int64)).lengths,
        index_lengths=np.full((CLASSES * STAGES, SIZE), 2, np.uint8),
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    gap=st.integers(1, 2500),
    headers=st.lists(st.integers(0, HEADERS - 1), min_size=1, max_size=30),
    memory=st.none() | st.lists(st.floats(-10, 10), min_size=ORDER, max_size=ORDER),
)
def test_reconstruction_is_always_in_order(seed: int, gap: int, headers: list[int], memory: list[float] | None) -> None:
    stages = np.random.default_rng(seed).integers(0, SIZE, (len(headers), STAGES)).astype(np.uint8)
    lsf = reconstruct_lsf(LsfIndices(np.array(headers, np.uint8), stages), wild_codebook(seed, gap), memory)
    coded = np.array(headers) < CLASSES * (STAGES + 1)
    if coded.any():
        spacing = np.diff(lsf[coded.argmax() :], axis=1, prepend=0, append=np.pi)
        assert spacing.min() >= (gap - 1.01) * UNIT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.001, 1.0), min_size=11, max_size=11))
def test_frequencies_survive_the_predictor(spacings: list[float]) -> None:
    edges = np.cumsum(np.array(spacings) + 0.02)
    lsf = (edges[:-1] / edges[-1] * np.pi)[None]
    np.testing.assert_allclose(lpc_to_lsf(lsf_to_lpc(lsf)), lsf, atol=1e-6)
