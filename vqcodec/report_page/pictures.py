"""The section of a picture: rate and distortion beside other codecs, what is seen of it, where the bits went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec import api
from vqcodec.api.comparison.image import measure
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import beside, chosen_codebook
from vqcodec.container import load_media
from vqcodec.container.wrapping import codebook_of
from vqcodec.files.endpoints import naming, read_all
from vqcodec.image.codec import count_bits, decode_picture
from vqcodec.image.engines import PlaneBlocks
from vqcodec.image.inspection import inspect_picture
from vqcodec.image.pixels import Picture, read_picture
from vqcodec.report_page.charts import Series, rate_chart
from vqcodec.report_page.embedding import data_uri, packed, picture_uri, reduction
from vqcodec.report_page.peers import Peer, peers_for
from vqcodec.report_page.sections import (
    PageOptions,
    Parts,
    Progress,
    Row,
    Section,
    Subject,
    Table,
    decibels,
    of_setting,
)
from vqcodec.reports.image import Comparison
from vqcodec.reports.page import Coding, InputReport

QUALITIES = (10.0, 30.0, 50.0, 70.0, 85.0)
MOST_BLOCKS = 250_000
"""Blocks of a coding that a page holds at most."""


@dataclass
class _Coded:
    """A coding of a picture.

    Attributes:
        key: by which the page knows it. codec, setting: what made it.
        data: the file. samples: what it decodes to.
        measured: how far that is from the original; None without one.
        planes: its blocks; None if its codec does not tell.
        codebook: that of vqcodec's codings.
        mime: what browsers call the file, if they show it as it is.
    """

    key: str
    codec: str
    setting: str
    data: bytes
    samples: NDArray[np.uint8]
    measured: Comparison | None = None
    planes: list[PlaneBlocks] | None = None
    codebook: Codebook | None = None
    bits: Mapping[str, int] = field(default_factory=dict)
    mime: str = ""

    @property
    def label(self) -> str:
        return f"{self.codec}, {self.setting}" if self.setting else self.codec

    @property
    def own(self) -> bool:
        return self.codec == "vqcodec"

    @property
    def rate(self) -> float:
        """Bits per pixel."""
        return len(self.data) * 8 / (self.samples.shape[0] * self.samples.shape[1])


def picture_section(subject: Subject, options: PageOptions, progress: Progress) -> tuple[Section, InputReport]:
    """Return the section of a picture, and what it shows.

    Args:
        progress: called with the part of the work that is done.

    Raises:
        VQCodecError: the picture or its original cannot be read, or their sizes differ.
    """
    notes: list[str] = []
    if subject.coded:
        own = [_as_it_is(subject, options)]
        original = None if subject.reference is None else _read(subject.reference, subject.reference_name)
        if original is not None:
            own[0].measured = _measured(original, own[0], subject.reference_name)
    else:
        original = _read(subject.source, subject.name)
        notes += original.notes
        own = _encoded(subject, original, options, lambda done: progress(0.6 * done))
    curves: list[list[_Coded]] = []
    if original is not None and options.peers:
        peers, said = peers_for(original.channels)
        notes += said
        for number, peer in enumerate(peers):
            curves.append(_of_peer(peer, original))
            progress(0.6 + 0.35 * (number + 1) / len(peers))
    middle = own[len(own) // 2]
    shown = [*own, *(_nearest(curve, middle) for curve in curves)]
    section = _section(subject, original, own, curves, shown, notes)
    codings = tuple(_coding(one) for curve in (own, *curves) for one in curve)
    report = InputReport(subject.name, "image", subject.coded, codings, tuple(section.notes))
    progress(1.0)
    return section, report


def _read(source: Any, name: str) -> Picture:
    return read_picture(read_all(source, name), name)


def _as_it_is(subject: Subject, options: PageOptions) -> _Coded:
    """Return a `.vqc` file as a coding."""
    data = read_all(subject.source, subject.name)
    with naming(subject.name), beside(subject.source):
        found = _own("file", "the file", data, options)
        found.bits = count_bits(data, codebook=found.codebook)
    return found


def _encoded(subject: Subject, original: Picture, options: PageOptions, progress: Progress) -> list[_Coded]:
    """Return the codings of an original at the qualities of the page."""
    found = []
    qualities = options.qualities or QUALITIES
    data = read_all(subject.source, subject.name)
    for number, quality in enumerate(qualities):
        made = api.encode(data, name=subject.name, medium="image", strip_metadata=True, **options.encoding(quality))
        assert made.data is not None
        with naming(subject.name):
            one = _own(f"q{quality:g}", of_setting(quality), made.data, options)
        one.bits, one.measured = made.bits, _measured(original, one, subject.name)
        found.append(one)
        progress((number + 1) / len(qualities))
    return found


def _own(key: str, setting: str, data: bytes, options: PageOptions) -> _Coded:
    """Return a file of vqcodec's as a coding."""
    given = chosen_codebook(options.codebook)
    book = codebook_of(load_media(data, codebook=given), given)
    samples = decode_picture(data, codebook=book, threads=options.threads).samples
    return _Coded(key, "vqcodec", setting, data, samples, planes=inspect_picture(data, book), codebook=book)


def _of_peer(peer: Peer, original: Picture) -> list[_Coded]:
    """Return the codings by another codec, from the smallest on."""
    found = []
    for setting in peer.ladder:
        data = peer.encode(original.samples, setting)
        samples = peer.decode(data, original.channels)
        one = _Coded(
            f"{peer.label}-{setting:g}", peer.label, f"{peer.setting} {setting:g}", data, samples, mime=peer.mime
        )
        one.measured = _measured(original, one, "")
        found.append(one)
    return found


def _measured(original: Picture, coded: _Coded, name: str) -> Comparison:
    return measure(original, Picture(coded.samples), name or "the original", coded.label)


def _nearest(curve: Sequence[_Coded], to: _Coded) -> _Coded:
    """Return the coding whose size is nearest, as a ratio."""
    return min(curve, key=lambda one: abs(np.log(len(one.data) / len(to.data))))


def _coding(one: _Coded) -> Coding:
    scores: dict[str, float | None] = {}
    if one.measured is not None:
        scores = {name: getattr(one.measured, name) for name in ("psnr_db", "psnr_611_db", "ssim", "ssim_db")}
    return Coding(one.codec, one.setting, len(one.data), one.rate, scores)


def _section(
    subject: Subject,
    original: Picture | None,
    own: Sequence[_Coded],
    curves: Sequence[Sequence[_Coded]],
    shown: Sequence[_Coded],
    notes: list[str],
) -> Section:
    height, width, channels = own[0].samples.shape
    kinds = {1: "grey", 2: "grey with transparency", 3: "colour", 4: "colour with transparency"}
    facts = [("Size", f"{width} × {height}"), ("Samples", kinds[channels])]
    books = {one.codebook.identity: one.codebook for one in own if one.codebook is not None}
    facts += [("Engine", book.engine) for book in books.values()]
    facts += [("Codebook", book.name) for book in books.values()]
    if subject.coded:
        facts.append(("Original", subject.reference_name or "not given: what is lost is not known"))
    factor = reduction(height, width)
    if factor < 1:
        notes.append(f"shown at {100 * factor:.0f}% of its size, because it is large; all figures are of the whole")
    pictures = (
        [] if original is None else [{"key": "original", "label": "original", "uri": picture_uri(original.samples)}]
    )
    middle = own[len(own) // 2]
    return Section(
        kind="picture",
        anchor=subject.anchor,
        title=subject.name,
        facts=facts,
        table=_table(shown, original is not None),
        charts=_charts(subject.anchor, own, curves) if original is not None else [],
        parts=Parts.from_bits(f"{middle.label}, {len(middle.data):,} bytes", middle.bits) if middle.bits else None,
        data={
            "width": width,
            "height": height,
            "original": original is not None,
            "chosen": middle.key,
            "pictures": [*pictures, *(_for_viewer(one, factor) for one in shown)],
        },
        codebooks=list(books.values()),
        notes=notes,
    )


def _table(shown: Sequence[_Coded], measured: bool) -> Table:
    heads = ["Coding", "Bytes", "Bits per pixel", *(["PSNR, dB", "YCbCr 6:1:1, dB", "SSIM"] if measured else [])]
    rows = []
    for one in shown:
        cells = [f"{len(one.data):,}", f"{one.rate:.3f}"]
        if one.measured is not None:
            cells += [decibels(one.measured.psnr_db), decibels(one.measured.psnr_611_db), f"{one.measured.ssim:.4f}"]
        rows.append(Row(one.label, cells, one.own))
    return Table(heads, rows)


def _charts(anchor: str, own: Sequence[_Coded], curves: Sequence[Sequence[_Coded]]) -> list[dict[str, Any]]:
    """Return the curves of PSNR and of SSIM."""
    lines = [curve for curve in (own, *curves) if curve]
    found = []
    for name, caption, axis in (
        ("psnr_db", "PSNR over the colour samples. Click a name in the legend to hide its curve.", "PSNR, dB"),
        ("ssim_db", "Structural similarity of luma, as -10 log10(1 - SSIM).", "SSIM, dB"),
    ):
        series = [
            Series(
                curve[0].codec,
                [one.rate for one in curve],
                [getattr(one.measured, name) for one in curve],
                [one.label for one in curve],
                curve[0].own,
            )
            for curve in lines
        ]
        found.append(rate_chart(f"{anchor}-{name}", caption, series, ("bits per pixel", axis)))
    return found


def _for_viewer(one: _Coded, factor: float) -> dict[str, Any]:
    """Return what the script needs of a coding: a file that browsers show goes in as it is."""
    as_it_is = bool(one.mime) and factor == 1
    shown: dict[str, Any] = {
        "key": one.key,
        "label": one.label,
        "uri": data_uri(one.data, one.mime) if as_it_is else picture_uri(one.samples),
    }
    if one.planes is not None and sum(len(plane.mode) for plane in one.planes) <= MOST_BLOCKS:
        shown["planes"] = [_packed_plane(plane) for plane in one.planes]
    elif one.planes is not None:
        shown["without"] = f"Its blocks are left out: there are more than {MOST_BLOCKS:,}."
    elif one.own:
        shown["without"] = "The engine of this coding does not tell its blocks."
    else:
        shown["without"] = "Only vqcodec's codings tell their blocks."
    return shown


def _packed_plane(plane: PlaneBlocks) -> dict[str, Any]:
    """Return the blocks of a plane as the script reads them; places are in units of four samples."""
    logs = [np.round(np.log2(side)).astype(np.int64) for side in (plane.height, plane.width)]
    found: dict[str, Any] = {
        "name": plane.name,
        "down": plane.down,
        "across": plane.across,
        "modes": list(plane.modes),
        "top": packed(plane.top // 4, "<u2"),
        "left": packed(plane.left // 4, "<u2"),
        "size": packed(logs[0] << 4 | logs[1], "u1"),
        "mode": packed(plane.mode, "u1"),
        "bits": packed(plane.bits, "<u2"),
        "step": packed(plane.step, "<f4"),
    }
    if (plane.item >= 0).any():
        found["item"] = packed(plane.item, "<i4")
        found["moved"] = packed(np.stack([plane.moved_down, plane.moved_right], axis=1), "<f4")
    return found
