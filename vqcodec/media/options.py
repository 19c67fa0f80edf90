"""Options: a name, what may be asked for, and the check of it. Everything that a user can ask for is one of these.

The command line, the Python functions, engines and trainers declare their options with the same classes. So a value is
checked in one place, and refused with the same words everywhere. No numpy: `--help` loads this module.
"""

from __future__ import annotations

import math
import numbers
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vqcodec.errors import UsageError
from vqcodec.names import printable

MEDIA = {"image": "pictures", "speech": "speech", "video": "video"}
"""The media by name, and what help texts call them."""

ONE_OF = {"image": "a picture", "speech": "speech", "video": "video"}
"""The media by name, and what messages call a file of them."""


@dataclass(frozen=True)
class Option(ABC):
    """Something that can be asked for.

    Attributes:
        name: as in Python; the command line writes `-` for `_`.
        help: one or two sentences for the command line.
        default: the value where nothing is asked for; None where that depends on something else.
        default_help: says what the default is where `default` does not.
        media: names of the media that have it; empty for all.
    """

    name: str
    help: str = ""
    default: Any = None
    default_help: str = ""
    media: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def label(self) -> str:
        """The name as messages write it, such as "target PSNR"."""
        words = self.name.rstrip("_").split("_")
        return " ".join(word.upper() if word in ("psnr", "ssimulacra2") else word for word in words)

    @property
    @abstractmethod
    def range(self) -> str:
        """What may be asked for, in words that follow "choose"."""

    @abstractmethod
    def check(self, value: Any) -> Any:
        """Return the value as a plain Python object.

        Raises:
            UsageError: the value is of the wrong type or out of range; the message says what to choose.
        """

    def value_in(self, given: Mapping[str, Any]) -> Any:
        """Return the checked value of this option in `given`, by name; its default if it is not there.

        None stands for the default of an option whose default is None.

        Raises:
            UsageError: as `check`.
        """
        value = given.get(self.name)
        if self.name not in given or (value is None and self.default is None):
            return self.default
        return self.check(value)

    def check_medium(self, medium: str) -> None:
        """Raise UsageError if `medium` does not have this option."""
        if self.media and medium not in self.media:
            having = " and ".join(MEDIA[name] for name in self.media)
            raise UsageError(f"{self.label} is for {having}, and this is {ONE_OF[medium]}")

    def _refuse(self, value: Any, why: str) -> UsageError:
        short = isinstance(value, float) or (isinstance(value, int) and value.bit_length() > 64)
        shown = f"{_as_float(value):g}" if short else printable(str(value), 40)
        return UsageError(f"{self.label} {shown} {why}; choose {self.range}")


def _as_float(value: Any) -> float:
    """Return the nearest float; infinity beyond the range of floats."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@dataclass(frozen=True)
class NumberOption(Option):
    """A number within a range.

    Attributes:
        low, high: the least and the greatest value; None for no bound.
        above_low: whether `low` itself is refused.
        whole: whether it must be an integer.
        unit: such as `dB` or `kbit/s`; empty for none.
    """

    low: float | None = None
    high: float | None = None
    above_low: bool = False
    whole: bool = False
    unit: str = ""

    @property
    def range(self) -> str:
        """Such as "0 to 100", "at least 1 byte" or "above 0 and up to 100 dB"."""
        unit = f" {self.unit}" if self.unit else ""
        if self.low is None and self.high is None:
            return f"a whole number{unit}" if self.whole else f"a number{unit}"
        if self.low is None:
            return f"up to {self.high}{unit}"
        if self.above_low:
            return f"above {self.low}" + ("" if self.high is None else f" and up to {self.high}") + unit
        return f"at least {self.low}{unit}" if self.high is None else f"{self.low} to {self.high}{unit}"

    def check(self, value: Any) -> Any:
        """Return the value as an int or a float; NumPy's numbers are accepted, bool and text are not."""
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise self._refuse(value, "is not a number")
        if self.whole and isinstance(value, numbers.Integral):
            number: float = int(value)  # exact, however large
        else:
            number = _as_float(value)
            if not math.isfinite(number):
                raise self._refuse(number, "is not a finite number")
            if self.whole:
                raise self._refuse(number, "is not a whole number")
        too_low = self.low is not None and (number < self.low or (self.above_low and number == self.low))
        if too_low or (self.high is not None and number > self.high):
            raise self._refuse(number, "is out of range")
        return number


@dataclass(frozen=True)
class ChoiceOption(Option):
    """One of a few words or whole numbers.

    Attributes:
        choices: the words and numbers.
    """

    choices: tuple[str | int, ...] = ()

    @property
    def range(self) -> str:
        """Such as "ssim or psnr"."""
        *first, last = map(str, self.choices)
        return f"{', '.join(first)} or {last}" if first else last

    def check(self, value: Any) -> str | int:
        """Return the choice; NumPy's integers are accepted for numbers, bool is not."""
        kind = int if isinstance(value, numbers.Integral) and not isinstance(value, bool) else str
        for choice in self.choices:
            if isinstance(choice, kind) and isinstance(value, (str, numbers.Integral)) and value == choice:
                return choice
        raise self._refuse(value, "is not known")


class FlagOption(Option):
    """Yes or no."""

    @property
    def range(self) -> str:
        """Always "True or False"."""
        return "True or False"

    def check(self, value: Any) -> bool:
        """Return the value as a bool; NumPy's bool is accepted, numbers and text are not."""
        of_numpy = getattr(getattr(value, "dtype", None), "kind", "") == "b" and getattr(value, "shape", None) == ()
        if not isinstance(value, bool) and not of_numpy:
            raise self._refuse(value, "is neither yes nor no")
        return bool(value)


class TextOption(Option):
    """Text, such as a name or a path; who uses it checks what it says."""

    @property
    def range(self) -> str:
        """Always "text"."""
        return "text"

    def check(self, value: Any) -> str:
        """Return the text."""
        if not isinstance(value, str):
            raise self._refuse(value, "is not text")
        return str(value)


class PathOption(Option):
    """The path of a file or folder, as text or a path object."""

    @property
    def range(self) -> str:
        """Always "a path"."""
        return "a path"

    def check(self, value: Any) -> str:
        """Return the path as text."""
        path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
        if not isinstance(path, str) or not path:
            raise self._refuse(value, "is not a path")
        return path


def check_options(declared: Sequence[Option], given: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the value of every declared option, in their order: what was given, checked, or else the default.

    Args:
        given: values by name. None stands for the default of an option whose default is None.
        owner: who has the options, as in "video/mc", for the message.

    Raises:
        UsageError: an option is unknown, and the message lists those that `owner` has; or as `Option.check`.
    """
    names = [option.name for option in declared]
    unknown = sorted(set(given) - set(names))
    if unknown:
        known = f"it has {', '.join(names)}" if names else "it has none"
        raise UsageError(f"{owner} has no option {unknown[0]}; {known}")
    return {option.name: option.value_in(given) for option in declared}
