"""The section of a recording: waveforms, spectrograms, players, and scores by rate beside other codecs."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from vqcodec import api
from vqcodec.codebook.codebook import Codebook
from vqcodec.files.endpoints import Source, read_all
from vqcodec.files.temporary import temporary_folder
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.report_page.charts import OWN_COLOUR, Series, rate_chart
from vqcodec.report_page.codings import Coded, compared, middle_of, nearest_of, own_codings, section_of
from vqcodec.report_page.embedding import data_uri
from vqcodec.report_page.ffmpeg_peers import SPEECH, FfmpegPeer, curves_of, decoded_speech, payload_bytes
from vqcodec.report_page.sections import PageOptions, Row, Section, Subject, Table, decibels
from vqcodec.report_page.sounds import COLUMNS, levels, outline, spectrogram
from vqcodec.reports.page import Coding
from vqcodec.reports.speech import SpeechComparison, SpeechInfo
from vqcodec.speech.sound.audio import open_audio

QUALITIES = (10.0, 35.0, 60.0, 85.0)
SHOWN_S = 60.0
"""Seconds of a recording that a page holds; figures are of the whole."""

_PACKET_S = 0.02  # of codecs whose packets have framing
_HIGHEST_RATE = 48_000  # of the original, as it is heard
_BEYOND = 1.25  # times the codec's highest frequency, up to which spectrograms go
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_MOST_TICKS = 12

_SCORES = (
    ("sqnr_db", "SQNR, dB"),
    ("segmental_snr_db", "segmental, dB"),
    ("weighted_segmental_snr_db", "weighted, dB"),
    ("pesq_nb", "PESQ nb"),
    ("pesq_wb", "PESQ wb"),
    ("stoi", "STOI"),
    ("visqol", "ViSQOL"),
)
_OF_HEARING = ("pesq_wb", "pesq_nb", "stoi", "visqol")
_MOST_CHARTS = 2


@dataclass
class _Coded(Coded):
    """A coding of a recording.

    Attributes:
        sound: what it decodes to, as FLAC, at most SHOWN_S of it.
        kbps, payload_kbps: rates of the whole file, and without what is no speech.
        about: what a file of vqcodec's says of itself, with its bits.
        measured: how far it is from the original; None without one.
    """

    sound: bytes
    kbps: float
    payload_kbps: float
    about: SpeechInfo | None = None
    measured: SpeechComparison | None = None


@dataclass
class _Heard:
    """A recording as the page plays and draws it: int16 (samples,) at a rate in Hz, and its FLAC file."""

    key: str
    label: str
    samples: NDArray[np.int16]
    rate: int
    sound: bytes
    own: bool = True


def speech_section(subject: Subject, options: PageOptions, progress: Progress) -> tuple[Section, list[Coding]]:
    """Return the section of a recording, and the codings that it shows.

    Args:
        progress: called with the part of the work that is done.

    Raises:
        VQCodecError: the recording or its original cannot be read.
    """
    make = partial(_coding, threads=options.threads)
    own = own_codings(subject, options, QUALITIES, make, part_of_work(progress, 0.0, 0.6), medium="speech")
    for number, coded in enumerate(own):
        coded.measured = cast(SpeechComparison | None, compared(subject, coded, options))
        progress(0.6 + 0.15 * (number + 1) / len(own))
    curves: list[list[_Coded]] = []
    notes: list[str] = []
    if subject.original is not None and options.peers:
        assert own[0].about is not None
        curves, notes = _of_peers(subject, own[0].about.codec_rate, part_of_work(progress, 0.75, 1.0) or progress)
    heard = [] if subject.original is None else [_original(subject.original, subject.original_name)]
    middle = middle_of(own)
    heard += map(_heard, [*own, *(nearest_of(curve, middle, lambda one: one.payload_kbps) for curve in curves)])
    codings = [coded for curve in (own, *curves) for coded in curve]
    return _section(subject, own, curves, heard, notes), list(map(_reported, codings))


def _coding(key: str, setting: str, data: bytes, book: Codebook, threads: int | None) -> _Coded:
    """Return a file of vqcodec's as a coding."""
    about = cast(SpeechInfo, api.info(data, bits=True, codebook=book))
    part: dict[str, Any] = {"duration": SHOWN_S} if about.duration_s > SHOWN_S else {}
    decoded = api.decode(data, format="flac", codebook=book, threads=threads, **part)
    assert decoded.data is not None
    return _Coded(key, setting, data, book, decoded.data, about.kbps, about.payload_kbps, about)


def _of_peers(subject: Subject, rate: int, progress: Progress) -> tuple[list[list[_Coded]], list[str]]:
    """Return the codings of an original by other codecs, from the lowest rates on, and notes.

    They are given what vqcodec codes: one channel at the codec's rate, in Hz.
    """
    assert subject.original is not None
    with temporary_folder(subject.name) as folder:
        path = os.path.join(folder, "original.wav")
        samples = open_audio(subject.original, subject.original_name).samples(rate)
        soundfile.write(path, samples, rate, subtype="PCM_16")
        make = partial(_of_peer, subject=subject, path=path, seconds=samples.size / rate, rate=rate)
        return curves_of([peer for peer in SPEECH if rate in peer.rates], make, progress)


def _of_peer(peer: FfmpegPeer, setting: float, *, subject: Subject, path: str, seconds: float, rate: int) -> _Coded:
    """Return a coding by another codec of the WAV file at a path."""
    coded = peer.encode(path, setting, os.path.dirname(path))
    samples = np.frombuffer(decoded_speech(coded, rate), "<i2")
    data = read_all(coded, peer.label)
    sounds = []
    for part in (samples, samples[: round(SHOWN_S * rate)]):
        written = io.BytesIO()
        soundfile.write(written, part, rate, format="FLAC", subtype="PCM_16")
        sounds.append(written.getvalue())
    payload = payload_bytes(coded, math.ceil(seconds / _PACKET_S), peer.framing)
    made = _Coded(
        f"{peer.encoder}-{setting:g}",
        peer.said(setting),
        data,
        None,
        sounds[1],
        len(data) * 8 / seconds / 1000,
        payload * 8 / seconds / 1000,
        codec=peer.label,
    )
    assert subject.original is not None
    names = (subject.original_name, made.label)
    made.measured = cast(SpeechComparison, api.compare(subject.original, sounds[0], names=names))
    return made


def _heard(coded: _Coded) -> _Heard:
    samples, rate = soundfile.read(io.BytesIO(coded.sound), dtype="int16", always_2d=True)
    return _Heard(coded.key, coded.label, _mixed(samples), int(rate), coded.sound, coded.own)


def _original(source: Source, name: str) -> _Heard:
    """Return an original as it is heard: its channels mixed into one."""
    sound = open_audio(source, name)
    rate = min(sound.rate, _HIGHEST_RATE)
    samples = sound.samples(rate)[: round(SHOWN_S * rate)]
    written = io.BytesIO()
    soundfile.write(written, samples, rate, format="FLAC", subtype="PCM_16")
    return _Heard("original", "original", samples, rate, written.getvalue(), own=False)


def _mixed(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the mean of channels, int16 (samples,)."""
    return np.round(samples.mean(axis=1)).astype(np.int16) if samples.shape[1] > 1 else samples[:, 0]


def _scores(measured: SpeechComparison | None) -> dict[str, float | None]:
    return {} if measured is None else {name: getattr(measured, name) for name, _ in _SCORES}


def _reported(coded: _Coded) -> Coding:
    return Coding(coded.codec, coded.setting, len(coded.data), coded.kbps, _scores(coded.measured))


def _section(
    subject: Subject,
    own: Sequence[_Coded],
    curves: Sequence[Sequence[_Coded]],
    heard: Sequence[_Heard],
    notes: list[str],
) -> Section:
    about, middle = own[0].about, middle_of(own).about
    assert about is not None
    assert middle is not None
    shown_s = min(SHOWN_S, about.duration_s)
    if about.duration_s > SHOWN_S:
        notes.append(f"the first {SHOWN_S:g} s are shown and played; all figures are of the whole recording")
    if own[0].measured is not None:
        notes += [note for note in own[0].measured.notes if note not in notes]
    facts = [
        ("Length", f"{about.duration_s:.2f} s"),
        ("Sampling rate", f"{about.sample_rate:,} Hz"),
        ("Channels coded", str(about.channels)),
        ("Coded at", f"{about.codec_rate:,} Hz"),
    ]
    highest = min(about.sample_rate / 2, about.codec_rate / 2 * _BEYOND)
    return section_of(
        "speech",
        subject,
        own,
        facts=facts,
        bits=middle.bits,
        table=_table([coded for curve in (own, *curves) for coded in curve]),
        charts=_charts(subject.anchor, [own, *curves]),
        data={"seconds": shown_s},
        shown={
            "recordings": _recordings(heard, shown_s, highest),
            "ticks": _ticks(shown_s),
            "explained": "SNR: of the whole (SQNR), mean over segments, and weighted by what is heard. "
            f"Spectrograms go from 0 to {highest / 1000:g} kHz, and over 75 dB below the loudest level of the "
            "first recording. Click into one to go there.",
        },
        notes=notes,
    )


def _table(codings: Sequence[_Coded]) -> Table:
    """Return the codings with the scores that could be taken."""
    names = [
        (name, title)
        for name, title in _SCORES
        if any(_scores(coded.measured).get(name) is not None for coded in codings)
    ]
    rows = []
    for coded in codings:
        scores = _scores(coded.measured)
        values = [decibels(scores[name]) if scores.get(name) is not None else "–" for name, _ in names]
        figures = [f"{len(coded.data):,}", f"{coded.kbps:.2f}", f"{coded.payload_kbps:.2f}"]
        rows.append(Row(coded.label, [*figures, *values], coded.own))
    return Table(["Coding", "Bytes", "kbit/s", "of payload", *(title for _, title in names)], rows)


def _charts(anchor: str, curves: Sequence[Sequence[_Coded]]) -> list[dict[str, Any]]:
    """Return curves of what models of hearing say; of the weighted segmental SNR if none is installed."""
    if sum(map(len, curves)) < 2:
        return []

    def score(coded: _Coded, name: str) -> float:
        found = _scores(coded.measured).get(name)
        return math.nan if found is None else found

    def taken(name: str) -> bool:
        return all(not math.isnan(score(coded, name)) for coded in curves[0])

    titles = dict(_SCORES)
    names = [name for name in _OF_HEARING if taken(name)][:_MOST_CHARTS] or [
        name for name in ("weighted_segmental_snr_db",) if taken(name)
    ]
    return [
        rate_chart(
            f"{anchor}-{name}",
            f"{titles[name]} over the rate of the payload: without headers, and without the containers of others.",
            [
                Series(
                    curve[0].codec,
                    [coded.payload_kbps for coded in curve],
                    [score(coded, name) for coded in curve],
                    [coded.label for coded in curve],
                    curve[0].own,
                )
                for curve in curves
            ],
            ("kbit/s", titles[name]),
        )
        for name in names
    ]


def _recordings(heard: Sequence[_Heard], seconds: float, highest: float) -> list[dict[str, Any]]:
    """Return what the template shows of each recording; all spectrograms have one scale."""
    drawn = [levels(one.samples, one.rate, round(seconds * one.rate), highest) for one in heard]
    loudest = float(drawn[0].max())
    peak = max(1, *(int(np.abs(one.samples.astype(np.int64)).max(initial=0)) for one in heard))
    return [
        {
            "key": one.key,
            "label": one.label,
            "columns": COLUMNS,
            "outline": outline(one.samples, round(seconds * one.rate), peak),
            "colour": OWN_COLOUR if one.own else "#444b53",
            "spectrogram": spectrogram(level, loudest),
            "uri": data_uri(one.sound, "audio/flac"),
        }
        for one, level in zip(heard, drawn)
    ]


def _ticks(seconds: float) -> list[dict[str, Any]]:
    """Return marks of time: their place in per cent, and their text."""
    step = next((tick for tick in _TICKS if seconds / tick <= _MOST_TICKS), _TICKS[-1])
    return [
        {"place": round(100 * number * step / seconds, 3), "text": f"{number * step:g} s"}
        for number in range(int(seconds / step) + 1)
    ]
