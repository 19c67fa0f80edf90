"""The codebook of the pictures of a pack: a shipped one, or one of their own if that pays, everything counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from vqcodec.api.packs.coding import MOST_PSNR_DB, CodedFile, Coding, NamedFile, coded_files
from vqcodec.api.packs.together import TARGETS, TogetherCoded, can_code_together, code_together, small_enough
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import list_codebooks, shipped_folder
from vqcodec.errors import UsageError
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.media.registry import engines

SAMPLE = 24
"""Pictures that codebooks are compared on."""
_WORTH_TRAINING = 10_000  # bytes; of pictures that take less, nothing that is saved is worth the time
_QUALITIES = (-8.0, 8.0)  # around the quality that is asked for
_TARGETS = (45.0, 65.0)  # qualities to compare at if a PSNR is asked for
_COMPARED = 0.05  # part of the work of choosing until the shipped codebooks are compared


@dataclass(frozen=True)
class Wish:
    """What is asked for the codebook of a pack.

    Attributes:
        train: True to train one in any case, False never to; None to train one if that pays.
        memory_bytes: most bytes of its memory; None for what pays.
    """

    train: bool | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Chosen:
    """How the files of a pack are coded.

    Attributes:
        coding: with the codebook for pictures.
        coded: pictures that are coded already, by name.
    """

    coding: Coding
    coded: Mapping[str, CodedFile] = field(default_factory=dict)


class _Trial(NamedTuple):
    """A codebook, and what the sample takes with it: bytes an item, at the PSNR that codebooks are compared at."""

    codebook: Codebook
    bytes: float


def codebook_for(
    files: Sequence[NamedFile],
    coding: Coding,
    wish: Wish,
    *,
    progress: Progress | None = None,
    notice: Callable[[str], object] = lambda _line: None,
) -> Chosen:
    """Return the coding with the codebook for the pictures among some files, and those that were coded for it.

    Args:
        files: the pictures.
        coding: what is asked for, without a codebook for pictures.
        notice: called with a line on what was chosen, and why.

    Raises:
        UsageError: training is asked for beside a target, or for pictures that cannot be coded together.
        VQCodecError: a picture cannot be read.
    """
    if wish.train and any(name in coding.options for name in TARGETS):
        raise UsageError(
            "a codebook for a pack is trained for one quality of all pictures; leave out the target, or train"
        )
    sample = [files[number * len(files) // min(SAMPLE, len(files))] for number in range(min(SAMPLE, len(files)))]
    asked = coding.options.get("quality", 75.0)
    qualities = _TARGETS if "target_psnr" in coding.options else [_within(asked + shift) for shift in _QUALITIES]
    plain = replace(coding, options={key: value for key, value in coding.options.items() if key not in TARGETS})
    points = {book: _curve(sample, plain, book, qualities) for book in _shipped()}
    common = float(np.mean([psnr for curve in points.values() for psnr, _ in curve]))
    best = min((_Trial(book, _at(curve, common)) for book, curve in points.items()), key=lambda trial: trial.bytes)
    if progress:
        progress(_COMPARED)
    chosen = Chosen(replace(coding, codebooks={**coding.codebooks, "image": best.codebook}))
    if wish.train is False or not can_code_together(best.codebook, coding):
        return chosen
    if wish.train is None and best.bytes * len(files) < _WORTH_TRAINING:
        return chosen
    together = small_enough(files)
    if len(together) < 2:
        if wish.train:
            raise UsageError("there are not two pictures small enough to train a codebook on them; leave out train")
        return chosen
    rest = part_of_work(progress, _COMPARED, 1.0)
    own = code_together(together, best.codebook, coding, wish.memory_bytes, rest)
    usual = _at(points[best.codebook], own.psnr_db) * len(together)
    return _better(chosen, own, usual, wish, notice)


def _better(chosen: Chosen, own: TogetherCoded, usual: float, wish: Wish, notice: Callable[[str], object]) -> Chosen:
    """Return the pictures that were coded together if they take less, or if that is asked for; else `chosen`.

    Args:
        usual: bytes of the pictures with a shipped codebook, at the same PSNR.
    """
    size = len(own.reference.embedded or b"")
    pays = size + own.item_bytes < usual
    name = chosen.coding.codebooks["image"].name
    notice(
        f"{len(own.files):,} pictures coded together take about {size + own.item_bytes:,} bytes,"
        f" {size:,} of them in the codebook, in place of {usual:,.0f}"
        + ("" if pays or wish.train else f"; codebook {name} is used instead")
    )
    if not pays and not wish.train:
        return chosen
    coding = replace(
        chosen.coding,
        codebooks={**chosen.coding.codebooks, "image": own.codebook},
        embedded={**chosen.coding.embedded, own.codebook.digest: own.reference},
    )
    return Chosen(coding, own.files)


def _shipped() -> list[Codebook]:
    """Return the shipped codebooks of the default engine of pictures, its default one first."""
    engine = engines("image")[0]
    found = [entry for entry in list_codebooks() if entry.engine == engine.name]
    shipped = [entry.load() for entry in found if entry.path.parent == shipped_folder()]
    return sorted(shipped, key=lambda book: (book.name != engine.codebook, book.name))


def _within(quality: float) -> float:
    return min(100.0, max(0.0, quality))


def _curve(
    sample: Sequence[NamedFile], coding: Coding, book: Codebook, qualities: Sequence[float]
) -> list[tuple[float, float]]:
    """Return (mean PSNR, mean bytes) of the sample at some qualities."""
    curve = []
    for quality in qualities:
        options = {**coding.options, "quality": quality}
        coded = list(coded_files(sample, replace(coding, codebooks={"image": book}, options=options)))
        psnr = float(np.mean([MOST_PSNR_DB if one.psnr_db is None else one.psnr_db for one in coded]))
        curve.append((psnr, float(np.mean([len(one.item.data) for one in coded]))))
    return curve


def _at(curve: Sequence[tuple[float, float]], psnr: float) -> float:
    """Return the bytes at a PSNR, on the line through two points of PSNR and logarithm of bytes."""
    (low, few), (high, many) = curve
    share = 0.5 if high - low < 1e-6 else (psnr - low) / (high - low)
    return float(np.exp((1 - share) * np.log(few) + share * np.log(many)))
