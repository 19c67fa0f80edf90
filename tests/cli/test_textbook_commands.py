"""The command line with the codebooks of fixed rate: whatever works with the others, and what has no meaning here."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthetic_speech import synthetic_speech
from typer.testing import Result

from vqcodec.codebook.library import list_codebooks
from vqcodec.container.chunks import PACKET

Run = Callable[..., Result]

RATES = {"celp-4800": 4.8, "ld-celp-16k": 16.0}
ENGINES = {"celp-4800": "speech/celp-fixed", "ld-celp-16k": "speech/ld-celp"}
SECONDS = 5

pytestmark = [
    pytest.mark.skipif(
        not {entry.name for entry in list_codebooks()} >= set(RATES),
        reason="the codebooks are not in the library: codebooks/recipe.sh makes them",
    ),
    pytest.mark.parametrize("book", RATES),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with five seconds of talk at 16 kHz, in mono and stereo, and odd recordings."""
    monkeypatch.chdir(tmp_path)
    talk = np.rint(synthetic_speech(SECONDS, 16000)).astype(np.int16)
    for name, samples in {
        "talk.wav": talk,
        "stereo.wav": np.stack([talk, talk[::-1]], axis=1),
        "one.wav": talk[:1],
        "silent.wav": np.zeros(4000, np.int16),
        "dc.wav": np.full(4000, 20000, np.int16),
    }.items():
        soundfile.write(name, samples, 16000)
    return tmp_path


def ok(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_all_commands(book: str, folder: Path, run: Run) -> None:
    line = ok(run("encode", "talk.wav", "-o", "t.vqc", "-c", book))
    assert re.search(rf"5\.00 s mono at 8 kHz, [\d.]+ kbit/s \(speech {RATES[book]:.1f}\d\)", line)
    shown = ok(run("info", "t.vqc", "--bits"))
    assert ENGINES[book] in shown
    assert "container" in shown
    bits = json.loads(ok(run("info", "t.vqc", "--bits", "--json")))["bits"]
    coded = sum(count for part, count in bits.items() if part not in ("header", "container"))
    assert RATES[book] * SECONDS * 1000 <= coded < RATES[book] * SECONDS * 1000 + 8 * 18
    assert f"t.vqc: whole; 5.00 s mono {ENGINES[book]}, codebook {book} " in ok(run("verify", "t.vqc"))
    assert "5.00 s at 8000 Hz" in ok(run("compare", "talk.wav", "t.vqc"))
    ok(run("decode", "t.vqc", "-o", "whole.wav"))
    ok(run("decode", "t.vqc", "-o", "part.wav", "--start", "1.5", "--duration", "1"))
    whole, part = soundfile.read("whole.wav", dtype="int16")[0], soundfile.read("part.wav", dtype="int16")[0]
    assert len(whole) == SECONDS * 16000
    assert np.array_equal(part, whole[24000:40000])


def test_pipes_give_the_same_bytes(book: str, folder: Path, run: Run) -> None:
    ok(run("encode", "talk.wav", "-o", "t.vqc", "-c", book))
    encoded = run("encode", "-", "-o", "-", "-c", book, "--quiet", stdin=Path("talk.wav").read_bytes())
    assert encoded.stdout_bytes == Path("t.vqc").read_bytes()
    decoded = run("decode", "-", "-o", "-", "--quiet", stdin=encoded.stdout_bytes)
    assert soundfile.read(io.BytesIO(decoded.stdout_bytes))[0].shape == (SECONDS * 16000,)


def test_what_is_damaged_is_refused_or_salvaged(book: str, folder: Path, run: Run) -> None:
    ok(run("encode", "stereo.wav", "-o", "t.vqc", "-c", book, "--channels", "keep"))
    data = Path("t.vqc").read_bytes()
    ok(run("decode", "t.vqc", "-o", "whole.wav"))
    second = data.index(PACKET, data.index(PACKET) + 4)
    Path("damaged.vqc").write_bytes(data[: second + 60] + bytes([data[second + 60] ^ 1]) + data[second + 61 :])
    Path("cut.vqc").write_bytes(data[: second + 60])
    for name in ("damaged.vqc", "cut.vqc"):
        refused = run("decode", name, "-o", "x.wav")
        assert refused.exit_code == 4
        assert re.fullmatch(rf"vqcodec: {name}: [^\n]+\n", refused.stderr)
        assert not Path("x.wav").exists()
    assert "concealed" in run("decode", "damaged.vqc", "-o", "x.wav", "--salvage").stderr
    salvaged, whole = soundfile.read("x.wav")[0], soundfile.read("whole.wav")[0]
    assert salvaged.shape == whole.shape
    assert np.array_equal(salvaged[:, 0], whole[:, 0])  # the packet was of the other channel
    assert np.array_equal(salvaged[-8000:], whole[-8000:])
    assert not np.array_equal(salvaged, whole)


@pytest.mark.parametrize("name", ["one", "silent", "dc"])
def test_odd_recordings_keep_their_length(book: str, name: str, folder: Path, run: Run) -> None:
    ok(run("encode", f"{name}.wav", "-c", book))
    ok(run("decode", f"{name}.vqc", "-o", "back.wav"))
    original, back = soundfile.read(f"{name}.wav")[0], soundfile.read("back.wav")[0]
    assert back.shape == original.shape
    assert np.abs(back[-1000:]).max() < (0.1 if name == "dc" else 0.03)


def test_an_embedded_codebook_needs_no_library(
    book: str, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(run("encode", "talk.wav", "-o", "t.vqc", "-c", book, "--embed-codebook"))
    monkeypatch.setattr("vqcodec.codebook.library.shipped_folder", lambda: folder)
    assert "whole" in ok(run("verify", "t.vqc"))


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("-q 60", "quality"),
        ("--bitrate 6", "bitrate 6"),
        ("--target-size 9000", "target size"),
        ("-e 9", "effort"),
        ("-q 60 -e 9", "quality, effort"),
    ],
)
def test_wishes_without_a_meaning_are_refused(book: str, option: str, named: str, folder: Path, run: Run) -> None:
    result = run("encode", "talk.wav", "-o", "x.vqc", "-c", book, *option.split())
    assert result.exit_code == 2
    assert result.stderr == (
        f"vqcodec: talk.wav: codebook {book} has one way of coding, at {RATES[book]:g} kbit/s; leave out {named}\n"
    )
    assert not Path("x.vqc").exists()


def test_its_own_bitrate_is_no_contradiction(book: str, folder: Path, run: Run) -> None:
    ok(run("encode", "talk.wav", "-o", "a.vqc", "-c", book))
    ok(run("encode", "talk.wav", "-o", "b.vqc", "-c", book, "--bitrate", f"{RATES[book]:g}"))
    assert Path("a.vqc").read_bytes() == Path("b.vqc").read_bytes()
