"""The options of `vqcodec encode` that no other command has, and all that are wishes for the encoding, together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from vqcodec.cli.options import common as options
from vqcodec.cli.options import video as video_options
from vqcodec.errors import UsageError


class Tune(StrEnum):
    """What a picture is coded for."""

    SSIM = "ssim"
    PSNR = "psnr"


class Chroma(StrEnum):
    """Size of the chroma planes."""

    AUTO = "auto"
    FULL = "444"
    HALF = "420"


class Band(StrEnum):
    """The band of speech that is coded."""

    AUTO = "auto"
    NARROW = "nb"
    WIDE = "wb"


class Channels(StrEnum):
    """What becomes of several channels."""

    MIX = "mix"
    KEEP = "keep"


MediaKind = Annotated[
    options.Media | None,
    typer.Option("--media", help="What the inputs are.", show_default="by the codebook, else by each file"),
]
Quality = Annotated[
    float | None,
    typer.Option(
        "-q",
        "--quality",
        metavar="0..100",
        min=0,
        max=100,
        help="Quality: the greater, the more bits.",
        show_default="75; for speech and video 50",
    ),
]
TargetPsnr = Annotated[
    float | None,
    typer.Option(
        "--target-psnr", metavar="DB", help="Instead of a quality: PSNR to reach (pictures; video: 6:1:1 mean)."
    ),
]
TargetSize = Annotated[
    int | None,
    typer.Option("--target-size", metavar="BYTES", help="Instead of a quality: size not to exceed."),
]
Bitrate = Annotated[
    float | None,
    typer.Option(
        "--bitrate",
        metavar="KBPS",
        help="Instead of a quality: kbit/s on average, of coded speech, or of a whole video file.",
    ),
]
Effort = Annotated[
    int | None,
    typer.Option(
        "-e",
        "--effort",
        metavar="0..9",
        min=0,
        max=9,
        help="0 is quick, 9 thorough.",
        show_default="7; for speech and video 5",
    ),
]
CodedBand = Annotated[
    Band | None,
    typer.Option(
        "--band",
        help="(speech) Narrowband (8 kHz), wideband (16 kHz), or what suits the input and the bitrate.",
        show_default="auto",
    ),
]
ChannelUse = Annotated[
    Channels | None,
    typer.Option(
        "--channels",
        help="(speech, sound of video) Mix several channels into one, or keep each.",
        show_default="mix; for video keep",
    ),
]
TuneFor = Annotated[
    Tune | None,
    typer.Option("--tune", help="(pictures) What the eye sees, or squared error.", show_default="ssim"),
]
ChromaSize = Annotated[
    Chroma | None,
    typer.Option(
        "--chroma", help="(pictures) Chroma at full or half size; auto goes by the quality.", show_default="auto"
    ),
]
AlphaQuality = Annotated[
    float | None,
    typer.Option(
        "--alpha-quality",
        metavar="0..100",
        min=0,
        max=100,
        help="(pictures) Quality of transparency; 100 keeps it exactly.",
        show_default="100",
    ),
]
Codebook = Annotated[
    str | None,
    typer.Option(
        "-c",
        "--codebook",
        metavar="NAME|FILE",
        help="Codebook, which is also the choice of the engine.",
        show_default="photo; video; for speech that of the band",
        autocompletion=options.complete_codebook,
    ),
]
EmbedCodebook = Annotated[
    bool,
    typer.Option("--embed-codebook", help="Store the codebook in the file, which then decodes alone."),
]
StripMetadata = Annotated[
    bool,
    typer.Option(
        "--strip-metadata", help="Leave out ICC profile, EXIF and XMP, and the texts of sound and video files."
    ),
]


@dataclass(frozen=True)
class Wishes:
    """What `vqcodec encode` is asked for; the fields are named as the arguments of `vqcodec.api.encode`."""

    medium: MediaKind = None
    quality: Quality = None
    target_psnr: TargetPsnr = None
    target_size: TargetSize = None
    bitrate: Bitrate = None
    effort: Effort = None
    band: CodedBand = None
    channels: ChannelUse = None
    tune: TuneFor = None
    chroma: ChromaSize = None
    alpha_quality: AlphaQuality = None
    fps: video_options.Fps = None
    frames: video_options.Frames = None
    gop: video_options.Gop = None
    scene_cuts: video_options.SceneCuts = True
    audio: video_options.Audio = True
    keep_partial: video_options.KeepPartial = False
    engine_option: video_options.EngineOption = None
    codebook: Codebook = None
    embed_codebook: EmbedCodebook = False
    strip_metadata: StripMetadata = False

    def as_arguments(self) -> dict[str, Any]:
        """The arguments of `vqcodec.api.encode` that say so; what was not given is left out.

        Raises:
            UsageError: options exclude one another, or one of the engine's is not of the form NAME=VALUE.
        """
        if sum(value is not None for value in (self.quality, self.target_psnr, self.target_size, self.bitrate)) > 1:
            raise UsageError(
                "--quality, --target-psnr, --target-size and --bitrate exclude one another; give one of them"
            )
        default = vars(Wishes())
        given = {name: value for name, value in vars(self).items() if value != default[name]}
        engine_options = video_options.engine_options(given.pop("engine_option", []))
        plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in given.items()}
        return {**plain, **engine_options}
