"""Codebooks for a noisy channel."""

from __future__ import annotations

import doctest
import itertools

import numpy as np
import pytest

from vqcodec.vq import channel
from vqcodec.vq.channel import (
    assign_indices,
    channel_distortion,
    channel_optimized,
    channel_search,
    gray_order,
    transmit,
)
from vqcodec.vq.design.lbg import lbg


@pytest.fixture(scope="module")
def vectors():
    """Vectors of a Gauss-Markov source, rho 0.9."""
    generator = np.random.default_rng(1)
    samples = np.zeros(24_000)
    for n, step in enumerate(generator.normal(size=len(samples))):
        samples[n] = 0.9 * samples[n - 1] + np.sqrt(0.19) * step
    return samples.reshape(-1, 3).astype(np.float32)


def one_bit_cost(codewords):
    """Sum of squared errors over all pairs of indices that are one bit apart."""
    bits = len(codewords).bit_length() - 1
    return sum(
        np.square(codewords[i] - codewords[i ^ (1 << b)]).sum() for i in range(len(codewords)) for b in range(bits)
    )


def test_the_channel_changes_each_bit_as_often_as_it_says():
    sent = np.zeros(200_000, int)
    arrived = transmit(sent, 4, 0.1, seed=3)
    for bit in range(4):
        assert ((arrived >> bit) & 1).mean() == pytest.approx(0.1, abs=0.003)
    assert np.array_equal(transmit(sent, 4, 0.0), sent)
    assert np.array_equal(arrived, transmit(sent, 4, 0.1, seed=3))


def test_expected_distortion_is_what_is_measured(vectors):
    codewords = lbg(vectors, 16).codewords
    counts = np.arange(1, 17)
    sent = np.random.default_rng(2).choice(16, 400_000, p=counts / counts.sum())
    arrived = transmit(sent, 4, 0.02)
    measured = np.square(codewords[sent] - codewords[arrived]).sum(axis=1).mean()
    assert channel_distortion(codewords, counts, ber=0.02) == pytest.approx(measured, rel=0.03)


def test_neighbours_in_the_mean_differ_in_one_bit_of_a_gray_code():
    codewords = np.random.default_rng(4).normal(size=(32, 3))
    order = gray_order(codewords)
    assert sorted(order) == list(range(32))
    index_of = np.argsort(order)
    ranked = index_of[np.argsort(codewords.mean(axis=1))]
    assert all(int(a ^ b).bit_count() == 1 for a, b in itertools.pairwise(ranked))


class TestAssignment:
    def test_no_exchange_is_left_that_helps(self, vectors):
        codewords = lbg(vectors, 16).codewords.astype(float)
        found = codewords[assign_indices(codewords, starts=1)]
        for i, j in itertools.combinations(range(16), 2):
            swapped = found.copy()
            swapped[[i, j]] = found[[j, i]]
            assert one_bit_cost(swapped) >= one_bit_cost(found) * (1 - 1e-9)

    def test_it_finds_what_is_known_to_be_best(self):
        """For steps of equal size the natural order of binary numbers is the best one."""
        steps = np.arange(32.0)[:, np.newaxis]
        shuffled = steps[np.random.default_rng(0).permutation(32)]
        found = shuffled[assign_indices(shuffled, starts=8)]
        assert one_bit_cost(found) <= 1.05 * one_bit_cost(steps)
        assert one_bit_cost(found) < 0.6 * one_bit_cost(shuffled)

    def test_it_is_a_permutation_by_the_seed(self, vectors):
        codewords = lbg(vectors, 64).codewords
        order = assign_indices(codewords, seed=4)
        assert sorted(order) == list(range(64))
        assert np.array_equal(order, assign_indices(codewords, seed=4))

    def test_counts_matter(self, vectors):
        codewords = lbg(vectors, 16).codewords
        counts = np.where(np.arange(16) < 3, 1000.0, 1.0)
        plain, weighted = (assign_indices(codewords, given, starts=4) for given in (None, counts))
        by_use = [channel_distortion(codewords[order], counts[order], ber=0.001) for order in (plain, weighted)]
        assert by_use[1] < by_use[0]


class TestChannelOptimized:
    def test_without_noise_it_is_lbg(self, vectors):
        assert channel_optimized(vectors, 32, ber=0.0).distortion == pytest.approx(
            lbg(vectors, 32, start="k-means++").distortion, rel=0.02
        )

    @pytest.mark.parametrize("ber", [0.005, 0.05])
    def test_it_loses_less_over_the_channel(self, ber, vectors):
        plain = lbg(vectors, 32, start="k-means++")
        ordered = plain.codewords[assign_indices(plain.codewords, plain.counts)]
        optimized = channel_optimized(vectors, 32, ber=ber)

        def measured(codewords, search):
            arrived = transmit(search.nearest(vectors)[0], 5, ber, seed=9)
            return np.square(vectors - codewords[arrived]).sum(axis=1).mean()

        losses = [
            measured(plain.codewords, channel_search(plain.codewords, 0.0)),
            measured(ordered, channel_search(ordered, 0.0)),
            measured(optimized.codewords, channel_search(optimized.codewords, ber)),
        ]
        assert losses[0] > losses[1] > losses[2]
        assert losses[2] == pytest.approx(optimized.distortion, rel=0.05)
        costs = [entry.cost for entry in optimized.history]
        assert all(later <= earlier * (1 + 1e-6) for earlier, later in itertools.pairwise(costs))

    def test_threads_make_no_difference(self, vectors):
        one, two = (channel_optimized(vectors, 16, ber=0.01, threads=threads) for threads in (1, 2))
        assert one.codewords.tobytes() == two.codewords.tobytes()


@pytest.mark.parametrize(
    "call",
    [
        lambda: transmit([0], 1, 0.6),
        lambda: transmit([4], 2, 0.1),
        lambda: transmit([[1, 2], [3, 0]], 2, 0.1),
        lambda: channel_distortion(np.zeros((3, 2)), ber=0.1),
        lambda: channel_distortion(np.zeros((4, 2)), ber=-0.1),
        lambda: channel_distortion(np.full((4, 2), np.nan), ber=0.1),
        lambda: channel_distortion(np.zeros((4, 2)), [0, 0, 0, 0], ber=0.1),
        lambda: assign_indices(np.zeros((4, 2)), [1, 2]),
        lambda: assign_indices(np.zeros((4, 2)), starts=0),
    ],
)
def test_faulty_arguments(call):
    with pytest.raises(ValueError, match=r"ber|indices|codewords|counts|starts"):
        call()


def test_a_size_that_bits_cannot_number(vectors):
    with pytest.raises(ValueError, match="size=5 codewords; 2 to 4096, a power of two"):
        channel_optimized(vectors, 5, ber=0.1)


def test_examples():
    assert doctest.testmod(channel).failed == 0
