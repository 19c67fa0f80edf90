"""The section of a video: rate and PSNR by frame, clips side by side, and how each frame is predicted."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import numpy as np

from vqcodec import api
from vqcodec.api.video_input import opened
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import beside, chosen_codebook
from vqcodec.container import load_media
from vqcodec.container.wrapping import codebook_of
from vqcodec.files.endpoints import Source, naming, read_all
from vqcodec.files.temporary import temporary_folder
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.progress import part_of_work
from vqcodec.report_page.charts import Series, line_chart, rate_chart
from vqcodec.report_page.embedding import data_uri, packed
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
from vqcodec.reports.page import Coding, InputReport
from vqcodec.reports.video import VideoComparison, VideoInfo
from vqcodec.video.engines import FrameBlocks
from vqcodec.video.files import read_video
from vqcodec.video.inspection import inspect_video
from vqcodec.video.io.formats import FORMATS
from vqcodec.video.io.output import VideoWriting

QUALITIES = (30.0, 50.0, 70.0)
MOST_FRAMES = 250
"""Frames of an original that are encoded, and of a coded file that are shown."""

_CLIP = ".mp4"
_EXACT_DB = 100.0  # what a plane without error counts as


@dataclass
class _Coded:
    """A coding of a video.

    Attributes:
        key: by which the page knows it. setting: of vqcodec.
        data: the file. about: what it says of itself, with the bits of each frame.
        clip: what it decodes to, as MP4.
        frames: the blocks of each frame shown; empty if the engine does not tell.
        measured: how far it is from the original; None without one.
    """

    key: str
    setting: str
    data: bytes
    about: VideoInfo
    clip: bytes
    frames: list[FrameBlocks]
    codebook: Codebook
    measured: VideoComparison | None = None

    @property
    def label(self) -> str:
        return f"vqcodec, {self.setting}"


def video_section(subject: Subject, options: PageOptions, progress: Progress) -> tuple[Section, InputReport]:
    """Return the section of a video, and what it shows.

    Args:
        progress: called with the part of the work that is done.

    Raises:
        VQCodecError: the video or its original cannot be read.
    """
    original = subject.reference if subject.coded else subject.source
    original_name = subject.reference_name if subject.coded else subject.name
    if original is not None and hasattr(original, "read"):
        original = read_all(original, original_name)
    codings: list[_Coded] = []
    if subject.coded:
        data = read_all(subject.source, subject.name)
        with naming(subject.name), beside(subject.source):
            codings.append(_coding("file", "the file", data, options))
    else:
        qualities = options.qualities or QUALITIES
        for number, quality in enumerate(qualities):
            made = api.encode(
                cast(Source, original),
                name=subject.name,
                medium="video",
                frames=f"0:{MOST_FRAMES}",
                strip_metadata=True,
                progress=part_of_work(progress, 0.8 * number / len(qualities), 0.8 * (number + 1) / len(qualities)),
                **options.encoding(quality),
            )
            assert made.data is not None
            codings.append(_coding(f"q{quality:g}", of_setting(quality), made.data, options))
    for coded in codings:
        if original is not None:
            coded.measured = cast(
                VideoComparison,
                api.compare(
                    original,
                    coded.data,
                    codebook=coded.codebook,
                    threads=options.threads,
                    names=(original_name, subject.name),
                ),
            )
    progress(0.95)
    clip = None if original is None else _clip_of(original, original_name, codings[0].about)
    section = _section(subject, codings, clip)
    report = InputReport(subject.name, "video", subject.coded, tuple(map(_reported, codings)), tuple(section.notes))
    progress(1.0)
    return section, report


def _coding(key: str, setting: str, data: bytes, options: PageOptions) -> _Coded:
    """Return a file of vqcodec's as a coding."""
    given = chosen_codebook(options.codebook)
    book = codebook_of(load_media(data, codebook=given), given)
    about = cast(VideoInfo, api.info(data, bits=True, codebook=book))
    with temporary_folder(setting) as folder:
        path = os.path.join(folder, "clip" + _CLIP)
        api.decode(data, path, frames=f"0:{min(MOST_FRAMES, about.frames)}", codebook=book, threads=options.threads)
        clip = read_all(path, setting)
    frames = list(islice(inspect_video(read_video(io.BytesIO(data)), book), MOST_FRAMES))
    return _Coded(key, setting, data, about, clip, frames, book)


def _clip_of(original: Source, name: str, about: VideoInfo) -> bytes | None:
    """Return the shown frames of an original as MP4; None if its rate varies."""
    with (
        naming(name),
        opened(original, name, EncodeOptions(audio=False)) as (source, _),
        temporary_folder(name) as folder,
    ):
        if source.format.time_base is not None:
            return None
        length = min(MOST_FRAMES, about.frames)
        path = os.path.join(folder, "clip" + _CLIP)
        VideoWriting(source.format, FORMATS[_CLIP], 0, length).write(path, islice(source.frames(), length))
        return read_all(path, name)


def _reported(coded: _Coded) -> Coding:
    scores: dict[str, float | None] = {}
    if coded.measured is not None:
        names = ("psnr_y_db", "psnr_u_db", "psnr_v_db", "psnr_611_db", "ssim_y", "ssim_611")
        scores = {name: getattr(coded.measured.mean, name) for name in names}
    return Coding("vqcodec", coded.setting, len(coded.data), coded.about.kbps, scores)


def _section(subject: Subject, codings: Sequence[_Coded], clip: bytes | None) -> Section:
    about = codings[0].about
    notes = []
    if about.frames >= MOST_FRAMES and not subject.coded:
        notes.append(f"the first {MOST_FRAMES} frames are coded and shown")
    elif about.frames > MOST_FRAMES:
        notes.append(f"the first {MOST_FRAMES} frames are shown; all figures are of the whole video")
    measured = codings[0].measured
    if clip is None and measured is not None:
        notes.append("the original is not played, because its frame rate varies")
    books = {coded.codebook.identity: coded.codebook for coded in codings}
    facts = [
        ("Size", f"{about.width} × {about.height}"),
        ("Frames", f"{about.frames} at {about.frame_rate} a second"),
        ("Groups", str(about.groups)),
        *(("Engine", book.engine) for book in books.values()),
        *(("Codebook", book.name) for book in books.values()),
    ]
    if subject.coded:
        facts.append(("Original", subject.reference_name or "not given: what is lost is not known"))
    middle = codings[len(codings) // 2]
    bits = middle.about.bits or {}
    shown = min(MOST_FRAMES, about.frames)
    return Section(
        kind="video",
        anchor=subject.anchor,
        title=subject.name,
        facts=facts,
        table=_table(codings),
        charts=_charts(subject.anchor, codings),
        parts=Parts.from_bits(f"{middle.label}, {len(middle.data):,} bytes", bits) if bits else None,
        data={
            "width": about.width,
            "height": about.height,
            "rate": shown / (about.duration_s * shown / about.frames),
            "frames": shown,
            "chosen": middle.key,
            "original": None if clip is None else data_uri(clip, "video/mp4"),
            "codings": [
                {
                    "key": coded.key,
                    "label": coded.label,
                    "uri": data_uri(coded.clip, "video/mp4"),
                    "kinds": [frame.kind for frame in coded.about.frame_bits or ()][:shown],
                    "bits": [sum(frame.bits.values()) for frame in coded.about.frame_bits or ()][:shown],
                    "blocks": [_packed_frame(frame) for frame in coded.frames],
                }
                for coded in codings
            ],
        },
        codebooks=list(books.values()),
        notes=notes,
    )


def _packed_frame(frame: FrameBlocks) -> dict[str, Any]:
    """Return the blocks of a frame as the script reads them: places in units of four samples, vectors in quarters."""
    logs = [np.round(np.log2(side)).astype(np.int64) for side in (frame.height, frame.width)]
    found: dict[str, Any] = {
        "names": list(frame.names),
        "top": packed(frame.top // 4, "<u2"),
        "left": packed(frame.left // 4, "<u2"),
        "size": packed(logs[0] << 4 | logs[1], "u1"),
        "how": packed(frame.how, "u1"),
    }
    if frame.towards.any():
        found["motion"] = packed(np.round(4 * frame.motion), "<i2")
        found["towards"] = packed(frame.towards, "i1")
    return found


def _table(codings: Sequence[_Coded]) -> Table:
    measured = codings[0].measured is not None
    heads = ["Coding", "Bytes", "kbit/s", *(["Y, dB", "U, dB", "V, dB", "6:1:1, dB", "SSIM of Y"] if measured else [])]
    rows = []
    for coded in codings:
        cells = [f"{len(coded.data):,}", f"{coded.about.kbps:.1f}"]
        if coded.measured is not None:
            mean = coded.measured.mean
            cells += [decibels(value) for value in (mean.psnr_y_db, mean.psnr_u_db, mean.psnr_v_db, mean.psnr_611_db)]
            cells.append(f"{mean.ssim_y:.4f}")
        rows.append(Row(coded.label, cells))
    return Table(heads, rows)


def _charts(anchor: str, codings: Sequence[_Coded]) -> list[dict[str, Any]]:
    """Return the bits of each frame, its PSNR, and the curve of rate and PSNR."""
    bits = [
        Series(
            coded.label,
            list(range(len(coded.about.frame_bits or ()))),
            [sum(frame.bits.values()) / 1000 for frame in coded.about.frame_bits or ()],
            [f"{coded.label}, frame of kind {frame.kind}" for frame in coded.about.frame_bits or ()],
        )
        for coded in codings
    ]
    found = [line_chart(f"{anchor}-bits", "Bits of each frame.", bits, ("frame", "kbit"), scale="log")]
    if any(coded.measured is None for coded in codings):
        return found
    by_frame = [(coded, coded.measured.by_frame if coded.measured else ()) for coded in codings]
    quality = [
        Series(
            coded.label,
            list(range(len(frames))),
            [min(_EXACT_DB, frame.psnr_611_db) for frame in frames],
            [
                f"{coded.label}: Y {frame.psnr_y_db:.2f}, U {frame.psnr_u_db:.2f}, V {frame.psnr_v_db:.2f} dB"
                for frame in frames
            ],
        )
        for coded, frames in by_frame
    ]
    found.append(line_chart(f"{anchor}-psnr", "PSNR of each frame, (6 Y + U + V) / 8.", quality, ("frame", "PSNR, dB")))
    if len(codings) > 1:
        curve = Series(
            "vqcodec",
            [coded.about.kbps for coded in codings],
            [coded.measured.mean.psnr_611_db if coded.measured else 0.0 for coded in codings],
            [coded.label for coded in codings],
            own=True,
        )
        caption = "Mean PSNR over the rate of the whole file."
        found.append(rate_chart(f"{anchor}-curve", caption, [curve], ("kbit/s", "PSNR, dB")))
    return found
