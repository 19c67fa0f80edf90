"""The command line: all commands in one application. Each command has a module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer

from vqcodec.cli.exit_codes import exit_code_help
from vqcodec.cli.failures import CommandLine
from vqcodec.cli.groups import CONTEXT, Listed, require_command
from vqcodec.version import __version__


class Commands(CommandLine):
    """The commands of `vqcodec`."""

    listed: ClassVar[Mapping[str, Listed]] = {
        "encode": Listed("Encode pictures, speech and video to .vqc files.", "encode", "encode"),
        "decode": Listed("Decode .vqc files to pictures, sound files and videos.", "decode", "decode"),
        "info": Listed("Show what .vqc files and packs say of themselves.", "info", "info"),
        "verify": Listed("Check .vqc files and packs in full.", "verify", "verify"),
        "compare": Listed(
            "Measure how far a picture, a recording or a video is from its reference.", "compare", "compare"
        ),
        "report": Listed(
            "Show in one page of HTML what coding does to pictures, speech and video.", "report", "report"
        ),
        "pack": Listed("Put many pictures, prompts and clips into one file.", "pack", "pack", "PACK_EXAMPLES"),
        "list": Listed("List the items of a pack.", "unpack", "list_", "LIST_EXAMPLES"),
        "unpack": Listed("Decode the items of a pack to files.", "unpack", "unpack", "UNPACK_EXAMPLES"),
        "extract": Listed("Decode one item of a pack.", "unpack", "extract", "EXTRACT_EXAMPLES"),
        "add": Listed("Add items to a pack.", "pack", "add", "ADD_EXAMPLES"),
        "remove": Listed("Remove items from a pack.", "pack", "remove", "REMOVE_EXAMPLES"),
        "train-codebook": Listed("Train a codebook on media of your own.", "train_codebook", "train_codebook"),
        "codebook": Listed("List, show and export codebooks.", "codebook", "codebooks"),
        "thumbnail": Listed("Make a small picture of a .vqc file or a pack.", "thumbnail", "thumbnail"),
        "desktop": Listed("Tell the desktop of vqcodec's files.", "desktop", "desktop"),
        "warm": Listed("Compile the kernels that did not come compiled.", "warm", "warm"),
    }


# Plain help instead of rich's panels: it keeps the lines of examples for pasting, and takes half the time.
app = typer.Typer(
    name="vqcodec",
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT,
    epilog=exit_code_help(),
)


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
    require_command(context)
