"""Batches: inputs that are left out or deleted, one JSON object a file, the table at the end, and a killed batch."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech
from typer.testing import Result

import vqcodec
from vqcodec.api.comparison.agreement import check_encoded
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.files.atomic import remove_unfinished, writing

Run = Callable[..., Result]
QUICK = ("-e", "0", "-q", "10")


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a folder `media` of two pictures, a recording and a clip with sound."""
    monkeypatch.chdir(tmp_path)
    picture("media/one.png", 1)
    picture("media/deep/two.png", 2)
    speech("media/talk.wav")
    write_clip(Path("media/clip.mkv"), 25, sound=Path("media/talk.wav"), options=["-c:v", "ffv1", "-c:a", "pcm_s16le"])
    return tmp_path


def picture(path: str, seed: int, channels: int = 3) -> None:
    """Make a picture of noise."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(0, 256, (24, 20, channels)).astype(np.uint8)
    Image.fromarray(samples[..., 0] if channels == 1 else samples).save(path)


def speech(path: str, channels: int = 1, rate: int = 8000) -> None:
    """Make a recording of one second."""
    sound = np.stack([synthetic_speech(1, rate, seed) for seed in range(channels)], axis=1)
    soundfile.write(path, sound.astype(np.int16), rate)


def below(folder: str) -> list[str]:
    """Return the paths of all files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


CODED = ["clip.vqc", "deep/two.vqc", "one.vqc", "talk.vqc"]


def test_only_what_is_newer_than_its_output_is_done_again(media: Path, run: Run) -> None:
    asked = ("encode", "media", "-d", "coded", "--if-newer", *QUICK)
    assert run(*asked).exit_code == 0
    assert below("coded") == CODED
    before = {name: (os.stat(f"coded/{name}").st_mtime_ns, Path("coded", name).read_bytes()) for name in CODED}
    done = run(*asked)
    assert (done.exit_code, done.stderr) == (0, "skipped, because they are not newer than their outputs: 4 of 4\n")
    picture("media/one.png", 3)
    later = before["one.vqc"][0] + 10**9
    os.utime("media/one.png", ns=(later, later))
    done = run(*asked, "--json")
    assert done.exit_code == 0
    skipped = [json.loads(line).get("skipped") for line in done.stdout.splitlines()]
    assert skipped == ["up to date", None, "up to date", "up to date"]
    changed = [name for name in CODED if Path("coded", name).read_bytes() != before[name][1]]
    assert changed == ["one.vqc"]


def test_outputs_with_the_times_of_their_inputs_are_up_to_date(media: Path, run: Run) -> None:
    os.utime("media/one.png", ns=(10**18, 10**18))
    for expected in ("one.vqc: ", "1 of 1"):
        done = run("encode", "media/one.png", "-d", "coded", "--if-newer", "--preserve", *QUICK)
        assert done.exit_code == 0
        assert expected in done.output


def test_pictures_of_a_video_are_as_new_as_the_newest(media: Path, run: Run) -> None:
    for number in range(12):
        picture(f"film/{number:02}.png", number)
    asked = ("encode", "film", "-o", "film.vqc", "--if-newer", *QUICK)
    assert run(*asked).exit_code == 0
    assert "1 of 1" in run(*asked).stderr
    later = os.stat("film.vqc").st_mtime_ns + 10**9
    os.utime("film/03.png", ns=(later, later))
    assert "12 frames" in run(*asked).stdout


def test_each_file_has_one_json_object_and_a_failure_has_its_exit_code(media: Path, run: Run) -> None:
    Path("media/bad.png").write_bytes(b"no picture")
    Path("coded").mkdir()
    Path("coded/talk.vqc").write_bytes(b"precious")
    done = run("encode", "media", "-d", "coded", "--skip-existing", "--json", *QUICK)
    assert done.exit_code == 3
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["input"].removeprefix("media/") for record in records] == [
        "bad.png", "clip.mkv", "one.png", "talk.wav", "deep/two.png",
    ]  # fmt: skip
    assert records[0]["error"]["code"] == 3
    assert records[3] == {"input": "media/talk.wav", "output": "coded/talk.vqc", "skipped": "exists"}
    assert Path("coded/talk.vqc").read_bytes() == b"precious"


def test_a_table_ends_a_batch(media: Path, run: Run) -> None:
    Path("media/bad.png").write_bytes(b"no picture")
    Path("coded").mkdir()
    Path("coded/talk.vqc").write_bytes(b"precious")
    done = run("encode", "media", "-d", "coded", "--skip-existing", *QUICK)
    *_, head, pictures, video, whole, rest = done.stdout.splitlines()
    coded = {name: os.stat(f"coded/{name}").st_size for name in CODED}
    assert head.split() == ["files", "bytes", "before", "after"]
    assert pictures.split()[:2] + video.split()[:2] + whole.split()[:3] == [
        "pictures",
        "2",
        "video",
        "1",
        "in",
        "all",
        "3",
    ]
    assert pictures.split()[3] == f"{coded['one.vqc'] + coded['deep/two.vqc']:,}"
    assert whole.split()[4] == f"{sum(coded.values()) - coded['talk.vqc']:,}"
    assert "mean PSNR" in pictures
    assert "25 frames" in video
    assert rest == "1 skipped, 1 failed"
    done = run("decode", "coded/clip.vqc", "coded/one.vqc", "-d", "back")
    assert [line.split()[:2] for line in done.stdout.splitlines()[-3:]] == [
        ["pictures", "1"],
        ["video", "1"],
        ["in", "all"],
    ]


def test_the_mean_of_a_batch_is_that_of_the_pictures_that_lost_something(media: Path, run: Run) -> None:
    Image.new("RGB", (40, 40), "white").save("flat.png")
    shutil.copy("media/one.png", "one.png")
    psnr = json.loads(run("encode", "one.png", "--json", *QUICK).stdout)["psnr_db"]
    *_, total = run("encode", "flat.png", "one.png", "-d", "coded", *QUICK).stdout.splitlines()
    assert total.endswith(f"mean PSNR {psnr:.2f} dB, 1 exact")
    shutil.copy("flat.png", "second.png")
    *_, total = run("encode", "flat.png", "second.png", "-d", "again", *QUICK).stdout.splitlines()
    assert re.search(r":1, 2 exact$", total)


def test_inputs_are_deleted_once_their_outputs_agree(media: Path, run: Run) -> None:
    done = run("encode", "media", "-d", "coded", "--delete-source", "--json", *QUICK)
    assert (done.exit_code, done.stderr) == (0, "")
    assert [json.loads(line)["deleted"] for line in done.stdout.splitlines()] == [True] * 4
    assert (below("media"), below("coded")) == ([], CODED)
    assert run("verify", "coded", "--quiet").exit_code == 0


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: Path(path).symlink_to("one.png"), "not for links"),
        (lambda path: Image.new("I;16", (8, 8), 999).save(path), "reduced from more than 8 bits a sample to 8"),
    ],
)
def test_what_cannot_be_checked_stays_and_is_an_error(
    media: Path, run: Run, make: Callable[[str], None], why: str
) -> None:
    make("media/other.png")
    done = run("encode", "media/one.png", "media/other.png", "-d", "coded", "--delete-source", "--json", *QUICK)
    assert done.exit_code == UsageError.exit_code
    assert done.stderr.splitlines()[-1].startswith("vqcodec: media/other.png: stays, because")
    assert why in done.stderr
    assert [json.loads(line)["deleted"] for line in done.stdout.splitlines()] == [True, False]
    assert os.path.lexists("media/other.png")
    assert not Path("media/one.png").exists()
    assert below("coded") == ["one.vqc", "other.vqc"]


def test_channels_that_were_mixed_stay(media: Path, run: Run) -> None:
    speech("media/talk.wav", channels=2)
    assert run("encode", "media/talk.wav", "--delete-source", *QUICK).exit_code == UsageError.exit_code
    assert Path("media/talk.wav").exists()
    asked = ("encode", "media/talk.wav", "--delete-source", "--channels", "keep", "--force", *QUICK)
    assert run(*asked).exit_code == 0
    assert not Path("media/talk.wav").exists()


def test_a_target_that_leaves_room_changes_nothing_in_reading(media: Path, run: Run) -> None:
    done = run("encode", "media/clip.mkv", "-d", "coded", "-e", "0", "--bitrate", "90000", "--delete-source")
    assert done.exit_code == 0, done.stderr
    assert "is more than needed" in done.stderr
    assert not Path("media/clip.mkv").exists()


def test_an_input_that_was_changed_meanwhile_stays(media: Path, run: Run) -> None:
    """The pictures are coded one after another, and the second changes while the first is coded."""
    names = [f"media/big{number}.png" for number in range(2)]
    for name in names:
        Image.effect_noise((700, 700), 50).save(name)
    command = [sys.executable, "-m", "vqcodec", "encode", *names, "-d", "coded", "-j", "1", "--delete-source"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_for(lambda: Path("coded").exists(), running)
    os.utime(names[1])
    _, stderr = running.communicate(timeout=120)
    assert (running.returncode, Path(names[0]).exists(), Path(names[1]).exists()) == (3, False, True)
    assert b"big1.png: stays, because it was changed meanwhile" in stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("encode - -o x.vqc --delete-source", "standard input and standard output are none"),
        ("encode media/one.png -o - --delete-source", "standard input and standard output are none"),
        ("encode - -o x.vqc --if-newer", "standard input and standard output are none"),
        ("encode media/clip.mkv --frames 0:3 --delete-source", "leave out --frames"),
        ("encode media/clip.mkv --keep-partial --delete-source", "leave out --frames and --keep-partial"),
        ("encode media -d x --skip-existing --if-newer", "exclude one another"),
        ("decode one.vqc -f jpg --delete-source", "one.jpg: cannot hold"),
        ("decode clip.vqc --delete-source", "clip.mp4: cannot hold"),
        ("decode talk.vqc -o talk.mp3 --delete-source", "talk.mp3: cannot hold"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(media: Path, run: Run, arguments: str, said: str) -> None:
    run("encode", "media/one.png", "media/clip.mkv", "media/talk.wav", "-d", ".", *QUICK)
    before = below(".")
    done = run(*arguments.split(), stdin=Path("media/one.png").read_bytes())
    assert (done.exit_code, below(".")) == (UsageError.exit_code, before)
    assert said in done.stderr


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("one", ("-f", "png")),
        ("one", ("-f", "webp")),
        ("talk", ("-f", "wav")),
        ("talk", ("-f", "flac")),
        ("clip", ("-f", "mkv", "--lossless")),
        ("silent", ("-f", "y4m")),
    ],
)
def test_a_vqc_file_is_deleted_if_its_output_holds_the_same(
    media: Path, run: Run, name: str, arguments: tuple[str, ...]
) -> None:
    write_clip(Path("media/silent.mkv"), 3)
    source = next(Path("media").glob(f"{name}.*"))
    assert run("encode", str(source), "-d", "coded", *QUICK).exit_code == 0
    done = run("decode", "coded", "-d", "back", "--delete-source", *arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (below("coded"), len(below("back"))) == ([], 1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("one", ("--crop", "0,0,8x8")),
        ("talk", ("--start", "0.5")),
        ("talk", ("--rate", "16000")),
        ("talk", ("-f", "wav", "--encoding", "mulaw")),
        ("clip", ("-f", "mkv", "--lossless", "--frames", "0:2")),
        ("clip", ("-f", "mkv", "--lossless", "--no-audio")),
        ("clip", ("-f", "wav")),
    ],
)
def test_a_vqc_file_stays_if_its_output_holds_less(
    media: Path, run: Run, name: str, arguments: tuple[str, ...]
) -> None:
    source = next(Path("media").glob(f"{name}.*"))
    assert run("encode", str(source), "-d", "coded", *QUICK).exit_code == 0
    done = run("decode", "coded", "-d", "back", "--delete-source", *arguments)
    assert (done.exit_code, below("coded"), len(below("back"))) == (UsageError.exit_code, [f"{name}.vqc"], 1)
    assert f"coded/{name}.vqc: stays, because back/{name}" in done.stderr


def test_a_file_that_decodes_to_something_else_is_found_out(media: Path) -> None:
    report = vqcodec.encode("media/one.png", "x.vqc", codebook="classic-4x4-256")
    check_encoded(report, "x.vqc")
    vqcodec.encode("media/deep/two.png", "x.vqc", codebook="classic-4x4-256", overwrite=True)
    with pytest.raises(CorruptFileError, match=r"x\.vqc: decodes to other samples than its encoder saw"):
        check_encoded(report, "x.vqc")


@pytest.mark.parametrize("codebook", ["photo", "graphic", "classic-4x4-256"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_digest_of_a_picture_is_that_of_its_decoded_samples(media: Path, codebook: str, channels: int) -> None:
    picture("x.png", 5, channels)
    data = vqcodec.encode("x.png", "x.vqc", codebook=codebook, effort=0, overwrite=True)
    decoded = hashlib.sha256(vqcodec.decode_image(Path("x.vqc").read_bytes()).tobytes()).hexdigest()
    assert data.decoded_sha256 == vqcodec.verify("x.vqc").decoded_sha256 == decoded  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "asked",
    [{}, {"band": "wb"}, {"codebook": "celp-4800"}, {"codebook": "ld-celp-16k"}, {"delay": 0.3}, {"bitrate": 4}],
)
@pytest.mark.parametrize("channels", ["mix", "keep"])
def test_the_digest_of_speech_is_that_of_its_decoded_samples(
    media: Path, asked: dict[str, object], channels: str
) -> None:
    speech("x.wav", channels=2, rate=16000)
    report = vqcodec.encode("x.wav", "x.vqc", channels=channels, **asked)  # type: ignore[arg-type]
    assert report.decoded_sha256 == vqcodec.verify("x.vqc").decoded_sha256  # type: ignore[union-attr]
    samples, _ = vqcodec.decode_speech(Path("x.vqc").read_bytes(), rate="codec")
    if channels == "mix":
        assert report.decoded_sha256 == hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


@pytest.mark.parametrize("asked", [{}, {"codebook": "video-st3d"}, {"gop": 2}])
def test_the_digest_of_a_video_is_that_of_its_decoded_frames(media: Path, asked: dict[str, object]) -> None:
    report = vqcodec.encode("media/clip.mkv", "x.vqc", effort=0, **asked)  # type: ignore[arg-type]
    assert report.decoded_sha256 == vqcodec.verify("x.vqc").decoded_sha256  # type: ignore[union-attr]
    silent = vqcodec.encode("media/clip.mkv", "y.vqc", effort=0, audio=False, **asked)  # type: ignore[arg-type]
    with vqcodec.open_video("y.vqc") as video:
        planes = b"".join(plane.tobytes() for frame in video.planes() for plane in frame)
    assert silent.decoded_sha256 == hashlib.sha256(planes).hexdigest() != report.decoded_sha256


def wait_for(ready: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < deadline
        assert running.poll() is None, running.communicate()
        time.sleep(0.005)


@pytest.mark.parametrize("going_on", ["--skip-existing", "--if-newer"])
def test_a_killed_batch_goes_on_where_it_stopped(media: Path, run: Run, going_on: str) -> None:
    """It is killed three times: when the first output is there, the next ones, and while the clip is written."""
    for number in range(8):
        Image.effect_noise((200, 200), 60).save(f"media/photo{number}.png")
    write_clip(Path("media/zoo.mkv"), 60, 96, 128)
    asked = [sys.executable, "-m", "vqcodec", "encode", "media", "-e", "3", "--quiet", going_on]
    assert subprocess.run([*asked, "-d", "whole"], check=False).returncode == 0
    partial = lambda: bool(list(Path("coded").rglob(".vqcodec-*.part")))  # noqa: E731
    for ready in (
        lambda: len(list(Path("coded").rglob("*.vqc"))) >= 1,
        lambda: len(list(Path("coded").rglob("*.vqc"))) >= 5,
        lambda: Path("coded/photo7.vqc").exists() and partial(),
    ):
        running = subprocess.Popen([*asked, "-d", "coded", "-j", "1"], stderr=subprocess.PIPE)
        wait_for(ready, running)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert running.returncode == -signal.SIGKILL
        whole = {name: Path("whole", name).read_bytes() for name in below("whole")}
        assert all(Path("coded", name).read_bytes() == whole[name] for name in below("coded") if name in whole)
    assert partial(), "the clip was being written"
    written = {name: os.stat(f"coded/{name}").st_ino for name in below("coded") if name.endswith(".vqc")}
    last = subprocess.run([*asked[:-2], going_on, "-d", "coded", "--json"], capture_output=True, check=False)
    assert last.returncode == 0
    assert b"removed what a killed run left unfinished: 1" in last.stderr
    records = [json.loads(line) for line in last.stdout.splitlines()]
    assert sum("skipped" in record for record in records) == len(written)
    assert below("coded") == below("whole")
    for name, data in whole.items():
        assert Path("coded", name).read_bytes() == data
    assert all(os.stat(f"coded/{name}").st_ino == inode for name, inode in written.items()), "they were not made again"


def test_what_another_process_still_writes_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / ".vqcodec-0123456789abcdef.part").write_bytes(b"left by a killed process")
    (tmp_path / ".other.part").write_bytes(b"not ours")
    with writing(tmp_path / "x") as file:
        file.write(b"whole")
        assert remove_unfinished(tmp_path) == 1
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.part", "x"]
