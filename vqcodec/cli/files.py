"""The list of files that a command line names, and the work on them."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

import typer

from vqcodec.cli import batch
from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.failures import exit_code_of, print_failure
from vqcodec.cli.streams import STDOUT, stdout_is_closed
from vqcodec.errors import OutputError, UsageError
from vqcodec.files.endpoints import write_all
from vqcodec.media.progress import SpokenProgress
from vqcodec.threads import default_threads

STANDARD = "-"
STDIN_NAME = "<stdin>"

Report = TypeVar("Report")


@dataclass(frozen=True)
class Item:
    """One input, and where its output goes (None if there is none); "-" is standard input or output."""

    input: str
    output: str | None = None

    @property
    def name(self) -> str:
        """How messages call the input."""
        return STDIN_NAME if self.input == STANDARD else self.input

    @property
    def source(self) -> str | BinaryIO:
        """What to read."""
        return sys.stdin.buffer if self.input == STANDARD else self.input

    @property
    def destination(self) -> str | None:
        """Where the API writes; None for standard output, which the command writes itself."""
        return None if self.output == STANDARD else self.output


def plan_inputs(inputs: Sequence[str]) -> list[Item]:
    """Return the items for a command that writes nothing."""
    _check_stdin(inputs)
    return [Item(name) for name in inputs]


def plan_outputs(
    inputs: Sequence[str], output: str | None, folder: str | None, extension: str | Callable[[str], str]
) -> list[Item]:
    """Return the items for a command that writes one output per input; make output folders.

    Args:
        inputs: file names, one of which may be "-".
        output: what `-o` said. folder: what `-d` said.
        extension: of an output whose name is not given, such as ".vqc"; or a function that gives it by input.

    Raises:
        UsageError: the request is ambiguous, or an output would replace an input or another output.
        OutputError: a folder cannot be made.
    """
    _check_stdin(inputs)
    if output is not None and folder is not None:
        raise UsageError("-o and -d exclude one another; give one of them")
    if folder is None and output is not None and _means_folder(output, len(inputs)):
        output, folder = None, output
    extension_for = extension if callable(extension) else lambda _name: extension
    items = [Item(name, _output_for(name, output, folder, extension_for)) for name in inputs]
    _check_outputs(items)
    if folder is not None:
        _make_folder(folder)
    return items


def _check_stdin(inputs: Sequence[str]) -> None:
    if inputs.count(STANDARD) > 1:
        raise UsageError("standard input (-) can be read only once; give it once")
    if STANDARD in inputs and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe a file into it, or name one")


def _means_folder(output: str, inputs: int) -> bool:
    if output == STANDARD:
        if inputs > 1:
            raise UsageError("several inputs cannot all go to standard output; use -d DIR")
        return False
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return True
    if inputs > 1:
        if os.path.lexists(output) or os.path.splitext(output)[1]:
            raise UsageError(f"{output}: not a folder, but several inputs need one; use -d DIR")
        return True
    return False


def _output_for(name: str, output: str | None, folder: str | None, extension_for: Callable[[str], str]) -> str:
    if folder is not None:
        stem = "stdin" if name == STANDARD else os.path.splitext(os.path.basename(name.rstrip(os.sep)))[0]
        return os.path.join(folder, stem + extension_for(name))
    if output is None:
        if glob.has_magic(name) and not os.path.lexists(name):
            raise UsageError(f"{name}: a pattern does not say what the output is called; name it with -o")
        output = STANDARD if name == STANDARD else os.path.splitext(name.rstrip(os.sep))[0] + extension_for(name)
    if output == STANDARD:
        _check_stdout()
    return output


def _check_stdout() -> None:
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal; name an output with -o, or pipe it somewhere")
    if stdout_is_closed():
        raise OutputError(f"{STDOUT}: cannot be written: it is closed; name an output with -o")


def _check_outputs(items: Iterable[Item]) -> None:
    """Refuse outputs that are inputs (also by a link), or that two inputs share."""
    items = list(items)
    inputs = {identity: item.input for item in items if (identity := _file_identity(item.input))}
    taken: dict[str, str] = {}
    for item in items:
        if item.output is None or item.output == STANDARD:
            continue
        identity = _file_identity(item.output)
        if identity in inputs:
            raise UsageError(f"{item.output}: is also an input ({inputs[identity]}); name another output")
        path = os.path.normcase(os.path.realpath(item.output))
        if path in taken:
            raise UsageError(
                f"{item.output}: would be the output of both {taken[path]} and {item.input}; "
                "give them different folders"
            )
        if not os.path.exists(path) or identity is not None:  # a device takes any number
            taken[path] = item.input


def _file_identity(path: str) -> tuple[int, int] | None:
    """Return device and inode of a regular file, which all links to it share; None for anything else."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made a folder: {error.strerror}") from None


def process(
    items: Sequence[Item],
    work: Callable[[Item, SpokenProgress, int], Report],
    show: Callable[[Item, Report], None],
    *,
    console: Console,
    jobs: int | None,
    verb: str,
    kernels: bool = True,
    total: Callable[[list[Report]], str] | None = None,
) -> None:
    """Do `work` on all items, `show` each result in the order of the items, and end with the right exit code.

    Args:
        work: called with an item, a function to report progress to, and the number of threads it may use.
        verb: what the progress bar says, such as "encoding".
        jobs: None for the number of CPUs.
        kernels: whether the work runs kernels, which may have to be compiled.
        total: returns the line that sums up several results.

    Raises:
        typer.Exit: with the code of the first failure, after all items are done.
    """
    cpus = default_threads()
    jobs = min(jobs or cpus, len(items))
    threads = max(1, cpus // jobs)
    reports: list[Report] = []
    first_failure = 0
    what = f"{verb} {items[0].name}" if len(items) == 1 else f"{verb} {len(items)} files"
    announcing = announce_compilation(console) if kernels else nullcontext()
    with announcing, console.progress(what, len(items)) as progress:

        def advance(index: int, done: float, words: str) -> None:
            progress(index, done, f"{what}, {words}" if words else None)

        outcomes = batch.run(items, lambda item, report: work(item, report, threads), jobs=jobs, progress=advance)
        for outcome in outcomes:
            error = outcome.error
            try:
                if error is not None:
                    console.failure(error, outcome.item.name)
                elif outcome.result is not None:
                    reports.append(outcome.result)
                    show(outcome.item, outcome.result)
            except OutputError as unshown:  # the other files are worked on all the same
                error = error or unshown
                print_failure(unshown, debug=console.debug)
            if error is not None:
                first_failure = first_failure or exit_code_of(error)
    if total is not None and len(reports) > 1:
        console.text(total(reports))
    if first_failure:
        raise typer.Exit(first_failure)


def write_stdout(data: bytes) -> None:
    """Write an output to standard output.

    Raises:
        BrokenPipeError: nothing reads it any more.
        OutputError: it cannot be written, for example to a full disk.
    """
    write_all(data, sys.stdout.buffer)
