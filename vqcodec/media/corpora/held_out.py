"""What a trained codebook brings on files that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from vqcodec.carriers.carrier import Carrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError, VQCodecError
from vqcodec.media.corpora.files import FileCorpus, Point
from vqcodec.media.engine import Engine
from vqcodec.metrics.bjontegaard import bd_quality, bd_rate

Curve = Sequence[Point]


class _Gain(NamedTuple):
    """What of the rate a codebook saves at equal quality, and decibels that it gains at equal rate; None if unknown."""

    saved_share: float | None = None
    gain_db: float | None = None


class _Coding(NamedTuple):
    """How held-out files are coded: what `FileCorpus.points` takes, with the codebook to compare with."""

    engine: Engine
    codebook: Codebook
    before: Codebook | None
    options: Mapping[str, Any]


def held_out_record(
    count: int,
    saved_share: float | None,
    *,
    measure: str,
    compared_with: str | None,
    gain_db: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return what a report says of files that were held out, as docs/json.md describes it.

    Args:
        count: of the files.
        saved_share: share of the bytes that is saved at equal quality; gain_db: decibels won at equal rate.
        measure: of the quality. compared_with: the codebook that the other figures are of.
        more: other keys.
    """
    return {
        "count": count,
        "measure": measure,
        "compared_with": compared_with,
        "saved_share": None if saved_share is None else round(saved_share, 4),
        "gain_db": None if gain_db is None else round(gain_db, 3),
        **more,
    }


def measured(
    files: FileCorpus[Any],
    carrier: Carrier,
    engine: Engine,
    codebook: Codebook,
    options: Mapping[str, Any],
    before: Codebook | None,
) -> dict[str, Any]:
    """Code files that were held out with a codebook and with one to compare it with; return the record.

    Bytes are added up over the files, and decibels averaged. A file that a codebook cannot code does not count.

    Args:
        files: they. carrier: brings them to where they are coded.
        options: of the training, checked.
        before: None if there is nothing to compare with.
    """
    parts = [replace(files, places=(place,)) for place in files.places]
    coding = _Coding(engine, codebook, before, options)
    after_all: list[Curve] = []
    before_all: list[Curve] = []
    failed = []
    for place, found in zip(files.places, carrier.map(_curves, parts, coding)):
        if isinstance(found, str):
            failed.append({"file": str(place), "reason": found})
            continue
        after_all.append(found[0])
        before_all += found[1:]
    after, earlier = _together(after_all), _together(before_all)
    gain = _gain(after, earlier)
    return held_out_record(
        len(after_all),
        gain.saved_share,
        measure=files.MEASURE,
        compared_with=None if before is None else before.name,
        gain_db=gain.gain_db,
        files=[str(place) for place in files.places],
        not_measured=failed,
        before=[point._asdict() for point in earlier],
        after=[point._asdict() for point in after],
    )


def _curves(files: FileCorpus[Any], coding: _Coding) -> str | tuple[Curve, ...]:
    """Return the points of one file with each codebook; why it has none if it cannot be coded."""
    (place,) = files.places
    books = [coding.codebook] if coding.before is None else [coding.codebook, coding.before]
    try:
        medium = files.medium_at(place)
        return tuple([*files.points(medium, coding.engine, book, coding.options)] for book in books)
    except VQCodecError as error:
        return str(error)


def _together(curves: Sequence[Curve]) -> list[Point]:
    """Return the sums of the bytes and the means of the decibels of some files, at each quality."""
    return [
        Point(sum(point.bytes for point in points), math.fsum(point.decibels for point in points) / len(points))
        for points in zip(*curves, strict=True)
    ]


def _gain(after: Curve, before: Curve) -> _Gain:
    """Return what one curve brings over another; of curves of a single point, decibels if the bytes are equal."""
    if not after or not before:
        return _Gain()
    if len(after) == 1:
        equal = after[0].bytes == before[0].bytes
        return _Gain(None, after[0].decibels - before[0].decibels if equal else None)
    try:
        curves = (*zip(*after), *zip(*before))
        percent, decibels = bd_rate(*curves), bd_quality(*curves)
    except UsageError:  # no two points of a curve differ
        return _Gain()
    return _Gain(*(None if math.isnan(value) else value for value in (-percent / 100, decibels)))
