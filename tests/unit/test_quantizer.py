"""Quantizers: what holds for every codebook structure, and the flat one; the examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vqcodec
from vqcodec import Codebook, FlatQuantizer, limits, vq
from vqcodec.errors import LimitError
from vqcodec.kernels.jit import kernel
from vqcodec.vq import design
from vqcodec.vq.flat import LARGEST_INTEGER, integer_errors
from vqcodec.vq.search import SearchIndex
from vqcodec.vq.structures.design import STRUCTURES as DESIGNS
from vqcodec.vq.structures.design import design_structure

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(3)


def _designed(structure):
    """A small quantizer of a structure, in integers."""
    source = np.random.default_rng(5).normal(100, 60, (2_000, 6))
    return design_structure(source, 16, structure=structure, seed=1).rounded()


STRUCTURES = {
    "flat": FlatQuantizer(RNG.integers(0, 256, (50, 6), dtype=np.uint8)),
    "flat, with code lengths": FlatQuantizer(RNG.integers(-900, 900, (16, 6)), [1, 2, 3, 4, *[7] * 4, *[8] * 8]),
    "lattice": vq.LatticeQuantizer("Z", 64.0, bound=8, dimension=6),
    **{name: _designed(name) for name in sorted({*DESIGNS} - {"flat"})},
}
NEAREST = ("flat", "flat, with code lengths", "product", "finite-state", "lattice")
"""Structures that find the nearest of all vectors that they can decode (in their state)."""


@pytest.fixture(params=STRUCTURES.values(), ids=STRUCTURES.keys())
def quantizer(request):
    return request.param


@pytest.fixture
def vectors():
    return np.random.default_rng(4).normal(100, 60, (300, 6))


class TestEveryStructure:
    def test_shapes(self, quantizer, vectors):
        indices = quantizer.encode(vectors)
        assert indices.shape == (len(vectors), *quantizer.index_shape)
        assert indices.dtype.kind in "iu"
        assert quantizer.decode(indices).shape == (len(vectors), quantizer.dimension)
        assert quantizer.rate_bits(indices).shape == (len(vectors),)

    def test_no_vectors(self, quantizer):
        indices = quantizer.encode(np.empty((0, quantizer.dimension)))
        assert len(indices) == len(quantizer.decode(indices)) == len(quantizer.rate_bits(indices)) == 0

    @pytest.mark.parametrize("name", NEAREST)
    def test_what_was_decoded_is_encoded_as_itself(self, name, vectors):
        quantizer = STRUCTURES[name]
        decoded = quantizer.decode(quantizer.encode(vectors))
        assert np.array_equal(quantizer.decode(quantizer.encode(decoded)), decoded)

    def test_decoding_is_nearer_than_other_vectors(self, quantizer, vectors):
        indices = quantizer.encode(vectors)
        errors = ((vectors - quantizer.decode(indices)) ** 2).sum(axis=1)
        others = ((vectors - quantizer.decode(indices[::-1])) ** 2).sum(axis=1)
        assert errors.sum() < others.sum()

    def test_threads_make_no_difference(self, quantizer, vectors):
        many = np.tile(vectors, (80, 1))
        assert np.array_equal(quantizer.encode(many, threads=1), quantizer.encode(many, threads=2))

    def test_it_lives_in_a_codebook(self, quantizer, vectors):
        codebook = Codebook("test/any", "book", quantizer.to_arrays(), {})
        read = type(quantizer).from_arrays(Codebook.from_bytes(codebook.to_bytes()).arrays)
        indices = quantizer.encode(vectors)
        assert np.array_equal(read.encode(vectors), indices)
        assert np.array_equal(read.decode(indices), quantizer.decode(indices))
        assert np.array_equal(read.rate_bits(indices), quantizer.rate_bits(indices))

    def test_indices_out_of_range_are_refused(self, quantizer):
        for number in (-1, quantizer.size, 1 << 40):
            indices = np.full((2, *quantizer.index_shape), number)
            with pytest.raises(ValueError, match="indices"):
                quantizer.decode(indices)
            with pytest.raises(ValueError, match="indices"):
                quantizer.rate_bits(indices)

    def test_vectors_of_another_dimension_are_refused(self, quantizer):
        with pytest.raises(ValueError, match="vectors"):
            quantizer.encode(np.zeros((3, quantizer.dimension + 1)))


class TestFlatQuantizer:
    def test_integers_keep_their_type(self):
        for dtype in (np.uint8, np.int16, np.int64):
            quantizer = FlatQuantizer(np.array([[1, 2], [3, 4]], dtype))
            assert quantizer.decode([1]).dtype == dtype
        assert FlatQuantizer([[0.5, 1.0]]).decode([0]).dtype == np.float32

    def test_codewords_are_copied(self):
        codewords = np.zeros((2, 2), np.uint8)
        quantizer = FlatQuantizer(codewords)
        codewords[:] = 9
        assert not quantizer.codewords.any()

    def test_largest_integers_are_searched_exactly(self):
        codewords = np.array([[LARGEST_INTEGER - 1], [LARGEST_INTEGER]])
        assert FlatQuantizer(codewords).encode(codewords).tolist() == [0, 1]
        for too_large in (LARGEST_INTEGER + 1, -LARGEST_INTEGER - 1):
            with pytest.raises(ValueError, match="2\\^24"):
                FlatQuantizer([[too_large]])

    @pytest.mark.parametrize(("size", "bits"), [(1, 0), (2, 1), (3, 2), (256, 8), (257, 9)])
    def test_bits_of_fixed_length(self, size, bits):
        assert FlatQuantizer(np.zeros((size, 1))).rate_bits([0]).tolist() == [bits]

    def test_lambda_trades_distortion_for_rate(self, vectors):
        quantizer = STRUCTURES["flat, with code lengths"]
        costs = ((vectors[:, None].astype(np.float32) - quantizer.codewords) ** 2).sum(axis=2)
        for lambda_ in (0.0, 30.0, 1e5):
            indices = quantizer.encode(vectors, lambda_=lambda_)
            assert np.array_equal(indices, (costs + lambda_ * quantizer.code_lengths).argmin(axis=1))
        assert not indices.any()

    @pytest.mark.parametrize(("size", "dimension", "count"), [(1, 1, 5), (256, 16, 40_000), (700, 3, 999), (9, 768, 2)])
    def test_bytes_are_searched_in_integers(self, size, dimension, count):
        chance = np.random.default_rng(size)
        codewords = chance.integers(0, 256, (size, dimension)).astype(np.uint8)
        codewords[size // 2 :] = codewords[: size - size // 2]  # ties
        vectors = chance.integers(0, 256, (count, dimension)).astype(np.uint8)
        quantizer = FlatQuantizer(codewords)
        indices = quantizer.encode(vectors, threads=2)
        assert np.array_equal(indices, SearchIndex(codewords).nearest(vectors)[0])
        assert np.array_equal(indices, quantizer.encode(vectors.astype(np.int64)))

    def test_integer_errors(self, vectors):
        @kernel
        def errors_of(vectors, columns, errors):
            for i in range(vectors.shape[0]):
                integer_errors(vectors[i], columns, errors[i])

        quantizer, whole = STRUCTURES["flat"], vectors.clip(0, 255).astype(np.uint8)
        errors = np.empty((len(whole), quantizer.size), np.int32)
        errors_of(whole, quantizer.columns, errors)
        assert np.array_equal(errors, ((whole[:, None].astype(int) - quantizer.codewords) ** 2).sum(axis=2))
        with pytest.raises(ValueError, match="integers"):
            _ = FlatQuantizer([[0.5]]).columns

    def test_faulty_arguments(self):
        for codewords in ([], 5, np.zeros((0, 3)), [[np.nan]], [[1e16]]):
            with pytest.raises(ValueError, match="codewords"):
                FlatQuantizer(codewords)
        with pytest.raises(LimitError):
            FlatQuantizer(np.zeros((limits.MAX_CODEWORDS + 1, 1), np.uint8))
        for lengths in ([1], [-1, 1], [np.inf, 1], [np.nan, 1]):
            with pytest.raises(ValueError, match="code_lengths"):
                FlatQuantizer([[0], [1]], lengths)
        with pytest.raises(ValueError, match="needs code lengths"):
            FlatQuantizer([[0], [1]]).encode([[0]], lambda_=1.0)
        for lambda_ in (-1.0, np.nan, np.inf):
            with pytest.raises(ValueError, match="lambda_"):
                STRUCTURES["flat, with code lengths"].encode(np.zeros((1, 6)), lambda_=lambda_)
        for indices in ([[0]], [0.5]):
            with pytest.raises(ValueError, match="integers are wanted"):
                FlatQuantizer([[0], [1]]).decode(indices)

    def test_only_integers_go_into_a_codebook(self):
        for quantizer in (FlatQuantizer([[0.5]]), FlatQuantizer([[1]], [0.5])):
            with pytest.raises(ValueError, match="scale and round"):
                quantizer.to_arrays()
        with pytest.raises(KeyError):
            FlatQuantizer.from_arrays({})


@pytest.mark.parametrize("module", ["flat", "search", "design.methods", "structures.design"])
def test_examples_in_docstrings(module):
    loaded = importlib.import_module(f"vqcodec.vq.{module}")
    result = doctest.testmod(loaded)
    assert result.attempted > 0
    assert result.failed == 0


def test_examples_in_the_tutorial():
    result = doctest.testfile(str(ROOT / "docs/tutorials/quantizers.md"), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0


def test_public_names():
    for package in (vqcodec, vq, design):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert set(package.__all__) <= set(dir(package))
        with pytest.raises(AttributeError, match="nothing_of_the_kind"):
            _ = package.nothing_of_the_kind


def test_imports_bring_no_numba():
    code = "import sys, vqcodec, vqcodec.vq, vqcodec.vq.design, vqcodec.vq.quantizer; print('numba' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
