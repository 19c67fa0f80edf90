"""Encoded pictures, and those of a wanted fidelity or size: several encodings, in several ways, find the quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.media.reaching import PSNR_DB, SSIMULACRA2, Tolerance, reach_fidelity, reach_size
from vqcodec.media.target import Target
from vqcodec.metrics.ssimulacra2 import check_measurable, ssimulacra2_seen

_UNUSED = 0.01  # part of a target size that may be left


@dataclass(frozen=True)
class EncodedPicture:
    """An encoded picture.

    Attributes:
        data: the `.vqc` file.
        psnr_db: PSNR over all colour samples of what the decoder will give; with transparency, of what is seen of them
            (see `vqcodec.metrics.psnr_seen`).
        ssimulacra2: the same by SSIMULACRA2; None if it was not asked for.
        reconstruction: uint8 (height, width, channels), what the decoder will give.
        codebook: that it was coded with.
        parameters: what was chosen: quality, effort.
        bits_by_part: where the file's bits went; they sum to 8 times its size.
        notes: choices that the user may want to change, one clause each.
    """

    data: bytes
    psnr_db: float
    reconstruction: np.ndarray
    codebook: Codebook
    parameters: dict[str, object] = field(default_factory=dict)
    bits_by_part: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ssimulacra2: float | None = None


Encode = Callable[[Mapping[str, Any], float], EncodedPicture]
"""Encodes with the options of an engine at a quality."""

Ways = Callable[[float], Sequence[Mapping[str, Any]]]
"""Returns the options with which a PSNR may be reached in the fewest bytes."""


class Passes:
    """The progress of several encodings, nobody knows how many: each is a quarter of what is left.

    Args:
        progress: what is told, or None.
        several: False if there is one encoding.
    """

    def __init__(self, progress: Progress | None, *, several: bool) -> None:
        self._progress = progress
        self._share = 0.25 if several else 1.0
        self._done = 0.0

    def of_next(self) -> Progress | None:
        """Return the progress of the next encoding."""
        start = self._done
        self._done += self._share * (1 - start)
        return part_of_work(self._progress, start, self._done)


def encode_for(
    target: Target, encode: Encode, options: Mapping[str, Any], ways: Ways, original: np.ndarray
) -> tuple[float, EncodedPicture]:
    """Return the picture that keeps a target other than a quality, and its quality.

    Args:
        options: of the engine, as asked for.
        ways: of the engine.
        original: uint8 (height, width, channels).

    Raises:
        UsageError: the target cannot be reached, or what measures it is not installed.
    """
    if target.size is not None:
        return _reach_size(encode, options, ways, target)
    if target.psnr is not None:
        return _reach_fidelity(encode, ways(target.psnr), lambda encoded: encoded.psnr_db, target, target.psnr, PSNR_DB)

    check_measurable(original)

    def measured(way: Mapping[str, Any], quality: float) -> EncodedPicture:
        encoded = encode(way, quality)
        return replace(encoded, ssimulacra2=ssimulacra2_seen(original, encoded.reconstruction))

    asked = target.ssimulacra2 or 0.0
    return _reach_fidelity(measured, [options], lambda encoded: encoded.ssimulacra2 or 0.0, target, asked, SSIMULACRA2)


def _reach_fidelity(
    encode: Encode,
    ways: Sequence[Mapping[str, Any]],
    fidelity_of: Callable[[EncodedPicture], float],
    target: Target,
    asked: float,
    tolerance: Tolerance,
) -> tuple[float, EncodedPicture]:
    """Return the quality and the smallest picture that reaches a fidelity in one of several ways.

    Raises:
        UsageError: none reaches it.
    """
    found = [(*reach_fidelity(partial(encode, way), fidelity_of, asked, tolerance), way) for way in ways]
    reached = [one for one in found if fidelity_of(one[1]) >= asked - tolerance.shortfall]
    if reached:
        quality, picture, way = min(reached, key=lambda one: len(one[1].data))
    else:
        quality, picture, way = max(found, key=lambda one: fidelity_of(one[1]))
    means = "".join(f" with {name.replace('_', ' ')} {value}" for name, value in way.items())
    has = fidelity_of(picture)
    judged = target.judge(has, "the picture", quality=quality, by=means, tolerance=tolerance.shortfall)
    picture.notes.extend(judged)
    return quality, picture


def _reach_size(encode: Encode, options: Mapping[str, Any], ways: Ways, target: Target) -> tuple[float, EncodedPicture]:
    """Return the quality and the best picture of at most the target's size.

    Where the sizes jump over much of the target, because the engine's own choice changes with the quality, the ways are
    tried one by one.

    Raises:
        UsageError: even the smallest is larger.
    """
    most = target.size or 0

    def reach(way: Mapping[str, Any]) -> tuple[float, EncodedPicture]:
        return reach_size(partial(encode, way), lambda encoded: len(encoded.data), most)

    found = [reach(options)]
    quality, picture = found[0]
    if len(picture.data) > most or (quality < 100 and len(picture.data) < (1 - _UNUSED) * most):
        found += [reach(way) for way in ways(picture.psnr_db) if way != options]
    fitting = [one for one in found if len(one[1].data) <= most]
    if fitting:
        quality, picture = max(fitting, key=lambda one: one[1].psnr_db)
    else:
        quality, picture = min(found, key=lambda one: len(one[1].data))
    picture.notes.extend(target.judge(len(picture.data), "the picture", quality=quality))
    return quality, picture
