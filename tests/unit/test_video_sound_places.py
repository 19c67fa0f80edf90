"""Sound stands at its own time beside the picture: where streams begin, gaps, jitter, parts of videos."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import stored_video
from stored_video import CODEBOOK

from vqcodec import api
from vqcodec.codebook.library import list_codebooks
from vqcodec.ffmpeg import program, reading
from vqcodec.ffmpeg.survey import Pieces
from vqcodec.media.registry import default_codebook
from vqcodec.reports.video import VideoEncodeReport
from vqcodec.video.io.frame_source import PartSource
from vqcodec.video.io.placing import Run, SoundTrack, placed
from vqcodec.video.io.sources import open_video

RATE = 16000
FLASH_S, BEEP_S = 1.0, 1.0  # in the picture and in the sound, each from its own beginning
ALLOWED_S = 0.01


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


def track(
    starts: Sequence[int | None], lengths: Sequence[int], begin: float = 0, end: float | None = None
) -> SoundTrack:
    """A sound of 1000 samples a second, in pieces."""
    pieces = Pieces(Fraction(1, 1000), starts, lengths)
    return SoundTrack("sound", 1, pieces, Fraction(begin), None if end is None else Fraction(end))


@pytest.mark.parametrize(
    ("sound", "runs"),
    [
        (track([0, 100, 200], [100, 100, 100]), [Run(0, 0, 300)]),
        (track([4, 104], [100, 100]), [Run(0, 0, 200)]),  # 4 ms are no matter
        (track([600, 700], [100, 100]), [Run(0, 600, 200)]),
        (track([0, 100, 200], [100, 100, 100], begin=0.125), [Run(125, 0, 175)]),
        (track([-50, 50], [100, 100]), [Run(50, 0, 150)]),
        (track([0, 100, 500], [100, 100, 100]), [Run(0, 0, 200), Run(200, 500, 100)]),
        (track([0, 100, 150], [100, 100, 100]), [Run(0, 0, 200), Run(250, 200, 50)]),  # two sounds at one time
        (track([0, 100, None, 300], [100] * 4), [Run(0, 0, 400)]),
        (track([0, 112, 190, 306, 401, 488, 600], [100] * 7), [Run(0, 0, 700)]),  # jitter
        (track([0, 100, 200, 320, 420, 520, 620, 720, 820], [100] * 9), [Run(0, 0, 300), Run(300, 320, 600)]),
        (track([0, 100, 200], [100, 100, 100], begin=0.05, end=0.25), [Run(50, 0, 200)]),
        (track([0, 100, 500], [100, 100, 100], begin=0.15, end=0.45), [Run(150, 0, 50)]),
        (track([0, 100], [100, 100], begin=5), []),
    ],
)
def test_where_sound_belongs(sound: SoundTrack, runs: list[Run]) -> None:
    assert sound.runs() == runs


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_silence_fills_what_has_no_sound(size: int) -> None:
    samples = np.arange(1, 201, dtype=np.int16).reshape(100, 2)
    blocks = (samples[begin : begin + size] for begin in range(0, 100, size))
    runs = [Run(10, 5, 30), Run(40, 35, 20), Run(70, 100, 30)]
    made = np.concatenate(list(placed(blocks, runs)))
    expected = np.zeros((130, 2), np.int16)
    expected[5:55] = samples[10:60]
    expected[100:] = samples[70:]
    assert np.array_equal(made, expected)


def test_what_is_done_to_sound_is_said() -> None:
    assert track([0], [1000]).notes() == []
    assert track([600], [1000]).notes() == ["its sound begins 0.60 s after the picture; silence fills that"]
    assert track([0], [1000], begin=0.6).notes() == ["its sound begins 0.60 s before the picture; that much is cut off"]
    assert track([0, 500], [100, 100]).notes() == ["its sound has gaps of 0.40 s in all; silence fills them"]
    assert track([0], [1000]).part(Fraction(2), None).notes() == ["it has no sound at the time of these frames"]


def white_at(seconds: float, frames: int, rate: int) -> bytes:
    """A y4m of 32x32 pixels that is white at one moment, dark otherwise."""
    head = f"YUV4MPEG2 W32 H32 F{rate}:1 Ip C420jpeg\n".encode()
    shade = [235 if number == round(seconds * rate) else 40 + number % 8 for number in range(frames)]
    return head + b"".join(b"FRAME\n" + bytes([luma]) * 1024 + bytes([128]) * 512 for luma in shade)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture of 2 s and a sound of 2 s, each with a sign at 1 s."""
    folder = tmp_path_factory.mktemp("parts")
    (folder / "picture.y4m").write_bytes(white_at(FLASH_S, 50, 25))
    time = np.arange(2 * RATE) / RATE
    beep = (time >= BEEP_S) & (time < BEEP_S + 0.1)
    sound = np.where(beep, 12000 * np.sin(2 * np.pi * 1000 * time), 0).astype("<i2")
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return folder


def muxed(parts: Path, name: str, *options: str, picture: float = 0, sound: float = 0) -> Path:
    """A file of both, each later by so many seconds."""
    inputs = ["-itsoffset", str(picture), "-i", str(parts / "picture.y4m")]
    inputs += ["-itsoffset", str(sound), "-i", str(parts / "sound.wav"), "-map", "0:v", "-map", "1:a"]
    command = [program.executable(), "-loglevel", "error", "-y", *inputs, "-qp", "4", *options, str(parts / name)]
    subprocess.run(command, check=True)
    return parts / name


def signs(path: Path) -> tuple[float, float]:
    """The seconds from the first frame on to the white frame, and to the beep."""
    source = open_video(str(path), path.name)
    bright = [float(frame.luma.mean()) for frame in source.frames()]
    assert source.sound is not None
    wav = path.with_suffix(".heard.wav")
    assert reading.extract_sound(str(path), str(wav)) is None
    with wave.open(str(wav), "rb") as file:
        rate = file.getframerate()
        decoded = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    heard = np.concatenate(list(placed(iter([decoded]), source.sound.runs())))
    loud = np.nonzero(np.abs(heard[:, 0].astype(int)) > 2500)[0]
    return float(source.moment(int(np.argmax(bright)))), loud[0] / rate


MPEG = ["-c:v", "mpeg2video", "-c:a", "mp2"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast"]


@pytest.mark.parametrize(
    ("name", "options", "picture", "sound"),
    [
        ("plain.mkv", [*H264, "-c:a", "pcm_s16le"], 0, 0),
        ("late.mkv", [*H264, "-c:a", "pcm_s16le"], 0, 0.6),
        ("early.mkv", [*H264, "-c:a", "flac"], 0.6, 0),
        ("late.mp4", [*H264, "-c:a", "aac"], 0, 0.6),
        ("early.mp4", [*H264, "-c:a", "aac"], 0.6, 0),
        ("plain.ts", MPEG, 0, 0),  # begins at 1.4 s, and the sound a little before the picture
        ("late.ts", MPEG, 0, 0.3),
        ("early.ts", MPEG, 0.4, 0),
        ("negative.mp4", [*H264, "-c:a", "aac", "-avoid_negative_ts", "disabled"], 0, -0.3),
        ("gap.mkv", [*H264, "-af", "aselect='not(between(t,0.2,0.7))'", "-c:a", "pcm_s16le"], 0, 0),
        ("short.mp4", [*H264, "-af", "atrim=end=1.2", "-c:a", "aac"], 0, 0),
    ],
)
def test_sound_is_read_at_its_time(parts: Path, name: str, options: list[str], picture: float, sound: float) -> None:
    flash, beep = signs(muxed(parts, name, *options, picture=picture, sound=sound))
    assert flash == pytest.approx(FLASH_S, abs=0.001)
    assert beep - flash == pytest.approx(sound - picture, abs=ALLOWED_S)


def test_sound_of_a_part_begins_with_it(parts: Path) -> None:
    options = ["-vf", "select='lt(n,15)+not(mod(n,5))'", "-fps_mode", "passthrough", "-c:v", "ffv1", "-c:a", "flac"]
    source = open_video(str(muxed(parts, "varying.mkv", *options)), "varying")
    assert source.times is not None
    part = PartSource(source, 14, 20)  # 0.56 s to 1.6 s
    assert part.sound is not None
    (run,) = part.sound.runs()
    assert run.first / RATE == pytest.approx(0.56, abs=0.002)
    assert (run.place, run.length / RATE) == (0, pytest.approx(1.6 - 0.56, abs=0.002))


@pytest.mark.skipif(
    not {entry.name for entry in list_codebooks()} >= {default_codebook("speech/celp-wb")},
    reason="the speech codebooks are not in the library: codebooks/recipe.sh makes them",
)
@pytest.mark.parametrize("frames", [None, "8:22"])
def test_sound_comes_back_at_its_time(parts: Path, tmp_path: Path, frames: str | None) -> None:
    options = ["-vf", "select='lt(n,15)+not(mod(n,5))'", "-fps_mode", "passthrough", "-c:v", "ffv1", "-c:a", "flac"]
    clip = muxed(parts, "both.mkv", *options, sound=0.2)
    begin = 0.0 if frames is None else 8 / 25
    report = api.encode(clip, codebook=CODEBOOK, quality=100, frames=frames)
    assert isinstance(report, VideoEncodeReport)
    for name in ("back.mkv", "back.mp4"):
        api.decode(report.data or b"", tmp_path / name, codebook=CODEBOOK)
        assert signs(tmp_path / name) == pytest.approx((FLASH_S - begin, BEEP_S + 0.2 - begin), abs=ALLOWED_S)
    whole = api.encode(clip, codebook=CODEBOOK, quality=100, gop=6)
    assert isinstance(whole, VideoEncodeReport)
    api.decode(whole.data or b"", tmp_path / "part.mkv", codebook=CODEBOOK, frames="8:22")
    assert signs(tmp_path / "part.mkv") == pytest.approx((FLASH_S - 0.32, BEEP_S + 0.2 - 0.32), abs=ALLOWED_S)
