"""Texts of sound files: every value of every title comes back, as others read it, and what has no place is said."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from coded_speech import NEEDS_CODEBOOKS, QUICK, four_seconds, wav

from vqcodec import api
from vqcodec.errors import VQCodecError
from vqcodec.ffmpeg import probing
from vqcodec.ffmpeg.program import run
from vqcodec.files.texts import TITLES, collected, in_one, title_of
from vqcodec.media.raw import RawSound
from vqcodec.speech.sound.audio import open_audio
from vqcodec.speech.sound.audio_output import write_audio
from vqcodec.speech.sound.formats import FORMATS
from vqcodec.speech.sound.tag_output import copy_with_texts, held, notes_on_texts
from vqcodec.speech.sound.tags import tags_in

MANY = {title: f"{title} of ÄÖ 漢" for title in TITLES} | {
    "artist": "Ann\0Ben\0Zoë",
    "genre": "Talk\0Fable",
    "comment": "two\nlines = both",
    "tracknumber": "3/12",
    "discnumber": "1",
    "date": "2024-05-06",
}
REWRITTEN = (".flac", ".ogg", ".opus", ".mp3")


def written(suffix: str, tags: dict[str, str], seconds: float = 1.0) -> bytes:
    target = io.BytesIO()
    samples = (8000 * np.sin(np.arange(int(48000 * seconds)) / 20)).astype(np.int16)[:, np.newaxis]
    write_audio([samples], target, format=FORMATS[suffix], rate=48000, channels=1, length=len(samples), tags=tags)
    return target.getvalue()


@pytest.mark.parametrize("suffix", REWRITTEN)
def test_every_value_of_every_text_comes_back(suffix: str) -> None:
    data = written(suffix, MANY)
    wanted = MANY | ({"comment": in_one(MANY["comment"])} if suffix == ".mp3" else {})
    assert tags_in(io.BytesIO(data)) == wanted
    assert open_audio(data, "x").tags == wanted


@pytest.mark.parametrize("suffix", REWRITTEN)
def test_others_read_the_texts_and_the_same_sound(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(written(suffix, MANY))
    of_stream = ["-map_metadata", "0:s:0"] if suffix in (".ogg", ".opus") else []
    told = run(str(path), [*of_stream, "-f", "ffmetadata", "-"])[0]
    for title in ("title", "composer", "license"):
        assert f"{title}={MANY[title]}\n".lower() in told.lower()
    assert "Ann" in told
    assert suffix == ".mp3" or "Ann\\;Ben\\;Zoë" in told
    with soundfile.SoundFile(path) as file:
        assert file.title == MANY["title"]
    sound, _ = soundfile.read(path)
    bare, _ = soundfile.read(io.BytesIO(written(suffix, {})))
    assert np.array_equal(sound, bare)


@pytest.mark.parametrize("suffix", [".ogg", ".opus"])
def test_texts_of_many_pages(suffix: str) -> None:
    tags = {"title": "x" * 60000, "comment": "y" * 60000, "artist": "Ann\0Ben"}
    data = written(suffix, tags, 0.1)
    assert tags_in(io.BytesIO(data)) == tags
    sound, _ = soundfile.read(io.BytesIO(data))
    assert np.array_equal(sound, soundfile.read(io.BytesIO(written(suffix, {}, 0.1)))[0])


def test_texts_of_an_ogg_video_are_those_of_its_stream(tmp_path: Path) -> None:
    (tmp_path / "x.ogg").write_bytes(written(".ogg", {"title": "Talk", "artist": "Ann"}))
    assert probing.texts(str(tmp_path / "x.ogg")) == {"title": "Talk", "artist": "Ann"}


def test_m4a_has_the_number_of_the_track(tmp_path: Path) -> None:
    path = tmp_path / "x.m4a"
    path.write_bytes(written(".m4a", MANY))
    told = probing.texts(str(path))
    assert (told["tracknumber"], told["albumartist"], told["artist"]) == ("3/12", MANY["albumartist"], "Ann; Ben; Zoë")


@NEEDS_CODEBOOKS
@pytest.mark.parametrize("suffix", REWRITTEN)
def test_texts_go_through_a_coded_file(suffix: str, tmp_path: Path) -> None:
    tags = {"title": "Talk", "artist": "Ann\0Ben", "composer": "Cid", "tracknumber": "7"}
    source = tmp_path / f"x{suffix}"
    source.write_bytes(written(suffix, tags))
    coded = tmp_path / "x.vqc"
    api.encode(source, coded, **QUICK)
    assert api.info(coded)["metadata"] == tags | {"artist": "Ann; Ben"}
    for other in REWRITTEN:
        back = tmp_path / f"back{other}"
        assert not api.decode(coded, back, overwrite=True).notes
        assert open_audio(back, "x").tags == tags
    plain = api.decode(coded, tmp_path / "back.wav")
    assert plain.notes == (
        "texts that WAV has no place for are left out: composer",
        "several texts in one, as WAV has one place: artist",
    )
    with soundfile.SoundFile(tmp_path / "back.wav") as file:
        assert (file.artist, file.title, file.tracknumber) == ("Ann; Ben", "Talk", "7")
    raw = api.decode(coded, format="raw")
    assert raw.notes == ("texts that RAW has no place for are left out: title, artist, composer, tracknumber",)


def test_the_comments_that_mp3_joins_are_said() -> None:
    tags = {"artist": "Ann\0Ben", "comment": "one\0two"}
    assert notes_on_texts("MP3", tags) == ["several texts in one, as MP3 has one place: comment"]
    assert notes_on_texts("OGG", tags) == []


@NEEDS_CODEBOOKS
def test_a_text_that_is_not_kept_costs_nothing() -> None:
    samples = four_seconds()[:8000]
    with_program = wav(samples, 16000, title="T", software="somebody's program")
    assert open_audio(with_program, "x").tags == {"title": "T"}


def id3(version: int, frames: bytes, flags: int = 0) -> bytes:
    size = len(frames)
    return b"ID3" + bytes([version, 0, flags]) + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + frames


@pytest.mark.parametrize(
    ("data", "tags"),
    [
        (id3(2, b"TT2\0\0\x06\0Title" + b"TP1\0\0\x04\0Ann"), {"title": "Title", "artist": "Ann"}),
        (id3(3, b"TIT2\0\0\0\x09\0\0\x01\xff\xfeH\0i\0\0\0" + bytes(20)), {"title": "Hi"}),
        (id3(3, b"TYER\0\0\0\x05\0\0\x002024"), {"date": "2024"}),
        (id3(3, b"TPE1\0\0\0\x06\0\0\x00\xff\x00bcd", 0x80), {"artist": "ÿbcd"}),
        (id3(4, b"COMM\0\0\0\x0b\0\0\x03engx\0other" + b"COMM\0\0\0\x0a\0\0\x03eng\0words"), {"comment": "words"}),
        (id3(4, b"TXXX\0\0\0\x0d\0\0\x03LICENSE\0free" + b"APIC\0\0\0\x03\0\0abc"), {"license": "free"}),
        (id3(4, b"TPE1\0\0\0\x09\0\0\x03Ann\0Ben\0" + b"TPE1\0\0\0\x04\0\0\x03Ann"), {"artist": "Ann\0Ben"}),
        (id3(4, b"TIT2\x7f\x7f\x7f\x7f\0\0\x03x"), {"title": "x"}),
        (id3(4, b"TIT2\0\0\0\x02\0\0\x09x"), {}),
    ],
    ids=["2.2", "2.3-utf16", "2.3-year", "2.3-unsynchronised", "comments", "named", "values", "cut", "encoding"],
)
def test_tags_of_mp3_files(data: bytes, tags: dict[str, str]) -> None:
    assert tags_in(io.BytesIO(data)) == tags


def test_damaged_tags_end_early_and_never_fail() -> None:
    rng = np.random.default_rng(3)
    for suffix in REWRITTEN:
        data = written(suffix, MANY, 0.1)[:3000]
        for _ in range(60):
            damaged = bytearray(data[: int(rng.integers(1, len(data)))])
            for place in rng.integers(0, len(damaged), 5):
                damaged[place] = int(rng.integers(256))
            found = tags_in(io.BytesIO(bytes(damaged)))
            assert found is None or all(isinstance(text, str) for text in found.values())


def test_names_that_files_give() -> None:
    assert title_of("TRACK") == "tracknumber"
    assert title_of("encoder") is None
    found: list[tuple[str, Any]] = [("ARTIST", "A"), ("artist", "A"), ("Artist", "B\0C"), ("title", " "), ("x", "y")]
    assert collected(found) == {"artist": "A\0B C"}
    assert collected([("title", "x" * 70000)]) == {}


def test_only_formats_with_a_place_are_written_anew() -> None:
    with pytest.raises((KeyError, VQCodecError)):
        copy_with_texts(io.BytesIO(), io.BytesIO(), "WAV", {})


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".m4a", ".au", ".raw", *REWRITTEN])
def test_what_a_format_is_said_to_hold_comes_back_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    single = {title: in_one(text).replace("\n", " ") for title, text in MANY.items()}
    path = tmp_path / f"x{suffix}"
    path.write_bytes(written(suffix, single))
    raw = RawSound(48000, "s16le") if suffix == ".raw" else None
    assert set(open_audio(path, "x", raw).tags) == set(held(FORMATS[suffix].name))
