"""All that a decoding can be asked for: the options that every function and the command line share, and their values.

No numpy: `--help` loads this module.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vqcodec.errors import UsageError
from vqcodec.media.encoding import FRAMES, NAME, OVERWRITE, PROGRESS
from vqcodec.media.kinds import (
    CodebookOption,
    ColourOption,
    CropOption,
    DataOption,
    NamesOption,
    SampleRateOption,
    TimeOption,
)
from vqcodec.media.options import ChoiceOption, FlagOption, NumberOption, Option, TextOption
from vqcodec.media.progress import Progress
from vqcodec.media.target import THREADS

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

FORMAT = TextOption(
    "format",
    "Format to write: png, ppm, tif, webp, avif, gif, bmp, jpg and so on; wav, flac, ogg, opus, mp3, m4a, aiff, au,"
    " raw (of video the sound alone); y4m, mp4, mkv, mov, webm, gif, webp, or png and jpg (one picture a frame).",
    default_help="by the output's extension, else png, wav or mp4; y4m on standard output",
)
CODEBOOK = CodebookOption("codebook", "Codebook to decode with, if it is not found by itself.")
CROP = CropOption(
    "crop", "Decode only this part: its upper left corner, counted from 0, and its size.", media=("image",)
)
STAGES = NumberOption(
    "stages",
    "Decode by the first N stages of each index, or levels of its tree; only some block codebooks have them.",
    default_help="all",
    low=1,
    high=65_535,
    whole=True,
    media=("image",),
)
OUTPUT_QUALITY = NumberOption(
    "output_quality",
    "Quality of JPEG, WebP and AVIF.",
    default_help="95 for JPEG, 90 for AVIF, no loss for WebP",
    low=0,
    high=100,
    media=("image",),
)
BACKGROUND = ColourOption(
    "background",
    "Colour to lay transparent parts on; the output then has no transparency.",
    default_help="transparency is kept",
    media=("image",),
)
RATE = SampleRateOption(
    "rate",
    "Sampling rate to write: that of the encoded input, the codec's own, or another.",
    default_help="source",
    media=("speech",),
)
ENCODING = ChoiceOption(
    "encoding",
    "How samples are stored in wav, aiff, au and raw: s16 has 16 bits, mulaw, alaw and gsm are for telephone systems.",
    default_help="s16",
    choices=("s16", "s24", "f32", "u8", "mulaw", "alaw", "gsm", "adpcm"),
    media=("speech",),
)
START = TimeOption("start", "Where to begin.", default_help="0", low=0, unit="s", media=("speech", "video"))
DURATION = TimeOption(
    "duration",
    "How much to decode.",
    default_help="all",
    low=0,
    above_low=True,
    high=1_000_000_000,
    unit="s",
    media=("speech", "video"),
)
SALVAGE = FlagOption(
    "salvage",
    "Decode what is intact of a damaged file, and report what is lost. A lost second of speech is concealed; a lost"
    " frame is replaced by the one before. In speech up to 4 s it may be unknown which second is damaged.",
    False,
    media=("speech", "video"),
)
LOSSLESS = FlagOption("lossless", "Write mp4, mkv or mov without any further loss.", False, media=("video",))
AUDIO = FlagOption("audio", "Write the sound too, if the format has a place for it.", media=("video",))

DECODE_OPTIONS: tuple[Option, ...] = (
    FORMAT,
    CODEBOOK,
    CROP,
    STAGES,
    OUTPUT_QUALITY,
    BACKGROUND,
    RATE,
    ENCODING,
    START,
    DURATION,
    SALVAGE,
    FRAMES,
    LOSSLESS,
    AUDIO,
    OVERWRITE,
    THREADS,
    PROGRESS,
    NAME,
)

DATA = DataOption("data")
BITS = FlagOption("bits", default=False)
NAMES = NamesOption("names", default=(None, None))
"""Arguments of the other functions that read `.vqc` files."""


@dataclass(frozen=True)
class DecodeOptions:
    """What a decoding is asked for: the checked values of DECODE_OPTIONS, None for what was not given.

    The attributes are named and described as DECODE_OPTIONS are.
    """

    format: str | None = None
    codebook: Codebook | str | os.PathLike[str] | None = None
    crop: tuple[int, int, int, int] | None = None
    stages: int | None = None
    output_quality: float | None = None
    background: tuple[int, int, int] | None = None
    rate: int | str | None = None
    encoding: str | None = None
    start: float | None = None
    duration: float | None = None
    salvage: bool = False
    frames: tuple[int, int | None] | None = None
    lossless: bool = False
    audio: bool | None = None
    overwrite: bool = False
    threads: int | None = None
    progress: Progress | None = None
    name: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> DecodeOptions:
        """Return the options that are given by name.

        Raises:
            UsageError: one is not known, of the wrong type or out of range, or two exclude one another.
        """
        known = [option.name for option in DECODE_OPTIONS]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise UsageError(f"decode has no option {unknown[0]}; it has {', '.join(sorted(known))}")
        options = cls(**{option.name: option.value_in(given) for option in DECODE_OPTIONS})
        for option in (START, DURATION):
            if options.frames is not None and getattr(options, option.name) is not None:
                raise UsageError(f"frames and {option.name} exclude one another; give one of them")
        return options

    def check_medium(self, medium: str) -> None:
        """Raise UsageError if something is asked for that `medium` does not have."""
        for option in DECODE_OPTIONS:
            if option.media and getattr(self, option.name) != option.default:
                option.check_medium(medium)
