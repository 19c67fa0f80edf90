"""`vqcodec pack`, `add` and `remove`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.files import check_stdout, write_stdout
from vqcodec.cli.inputs import STANDARD, check_stdin
from vqcodec.cli.options import common as options
from vqcodec.cli.options import encoding
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.wording.engines import engine_options
from vqcodec.cli.wording.pack import pack_line
from vqcodec.errors import UsageError

if TYPE_CHECKING:
    from vqcodec.reports.pack import PackReport

PACK_EXAMPLES = options.examples(
    "vqcodec pack icons -o icons.vqp",
    "vqcodec pack icons -o icons.vqp -q 40 --no-train --force",
    "vqcodec pack icons prompts -o app.vqp -c graphic",
    "vqcodec pack icons -o - | vqcodec list -",
)
ADD_EXAMPLES = options.examples(
    "vqcodec add icons.vqp new.png more/*.png",
    "vqcodec add icons.vqp new.png --as animals/cat.png --force",
    "cat new.png | vqcodec add icons.vqp - --as piped.png",
)
REMOVE_EXAMPLES = options.examples(
    "vqcodec remove icons.vqp old.png animals/cat.png",
    "vqcodec remove icons.vqp --compact",
)

PackPath = Annotated[str, typer.Argument(metavar="PACK", help="The pack (.vqp), which is changed.")]
Train = Annotated[
    bool | None,
    typer.Option(
        "--train/--no-train",
        help="Code the pictures together, with a codebook trained on them, which the pack embeds; or never do.",
        show_default="where it pays, everything counted",
    ),
]
MemoryBytes = Annotated[
    int | None,
    typer.Option(
        "--memory-bytes",
        metavar="N",
        min=0,
        help="Most bytes of pictures that others are predicted from.",
        show_default="no limit",
    ),
]


@partial(unbundled, more_help=engine_options)
def pack(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Folders, with all below them, and pictures, sound files and videos."),
    ],
    *,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE|-", help="The pack (.vqp), or - for a pipe.")],
    force: options.Force = False,
    train: Train = None,
    memory_bytes: MemoryBytes = None,
    given: encoding.Given,
    limit: options.Limit = None,
    jobs: options.Jobs = None,
    printing: options.Printing,
) -> None:
    """Put many pictures, prompts and clips into one file.

    Each file becomes an item, named as its path from the folder on, and can be read without the others. A numbered
    series of pictures is no video here. Files that end in .vqc are put in as they are. Equal items are stored once.

    Pictures that are alike are predicted from one another: they are coded together, with a codebook trained on them,
    which the pack embeds. That takes a few times as long as to code each alone, which --no-train does, with the shipped
    codebook that suits a sample of them best. What takes less is kept, everything counted. --codebook names a codebook
    instead; others decode the pack if they have it, or with --embed-codebook.

    If a file cannot be read, nothing is written.
    """
    options.use_limits(limit)
    asked = _asked(given, force, jobs)
    console = printing.console(data_on_stdout=output == STANDARD)
    if output == STANDARD:
        check_stdout()
    if STANDARD in inputs:
        raise UsageError("standard input has no name in a pack; make the pack, and use `vqcodec add PACK - --as NAME`")
    with announce_compilation(console), console.progress("packing", 1) as advance:
        from vqcodec.api.packs.building import make_pack

        report = make_pack(
            inputs,
            None if output == STANDARD else output,
            train=train,
            memory_bytes=memory_bytes,
            notice=console.notice,
            progress=lambda done: advance(0, done),
            **asked,
        )
    _show(report, console)


@partial(unbundled, more_help=engine_options)
def add(
    path: PackPath,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Pictures, sound files, videos, folders of all these, or - for standard input."
        ),
    ],
    *,
    as_name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Name of the item, if there is one input.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace items of the same names.")] = False,
    given: encoding.Given,
    limit: options.Limit = None,
    jobs: options.Jobs = None,
    printing: options.Printing,
) -> None:
    """Add items to a pack.

    Pictures take the first codebook for pictures that the pack has, unless --codebook names another. All items are
    added or, if one cannot be, none. The pack as it was stays readable until the new one is whole.
    """
    options.use_limits(limit)
    asked = _asked(given, force, jobs)
    check_stdin(inputs)
    if STANDARD in inputs and as_name is None:
        raise UsageError("standard input has no name; say one with --as")
    console = printing.console()
    sources: list[Any] = [typer.get_binary_stream("stdin") if name == STANDARD else name for name in inputs]
    with announce_compilation(console), console.progress("adding", 1) as advance:
        from vqcodec.api.packs.building import add_to_pack

        report = add_to_pack(
            path, sources, as_name=as_name, notice=console.notice, progress=lambda done: advance(0, done), **asked
        )
    _show(report, console)


@unbundled
def remove(
    path: PackPath,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Names of items.")] = None,
    *,
    compacted: Annotated[
        bool, typer.Option("--compact", help="Write the pack anew without what is unused, so that it gets smaller.")
    ] = False,
    printing: options.Printing,
) -> None:
    """Remove items from a pack.

    Their bytes stay in the file until it is compacted: with --compact, or by itself when most of it is unused. All
    items are removed or, if there is none of a name, none.
    """
    from vqcodec.api.packs.building import remove_from_pack

    if not names and not compacted:
        raise UsageError("there is nothing to remove; name items, or say --compact")
    _show(remove_from_pack(path, names or [], compacted=compacted), printing.console())


def _asked(given: encoding.Given, force: bool, jobs: int | None) -> dict[str, Any]:
    """Return what was given as options of `vqcodec.encode`."""
    asked = given.as_arguments()
    if force:
        asked["overwrite"] = True
    if jobs is not None:
        asked["threads"] = jobs
    return asked


def _show(report: PackReport, console: Console) -> None:
    if report.data is not None:
        write_stdout(report.data)
    for note in report.notes:
        console.notice(note)
    console.result(report.as_dict(), pack_line(report))
