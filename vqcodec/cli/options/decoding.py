"""The options of `vqcodec decode`: those that no other command has, and all that are wishes, together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vqcodec.cli.options import common as options
from vqcodec.cli.options import video as video_options
from vqcodec.image.crop import Crop

FormatName = Annotated[
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
]
CropBox = Annotated[
    str | None,
    typer.Option(
        "--crop",
        metavar="X,Y,WIDTHxHEIGHT",
        help="(pictures) Decode this part alone: its upper left corner, counted from 0, and its size.",
    ),
]
Start = Annotated[
    float | None,
    typer.Option("--start", metavar="SECONDS", min=0, help="(speech, video) Where to begin.", show_default="0"),
]
Duration = Annotated[
    float | None,
    typer.Option("--duration", metavar="SECONDS", help="(speech, video) How much to decode.", show_default="all"),
]
Rate = Annotated[
    str | None,
    typer.Option(
        "--rate",
        metavar="source|codec|HZ",
        help="(speech) Sampling rate to write: that of what was encoded, the codec's, or another.",
        show_default="source",
    ),
]
Salvage = Annotated[
    bool,
    typer.Option(
        "--salvage",
        help="(speech, video) Decode what is intact of a damaged file; conceal and report what is lost. For lost"
        " frames stands the one before.",
    ),
]
Lossless = Annotated[bool, typer.Option("--lossless", help="(video) Write mp4, mkv or mov without any further loss.")]


@dataclass(frozen=True)
class Wishes:
    """What `vqcodec decode` is asked for; the fields are named as the arguments of `vqcodec.api.decode`."""

    format: FormatName = None
    crop: CropBox = None
    start: Start = None
    duration: Duration = None
    rate: Rate = None
    salvage: Salvage = False
    frames: video_options.Frames = None
    lossless: Lossless = False
    audio: video_options.Audio = True
    codebook: options.Codebook = None

    def as_arguments(self) -> dict[str, Any]:
        """The arguments of `vqcodec.api.decode` that say so.

        Raises:
            UsageError: the crop is not of the form X,Y,WIDTHxHEIGHT.
        """
        rate = self.rate
        return {
            **vars(self),
            "crop": None if self.crop is None else Crop.parse(self.crop),
            "rate": int(rate) if rate is not None and rate.isascii() and rate.isdecimal() else rate,
            "audio": None if self.audio else False,
        }
