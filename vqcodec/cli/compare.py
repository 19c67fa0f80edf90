"""`vqcodec compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from vqcodec.cli import options
from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.files import plan_inputs
from vqcodec.cli.wording import comparison_lines

EXAMPLES = options.examples(
    "vqcodec compare photo.png photo.vqc",
    "vqcodec decode photo.vqc -o - | vqcodec compare photo.png - --json",
)


def compare(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="Picture, sound or .vqc file to measure against.")
    ],
    test: Annotated[
        str, typer.Argument(metavar="TEST", help="Picture, sound or .vqc file to measure; one of the two may be -.")
    ],
    codebook: options.Codebook = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Measure how far a picture or a recording is from its reference.

    Pictures, which must be of one size: MSE and PSNR over the colour channels, PSNR by plane (RGB and YCbCr) and
    as (6 Y + Cb + Cr) / 8, and SSIM of luma.

    Recordings, after aligning them in time: signal-to-noise ratio (SQNR), segmental and weighted segmental SNR,
    and with the packages of vqcodec[metrics] PESQ (narrowband, and wideband from 16 kHz on), STOI and ViSQOL.
    Below 16 kbit/s a coder keeps the sound of speech and not its waveform: there the ratios say little, and of
    several coders nothing. Go by PESQ, STOI and ViSQOL together, and by ear.
    """
    first, second = plan_inputs([reference, test])
    console = Console(as_json=as_json, debug=debug)
    with announce_compilation(console):
        from vqcodec import api

        comparison = api.compare(first.source, second.source, codebook=codebook, names=(first.name, second.name))
    for note in getattr(comparison, "notes", ()):
        console.notice(note)
    console.result(comparison.as_dict(), *comparison_lines(comparison))
