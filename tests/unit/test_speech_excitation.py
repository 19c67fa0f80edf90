"""Parts of the excitation against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_speech_codebook import tiny_excitation

from vqcodec.speech.bands import BANDS, NARROWBAND, Band
from vqcodec.speech.excitation.adaptive_codebook import (
    HALF_TAPS,
    LAG_UNITS,
    build_adaptive_vector,
    history_length,
    interpolators,
    lag_grid,
    score_integer_lags,
)
from vqcodec.speech.excitation.gains import search_gains
from vqcodec.speech.excitation.shapes import autocorrelations, estimate_energies, filtered_energies, search_shapes
from vqcodec.speech.excitation.synthesis import build_excitation, synthesize
from vqcodec.speech.excitation.trellis_state import Tradeoff, new_lists
from vqcodec.speech.training.statistics import flat_counts

N = 40


@pytest.mark.parametrize("band", BANDS.values(), ids=str)
def test_lags_are_finer_where_they_are_short(band: Band) -> None:
    lags = lag_grid(band)
    assert lags[0] == band.lag_min * LAG_UNITS
    assert lags[-1] <= band.lag_max * LAG_UNITS
    steps = np.diff(lags)
    assert (steps > 0).all()
    assert (np.diff(steps) >= 0).all()


def test_a_sine_is_continued_at_any_lag() -> None:
    history = history_length(NARROWBAND)
    time = np.arange(-history, N)
    for period in (20.25, 33.0, 57 + 1 / 3, 100.5):
        sine = np.sin(2 * np.pi * time / period)
        vector = np.empty(N)
        build_adaptive_vector(sine[:history].copy(), round(period * LAG_UNITS), interpolators(), vector)
        np.testing.assert_allclose(vector, sine[history:], atol=0.02)


def test_vectors_by_runs_are_those_sample_by_sample() -> None:
    rng = np.random.default_rng(0)
    past = rng.normal(size=history_length(NARROWBAND))
    taps = interpolators()
    for lag in lag_grid(NARROWBAND)[::9]:
        whole, fraction = divmod(int(lag), LAG_UNITS)
        samples = list(past)
        for n in range(N):
            at = len(past) + n - whole
            samples.append(sum(taps[fraction, i] * samples[at - i + HALF_TAPS - 1] for i in range(2 * HALF_TAPS)))
        vector = np.empty(N)
        build_adaptive_vector(past, lag, taps, vector)
        np.testing.assert_allclose(vector, samples[-N:], atol=1e-12)


def test_scores_of_lags_are_explained_energies() -> None:
    rng = np.random.default_rng(1)
    history = rng.normal(size=history_length(NARROWBAND))
    response = rng.normal(size=N) * 0.8 ** np.arange(N)
    target = rng.normal(size=N)
    filters = np.array([[response[i - j] if i >= j else 0 for j in range(N)] for i in range(N)])
    scores = np.zeros(NARROWBAND.lag_max + 1)
    low, high = NARROWBAND.lag_min, NARROWBAND.lag_max
    score_integer_lags(history, filters.T @ target, response, low, high, scores, np.zeros(N), np.ones(N + high - low))
    for lag in range(low, high + 1):
        filtered = filters @ np.resize(history[-lag:], max(N, lag))[:N]
        gain = np.clip(target @ filtered / (filtered @ filtered), 0, 1.2)
        assert scores[lag] == pytest.approx(2 * gain * (target @ filtered) - gain**2 * (filtered @ filtered), rel=1e-9)


def test_gain_of_least_cost_is_found() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        x, y, z = rng.normal(size=(3, N))
        inner = np.array([x @ x, x @ y, x @ z, y @ y, z @ z, y @ z])
        pairs = rng.uniform(0, 1.2, size=(30, 2))
        bits = rng.uniform(1, 8, size=30)
        errors = [((x - a * y - 2.5 * f * z) ** 2).sum() for a, f in pairs]
        norms = [(np.linalg.norm(x) - np.linalg.norm(a * y + 2.5 * f * z)) ** 2 for a, f in pairs]
        costs = 0.7 * (np.array(errors) + 0.2 * np.array(norms)) + 0.3 * bits
        index, cost = search_gains(pairs, bits, 2.5, inner, Tradeoff(0.7, 0.3, 0.2), np.zeros(30))
        assert index == costs.argmin()
        assert cost == pytest.approx(costs.min())


def test_shape_of_least_cost_is_found_in_every_book() -> None:
    rng = np.random.default_rng(3)
    shapes = rng.normal(size=(150, N))
    books = np.array([0, 20, 150])
    response = rng.normal(size=N) * 0.7 ** np.arange(N)
    filters = np.array([[response[i - j] if i >= j else 0 for j in range(N)] for i in range(N)])
    transposed = np.ascontiguousarray(shapes.T, np.float32)
    energies = np.zeros(150, np.float32)
    filtered_energies(transposed, response.astype(np.float32), np.zeros(64, np.float32), energies)
    np.testing.assert_allclose(energies, ((filters @ shapes.T) ** 2).sum(axis=0), rtol=1e-4)
    target, costs = rng.normal(size=N), rng.uniform(1, 9, 150).astype(np.float32)
    excitation = tiny_excitation(NARROWBAND)
    tables = excitation.tables(NARROWBAND)._replace(shapes=shapes, transposed=transposed, books=books)
    flat = flat_counts(excitation, tables.lags.size).ideal_costs(tables, excitation.fixed_bits(NARROWBAND))
    lists = new_lists(tables, 1)
    search_shapes(tables, flat._replace(shapes=costs), energies, target, np.zeros(N), Tradeoff(1.0, 0.05, 0.0), lists)
    merits = (shapes @ target) ** 2 / energies - 0.05 * costs
    assert lists.best_shapes.tolist() == [merits[:20].argmax(), 20 + merits[20:].argmax()]


def test_estimated_energies_are_exact_where_nothing_is_cut_off() -> None:
    rng = np.random.default_rng(4)
    shapes = np.zeros((10, N))
    shapes[:, :20] = rng.normal(size=(10, 20))
    response = np.zeros(N)
    response[:15] = rng.normal(size=15)
    lags = np.array([response[: N - k] @ response[k:] for k in range(N)], np.float32)
    energies = np.zeros(10, np.float32)
    estimate_energies(autocorrelations(shapes), lags, energies)
    np.testing.assert_allclose(energies, [(np.convolve(s, response) ** 2).sum() for s in shapes], rtol=1e-4)


def test_excitation_is_bounded_whatever_the_symbols() -> None:
    tables = tiny_excitation(NARROWBAND).tables(NARROWBAND)
    history, levels = np.zeros(history_length(NARROWBAND)), np.full(3, 90.0)
    excitation, fixed = np.zeros(N), np.zeros(N)
    pulses = np.zeros(N, np.int8)
    pulses[3] = 6
    loudest = int(tables.gains[0].sum(axis=1).argmax())
    memory, speech = np.zeros(10), np.zeros(N)
    lpc = np.zeros(11)
    lpc[:2] = 1, -0.99
    for _ in range(300):
        build_excitation(tables, 2 * tables.kinds - 1, 5, loudest, 0, pulses, history, levels, excitation, fixed)
        synthesize(lpc, excitation, memory, speech)
    assert np.isfinite(speech).all()
    assert np.abs(excitation).max() <= 131072


def test_synthesis_inverts_the_prediction_error_filter() -> None:
    rng = np.random.default_rng(6)
    lpc = np.concatenate([[1.0], 0.1 * rng.normal(size=10)])
    signal = rng.normal(size=3 * N)
    residual = np.convolve(signal, lpc)[: 3 * N]
    memory, found = np.zeros(16), np.zeros(3 * N)
    for start in range(0, 3 * N, N):
        synthesize(lpc, residual[start : start + N].copy(), memory, found[start : start + N])
    np.testing.assert_allclose(found, signal, atol=1e-12)
