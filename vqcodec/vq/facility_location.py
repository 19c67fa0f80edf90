"""Choosing a few of many candidates, each at a cost, so that all clients together save most.

This is the facility location problem: a client is served by the best chosen candidate, and the others do not help it.
With clients that are parts of pictures, a picture is served by several candidates. What a set saves is monotone and
submodular, so the greedy choice is within 1 - 1/e of the best set of the same size (Nemhauser, Wolsey and Fisher 1978).
Stale gains are upper bounds, which spares most evaluations (Minoux 1978).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Savings:
    """What each candidate saves each client: a sparse matrix by candidate; what is not listed is 0.

    Attributes:
        starts: int64 (candidates + 1,), where the entries of each candidate begin, and the end.
        clients: int64 (entries,), number of the client of each entry; at most one entry a client and candidate.
        saved: int64 (entries,), 0 or more.
        client_count: how many clients there are.
    """

    starts: IntArray
    clients: IntArray
    saved: IntArray
    client_count: int

    @classmethod
    def of(
        cls, candidates: npt.ArrayLike, clients: npt.ArrayLike, saved: npt.ArrayLike, shape: tuple[int, int]
    ) -> Savings:
        """Return the matrix of entries in any order; entries that save nothing are left out.

        Args:
            candidates, clients, saved: (entries,), integers.
            shape: how many candidates and clients there are.

        Raises:
            ValueError: the arrays differ in length, or a number is out of range.
        """
        rows, columns = np.asarray(candidates, np.int64), np.asarray(clients, np.int64)
        values = np.asarray(saved, np.int64)
        if not rows.shape == columns.shape == values.shape or rows.ndim != 1:
            raise ValueError(f"{rows.shape} candidates, {columns.shape} clients and {values.shape} savings")
        for numbers, count in ((rows, shape[0]), (columns, shape[1])):
            if len(numbers) and not 0 <= numbers.min() <= numbers.max() < count:
                raise ValueError(f"numbers {numbers.min()} to {numbers.max()} of {count}")
        kept = values > 0
        rows, columns, values = rows[kept], columns[kept], values[kept]
        order = np.lexsort((columns, rows))
        starts = np.searchsorted(rows[order], np.arange(shape[0] + 1)).astype(np.int64)
        return cls(starts, columns[order], values[order], shape[1])

    @property
    def candidate_count(self) -> int:
        """How many candidates there are."""
        return len(self.starts) - 1

    def of_candidate(self, number: int) -> tuple[IntArray, IntArray]:
        """Return (clients that a candidate saves something, what it saves each)."""
        part = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return self.clients[part], self.saved[part]


def choose(savings: Savings, costs: npt.ArrayLike, *, worth: float = 1.0, budget: int | None = None) -> list[int]:
    """Choose candidates greedily: the one that saves most for its cost first.

    Args:
        savings: see `Savings`.
        costs: (candidates,), integers above 0, in the unit of the savings.
        worth: without a budget, a candidate is chosen only while `worth` times what it saves exceeds its cost.
        budget: largest sum of costs; candidates are chosen while they fit and save anything. None: no limit.

    Returns:
        Numbers of the chosen candidates in the order of their choice.

    Raises:
        ValueError: there are not as many costs as candidates, or one is below 1.
    """
    prices = np.asarray(costs, np.int64)
    if prices.shape != (savings.candidate_count,) or (len(prices) and prices.min() < 1):
        raise ValueError(f"costs of shape {prices.shape} for {savings.candidate_count} candidates, each above 0")
    served = np.zeros(savings.client_count, np.int64)
    left = budget

    def gain(candidate: int) -> int:
        clients, saved = savings.of_candidate(candidate)
        return int(np.maximum(saved - served[clients], 0).sum())

    heap = [(-gain(number) / int(prices[number]), number) for number in range(savings.candidate_count)]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap:
        _, number = heapq.heappop(heap)
        price = int(prices[number])
        if left is not None and price > left:
            continue
        now = gain(number)
        key = (-now / price, number)
        if heap and key > heap[0]:
            heapq.heappush(heap, key)
            continue
        if now <= 0 or (left is None and worth * now <= price):
            break
        chosen.append(number)
        clients, saved = savings.of_candidate(number)
        served[clients] = np.maximum(served[clients], saved)
        left = None if left is None else left - price
    return chosen


def losses(savings: Savings, chosen: list[int]) -> IntArray:
    """Return by how much less the clients save without each of the chosen candidates: int64, in their order."""
    best = np.zeros(savings.client_count, np.int64)
    second = np.zeros(savings.client_count, np.int64)
    for number in chosen:
        clients, saved = savings.of_candidate(number)
        second[clients] = np.maximum(second[clients], np.minimum(saved, best[clients]))
        best[clients] = np.maximum(best[clients], saved)
    lost = np.zeros(len(chosen), np.int64)
    for place, number in enumerate(chosen):
        clients, saved = savings.of_candidate(number)
        lost[place] = np.where(saved == best[clients], best[clients] - second[clients], 0).sum()
    return lost


def saved_by(savings: Savings, chosen: list[int]) -> IntArray:
    """Return what each client saves with the chosen candidates, int64 (clients,)."""
    best = np.zeros(savings.client_count, np.int64)
    for number in chosen:
        clients, saved = savings.of_candidate(number)
        best[clients] = np.maximum(best[clients], saved)
    return best
