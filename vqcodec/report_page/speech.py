"""The section of a recording: waveforms, spectrograms, players, and scores by rate."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from vqcodec import api
from vqcodec.codebook.codebook import Codebook
from vqcodec.files.endpoints import Source
from vqcodec.media.progress import Progress, part_of_work
from vqcodec.report_page.charts import OWN_COLOUR, Series, rate_chart
from vqcodec.report_page.codings import Coded, compared, middle_of, own_codings, section_of
from vqcodec.report_page.embedding import data_uri
from vqcodec.report_page.sections import PageOptions, Row, Section, Subject, Table, decibels
from vqcodec.report_page.sounds import COLUMNS, levels, outline, spectrogram
from vqcodec.reports.page import Coding
from vqcodec.reports.speech import SpeechComparison, SpeechInfo
from vqcodec.speech.sound.audio import open_audio

QUALITIES = (10.0, 35.0, 60.0, 85.0)
SHOWN_S = 60.0
"""Seconds of a recording that a page holds; figures are of the whole."""

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
        about: what the file says of itself, with its bits.
        measured: how far it is from the original; None without one.
    """

    sound: bytes
    about: SpeechInfo
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
    codings = own_codings(subject, options, QUALITIES, make, part_of_work(progress, 0.0, 0.7), medium="speech")
    heard = [] if subject.original is None else [_original(subject.original, subject.original_name)]
    for number, coded in enumerate(codings):
        coded.measured = cast(SpeechComparison | None, compared(subject, coded, options))
        samples, rate = soundfile.read(io.BytesIO(coded.sound), dtype="int16", always_2d=True)
        heard.append(_Heard(coded.key, coded.label, _mixed(samples), int(rate), coded.sound))
        progress(0.7 + 0.25 * (number + 1) / len(codings))
    return _section(subject, codings, heard), list(map(_reported, codings))


def _coding(key: str, setting: str, data: bytes, book: Codebook, threads: int | None) -> _Coded:
    """Return a file of vqcodec's as a coding."""
    about = cast(SpeechInfo, api.info(data, bits=True, codebook=book))
    part: dict[str, Any] = {"duration": SHOWN_S} if about.duration_s > SHOWN_S else {}
    decoded = api.decode(data, format="flac", codebook=book, threads=threads, **part)
    assert decoded.data is not None
    return _Coded(key, setting, data, book, decoded.data, about)


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
    return Coding("vqcodec", coded.setting, len(coded.data), coded.about.kbps, _scores(coded.measured))


def _section(subject: Subject, codings: Sequence[_Coded], heard: Sequence[_Heard]) -> Section:
    about = codings[0].about
    shown_s = min(SHOWN_S, about.duration_s)
    notes = []
    if about.duration_s > SHOWN_S:
        notes.append(f"the first {SHOWN_S:g} s are shown and played; all figures are of the whole recording")
    if codings[0].measured is not None:
        notes += [note for note in codings[0].measured.notes if note not in notes]
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
        codings,
        facts=facts,
        bits=middle_of(codings).about.bits,
        table=_table(codings),
        charts=_charts(subject.anchor, codings),
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
        figures = [f"{len(coded.data):,}", f"{coded.about.kbps:.2f}", f"{coded.about.payload_kbps:.2f}"]
        rows.append(Row(coded.label, [*figures, *values]))
    return Table(["Coding", "Bytes", "kbit/s", "of payload", *(title for _, title in names)], rows)


def _charts(anchor: str, codings: Sequence[_Coded]) -> list[dict[str, Any]]:
    """Return curves of what models of hearing say; of the weighted segmental SNR if none is installed."""
    if len(codings) < 2:
        return []

    def taken(name: str) -> bool:
        return all(_scores(coded.measured).get(name) is not None for coded in codings)

    titles = dict(_SCORES)
    names = [name for name in _OF_HEARING if taken(name)][:_MOST_CHARTS] or [
        name for name in ("weighted_segmental_snr_db",) if taken(name)
    ]
    rates = [coded.about.kbps for coded in codings]
    labels = [coded.label for coded in codings]
    return [
        rate_chart(
            f"{anchor}-{name}",
            f"{titles[name]} over the rate of the whole file.",
            [Series("vqcodec", rates, [_scores(coded.measured)[name] or 0.0 for coded in codings], labels, own=True)],
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
