"""`vqcodec compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.inputs import Item, check_stdin
from vqcodec.cli.options import common as options
from vqcodec.cli.wording.reports import comparison_lines
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import check_destination, write_all

if TYPE_CHECKING:
    from vqcodec.reports import AnyComparison

EXAMPLES = options.examples(
    "vqcodec compare photo.png photo.vqc",
    "vqcodec decode photo.vqc -o - | vqcodec compare photo.png - --json",
    "vqcodec compare talk.wav talk.vqc",
    "vqcodec encode talk.wav -o - --bitrate 6 | vqcodec compare talk.wav -",
    "vqcodec compare clip.mp4 clip.vqc --csv clip.csv --plot clip.svg",
)


def compare(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="Picture, sound, video or .vqc file to measure against.")
    ],
    test: Annotated[
        str,
        typer.Argument(metavar="TEST", help="Picture, sound, video or .vqc file to measure; one of the two may be -."),
    ],
    csv: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="(video) Also write a table with a row for each frame."),
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot", metavar="FILE", help="(video) Also draw PSNR by frame, as .svg, .png or .pdf; needs matplotlib."
        ),
    ] = None,
    force: options.Force = False,
    limit: options.Limit = None,
    codebook: options.Codebook = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Measure how far a picture, a recording or a video is from its reference.

    Pictures of one size: MSE and PSNR over the colour channels, PSNR by plane (RGB and YCbCr) and as
    (6 Y + Cb + Cr) / 8, and SSIM of luma.

    Recordings, once they are aligned in time: signal-to-noise ratio (SQNR), segmental and weighted segmental SNR.
    With the packages of vqcodec[metrics] also PESQ (narrowband; wideband from 16 kHz on), STOI and ViSQOL. Of a
    .vqc file also its kbit/s, and how far its LSFs are from those of the recording (log-spectral distortion).
    Below 16 kbit/s a coder keeps the sound of speech, not its waveform: there the ratios say little about one coder,
    and nothing about which of two is better. Go by PESQ, STOI and ViSQOL together, and by ear.

    Videos of one size, frame by frame: PSNR and SSIM of Y, U and V, and (6 Y + U + V) / 8, as means over the frames.
    """
    options.use_limits(limit)
    check_stdin([reference, test])
    first, second = Item(reference), Item(test)
    for output in (csv, plot):
        check_destination(output, [reference, test], overwrite=force)
    console = Console(as_json=as_json, debug=debug, asked_for=True)
    with announce_compilation(console):
        from vqcodec import api

        comparison = api.compare(first.source, second.source, codebook=codebook, names=(first.name, second.name))
    if csv is not None or plot is not None:
        _write_by_frame(comparison, csv, plot, force)
    for note in getattr(comparison, "notes", ()):
        console.notice(note)
    console.result(comparison.as_dict(), *comparison_lines(comparison))


def _write_by_frame(comparison: AnyComparison, csv: str | None, plot: str | None, force: bool) -> None:
    """Write the measures of each frame, as a table and as a drawing.

    Raises:
        UsageError: the files are not videos, or matplotlib is missing.
    """
    from vqcodec.cli.wording.video import csv_text
    from vqcodec.reports.video import VideoComparison

    if not isinstance(comparison, VideoComparison):
        raise UsageError(f"{comparison.test}: --csv and --plot are for video")
    if csv is not None:
        write_all(csv_text(comparison).encode("utf-8"), csv, overwrite=force)
    if plot is not None:
        from vqcodec.cli.plots import video_drawing

        write_all(video_drawing(comparison, plot), plot, overwrite=force)
