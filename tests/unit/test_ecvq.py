"""ECVQ: the trade of distortion against rate, and the result's consistency."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vqcodec.vq.design import cells
from vqcodec.vq.design.ecvq import ecvq
from vqcodec.vq.design.lbg import lbg


@pytest.fixture
def rng():
    return np.random.default_rng(23)


@pytest.fixture
def laplacian(rng):
    return rng.laplace(size=(6_000, 2)).astype(np.float32)


def test_rate_falls_and_distortion_grows_with_lambda(laplacian):
    results = [ecvq(laplacian, 64, lambda_) for lambda_ in (0, 0.05, 0.2, 0.8, 3.0)]
    for cheap, dear in itertools.pairwise(results):
        assert dear.rate_bits < cheap.rate_bits
        assert dear.distortion > cheap.distortion
    assert len(results[-1].codewords) < 64


def test_better_than_lbg_with_an_entropy_code_at_the_same_rate(laplacian):
    """Entropy-constrained codebooks beat entropy-coded LBG codebooks on peaked sources, by 0.3 dB or more here."""
    constrained = ecvq(laplacian, 128, 0.15, threshold=1e-4)
    points = []
    for size in (8, 16, 32, 64):
        result = lbg(laplacian, size, start="k-means++")
        points.append((result.rate_bits, result.distortion))
    rates, distortions = np.array(points).T
    assert rates[0] < constrained.rate_bits < rates[-1]
    plain = np.exp(np.interp(constrained.rate_bits, rates, np.log(distortions)))
    assert constrained.distortion < 0.93 * plain


def test_cost_never_rises(laplacian):
    result = ecvq(laplacian, 50, 0.3, threshold=0)
    costs = [entry.cost for entry in result.history]
    assert len(costs) > 2
    assert all(later <= earlier * (1 + 1e-6) for earlier, later in itertools.pairwise(costs))


def test_lambda_zero_is_lbg(laplacian):
    plain = lbg(laplacian, 16, start="k-means++", threshold=1e-5)
    constrained = ecvq(laplacian, 16, 0, start=plain.codewords, threshold=1e-5)
    assert constrained.distortion == pytest.approx(plain.distortion, rel=1e-3)


def test_result_describes_the_training_sequence(laplacian):
    lambda_ = 0.4
    result = ecvq(laplacian, 40, lambda_, threshold=1e-6)
    np.testing.assert_array_equal(result.counts, np.bincount(result.indices))
    assert (np.diff(result.counts) <= 0).all()
    assert result.counts[-1] > 0
    assert np.exp2(-result.code_lengths).sum() == pytest.approx(1)
    assert result.rate_bits == pytest.approx(result.code_lengths[result.indices].mean())
    errors = np.square(laplacian[:, np.newaxis].astype(float) - result.codewords).sum(axis=2)
    assert result.distortion == pytest.approx(errors[np.arange(len(errors)), result.indices].mean(), rel=1e-6)
    best = (errors + lambda_ * result.code_lengths).min(axis=1).mean()
    assert result.distortion + lambda_ * result.rate_bits == pytest.approx(best, rel=1e-3)


def test_same_bytes_on_any_number_of_threads(laplacian, monkeypatch):
    monkeypatch.setattr(cells, "_LEAST_SHARD_VECTORS", 500)
    one, two = (ecvq(laplacian, 30, 0.2, threads=threads) for threads in (1, 2))
    assert one.codewords.tobytes() == two.codewords.tobytes()
    assert one.history == two.history


def test_start_with_codewords_and_counts(laplacian):
    first = ecvq(laplacian, 64, 0.2)
    second = ecvq(laplacian, len(first.codewords), 0.3, start=first.codewords, start_counts=first.counts)
    assert second.rate_bits < first.rate_bits


def test_progress_is_reported(laplacian):
    entries = []
    result = ecvq(laplacian, 8, 0.3, max_iterations=1, progress=entries.append)
    assert tuple(entries) == result.history
    assert len(entries) == 1


def test_single_codeword_costs_nothing():
    result = ecvq(np.ones((5, 3)), 1, 1.0)
    assert (result.rate_bits, result.distortion) == (0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lambda_": -1}, "lambda_"),
        ({"lambda_": np.nan}, "lambda_"),
        ({"size": 21}, "n_vectors=20 .* size=21"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"threshold": np.nan}, "threshold"),
        ({"start_counts": [1, 1]}, "start_counts"),
        ({"start": np.zeros((2, 2)), "start_counts": [1, 0]}, "start_counts"),
        ({"start": np.zeros((2, 2)), "start_counts": [1, np.inf]}, "start_counts"),
        ({"start": np.zeros((3, 2)), "start_counts": [1, 1, 1]}, "start_counts"),
    ],
)
def test_faulty_arguments(change, message):
    arguments = {"training_sequence": np.zeros((20, 2)), "size": 2, "lambda_": 1.0} | change
    with pytest.raises(ValueError, match=message):
        ecvq(**arguments)
