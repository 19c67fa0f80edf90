"""How kernels are compiled: large ones once, called by others; the cache; the second process that compiles too."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import vqcodec
from vqcodec.api.warming import PROGRAM
from vqcodec.kernels import compiler as kernel_compiler
from vqcodec.kernels import linking as kernel_linking
from vqcodec.kernels import second_process
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.kernels.records import record_type
from vqcodec.kernels.second_process import SecondProcess, helped

KERNELS = """
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel


@inline_kernel
def doubled(value):
    return 2 * value


@inner_kernel
def small(values):
    return values[0] + 1


@inner_kernel
def large(values, table):
    total = 0.0
    for i in range(len(values)):
        for j in range(table.shape[1]):
            total += doubled(values[i]) * table[i, j]
        for j in range(table.shape[1] - 1, 0, -1):
            total -= table[i, j] // 3 if values[i] > 2 else table[i, j - 1] ** 2
    for i in range(len(values) - 1):
        for j in range(i):
            total += values[i + 1] * values[j] - table[j, 0]
    return total


@inner_kernel
def between(values, table):
    total = large(values, table)
    for i in range(len(values)):
        for j in range(table.shape[1]):
            total += doubled(values[i]) * table[i, j]
        for j in range(table.shape[1] - 1, 0, -1):
            total -= table[i, j] // 3 if values[i] > 2 else table[i, j - 1] ** 2
    return total


@kernel
def first(values, table):
    return between(values, table) + small(values)


@kernel
def second(values, table):
    return large(values, table) + between(values, table) + small(values)
"""
SCRIPT = """
import sys
import numpy as np
from numba.core import event, types
import kernels
for _ in range(int(sys.argv[2])):
    types.Record([(f"x{_}", {"type": types.int64, "offset": 0})], 8, True)  # so that types are numbered otherwise
with event.install_recorder("numba:compile") as recorder:
    for name in sys.argv[1].split(","):
        print(getattr(kernels, name)(np.arange(6.0), np.arange(24.0).reshape(6, 4)))
compiled = [event.data["dispatcher"].__name__ for _, event in recorder.buffer if event.is_start]
print(*sorted(set(compiled) & set(dir(kernels))))
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run kernels in a process of their own: what they return, and which were compiled."""
    (tmp_path / "kernels.py").write_text(KERNELS)
    path = os.pathsep.join([str(tmp_path), str(Path(vqcodec.__file__).parent.parent)])
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path}

    def run(names: str, earlier_types: int = 0) -> tuple[list[float], list[str]]:
        command = [sys.executable, "-c", SCRIPT, names, str(earlier_types)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        *values, compiled = done.stdout.splitlines()
        return [float(value) for value in values], compiled.split()

    return run


def test_kernels_of_several_processes_fit_together(run) -> None:
    """What one process compiled, others call, with what they compiled themselves; none compiles it again."""
    space: dict = {"inline_kernel": lambda f: f, "inner_kernel": lambda f: f, "kernel": lambda f: f}
    exec(KERNELS.replace("from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel", ""), space)
    arguments = np.arange(6.0), np.arange(24.0).reshape(6, 4)
    expected = [space["first"](*arguments), space["second"](*arguments)]
    assert run("first") == (expected[:1], ["between", "doubled", "first", "large", "small"])
    assert run("second", 5) == (expected[1:], ["second"])
    assert run("second,first", 3) == (expected[::-1], [])


@kernel
def _sum_rows(table, sums):
    for i in range(table.shape[0]):
        sums[i] = _weighted(table[i], table[0], sums)


@inline_kernel
def _half(value):
    return value / 2


@inner_kernel
def _weighted(row, weights, sums):
    total = 0.0
    for i in range(len(row)):
        total += row[i] * weights[i] - _half(sums[i % len(sums)])
    for i in range(1, len(row)):
        total += row[i] * row[i - 1] if row[i] > 3 else weights[i] // 2
    for i in range(2, len(row)):
        for j in range(i):
            total -= row[i] * weights[j] ** 2
    return total


@pytest.mark.skipif(not kernel_linking.KNOWS_NUMBA, reason="compiled in numba's way")
def test_large_kernels_are_called_and_helpers_inlined() -> None:
    _sum_rows(np.ones((3, 4)), np.zeros(3))
    (result,) = _sum_rows.overloads.values()
    library = result.library
    (called,) = library.serialize_using_object_code()[-1]
    own = {function.name for function in library.get_defined_functions()}
    assert not any("_weighted" in name for name in own)
    assert any("_weighted" in symbol for symbol in called.symbols)
    assert not any("_half" in symbol for symbol in called.symbols if "NumbaEnv" not in symbol)


_PAIR = record_type(short=(np.int32, (3, 4)), long=(np.int32, (5, 4)))


@inner_kernel
def _first_row(table, factor, doubled):
    total = np.int64(0)
    for j in range(table.shape[1]):
        total += factor * table[0, j]
    return 2 * total if doubled else total


@kernel
def _first_rows(pair, table, factor):
    total = _first_row(pair.short, 1, True) + _first_row(pair.long, 100, False) + _first_row(table, factor, factor > 0)
    return total + len(pair.long)


@pytest.mark.skipif(not kernel_linking.KNOWS_NUMBA, reason="compiled in numba's way")
def test_one_version_serves_constants_and_arrays_within_records() -> None:
    pair = np.zeros(1, _PAIR)[0]
    pair["short"][0], pair["long"][0] = 1, 2
    assert _first_rows(pair, np.full((2, 4), 3, dtype=np.int32), 1000) == 2 * 4 + 100 * 8 + 2 * 1000 * 12 + 5
    assert len(_first_row._dispatcher.overloads) == 1


def test_garbage_is_looked_for_less_often_only_while_a_kernel_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    during = []
    monkeypatch.setattr(
        kernel_compiler.compiler.Compiler, "_compile_core", lambda self: during.append(gc.get_threshold())
    )

    def compiled() -> None:
        object.__new__(kernel_compiler.KernelCompiler)._compile_core()

    compiled()
    assert during[0][0] > before[0]
    assert during[0][1:] == before[1:]
    assert gc.get_threshold() == before
    gc.set_threshold(0)  # never
    try:
        compiled()
        assert during[1][0] == gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


@pytest.mark.skipif(not kernel_linking.KNOWS_NUMBA, reason="compiled in numba's way")
def test_every_step_that_is_left_out_is_one_of_numbas() -> None:
    steps: set[str] = set()

    class Recorder(kernel_compiler.compiler.Compiler):
        def define_pipelines(self):
            pipelines = super().define_pipelines()
            steps.update(step.__name__ for step, _ in pipelines[0].passes)
            return pipelines

    assert numba.njit(pipeline_class=Recorder)(lambda value: value + 1)(1) == 2
    assert steps >= kernel_compiler._UNNEEDED


def test_an_unknown_numba_compiles_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_linking, "KNOWS_NUMBA", False)

    def plus_one(value):
        return value + 1

    plain = kernel(plus_one)
    assert plain(2) == 3
    assert not isinstance(plain.overloads[plain.signatures[0]].library, kernel_linking.KernelLibrary)


class TestSecondProcess:
    def test_does_steps_until_one_fails(self) -> None:
        process = SecondProcess(PROGRAM)
        try:
            assert not process.run("no step")
            assert not process.run("0")
        finally:
            process.end()

    def test_starts_when_a_kernel_is_compiled_and_ends_with_the_block(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[FakeProcess] = []

        class FakeProcess:
            def __init__(self, _program: str) -> None:
                made.append(self)
                self.steps: list[str] = []
                self.ended = False

            def run(self, step: str) -> bool:
                self.steps.append(step)
                return True

            def end(self) -> None:
                self.ended = True

        monkeypatch.setattr(second_process, "SecondProcess", FakeProcess)
        monkeypatch.setattr(second_process, "default_threads", lambda: 2)

        def wanted(value):
            return value - 1

        def unwanted(value):
            return value - 2

        def interrupted() -> None:
            with helped(lambda name: {"wanted": lambda run: run("step")}.get(name), PROGRAM) as wait:
                kernel(unwanted)(1)
                assert not made
                kernel(wanted)(1)
                wait()
                assert made[0].steps == ["step"]
                assert not made[0].ended
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert len(made) == 1
        assert made[0].ended
