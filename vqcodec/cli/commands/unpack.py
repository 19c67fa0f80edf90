"""`vqcodec list`, `unpack` and `extract`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqcodec.cli.console import Console
from vqcodec.cli.files import check_stdout, process, write_stdout
from vqcodec.cli.inputs import STANDARD, STDIN_NAME, Inputs, Item
from vqcodec.cli.options import common as options
from vqcodec.cli.options import decoding
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.wording.pack import item_line, items_total, unpack_line, unpack_total
from vqcodec.errors import UsageError
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.api.packs.opened import Pack
    from vqcodec.reports.pack import UnpackReport

LIST_EXAMPLES = options.examples(
    "vqcodec list icons.vqp",
    "vqcodec list icons.vqp 'animals/*' --json",
)
UNPACK_EXAMPLES = options.examples(
    "vqcodec unpack icons.vqp -d icons-decoded",
    "vqcodec unpack icons.vqp animals/cat.png -d icons-decoded --format webp --force",
    "vqcodec unpack icons.vqp -d coded --coded",
    "vqcodec unpack damaged.vqp -d rescued --salvage",
)
EXTRACT_EXAMPLES = options.examples(
    "vqcodec extract icons.vqp animals/cat.png",
    "vqcodec extract icons.vqp animals/cat.png -o - --format ppm > cat.ppm",
    "vqcodec extract icons.vqp animals/cat.png -o cat.vqc --coded",
)

PackSource = Annotated[
    str,
    typer.Argument(metavar="PACK", help="The pack (.vqp): a file, a URL that fsspec knows, or - for standard input."),
]
Salvage = Annotated[
    bool,
    typer.Option("--salvage", help="Find items also without a whole index; removed ones may come back."),
]
Coded = Annotated[bool, typer.Option("--coded", help="Write .vqc files instead of decoded ones.")]


@dataclass(frozen=True)
class Files:
    """Which files are written, and where."""

    folder: Annotated[
        str | None,
        typer.Option(
            "-d",
            "--output-dir",
            metavar="DIR",
            help="Output folder; it is made if it is missing.",
            show_default="one called as the pack, here",
        ),
    ] = None
    format: decoding.FormatName = None
    coded: Coded = False
    salvage: Salvage = False
    force: options.Force = False
    skip_existing: options.SkipExisting = False


def list_(
    source: PackSource,
    patterns: Annotated[
        list[str] | None, typer.Argument(metavar="PATTERN...", help="Names, or patterns such as 'animals/*'.")
    ] = None,
    salvage: Salvage = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """List the items of a pack.

    For each item its bytes, its medium and its name, in the order of the names. Only the index is read.
    """
    console = Console(as_json=as_json, debug=debug, asked_for=True)
    with _opened(source, salvage=salvage) as pack:
        items = [item for item in pack.items_in_index() if _is_wanted(item.name, patterns)]
        for item in items:
            console.result(item.as_dict(), item_line(item))
        console.text(items_total(items, pack.reader.access.size))
        if patterns and not items:
            raise UsageError(f"{pack.name}: no item matches")


@unbundled
def unpack(
    source: PackSource,
    patterns: Annotated[
        list[str] | None, typer.Argument(metavar="PATTERN...", help="Names, or patterns such as 'animals/*'.")
    ] = None,
    *,
    wanted: Files,
    codebook: options.Codebook = None,
    limit: options.Limit = None,
    jobs: options.Jobs = None,
    printing: options.Printing,
) -> None:
    """Decode the items of a pack to files.

    Each gets the name of its item, and the format that this name says; PNG, WAV or MP4 if it says none that can be
    written. No file is ever written outside the output folder. With --coded, codebooks that the pack embeds are
    written beside the .vqc files, which find them there.
    """
    options.use_limits(limit)
    console = printing.console()
    with _opened(source, salvage=wanted.salvage, codebook=codebook) as pack:
        from vqcodec.api.packs.unpacking import places, unpack_to, write_codebooks

        folder = wanted.folder or (PurePosixPath(pack.name).stem if source != STANDARD else None)
        if not folder:
            raise UsageError("standard input has no name; say a folder with -d DIR")
        names = [name for name in pack if _is_wanted(name, patterns)] if patterns else []
        if patterns and not names:
            raise UsageError(f"{pack.name}: no item matches")
        planned = places(pack, folder, names, format=wanted.format, coded=wanted.coded)
        remarks = []
        if wanted.skip_existing:
            missing = [place for place in planned if not os.path.lexists(place[1])]
            remarks = [f"skipped, because their outputs exist: {len(planned) - len(missing)} of {len(planned)}"]
            planned = missing
        if wanted.coded:
            for path in write_codebooks(pack, folder, overwrite=wanted.force or wanted.skip_existing):
                console.notice(f"{path}: a codebook that the files need; keep it beside them")
        items = [Item(name, path) for name, path in planned]
        asked: dict[str, Any] = {} if wanted.format is None or wanted.coded else {"format": wanted.format}

        def work(item: Item, progress: SpokenProgress, threads: int) -> UnpackReport:
            progress(0.0)
            assert item.output is not None
            return unpack_to(
                pack, item.input, item.output, coded=wanted.coded, overwrite=wanted.force, threads=threads, **asked
            )

        def show(_item: Item, report: UnpackReport) -> None:
            console.result(report.as_dict(), *([] if len(items) > _MOST_LINES else [unpack_line(report)]))

        process(Inputs(items, remarks), work, show, console=console, jobs=jobs, verb="unpacking", total=unpack_total)


@unbundled
def extract(
    source: PackSource,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the item.")],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE|-",
            help="Output file, or - for standard output.",
            show_default="called as the item, here",
        ),
    ] = None,
    force: options.Force = False,
    coded: Coded = False,
    given: decoding.Given,
    limit: options.Limit = None,
    printing: options.Printing,
) -> None:
    """Decode one item of a pack.

    Only the index and this item are read. The options of `decode` hold; --salvage also finds an item without a whole
    index.
    """
    options.use_limits(limit)
    asked = given.as_arguments()
    book, salvage = asked.pop("codebook", None), asked.pop("salvage", False)
    console = printing.console(data_on_stdout=output == STANDARD)
    if output == STANDARD:
        check_stdout()
    with _opened(source, salvage=salvage, codebook=book) as pack:
        from vqcodec.api.packs import unpacking

        if output is None:
            [(_, below)] = unpacking.places(pack, ".", [name], format=asked.get("format"), coded=coded)
            output = os.path.basename(below)
            coded = coded or output.lower().endswith(".vqc")
        if salvage and name in pack and pack.item(name).medium != "image":
            asked["salvage"] = True
        report = unpacking.extract(
            pack, name, None if output == STANDARD else output, coded=coded, overwrite=force, **asked
        )
    if report.data is not None:
        write_stdout(report.data)
    console.result(report.as_dict(), unpack_line(report))


_MOST_LINES = 100
"""Items up to which each gets a line."""


def _opened(source: str, *, salvage: bool = False, codebook: str | None = None) -> Pack:
    from vqcodec.api.packs.opened import Pack
    from vqcodec.files.endpoints import read_all

    if source != STANDARD:
        return Pack(source, salvage=salvage, codebook=codebook)
    data = read_all(typer.get_binary_stream("stdin"), STDIN_NAME)
    return Pack(data, salvage=salvage, codebook=codebook, name=STDIN_NAME)


def _is_wanted(name: str, patterns: list[str] | None) -> bool:
    return not patterns or any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
