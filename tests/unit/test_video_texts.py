"""Titles and other texts of video files: kept in the .vqc, given back, and left out when asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stored_video
from moving_pictures import write_clip
from stored_video import CODEBOOK

from vqcodec import api
from vqcodec.ffmpeg import probing
from vqcodec.ffmpeg.texts import ffmetadata, parse_texts
from vqcodec.reports.video import VideoDecodeReport, VideoEncodeReport, VideoInfo

TEXTS = {
    "title": 'A "b" = c; d#e',
    "artist": "Rosalía & Søn",
    "date": "2024-05-01",
    "comment": "[two]\nlines",
    "copyright": "none",
}


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    write_clip(path, 6, options=[part for pair in TEXTS.items() for part in ("-metadata", "=".join(pair))])
    return path


def texts_of(data: bytes) -> dict[str, str]:
    info = api.info(data)
    assert isinstance(info, VideoInfo)
    return dict(info.metadata)


def encode(source: Path, **options: object) -> VideoEncodeReport:
    report = api.encode(source, codebook=CODEBOOK, **options)  # type: ignore[arg-type]
    assert isinstance(report, VideoEncodeReport)
    return report


@pytest.mark.parametrize("name", ["back.mp4", "back.mkv", "back.mov"])
def test_texts_come_back(clip: Path, tmp_path: Path, name: str) -> None:
    report = encode(clip)
    assert texts_of(report.data or b"") == TEXTS
    assert report.bits["metadata"] == 8 * sum(len(text.encode()) for text in TEXTS.values())
    api.decode(report.data or b"", tmp_path / name, codebook=CODEBOOK)
    assert probing.texts(str(tmp_path / name)) == TEXTS


def test_a_part_keeps_the_texts(clip: Path) -> None:
    assert texts_of(encode(clip, frames="1:3").data or b"") == TEXTS


def test_texts_are_left_out_when_asked(clip: Path, tmp_path: Path) -> None:
    data = encode(clip, strip_metadata=True).data or b""
    assert texts_of(data) == {}
    assert b"Rosal" not in data
    api.decode(data, tmp_path / "back.mkv", codebook=CODEBOOK)
    assert probing.texts(str(tmp_path / "back.mkv")) == {}


def test_a_format_without_a_place_for_texts_says_so(clip: Path) -> None:
    report = api.decode(encode(clip).data or b"", codebook=CODEBOOK)
    assert isinstance(report, VideoDecodeReport)
    assert report.notes == (
        "y4m has no place for its texts (artist, comment, copyright, date, title), which are left out",
    )


@pytest.mark.parametrize(
    "text", ["plain", "a=b;c#d\\e", "two\nlines\n[STREAM]", "\\n", "ends with a line break\n", "é中"]
)
def test_any_text_survives_its_notation(text: str) -> None:
    assert parse_texts(ffmetadata({"title": text, "date": "1999"})) == {"title": text, "date": "1999"}


def test_a_backslash_at_the_end_does_not_take_the_next_text_in(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", 2, options=["-metadata", "title=to C:\\", "-metadata", "artist=Me"])
    data = encode(tmp_path / "clip.mp4").data or b""
    assert texts_of(data) == {"title": "to C:\\", "artist": "Me"}
    api.decode(data, tmp_path / "back.mkv", codebook=CODEBOOK)
    assert probing.texts(str(tmp_path / "back.mkv")) == {"title": "to C:\\ ", "artist": "Me"}


def test_what_is_not_kept() -> None:
    told = ";FFMETADATA1\nENCODER=x\nTITLE=kept\nartist= \n#title=no\n[STREAM]\ncomment=of a stream\n"
    assert parse_texts(told) == {"title": "kept"}
    assert parse_texts(ffmetadata({"title": "one\0two", "other": "x"})) == {"title": "one; two"}
