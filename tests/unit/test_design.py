"""`design`: what holds for every training method."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vqcodec import design_codebook
from vqcodec.vq.design import cells, design
from vqcodec.vq.design.ecvq import ecvq
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.methods import METHODS
from vqcodec.vq.design.result import ideal_lengths

OPTIONS = {"ecvq": {"lambda_": 0.2}, "lbg": {"start": "k-means++"}, "pnn": {"sample": 2_000}}
"""By method, options that it cannot do without, or that make its result depend on the seed."""


@pytest.fixture
def vectors():
    return np.random.default_rng(6).laplace(size=(3_000, 3)).astype(np.float32)


@pytest.fixture(params=sorted(METHODS))
def run(request):
    """`design` by one method."""
    return lambda vectors, size, **options: design(
        vectors, size, method=request.param, **OPTIONS.get(request.param, {}), **options
    )


def test_result_describes_the_training_sequence(run, vectors):
    result = run(vectors, 20)
    size = len(result.codewords)
    assert 1 < size <= 20
    assert result.codewords.shape == (size, 3)
    assert result.codewords.dtype == np.float32
    assert np.array_equal(result.counts, np.bincount(result.indices, minlength=size))
    errors = np.square(vectors - result.codewords[result.indices], dtype=float).sum(axis=1)
    assert result.distortion == pytest.approx(errors.mean(), rel=1e-6)
    assert result.seconds > 0


def test_history_falls_to_the_distortion_reached(run, vectors):
    seen = []
    result = run(vectors, 20, progress=seen.append)
    assert tuple(seen) == result.history
    assert result.history[-1].distortion == result.distortion


@pytest.mark.parametrize("method", sorted({*METHODS} - {"ecvq", "pnn"}))
def test_distortion_falls(method, vectors):
    result = design(vectors, 20, method=method)
    assert result.distortion < 0.95 * result.history[0].distortion


@pytest.mark.parametrize("method", ["lbg", "ecvq"])
def test_cost_never_rises(method, vectors):
    result = design(vectors, 20, method=method, **OPTIONS.get(method, {}))
    for _, entries in itertools.groupby(result.history, key=lambda entry: entry.size):
        costs = [entry.cost for entry in entries]
        assert all(later <= earlier * (1 + 1e-6) for earlier, later in itertools.pairwise(costs))


def test_usage_perplexity_and_code_lengths(run, vectors):
    result = run(vectors, 20)
    shares = result.counts / result.counts.sum()
    assert result.usage == (result.counts > 0).mean()
    assert result.rate_bits == pytest.approx(-(shares * np.log2(shares)).sum())
    assert result.perplexity == pytest.approx(2**result.rate_bits)
    assert 1 < result.perplexity <= len(result.codewords)
    assert np.exp2(-result.code_lengths).sum() == pytest.approx(1)
    assert result.code_lengths @ shares == pytest.approx(result.rate_bits)


def test_an_unused_codeword_counts_as_such():
    result = design(np.repeat([[0.0], [4.0]], 8, axis=0), 3)
    assert result.usage == pytest.approx(2 / 3)
    assert result.perplexity == pytest.approx(2)
    assert sorted(result.code_lengths) == [1, 1, np.inf]
    assert ideal_lengths([1, 0, 3, 4]).tolist() == pytest.approx([3, np.inf, 3 - np.log2(3), 1])


def test_the_seed_decides_and_threads_do_not(run, vectors, monkeypatch):
    monkeypatch.setattr(cells, "_LEAST_SHARD_VECTORS", 300)
    one, two = (run(vectors, 16, seed=5, threads=threads) for threads in (1, 2))
    other = run(vectors, 16, seed=6)
    assert one.codewords.tobytes() == two.codewords.tobytes()
    assert one.history == two.history
    assert one.codewords.tobytes() != other.codewords.tobytes()


def test_same_as_the_functions_of_the_methods(vectors):
    plain, constrained = lbg(vectors, 16), ecvq(vectors, 16, 0.2, seed=3)
    assert design(vectors, 16).codewords.tobytes() == plain.codewords.tobytes()
    found = design_codebook(vectors, 16, method="ecvq", lambda_=0.2, seed=3)
    assert found.codewords.tobytes() == constrained.codewords.tobytes()


def test_faulty_arguments(vectors):
    with pytest.raises(ValueError, match=r"method 'magic'; choose one of annealing, .*lbg"):
        design(vectors, 4, method="magic")
    with pytest.raises(TypeError, match="lambda_"):
        design(vectors, 4, method="ecvq")
    with pytest.raises(TypeError, match="lambda_"):
        design(vectors, 4, lambda_=1.0)
    with pytest.raises(ValueError, match="size=5"):
        design(vectors[:4], 5)
