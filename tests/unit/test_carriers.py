"""Carriers: results in the order of the shards, values that are kept, in memory and on the disk, within the memory."""

from __future__ import annotations

import gc
import itertools
import os
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from vqcodec.carriers import memory, messages, spill, threaded
from vqcodec.carriers.kept import Kept
from vqcodec.carriers.memory import MemoryBudget
from vqcodec.carriers.spill import SpillFile, packed
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.errors import OutputError, UsageError


@pytest.fixture(params=["memory", "disk"])
def carrier(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ThreadCarrier:
    """A carrier that keeps values in memory, or all of them on the disk."""
    if request.param == "disk":
        monkeypatch.setattr(memory, "_SHARE_KEPT", 0.0)
    return ThreadCarrier(3, folder=tmp_path)


def test_results_come_in_the_order_of_the_shards() -> None:
    def work(shard: int, more: int) -> int:
        time.sleep(0.02 * (shard % 3 == 0))
        return shard * more

    for threads in (1, 2, 5):
        assert list(ThreadCarrier(threads).map(work, range(20), 10)) == list(range(0, 200, 10))


def test_shards_are_drawn_as_they_are_needed() -> None:
    drawn: list[int] = []

    def shards():
        for number in range(100):
            drawn.append(number)
            yield number

    others = set(threading.enumerate())
    results = ThreadCarrier(2).map(lambda shard: shard, shards())
    assert next(results) == 0
    assert len(drawn) < 10
    results.close()
    for thread in set(threading.enumerate()) - others:
        thread.join(10)
        assert not thread.is_alive()


def test_an_error_of_a_shard_is_raised_and_ends_the_work() -> None:
    done: list[int] = []

    def work(shard: int) -> int:
        if shard == 3:
            raise UsageError("three")
        done.append(shard)
        return shard

    with pytest.raises(UsageError, match="three"):
        list(ThreadCarrier(2).map(work, range(1000)))
    assert len(done) < 20


def test_what_is_kept_comes_back_as_it_was(carrier: ThreadCarrier) -> None:
    def make(shard: int) -> tuple[int, tuple[str, np.ndarray]]:
        return shard, (f"n{shard}", np.arange(shard * 1000).reshape(-1, 10)[:, ::2])

    found = list(carrier.keep(make, range(6)))
    assert [result for result, _ in found] == list(range(6))
    handles = [handle for _, handle in found]
    for number, (name, array) in enumerate(carrier.map(lambda value: value, handles)):
        assert name == f"n{number}"
        np.testing.assert_array_equal(array, np.arange(number * 1000).reshape(-1, 10)[:, ::2])
    parts = [(first, 7, second) for first, second in itertools.pairwise(handles)]
    pairs = carrier.map(lambda part: (part[0][0], part[1], part[2][0]), parts)
    assert list(pairs) == [(f"n{n}", 7, f"n{n + 1}") for n in range(5)]


def test_rows_that_are_kept_are_taken_evenly(carrier: ThreadCarrier) -> None:
    sizes = [0, 7, 1, 0, 30, 12]
    ends = np.cumsum(sizes)
    kept = Kept.of(carrier, lambda part: (part[1] - part[0], np.arange(*part)), zip(ends - sizes, ends))
    assert kept.total == 50
    assert len(kept.handles) == 4
    for most in (1, 7, 49, 50, 100):
        taken = np.concatenate(list(kept.evenly(lambda part: part[0][part[1]], most)))
        np.testing.assert_array_equal(taken, np.arange(50)[:: -(-50 // most)])


def test_the_file_has_no_name_and_goes_with_the_last_handle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_SHARE_KEPT", 0.0)
    carrier = ThreadCarrier(2, folder=tmp_path)
    handles = [handle for _, handle in carrier.keep(lambda shard: (None, np.zeros(100_000)), range(3))]
    assert not list(tmp_path.iterdir())
    if os.path.isdir("/proc/self/fd"):
        opened = [os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd") if number.isdigit()
                  and os.path.islink(f"/proc/self/fd/{number}")]  # fmt: skip
        assert sum(str(tmp_path) in name for name in opened) == 1
    assert sum(value.size for value in carrier.map(lambda value: value, handles)) == 300_000


def test_memory_that_is_given_back_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = ThreadCarrier(1, folder=tmp_path)
    monkeypatch.setattr(carrier._budget, "_for_values", 1_000_000)
    for _ in range(3):
        handles = [handle for _, handle in carrier.keep(lambda shard: (None, np.zeros(100_000)), range(3))]
        kinds = [type(handle) for handle in handles]
        assert kinds == [threaded._InMemory, threaded._Spilled, threaded._Spilled]
        del handles
        gc.collect()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_a_named_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_SHARE_KEPT", 0.0)
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115 (the carrier's now)
    monkeypatch.setattr(spill.tempfile, "TemporaryFile", lambda **_: full)
    with pytest.raises(OutputError, match="has no room for: cannot be written: the disk is full") as raised:
        list(ThreadCarrier(2, folder=tmp_path).keep(lambda shard: (None, np.zeros(10_000)), range(3)))
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the folder does not exist"):
        SpillFile(tmp_path / "none")


def test_a_file_that_was_cut_is_a_named_error(tmp_path: Path) -> None:
    file = SpillFile(tmp_path)
    place = file.write(packed(np.zeros(1000)))
    assert file.read(place).size == 1000
    file._file.truncate(100)
    with pytest.raises(OutputError, match="cannot be read back: it ends early"):
        file.read(place)


def test_less_memory_than_the_program_takes_is_refused() -> None:
    if memory.resident_bytes() is None:
        pytest.skip("this system does not tell")
    with pytest.raises(
        UsageError, match=r"--memory 1M is too little: the program itself takes \d+ MB; give at least \d+M"
    ):
        ThreadCarrier(memory=1 << 20)


def test_shards_wait_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for three shards, no more than three of a hundred are worked on at a time."""
    running, most, lock = 0, 0, threading.Lock()
    monkeypatch.setattr(memory, "resident_bytes", lambda: 1000 + 100 * running)
    monkeypatch.setattr(threaded, "resident_bytes", lambda: 1000)
    carrier = ThreadCarrier(8)
    monkeypatch.setattr(carrier, "_budget", MemoryBudget(1300))

    def work(shard: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        return shard

    assert list(carrier.map(work, range(100))) == list(range(100))
    assert most <= 3


def test_messages_bring_back_every_bit_without_sending_zeros() -> None:
    rng = np.random.default_rng(2)
    counts = np.zeros((40, 500), np.int64)
    counts[3, 17], counts[39, 499] = -7, 1 << 60
    floats = np.zeros(4000)
    floats[::7] = rng.normal(size=572)
    floats[5], floats[6], floats[8] = -0.0, np.nan, np.inf
    value = {"counts": counts, "floats": floats, "dense": rng.normal(size=3000), "odd": np.zeros(1001, np.uint8)}
    value |= {"view": counts[:, ::2], "text": "x", "empty": np.zeros((0, 4)), "fortran": np.asfortranarray(counts)}
    message = messages.packed(value)
    assert len(pickle.dumps(messages.packed(counts))) < 1000
    again = messages.unpacked(message)
    for name, array in value.items():
        if isinstance(array, np.ndarray):
            assert again[name].dtype == array.dtype
            assert again[name].tobytes() == array.tobytes()
            again[name] += 1  # it can be added to
    assert again["text"] == "x"
