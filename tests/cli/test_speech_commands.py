"""The command line on sound: what is asked, how it ends, what is said, and which files are made."""

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
from test_commands import Case, contents
from typer.testing import Result

from vqcodec import api
from vqcodec.codebook.library import list_codebooks
from vqcodec.container.chunks import PACKET
from vqcodec.media.registry import default_codebook

Run = Callable[..., Result]

SPEECH_CODEBOOKS = {default_codebook("speech/celp-nb"), default_codebook("speech/celp-wb")}
pytestmark = pytest.mark.skipif(
    not {entry.name for entry in list_codebooks()} >= SPEECH_CODEBOOKS,
    reason="the speech codebooks are not in the library: codebooks/recipe.sh makes them",
)

RATE = 16000


def wav(samples: np.ndarray, rate: int = RATE, format: str = "WAV", subtype: str = "PCM_16", title: str = "") -> bytes:
    target = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(target, "w", rate, channels, subtype, format=format) as file:
        if title:
            file.title = title
        file.write(samples)
    return target.getvalue()


def chord() -> np.ndarray:
    """A second and a half of struck C major, float64 with full scale 1: what no pitch predictor expects."""
    time = np.arange(24000) / RATE
    tones = sum(np.sin(2 * np.pi * hz * time) for hz in (262, 330, 392, 523, 1047))
    return 0.15 * tones * np.exp(-3 * (time % 0.5))


@pytest.fixture(scope="session")
def sounds() -> dict[str, bytes]:
    """Small sound files by name, good and bad, and files of speech."""
    talk = np.rint(synthetic_speech(2.5, RATE)).astype(np.int16)
    titled = api.encode(wav(talk, title="Prompt"), band="nb", effort=0).data
    coded = api.encode(wav(talk), band="nb", effort=0).data
    assert titled is not None
    assert coded is not None
    second = titled.index(PACKET, titled.index(PACKET) + 4)
    return {
        "talk.wav": wav(talk),
        "talk.flac": wav(talk, format="FLAC"),
        "text.wav": b"not a sound\n",
        "talk.ogg": wav(talk, format="OGG", subtype="VORBIS"),
        "talk.mp3": wav(talk, format="MP3", subtype="MPEG_LAYER_III"),
        "titled.wav": wav(talk[:9000], title="Prompt"),
        "short.wav": wav(talk[:8000:2], 8000),
        "stereo.wav": wav(np.stack([talk, talk[::-1]], axis=1), 44100),
        "eight.wav": wav(np.repeat(talk[:9600, np.newaxis], 8, axis=1), 192000),
        "one.wav": wav(talk[:1]),
        "silent.wav": wav(np.zeros(4000), 8000),
        "dc.wav": wav(np.full(4000, 0.7), 8000),
        "nan.wav": wav(np.array([0.0, np.nan, 2.0, np.inf]), 8000, subtype="FLOAT"),
        "music.wav": wav(chord()),
        "empty.wav": wav(np.zeros(0)),
        "nothing.wav": b"",
        "cut.flac": wav(talk, format="FLAC")[:9000],
        "head.wav": wav(talk)[:30],
        "slow.wav": wav(talk[:10], 999),
        "crowd.wav": wav(np.zeros((10, 65)), 8000),
        "talk.vqc": coded,
        "titled.vqc": titled,
        "damaged.vqc": titled[: second + 20] + bytes([titled[second + 20] ^ 1]) + titled[second + 21 :],
        "ended.vqc": titled[: titled.rindex(PACKET) + 20],
        "cut.vqc": coded[:-9],
        "exists.wav": b"precious",
    }


@pytest.fixture
def sound_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sounds: dict[str, bytes]) -> Path:
    """The current folder, with the sound files in it."""
    monkeypatch.chdir(tmp_path)
    for name, data in sounds.items():
        Path(name).write_bytes(data)
    return tmp_path


ENCODED = (
    r"-> {}: [\d,]+ bytes, [\d.]+ s {} at {} kHz, [\d.]+ kbit/s \(speech [\d.]+\), [\d.]+:1, "
    r"weighted segmental SNR (-?[\d.]+ dB|silent|exact), [\d.]+ s\n"
)
MAY_COMPILE = r"\A(compiling kernels: .*\n)?\Z"  # where a kernel is called that the first run has to compile
MAY_LACK = r"\A(compiling kernels: .*\n)?(PESQ, STOI, ViSQOL left out: .*\n)?\Z"  # without vqcodec[metrics]
NARROW = ENCODED.format(r"x\.vqc", "mono", "8")
WIDE = ENCODED.format(r"x\.vqc", "mono", "16")

GOOD = [
    Case("encode talk.wav -o x.vqc -e 0", stdout=rf"\Atalk\.wav {WIDE}\Z", makes="x.vqc"),
    Case("encode talk.wav -o x.vqc -e 0 --band nb", stdout=rf"\Atalk\.wav {NARROW}\Z", makes="x.vqc"),
    Case("encode talk.flac -o x.vqc -e 0 --bitrate 3", stdout=NARROW, makes="x.vqc"),
    Case("encode talk.ogg -o x.vqc -e 0 -q 10 --band nb", stdout=NARROW, makes="x.vqc", stderr=MAY_COMPILE),
    Case("encode talk.mp3 -o x.vqc -e 0 --target-size 1500 --band nb", stdout=NARROW, makes="x.vqc"),
    Case("encode talk.wav -o x.vqc -e 0 -c speech-nb", stdout=NARROW, makes="x.vqc"),
    Case("encode talk.wav -o x.vqc -e 0 --media speech --embed-codebook", stdout=WIDE, makes="x.vqc"),
    Case("encode short.wav -e 0", stdout=ENCODED.format(r"short\.vqc", "mono", "8"), makes="short.vqc"),
    Case(
        "encode stereo.wav -o x.vqc -e 0",
        stderr=r"\Astereo\.wav: 2 channels mixed into one; keep them with --channels keep\n\Z",
        stdout=WIDE,
        makes="x.vqc",
    ),
    Case(
        "encode stereo.wav -o x.vqc -e 0 --channels keep",
        stdout=ENCODED.format(r"x\.vqc", "stereo", "16"),
        makes="x.vqc",
    ),
    Case("encode eight.wav -o x.vqc -e 0", stderr=r"8 channels \(7\.1\) mixed into one", stdout=WIDE, makes="x.vqc"),
    Case(
        "decode cut.vqc -o x.wav --salvage",
        stderr=r"cut\.vqc: 1 lost packets concealed, at 2\.0-2\.5 s\n\Z",
        stdout="2\\.50 s mono",
        makes="x.wav",
    ),
    Case("encode one.wav -o x.vqc -e 0", stdout=WIDE, makes="x.vqc"),
    Case("encode silent.wav -o x.vqc -e 0", stdout=r"SNR silent", makes="x.vqc"),
    Case("encode dc.wav -o x.vqc -e 0", stdout=NARROW, makes="x.vqc"),
    Case(
        "encode nan.wav -o x.vqc -e 0",
        stderr=r"\Anan\.wav: 2 NaN or infinite samples, .*\nnan\.wav: 1 sample beyond full scale, clipped\n\Z",
        stdout=NARROW,
        makes="x.vqc",
    ),
    Case("encode music.wav -o x.vqc -e 0 --bitrate 6", stdout=r"\(speech (5\.[6-9]|6\.[0-4])", makes="x.vqc"),
    Case("encode titled.wav -o x.vqc -e 0 --strip-metadata", stdout=WIDE, makes="x.vqc"),
    Case(
        "encode talk.wav short.wav -d new -e 0",
        stdout=r"speech +2 +[\d,]+ +[\d,]+  [\d.]+ s, [\d.]+ kbit/s, [\d.]+:1\n\Z",
        makes="new/talk.vqc new/short.vqc",
    ),
    Case("decode talk.vqc -o x.wav", stdout=r"-> x\.wav: WAV 2\.50 s mono at 16 kHz, 80,044 bytes", makes="x.wav"),
    Case("decode talk.vqc -o x.flac --rate codec", stdout=r"FLAC 2\.50 s mono at 8 kHz", makes="x.flac"),
    Case("decode talk.vqc -o x.ogg --rate 22050", stdout=r"OGG 2\.50 s mono at 22\.05 kHz", makes="x.ogg"),
    Case("decode talk.vqc titled.vqc -d new", stdout=r"speech +2 ", makes="new/talk.wav new/titled.wav"),
    Case("decode talk.vqc -d new -f flac", stdout="FLAC", makes="new/talk.flac"),
    Case("decode titled.vqc -o x.wav --start 0.5 --duration 1", stdout=r"WAV 1\.00 s", makes="x.wav"),
    Case("decode titled.vqc -o x.wav --start 0:00.5 --duration 0:1 --encoding mulaw", stdout="WAV 1", makes="x.wav"),
    Case(
        "decode damaged.vqc -o x.wav --salvage",
        stderr=r"(?s)damaged\.vqc: damaged: bytes .*damaged\.vqc: 1 lost packets concealed, at 1\.0-2\.0 s\n\Z",
        stdout=r"WAV 2\.50 s",
        makes="x.wav",
    ),
    Case("decode ended.vqc -o x.wav --salvage", stderr=r"concealed, at 2\.0-2\.5 s", stdout="WAV", makes="x.wav"),
    Case("info talk.vqc", stdout=r"(?s)2\.50 s, 40,000 samples at 16,000 Hz, mono\n.*8,000 Hz, 3 packets.*celp-nb"),
    Case(
        "info titled.vqc --bits",
        stdout=r"(?s)title: Prompt.*lsf.*container.*in all +[\d,]+ 100\.00% +[\d.]+ kbit/s\n\Z",
    ),
    Case("verify talk.vqc titled.vqc", stdout=r"talk\.vqc: whole; 2\.50 s mono speech/celp-nb, codebook speech-nb"),
    Case(
        "compare talk.wav talk.vqc",
        stdout=r"(?s)2\.50 s at 8000 Hz\n  rate +[\d.]+ kbit/s \(speech [\d.]+\)\n"
        r"  LSFs +[\d.]+ dB .*SQNR +-?[\d.]+ dB.*weighted +-?[\d.]+ dB",
        stderr=MAY_LACK,
    ),
    Case("compare talk.wav talk.flac", stdout=r"(?s)at 16000 Hz\n.*SQNR +exact.*identical", stderr=MAY_LACK),
]

REFUSED = [
    Case("encode talk.wav -q 5 --bitrate 4 -o x.vqc", 2, r"exclude one another"),
    Case("encode talk.wav --bitrate 0 -o x.vqc", 2, r"bitrate 0 "),
    Case("encode talk.wav --bitrate much -o x.vqc", 2, r"--bitrate"),
    Case(
        "encode talk.wav --target-psnr 30 -o x.vqc",
        2,
        r"target PSNR is for pictures and video, and this is speech",
    ),
    Case("encode talk.wav --tune ssim -o x.vqc", 2, r"talk\.wav: speech has no option tune"),
    Case("encode talk.wav --band swb -o x.vqc", 2, r"--band"),
    Case("encode talk.wav --band wb -c speech-nb -o x.vqc", 2, r"band wb was asked for, but codebook speech-nb"),
    Case("encode text.wav -o x.vqc", 3, r"text\.wav: not sound that libsndfile or ffmpeg can read"),
    Case("encode talk.wav -c photo -o x.vqc", 3, r"talk\.wav: codebook photo is for pictures, and this is speech"),
    Case("encode talk.wav --media image -o x.vqc", 3, r"talk\.wav: medium image was asked for, and this is speech"),
    Case("encode talk.wav --media speech -c photo -o x.vqc", 2, r"the codebook is for image"),
    Case(
        "encode talk.wav --target-size 20 -o x.vqc",
        2,
        r"talk\.wav: target size 20 cannot be reached: even at its coarsest",
    ),
    Case("encode talk.wav -o talk.wav --force", 2, r"is also an input"),
    Case("encode empty.wav -o x.vqc", 3, r"\Avqcodec: empty\.wav: holds no samples\n\Z"),
    Case("encode nothing.wav --media speech -o x.vqc", 3, r"\Avqcodec: nothing\.wav: the file is empty\n\Z"),
    Case("encode cut.flac -o x.vqc", 3, r"\Avqcodec: cut\.flac: damaged: [^\n]+\n\Z"),
    Case("encode head.wav -o x.vqc", 3, r"\Avqcodec: head\.wav: [^\n]+\n\Z"),
    Case("encode missing.wav --media speech -o x.vqc", 3, r"\Avqcodec: missing\.wav: no such file[^\n]*\n\Z"),
    Case("encode slow.wav -o x.vqc", 7, r"\Avqcodec: slow\.wav: 999 samples a second; 1000 to 768000 are allowed\n"),
    Case("encode crowd.wav -o x.vqc", 7, r"\Avqcodec: crowd\.wav: 65 channels; at most 64 are allowed\n\Z"),
    Case("decode talk.vqc -o x.png", 2, r"x\.png: the extension names no sound format"),
    Case("decode talk.vqc -o x.wav --start 2.5", 2, r"talk\.vqc: start 2\.5 s is not within the recording"),
    Case("decode talk.vqc -o x.wav --start -1", 2, r"--start"),
    Case("decode talk.vqc -o x.wav --duration 0", 2, r"duration 0 is out of range; choose above 0"),
    Case("decode talk.vqc -o x.wav --rate fast", 2, r"rate fast is not a sampling rate; choose source, codec, or 1000"),
    Case("decode talk.vqc -o x.wav --crop 0,0,1x1", 2, r"talk\.vqc: crop is for pictures, and this is speech"),
    Case("decode talk.vqc -o exists.wav", 8, r"\Avqcodec: exists\.wav: exists already; pass --force[^\n]+\n\Z"),
    Case("decode talk.vqc", 8, r"\Avqcodec: talk\.wav: exists already"),
    Case("decode talk.vqc -o /dev/full", 2, r"names no sound format"),
    Case("decode talk.vqc -o /dev/full -f wav", 8, r"/dev/full: cannot be written: [^\n]+\n\Z"),
    Case("decode talk.wav -o x.wav", 3, r"\Avqcodec: talk\.wav: not a vqcodec file \(\.vqc\)\n\Z"),
    Case("decode talk.wav -o x.wav --salvage", 3, r"\Avqcodec: talk\.wav: not a vqcodec file \(\.vqc\)\n\Z"),
    Case("decode damaged.vqc -o x.wav", 4, r"\Avqcodec: damaged\.vqc: [^\n]+damaged[^\n]+\n\Z"),
    Case("decode ended.vqc -o x.wav", 4, r"\Avqcodec: ended\.vqc: [^\n]+\n\Z"),
    Case("decode cut.vqc -o x.wav", 4, r"\Avqcodec: cut\.vqc: [^\n]+; pass --salvage for what is intact\n\Z"),
    Case("verify damaged.vqc talk.vqc", 4, r"\Avqcodec: damaged\.vqc: [^\n]+\n\Z", r"talk\.vqc: whole"),
    Case("compare talk.wav nothing.wav", 3, r"\Avqcodec: nothing\.wav: the file is empty\n\Z"),
]


@pytest.mark.parametrize("case", GOOD + REFUSED, ids=lambda case: case.args)
def test_command(case: Case, sound_folder: Path, run: Run) -> None:
    before = contents(sound_folder)
    result = run(*case.args.split())
    assert result.exit_code == case.code, result.output
    assert re.search(case.stderr, result.stderr), result.stderr
    assert re.search(case.stdout, result.stdout), result.stdout
    after = contents(sound_folder)
    assert set(after) - set(before) == set(case.makes.split())
    assert {name: after[name] for name in before} == before, "an existing file was changed or removed"


@pytest.mark.parametrize(
    "line",
    [
        "encode talk.wav stereo.wav -d new -e 0 --json --quiet",
        "decode talk.vqc -o x.wav --json",
        "decode damaged.vqc -o x.wav --salvage --json --quiet",
        "info talk.vqc titled.vqc --bits --json",
        "verify talk.vqc --json",
        "compare talk.wav talk.vqc --json",
    ],
)
def test_json_is_one_documented_object_a_line(line: str, sound_folder: Path, run: Run) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    result = run(*line.split())
    assert result.exit_code == 0, result.output
    assert re.search(MAY_LACK, result.stderr)
    for text in result.stdout.splitlines():
        for key in json.loads(text):
            assert f"`{key}`" in documented


def test_sound_goes_through_pipes(sound_folder: Path, run: Run) -> None:
    encoded = run("encode", "-", "-o", "-", "-e", "0", stdin=Path("talk.flac").read_bytes())
    assert encoded.exit_code == 0
    assert encoded.stderr.startswith("<stdin> -> <stdout>: ")
    decoded = run("decode", "-", "-o", "-", "--quiet", stdin=encoded.stdout_bytes)
    samples, rate = soundfile.read(io.BytesIO(decoded.stdout_bytes))
    assert (samples.shape, rate) == ((40000,), 16000)
    compared = run("compare", "talk.wav", "-", stdin=decoded.stdout_bytes)
    assert "talk.wav <> <stdin>: 2.50 s at 16000 Hz" in compared.stdout


def test_a_batch_of_pictures_and_sound_is_one_batch(sound_folder: Path, workspace: Path, run: Run) -> None:
    result = run("encode", "small.png", "talk.wav", "-d", "new", "-e", "0")
    assert result.exit_code == 0, result.output
    assert re.search(r"in all +2 +[\d,]+ +[\d,]+\n\Z", result.stdout)
    assert run("decode", "new/small.vqc", "new/talk.vqc", "-d", "back", "--quiet").exit_code == 0
    assert {path.name for path in (workspace / "back").iterdir()} == {"small.png", "talk.wav"}
