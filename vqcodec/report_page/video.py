"""The section of a video: rate and PSNR by frame and beside other codecs, clips, and how each frame is predicted."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, cast

import numpy as np

from vqcodec import api
from vqcodec.api.video_input import opened
from vqcodec.codebook.codebook import Codebook
from vqcodec.files.endpoints import naming, read_all
from vqcodec.files.temporary import temporary_folder
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.metrics.squared_error import EXACT_PLANE_DB
from vqcodec.report_page.charts import Series, line_chart, rate_chart
from vqcodec.report_page.codings import Coded, compared, middle_of, own_codings, section_of
from vqcodec.report_page.embedding import data_uri, packed
from vqcodec.report_page.ffmpeg_peers import VIDEO, FfmpegPeer, curves_of, payload_bytes
from vqcodec.report_page.sections import PageOptions, Row, Section, Subject, Table, decibels
from vqcodec.reports.page import Coding
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


@dataclass
class _Measured(Coded):
    """A coding of a video by any codec.

    Attributes:
        kbps: the rate of the whole file.
        picture_kbps: the rate without sound; of other codecs without container, too.
        measured: how far it is from the original; None without one.
    """

    kbps: float
    picture_kbps: float
    measured: VideoComparison | None = field(default=None, kw_only=True)


@dataclass
class _Coded(_Measured):
    """A coding of a video by vqcodec.

    Attributes:
        about: what the file says of itself, with the bits of each frame.
        clip: what it decodes to, as MP4.
        frames: the blocks of each frame shown; empty if the engine does not tell.
    """

    about: VideoInfo
    clip: bytes
    frames: list[FrameBlocks]


def video_section(subject: Subject, options: PageOptions, progress: Progress) -> tuple[Section, list[Coding]]:
    """Return the section of a video, and the codings that it shows.

    Args:
        progress: called with the part of the work that is done.

    Raises:
        VQCodecError: the video or its original cannot be read.
    """
    make = partial(_coding, threads=options.threads)
    coding = part_of_work(progress, 0.0, 0.55)
    codings = own_codings(subject, options, QUALITIES, make, coding, medium="video", frames=f"0:{MOST_FRAMES}")
    for coded in codings:
        coded.measured = cast(VideoComparison | None, compared(subject, coded, options))
    progress(0.6)
    about = codings[0].about
    clip = None
    curves: list[list[_Measured]] = []
    notes: list[str] = []
    if subject.original is not None:
        with temporary_folder(subject.name) as folder:
            clip = _frames_of(subject, about, os.path.join(folder, "clip" + _CLIP))
            if options.peers:
                part = part_of_work(progress, 0.6, 0.95) or progress
                curves, notes = _of_peers(subject, about, folder, part)
    shown = [*codings, *(coded for curve in curves for coded in curve)]
    return _section(subject, codings, curves, clip, notes), list(map(_reported, shown))


def _coding(key: str, setting: str, data: bytes, book: Codebook, threads: int | None) -> _Coded:
    """Return a file of vqcodec's as a coding."""
    about = cast(VideoInfo, api.info(data, bits=True, codebook=book))
    with temporary_folder(setting) as folder:
        path = os.path.join(folder, "clip" + _CLIP)
        api.decode(data, path, frames=f"0:{min(MOST_FRAMES, about.frames)}", codebook=book, threads=threads)
        clip = read_all(path, setting)
    frames = list(islice(inspect_video(read_video(io.BytesIO(data)), book), MOST_FRAMES))
    return _Coded(key, setting, data, book, about.kbps, about.video_kbps, about, clip, frames)


def _frames_of(subject: Subject, about: VideoInfo, path: str) -> bytes | None:
    """Return the shown frames of an original as a file of the format that a path names; None if its rate varies."""
    original, name = subject.original, subject.original_name
    assert original is not None
    with naming(name), opened(original, name, EncodeOptions(audio=False)) as (source, _):
        if source.format.time_base is not None:
            return None
        length = min(MOST_FRAMES, about.frames)
        to = FORMATS[os.path.splitext(path)[1]]
        VideoWriting(source.format, to, 0, length).write(path, islice(source.frames(), length))
        return read_all(path, name)


def _of_peers(
    subject: Subject, about: VideoInfo, folder: str, progress: Progress
) -> tuple[list[list[_Measured]], list[str]]:
    """Return the codings of an original by other codecs, from the lowest rates on, and notes."""
    if about.frames > MOST_FRAMES:
        return [], [f"other codecs are not shown beside: there are more than {MOST_FRAMES} frames"]
    path = os.path.join(folder, "original.y4m")
    if _frames_of(subject, about, path) is None:
        return [], ["other codecs are not shown beside, because the frame rate varies"]

    def coding(peer: FfmpegPeer, setting: float) -> _Measured:
        coded = peer.encode(path, setting, folder)
        data = read_all(coded, peer.label)
        whole, pictures = (size * 8 / about.duration_s / 1000 for size in (len(data), payload_bytes(coded)))
        key = f"{peer.encoder}-{setting:g}"
        made = _Measured(key, peer.said(setting), data, None, whole, pictures, codec=peer.label)
        names = (subject.original_name, made.label)
        made.measured = cast(VideoComparison, api.compare(path, coded, names=names))
        os.remove(coded)
        return made

    return curves_of(VIDEO, coding, progress)


def _reported(coded: _Measured) -> Coding:
    scores: dict[str, float | None] = {}
    if coded.measured is not None:
        names = ("psnr_y_db", "psnr_u_db", "psnr_v_db", "psnr_611_db", "ssim_y", "ssim_611")
        scores = {name: getattr(coded.measured.mean, name) for name in names}
    return Coding(coded.codec, coded.setting, len(coded.data), coded.kbps, scores)


def _section(
    subject: Subject,
    codings: Sequence[_Coded],
    curves: Sequence[Sequence[_Measured]],
    clip: bytes | None,
    notes: list[str],
) -> Section:
    about = codings[0].about
    if about.frames >= MOST_FRAMES and not subject.coded:
        notes.append(f"the first {MOST_FRAMES} frames are coded and shown")
    elif about.frames > MOST_FRAMES:
        notes.append(f"the first {MOST_FRAMES} frames are shown; all figures are of the whole video")
    measured = codings[0].measured
    if clip is None and measured is not None:
        notes.append("the original is not played, because its frame rate varies")
    facts = [
        ("Size", f"{about.width} × {about.height}"),
        ("Frames", f"{about.frames} at {about.frame_rate} a second"),
        ("Groups", str(about.groups)),
    ]
    middle = middle_of(codings)
    shown = min(MOST_FRAMES, about.frames)
    return section_of(
        "video",
        subject,
        codings,
        facts=facts,
        bits=middle.about.bits,
        table=_table([*codings, *(coded for curve in curves for coded in curve)]),
        charts=_charts(subject.anchor, codings, curves),
        data={
            "width": about.width,
            "height": about.height,
            "rate": about.frames / about.duration_s,
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


def _table(codings: Sequence[_Measured]) -> Table:
    measured = codings[0].measured is not None
    heads = [
        "Coding",
        "Bytes",
        "kbit/s",
        "of pictures",
        *(["Y, dB", "U, dB", "V, dB", "6:1:1, dB", "SSIM of Y"] if measured else []),
    ]
    rows = []
    for coded in codings:
        cells = [f"{len(coded.data):,}", f"{coded.kbps:.1f}", f"{coded.picture_kbps:.1f}"]
        if coded.measured is not None:
            mean = coded.measured.mean
            cells += [decibels(value) for value in (mean.psnr_y_db, mean.psnr_u_db, mean.psnr_v_db, mean.psnr_611_db)]
            cells.append(f"{mean.ssim_y:.4f}")
        rows.append(Row(coded.label, cells, coded.own))
    return Table(heads, rows)


def _charts(anchor: str, codings: Sequence[_Coded], curves: Sequence[Sequence[_Measured]]) -> list[dict[str, Any]]:
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
            [min(EXACT_PLANE_DB, frame.psnr_611_db) for frame in frames],
            [
                f"{coded.label}: Y {frame.psnr_y_db:.2f}, U {frame.psnr_u_db:.2f}, V {frame.psnr_v_db:.2f} dB"
                for frame in frames
            ],
        )
        for coded, frames in by_frame
    ]
    found.append(line_chart(f"{anchor}-psnr", "PSNR of each frame, (6 Y + U + V) / 8.", quality, ("frame", "PSNR, dB")))
    if len(codings) > 1 or curves:
        every: list[Sequence[_Measured]] = [codings, *curves]
        lines = [
            Series(
                curve[0].codec,
                [coded.picture_kbps for coded in curve],
                [coded.measured.mean.psnr_611_db if coded.measured else 0.0 for coded in curve],
                [coded.label for coded in curve],
                curve[0].own,
            )
            for curve in every
        ]
        caption = "Mean PSNR over the rate of the pictures: without sound, and without the containers of others."
        found.append(rate_chart(f"{anchor}-curve", caption, lines, ("kbit/s", "PSNR, dB")))
    return found
