"""Failures of a command: one line on standard error, and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from vqcodec.cli.exit_codes import CLOSED_PIPE
from vqcodec.cli.groups import ListedGroup
from vqcodec.cli.translation import as_options
from vqcodec.errors import INTERRUPTED_EXIT_CODE, LimitError, VQCodecError
from vqcodec.names import printable

MAX_LINE = 4000  # characters: paths may be this long

DEBUG = "vqcodec.debug"
"""Key of the context's `meta`: whether to print tracebacks."""


def one_line(text: str) -> str:
    """Return `text` on one line for a terminal: file names may hold line breaks and control characters."""
    return printable(text, MAX_LINE)


def exit_code_of(error: BaseException) -> int:
    """Return the exit code for `error`."""
    if isinstance(error, VQCodecError):
        return error.exit_code
    return LimitError.exit_code if isinstance(error, MemoryError) else VQCodecError.exit_code


def message_of(error: BaseException) -> str:
    """Return the message of `error` on one line."""
    if isinstance(error, VQCodecError):
        return one_line(as_options(str(error)))
    if isinstance(error, MemoryError):
        return "not enough memory; try fewer --jobs or a smaller picture"
    text = one_line(" ".join(str(error).split()))
    return f"unexpected {type(error).__name__}: {text} (a defect; --debug shows where)"


def print_failure(error: BaseException, *, debug: bool, subject: str = "") -> None:
    """Print `error` on standard error, after its traceback if `debug` is set."""
    if debug:
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    where = "" if isinstance(error, VQCodecError) or not subject else f"{one_line(subject)}: "
    typer.echo(f"vqcodec: {where}{message_of(error)}", err=True)


class CommandLine(ListedGroup):
    """The top command group: every failure of a command ends here in one line and an exit code."""

    def main(
        self,
        args: Any = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run the command line. It always ends in SystemExit."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.TyperException as error:
            _print_usage_error(error)
            code = error.exit_code
        sys.exit(code or 0)

    def make_context(self, *args: Any, **extra: Any) -> typer.Context:
        """Read the options of the top command; `--help` and `--version` print here."""
        with _reported({}):
            return super().make_context(*args, **extra)  # type: ignore[return-value]

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command in `ctx`."""
        with _reported(ctx.meta):
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


@contextmanager
def _reported(meta: Mapping[str, Any]) -> Iterator[None]:
    """Turn a failure in the block into one line and an exit code."""
    try:
        yield
    except (typer.TyperException, typer.Exit):
        raise
    except BrokenPipeError:
        raise typer.Exit(CLOSED_PIPE) from None
    except KeyboardInterrupt:
        typer.echo("vqcodec: interrupted; files are whole or not written; what a pipe got may be cut off", err=True)
        raise typer.Exit(INTERRUPTED_EXIT_CODE) from None
    except Exception as error:
        print_failure(error, debug=meta.get(DEBUG, False))
        raise typer.Exit(exit_code_of(error)) from None


def _print_usage_error(error: typer.TyperException) -> None:
    """Print an error in the options of a command."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "vqcodec"
    message = one_line(" ".join(error.format_message().split())).rstrip(".")
    typer.echo(f"vqcodec: {message}; see '{command} --help'", err=True)
