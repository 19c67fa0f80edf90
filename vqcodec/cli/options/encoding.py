"""The options of `vqcodec encode` that no other command has, together."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vqcodec.cli.options import common as options
from vqcodec.cli.options.declared import declared
from vqcodec.cli.wording.engines import value_of
from vqcodec.errors import UsageError
from vqcodec.image.transform.descriptor import TRANSFORM
from vqcodec.media import encoding, target
from vqcodec.media.options import FlagOption, NumberOption
from vqcodec.media.registry import engines
from vqcodec.names import printable

_TUNE, _CHROMA, _ALPHA_QUALITY = TRANSFORM.encode_options

MediaKind = Annotated[str | None, declared(encoding.MEDIUM, "--media")]
Quality = Annotated[float | None, declared(target.QUALITY, "-q", "--quality", metavar="0..100")]
TargetPsnr = Annotated[float | None, declared(target.TARGET_PSNR, "--target-psnr", metavar="DB")]
TargetSsimulacra2 = Annotated[
    float | None, declared(target.TARGET_SSIMULACRA2, "--target-ssimulacra2", metavar="SCORE")
]
TargetSize = Annotated[str | None, declared(target.TARGET_SIZE, "--target-size", metavar="SIZE")]
Bitrate = Annotated[float | None, declared(target.BITRATE, "--bitrate", metavar="KBPS")]
Effort = Annotated[int | None, declared(target.EFFORT, "-e", "--effort", metavar="0..9")]
CodedBand = Annotated[str | None, declared(encoding.BAND, "--band")]
ChannelUse = Annotated[str | None, declared(encoding.CHANNELS, "--channels")]
TuneFor = Annotated[str | None, declared(_TUNE, "--tune", media=("image",))]
ChromaSize = Annotated[str | None, declared(_CHROMA, "--chroma", media=("image",))]
AlphaQuality = Annotated[float | None, declared(_ALPHA_QUALITY, "--alpha-quality", metavar="0..100", media=("image",))]
Raw = Annotated[str | None, declared(encoding.RAW, "--raw", metavar="RATE:FORMAT[:CHANNELS]")]
Delay = Annotated[float | None, declared(encoding.DELAY, "--delay", metavar="SECONDS")]
Fps = Annotated[str | None, declared(encoding.FPS, "--fps", metavar="RATE")]
Frames = Annotated[str | None, declared(encoding.FRAMES, "--frames", metavar="A:B")]
Gop = Annotated[int | None, declared(encoding.GOP, "--gop", metavar="N")]
SceneCuts = Annotated[bool, declared(encoding.SCENE_CUTS, "--scene-cuts/--no-scene-cuts")]
Audio = Annotated[bool, declared(encoding.AUDIO, "--audio/--no-audio")]
Track = Annotated[str | None, declared(encoding.TRACK, "--track", metavar="N|LANGUAGE")]
Deinterlace = Annotated[str | None, declared(encoding.DEINTERLACE, "--deinterlace")]
KeepPartial = Annotated[bool, declared(encoding.KEEP_PARTIAL, "--keep-partial")]
KeepHidden = Annotated[bool, declared(encoding.KEEP_HIDDEN, "--keep-hidden")]
EngineOption = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of the engine, by name; may be repeated."),
]
Codebook = Annotated[
    str | None,
    declared(
        encoding.CODEBOOK,
        "-c",
        "--codebook",
        metavar="NAME|FILE",
        complete=options.complete_codebook,
    ),
]
EmbedCodebook = Annotated[bool, declared(encoding.EMBED_CODEBOOK, "--embed-codebook")]
StripMetadata = Annotated[bool, declared(encoding.STRIP_METADATA, "--strip-metadata")]
StripGps = Annotated[bool, declared(encoding.STRIP_GPS, "--strip-gps")]


@dataclass(frozen=True)
class Given:
    """What `vqcodec encode` was given; the fields are named as the options of `vqcodec.encode`."""

    medium: MediaKind = None
    quality: Quality = None
    target_psnr: TargetPsnr = None
    target_ssimulacra2: TargetSsimulacra2 = None
    target_size: TargetSize = None
    bitrate: Bitrate = None
    effort: Effort = None
    band: CodedBand = None
    channels: ChannelUse = None
    tune: TuneFor = None
    chroma: ChromaSize = None
    alpha_quality: AlphaQuality = None
    keep_hidden: KeepHidden = False
    raw: Raw = None
    delay: Delay = None
    fps: Fps = None
    frames: Frames = None
    gop: Gop = None
    scene_cuts: SceneCuts = True
    audio: Audio = True
    track: Track = None
    deinterlace: Deinterlace = None
    keep_partial: KeepPartial = False
    engine_option: EngineOption = None
    codebook: Codebook = None
    embed_codebook: EmbedCodebook = False
    strip_metadata: StripMetadata = False
    strip_gps: StripGps = False

    def as_arguments(self) -> dict[str, Any]:
        """Return what was given as options of `vqcodec.encode`; the rest is left out.

        Raises:
            UsageError: options exclude one another or are malformed.
        """
        default = vars(Given())
        given = {name: value for name, value in vars(self).items() if value != default[name]}
        engine_options = _engine_options(given.pop("engine_option", []))
        arguments = {**given, **engine_options}
        encoding.EncodeOptions.of(arguments)
        return arguments


def _engine_options(given: Sequence[str]) -> dict[str, object]:
    """Return options by name, each from NAME=VALUE, as an engine declares it.

    Raises:
        UsageError: one is not of that form, or is not an option of an engine.
    """
    options: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--option '{printable(text)}': say NAME=VALUE, for example distance=8")
        if name in (option.name for option in encoding.ENCODE_OPTIONS):
            raise UsageError(f"--option '{printable(text)}': {name} is not an option of an engine")
        options[name] = _value(name, value)
    return options


def _value(name: str, text: str) -> object:
    """Return the value that a text means to the engines that have an option of that name; else the text."""
    option = next((option for engine in engines() for option in engine.encode_options if option.name == name), None)
    if isinstance(option, FlagOption) and text in ("true", "false"):
        return text == "true"
    if isinstance(option, NumberOption):
        with contextlib.suppress(ValueError):
            return int(text) if option.whole else float(text)
    return text if option is None else value_of(option, text)
