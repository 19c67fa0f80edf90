"""Many files at once: order, failures, progress, and the end by Ctrl-C."""

from __future__ import annotations

import threading
import time

import pytest

from vqcodec.cli import batch
from vqcodec.errors import CorruptFileError
from vqcodec.media.progress import Progress, SpokenProgress


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_outcomes_come_in_the_order_of_the_items(jobs: int) -> None:
    def work(item: int, _progress: Progress) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    outcomes = list(batch.run(range(9), work, jobs=jobs))
    assert [(outcome.item, outcome.result) for outcome in outcomes] == [(n, n * n) for n in range(9)]


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_failure_does_not_stop_the_others(jobs: int) -> None:
    def work(item: int, _progress: Progress) -> int:
        if item % 2:
            raise CorruptFileError(str(item)) if item == 1 else ValueError(str(item))
        return item

    outcomes = list(batch.run(range(4), work, jobs=jobs))
    assert [outcome.result for outcome in outcomes] == [0, None, 2, None]
    assert [type(outcome.error) for outcome in outcomes] == [type(None), CorruptFileError, type(None), ValueError]


def test_jobs_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(_item: int, _progress: Progress) -> int:
        return both.wait()

    assert {outcome.result for outcome in batch.run(range(2), work, jobs=2)} == {0, 1}


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_reaches_one_for_every_item(jobs: int) -> None:
    seen: dict[int, list[float]] = {0: [], 1: []}

    def work(_item: str, progress: Progress) -> None:
        progress(0.5)

    list(batch.run("ab", work, jobs=jobs, progress=lambda index, done, words: seen[index].append(done)))
    assert seen == {0: [0.0, 0.5, 1.0], 1: [0.0, 0.5, 1.0]}


def test_words_go_with_the_next_progress() -> None:
    seen: list[tuple[int, float, str]] = []

    def work(_item: str, progress: SpokenProgress) -> None:
        progress(0.25)
        progress.say("3 fps")
        progress(0.5)

    list(batch.run("a", work, progress=lambda *told: seen.append(told)))
    assert seen == [(0, 0.0, ""), (0, 0.25, ""), (0, 0.5, "3 fps"), (0, 1.0, "3 fps")]


def test_interruption_ends_work_under_way_and_drops_the_rest() -> None:
    begun: list[int] = []
    ended: list[int] = []
    under_way = threading.Event()

    def work(item: int, progress: Progress) -> None:
        begun.append(item)
        if item == 0:
            under_way.wait(10)
            raise KeyboardInterrupt
        under_way.set()
        for _ in range(1000):
            time.sleep(0.01)
            progress(0.5)
        ended.append(item)

    with pytest.raises(KeyboardInterrupt):
        list(batch.run(range(50), work, jobs=2))
    assert len(begun) < 5
    assert ended == []
