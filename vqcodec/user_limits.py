"""Limits that whoever takes files from strangers sets, within those of the format (`vqcodec.limits`).

    from vqcodec import user_limits

    with user_limits.lowered(pixels=20_000_000, seconds=600):
        vqcodec.decode("upload.vqc", "upload.png")

`set_limits` sets them for the whole process, `--limit NAME=VALUE` for a command, and the environment variables
`VQCODEC_MAX_PIXELS`, `VQCODEC_MAX_FRAMES`, `VQCODEC_MAX_SECONDS`, `VQCODEC_MAX_OUTPUT_BYTES`,
`VQCODEC_MAX_CODEBOOK_BYTES` and `VQCODEC_MAX_PIXELS_PER_BYTE` for all processes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields

from vqcodec.errors import LimitError, UsageError
from vqcodec.limits import MAX_CODEBOOK_BYTES, MAX_FRAMES, MAX_PIXELS

FREE_PIXELS = 1 << 24  # that a picture may have in however few bytes


@dataclass(frozen=True)
class Limits:
    """Limits that can be set; each is at least 1. They hold for what is decoded; the first three hold also for what is
    encoded.

    Attributes:
        pixels: of a picture, or of a frame of a video.
        frames: of a video, or of the part of it that is decoded.
        seconds: of a sound or a video, or of the part of it that is decoded.
        output_bytes: of the decoded samples of a file, 8 bits each for pictures and video and 16 bits for sound.
        codebook_bytes: of a codebook, unpacked.
        pixels_per_byte: of a picture for each byte of its data, beyond the first FREE_PIXELS. It holds where the format
            lets a few bytes claim any size (`image/block`); an empty page in other engines has as many. Unlike the
            others it can be raised.
    """

    pixels: float = MAX_PIXELS
    frames: float = MAX_FRAMES
    seconds: float = math.inf
    output_bytes: float = math.inf
    codebook_bytes: float = MAX_CODEBOOK_BYTES
    pixels_per_byte: float = 8192

    def check(self, name: str, value: float, subject: str) -> None:
        """Check a value against the limit of that name.

        Args:
            subject: what has the value, in the error.

        Raises:
            LimitError: it is larger.
        """
        most = getattr(self, name)
        if value > most:
            shown = name.replace("_", " ")
            raise LimitError(
                f"{subject}: {value:.10g} {shown}; the limit set is {most:.10g}. "
                f"Raise it with --limit {name}=N, {_variable(name)} or vqcodec.user_limits"
            )

    def check_data(self, pixels: int, size: int, subject: str) -> None:
        """Check the pixels of a picture against the number of bytes that it is coded in.

        Raises:
            LimitError: they are more than FREE_PIXELS, and the others are more than `pixels_per_byte` allows.
        """
        beyond = f"{subject}, beyond its first {FREE_PIXELS} pixels"
        self.check("pixels_per_byte", pixels_per_byte(pixels, size), beyond)


def pixels_per_byte(pixels: int, size: int) -> float:
    """Return the pixels of a picture beyond FREE_PIXELS for each of the bytes that it is coded in."""
    return (pixels - FREE_PIXELS) / max(size, 1)


NAMES = tuple(field.name for field in fields(Limits))
_HIGHEST = Limits(pixels_per_byte=math.inf)
_process: Limits | None = None  # None until the environment has been read
_lowered: ContextVar[Limits | None] = ContextVar("vqcodec_limits", default=None)


def current() -> Limits:
    """Return the limits that hold here.

    Raises:
        UsageError: an environment variable is not a number of at least 1.
    """
    return _lowered.get() or _of_process()


def set_limits(**lower: float) -> None:
    """Set limits for the whole process, by the names of `Limits`; those not given stay as they are.

    Raises:
        UsageError: a name is unknown, or a value is not a number of at least 1 or is above the limit of the format.
    """
    global _process
    _process = _with(_of_process(), lower)


@contextmanager
def lowered(**lower: float) -> Iterator[Limits]:
    """Set limits within a block, for this thread or task only; arguments and errors as `set_limits`."""
    token = _lowered.set(_with(current(), lower))
    try:
        yield current()
    finally:
        _lowered.reset(token)


def parse_limits(texts: list[str]) -> dict[str, float]:
    """Return limits written as `NAME=VALUE`.

    Raises:
        UsageError: a text does not have this form, or a name is unknown.
    """
    return {name: _number(value, f"--limit {name}") for name, _, value in (text.partition("=") for text in texts)}


def _of_process() -> Limits:
    global _process
    if _process is None:
        given = {name: os.environ.get(_variable(name)) for name in NAMES}
        _process = _with(Limits(), {name: _number(text, _variable(name)) for name, text in given.items() if text})
    return _process


def _with(limits: Limits, lower: dict[str, float]) -> Limits:
    for name, value in lower.items():
        if name not in NAMES:
            raise UsageError(f"there is no limit {name!r}; choose from {', '.join(NAMES)}")
        most = getattr(_HIGHEST, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= most:
            raise UsageError(f"the limit {name} must be a number from 1 to {most:.10g}, not {value!r}")
    return Limits(**(asdict(limits) | lower))


def _number(text: str, source: str) -> float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise UsageError(f"{source} must be a number of at least 1, not {text[:40]!r}") from None


def _variable(name: str) -> str:
    return f"VQCODEC_MAX_{name.upper()}"
