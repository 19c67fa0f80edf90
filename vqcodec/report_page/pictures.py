"""The section of a picture: rate and distortion beside other codecs, what is seen of it, where the bits went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.api.comparison.image import measure
from vqcodec.codebook.codebook import Codebook
from vqcodec.files.endpoints import read_all
from vqcodec.image.codec import count_bits, decode_picture
from vqcodec.image.engines import PlaneBlocks
from vqcodec.image.inspection import inspect_picture
from vqcodec.image.pixels import Picture, read_picture
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.report_page.charts import Series, rate_chart
from vqcodec.report_page.codings import Coded, middle_of, nearest_of, own_codings, section_of
from vqcodec.report_page.embedding import data_uri, packed, picture_uri, reduction
from vqcodec.report_page.peers import Peer, peers_for
from vqcodec.report_page.sections import PageOptions, Row, Section, Subject, Table, decibels
from vqcodec.reports.image import Comparison
from vqcodec.reports.page import Coding

QUALITIES = (10.0, 30.0, 50.0, 70.0, 85.0)
MOST_BLOCKS = 250_000
"""Blocks of a coding that a page holds at most."""


@dataclass
class _Coded(Coded):
    """A coding of a picture.

    Attributes:
        samples: what it decodes to.
        measured: how far that is from the original; None without one.
        planes: its blocks; None if its codec does not tell.
        mime: what browsers call the file, if they show it as it is.
    """

    samples: NDArray[np.uint8]
    measured: Comparison | None = None
    planes: list[PlaneBlocks] | None = None
    mime: str = ""

    @property
    def rate(self) -> float:
        """Bits per pixel."""
        return len(self.data) * 8 / (self.samples.shape[0] * self.samples.shape[1])


def picture_section(subject: Subject, options: PageOptions, progress: Progress) -> tuple[Section, list[Coding]]:
    """Return the section of a picture, and the codings that it shows.

    Args:
        progress: called with the part of the work that is done.

    Raises:
        VQCodecError: the picture or its original cannot be read, or their sizes differ.
    """
    make = partial(_own, threads=options.threads)
    own = own_codings(subject, options, QUALITIES, make, part_of_work(progress, 0.0, 0.6), medium="image")
    original = None
    curves: list[list[_Coded]] = []
    notes: list[str] = []
    if subject.original is not None:
        name = subject.original_name
        original = read_picture(read_all(subject.original, name), name)
        for one in own:
            one.measured = _measured(original, one, name)
        notes += [] if subject.coded else original.notes
        peers, said = peers_for(original.channels) if options.peers else ([], [])
        notes += said
        for number, peer in enumerate(peers):
            curves.append(_of_peer(peer, original, name))
            progress(0.6 + 0.35 * (number + 1) / len(peers))
    section = _section(subject, original, own, curves, notes)
    return section, [_coding(one) for curve in (own, *curves) for one in curve]


def _own(key: str, setting: str, data: bytes, book: Codebook, threads: int | None) -> _Coded:
    """Return a file of vqcodec's as a coding."""
    samples = decode_picture(data, codebook=book, threads=threads).samples
    return _Coded(key, setting, data, book, samples, planes=inspect_picture(data, book))


def _of_peer(peer: Peer, original: Picture, name: str) -> list[_Coded]:
    """Return the codings by another codec, from the smallest on."""
    found = []
    for setting in peer.ladder:
        data = peer.encode(original.samples, setting)
        samples = peer.decode(data, original.channels)
        key, said = f"{peer.label}-{setting:g}", f"{peer.setting} {setting:g}"
        one = _Coded(key, said, data, None, samples, mime=peer.mime, codec=peer.label)
        one.measured = _measured(original, one, name)
        found.append(one)
    return found


def _measured(original: Picture, coded: _Coded, name: str) -> Comparison:
    return measure(original, Picture(coded.samples), name, coded.label)


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
    notes: list[str],
) -> Section:
    height, width, channels = own[0].samples.shape
    kinds = {1: "grey", 2: "grey with transparency", 3: "colour", 4: "colour with transparency"}
    facts = [("Size", f"{width} × {height}"), ("Samples", kinds[channels])]
    factor = reduction(height, width)
    if factor < 1:
        notes.append(f"shown at {100 * factor:.0f}% of its size, because it is large; all figures are of the whole")
    pictures = (
        [] if original is None else [{"key": "original", "label": "original", "uri": picture_uri(original.samples)}]
    )
    middle = middle_of(own)
    shown = [*own, *(nearest_of(curve, middle, lambda one: len(one.data)) for curve in curves)]
    return section_of(
        "picture",
        subject,
        own,
        facts=facts,
        bits=count_bits(middle.data, codebook=middle.codebook),
        table=_table(shown, original is not None),
        charts=_charts(subject.anchor, own, curves) if original is not None else [],
        data={
            "width": width,
            "height": height,
            "original": original is not None,
            "chosen": middle.key,
            "pictures": [*pictures, *(_for_viewer(one, factor) for one in shown)],
        },
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
