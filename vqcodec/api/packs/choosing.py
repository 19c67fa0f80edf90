"""The codebook of the pictures of a pack: a shipped one, or one trained for them if that pays, everything counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from vqcodec.api.packs.coding import MOST_PSNR_DB, Coding, NamedFile, coded_files
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import list_codebooks, shipped_folder, shipped_parent
from vqcodec.container import CodebookReference
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import name_of
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.media.registry import engines, find_engine

SAMPLE = 24
"""Pictures that codebooks are compared on."""
LEAST_SAVING = 0.08
"""Share of the coded bytes that a codebook without a memory may be expected to save: training begins only if this
would pay for the codebook."""
LEAST_MEMORY_SAVING = 0.2
"""The same of a codebook with a memory, where the engine can train one: it takes no more than it pays for."""
_WORTH_TRAINING = 50_000  # bytes; what saves less is not worth the minutes that training takes
_QUALITIES = (-8.0, 8.0)  # around the quality that is asked for
_TARGETS = (45.0, 65.0)  # qualities to compare at if a PSNR is asked for
_MEMORY = "memory_bytes"


@dataclass(frozen=True)
class Wish:
    """What is asked for the codebook of a pack.

    Attributes:
        train: True to train one in any case, False never to; None to train one if that pays.
        memory_bytes: most bytes of its memory; None for what pays.
        options: of training, by name.
    """

    train: bool | None = None
    memory_bytes: int | None = None
    options: Mapping[str, Any] | None = None


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
) -> Coding:
    """Return the coding with the codebook for the pictures among some files.

    Args:
        files: the pictures.
        coding: what is asked for, without a codebook for pictures.
        notice: called with a line on what was chosen, and why.

    Raises:
        UsageError: training is asked for, and an option of it is not known.
        VQCodecError: a picture cannot be read.
    """
    sample = [files[number * len(files) // min(SAMPLE, len(files))] for number in range(min(SAMPLE, len(files)))]
    asked = coding.options.get("quality", 75.0)
    qualities = _TARGETS if "target_psnr" in coding.options else [_within(asked + shift) for shift in _QUALITIES]
    plain = {key: value for key, value in coding.options.items() if key not in ("target_psnr", "target_size")}
    shipped = _shipped()
    points = {book: _curve(sample, replace(coding, options=plain), book, qualities) for book in shipped}
    common = float(np.mean([psnr for curve in points.values() for psnr, _ in curve]))
    best = min((_Trial(book, _at(points[book], common)) for book in shipped), key=lambda trial: trial.bytes)
    chosen = replace(coding, codebooks={**coding.codebooks, "image": best.codebook})
    if not all(isinstance(file.source, (str, os.PathLike)) for file in files):
        if wish.train:
            raise UsageError("a codebook is trained on pictures in files only; leave out train")
        return chosen
    if not _may_pay(best.bytes * len(files), best.codebook, wish):
        return chosen
    own = _trained(files, best.codebook, asked, coding.threads, wish, part_of_work(progress, 0.0, 1.0), notice)
    reference = CodebookReference.embedding(own, shipped_parent(own))
    size = len(reference.embedded or b"")
    saved = (best.bytes - _at(_curve(sample, replace(coding, options=plain), own, qualities), common)) * len(files)
    notice(
        f"a codebook trained on these {len(files):,} pictures saves about {saved:,.0f} bytes of"
        f" {best.bytes * len(files):,.0f} and takes {size:,}"
        + ("" if saved > size or wish.train else f"; {best.codebook.name} is used instead")
    )
    if saved <= size and not wish.train:
        return chosen
    return replace(
        coding,
        codebooks={**coding.codebooks, "image": own},
        embedded={**coding.embedded, own.digest: reference},
    )


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


def _may_pay(coded_bytes: float, parent: Codebook, wish: Wish) -> bool:
    if wish.train is not None:
        return wish.train
    if _remembers():
        return LEAST_MEMORY_SAVING * coded_bytes > _WORTH_TRAINING
    return LEAST_SAVING * coded_bytes > len(parent.to_bytes()) / 2


def _remembers() -> bool:
    """Whether codebooks of the default engine of pictures can be trained with a memory."""
    return any(option.name == _MEMORY for option in engines("image")[0].training_options)


def _trained(
    files: Sequence[NamedFile],
    parent: Codebook,
    quality: float,
    threads: int | None,
    wish: Wish,
    progress: Progress | None,
    notice: Callable[[str], object],
) -> Codebook:
    """Return a codebook trained on the pictures themselves, from a shipped one."""
    from vqcodec.api.training import train_codebook

    engine = find_engine(parent.engine)
    assert engine is not None
    known = {option.name for option in engine.training_options}
    options: dict[str, Any] = {"parent": parent.name, **(wish.options or {})}
    if wish.memory_bytes is not None:
        if _MEMORY not in known:
            raise UsageError(f"engine {engine.name} trains no memory; leave out memory_bytes")
        options[_MEMORY] = wish.memory_bytes
    if "for_" in known:
        options.setdefault("for_", len(files))
    if "quality" in known:
        options.setdefault("quality", quality)
    return train_codebook(
        [name_of(file.source) for file in files],
        medium="image",
        engine=engine.short_name,
        name="pack",
        threads=threads,
        progress=None if progress is None else lambda _what, done: progress(done),
        notice=notice,
        **options,
    )
