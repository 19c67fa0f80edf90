"""The command line on video, with an engine that stores the planes: what is asked, how it ends, what is said."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import stored_video
from stored_video import CODEBOOK, moving_frames
from test_commands import Case, contents
from typer.testing import Result

from vqcodec.container.chunks import PACKET
from vqcodec.ffmpeg import program
from vqcodec.video.arrays import encode_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import MAGIC, frame_bytes, head

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Small videos by name, good and bad, and files of video."""
    folder = tmp_path_factory.mktemp("clips")
    format = VideoFormat(48, 32, Fraction(25), Fraction(1))
    y4m = head(format) + b"".join(map(frame_bytes, moving_frames(20)))
    (folder / "clip.y4m").write_bytes(y4m)
    coders = {
        "clip.mkv": ["ffv1"],
        "clip.mp4": ["libx264"],
        "clip.avi": ["mpeg4"],
        "deep.mkv": ["ffv1", "-pix_fmt", "yuv444p10"],
    }
    for name, coder in coders.items():
        command = [program.executable(), "-loglevel", "error", "-i", folder / "clip.y4m", "-c:v", *coder, folder / name]
        subprocess.run(command, check=True)
    pictures = ["-frames:v", "3", folder / "film%d.png"]
    subprocess.run([program.executable(), "-loglevel", "error", "-i", folder / "clip.y4m", *pictures], check=True)
    with stored_video.registered():
        coded = encode_video(moving_frames(20), 25, codebook=CODEBOOK, quality=80, gop=4)
    second = coded.index(PACKET, coded.index(PACKET) + 4) + 40
    return {
        "clip.y4m": y4m,
        **{name: (folder / name).read_bytes() for name in coders},
        **{f"film/f{n}.png": (folder / f"film{n}.png").read_bytes() for n in (1, 2, 3)},
        "half.y4m": y4m[:-99],
        "broken.mkv": b"\x1aE\xdf\xa3" + bytes(50),
        "one.y4m": head(format) + frame_bytes(moving_frames(1)[0]),
        "none.y4m": head(format),
        "good.vqc": coded,
        "damaged.vqc": coded[:second] + bytes([coded[second] ^ 1]) + coded[second + 1 :],
        "cut.vqc": coded[:-30],
        "exists.mkv": b"precious",
        "stored.vqcb": CODEBOOK.to_bytes(),
    }


@pytest.fixture
def clip_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clips: dict[str, bytes]) -> Iterator[Path]:
    """The current folder, with the files in it, and the engine that they are coded with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(tmp_path))
    for name, data in clips.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(data)
    with stored_video.registered():
        yield tmp_path


def encoded(frames: int, groups: str = r"\d+ groups?") -> str:
    return (
        rf"-> x\.vqc: [\d,]+ bytes, {frames} frame{'s' * (frames != 1)} 48x32 in {groups}, [\d.]+ kbit/s, [\d.]+:1, "
        r"PSNR Y ([\d.]+ dB|exact), 6:1:1 ([\d.]+ dB|exact), [\d.]+ s\n\Z"
    )


BY = "-c stored.vqcb -o x.vqc"

GOOD = [
    Case(f"encode clip.y4m {BY}", stdout=rf"\Aclip\.y4m {encoded(20)}", makes="x.vqc"),
    Case(f"encode clip.mkv {BY} -q 100 --gop 4 --no-scene-cuts", stdout=encoded(20, "5 groups"), makes="x.vqc"),
    Case(f"encode clip.mp4 {BY} --media video -e 0", stdout=encoded(20), makes="x.vqc"),
    Case(f"encode clip.avi {BY} --no-audio", stdout=encoded(20), makes="x.vqc"),
    Case(f"encode clip.y4m {BY} --bitrate 300", stdout=r" (29[4-9]|30[0-6])\.\d kbit/s", makes="x.vqc"),
    Case(
        f"encode clip.y4m {BY} --bitrate 90000",
        stderr=r"\Aclip\.y4m: bitrate 90000 kbit/s is more than needed: at the best quality the video takes [\d.]+ kb",
        stdout=encoded(20),
        makes="x.vqc",
    ),
    Case(f"encode clip.y4m {BY} --target-size 30000", stdout=r": (29|30),\d\d\d bytes", makes="x.vqc"),
    Case(f"encode clip.y4m {BY} --target-psnr 36", stdout=r"6:1:1 (35\.9|36\.0)\d dB", makes="x.vqc"),
    Case(f"encode clip.mkv {BY} --frames 5:9", stdout=encoded(4, "1 group"), makes="x.vqc"),
    Case(f"encode one.y4m {BY}", stdout=encoded(1, "1 group"), makes="x.vqc"),
    Case(f"encode film {BY} --fps 24", stdout=encoded(3), makes="x.vqc"),
    Case(f"encode film/*.png {BY} --keep-partial", stdout=encoded(3), makes="x.vqc"),
    Case("encode film -c stored.vqcb", stdout=r"film -> film\.vqc: ", makes="film.vqc"),
    Case(f"encode clip.y4m {BY} --option distance=4", stdout=encoded(20), makes="x.vqc"),
    Case(
        f"encode deep.mkv {BY}",
        stderr=r"\Adeep\.mkv: yuv444p10le converted to 8-bit 4:2:0\n\Z",
        stdout=encoded(20),
        makes="x.vqc",
    ),
    Case(
        f"encode half.y4m {BY}",
        stderr=r"\Ahalf\.y4m: cut off within frame 19; the 19 before it are coded\n\Z",
        stdout=encoded(19),
        makes="x.vqc",
    ),
    Case(
        "encode clip.y4m one.y4m -c stored.vqcb -d new",
        stdout=r"files +bytes before +after\nvideo +2 +[\d,]+ +[\d,]+  21 frames, [\d.]+ kbit/s\n\Z",
        makes="new/clip.vqc new/one.vqc",
    ),
    Case("decode good.vqc -o x.y4m", stdout=r"-> x\.y4m: y4m 20 frames 48x32 at 25 fps, 46,\d+ bytes", makes="x.y4m"),
    Case("decode good.vqc", stdout=r"-> good\.mp4: mp4 20 frames", makes="good.mp4"),
    Case("decode good.vqc -o x.mkv --lossless --frames 3:7", stdout=r"mkv 4 frames", makes="x.mkv"),
    Case("decode good.vqc -d new -f mov --start 0.4 --duration 0.2", stdout=r"mov 5 frames", makes="new/good.mov"),
    Case("decode good.vqc -o new/%02d.png --frames 8:10", stdout=r"png 2 frames", makes="new/08.png new/09.png"),
    Case(
        "decode damaged.vqc -o x.y4m --salvage",
        stderr=r"(?s)damaged: bytes .*: 4 lost frames, 4:8; each is replaced by the last frame before it\n\Z",
        stdout=r"y4m 20 frames",
        makes="x.y4m",
    ),
    Case("info good.vqc", stdout=r"(?s)48x32, 20 frames, 25 fps, 0\.80 s\n.*groups +5\n.*sound +none\n.*video/stored"),
    Case("info good.vqc --bits", stdout=r"(?s)samples.*in all +[\d,]+ 100\.00%\n.*bits by frame\n +0 I .* 19 P "),
    Case("verify good.vqc", stdout=r"\Agood\.vqc: whole; 20 frames 48x32 video/stored, codebook stored"),
    Case("compare clip.y4m clip.mkv", stdout=r"(?s)20 frames 48x32\n.*Y exact, U exact, V exact\n.*identical"),
    Case(
        "compare clip.y4m good.vqc --csv x.csv",
        stdout=r"(?s)PSNR +Y [\d.]+ dB.*6:1:1 +[\d.]+ dB; least [\d.]+ dB, frame \d+\n.*SSIM +Y 0\.\d+",
        makes="x.csv",
    ),
]

REFUSED = [
    Case(f"encode clip.y4m {BY} -q 5 --bitrate 4", 2, r"exclude one another"),
    Case(f"encode clip.y4m {BY} --bitrate 0", 2, r"bitrate 0 is out of range; choose 0\.1 to 1000000 kbit/s"),
    Case(
        f"encode clip.y4m {BY} --bitrate 1",
        2,
        r"bitrate 1 kbit/s cannot be reached: even at quality 0 the vid",
    ),
    Case(
        f"encode clip.y4m {BY} --target-size 99",
        2,
        r"target size 99 cannot be reached: even at quality 0",
    ),
    Case(f"encode clip.y4m {BY} --frames 7:3", 2, r"frames 7:3 has no frames; choose frames such as"),
    Case(f"encode clip.y4m {BY} --frames 30:", 3, r"clip\.y4m: holds no frames"),
    Case(f"encode clip.y4m {BY} --fps fast", 2, r"fps fast is not a frame rate; choose a number"),
    Case(f"encode clip.y4m {BY} --gop 0", 2, r"--gop"),
    Case(f"encode clip.y4m {BY} --option distance", 2, r"say NAME=VALUE"),
    Case(f"encode clip.y4m {BY} --option gop=4", 2, r"--option 'gop=4': gop is not an option of an engine"),
    Case(f"encode clip.y4m {BY} --option colour=1", 2, r"video/stored has no option colour"),
    Case("encode film/f1.png --gop 4 -o x.vqc", 2, r"film/f1\.png: gop is for video, and this is a picture"),
    Case("encode clip.y4m -c photo -o x.vqc", 3, r"clip\.y4m: codebook photo is for pictures, and this is video"),
    Case("encode clip.y4m -c stored.vqcb --media image -o x.vqc", 2, r"the codebook is for video"),
    Case("encode film/*.png -c stored.vqcb", 2, r"name it with -o"),
    Case(f"encode none.y4m {BY}", 3, r"\Avqcodec: none\.y4m: holds no frames\n\Z"),
    Case(f"encode broken.mkv {BY}", 3, r"\Avqcodec: broken\.mkv: not a video that ffmpeg can read: [^\n]+\n\Z"),
    Case(f"encode missing.mkv {BY}", 3, r"\Avqcodec: missing\.mkv: no such file[^\n]*\n\Z"),
    Case("decode good.vqc -o x.wav", 2, r"good\.vqc: no sound to write; decode the picture, for example to mp4"),
    Case("decode good.vqc -o x.tiff", 2, r"x\.tiff: the extension names no video format"),
    Case("decode good.vqc -o x.png", 2, r"a video is written as many pictures; give a pattern"),
    Case("decode good.vqc -o x.y4m --frames 20:", 2, r"not within the video, which has 20"),
    Case("decode good.vqc -o x.y4m --start 9", 2, r"start 9 s is not within the video, which lasts 0\.800 s"),
    Case("decode good.vqc -o x.y4m --crop 0,0,1x1", 2, r"this is video"),
    Case("decode good.vqc -o exists.mkv", 8, r"\Avqcodec: exists\.mkv: exists already; pass --force[^\n]+\n\Z"),
    Case("decode good.vqc -o /dev/full -f y4m", 8, r"/dev/full: cannot be written: [^\n]+\n\Z"),
    Case("decode damaged.vqc -o x.y4m", 4, r"\Avqcodec: damaged\.vqc: [^\n]+damaged[^\n]+\n\Z"),
    Case("decode damaged.vqc -o x.mkv", 4, r"\Avqcodec: damaged\.vqc: [^\n]+damaged[^\n]+\n\Z"),
    Case("decode cut.vqc -o x.y4m", 4, r"\Avqcodec: cut\.vqc: [^\n]+\n\Z"),
    Case("verify damaged.vqc good.vqc", 4, r"\Avqcodec: damaged\.vqc: [^\n]+\n\Z", r"good\.vqc: whole"),
    Case("compare clip.y4m film/f1.png", 2, r"clip\.y4m is of medium video, film/f1\.png of image; compare alike"),
    Case("compare film/f1.png film/f2.png --csv x.csv", 2, r"--csv and --plot are for video"),
    Case("compare clip.y4m good.vqc --plot x.doc", 2, r"x\.doc: a drawing is \.svg, \.png, \.pdf"),
    Case("train-codebook film --media video -o x.vqcb", 3, r"film: no video files in it"),
    Case("train-codebook clip.y4m --media video --seed 1 -o x.vqcb", 2, r"--seed is an option of engine"),
]


@pytest.mark.parametrize("case", GOOD + REFUSED, ids=lambda case: case.args)
def test_command(case: Case, clip_folder: Path, run: Run) -> None:
    before = contents(clip_folder)
    result = run(*case.args.split())
    assert result.exit_code == case.code, result.output
    assert re.search(case.stderr, result.stderr), result.stderr
    assert re.search(case.stdout, result.stdout), result.stdout
    after = contents(clip_folder)
    assert set(after) - set(before) == set(case.makes.split())
    assert {name: after[name] for name in before} == before, "an existing file was changed or removed"


@pytest.mark.parametrize(
    "line",
    [
        f"encode clip.y4m {BY} --json --quiet",
        "decode good.vqc -o x.y4m --json",
        "decode damaged.vqc -o x.y4m --salvage --json --quiet",
        "info good.vqc --bits --json",
        "verify good.vqc --json",
        "compare clip.y4m good.vqc --json",
    ],
)
def test_json_is_one_documented_object_a_line(line: str, clip_folder: Path, run: Run) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    result = run(*line.split())
    assert result.exit_code == 0, result.output
    (record,) = map(json.loads, result.stdout.splitlines())
    for key in record:
        assert f"`{key}`" in documented


def test_a_part_that_reaches_beyond_the_end_is_a_whole_file(clip_folder: Path, run: Run) -> None:
    assert run(*f"encode clip.mkv {BY} --frames 5:90".split()).exit_code == 0
    assert run("verify", "x.vqc").exit_code == 0
    assert json.loads(run("info", "x.vqc", "--json").stdout)["frames"] == 15


def test_video_goes_through_pipes(clip_folder: Path, run: Run) -> None:
    y4m = Path("clip.y4m").read_bytes()
    encoding = run("encode", "-", "-o", "-", "-q", "100", "-c", "stored.vqcb", stdin=y4m)
    assert encoding.exit_code == 0, encoding.stderr
    assert encoding.stderr.startswith("<stdin> -> <stdout>: ")
    decoding = run("decode", "-", "-o", "-", "--quiet", stdin=encoding.stdout_bytes)
    assert decoding.stdout_bytes.startswith(MAGIC)
    compared = run("compare", "clip.y4m", "-", stdin=decoding.stdout_bytes)
    assert "clip.y4m <> <stdin>: 20 frames 48x32" in compared.stdout
    assert "identical" in compared.stdout


def test_a_video_file_may_come_from_standard_input(clip_folder: Path, run: Run) -> None:
    result = run("encode", "-", "-o", "x.vqc", "-c", "stored.vqcb", stdin=Path("clip.mkv").read_bytes())
    assert result.exit_code == 0, result.stderr
    assert "<stdin> -> x.vqc: " in result.stdout


def test_the_table_has_a_row_for_each_frame(clip_folder: Path, run: Run) -> None:
    assert run("compare", "clip.y4m", "good.vqc", "--csv", "x.csv").exit_code == 0
    rows = list(csv.DictReader(io.StringIO(Path("x.csv").read_text())))
    assert [row["frame"] for row in rows] == [*map(str, range(20)), "mean"]
    means = sum(float(row["psnr_y_db"]) for row in rows[:-1]) / 20
    assert float(rows[-1]["psnr_y_db"]) == pytest.approx(means, abs=1e-5)


def test_without_ffmpeg_one_line_says_so(clip_folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")
    said = r"ffmpeg is not at hand: /nowhere/ffmpeg is no program; pip install [^\n]+\n\Z"
    encoding = run("encode", "clip.mkv", *BY.split())
    assert (encoding.exit_code, encoding.stdout) == (3, "")
    assert re.match(r"vqcodec: clip\.mkv: " + said, encoding.stderr), encoding.stderr
    decoding = run("decode", "good.vqc", "-o", "x.mp4")
    assert decoding.exit_code == 8
    assert re.match(r"vqcodec: (good\.vqc: )?x\.mp4: " + said, decoding.stderr), decoding.stderr
    assert not list(Path().glob("x.*"))
    assert run("encode", "clip.y4m", *BY.split()).exit_code == 0, "y4m needs no ffmpeg"
