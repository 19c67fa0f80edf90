"""The training methods, each against its formulas in plain NumPy or another program."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.cluster import hierarchy

from vqcodec.errors import LimitError
from vqcodec.vq import nearest_mahalanobis
from vqcodec.vq.design import CompetitiveLearning, MiniBatch, NeuralGas, SelfOrganizingMap, design, online
from vqcodec.vq.design.annealing import deterministic_annealing
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.merging import merged_codewords
from vqcodec.vq.design.som import sides_of

SIZE, DIMENSION = 12, 3


@pytest.fixture
def vectors():
    return np.random.default_rng(3).laplace(size=(400, DIMENSION)).astype(np.float32)


@pytest.fixture
def codewords():
    return np.random.default_rng(4).normal(size=(SIZE, DIMENSION)).astype(np.float32)


def falling(first, last, share):
    return first * (last / first) ** min(1.0, share)


LEARNERS = {
    "competitive": lambda rows: CompetitiveLearning(rows, horizon=400),
    "mini-batch": lambda rows: MiniBatch(rows, batch=64),
    "moving averages": lambda rows: MiniBatch(rows, batch=64, decay=0.9, restart=0.5),
    "som": lambda rows: SelfOrganizingMap(rows, (3, 4), horizon=400),
    "neural gas": lambda rows: NeuralGas(rows, horizon=400),
}


@pytest.fixture(params=LEARNERS.values(), ids=LEARNERS.keys())
def make(request):
    return request.param


class TestOnlineDesign:
    def test_pieces_do_not_matter(self, make, codewords, vectors):
        whole, pieces = make(codewords), make(codewords)
        whole.partial_fit(vectors)
        for part in np.split(vectors, [1, 60, 61, 333]):
            pieces.partial_fit(part)
        assert whole.seen == pieces.seen == 400
        assert whole.codewords.tobytes() == pieces.codewords.tobytes()
        assert np.array_equal(whole.counts, pieces.counts)

    def test_faulty_vectors_teach_nothing(self, make, codewords, vectors):
        learner = make(codewords)
        for wrong in (vectors[:, :2], vectors[0], np.full((4, DIMENSION), np.nan), np.full((4, DIMENSION), np.inf)):
            with pytest.raises(ValueError, match=r"shape|finite"):
                learner.partial_fit(wrong)
        assert learner.seen == 0
        assert np.array_equal(learner.codewords, codewords)
        assert learner.partial_fit(np.empty((0, DIMENSION))).seen == 0

    def test_integers_and_other_orders_of_bytes(self, make, codewords):
        numbers = np.arange(60).reshape(20, DIMENSION) % 7
        expected = make(codewords).partial_fit(numbers.astype(np.float32)).codewords
        for same in (numbers, numbers.astype(np.float16), numbers.astype(">f8"), np.asfortranarray(numbers)):
            assert np.array_equal(make(codewords).partial_fit(same).codewords, expected)

    def test_examples(self):
        assert doctest.testmod(online).failed == 0


def test_competitive_learning_moves_the_winner(codewords, vectors):
    learner = CompetitiveLearning(codewords, horizon=300, rate=(0.4, 0.01)).partial_fit(vectors)
    expected = codewords.astype(float)
    for number, vector in enumerate(vectors):
        winner = np.square(expected - vector).sum(axis=1).argmin()
        expected[winner] += falling(0.4, 0.01, number / 300) * (vector - expected[winner])
    assert learner.codewords == pytest.approx(expected, abs=1e-4)


def test_without_a_rate_codewords_are_means_of_what_they_won(codewords, vectors):
    learner = CompetitiveLearning(codewords, horizon=1, rate=None).partial_fit(vectors)
    won = [[] for _ in codewords]
    expected = codewords.astype(float)
    for vector in vectors:
        winner = int(np.square(expected - vector).sum(axis=1).argmin())
        won[winner].append(vector)
        expected[winner] = np.mean(won[winner], axis=0)
    assert learner.codewords == pytest.approx(expected, abs=1e-4)
    assert learner.counts.tolist() == [len(vectors) for vectors in won]


def test_frequent_winners_pay(vectors):
    far = np.concatenate([np.full((8, DIMENSION), 5.0), vectors[:8]])
    plain = CompetitiveLearning(far, horizon=400).partial_fit(vectors)
    fair = CompetitiveLearning(far, horizon=400, frequency_sensitive=True).partial_fit(vectors)
    assert np.count_nonzero(plain.counts) <= 8
    assert np.count_nonzero(fair.counts) > 12


@pytest.mark.parametrize("lattice", [(1, 12), (3, 4)])
def test_a_map_moves_the_winners_neighbours(lattice, codewords, vectors):
    learner = SelfOrganizingMap(codewords, lattice, horizon=400, rate=(0.3, 0.05), width=(2.0, 0.5))
    learner.partial_fit(vectors)
    places = np.stack(np.unravel_index(np.arange(SIZE), lattice), axis=1)
    expected = codewords.astype(float)
    for number, vector in enumerate(vectors):
        share = number / 400
        winner = np.square(expected - vector).sum(axis=1).argmin()
        width = falling(2.0, 0.5, share)
        steps = np.abs(places - places[winner])
        weights = np.exp(-np.square(steps).sum(axis=1) / (2 * width**2)) * (steps.max(axis=1) <= int(3 * width))
        expected += falling(0.3, 0.05, share) * weights[:, None] * (vector - expected)
    assert learner.codewords == pytest.approx(expected, abs=1e-3)


def test_neighbours_on_a_map_are_alike():
    vectors = np.random.default_rng(5).uniform(size=(4_000, 2))
    chain = design(vectors, 32, method="som", lattice=1).codewords
    plain = design(vectors, 32, method="lbg", start="k-means++").codewords
    assert np.abs(np.diff(chain, axis=0)).mean() < np.abs(np.diff(plain, axis=0)).mean() / 2
    assert [sides_of(size) for size in (1, 7, 12, 256)] == [(1, 1), (1, 7), (3, 4), (16, 16)]


@pytest.mark.parametrize("range_", [(20.0, 2.0), (2.0, 0.1)])
def test_neural_gas_moves_all_by_rank(range_, vectors):
    many = np.random.default_rng(4).normal(size=(40, DIMENSION)).astype(np.float32)
    learner = NeuralGas(many, horizon=400, rate=(0.4, 0.02), range_=range_).partial_fit(vectors)
    expected = many.astype(float)
    for number, vector in enumerate(vectors):
        share = number / 400
        ranks = np.square(expected - vector).sum(axis=1).argsort().argsort()
        weights = np.exp(-ranks / falling(*range_, share))
        weights[ranks > 7 * falling(*range_, share)] = 0
        expected += falling(0.4, 0.02, share) * weights[:, None] * (vector - expected)
    assert learner.codewords == pytest.approx(expected, abs=1e-3)


def test_mini_batches_give_the_means_of_all_vectors(codewords, vectors):
    learner = MiniBatch(codewords, batch=100).partial_fit(vectors)
    expected, weights = codewords.astype(float), np.zeros(SIZE)
    for batch in np.split(vectors, 4):
        cells = np.square(batch[:, None] - expected.astype(np.float32)).sum(axis=2).argmin(axis=1)
        for k in np.unique(cells):
            members = batch[cells == k]
            weights[k] += len(members)
            expected[k] += len(members) / weights[k] * (members.mean(axis=0) - expected[k])
    assert learner.codewords == pytest.approx(expected, abs=1e-5)


def test_moving_averages_and_restarts(codewords, vectors):
    far = codewords.copy()
    far[5] = 90
    kept = MiniBatch(far, batch=50, decay=0.5)
    kept.partial_fit(vectors)
    assert kept.codewords[5] == pytest.approx(far[5])
    assert kept.restarts == 0
    revived = MiniBatch(far, batch=50, decay=0.5, restart=0.2)
    revived.partial_fit(vectors)
    assert np.abs(revived.codewords[5]).max() < 20
    assert revived.restarts >= 1


def test_vectors_wait_for_a_batch(codewords, vectors):
    learner = MiniBatch(codewords, batch=300).partial_fit(vectors[:200])
    assert np.array_equal(learner.codewords, codewords)
    learner.finish()
    assert learner.counts.sum() == 200
    assert not np.array_equal(learner.codewords, codewords)


def test_merging_is_wards_clustering(vectors):
    found, counts = merged_codewords(vectors, SIZE, threads=2)
    labels = hierarchy.fcluster(hierarchy.ward(vectors.astype(float)), SIZE, "maxclust")
    expected = [vectors[labels == label].mean(axis=0, dtype=float) for label in range(1, SIZE + 1)]
    order = np.lexsort(np.transpose(expected))
    assert found[np.lexsort(found.T)] == pytest.approx(np.array(expected)[order], abs=1e-5)
    assert sorted(counts) == sorted(np.bincount(labels)[1:])


def test_merging_nothing(vectors):
    found, counts = merged_codewords(vectors, len(vectors))
    assert np.array_equal(found, vectors)
    assert counts.tolist() == [1] * len(vectors)


class TestAnnealing:
    def test_the_first_transition_is_at_twice_the_largest_variance(self):
        generator = np.random.default_rng(0)
        vectors = generator.normal(size=(4_000, 3)) @ np.diag([1.0, 2.0, 0.5])
        result = deterministic_annealing(vectors, 8, cooling=0.97)
        critical = 2 * np.linalg.eigvalsh(np.cov(vectors.T)).max()
        assert 0.96 * critical < result.transitions[0].temperature <= critical
        assert result.transitions[0].size == 2
        assert result.transitions[-1].size == 8
        assert [one.temperature for one in result.transitions] == sorted(
            (one.temperature for one in result.transitions), reverse=True
        )

    def test_clusters_are_found_whatever_the_seed(self):
        generator = np.random.default_rng(7)
        centres = 10 * generator.normal(size=(16, 4))
        vectors = centres[generator.integers(16, size=3_000)] + 0.1 * generator.normal(size=(3_000, 4))
        for seed in range(3):
            result = deterministic_annealing(vectors, 16, seed=seed)
            assert result.distortion == pytest.approx(4 * 0.1**2, rel=0.05)

    def test_codewords_are_means_under_their_probabilities(self):
        vectors = np.random.default_rng(1).normal(size=(2_000, 2))
        seen = []
        deterministic_annealing(vectors, 4, progress=seen.append)
        assert seen[0].distortion == pytest.approx(np.square(vectors - vectors.mean(axis=0)).sum(axis=1).mean())
        assert seen[0].rate_bits == pytest.approx(0, abs=1e-9)
        soft = [entry for entry in seen if entry.rate_bits > 1e-3]
        assert soft[0].size == 2
        assert max(entry.rate_bits for entry in soft) <= 2

    def test_fewer_distinct_vectors_than_codewords(self):
        result = deterministic_annealing(np.repeat([[0.0, 1.0], [4.0, 1.0]], 20, axis=0), 5)
        assert result.distortion == pytest.approx(0, abs=1e-9)
        assert len(result.codewords) == 5


def test_relaxation_without_noise_is_lloyds(vectors):
    begun = lbg(vectors, 10, start="k-means++").codewords
    plain = design(vectors, 10, method="lbg", start=begun, threshold=1e-6)
    still = design(vectors, 10, method="relaxation", start=begun, temperature=0.0, iterations=5, threshold=1e-6)
    assert still.distortion == pytest.approx(plain.distortion, rel=1e-4)


@pytest.mark.parametrize("start", ["random", "pnn"])
def test_starts(start, vectors):
    result = design(vectors, 10, start=start, seed=1)
    assert result.distortion < design(vectors, 10, start="random", max_iterations=1).distortion


class TestWeights:
    def test_components(self, vectors):
        weights = np.array([9.0, 1.0, 0.25])
        result = design(vectors, 10, weights=weights)
        errors = (np.square(vectors - result.codewords[result.indices]) * weights).sum(axis=1)
        assert result.distortion == pytest.approx(errors.mean(), rel=1e-5)
        assert (
            errors.mean()
            < (np.square(vectors - design(vectors, 10).codewords[design(vectors, 10).indices]) * weights)
            .sum(axis=1)
            .mean()
        )

    def test_mahalanobis(self, vectors):
        correlated = vectors @ np.array([[2.0, 0, 0], [1, 1, 0], [0, 0.5, 0.3]])
        inverse = np.linalg.inv(np.cov(correlated.T))
        for method in ("lbg", "neural-gas"):
            result = design(correlated, 10, method=method, weights=inverse)
            indices, errors = nearest_mahalanobis(correlated, result.codewords, inverse)
            assert (indices == result.indices).mean() > 0.999
            assert result.distortion == pytest.approx(errors.mean(), rel=1e-4)

    def test_starts_are_weighted_too(self, vectors):
        begun = vectors[:10]
        result = design(vectors, 10, weights=[1.0, 4.0, 1.0], start=begun, max_iterations=1)
        assert result.codewords == pytest.approx(begun, abs=1e-5)

    @pytest.mark.parametrize(
        "weights", [[1.0, -1.0, 1.0], [[1.0, 2.0], [0.0, 1.0]], np.ones((3, 3)), 2.0, [np.nan] * 3]
    )
    def test_faulty(self, weights, vectors):
        with pytest.raises(ValueError, match="weights"):
            design(vectors, 10, weights=weights)

    def test_of_another_dimension(self, vectors):
        with pytest.raises(ValueError, match="2 dimensions"):
            design(vectors, 10, weights=[1.0, 1.0])


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("annealing", {"cooling": 1.0}),
        ("competitive", {"epochs": 0}),
        ("competitive", {"rate": (0.0, 0.1)}),
        ("competitive", {"start": "split"}),
        ("lbg", {"start": "magic"}),
        ("mini-batch", {"batch": 0}),
        ("mini-batch", {"decay": 1.0}),
        ("mini-batch", {"restart": 1.0}),
        ("neural-gas", {"range_": (0.0, 1.0)}),
        ("neural-gas", {"rate": (1.5, 0.1)}),
        ("pnn", {"sample": 3}),
        ("relaxation", {"iterations": 0}),
        ("relaxation", {"temperature": -1.0}),
        ("som", {"lattice": 3}),
        ("som", {"width": (0.0, 1.0)}),
    ],
)
def test_faulty_options_are_named(method, options, vectors):
    with pytest.raises(ValueError, match=f"{next(iter(options))}|decay"):
        design(vectors, 10, method=method, **options)


def test_too_many_codewords(codewords):
    with pytest.raises(LimitError):
        NeuralGas(np.zeros((70_000, 1)), horizon=1)
