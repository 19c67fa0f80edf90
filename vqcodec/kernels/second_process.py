"""A second process that compiles kernels into the same cache: compilation itself keeps to one thread.

It starts when a kernel turns out not to be in the cache, does one step at a time, and ends with the block that it
helps, whatever happens there. What goes wrong in it is left to the first process, to be done and reported there.
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
    """The process.

    Args:
        program: module to run. It reads the name of a step a line, does it, and answers with a line.
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
            start_new_session=True,  # Ctrl-C goes to the first process, which ends this one
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
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def helped(task_of: Callable[[str], Task | None], program: str) -> Iterator[Callable[[], None]]:
    """While the block runs, do a task in a second process once a kernel is compiled for which there is one.

    Args:
        task_of: the task for a kernel of that name, or None. It is called with a function that does a step
            in the second process and returns whether it was done.
        program: as `SecondProcess` takes it.

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
            """Nothing to do."""

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
