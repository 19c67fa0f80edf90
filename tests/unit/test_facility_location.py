"""Greedy facility location and the nearest few descriptors, against plain oracles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vqcodec.vq.facility_location import Savings, choose, losses, saved_by
from vqcodec.vq.neighbours import MAX_DIMENSION, nearest_few


def _random(seed: int, candidates: int = 9, clients: int = 14) -> tuple[np.ndarray, Savings, np.ndarray]:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 50, (candidates, clients)) * (rng.random((candidates, clients)) < 0.4)
    rows, columns = np.nonzero(np.ones_like(matrix))
    order = rng.permutation(len(rows))
    savings = Savings.of(rows[order], columns[order], matrix[rows, columns][order], matrix.shape)
    return matrix, savings, rng.integers(1, 40, candidates)


def _value(matrix: np.ndarray, chosen: list[int]) -> int:
    return int(matrix[chosen].max(axis=0).sum()) if chosen else 0


def _plain_greedy(matrix: np.ndarray, costs: np.ndarray, worth: float, budget: int | None) -> list[int]:
    """The greedy choice without any bounds."""
    chosen: list[int] = []
    left = budget
    while True:
        best = None
        for number in range(len(matrix)):
            if number in chosen or (left is not None and costs[number] > left):
                continue
            gain = _value(matrix, [*chosen, number]) - _value(matrix, chosen)
            key = (-gain / int(costs[number]), number)
            if gain > 0 and (left is not None or worth * gain > costs[number]) and (best is None or key < best):
                best = key
        if best is None:
            return chosen
        chosen.append(best[1])
        left = None if left is None else left - int(costs[best[1]])


@pytest.mark.parametrize("seed", range(30))
def test_lazy_choice_is_the_greedy_choice(seed: int) -> None:
    matrix, savings, costs = _random(seed)
    for worth in (0.2, 1.0, 3.0):
        assert choose(savings, costs, worth=worth) == _plain_greedy(matrix, costs, worth, None)
    for budget in (0, 10, 45, 1000):
        chosen = choose(savings, costs, budget=budget)
        assert chosen == _plain_greedy(matrix, costs, 1.0, budget)
        assert costs[chosen].sum() <= budget


@pytest.mark.parametrize("seed", range(10))
def test_greedy_choice_is_near_the_best_set(seed: int) -> None:
    matrix, savings, _ = _random(seed)
    chosen = choose(savings, np.ones(len(matrix), np.int64), budget=3)
    best = max(_value(matrix, list(some)) for some in itertools.combinations(range(len(matrix)), 3))
    assert _value(matrix, chosen) >= (1 - 1 / np.e) * best


def test_greedy_can_be_wrong_where_the_best_pair_shares_no_first() -> None:
    matrix = np.array([[4, 4, 0, 0], [0, 0, 4, 4], [0, 5, 5, 0]])
    rows, columns = np.nonzero(matrix)
    savings = Savings.of(rows, columns, matrix[rows, columns], matrix.shape)
    assert choose(savings, [1, 1, 1], budget=2) == [2, 0]


@pytest.mark.parametrize("seed", range(10))
def test_losses_are_what_the_set_saves_less_without_one(seed: int) -> None:
    matrix, savings, costs = _random(seed)
    chosen = choose(savings, costs, worth=4.0)
    whole = _value(matrix, chosen)
    expected = [whole - _value(matrix, [other for other in chosen if other != number]) for number in chosen]
    assert losses(savings, chosen).tolist() == expected
    assert int(saved_by(savings, chosen).sum()) == whole


def test_nothing_to_save() -> None:
    assert choose(Savings.of([], [], [], (3, 5)), [1, 1, 1]) == []
    assert choose(Savings.of([], [], [], (0, 0)), []) == []


@pytest.mark.parametrize(
    ("candidates", "clients", "saved"), [([0, 1], [0], [1, 1]), ([3], [0], [1]), ([0], [2], [1]), ([-1], [0], [1])]
)
def test_entries_out_of_range(candidates: list[int], clients: list[int], saved: list[int]) -> None:
    with pytest.raises(ValueError, match=r"candidates|numbers"):
        Savings.of(candidates, clients, saved, (3, 2))


def test_costs_must_fit() -> None:
    savings = Savings.of([0], [0], [5], (1, 1))
    for costs in ([], [0], [1, 1]):
        with pytest.raises(ValueError, match="costs"):
            choose(savings, costs)


@pytest.mark.parametrize("shape", [(1, 3, 5), (40, 17, 4), (300, 9, 192), (64, 5, MAX_DIMENSION)])
def test_nearest_few_are_the_nearest(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(1)
    points = rng.integers(0, 256, (shape[0], shape[2]), dtype=np.uint8)
    points[:3] = 255  # the largest products, and ties
    queries = rng.integers(0, 256, (shape[1], shape[2]), dtype=np.uint8)
    queries[0] = 255
    squares = np.square(queries[:, None].astype(int) - points[None].astype(int)).sum(axis=2)
    order = np.argsort(squares, axis=1, kind="stable")[:, :7]
    for threads in (1, 3):
        numbers, distances = nearest_few(points, queries, 7, threads)
        assert np.array_equal(numbers, order)
        assert np.array_equal(distances, np.take_along_axis(squares, order, axis=1))


def test_nearest_few_refuses_other_arrays() -> None:
    points = np.zeros((3, 4), np.uint8)
    for wrong in (np.zeros((3, 4)), np.zeros((3, 5), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match=r"descriptors|dimensions"):
            nearest_few(points, wrong, 1)
    with pytest.raises(ValueError, match="count 0"):
        nearest_few(points, points, 0)
