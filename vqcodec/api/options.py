"""What may be asked of encoding and decoding, and which medium has which option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from vqcodec.errors import UsageError

Progress = Callable[[float], None]
"""Called with the part of the work that is done, 0 to 1; what it raises ends the work, nothing written."""

_A_MEDIUM = {"image": "a picture", "speech": "speech"}


@dataclass(frozen=True)
class Target:
    """How good or how small: at most one of the four; without any, the medium's own quality.

    Attributes:
        quality: 0 to 100. psnr: dB to reach. size: bytes not to exceed. bitrate: kbit/s on average.

    Raises:
        UsageError: more than one is given, or one is out of range for every medium.
    """

    quality: float | None = None
    psnr: float | None = None
    size: int | None = None
    bitrate: float | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.quality, self.psnr, self.size, self.bitrate)) > 1:
            raise UsageError("quality, target PSNR, target size and bitrate exclude one another; give one of them")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality {self.quality:g} is out of range; choose 0 to 100")
        if self.psnr is not None and not 0 < self.psnr <= 100:
            raise UsageError(f"target PSNR {self.psnr:g} dB is out of range; choose above 0 and up to 100 dB")
        if self.size is not None and self.size < 1:
            raise UsageError(f"target size {self.size} is out of range; choose at least 1 byte")


@dataclass(frozen=True)
class VideoChoices:
    """What only video has, as `vqcodec.api.encode` describes it; None is what was not asked for."""

    fps: str | None = None
    frames: str | None = None
    gop: int | None = None
    scene_cuts: bool | None = None
    audio: bool | None = None
    keep_partial: bool | None = None


@dataclass(frozen=True)
class EncodeOptions:
    """What `vqcodec.api.encode` is asked for, beside where from, where to and the codebook.

    Attributes:
        engine: options of the codebook's engine, by name. The others are as `vqcodec.api.encode` describes them.

    Raises:
        UsageError: the effort is out of range.
    """

    target: Target = field(default_factory=Target)
    effort: int | None = None
    video: VideoChoices = field(default_factory=VideoChoices)
    engine: Mapping[str, Any] = field(default_factory=dict)
    embed_codebook: bool = False
    strip_metadata: bool = False
    overwrite: bool = False
    threads: int | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.effort is not None and not 0 <= self.effort <= 9:
            raise UsageError(f"effort {self.effort} is out of range; choose 0 to 9")

    def check_medium(self, medium: str, name: str) -> None:
        """Raise UsageError if something is asked for that `medium`, which the source `name` is, does not have."""
        of_video = [option.name for option in fields(self.video) if getattr(self.video, option.name) is not None]
        if of_video and medium != "video":
            raise UsageError(f"{name}: {of_video[0]} is for video, and this is {_A_MEDIUM[medium]}")
        if self.target.psnr is not None and medium == "speech":
            raise UsageError("a target PSNR is for pictures; for speech give a quality, a bitrate or a size")
        if self.target.bitrate is not None and medium == "image":
            raise UsageError(f"{name}: a bitrate is for sound, and this is a picture; give a quality or a size")


@dataclass(frozen=True)
class DecodeOptions:
    """What `vqcodec.api.decode` is asked for, beside where from, where to and the codebook; described there."""

    format: str | None = None
    crop: tuple[int, int, int, int] | None = None
    rate: int | str | None = None
    start: float | None = None
    duration: float | None = None
    salvage: bool = False
    frames: str | None = None
    lossless: bool = False
    audio: bool | None = None
    overwrite: bool = False
    threads: int | None = None
    progress: Progress | None = None

    def check_medium(self, medium: str, name: str) -> None:
        """Raise UsageError if something is asked for that `medium`, which the file `name` is of, does not have."""
        for options, message in _FOREIGN_TO_DECODE[medium]:
            if any(getattr(self, option) != _DEFAULTS[option] for option in options):
                raise UsageError(f"{name}: {message}")


_DEFAULTS = vars(DecodeOptions())
_FOREIGN_TO_DECODE: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "image": (
        (("frames", "lossless", "audio"), "frames, lossless and audio are for video, and this is a picture"),
        (
            ("rate", "start", "duration", "salvage"),
            "rate, start, duration and salvage are for speech and video, and this is a picture",
        ),
    ),
    "speech": (
        (("frames", "lossless", "audio"), "frames, lossless and audio are for video, and this is speech"),
        (("crop",), "a crop is for pictures, and this is speech; give start and duration"),
    ),
    "video": ((("crop", "rate"), "crop is for pictures and rate for speech, and this is video"),),
}
"""Options that a medium does not have, by medium, and what is said where one of them is given."""
