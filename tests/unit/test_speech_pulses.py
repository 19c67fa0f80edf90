"""Pulse vectors: their enumeration, and the search against all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.excitation.pulse_enumeration import (
    MAX_PULSES,
    counts_of_vectors,
    get_pulses,
    get_truncated,
    mean_bits,
    put_pulses,
    put_truncated,
)
from vqcodec.speech.excitation.pulses import Criterion, search_pulses
from vqcodec.speech.excitation.trellis_state import new_scratch


def all_vectors(length: int, count: int) -> list[np.ndarray]:
    values = range(-count, count + 1)
    return [np.array(v, np.int8) for v in itertools.product(values, repeat=length) if sum(map(abs, v)) == count]


def random_pulses(rng: np.random.Generator, length: int, count: int, spread: int) -> np.ndarray:
    signs = rng.choice([-1, 1], length)
    return (np.bincount(rng.integers(spread, size=count), minlength=length) * signs).astype(np.int8)


@pytest.mark.parametrize(("length", "count"), [(1, 3), (3, 2), (4, 4), (5, 1)])
def test_every_vector_has_its_own_number(length: int, count: int) -> None:
    vectors = all_vectors(length, count)
    assert counts_of_vectors()[length, count] == len(vectors)
    total_bits = 0
    written = set()
    for vector in vectors:
        buffer = np.zeros(32, np.uint8)
        end = put_pulses(buffer, 0, vector, count, counts_of_vectors())
        read = np.zeros(length, np.int8)
        assert get_pulses(buffer, 0, read, count, counts_of_vectors()) == end
        np.testing.assert_array_equal(read, vector)
        written.add((end, buffer.tobytes()))
        total_bits += end
    assert len(written) == len(vectors)
    assert mean_bits(length, count) == pytest.approx(total_bits / len(vectors))


@pytest.mark.parametrize("length", [40, 80])
@pytest.mark.parametrize("count", [1, 2, 9, 16, 17, MAX_PULSES])
def test_long_vectors_survive_also_where_numbers_are_split(length: int, count: int) -> None:
    rng = np.random.default_rng(count)
    for spread in (1, 7, length):
        pulses = random_pulses(rng, length, count, spread)
        buffer = np.full(64, 255, np.uint8)
        end = put_pulses(buffer, 5, pulses, count, counts_of_vectors())
        read = np.zeros(length, np.int8)
        assert get_pulses(buffer, 5, read, count, counts_of_vectors()) == end
        np.testing.assert_array_equal(read, pulses)


def test_truncated_binary_wastes_nothing_on_powers_of_two() -> None:
    for count in (1, 2, 3, 5, 8, 100, 1 << 40):
        for number in {0, 1, count // 2, count - 1} & set(range(min(count, 200))) | {count - 1}:
            buffer = np.zeros(32, np.uint8)
            end = put_truncated(buffer, 0, number, count)
            assert get_truncated(buffer, 0, count) == (number, end)
            assert end in ((count - 1).bit_length(), (count - 1).bit_length() - 1)


def searched(target: np.ndarray, gram: np.ndarray, shadow: np.ndarray, counts: list[int], sweeps: int) -> np.ndarray:
    scratch = new_scratch(NARROWBAND)
    search_pulses(Criterion(target, gram, np.diag(gram).copy(), shadow), np.array(counts), sweeps, scratch)
    return scratch.found[: len(counts), : len(target)]


def criterion(vector: np.ndarray, target: np.ndarray, gram: np.ndarray, shadow: np.ndarray) -> float:
    v = vector.astype(float)
    return max(v @ target, 0) ** 2 / (v @ gram @ v - (v @ shadow) ** 2)


def test_search_comes_near_to_the_best_of_all_vectors() -> None:
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(30):
        response = np.tril(
            np.array([[rng.normal() * 0.7 ** (i - j) if i >= j else 0 for j in range(5)] for i in range(5)])
        )
        gram = response.T @ response + 0.1 * np.eye(5)
        target = rng.normal(size=5)
        shadow = 0.1 * rng.normal(size=5)
        found = searched(target, gram, shadow, [1, 3], 2)
        best = [max(criterion(v, target, gram, shadow) for v in all_vectors(5, count)) for count in (1, 3)]
        assert criterion(found[0], target, gram, shadow) == pytest.approx(best[0])
        assert np.abs(found).sum(axis=1).tolist() == [1, 3]
        shares.append(criterion(found[1], target, gram, shadow) / best[1])
    assert np.mean(shares) > 0.97


def test_exchanges_only_help() -> None:
    rng = np.random.default_rng(2)
    gains = []
    for _ in range(20):
        response = rng.normal(size=(20, 20))
        gram, target = response.T @ response, rng.normal(size=20)
        greedy, swept = (searched(target, gram, np.zeros(20), [6], sweeps)[0] for sweeps in (0, 3))
        gains.append(criterion(swept, target, gram, np.zeros(20)) - criterion(greedy, target, gram, np.zeros(20)))
    assert min(gains) >= -1e-9
    assert max(gains) > 0
