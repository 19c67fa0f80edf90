"""All that an encoding can be asked for: the options that every function and the command line share, and their values.

What is particular to one engine, such as `tune`, is declared by the engine. No numpy: `--help` loads this module.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from vqcodec.errors import UsageError
from vqcodec.media.kinds import (
    CodebookOption,
    DestinationOption,
    FractionOption,
    FrameRangeOption,
    FrameRateOption,
    FunctionOption,
    SourceOption,
    TrackOption,
)
from vqcodec.media.options import MEDIA, ChoiceOption, FlagOption, NumberOption, Option, TextOption
from vqcodec.media.progress import Progress
from vqcodec.media.raw import RawOption, RawSound
from vqcodec.media.target import TARGET_OPTIONS, WORK_OPTIONS, Target, Work

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

SOURCE = SourceOption("source")
DESTINATION = DestinationOption("destination")

MEDIUM = ChoiceOption(
    "medium",
    "What the inputs are.",
    default_help="by the codebook, else by each file",
    choices=tuple(MEDIA),
)
CODEBOOK = CodebookOption(
    "codebook",
    "Codebook to encode with; it decides the engine, too.",
    default_help="photo or graphic, whichever fits; video; for speech that of the band",
)
BAND = ChoiceOption(
    "band",
    "Narrowband (8 kHz), wideband (16 kHz), or what suits: narrowband for sound below 12 kHz, and where a bitrate or a"
    " target size leaves less than 4 kbit/s a channel.",
    default_help="auto",
    choices=("auto", "nb", "wb"),
    media=("speech", "video"),
)
CHANNELS = ChoiceOption(
    "channels",
    "Mix several channels into one, by their layout and so that they do not cancel; or keep each.",
    default_help="mix; for video keep",
    choices=("mix", "keep"),
    media=("speech", "video"),
)
RAW = RawOption(
    "raw",
    "What samples without a header are: sampling rate, storage (s16le, mulaw, ...) and channels.",
    default_help="by the name, such as .gsm and .ulaw",
    media=("speech",),
)
DELAY = NumberOption(
    "delay",
    "Encode speech while it comes, in groups of this many seconds, which are written as soon as each is coded. It takes"
    " more bytes than a whole recording at once, and --target-size is not possible.",
    default_help="encode the whole recording at once",
    low=0.1,
    high=60,
    unit="s",
    media=("speech",),
)
FPS = FrameRateOption(
    "fps",
    "Frames a second, such as 25 or 30000/1001: of a series of pictures, or instead of the input's own rate.",
    default_help="as the input says, else 25",
    media=("video",),
)
FRAMES = FrameRangeOption(
    "frames",
    "Frames A up to B, which is not included, counted from 0; either may be left out.",
    default_help="all",
    media=("video",),
)
GOP = NumberOption(
    "gop",
    "Most frames of a group. Each group decodes on its own: short groups help seeking and damaged files.",
    default_help="the engine's",
    low=1,
    whole=True,
    unit="frame",
    media=("video",),
)
SCENE_CUTS = FlagOption("scene_cuts", "Also end a group where the scene changes.", media=("video",))
AUDIO = FlagOption("audio", "Keep the sound, coded as speech.", media=("video",))
TRACK = TrackOption(
    "track",
    "Sound track to keep: its number, counted from 1, or its language, such as eng.",
    default_help="the file's default one",
    media=("video",),
)
DEINTERLACE = ChoiceOption(
    "deinterlace",
    "Make progressive frames of interlaced ones: if they look so, whatever they look like, or not.",
    default_help="auto",
    choices=("auto", "on", "off"),
    media=("video",),
)
KEEP_PARTIAL = FlagOption(
    "keep_partial",
    "At Ctrl-C, finish the file with the frames, or with --delay the speech, that have come so far.",
    media=("video", "speech"),
)
KEEP_HIDDEN = FlagOption("keep_hidden", "Keep the colours of fully transparent pixels.", media=("image",))
EMBED_CODEBOOK = FlagOption(
    "embed_codebook", "Store the codebook in the file, so that the file decodes anywhere.", False
)
STRIP_METADATA = FlagOption("strip_metadata", "Leave out ICC profile, EXIF, XMP, resolution and texts.", False)
STRIP_GPS = FlagOption(
    "strip_gps", "Leave out where a picture was taken: GPS in EXIF and XMP. The rest is kept.", media=("image",)
)
OVERWRITE = FlagOption("overwrite", "Overwrite outputs that exist.", False)
PROGRESS = FunctionOption("progress")
NAME = TextOption("name")

ENCODE_OPTIONS: tuple[Option, ...] = (
    *TARGET_OPTIONS,
    *WORK_OPTIONS,
    MEDIUM,
    CODEBOOK,
    BAND,
    CHANNELS,
    RAW,
    DELAY,
    FPS,
    FRAMES,
    GOP,
    SCENE_CUTS,
    AUDIO,
    TRACK,
    DEINTERLACE,
    KEEP_PARTIAL,
    KEEP_HIDDEN,
    EMBED_CODEBOOK,
    STRIP_METADATA,
    STRIP_GPS,
    OVERWRITE,
    PROGRESS,
    NAME,
)

SAMPLE_RATE = NumberOption("sample_rate", whole=True, unit="Hz")
FRAME_RATE = FrameRateOption("rate")
ASPECT = FractionOption("aspect")
FULL_RANGE = FlagOption("full_range", default=False)
"""Arguments of the functions that encode arrays."""


def asks_for_video(given: Mapping[str, Any]) -> bool:
    """Return whether options by name have one that only video has."""
    return any(option.media == ("video",) and given.get(option.name) is not None for option in ENCODE_OPTIONS)


@dataclass(frozen=True)
class EncodeOptions:
    """What an encoding is asked for: the checked values of ENCODE_OPTIONS, None for what was not given.

    Attributes:
        target, work: how good or how small, and how hard to work.
        engine: options of the codebook's engine, by name, which the engine checks.

    The others are named and described as ENCODE_OPTIONS are.
    """

    target: Target = field(default_factory=Target)
    work: Work = field(default_factory=Work)
    medium: str | None = None
    codebook: Codebook | str | os.PathLike[str] | None = None
    band: str | None = None
    channels: str | None = None
    raw: RawSound | None = None
    delay: float | None = None
    fps: Fraction | None = None
    frames: tuple[int, int | None] | None = None
    gop: int | None = None
    scene_cuts: bool | None = None
    audio: bool | None = None
    track: int | str | None = None
    deinterlace: str | None = None
    keep_partial: bool | None = None
    keep_hidden: bool | None = None
    embed_codebook: bool = False
    strip_metadata: bool = False
    strip_gps: bool | None = None
    overwrite: bool = False
    progress: Progress | None = None
    name: str | None = None
    engine: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> EncodeOptions:
        """Return the options that are given by name; a name that is not in ENCODE_OPTIONS is the engine's.

        Raises:
            UsageError: one is of the wrong type or out of range, or two exclude one another.
        """
        own = [option for option in ENCODE_OPTIONS if option not in (*TARGET_OPTIONS, *WORK_OPTIONS)]
        known = {option.name for option in ENCODE_OPTIONS}
        return cls(
            Target.of(given),
            Work.of(given),
            **{option.name: option.value_in(given) for option in own},
            engine={name: value for name, value in given.items() if name not in known},
        )

    @classmethod
    def of_function(
        cls, function: str, medium: str, keywords: Iterable[str], given: Mapping[str, Any]
    ) -> EncodeOptions:
        """Return the options that are given to a function for one medium.

        Args:
            function: its name.
            keywords: the names that it knows, those of its engines included.

        Raises:
            UsageError: as `of`, or the medium does not have an option, or the function does not.
        """
        options = cls.of(given)
        options.check_medium(medium)
        foreign = [option.name for option in ENCODE_OPTIONS if option.name in given and option.name not in keywords]
        if foreign:
            raise UsageError(f"{function} has no option {foreign[0]}; it has {', '.join(sorted(keywords))}")
        return options

    def check_medium(self, medium: str) -> None:
        """Raise UsageError if something is asked for that `medium` does not have."""
        self.target.check_medium(medium)
        for option in ENCODE_OPTIONS:
            if option.media and getattr(self, option.name, None) is not None:
                option.check_medium(medium)
