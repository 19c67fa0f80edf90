"""`vqcodec report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.cli.files import check_stdout, process, write_stdout
from vqcodec.cli.inputs import STANDARD, Item, find_inputs
from vqcodec.cli.options import common as options
from vqcodec.cli.options import encoding
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.wording.page import input_line
from vqcodec.errors import VQCodecError
from vqcodec.files.endpoints import check_destination, write_all
from vqcodec.files.folders import is_coded_name, is_media_name
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.reports.page import InputReport

EXAMPLES = options.examples(
    "vqcodec report photo.png -o report.html",
    "vqcodec report photos talk.wav clip.mp4 -o report.html",
    "vqcodec report photo.png -o report.html --qualities 20,50,80 --no-peers",
    "vqcodec report photo.vqc -o report.html --reference photo.png",
)


@unbundled
def report(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Pictures, sound files, videos, .vqc files, folders of them, or quoted patterns."
        ),
    ],
    *,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="The page to write; - for standard output.")
    ],
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="FILE|DIR",
            help="Original of the .vqc files, or a folder of originals that have their names.",
        ),
    ] = None,
    qualities: Annotated[
        str | None,
        typer.Option(
            "--qualities",
            metavar="N,N,...",
            help="Qualities at which originals are encoded, in ascending order.",
            show_default="several",
        ),
    ] = None,
    peers: Annotated[bool, typer.Option(help="Show the other codecs beside that are installed.")] = True,
    effort: encoding.Effort = None,
    codebook: options.Codebook = None,
    force: options.Force = False,
    limit: options.Limit = None,
    printing: options.Printing,
) -> None:
    """Show in one page of HTML what coding does to pictures, speech and video.

    Of a picture: curves of rate and quality beside the codecs of Pillow that are installed, original and decoded
    picture under a slider, their difference, where the bits went, and how each block is predicted.

    Of speech: waveforms, spectrograms, players and scores. Of video (the first 250 frames): bits and PSNR by frame,
    clips side by side, and over them partition and motion. Of each codebook that is used: what is in it.

    An original is encoded at several qualities. A .vqc file is shown as it is; with --reference also what it lost.
    The page holds all that it shows, and loads nothing from a network. It needs vqcodec[report].

    An input that cannot be read is named and left out, and the page says so. The exit code is then that of the
    first. If there is no input that can be read, no page is written.
    """
    from vqcodec.report_page.building import PageBuilder, page_options

    options.use_limits(limit)
    builder = PageBuilder(
        page_options(qualities=_numbers(qualities), effort=effort, codebook=codebook, reference=reference, peers=peers)
    )
    if output == STANDARD:
        check_stdout()
    else:
        check_destination(output, inputs, overwrite=force)
    console = printing.console(data_on_stdout=output == STANDARD)
    found = find_inputs(
        inputs,
        wanted=lambda name: is_media_name(name) or is_coded_name(name),
        kind="pictures, sound, videos or .vqc files",
    )

    def work(item: Item, progress: SpokenProgress, _threads: int) -> InputReport:
        try:
            return builder.add(item.source, item.name, progress)
        except VQCodecError as error:
            builder.skip(item.name, str(error))
            raise

    def show(item: Item, shown: InputReport) -> None:
        for note in shown.notes:
            console.notice(f"{item.name}: {note}")
        console.result(shown.as_dict(), input_line(shown))

    try:
        process(found, work, show, console=console, jobs=1, verb="reporting on")
    except typer.Exit:  # an input failed
        if not builder.is_empty:
            _write(builder.html(), output, force)
        raise
    _write(builder.html(), output, force)


def _write(page: bytes, output: str, force: bool) -> None:
    if output == STANDARD:
        write_stdout(page)
    else:
        write_all(page, output, overwrite=force)


def _numbers(text: str | None) -> list[float] | None:
    """Return the numbers of a list with commas; None for None."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not a list of numbers such as 20,50,80", param_hint="--qualities"
        ) from None
