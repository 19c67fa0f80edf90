"""`vqcodec decode`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.cli.files import keep_times, output_places, plan_outputs, process, write_stdout
from vqcodec.cli.inputs import STANDARD, Item, find_inputs
from vqcodec.cli.options import common as options
from vqcodec.cli.options import decoding
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.wording.reports import decode_line, decode_total
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.reports import AnyDecodeReport

EXAMPLES = options.examples(
    "vqcodec decode photo.vqc -o photo-decoded.png",
    "vqcodec decode *.vqc -d decoded --format webp",
    "vqcodec decode coded -d photos-decoded --skip-existing",
    "vqcodec decode photo.vqc -o - --format ppm > photo.ppm",
    "vqcodec decode photo.vqc -o part.png --crop 8,16,24x20",
    "vqcodec decode talk.vqc -o part.flac --start 0.5 --duration 1 --rate codec",
    "vqcodec decode talk.vqc -o telephone.wav --rate 8000 --encoding mulaw",
    "vqcodec decode talk.vqc -o part.mp3 --start 1:05 --duration 0:30",
    "vqcodec decode talk.vqc -o - | vqcodec compare talk.wav -",
    "vqcodec decode clip.vqc -o clip.mkv --lossless",
    "vqcodec decode clip.vqc -o frames/%05d.png --frames 100:150",
    "vqcodec decode clip.vqc -o - | ffplay -",
)


@unbundled
def decode(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT...", help=".vqc files, folders of them, or - for standard input."),
    ] = None,
    *,
    files_from: options.FilesFrom = None,
    outputs: options.Outputs,
    given: decoding.Given,
    limit: options.Limit = None,
    jobs: options.Jobs = None,
    machines: options.Machines,
    printing: options.Printing,
) -> None:
    """Decode .vqc files to pictures, sound files and videos.

    A folder stands for the .vqc files in it and below it; -d DIR gets the same folders.
    """
    options.use_limits(limit)
    asked = given.as_arguments()
    _, folder = output_places(outputs.output, outputs.folder, 1)
    plan = plan_outputs(
        find_inputs(inputs, files_from, without=folder),
        outputs.output,
        outputs.folder,
        lambda name: _extension(name, given.format),
        skip_existing=outputs.skip_existing,
    )
    console = printing.console(data_on_stdout=any(item.output == STANDARD for item in plan.items))

    def work(item: Item, progress: SpokenProgress, threads: int) -> AnyDecodeReport:
        from vqcodec import api
        from vqcodec.container.files import medium_of_media
        from vqcodec.files.sniffing import with_head

        source, head = with_head(item.source, item.name)
        streamed = item.output == STANDARD and medium_of_media(head) in ("speech", "video")
        return api.decode(
            source,
            sys.stdout.buffer if streamed else item.destination,
            overwrite=outputs.force,
            threads=threads,
            progress=progress,
            name=item.name,
            **asked,
        )

    def show(item: Item, report: AnyDecodeReport) -> None:
        if outputs.preserve:
            keep_times(item)
        if report.data is not None:
            write_stdout(report.data)
        for note in getattr(report, "notes", ()):
            console.notice(f"{item.name}: {note}")
        console.result(report.as_dict(), decode_line(report))

    elsewhere = machines.elsewhere
    process(
        plan, work, show, console=console, jobs=jobs, verb="decoding", total=decode_total,
        elsewhere=None if elsewhere is None else partial(elsewhere.decode, asked=asked, overwrite=outputs.force),
    )  # fmt: skip


def _extension(name: str, format: str | None) -> str:
    """The extension of what `name` decodes to."""
    if format is not None:
        return "." + format.lower().removeprefix(".")
    from vqcodec.container.files import medium_of_media
    from vqcodec.files.sniffing import HEAD_BYTES

    try:
        with open(name, "rb") as file:
            medium = medium_of_media(file.read(HEAD_BYTES))
    except (OSError, ValueError):  # standard input; or a file that cannot be read, as its decoding will tell
        medium = ""
    return {"speech": ".wav", "video": ".mp4"}.get(medium, ".png")
