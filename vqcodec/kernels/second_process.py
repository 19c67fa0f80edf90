"""A second process that helps to compile kernels, because compilation uses one thread only.

It starts when a kernel is not in the cache, and compiles into the same cache, one step after another. The helper is
killed when the `with` block exits. Failed steps are retried and reported by the main process.

A build-time half of `vqcodec.kernels` that compiles ahead of time would make this module unnecessary.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from vqcodec.threads import default_threads

Run = Callable[[str], bool]
Task = Callable[[Run], object]


class SecondProcess:
    """The helper.

    Args:
        program: module to run. It reads names of steps, one on each line, does the step and answers with a line.
    """

    def __init__(self, program: str) -> None:
        package = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C goes to the main process, which ends this one
        )

    def run(self, step: str) -> bool:
        """Do a step; return whether it was done."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(f"{step}\n".encode())
            stdin.flush()
            return stdout.readline() != b""
        except (OSError, ValueError):
            return False

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def helped(task_of: Callable[[str], Task | None], program: str) -> Iterator[Callable[[], None]]:
    """While the block runs, wait for the first kernel compiled that has a task, and do the task in a second process.

    Nothing happens if the machine has one processor.

    Args:
        task_of: returns the task for the kernel of a name, or None. A task takes a function that does a step in the
            second process and returns whether it succeeded.
        program: as for `SecondProcess`.

    Yields:
        A function that waits for the task to end.
    """
    from numba.core import event

    class Starter(event.Listener):
        process: SecondProcess | None = None
        thread: Thread | None = None

        def on_start(self, event: event.Event) -> None:
            if self.thread is None:
                task = task_of(event.data["dispatcher"].py_func.__name__)
                if task is not None:
                    self.thread = Thread(target=self._do, args=(task,), daemon=True)
                    self.thread.start()

        def on_end(self, event: event.Event) -> None:
            """Do nothing: only the start of a compilation matters."""

        def _do(self, task: Task) -> None:
            try:
                self.process = SecondProcess(program)
            except OSError:
                return
            task(self.process.run)

        def wait(self) -> None:
            if self.thread is not None:
                self.thread.join()

    starter = Starter()
    if default_threads() < 2:
        yield starter.wait
        return
    try:
        with event.install_listener("numba:compile", starter):
            yield starter.wait
    finally:
        if starter.process is not None:
            starter.process.end()
