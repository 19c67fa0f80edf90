"""`vqcodec decode`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.batch import Progress
from vqcodec.cli import options
from vqcodec.cli.console import Console
from vqcodec.cli.files import Item, plan_outputs, process, write_stdout
from vqcodec.cli.wording import decode_line, decode_total
from vqcodec.image.crop import Crop

if TYPE_CHECKING:
    from vqcodec.reports import DecodeReport

EXAMPLES = options.examples(
    "vqcodec decode photo.vqc -o photo-decoded.png",
    "vqcodec decode *.vqc -d decoded --format webp",
    "vqcodec decode photo.vqc -o - --format ppm > photo.ppm",
    "vqcodec decode photo.vqc -o part.png --crop 8,16,24x20",
)


def decode(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", help=".vqc files, or - for standard input.")],
    output: options.Output = None,
    folder: options.Folder = None,
    force: options.Force = False,
    format: Annotated[
        str | None,
        typer.Option(
            "-f",
            "--format",
            metavar="NAME",
            help="Format to write: png, ppm, tif, webp, bmp, jpg and so on.",
            show_default="by the output's extension, else png",
            autocompletion=options.complete_format,
        ),
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option(
            "--crop",
            metavar="X,Y,WIDTHxHEIGHT",
            help="Decode this part alone: its upper left corner, counted from 0, and its size.",
        ),
    ] = None,
    codebook: options.Codebook = None,
    jobs: options.Jobs = None,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Decode .vqc files to pictures."""
    part = None if crop is None else Crop.parse(crop)
    extension = "." + (format or "png").lower().removeprefix(".")
    items = plan_outputs(inputs, output, folder, extension)
    console = Console(
        quiet=quiet,
        as_json=as_json,
        no_progress=no_progress,
        debug=debug,
        data_on_stdout=items[0].output == "-",
    )

    def work(item: Item, _progress: Progress, threads: int) -> DecodeReport:
        from vqcodec import api

        return api.decode(
            item.source,
            item.destination,
            format=format,
            codebook=codebook,
            crop=part,
            overwrite=force,
            threads=threads,
            name=item.name,
        )

    def show(_item: Item, report: DecodeReport) -> None:
        if report.data is not None:
            write_stdout(report.data)
        console.result(report.as_dict(), decode_line(report))

    process(items, work, show, console=console, jobs=jobs, verb="decoding", total=decode_total)
