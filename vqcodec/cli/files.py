"""The list of files that a command line names, and the work on them."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TypeVar

import typer

from vqcodec.cli import batch
from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.failures import exit_code_of, print_failure
from vqcodec.cli.inputs import STANDARD, Inputs, Item, is_unexpanded
from vqcodec.cli.originals import REASONS
from vqcodec.cli.streams import STDOUT, stdout_is_closed
from vqcodec.errors import OutputError, UsageError, VQCodecError
from vqcodec.files.atomic import check_folder
from vqcodec.files.descriptors import descriptor_of
from vqcodec.files.endpoints import is_pattern, write_all
from vqcodec.media.progress import SpokenProgress
from vqcodec.threads import default_threads

Report = TypeVar("Report")


def plan_outputs(
    inputs: Inputs,
    output: str | None,
    folder: str | None,
    extension: str | Callable[[str], str],
    mark: Callable[[list[Item]], Inputs] = Inputs,
) -> Inputs:
    """Return the inputs with where their outputs go, one for each; make output folders.

    Args:
        output: what `-o` said. folder: what `-d` said.
        extension: of an output whose name is not given, such as ".vqc"; or a function that gives it by input.
        mark: returns the items with those marked that are left out, and remarks on that.

    Raises:
        UsageError: the request is ambiguous, or an output would replace an input or another output.
        OutputError: a folder cannot be made.
    """
    output, folder = output_places(output, folder, len(inputs.items))
    extension_for = extension if callable(extension) else lambda _name: extension
    items = [replace(item, output=_output_for(item, output, folder, extension_for)) for item in inputs.items]
    if folder is not None or output is None:
        items = _apart(items, extension_for)
    _check_outputs(items)
    marked = mark([replace(item, seen=_seen(item.input)) for item in items])
    items, remarks = marked.items, [*inputs.remarks, *marked.remarks]
    if folder is not None:
        for place in dict.fromkeys([folder, *(os.path.dirname(item.output or "") for item in items)]):
            _make_folder(place)
    return Inputs(items, remarks)


def output_places(output: str | None, folder: str | None, inputs: int) -> tuple[str | None, str | None]:
    """Return (output file, output folder), at most one of which is not None, for a number of inputs.

    Raises:
        UsageError: both are given, or the file cannot hold several outputs.
    """
    if output is not None and folder is not None:
        raise UsageError("-o and -d exclude one another; give one of them")
    if output is not None and descriptor_of(output) == 1:
        output = STANDARD  # so that reports do not go into the file
    if folder is None and output is not None and _means_folder(output, inputs):
        return None, output
    return output, folder


def _means_folder(output: str, inputs: int) -> bool:
    if output == STANDARD:
        if inputs > 1:
            raise UsageError("several inputs cannot all go to standard output; use -d DIR")
        return False
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return True
    if inputs > 1:
        if os.path.lexists(output) or os.path.splitext(output)[1]:
            raise UsageError(
                f"{output}: not a folder, but several inputs need one; use -d DIR. Pictures of one video are named by "
                "a pattern such as 'frames/*.png'"
            )
        return True
    return False


def _output_for(item: Item, output: str | None, folder: str | None, extension_for: Callable[[str], str]) -> str:
    name = item.input
    if folder is not None:
        below = item.below or os.path.basename(_stem_source(item))
        return os.path.join(folder, os.path.splitext(below)[0] + extension_for(name))
    if output is None:
        if item.video and (is_unexpanded(name) or is_pattern(name)) and not os.path.lexists(name):
            raise UsageError(f"{name}: a pattern does not say what the video is called; name it with -o")
        output = STANDARD if name == STANDARD else os.path.splitext(_stem_source(item))[0] + extension_for(name)
    if output == STANDARD:
        check_stdout()
    return output


def _stem_source(item: Item) -> str:
    """Return the path whose last part, without its extension, is the name of the output."""
    if item.input == STANDARD:
        return "stdin"
    path = os.path.dirname(item.input) if item.video and is_unexpanded(item.input) else item.input.rstrip(os.sep)
    return path if os.path.basename(path) not in ("", ".", "..") else os.path.abspath(path)


def _apart(items: Sequence[Item], extension_for: Callable[[str], str]) -> list[Item]:
    """Return the items; of those whose outputs would have one name, outputs keep the extension of the input.

    So `a.jpg` and `a.png` become `a.jpg.vqc` and `a.png.vqc`.
    """
    count = Counter(os.path.normcase(item.output or "") for item in items)
    return [
        item
        if item.output in (None, STANDARD) or count[os.path.normcase(item.output)] == 1
        else replace(
            item,
            output=os.path.join(os.path.dirname(item.output), os.path.basename(item.input) + extension_for(item.input)),
        )
        for item in items
    ]


def check_stdout() -> None:
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


def _seen(path: str) -> os.stat_result | None:
    """Return what the system says of a file now, of a link itself; None if there is none."""
    try:
        return os.lstat(path)
    except (OSError, ValueError):  # standard input, a pattern, or a name that its reading will refuse
        return None


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made a folder: {error.strerror}") from None
    check_folder(folder)


def process(
    inputs: Inputs,
    work: Callable[[Item, SpokenProgress, int], Report],
    show: Callable[[Item, Report], None],
    *,
    console: Console,
    jobs: int | None,
    verb: str,
    kernels: bool = True,
    total: Callable[[list[Report]], list[str]] | None = None,
    elsewhere: Callable[[Sequence[Item]], Iterator[batch.Outcome[Item, Report]]] | None = None,
) -> None:
    """Do `work` on all inputs, `show` each result in the order of the items, and end with the right exit code.

    Args:
        work: called with an item, a function to report progress to, and the number of threads it may use.
        verb: what the progress bar says, such as "encoding".
        jobs: None for the number of CPUs.
        kernels: whether the work runs kernels, which may have to be compiled.
        total: returns the lines that sum up several results.
        elsewhere: does the work on all items in place of `work`, and yields the outcomes in their order.

    Raises:
        typer.Exit: with the code of the first failure, after all items are done.
    """
    items = [item for item in inputs.items if not item.skipped]
    if not items:
        _show_skipped(deque(inputs.items), console)
        _remark(inputs, console)
        return
    cpus = default_threads()
    jobs = min(jobs or cpus, len(items))
    threads = max(1, cpus // jobs)
    reports: list[Report] = []
    first_failure = failures = 0
    waiting = deque(inputs.items)
    what = f"{verb} {items[0].name}" if len(items) == 1 else f"{verb} {len(items)} files"
    announcing = announce_compilation(console) if kernels else nullcontext()
    with announcing, console.progress(what, len(items)) as progress:

        def advance(index: int, done: float, words: str) -> None:
            progress(index, done, f"{what}, {words}" if words else None)

        def one(item: Item, report: SpokenProgress) -> Report:
            if item.failure is not None:
                raise item.failure
            return work(item, report, threads)

        outcomes = elsewhere(items) if elsewhere else batch.run(items, one, jobs=jobs, progress=advance)
        for number, outcome in enumerate(outcomes):
            advance(number, 1.0, "")
            _show_skipped(waiting, console)
            waiting.popleft()
            error = outcome.error
            try:
                if error is not None:
                    console.failure(error, outcome.item.name)
                elif outcome.result is not None:
                    reports.append(outcome.result)
                    show(outcome.item, outcome.result)
            except VQCodecError as unshown:  # the other files are worked on all the same
                error = error or unshown
                print_failure(unshown, debug=console.debug)
            if error is not None:
                failures += 1
                first_failure = first_failure or exit_code_of(error)
        _show_skipped(waiting, console)
    if total is not None and len(inputs.items) > 1:
        skipped = len(inputs.items) - len(items)
        left = [f"{count} {what}" for count, what in ((skipped, "skipped"), (failures, "failed")) if count]
        console.text(*(total(reports) if reports else []), *([", ".join(left)] if left else []))
    _remark(inputs, console)
    if first_failure:
        raise typer.Exit(first_failure)


def _remark(inputs: Inputs, console: Console) -> None:
    for reason, count in Counter(item.skipped for item in inputs.items if item.skipped).items():
        console.notice(f"skipped, because {REASONS[reason]}: {count} of {len(inputs.items)}")
    for remark in inputs.remarks:
        console.notice(remark)


def _show_skipped(items: deque[Item], console: Console) -> None:
    """Take the items that are left out from the front, and show each as JSON if that is asked for."""
    while items and items[0].skipped:
        item = items.popleft()
        console.result({"input": item.name, "output": item.output, "skipped": item.skipped})


def keep_times(item: Item) -> None:
    """Give an output file the times of the input file, if both are files."""
    if item.destination is not None and os.path.isfile(item.destination) and os.path.isfile(item.input):
        times = os.stat(item.input)
        os.utime(item.destination, ns=(times.st_atime_ns, times.st_mtime_ns))


def write_stdout(data: bytes) -> None:
    """Write an output to standard output.

    Raises:
        BrokenPipeError: nothing reads it any more.
        OutputError: it cannot be written, for example to a full disk.
    """
    write_all(data, sys.stdout.buffer)
