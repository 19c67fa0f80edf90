"""Kinds of options that one or two options need: codebooks, files, parts of a video or a picture, rates."""

from __future__ import annotations

import io
import numbers
import os
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from vqcodec import limits
from vqcodec.errors import UsageError
from vqcodec.media.options import NumberOption, Option

MOST_PARTS = 100_000  # denominator of a frame rate that is made of a float

_NTSC_RATES = (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001))


class CodebookOption(Option):
    """A codebook, or where to find one."""

    @property
    def range(self) -> str:
        """The three forms."""
        return "a name, a path or a Codebook"

    def check(self, value: Any) -> Any:
        """Return the value, which must be text, a path or a codebook."""
        from vqcodec.codebook.codebook import Codebook

        if not isinstance(value, (str, os.PathLike, Codebook)):
            raise self._refuse(value, "is not a codebook")
        return value


class FunctionOption(Option):
    """A function that is called during the work."""

    @property
    def range(self) -> str:
        """Always "a function"."""
        return "a function"

    def check(self, value: Any) -> Any:
        """Return the value, which must be callable."""
        if not callable(value):
            raise self._refuse(value, "is not a function")
        return value


class SourceOption(Option):
    """Where bytes come from."""

    @property
    def range(self) -> str:
        """The three forms."""
        return "a path, bytes or a binary file"

    def check(self, value: Any) -> Any:
        """Return the value, which must be a path, bytes, or an object with `read` that is not text."""
        binary = hasattr(value, "read") and not isinstance(value, io.TextIOBase)
        if hasattr(value, "__array_interface__") and not binary:
            raise UsageError(
                f"{self.label} is an array of samples; encode it with encode_image, encode_speech or encode_video, "
                f"or choose {self.range}"
            )
        if not binary and not isinstance(value, (str, os.PathLike, bytes, bytearray, memoryview)):
            raise self._refuse(value, "cannot be read from")
        return value


class DestinationOption(Option):
    """Where bytes go to."""

    @property
    def range(self) -> str:
        """The two forms."""
        return "a path or a binary file"

    def check(self, value: Any) -> Any:
        """Return the value, which must be a path, or an object with `write` that is not text."""
        binary = hasattr(value, "write") and not isinstance(value, io.TextIOBase)
        if not binary and not isinstance(value, (str, os.PathLike)):
            raise self._refuse(value, "cannot be written to")
        return value


class DataOption(Option):
    """The bytes of a file."""

    @property
    def range(self) -> str:
        """Always "the bytes of a .vqc file"."""
        return "the bytes of a .vqc file"

    def check(self, value: Any) -> bytes:
        """Return the bytes."""
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise self._refuse(value, "is not bytes")
        return bytes(value)


class FrameRangeOption(Option):
    """Some frames of a video, as text."""

    @property
    def range(self) -> str:
        """Three examples."""
        return "frames such as 100:200, 100: or :200"

    def check(self, value: Any) -> tuple[int, int | None]:
        """Return the frames that "a:b" means: from a (0 if left out) up to b, not included (None for the end)."""
        found = re.fullmatch(r"(\d{0,10}):(\d{0,10})", value) if isinstance(value, str) else None
        if found is None:
            raise self._refuse(value, "is not a range of frames")
        first, end = int(found[1] or 0), int(found[2]) if found[2] else None
        if end is not None and end <= first:
            raise self._refuse(value, "has no frames")
        return first, end


class TimeOption(NumberOption):
    """A time in seconds as a number, or as text such as 65.5, 1:05.5 or 1:02:03."""

    @property
    def range(self) -> str:
        """That of the number, with an example."""
        return f"{super().range}, such as 65 or 1:05"

    def check(self, value: Any) -> Any:
        """Return the time in seconds."""
        if isinstance(value, str):
            found = re.fullmatch(r"(?:(\d{1,6}):)?(?:(\d{1,6}):)?(\d{1,9}(?:\.\d*)?)", value.strip())
            hours, minutes, rest = (found[1], found[2], found[3]) if found else (None, None, "")
            if found and minutes is None:
                hours, minutes = None, hours
            late = minutes is not None and (float(rest) >= 60 or (hours is not None and int(minutes) >= 60))
            if found is None or late:
                raise self._refuse(value, "is not a time")
            value = 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(rest)
        return super().check(value)


class TrackOption(Option):
    """A sound track of a video. The file decides whether it has it."""

    @property
    def range(self) -> str:
        """The two forms."""
        return "a number from 1 on, or a language such as eng"

    def check(self, value: Any) -> int | str:
        """Return the number as an int, or the language."""
        number = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            value, number = int(value[:9]), True
        if number:
            if value < 1:
                raise self._refuse(value, "is not a sound track")
            return int(value)
        if not isinstance(value, str) or re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9-]{1,20})?", value) is None:
            raise self._refuse(value, "is not a sound track")
        return value


class FractionOption(Option):
    """A number above 0 that is kept as a fraction, such as a frame rate."""

    @property
    def range(self) -> str:
        """Always "above 0"."""
        return "above 0"

    def check(self, value: Any) -> Fraction:
        """Return the fraction; a float becomes the nearest one whose denominator is at most MOST_PARTS."""
        NumberOption(self.name, low=0, above_low=True).check(value)
        if isinstance(value, numbers.Rational):
            return Fraction(int(value.numerator), int(value.denominator))
        return Fraction(float(value)).limit_denominator(MOST_PARTS)


class FrameRateOption(FractionOption):
    """Frames a second as a number or as text, such as 25, 29.97 or 30000/1001."""

    @property
    def range(self) -> str:
        """Three examples."""
        return "a number above 0, such as 25, 29.97 or 30000/1001"

    def check(self, value: Any) -> Fraction:
        """Return the rate as a fraction; a decimal near one of NTSC's rates becomes that rate."""
        exact = isinstance(value, numbers.Rational) or (isinstance(value, str) and "/" in value)
        if isinstance(value, str):
            try:
                value = Fraction(value)
            except (ValueError, ZeroDivisionError):
                raise self._refuse(value, "is not a frame rate") from None
        rate = super().check(value)
        near = next((known for known in _NTSC_RATES if abs(float(rate - known)) < 0.005), None)
        return rate if exact or near is None else near


class SampleRateOption(Option):
    """Samples a second of decoded speech: one of two words, or a number."""

    @property
    def range(self) -> str:
        """The words, and the range of numbers."""
        return f"source, codec, or {limits.MIN_AUDIO_RATE} to {limits.MAX_AUDIO_RATE} Hz"

    def check(self, value: Any) -> int | str:
        """Return the word, or the number as an int."""
        if isinstance(value, str) and value in ("source", "codec"):
            return str(value)
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise self._refuse(value, "is not a sampling rate")
        rate = int(value)
        if not limits.MIN_AUDIO_RATE <= rate <= limits.MAX_AUDIO_RATE:
            raise self._refuse(rate, "is out of range")
        return rate


class CropOption(Option):
    """A rectangle of pixels. The picture decides whether it holds it."""

    @property
    def range(self) -> str:
        """The four numbers."""
        return "x, y, width and height in whole pixels"

    def check(self, value: Any) -> tuple[int, int, int, int]:
        """Return the four numbers as ints."""
        wrong = self._refuse(value, "is not a rectangle")
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence) or len(value) != 4:
            raise wrong
        if any(isinstance(part, bool) or not isinstance(part, numbers.Integral) for part in value):
            raise wrong
        x, y, width, height = map(int, value)
        return x, y, width, height


class ColourOption(Option):
    """A colour, as text or as numbers."""

    @property
    def range(self) -> str:
        """Three examples."""
        return "a colour such as white, #ff8000 or (255, 128, 0)"

    def check(self, value: Any) -> tuple[int, int, int]:
        """Return red, green and blue, 0 to 255; names are those of CSS."""
        wrong = self._refuse(value, "is not a colour")
        if isinstance(value, str):
            from PIL import ImageColor

            try:
                value = ImageColor.getrgb(value)
            except ValueError:
                raise wrong from None
        if not isinstance(value, Sequence) or len(value) != 3:
            raise wrong
        if any(isinstance(part, bool) or not isinstance(part, numbers.Integral) for part in value):
            raise wrong
        red, green, blue = map(int, value)
        if not all(0 <= part <= 255 for part in (red, green, blue)):
            raise wrong
        return red, green, blue


class SizeOption(NumberOption):
    """A number of bytes, as a number or as text with a unit."""

    def check(self, value: Any) -> Any:
        """Return the number. Text such as `100k`, `1.5MB` or `2MiB` is read: powers of 1000, with an i of 1024."""
        if isinstance(value, str):
            found = re.fullmatch(r"\s*(\d{1,30}(?:\.\d{0,30})?)\s*(?:([kmgt])(i?))?b?\s*", value, re.IGNORECASE)
            if found is None:
                raise self._refuse(value, "is not a size such as 5000, 100k or 1.5MB")
            step = 1024 if found[3] else 1000
            value = int(Fraction(found[1]) * step ** (" kmgt".index((found[2] or " ").lower())))
        return super().check(value)


class NamesOption(Option):
    """Two names, either of which may be left out."""

    @property
    def range(self) -> str:
        """Always "two of text or None"."""
        return "two of text or None"

    def check(self, value: Any) -> tuple[str | None, str | None]:
        """Return the two."""
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise self._refuse(value, "is not two names")
        if any(name is not None and not isinstance(name, str) for name in value):
            raise self._refuse(value, "is not two names")
        return value[0], value[1]
