"""The output of a command: results, notices, failures and the progress bar.

Results go to standard output, or to standard error if standard output carries data. All else goes to standard error.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import typer

from vqcodec.cli.failures import exit_code_of, message_of, one_line, print_failure
from vqcodec.cli.streams import stdout_is_closed
from vqcodec.cli.translation import as_options
from vqcodec.names import shortened

if TYPE_CHECKING:
    from rich.progress import Progress


_BAR_COLUMNS = 56  # that the bar, the percentage and the time take
_LEAST_DESCRIPTION = 20


class Advance(Protocol):
    """Moves a progress bar. Any thread may call it."""

    def __call__(self, index: int, done: float, what: str | None = None) -> None:
        """Set the finished part `done` (0 to 1) of file `index`, and the description `what` of the current work."""


class Console:
    """The streams of one run of a command.

    Args:
        quiet: print no readable lines, notices or progress; failures and JSON are printed.
        as_json: print results as JSON instead of readable lines.
        no_progress: show no progress bar, even on a terminal.
        debug: print tracebacks with failures.
        data_on_stdout: standard output carries data, so results go to standard error.
        asked_for: whether results are what the command is for. The results of other commands are left out if the
            process has no standard output, unless they are to be JSON.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        as_json: bool = False,
        no_progress: bool = False,
        debug: bool = False,
        data_on_stdout: bool = False,
        asked_for: bool = False,
    ) -> None:
        self.quiet = quiet
        self._may_be_lost = not (asked_for or as_json) and not data_on_stdout and stdout_is_closed()
        self.as_json = as_json
        self.debug = debug
        self._show_progress = not (quiet or no_progress) and sys.stderr.isatty()
        self._results_on_stderr = data_on_stdout
        self._lock = threading.Lock()
        self._bar: Progress | None = None

    def result(self, record: dict[str, Any], *lines: str) -> None:
        """Print the result of one file: `record` as JSON, or `lines`."""
        if self.as_json:
            self._print(json.dumps(record))
        else:
            self.text(*lines)

    def text(self, *lines: str) -> None:
        """Print readable lines that have no form in JSON, such as totals."""
        if not (self.quiet or self.as_json):
            for line in lines:
                self._print(one_line(line))

    def notice(self, text: str) -> None:
        """Print a message that is neither a result nor an error."""
        if not self.quiet:
            with self._printing():
                typer.echo(one_line(as_options(text)), err=True)

    def failure(self, error: Exception, name: str) -> None:
        """Report that the file `name` failed."""
        with self._printing():
            print_failure(error, debug=self.debug, subject=name)
        if self.as_json:
            fault = {"code": exit_code_of(error), "kind": type(error).__name__, "message": message_of(error)}
            self._print(json.dumps({"input": name, "error": fault}))

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator[Advance]:
        """Show a progress bar over `total` files while the block runs, if standard error is a terminal."""
        if not self._show_progress:
            yield lambda index, done, what=None: None
            return
        most = max(_LEAST_DESCRIPTION, shutil.get_terminal_size().columns - _BAR_COLUMNS)
        with _progress_bar() as bar:
            task = bar.add_task(shortened(description, most), total=total)
            done_by_file = [0.0] * total
            self._bar = bar

            def advance(index: int, done: float, what: str | None = None) -> None:
                done_by_file[index] = done
                bar.update(task, completed=sum(done_by_file), description=what and shortened(what, most))

            try:
                yield advance
            finally:
                self._bar = None

    def _print(self, line: str) -> None:
        """Print a line of results; OutputError if that fails."""
        if self._may_be_lost:
            return
        with self._printing():
            typer.echo(line, err=self._results_on_stderr)

    @contextmanager
    def _printing(self) -> Iterator[None]:
        """Keep other threads from printing, and take the bar away as long as the block prints."""
        with self._lock:
            if self._bar is None:
                yield
                return
            self._bar.stop()
            try:
                yield
            finally:
                self._bar.start()


def _progress_bar() -> Progress:
    """Return a progress bar on standard error."""
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=RichConsole(stderr=True),
        transient=True,
        # Otherwise rich would send data for a pipe on standard output to the terminal.
        redirect_stdout=sys.stdout.isatty(),
    )
