"""The command line: all commands in one application. Each command has a module of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from vqcodec.cli.commands import codebook, compare, decode, encode, info, train_codebook, verify, warm
from vqcodec.cli.exit_codes import exit_code_help
from vqcodec.cli.failures import CommandLine
from vqcodec.errors import UsageError
from vqcodec.version import __version__

CONTEXT = {"help_option_names": ["-h", "--help"]}

# Plain help instead of rich's panels: it keeps the lines of examples for pasting, and takes half the time.
app = typer.Typer(
    name="vqcodec",
    cls=CommandLine,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT,
    epilog=exit_code_help(),
)
codebooks = typer.Typer(rich_markup_mode=None, context_settings=CONTEXT)


@app.callback(invoke_without_command=True)
def _vqcodec(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit; with --verbose, which kernels are used, too."),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", hidden=True)] = False,
) -> None:
    """A media codec built on vector quantization, trained on your own media."""
    if version:
        typer.echo(f"vqcodec {__version__}")
        if verbose:
            from vqcodec.kernels.native import describe

            typer.echo(f"kernels: {describe()}")
        raise typer.Exit
    _require_command(context)


@codebooks.callback(invoke_without_command=True)
def _codebook(context: typer.Context) -> None:
    """List, show and export codebooks."""
    _require_command(context)


def _require_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(UsageError.exit_code)


app.command(epilog=encode.EXAMPLES)(encode.encode)
app.command(epilog=decode.EXAMPLES)(decode.decode)
app.command(epilog=info.EXAMPLES)(info.info)
app.command(epilog=verify.EXAMPLES)(verify.verify)
app.command(epilog=compare.EXAMPLES)(compare.compare)
app.command("train-codebook", epilog=train_codebook.EXAMPLES)(train_codebook.train_codebook)
app.add_typer(codebooks, name="codebook")
codebooks.command("list", epilog=codebook.LIST_EXAMPLES)(codebook.list_)
codebooks.command("show", epilog=codebook.SHOW_EXAMPLES)(codebook.show)
codebooks.command("export", epilog=codebook.EXPORT_EXAMPLES)(codebook.export)
app.command(epilog=warm.EXAMPLES)(warm.warm)
