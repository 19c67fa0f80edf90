"""`vqcodec decode`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.cli.files import keep_times, output_places, plan_outputs, process, write_stdout
from vqcodec.cli.inputs import STANDARD, Item, check_last_name, find_inputs
from vqcodec.cli.options import common as options
from vqcodec.cli.options import decoding
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.originals import delete
from vqcodec.cli.wording.reports import decode_line, decode_total
from vqcodec.errors import UsageError
from vqcodec.files.folders import is_media_name
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.reports import AnyDecodeReport

_LOSSY = {".jpg", ".jpeg", ".jpe", ".jfif", ".avif", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".webm"}
_VIDEO = {".mp4", ".mkv", ".mov"}

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

    --delete-source reads each output again. It must hold the very same samples, frames and sound as the .vqc file, with
    nothing left out. So it works with lossless formats alone, such as png, flac, or mkv with --lossless.
    """
    options.use_limits(limit)
    check_last_name(inputs, is_media_name)
    asked = given.as_arguments()
    _, folder = output_places(outputs.output, outputs.folder, 1)
    plan = plan_outputs(
        find_inputs(inputs, files_from, without=folder),
        outputs.output,
        outputs.folder,
        lambda name: _extension(name, given.format),
        mark=outputs.mark,
    )
    if outputs.delete_source:
        _check_lossless(plan.items, lossless=given.lossless)
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
            overwrite=outputs.overwrite,
            threads=threads,
            progress=progress,
            name=item.name,
            **asked,
        )

    def check_written(item: Item, report: AnyDecodeReport, output: str) -> None:
        from vqcodec.api.comparison.agreement import check_decoded

        check_decoded(report, item.input, output, given.codebook)

    def show(item: Item, report: AnyDecodeReport) -> None:
        if outputs.preserve:
            keep_times(item)
        if report.data is not None:
            write_stdout(report.data)
        for note in getattr(report, "notes", ()):
            console.notice(f"{item.name}: {note}")
        stays = outputs.delete_source and delete(item, partial(check_written, item, report))
        deletion = {"deleted": not stays} if outputs.delete_source else {}
        console.result(report.as_dict() | deletion, decode_line(report))
        if stays:
            raise stays

    elsewhere = machines.elsewhere
    process(
        plan, work, show, console=console, jobs=jobs, verb="decoding", total=decode_total,
        elsewhere=None if elsewhere is None else partial(elsewhere.decode, asked=asked, overwrite=outputs.overwrite),
    )  # fmt: skip


def _check_lossless(items: Iterable[Item], *, lossless: bool) -> None:
    """Raise UsageError if an output cannot hold the samples as they are, by its extension."""
    lossy = _LOSSY if lossless else _LOSSY | _VIDEO
    for item in items:
        if os.path.splitext(item.output or "")[1].lower() in lossy:
            raise UsageError(
                f"{item.output}: cannot hold the samples as they are, so {item.name} could not be deleted; decode to a "
                "lossless format, such as png, flac, or mkv with --lossless"
            )


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
