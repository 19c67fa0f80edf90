"""`vqcodec decode`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.batch import Progress
from vqcodec.cli import options, video_options
from vqcodec.cli.console import Console
from vqcodec.cli.files import STANDARD, Item, plan_outputs, process, write_stdout
from vqcodec.cli.wording import decode_line, decode_total
from vqcodec.image.crop import Crop

if TYPE_CHECKING:
    from vqcodec.reports import DecodeReport, SpeechDecodeReport
    from vqcodec.video_reports import VideoDecodeReport

EXAMPLES = options.examples(
    "vqcodec decode photo.vqc -o photo-decoded.png",
    "vqcodec decode *.vqc -d decoded --format webp",
    "vqcodec decode photo.vqc -o - --format ppm > photo.ppm",
    "vqcodec decode photo.vqc -o part.png --crop 8,16,24x20",
    "vqcodec decode talk.vqc -o part.flac --start 0.5 --duration 1 --rate codec",
    "vqcodec decode talk.vqc -o - | vqcodec compare talk.wav -",
    "vqcodec decode clip.vqc -o clip.mkv --lossless",
    "vqcodec decode clip.vqc -o frames/%05d.png --frames 100:150",
    "vqcodec decode clip.vqc -o - | ffplay -",
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
            help="Format to write: png, ppm, tif, webp, bmp, jpg and so on; wav, flac, ogg; y4m, mp4, mkv, mov, or png"
            " (a picture for each frame).",
            show_default="by the output's extension, else png, wav or mp4; y4m on standard output",
            autocompletion=options.complete_format,
        ),
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option(
            "--crop",
            metavar="X,Y,WIDTHxHEIGHT",
            help="(pictures) Decode this part alone: its upper left corner, counted from 0, and its size.",
        ),
    ] = None,
    start: Annotated[
        float | None,
        typer.Option("--start", metavar="SECONDS", min=0, help="(speech, video) Where to begin.", show_default="0"),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="SECONDS", help="(speech, video) How much to decode.", show_default="all"),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            "--rate",
            metavar="source|codec|HZ",
            help="(speech) Sampling rate to write: that of what was encoded, the codec's, or another.",
            show_default="source",
        ),
    ] = None,
    salvage: Annotated[
        bool,
        typer.Option(
            "--salvage",
            help="(speech, video) Decode what is intact of a damaged file; conceal and report what is lost. For lost"
            " frames stands the one before.",
        ),
    ] = False,
    frames: video_options.Frames = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="(video) Write mp4, mkv or mov without any further loss.")
    ] = False,
    audio: video_options.Audio = True,
    codebook: options.Codebook = None,
    jobs: options.Jobs = None,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Decode .vqc files to pictures, sound files and videos."""
    part = None if crop is None else Crop.parse(crop)
    items = plan_outputs(inputs, output, folder, lambda name: _extension(name, format))
    console = Console(
        quiet=quiet,
        as_json=as_json,
        no_progress=no_progress,
        debug=debug,
        data_on_stdout=items[0].output == "-",
    )

    def work(item: Item, progress: Progress, threads: int) -> DecodeReport | SpeechDecodeReport | VideoDecodeReport:
        from vqcodec import api
        from vqcodec.sniffing import medium_of_media, with_head

        source, head = with_head(item.source, item.name)
        streamed = item.output == STANDARD and medium_of_media(head) == "video"
        return api.decode(
            source,
            sys.stdout.buffer if streamed else item.destination,
            format=format,
            codebook=codebook,
            crop=part,
            rate=int(rate) if rate is not None and rate.isascii() and rate.isdecimal() else rate,
            start=start,
            duration=duration,
            salvage=salvage,
            frames=frames,
            lossless=lossless,
            audio=None if audio else False,
            overwrite=force,
            threads=threads,
            progress=progress,
            name=item.name,
        )

    def show(item: Item, report: DecodeReport | SpeechDecodeReport | VideoDecodeReport) -> None:
        if report.data is not None:
            write_stdout(report.data)
        for note in getattr(report, "notes", ()):
            console.notice(f"{item.name}: {note}")
        console.result(report.as_dict(), decode_line(report))

    process(items, work, show, console=console, jobs=jobs, verb="decoding", total=decode_total)


def _extension(name: str, format: str | None) -> str:
    """The extension of what `name` decodes to."""
    if format is not None:
        return "." + format.lower().removeprefix(".")
    from vqcodec.sniffing import HEAD_BYTES, medium_of_media

    try:
        with open(name, "rb") as file:
            medium = medium_of_media(file.read(HEAD_BYTES))
    except (OSError, ValueError):  # standard input; or a file that cannot be read, as its decoding will tell
        medium = ""
    return {"speech": ".wav", "video": ".mp4"}.get(medium, ".png")
