"""Codebook structures: each search against its formula in plain NumPy, and their designs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vqcodec.errors import LimitError
from vqcodec.vq import (
    ClassifiedQuantizer,
    FiniteStateQuantizer,
    FlatQuantizer,
    GainShapeQuantizer,
    LatticeQuantizer,
    MeanRemovedQuantizer,
    MultistageQuantizer,
    PredictiveQuantizer,
    ProductQuantizer,
    TreeQuantizer,
    design_structure,
)
from vqcodec.vq.structures.design import STRUCTURES
from vqcodec.vq.structures.growing import design_tree
from vqcodec.vq.structures.lattice import LATTICES, SECOND_MOMENTS

RNG = np.random.default_rng(11)


@pytest.fixture
def vectors():
    return np.random.default_rng(12).normal(size=(500, 4)).astype(np.float32)


def errors_of(vectors, decoded):
    return np.square(vectors - decoded.astype(float)).sum(axis=1)


def least_errors(vectors, codewords):
    return np.square(vectors[:, None] - codewords.astype(float)).sum(axis=2).min(axis=1)


class TestMultistage:
    QUANTIZER = MultistageQuantizer([RNG.normal(size=(8, 4)), RNG.normal(size=(4, 4)) / 2, RNG.normal(size=(4, 4)) / 4])

    def test_with_all_paths_the_nearest_sum_is_found(self, vectors):
        whole = MultistageQuantizer(self.QUANTIZER.stages, paths=128)
        found = errors_of(vectors, whole.decode(whole.encode(vectors)))
        assert found == pytest.approx(least_errors(vectors, whole.reproductions()), rel=1e-5)

    def test_with_one_path_each_stage_takes_the_nearest(self, vectors):
        rest, expected = vectors.astype(float), []
        for stage in self.QUANTIZER.stages:
            expected.append(np.square(rest[:, None] - stage).sum(axis=2).argmin(axis=1))
            rest = rest - stage[expected[-1]]
        greedy = MultistageQuantizer(self.QUANTIZER.stages, paths=1)
        assert np.array_equal(greedy.encode(vectors), np.stack(expected, axis=1))

    def test_more_paths_are_never_worse(self, vectors):
        errors = []
        for paths in (1, 4, 16):
            quantizer = MultistageQuantizer(self.QUANTIZER.stages, paths=paths)
            errors.append(errors_of(vectors, quantizer.decode(quantizer.encode(vectors))).mean())
        assert errors[0] > errors[1] > errors[2]

    def test_stages_come_one_after_another(self, vectors):
        indices = self.QUANTIZER.encode(vectors)
        first = self.QUANTIZER.stages[0][indices[:, 0]]
        second = self.QUANTIZER.stages[1][indices[:, 1]]
        assert np.array_equal(self.QUANTIZER.decode(indices, stages=1), first)
        assert np.array_equal(self.QUANTIZER.decode(indices, stages=2), first + second)
        assert self.QUANTIZER.reproductions(stages=1).shape == (128, 4)
        for stages in (0, 4):
            with pytest.raises(ValueError, match="stages"):
                self.QUANTIZER.decode(indices, stages=stages)

    def test_joint_design_is_better(self, vectors):
        many = np.random.default_rng(1).laplace(size=(4_000, 4)).astype(np.float32)
        one, joint = (design_structure(many, 256, structure="multistage", rounds=rounds) for rounds in (0, 8))
        before, after = (errors_of(many, q.decode(q.encode(many))).mean() for q in (one, joint))
        assert after < 0.97 * before

    def test_faulty_arguments(self):
        with pytest.raises(ValueError, match="0 stages"):
            MultistageQuantizer([])
        with pytest.raises(ValueError, match="dimensions"):
            MultistageQuantizer([np.zeros((2, 3)), np.zeros((2, 4))])
        with pytest.raises(ValueError, match="paths"):
            MultistageQuantizer([np.zeros((2, 3))], paths=0)


def test_product_finds_the_nearest(vectors):
    quantizer = ProductQuantizer([RNG.normal(size=(8, 1)), RNG.normal(size=(16, 3))])
    found = errors_of(vectors, quantizer.decode(quantizer.encode(vectors)))
    assert found == pytest.approx(least_errors(vectors, quantizer.reproductions()), rel=1e-5)
    assert (quantizer.size, quantizer.dimension, quantizer.index_shape) == (128, 4, (2,))


class TestGainShape:
    SHAPES = RNG.normal(size=(16, 4))
    QUANTIZER = GainShapeQuantizer([[0.0], [0.5], [1], [2], [4]], SHAPES / np.linalg.norm(SHAPES, axis=1)[:, None])

    def test_the_nearest_is_found(self, vectors):
        found = errors_of(vectors, self.QUANTIZER.decode(self.QUANTIZER.encode(vectors)))
        assert found == pytest.approx(least_errors(vectors, self.QUANTIZER.reproductions()), rel=1e-4)

    def test_integers_are_near(self, vectors):
        quantizer = GainShapeQuantizer(self.QUANTIZER.gains * 1000, self.QUANTIZER.shapes)
        whole = quantizer.rounded()
        indices = quantizer.encode(1000 * vectors)
        assert whole.decode(indices).dtype == np.int32
        assert np.abs(whole.decode(indices) - quantizer.decode(indices)).max() <= 1

    def test_zeros_and_opposites(self):
        quantizer = GainShapeQuantizer([[0.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]])
        assert quantizer.decode(quantizer.encode([[0, 0], [-3, -4], [0.1, 0.9]])).tolist() == [[0, 0], [0, 0], [0, 1]]

    def test_faulty_arguments(self):
        with pytest.raises(ValueError, match="unit vectors"):
            GainShapeQuantizer([[1.0]], [[3.0, 4.0]])
        with pytest.raises(ValueError, match="gains"):
            GainShapeQuantizer([[-1.0]], [[1.0, 0.0]])
        with pytest.raises(ValueError, match="both"):
            GainShapeQuantizer([[1]], [[1.0, 0.0]])


def test_mean_removed_takes_the_nearest_mean_and_what_is_left(vectors):
    quantizer = MeanRemovedQuantizer(RNG.normal(size=(6, 1)), RNG.normal(size=(12, 4)))
    means = np.square(vectors.mean(axis=1, dtype=float)[:, None] - quantizer.means[:, 0]).argmin(axis=1)
    rests = vectors - quantizer.means[means]
    residuals = np.square(rests[:, None] - quantizer.residuals).sum(axis=2).argmin(axis=1)
    indices = quantizer.encode(vectors)
    assert np.array_equal(indices, np.stack([means, residuals], axis=1))
    assert quantizer.decode(indices) == pytest.approx(quantizer.means[means] + quantizer.residuals[residuals])


class TestTree:
    #        0
    #     1     2
    #    3 4   5 6 7
    PARENTS = (-1, 0, 0, 1, 1, 2, 2, 2)
    CODEWORDS = RNG.normal(size=(8, 4))

    def test_the_search_goes_down_to_the_nearest_child(self, vectors):
        quantizer = TreeQuantizer(self.CODEWORDS, self.PARENTS)
        expected = []
        for vector in vectors:
            node = 0
            while children := [k for k, parent in enumerate(self.PARENTS) if parent == node]:
                node = min(children, key=lambda k: np.square(vector - self.CODEWORDS[k]).sum())
            expected.append(quantizer.leaves.tolist().index(node))
        assert quantizer.encode(vectors).tolist() == expected

    def test_with_all_paths_the_nearest_leaf_is_found(self, vectors):
        quantizer = TreeQuantizer(self.CODEWORDS, self.PARENTS, paths=5)
        found = errors_of(vectors, quantizer.decode(quantizer.encode(vectors)))
        assert found == pytest.approx(least_errors(vectors, quantizer.reproductions()), rel=1e-5)

    def test_levels_and_bits(self):
        quantizer = TreeQuantizer(self.CODEWORDS, self.PARENTS)
        assert quantizer.leaves.tolist() == [3, 4, 5, 6, 7]
        assert (quantizer.size, quantizer.stages) == (5, 2)
        assert quantizer.ancestors(1).tolist() == [1, 1, 2, 2, 2]
        assert quantizer.ancestors(0).tolist() == [0] * 5
        assert quantizer.rate_bits(range(5)).tolist() == [2, 2, 3, 3, 3]
        assert quantizer.decode([4], stages=1) == pytest.approx(self.CODEWORDS[[2]])
        with pytest.raises(ValueError, match="stages"):
            quantizer.decode([0], stages=3)

    @pytest.mark.parametrize("parents", [(0, 0, 0), (-1, -1, 0), (-1, 2, 0), (-1, 0), (-1, 0, 3), (-1, 0, 0, 2, 1)])
    def test_faulty_trees(self, parents):
        with pytest.raises(ValueError, match="parents"):
            TreeQuantizer(np.zeros((3 if len(parents) < 4 else 5, 2)), parents)

    @pytest.mark.parametrize("growth", ["balanced", "greedy", "pruned"])
    def test_designs(self, growth):
        source = np.random.default_rng(2).laplace(size=(3_000, 4)).astype(np.float32)
        quantizer = design_tree(source, 64, growth=growth)
        assert 48 <= quantizer.size <= 64
        errors = errors_of(source, quantizer.decode(quantizer.encode(source)))
        assert errors.mean() < 0.6 * np.square(source - source.mean(axis=0)).sum(axis=1).mean()
        by_level = [
            errors_of(source, quantizer.decode(quantizer.encode(source), stages=level)).mean()
            for level in range(quantizer.stages + 1)
        ]
        assert all(later < earlier for earlier, later in itertools.pairwise(by_level))

    def test_pruning_beats_balance_at_the_same_rate(self):
        source = np.random.default_rng(2).laplace(size=(4_000, 3)).astype(np.float32) ** 3
        pruned = design_tree(source, 64, growth="pruned")
        rate = pruned.rate_bits(pruned.encode(source)).mean()
        errors = errors_of(source, pruned.decode(pruned.encode(source))).mean()
        balanced = design_tree(source, 1 << round(rate + 0.5))
        assert balanced.rate_bits(balanced.encode(source)).mean() >= rate - 0.5
        assert errors < errors_of(source, balanced.decode(balanced.encode(source))).mean()

    def test_alike_vectors_are_not_split(self):
        quantizer = design_tree(np.repeat([[1.0, 2.0], [3.0, 4.0]], 50, axis=0), 8)
        assert sorted(quantizer.reproductions().tolist()) == [[1, 2], [3, 4]]

    @pytest.mark.parametrize("options", [{"growth": "wild"}, {"branches": 1}, {"size": 1}, {"grown": 0}])
    def test_faulty_designs(self, options, vectors):
        with pytest.raises(ValueError, match=next(iter(options))):
            design_tree(vectors, **({"size": 8} | options))

    def test_a_tree_has_at_most_as_many_nodes_as_a_codebook_codewords(self):
        with pytest.raises(LimitError, match="a tree of 32769 leaves; at most 32768"):
            design_tree(np.zeros((40_000, 1)), 32_769)


def test_classes_are_searched_alone(vectors):
    quantizer = ClassifiedQuantizer([RNG.normal(size=(size, 4)) for size in (2, 5, 9)], [0.3, 1.0])
    classes = np.searchsorted([0.3, 1.0], vectors.var(axis=1, dtype=float), side="right")
    assert len(set(classes.tolist())) == 3
    starts = [0, 2, 7, 16]
    for vector, number, index in zip(vectors, classes, quantizer.encode(vectors)):
        own = quantizer.codewords[starts[number] : starts[number + 1]]
        assert index == starts[number] + np.square(vector - own).sum(axis=1).argmin()
    with pytest.raises(ValueError, match="thresholds"):
        ClassifiedQuantizer([[[1.0]], [[2.0]]], [])


def test_states_follow_codewords(vectors):
    codewords, following = RNG.normal(size=(3, 5, 4)), RNG.integers(0, 3, (3, 5))
    quantizer = FiniteStateQuantizer(codewords, following)
    state, expected, states = 0, [], []
    for vector in vectors:
        states.append(state)
        expected.append(int(np.square(vector - codewords[state]).sum(axis=1).argmin()))
        state = following[state, expected[-1]]
    assert quantizer.encode(vectors).tolist() == expected
    assert quantizer.states_of(expected).tolist() == states
    assert quantizer.decode(expected) == pytest.approx(codewords[states, expected])
    with pytest.raises(ValueError, match="next_states"):
        FiniteStateQuantizer(codewords, following + 1)


@pytest.mark.parametrize("whole", [False, True])
def test_predictions_come_from_what_was_decoded(whole, vectors):
    source = 100 * vectors
    matrix, codewords = np.diag([0.9, 0.5, -0.3, 0.0]) + 0.05, 80 * RNG.normal(size=(12, 4))
    quantizer = PredictiveQuantizer(codewords, matrix)
    quantizer = quantizer.rounded() if whole else quantizer
    matrix = quantizer.matrix / 16384 if whole else quantizer.matrix.astype(float)
    last, expected = np.zeros(4), []
    for vector in source:
        predicted = np.floor(matrix @ last + 0.5) if whole else matrix @ last
        expected.append(int(np.square(vector - predicted - quantizer.codewords).sum(axis=1).argmin()))
        last = predicted + quantizer.codewords[expected[-1]]
    indices = quantizer.encode(source)
    assert indices.tolist() == expected
    assert quantizer.decode(indices)[-1] == pytest.approx(last, rel=1e-5)


def test_predictors_that_do_not_forget_are_refused():
    with pytest.raises(ValueError, match="spectral radius"):
        PredictiveQuantizer(np.zeros((2, 2)), np.eye(2))
    with pytest.raises(ValueError, match="matrix"):
        PredictiveQuantizer(np.zeros((2, 2)), np.eye(3))


class TestLattices:
    @staticmethod
    def points(lattice, bound, dimension):
        whole = np.array(list(itertools.product(range(-bound, bound + 1), repeat=dimension)), float)
        if lattice == "Z":
            return whole
        even = whole[whole.sum(axis=1) % 2 == 0]
        if lattice == "D4":
            return even
        halves = np.array(list(itertools.product(np.arange(0.5 - bound, bound), repeat=dimension)))
        return np.concatenate([even, halves[halves.sum(axis=1) % 2 == 0]])

    @pytest.mark.parametrize(("lattice", "bound", "dimension"), [("Z", 2, 3), ("D4", 2, 4), ("E8", 1, 8)])
    def test_the_nearest_point_is_found(self, lattice, bound, dimension):
        points = self.points(lattice, bound, dimension)
        quantizer = LatticeQuantizer(lattice, 0.5, bound=bound, dimension=dimension)
        assert quantizer.size == len(points)
        inside = np.random.default_rng(3).uniform(-bound, bound, (400, dimension))
        found = quantizer.decode(quantizer.encode(0.5 * inside)).astype(float) / 0.5
        assert errors_of(inside, found) == pytest.approx(least_errors(inside, points), abs=1e-5)
        outside = quantizer.encode(np.full((3, dimension), 99.0))
        assert np.abs(outside).max() <= 2 * bound
        quantizer.decode(outside)

    @pytest.mark.parametrize("lattice", sorted(LATTICES))
    def test_normalized_second_moment(self, lattice):
        quantizer = LatticeQuantizer(lattice, 1.0)
        vectors = np.random.default_rng(4).uniform(-100, 100, (60_000, quantizer.dimension))
        volume = {"Z": 1, "D4": 2, "E8": 1}[lattice]
        error = np.square(vectors - quantizer.decode(quantizer.encode(vectors))).mean()
        assert error / volume ** (2 / quantizer.dimension) == pytest.approx(SECOND_MOMENTS[lattice], rel=0.01)

    def test_what_is_no_point_is_refused(self):
        quantizer = LatticeQuantizer("E8", 1.0, bound=2)
        for wrong in ([2] + [0] * 7, [1] * 7 + [0], [1] * 7 + [3], [6, 2] + [0] * 6):
            with pytest.raises(ValueError, match="points of E8"):
                quantizer.decode([wrong])
        assert quantizer.decode([[1] * 8, [2, 2, *[0] * 6]]).tolist() == [[0.5] * 8, [1, 1, *[0] * 6]]

    @pytest.mark.parametrize("lattice", sorted(LATTICES))
    def test_it_lives_in_a_codebook(self, lattice):
        quantizer = LatticeQuantizer(lattice, 3.5, bound=40, dimension=3)
        read = LatticeQuantizer.from_arrays(quantizer.to_arrays())
        assert (read.lattice, read.step, read.bound, read.dimension) == (lattice, 3.5, 40, quantizer.dimension)
        with pytest.raises(ValueError, match="step"):
            LatticeQuantizer(lattice, 0.1).to_arrays()

    def test_faulty_arguments(self):
        for arguments in (("A2", 1.0), ("Z", 0.0), ("Z", np.nan)):
            with pytest.raises(ValueError, match=r"lattice|step"):
                LatticeQuantizer(*arguments)
        with pytest.raises(ValueError, match="bound"):
            LatticeQuantizer("Z", 1.0, bound=0)


class TestDesign:
    @pytest.fixture(scope="class")
    def source(self):
        """A Gauss-Markov sequence (rho 0.9) in vectors of 4."""
        generator = np.random.default_rng(6)
        steps = generator.normal(size=16_000)
        samples = np.zeros(16_000)
        for n in range(1, len(samples)):
            samples[n] = 0.9 * samples[n - 1] + np.sqrt(1 - 0.81) * steps[n]
        return samples.reshape(-1, 4).astype(np.float32)

    @pytest.mark.parametrize("method", ["lbg", "competitive"])
    @pytest.mark.parametrize("structure", sorted(STRUCTURES))
    def test_each_is_better_than_a_coarser_flat_one(self, structure, method, source):
        quantizer = design_structure(source, 64, structure=structure, method=method)
        found = errors_of(source, quantizer.decode(quantizer.encode(source))).mean()
        coarse = FlatQuantizer(design_structure(source, 16).codewords)
        assert found < errors_of(source, coarse.decode(coarse.encode(source))).mean()

    def test_memory_pays(self, source):
        flat = design_structure(source, 16)
        plain = errors_of(source, flat.decode(flat.encode(source))).mean()
        for structure in ("finite-state", "predictive"):
            quantizer = design_structure(source, 16, structure=structure)
            assert errors_of(source, quantizer.decode(quantizer.encode(source))).mean() < 0.9 * plain

    def test_the_seed_decides_and_threads_do_not(self, source):
        for structure in STRUCTURES:
            one, two = (design_structure(source, 16, structure=structure, threads=threads) for threads in (1, 2))
            assert np.array_equal(one.encode(source), two.encode(source))

    @pytest.mark.parametrize(
        ("structure", "options"),
        [
            ("multistage", {"stages": 7}),
            ("product", {"parts": 5}),
            ("gain-shape", {"gain_bits": 9}),
            ("mean-removed", {"mean_bits": -1}),
            ("classified", {"classes": 0}),
            ("finite-state", {"states": 0}),
            ("magic", {}),
            ("flat", {"method": "ecvq"}),
            ("flat", {"method": "magic"}),
        ],
    )
    def test_faulty_arguments(self, structure, options, source):
        with pytest.raises(ValueError, match=next(iter(options), "structure")):
            design_structure(source, 64, structure=structure, **options)

    def test_tables_share_bits(self, source):
        assert design_structure(source, 128, structure="multistage", stages=3, rounds=0).sizes == (8, 4, 4)
        with pytest.raises(ValueError, match="power of two"):
            design_structure(source, 100, structure="product")
        with pytest.raises(ValueError, match="size=1; at least 2"):
            design_structure(source, 1, structure="product")

    @pytest.mark.parametrize(
        ("structure", "message"),
        [
            ("flat", "structure 'flat' has no option 'lattice'; it has none"),
            ("tree", "structure 'tree' has no option 'lattice'; it has branches, grown, growth"),
            ("multistage", "structure 'multistage' has no option 'lattice'; it has paths, rounds, stages"),
        ],
    )
    def test_options_of_others(self, structure, message, source):
        with pytest.raises(TypeError, match=message):
            design_structure(source, 64, structure=structure, lattice=3)

    def test_too_many_codewords_of_all_states(self, source):
        with pytest.raises(LimitError, match="4096 states of 64 codewords; at most 65536 in all"):
            design_structure(source, 64, structure="finite-state", states=4096)
