"""LBG against what is known of optimal codebooks, and its promises of determinism."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.vq.design import cells
from vqcodec.vq.design.cells import partition, principal_spread
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.starts import kmeans_plus_plus
from vqcodec.vq.search import SearchIndex, nearest

STARTS = ["split", "k-means++"]

# Fejes Toth 1959: no M points do better on a convex polygon of area A than regular hexagons of area A / M would,
# whose second moment about the centre is 5 A^2 / (18 sqrt(3) M^2) each.
HEXAGONAL_BOUND = 5 / (18 * math.sqrt(3))


@pytest.fixture
def rng():
    return np.random.default_rng(17)


def same(one, two):
    return (
        one.codewords.tobytes() == two.codewords.tobytes()
        and one.history == two.history
        and np.array_equal(one.indices, two.indices)
    )


@pytest.mark.parametrize("start", STARTS)
def test_sixteen_codewords_on_the_unit_square(start, rng):
    """A thousand points, 62 a cell: fitting them lowers their distortion below that of the square by a few per cent."""
    bound = HEXAGONAL_BOUND / 16
    result = lbg(rng.uniform(size=(1000, 2)), 16, start=start, threshold=1e-4)
    fresh = nearest(rng.uniform(size=(200_000, 2)), result.codewords)[1].mean()
    assert 0.93 * bound < result.distortion < 1.08 * bound
    assert 0.995 * bound < fresh < 1.15 * bound


@pytest.mark.parametrize(("dimension", "tolerance"), [(1, 0.02), (2, 0.04), (4, 0.1)])
def test_high_rate_law(dimension, tolerance, rng):
    """D ~ M^(-2/k) (Zador 1963; Gersho 1979): the slope of log D over log M, from 32 to 256 codewords.

    In four dimensions most of these cells touch the boundary, and the slope is not the asymptotic one yet.
    """
    data = rng.uniform(size=(30_000, dimension))
    sizes = [32, 64, 128, 256]
    logarithms = [math.log(lbg(data, size, start="k-means++").distortion) for size in sizes]
    slope = np.polyfit(np.log(sizes), logarithms, 1)[0]
    assert slope == pytest.approx(-2 / dimension, rel=tolerance)


def test_one_dimension_has_the_uniform_quantizer(rng):
    result = lbg((np.arange(4096) + 0.5)[:, np.newaxis] / 4096, 8, threshold=1e-6)
    np.testing.assert_allclose(np.sort(result.codewords[:, 0]), (np.arange(8) + 0.5) / 8, atol=2e-3)
    assert result.distortion == pytest.approx(1 / (12 * 64), rel=1e-3)


@pytest.mark.parametrize("start", STARTS)
def test_distortion_never_rises_at_one_size(start, rng):
    result = lbg(rng.gamma(0.3, size=(3_000, 5)), 24, start=start, threshold=0)
    for _, entries in itertools.groupby(result.history, key=lambda entry: entry.size):
        distortions = [entry.distortion for entry in entries]
        assert all(later <= earlier * (1 + 1e-6) for earlier, later in itertools.pairwise(distortions))
    assert result.history[-1].distortion == result.distortion


@pytest.mark.parametrize("size", [1, 2, 3, 11, 16, 100])
@pytest.mark.parametrize("start", STARTS)
def test_result_describes_the_training_sequence(size, start, rng):
    data = rng.normal(size=(500, 3))
    result = lbg(data, size, start=start)
    indices, distortions = nearest(data, result.codewords)
    assert result.codewords.shape == (size, 3)
    assert result.codewords.dtype == np.float32
    np.testing.assert_array_equal(result.indices, indices)
    np.testing.assert_array_equal(result.counts, np.bincount(indices, minlength=size))
    assert result.counts.min() > 0
    assert result.distortion == pytest.approx(distortions.mean(dtype=np.float64), rel=1e-6)


def test_splitting_doubles_the_codebook(rng):
    result = lbg(rng.normal(size=(500, 3)), 11)
    assert [size for size, _ in itertools.groupby(entry.size for entry in result.history)] == [1, 2, 4, 8, 11]


@pytest.mark.parametrize("start", STARTS)
def test_same_bytes_on_any_number_of_threads(start, rng, monkeypatch):
    monkeypatch.setattr(cells, "_LEAST_SHARD_VECTORS", 300)
    data = rng.normal(size=(5_000, 6))
    assert same(*(lbg(data, 40, start=start, seed=3, threads=threads) for threads in (1, 2)))


@pytest.mark.parametrize("dimension", [3, 65])
def test_sums_do_not_depend_on_how_the_vectors_lie_in_memory(dimension, rng):
    data = np.float32(rng.normal(size=(300, dimension)))
    index = SearchIndex(data[:7])
    wanted = partition(data, index)
    for same_data in (np.asfortranarray(data), np.repeat(data, 2, axis=1)[:, ::2], data.astype(np.float64)):
        found = partition(same_data, index)
        assert np.array_equal(found.indices, wanted.indices)
        assert found.sums.tobytes() == wanted.sums.tobytes()


def test_seed_decides(rng):
    data = rng.normal(size=(2_000, 4))
    assert same(*(lbg(data, 20, start="k-means++", seed=1) for _ in range(2)))
    assert not same(*(lbg(data, 20, start="k-means++", seed=seed) for seed in (1, 2)))


def test_empty_cells_are_filled_from_the_worst(rng):
    """Initial codewords of which all but one are too far to be chosen."""
    data = rng.normal(size=(2_000, 2)).astype(np.float32)
    start = np.concatenate([np.zeros((1, 2)), 1e4 + rng.normal(size=(15, 2))])
    result = lbg(data, 16, start=start)
    assert result.counts.min() > 0
    assert result.distortion < 1.1 * lbg(data, 16).distortion


def test_fewer_distinct_vectors_than_codewords():
    result = lbg(np.repeat([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]], 10, axis=0), 8)
    assert result.distortion == 0
    assert sorted(result.counts)[-3:] == [10, 10, 10]
    assert np.isfinite(result.codewords).all()
    assert lbg(np.ones((20, 2)), 4, start="k-means++").distortion == 0


def test_principal_spread_finds_the_direction(rng):
    direction = np.array([3.0, -4.0, 12.0]) / 13
    data = np.float32(5 * rng.normal(size=(4_000, 1)) * direction + 0.1 * rng.normal(size=(4_000, 3)))
    divided = partition(data, SearchIndex(data.mean(axis=0, keepdims=True)))
    spread = principal_spread(data, divided, divided.centroids(empty=data[:1]))[0]
    np.testing.assert_allclose(spread * np.sign(spread[2]), 5 * direction, atol=0.2)


def test_k_means_plus_plus_is_close_to_the_best(rng):
    """One vector of each of well separated clusters, as D^2 sampling makes all but certain."""
    centres = 1000 * rng.normal(size=(12, 4))
    data = np.float32(np.repeat(centres, 50, axis=0) + rng.normal(size=(600, 4)))
    chosen = kmeans_plus_plus(data, 12, seed=0)
    assert sorted(nearest(chosen, centres)[0]) == list(range(12))


def test_progress_is_reported(rng):
    entries = []
    result = lbg(rng.normal(size=(200, 2)), 4, progress=entries.append)
    assert tuple(entries) == result.history


def test_iterations_are_limited(rng):
    result = lbg(rng.normal(size=(2_000, 8)), 64, threshold=0, max_iterations=2)
    assert max(entry.iteration for entry in result.history) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 11}, "n_vectors=10 .* size=11"),
        ({"size": 0}, "size=0"),
        ({"training_sequence": np.full((10, 2), np.nan)}, "finite"),
        ({"training_sequence": np.full((10, 2), -np.inf)}, "finite"),
        ({"training_sequence": np.zeros(10)}, "shape"),
        ({"training_sequence": np.zeros((10, 0))}, "shape"),
        ({"training_sequence": np.zeros((0, 2))}, "n_vectors=0"),
        ({"threshold": -1e-3}, "threshold"),
        ({"threshold": np.nan}, "threshold"),
        ({"perturbation": 0}, "perturbation"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"start": "magic"}, "magic"),
        ({"start": np.zeros((3, 2))}, "start has shape"),
        ({"start": np.full((2, 2), np.nan)}, "finite"),
    ],
)
def test_faulty_arguments(change, message):
    arguments = {"training_sequence": np.zeros((10, 2)), "size": 2} | change
    with pytest.raises(ValueError, match=message):
        lbg(**arguments)


def test_limits(monkeypatch):
    with pytest.raises(LimitError, match="codewords"):
        lbg(np.zeros((10, 2)), limits.MAX_CODEWORDS + 1)
    with pytest.raises(LimitError, match="dimensions"):
        lbg(np.zeros((10, limits.MAX_VECTOR_DIMENSION + 1)), 2)
