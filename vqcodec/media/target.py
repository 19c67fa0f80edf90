"""How good or how small, and how hard to work: what can be asked of every medium, checked here and nowhere else.

The options are declared once, for the command line and for every function. A medium's default quality and effort, and
the targets that it accepts, stand here as well. No numpy: `--help` loads this module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from vqcodec.errors import UsageError
from vqcodec.media.kinds import SizeOption
from vqcodec.media.options import NumberOption


class Defaults(NamedTuple):
    """What a medium is encoded at when nobody says."""

    quality: float
    effort: int


DEFAULTS = {"image": Defaults(75.0, 7), "speech": Defaults(50.0, 5), "video": Defaults(50.0, 5)}
"""By medium."""

_MAX_SPEECH_KBPS = 256
_ROOM = 1.0  # dB or points beyond a target: less of it needs no word

QUALITY = NumberOption(
    "quality",
    "Higher means better and larger.",
    low=0,
    high=100,
    default_help=f"{DEFAULTS['image'].quality:g}; for speech and video {DEFAULTS['speech'].quality:g}",
)
TARGET_PSNR = NumberOption(
    "target_psnr",
    "Instead of a quality: PSNR to reach; for video the mean over the frames of (6 Y + U + V) / 8.",
    low=0,
    above_low=True,
    high=100,
    unit="dB",
    media=("image", "video"),
)
TARGET_SSIMULACRA2 = NumberOption(
    "target_ssimulacra2",
    "Instead of a quality: SSIMULACRA2 to reach; 90 hides all loss from most people, 70 is high quality, 50 medium."
    " Needs `pip install 'vqcodec[ssimulacra2]'`.",
    low=0,
    above_low=True,
    high=100,
    media=("image",),
)
TARGET_SIZE = SizeOption(
    "target_size",
    "Instead of a quality: largest size of the file, in bytes or such as 100k, 1.5MB or 2MiB.",
    low=1,
    high=1 << 40,
    whole=True,
    unit="bytes",
)
BITRATE = NumberOption(
    "bitrate",
    "Instead of a quality: kbit/s on average, of the coded speech"
    f" (at most {_MAX_SPEECH_KBPS}) or of the whole video file.",
    low=0.1,
    high=1_000_000,
    unit="kbit/s",
    media=("speech", "video"),
)
EFFORT = NumberOption(
    "effort",
    "0 is quickest, 9 gives the smallest files.",
    low=0,
    high=9,
    whole=True,
    default_help=f"{DEFAULTS['image'].effort}; for speech and video {DEFAULTS['speech'].effort}",
)
THREADS = NumberOption(
    "threads",
    "Threads to use; results are the same for any number.",
    low=1,
    high=1024,
    whole=True,
    default_help="one a CPU",
)

TARGET_OPTIONS = (QUALITY, TARGET_PSNR, TARGET_SSIMULACRA2, TARGET_SIZE, BITRATE)
WORK_OPTIONS = (EFFORT, THREADS)

_NARROWER = {("speech", "bitrate"): replace(BITRATE, high=_MAX_SPEECH_KBPS)}
"""Options of which a medium accepts less than others, by medium and name."""


@dataclass(frozen=True)
class Target:
    """How good or how small: at most one of these; without any, the medium's default quality.

    Attributes:
        quality: 0 to 100.
        psnr: dB to reach, above 0 and up to 100; of pictures over all colour samples, of video the mean over the frames
            of (6 Y + U + V) / 8.
        ssimulacra2: of pictures, to reach, above 0 and up to 100.
        size: most bytes of the file, 1 to 2**40.
        bitrate: kbit/s on average; of speech the payload of all channels together, of video the whole file.

    Raises:
        UsageError: more than one is given, or one is no number or out of range for every medium.
    """

    quality: float | None = None
    psnr: float | None = None
    ssimulacra2: float | None = None
    size: int | None = None
    bitrate: float | None = None

    def __post_init__(self) -> None:
        named = dict(zip((field.name for field in fields(self)), TARGET_OPTIONS, strict=True))
        given = [option.label for name, option in named.items() if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(f"{', '.join(given[:-1])} and {given[-1]} exclude one another; give one of them")
        for name, option in named.items():
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else option.check(value))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Target:
        """Return the target that options by name ask for; errors as of the class."""
        return cls(*(given.get(option.name) for option in TARGET_OPTIONS))

    @property
    def is_quality(self) -> bool:
        """Whether no more than a quality is asked for, so that one encoding does."""
        return all(value is None for value in list(vars(self).values())[1:])

    def check_medium(self, medium: str) -> None:
        """Raise UsageError if `medium` does not have the target, or only within a narrower range."""
        for option, value in zip(TARGET_OPTIONS, vars(self).values(), strict=True):
            if value is not None:
                option.check_medium(medium)
                _NARROWER.get((medium, option.name), option).check(value)

    def judge(
        self, reached: float, subject: str, *, quality: float | None = None, by: str = "", tolerance: float = 0.0
    ) -> list[str]:
        """Hold what an encoding reached against the fidelity, size or bitrate asked for: the one rule, for all media.

        A bound that cannot be kept is refused, and the message names what can be reached. A size or rate above what
        the best quality takes, or a fidelity (PSNR, SSIMULACRA2) well below what the lowest has, gives that quality,
        with a note.

        Args:
            reached: in the unit of the target.
            subject: what was encoded, such as `the picture`.
            quality: that came nearest; None if it has no number because it is the best, or the coarsest, that there is
                (a fidelity always has one).
            by: what else is to be said of the way it was encoded, such as ` with chroma 444`.
            tolerance: by how much `reached` may miss the target and count as reached, in its unit.

        Returns:
            Notes for the user, one at most.

        Raises:
            UsageError: the fidelity is below the target, or the size or rate above it.
        """
        option, asked = self._bound()
        floor = option in (TARGET_PSNR, TARGET_SSIMULACRA2)
        unit = f" {option.unit}" if option.unit else ""
        spare = reached - asked if floor else asked - reached
        wish = f"{option.label} {asked:g}{unit}" if isinstance(asked, float) else f"{option.label} {asked}"
        shown = f"{reached:.2f}" if isinstance(reached, float) else str(reached)
        has = f"{subject} {'has' if floor else 'takes'} {shown}{unit}"
        if spare < -tolerance:
            end = "at its coarsest" if quality is None else f"at quality {quality:g}"
            raise UsageError(f"{wish} cannot be reached: even {end}{by} {has}")
        if spare <= tolerance:
            return []
        if floor:
            said = has if math.isfinite(reached) else f"{subject} is exact"
            return [f"{wish} is exceeded: at quality {quality:g} {said}"] if spare > _ROOM else []
        if quality is None or quality == 100:
            return [f"{wish} is more than needed: at the best quality {has}"]
        return [f"{wish} is not met exactly: at quality {quality:g} {has}"] if option is BITRATE else []

    def _bound(self) -> tuple[NumberOption, float]:
        """Return which of the targets but quality is asked for, and its value."""
        bounds = list(zip(TARGET_OPTIONS, vars(self).values(), strict=True))[1:]
        return next((option, value) for option, value in bounds if value is not None)

    def quality_for(self, medium: str) -> float:
        """Return the quality asked for, or else the medium's default; it has no meaning beside another target."""
        return DEFAULTS[medium].quality if self.quality is None else self.quality


@dataclass(frozen=True)
class Work:
    """How hard to work. Neither changes what a decoder needs.

    Attributes:
        effort: 0 (quickest) to 9 (smallest files); None for the medium's default.
        threads: how many to use, 1 to 1024; None for one a CPU. The bytes are the same for any number.

    Raises:
        UsageError: one is no whole number or out of range.
    """

    effort: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        for option in WORK_OPTIONS:
            object.__setattr__(self, option.name, option.value_in(vars(self)))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Work:
        """Return what options by name ask for; errors as of the class."""
        return cls(**{option.name: given.get(option.name) for option in WORK_OPTIONS})

    def effort_for(self, medium: str) -> int:
        """Return the effort asked for, or else the medium's default."""
        return DEFAULTS[medium].effort if self.effort is None else self.effort
