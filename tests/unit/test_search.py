"""Nearest-codeword search against brute force in NumPy float64."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.vq import _tree
from vqcodec.vq.search import SearchIndex, nearest, nearest_mahalanobis, nearest_weighted

METHODS = ["_plain_search", "_tile_search", "_box_search"]
ROOT = Path(__file__).resolve().parents[2]


def oracle(vectors, codewords, penalties=0.0, weights=None):
    """Index and squared error of the nearest codeword, summed in the order of the dimensions."""
    vectors, codewords = np.float32(vectors).astype(np.float64), np.float32(codewords).astype(np.float64)
    errors = np.zeros((len(vectors), len(codewords)))
    for d in range(codewords.shape[1]):
        squares = np.square(vectors[:, d, np.newaxis] - codewords[:, d])
        errors += squares if weights is None else np.float32(weights)[:, d, np.newaxis].astype(np.float64) * squares
    indices = (errors + penalties).argmin(axis=1)
    return indices, errors[np.arange(len(vectors)), indices].astype(np.float32)


def bytes_with_ties(random, count, size, dimension):
    """uint8, as blocks of pictures are; most vectors lie equally far from several codewords."""
    codewords = random.integers(120, 124, (size, dimension)).astype(np.uint8)
    return random.integers(118, 126, (count, dimension)).astype(np.uint8), codewords


def gaussian(random, count, size, dimension):
    return random.normal(size=(count, dimension)), random.normal(size=(size, dimension))


def integers(random, count, size, dimension):
    """Many exact ties."""
    return random.integers(0, 6, (count, dimension)), random.integers(0, 6, (size, dimension))


def repeated(random, count, size, dimension):
    """Every codeword stands several times in the codebook."""
    codewords = random.normal(size=(-(-size // 3), dimension))[random.permutation(size) // 3]
    return codewords[random.integers(0, size, count)] + random.normal(size=(count, dimension)) * 1e-3, codewords


def far_from_origin(random, count, size, dimension):
    """float32 scores without the move to the mean would be noise."""
    return random.normal(size=(count, dimension)) + 3e4, random.normal(size=(size, dimension)) + 3e4


def crowded(random, count, size, dimension):
    """The codewords differ by a few units in the last place: float32 cannot tell the distances apart."""
    codewords = 1 + 2.0**-22 * random.integers(0, 4, (size, dimension))
    return 1 + random.normal(size=(count, dimension)), codewords


def denormal_squares(random, count, size, dimension):
    return random.normal(size=(count, dimension)) * 1e-22, random.normal(size=(size, dimension)) * 1e-22


def enormous(random, count, size, dimension):
    return random.uniform(-1e15, 1e15, (count, dimension)), random.uniform(-1e15, 1e15, (size, dimension))


DATA = [gaussian, bytes_with_ties, integers, repeated, far_from_origin, crowded, denormal_squares, enormous]


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture(params=METHODS)
def method(request, monkeypatch):
    """Make every search use one method."""
    monkeypatch.setattr(SearchIndex, "_method", lambda index, count, hinted: getattr(index, request.param))
    return request.param


@pytest.mark.parametrize("make", DATA, ids=lambda make: make.__name__)
@pytest.mark.parametrize("dimension", [2, 16])
@pytest.mark.parametrize("size", [1, 5, 16, 17, 300])
def test_agrees_with_float64(method, make, dimension, size, rng):
    vectors, codewords = make(rng, 150, size, dimension)
    hint = rng.integers(0, size, len(vectors))
    expected = oracle(vectors, codewords)
    for found in (nearest(vectors, codewords), nearest(vectors, codewords, hint=hint)):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("make", [gaussian, integers, repeated, far_from_origin])
def test_penalties_agree_with_float64(method, make, rng):
    vectors, codewords = make(rng, 200, 700, 16)
    penalties = rng.exponential(size=700) * 5
    found = SearchIndex(codewords, penalties).nearest(vectors)
    expected = oracle(vectors, codewords, penalties)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_large_codebook_has_several_vectors_of_boxes(method, rng):
    vectors, codewords = rng.normal(size=(100, 2)), rng.normal(size=(9_000, 2))
    np.testing.assert_array_equal(nearest(vectors, codewords)[0], oracle(vectors, codewords)[0])


@pytest.mark.parametrize("dimension", [1, 24, 65])
def test_odd_dimensions(dimension, rng):
    vectors, codewords = rng.normal(size=(4_000, dimension)), rng.normal(size=(700, dimension))
    codewords[:, 0] *= 4 * np.sqrt(dimension)
    found = nearest(vectors, codewords)[0]
    np.testing.assert_array_equal(found[:300], oracle(vectors[:300], codewords)[0])


@pytest.mark.parametrize(
    ("spread", "size", "cold", "hinted"),
    [
        (9, 100, "_tile_search", "_tile_search"),
        (9, 2_000, "_box_search", "_tile_search"),
        (9, 6_000, "_box_search", "_box_search"),
        (1, 6_000, "_tile_search", "_tile_search"),
    ],
)
def test_method_suits_the_codebook(spread, size, cold, hinted, rng):
    codewords = rng.normal(size=(size, 16))
    codewords[:, 3] *= spread
    index = SearchIndex(codewords)
    assert index._method(100_000, False) is getattr(index, cold)
    assert index._method(100_000, True) is getattr(index, hinted)
    assert index._method(10, True) is index._plain_search


@pytest.mark.parametrize("count", [1, 15, 40_000])
def test_a_hint_of_another_codebook_saves_time_alone(method, count, rng):
    """Vectors come in the order of their hints, from several shards, with a last tile that is not full."""
    vectors, codewords = rng.normal(size=(count, 3)), rng.normal(size=(900, 3))
    hint = nearest(vectors, codewords + rng.normal(size=(900, 3)) * 0.2)[0]
    for found, expected in zip(nearest(vectors, codewords, hint=hint), nearest(vectors, codewords)):
        np.testing.assert_array_equal(found, expected)


def test_threads_make_no_difference(method, rng):
    vectors = np.float32(rng.integers(0, 9, (40_000, 2)))
    codewords = rng.integers(0, 9, (64, 2))
    one, two = (nearest(vectors, codewords, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


def test_empty_and_single(method):
    indices, distortions = nearest(np.empty((0, 3)), np.ones((2, 3)))
    assert indices.shape == distortions.shape == (0,)
    assert (indices.dtype, distortions.dtype) == (np.int32, np.float32)
    assert nearest([[1, 2]], [[4, 6]])[1] == 25


def test_weighted(rng):
    vectors, codewords = rng.normal(size=(300, 10)), rng.normal(size=(70, 10))
    weights = rng.exponential(size=(300, 10))
    weights[7] = 0
    found = nearest_weighted(vectors, codewords, weights)
    expected = oracle(vectors, codewords, weights=weights)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    assert found[0][7] == 0


def test_main_axis_is_the_principal_component(rng):
    moved = np.float32(rng.normal(size=(500, 9)) * np.arange(1, 10) @ np.linalg.qr(rng.normal(size=(9, 9)))[0])
    variances, axes = np.linalg.eigh(moved.T.astype(float) @ moved)
    axis, share = _tree.main_axis(moved)
    assert np.linalg.norm(axis) == pytest.approx(1, abs=1e-6)
    assert abs(axis @ axes[:, -1]) > 0.99
    assert share == pytest.approx(variances[-1] / variances.sum(), rel=0.01)
    axis, share = _tree.main_axis(np.zeros((3, 4), np.float32))
    assert (np.linalg.norm(axis), share) == (1, 0)


def test_mahalanobis(rng):
    vectors, codewords, root = rng.normal(size=(300, 6)), rng.normal(size=(40, 6)), rng.normal(size=(6, 6))
    matrix = root @ root.T + np.eye(6)
    differences = vectors[:, np.newaxis] - codewords
    distances = np.einsum("nki,ij,nkj->nk", differences, matrix, differences)
    indices, found = nearest_mahalanobis(vectors, codewords, matrix)
    np.testing.assert_allclose(distances[np.arange(300), indices], distances.min(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found, distances.min(axis=1), rtol=1e-4)


def test_same_answers_on_a_plain_processor(tmp_path):
    """Without AVX and fused multiply-add the scores differ in their last bits; the answers must not."""
    script = (
        "import hashlib, numpy as np; from vqcodec.vq.search import SearchIndex\n"
        "r = np.random.default_rng(5); c = r.integers(0, 9, (600, 4)); v = np.float32(r.integers(0, 9, (500, 4)))\n"
        "index, none = SearchIndex(c), np.empty(0, np.int32)\n"
        "for search in (index._tile_search, index._box_search):\n"
        "    i, d = np.empty(500, np.int32), np.empty(500, np.float32); search(v, none, i, d)\n"
        "    print(hashlib.sha256(i.tobytes() + d.tobytes()).hexdigest())\n"
    )
    digests = set()
    for environment in ({}, {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)}):
        completed = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.update(completed.stdout.split())
    assert len(digests) == 1


def test_kernels_of_several_dimensions_come_out_of_the_cache(tmp_path):
    """The second process loads the kernels that the first one compiled; each dimension must get its own."""
    script = (
        "import numpy as np; from vqcodec.vq.search import SearchIndex\n"
        "r, none = np.random.default_rng(5), np.empty(0, np.int32)\n"
        "for dimension in (2, 5, 3):\n"
        "    c, v = r.normal(size=(600, dimension)), np.float32(r.normal(size=(500, dimension)))\n"
        "    index, found = SearchIndex(c), []\n"
        "    for search in (index._plain_search, index._tile_search, index._box_search):\n"
        "        i, d = np.empty(500, np.int32), np.empty(500, np.float32); search(v, none, i, d)\n"
        "        found.append(i)\n"
        "    assert all(np.array_equal(found[0], other) for other in found), dimension\n"
    )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)},
            check=True,
        )


@pytest.mark.parametrize("hint", [[0, 2], [-1, 0], [0], [[0, 1]], [0.0, 1.0], [0, 2**40], "ab", None])
def test_hostile_hints(hint):
    vectors, codewords = np.zeros((2, 3)), np.zeros((2, 3))
    if hint is None:
        nearest(vectors, codewords, hint=hint)
        return
    with pytest.raises(ValueError, match="hint"):
        nearest(vectors, codewords, hint=hint)


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf, 1.1e15])
def test_values_out_of_range(method, fault):
    vectors = np.zeros((40, 3), np.float32)
    vectors[33, 1] = fault
    with pytest.raises(ValueError, match="vector 33 "):
        nearest(vectors, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="codewords"):
        nearest(np.zeros((2, 3)), vectors)


def test_faulty_arguments():
    with pytest.raises(ValueError, match=r"\(4, 2\).*\(n, 3\)"):
        nearest(np.zeros((4, 2)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"\(0, 3\)"):
        SearchIndex(np.zeros((0, 3)))
    with pytest.raises(LimitError, match=str(limits.MAX_CODEWORDS)):
        SearchIndex(np.zeros((limits.MAX_CODEWORDS + 1, 1)))
    with pytest.raises(LimitError, match=str(limits.MAX_VECTOR_DIMENSION)):
        SearchIndex(np.zeros((1, limits.MAX_VECTOR_DIMENSION + 1)))
    for penalties in ([1.0], [-1.0, 0.0], [np.nan, 0.0]):
        with pytest.raises(ValueError, match="penalties"):
            SearchIndex(np.zeros((2, 3)), penalties)
    for weights in (np.ones((2, 2)), np.ones((1, 3)), -np.ones((2, 3)), np.full((2, 3), np.nan)):
        with pytest.raises(ValueError):  # noqa: PT011  (several messages)
            nearest_weighted(np.zeros((2, 3)), np.zeros((2, 3)), weights)
    for matrix, message in ((np.eye(2), "shape"), (-np.eye(3), "definite"), (np.tri(3), "symmetric")):
        with pytest.raises(ValueError, match=message):
            nearest_mahalanobis(np.zeros((2, 3)), np.zeros((2, 3)), matrix)
