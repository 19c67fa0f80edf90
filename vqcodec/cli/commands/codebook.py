"""`vqcodec codebook list|show|export`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from vqcodec.cli.console import Console
from vqcodec.cli.files import plan_outputs, write_stdout
from vqcodec.cli.groups import CONTEXT, Listed, ListedGroup, require_command
from vqcodec.cli.inputs import Inputs, Item
from vqcodec.cli.options import common as options
from vqcodec.cli.wording.engines import engine_in_words
from vqcodec.media.options import MEDIA
from vqcodec.media.registry import default_codebook

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

LIST_EXAMPLES = options.examples("vqcodec codebook list", "vqcodec codebook list --json")
SHOW_EXAMPLES = options.examples("vqcodec codebook show classic-4x4-256", "vqcodec codebook show mine.vqcb --json")
EXPORT_EXAMPLES = options.examples(
    "vqcodec codebook export classic-4x4-256 -o classic.vqcb",
    "vqcodec codebook export classic-4x4-256 -o - | sha256sum",
)

Choice = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        help="Name of a codebook in the library, or a .vqcb file.",
        autocompletion=options.complete_codebook,
    ),
]


class Commands(ListedGroup):
    """The commands of `vqcodec codebook`."""

    listed: ClassVar[Mapping[str, Listed]] = {
        "list": Listed("List the codebooks in the library.", "codebook", "list_", "LIST_EXAMPLES"),
        "show": Listed("Show what a codebook holds and where it comes from.", "codebook", "show", "SHOW_EXAMPLES"),
        "export": Listed("Write a codebook to a file.", "codebook", "export", "EXPORT_EXAMPLES"),
    }


codebooks = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None, context_settings=CONTEXT)


@codebooks.callback(invoke_without_command=True)
def _codebook(context: typer.Context) -> None:
    """List, show and export codebooks."""
    require_command(context)


def list_(as_json: options.Json = False, debug: options.Debug = False) -> None:
    """List the codebooks in the library.

    In the order of look-up: of two with one name, the first is taken. The columns are the name, the engine, the first
    digits of the identity, the size of the file, what the codebook is the default of, and where the file is.
    """
    from vqcodec.codebook.library import list_codebooks

    console = Console(as_json=as_json, debug=debug, asked_for=True)
    rows = [("NAME", "ENGINE", "IDENTITY", "BYTES", "DEFAULT", "PATH")]
    records = []
    for entry in list_codebooks():
        size = entry.path.stat().st_size
        defaults = [medium for medium in MEDIA if default_codebook(medium) == entry.name]
        record = {
            "name": entry.name,
            "engine": entry.engine,
            "identity": entry.identity,
            "bytes": size,
            "default": defaults,
            "path": str(entry.path),
        }
        records.append(record)
        rows.append(
            (entry.name, entry.engine, entry.identity[:16], f"{size:,}", ",".join(defaults) or "-", str(entry.path))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ["  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths)), row[-1]]) for row in rows]
    console.text(lines[0])
    for record, line in zip(records, lines[1:], strict=True):
        console.result(record, line)


def show(choice: Choice, as_json: options.Json = False, debug: options.Debug = False) -> None:
    """Show what a codebook holds and where it comes from."""
    from vqcodec.codebook.library import load_codebook

    codebook = load_codebook(choice)
    record = _record(codebook)
    console = Console(as_json=as_json, debug=debug, asked_for=True)
    console.result(
        record,
        codebook.name,
        f"  engine      {engine_in_words(codebook.engine)}",
        f"  identity    {codebook.identity}",
        *(
            f"  array       {name}: {array['dtype']} {'x'.join(map(str, array['shape']))}"
            for name, array in record["arrays"].items()
        ),
        *(f"  {key:<11} {value}" for key, value in codebook.provenance.items()),
    )


def export(
    choice: Choice,
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE|-", help="File to write, or - for standard output."),
    ],
    force: options.Force = False,
    debug: options.Debug = False,
) -> None:
    """Write a codebook to a file.

    To send along with files that were coded with it.
    """
    from vqcodec.codebook.library import load_codebook
    from vqcodec.files.endpoints import check_destination, write_all

    data = load_codebook(choice).to_bytes()
    (item,) = plan_outputs(Inputs([Item(choice)]), output, None, ".vqcb").items
    if item.destination is None:
        write_stdout(data)
        return
    check_destination(item.destination, [choice], overwrite=force)
    write_all(data, item.destination, overwrite=force)


def _record(codebook: Codebook) -> dict[str, Any]:
    return {
        "name": codebook.name,
        "engine": codebook.engine,
        "identity": codebook.identity,
        "arrays": {
            name: {"dtype": str(array.dtype), "shape": list(array.shape)} for name, array in codebook.arrays.items()
        },
        "provenance": codebook.provenance,
    }
