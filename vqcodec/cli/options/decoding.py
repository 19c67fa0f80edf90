"""The options of `vqcodec decode` that no other command has, together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from vqcodec.cli.options import common as options
from vqcodec.cli.options.declared import declared
from vqcodec.image.crop import Crop
from vqcodec.media import decoding
from vqcodec.media.encoding import FRAMES

FormatName = Annotated[
    str | None, declared(decoding.FORMAT, "-f", "--format", metavar="NAME", complete=options.complete_format)
]
CropBox = Annotated[str | None, declared(decoding.CROP, "--crop", metavar="X,Y,WIDTHxHEIGHT")]
Stages = Annotated[int | None, declared(decoding.STAGES, "--stages", metavar="N")]
OutputQuality = Annotated[float | None, declared(decoding.OUTPUT_QUALITY, "--output-quality", metavar="0..100")]
Background = Annotated[str | None, declared(decoding.BACKGROUND, "--background", metavar="COLOUR")]
Start = Annotated[str | None, declared(decoding.START, "--start", metavar="[[H:]M:]S")]
Duration = Annotated[str | None, declared(decoding.DURATION, "--duration", metavar="[[H:]M:]S")]
Rate = Annotated[str | None, declared(decoding.RATE, "--rate", metavar="source|codec|HZ")]
Encoding = Annotated[str | None, declared(decoding.ENCODING, "--encoding")]
Salvage = Annotated[bool, declared(decoding.SALVAGE, "--salvage")]
Frames = Annotated[str | None, declared(FRAMES, "--frames", metavar="A:B")]
Lossless = Annotated[bool, declared(decoding.LOSSLESS, "--lossless")]
Audio = Annotated[bool, declared(decoding.AUDIO, "--audio/--no-audio")]


@dataclass(frozen=True)
class Given:
    """What `vqcodec decode` was given; the fields are named as the options of `vqcodec.decode`."""

    format: FormatName = None
    crop: CropBox = None
    stages: Stages = None
    output_quality: OutputQuality = None
    background: Background = None
    start: Start = None
    duration: Duration = None
    rate: Rate = None
    encoding: Encoding = None
    salvage: Salvage = False
    frames: Frames = None
    lossless: Lossless = False
    audio: Audio = True
    codebook: options.Codebook = None

    def as_arguments(self) -> dict[str, Any]:
        """Return what was given as options of `vqcodec.decode`.

        Raises:
            UsageError: options exclude one another or are malformed.
        """
        rate = self.rate
        arguments = {
            **vars(self),
            "crop": None if self.crop is None else Crop.parse(self.crop),
            "rate": int(rate) if rate is not None and rate.isascii() and rate.isdecimal() else rate,
            "audio": None if self.audio else False,
        }
        decoding.DecodeOptions.of(arguments)
        return arguments
