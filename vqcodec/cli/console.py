"""What a command prints, and where: results, notices, failures and the progress bar.

Results go to standard output, unless that carries the output itself; everything else goes to standard error.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import typer

from vqcodec.cli.failures import exit_code_of, message_of, one_line, print_failure

if TYPE_CHECKING:
    from rich.progress import Progress


class Advance(Protocol):
    """Moves a progress bar; may be called from any thread."""

    def __call__(self, index: int, done: float, what: str | None = None) -> None:
        """The part `done` (0 to 1) of file `index` is done, and `what` is being done."""


class Console:
    """The streams of one run of a command.

    Args:
        quiet: print no readable lines, notices or progress; failures and JSON stay.
        as_json: print results as JSON instead of readable lines.
        no_progress: show no progress bar even on a terminal.
        debug: show tracebacks with failures.
        data_on_stdout: standard output carries data, so results go to standard error.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        as_json: bool = False,
        no_progress: bool = False,
        debug: bool = False,
        data_on_stdout: bool = False,
    ) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self.debug = debug
        self._show_progress = not (quiet or no_progress) and sys.stderr.isatty()
        self._results_on_stderr = data_on_stdout
        self._lock = threading.Lock()

    def result(self, record: dict[str, Any], *lines: str) -> None:
        """Print one file's result: `record` as JSON, or `lines`."""
        if self.as_json:
            self._print(json.dumps(record))
        else:
            self.text(*lines)

    def text(self, *lines: str) -> None:
        """Print readable lines that JSON has no part in, such as totals."""
        if not (self.quiet or self.as_json):
            for line in lines:
                self._print(one_line(line))

    def notice(self, text: str) -> None:
        """Tell the user something that is neither a result nor an error."""
        if not self.quiet:
            with self._lock:
                typer.echo(one_line(text), err=True)

    def failure(self, error: Exception, name: str) -> None:
        """Report that the file called `name` failed."""
        with self._lock:
            print_failure(error, debug=self.debug, subject=name)
        if self.as_json:
            fault = {"code": exit_code_of(error), "kind": type(error).__name__, "message": message_of(error)}
            self._print(json.dumps({"input": name, "error": fault}))

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator[Advance]:
        """A progress bar over `total` files, if there is a terminal to show it on."""
        if not self._show_progress:
            yield lambda index, done, what=None: None
            return
        with _progress_bar() as bar:
            task = bar.add_task(description, total=total)
            done_by_file = [0.0] * total

            def advance(index: int, done: float, what: str | None = None) -> None:
                done_by_file[index] = done
                bar.update(task, completed=sum(done_by_file), description=what)

            yield advance

    def _print(self, line: str) -> None:
        with self._lock:
            typer.echo(line, err=self._results_on_stderr)


def _progress_bar() -> Progress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=RichConsole(stderr=True),
        transient=True,
        # Else rich would send what goes to a pipe on standard output to the terminal instead.
        redirect_stdout=sys.stdout.isatty(),
    )
