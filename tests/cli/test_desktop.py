"""The file types on a desktop, seen by the programs that desktops have: shared-mime-info, gio, xdg-mime and file."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
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
from vqcodec.desktop.installing import Places

Run = Callable[..., Result]

TYPES = {
    "photo.vqc": "image/x-vqc",
    "block.vqc": "image/x-vqc",
    "chunked.vqc": "image/x-vqc",
    "talk.vqc": "audio/x-vqc",
    "stereo.vqc": "audio/x-vqc",
    "clip.vqc": "video/x-vqc",
    "icons.vqp": "application/x-vqp",
    "talks.vqp": "application/x-vqp",
    "mine.vqcb": "application/x-vqcb",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each kind."""
    folder = tmp_path_factory.mktemp("files")
    samples = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    samples[:, :20] = (200, 0, 0)
    (folder / "photo.vqc").write_bytes(vqcodec.encode_image(samples))
    (folder / "block.vqc").write_bytes(vqcodec.encode_image(samples, codebook="classic-4x4-256"))
    Image.fromarray(samples).save(folder / "titled.png", icc_profile=profile())
    vqcodec.encode(folder / "titled.png", folder / "chunked.vqc")
    talk = synthetic_speech(1, 8000).astype(np.int16)
    (folder / "talk.vqc").write_bytes(vqcodec.encode_speech(talk, 8000))
    stereo = np.stack([talk, -talk], axis=1)
    (folder / "stereo.vqc").write_bytes(vqcodec.encode_speech(stereo, 8000, channels="keep"))
    write_clip(folder / "clip.mkv", 3, 32, 48, options=["-c:v", "ffv1"])
    vqcodec.encode(folder / "clip.mkv", folder / "clip.vqc")
    for number in range(5):
        Image.fromarray(np.full((20, 20), 50 * number, np.uint8)).save(folder / f"{number}.png")
    vqcodec.make_pack([folder / f"{number}.png" for number in range(5)], folder / "icons.vqp")
    soundfile.write(folder / "talk.wav", talk, 8000)
    vqcodec.make_pack([folder / "talk.wav"], folder / "talks.vqp")
    (folder / "mine.vqcb").write_bytes(vqcodec.load_codebook("classic-4x4-256").to_bytes())
    return folder


def profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return tmp_path


def output_of(*command: str) -> str:
    """Return what a program of the desktop prints; skip if it is not there."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout


def need_mime_database() -> None:
    if shutil.which("update-mime-database") is None:
        pytest.skip("update-mime-database is not installed (package shared-mime-info)")


def below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", TYPES)
def test_gio_knows_each_kind(folder: Path, home: Path, run: Run, name: str) -> None:
    need_mime_database()
    assert run("desktop", "install", "--user").exit_code == 0
    told = output_of("gio", "info", "-a", "standard::content-type", str(folder / name))
    assert f"standard::content-type: {TYPES[name]}\n" in told


@pytest.mark.parametrize("name", TYPES)
def test_gio_knows_each_kind_without_its_suffix(folder: Path, home: Path, run: Run, name: str) -> None:
    need_mime_database()
    assert run("desktop", "install", "--user").exit_code == 0
    plain = home / "plain"
    plain.write_bytes((folder / name).read_bytes())
    told = output_of("gio", "info", "-a", "standard::content-type", str(plain))
    assert f"standard::content-type: {TYPES[name]}\n" in told


@pytest.mark.parametrize("name", ["photo.vqc", "clip.vqc", "icons.vqp", "mine.vqcb"])
def test_xdg_mime_knows_each_kind(
    folder: Path, home: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It asks the desktop that runs; this one is GNOME, whose gio answers."""
    need_mime_database()
    output_of("gio", "version")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    assert run("desktop", "install", "--user").exit_code == 0
    assert output_of("xdg-mime", "query", "filetype", str(folder / name)).strip() == TYPES[name]


@pytest.mark.parametrize("name", TYPES)
def test_file_knows_each_kind(folder: Path, home: Path, run: Run, name: str) -> None:
    assert run("desktop", "install", "--prefix", str(home / "usr")).exit_code == 0
    patterns = str(home / "usr/share/vqcodec/vqcodec.magic")
    assert output_of("file", "-b", "-m", patterns, "--mime-type", str(folder / name)).strip() == TYPES[name]
    assert output_of("file", "-b", "-m", patterns, str(folder / name)).startswith("vqcodec ")
    assert output_of("file", "-m", patterns, "-C", "--version")


def test_file_finds_the_patterns_of_the_user(folder: Path, home: Path, run: Run) -> None:
    (home / ".magic").write_text("0\tstring\tMINE\tmy own\n")
    (home / "mine").write_text("MINE")
    assert run("desktop", "install", "--user").exit_code == 0
    assert output_of("file", "-b", str(folder / "talk.vqc")).strip() == "vqcodec speech"
    assert output_of("file", "-b", str(home / "mine")).strip() == "my own"
    assert output_of("file", "-b", "--mime-type", str(folder / "0.png")).strip() == "image/png"


def test_installing_twice_is_as_once_and_uninstalling_leaves_nothing(home: Path, run: Run) -> None:
    own = "0\tstring\tMINE\tmy own\n"
    (home / ".magic").write_text(own)
    for _ in range(2):
        assert run("desktop", "install", "--user").exit_code == 0
        assert (home / ".magic").read_text().count("begin vqcodec") == 1
    written = [".magic", ".local/share/mime/packages/vqcodec.xml", ".local/share/thumbnailers/vqcodec.thumbnailer"]
    assert set(written) <= set(below(home))
    done = run("desktop", "uninstall", "--user")
    assert (done.exit_code, done.stdout.count("removed ")) == (0, 3)
    assert (home / ".magic").read_text() == own
    assert not [name for name in below(home) if "vqc" in name]
    assert run("desktop", "uninstall", "--user").stdout == "nothing is installed there\n"


def test_a_packager_gets_the_files_and_nothing_else(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert run("desktop", "install", "--prefix", "usr").exit_code == 0
    assert below(home) == [
        "usr/share/mime/packages/vqcodec.xml",
        "usr/share/thumbnailers/vqcodec.thumbnailer",
        "usr/share/vqcodec/vqcodec.magic",
    ]
    assert (
        "Exec=vqcodec thumbnail %i %o --size %s\n" in (home / "usr/share/thumbnailers/vqcodec.thumbnailer").read_text()
    )
    assert run("desktop", "uninstall", "--prefix", "usr").exit_code == 0
    assert below(home) == []


@pytest.mark.parametrize("arguments", [(), ("--user", "--prefix", "usr")])
def test_for_whom_has_to_be_said(home: Path, run: Run, arguments: tuple[str, ...]) -> None:
    done = run("desktop", "install", *arguments)
    assert (done.exit_code, done.stderr) == (2, "vqcodec: say for whom: either --user, or --prefix DIR\n")
    assert below(home) == []


def test_the_entry_of_file_managers_makes_a_preview(folder: Path, home: Path) -> None:
    """Its command is run as they run it: the output exists already, and the size is one of theirs."""
    places = Places.of_user()
    places.install(f"{sys.executable} -m vqcodec")
    entry = dict(line.split("=", 1) for line in places.thumbnailer.read_text().splitlines()[1:])
    assert entry["MimeType"].split(";") == [*dict.fromkeys(list(TYPES.values())[:-1]), ""]
    (home / "out.png").write_bytes(b"")
    values = {"%i": str(folder / "photo.vqc"), "%o": str(home / "out.png"), "%s": "128"}
    subprocess.run([values.get(word, word) for word in entry["Exec"].split()], check=True)
    assert Image.open(home / "out.png").size == (40, 30)


def preview(run: Run, path: Path, size: int = 64) -> Image.Image:
    """Return the preview of a file, which is a PNG."""
    done = run("thumbnail", str(path), "-", "--size", str(size))
    assert done.exit_code == 0, done.stderr
    picture = Image.open(io.BytesIO(done.stdout_bytes))
    assert picture.format == "PNG"
    picture.load()
    return picture


def test_previews_of_pictures(folder: Path, run: Run) -> None:
    for name in ("photo.vqc", "block.vqc", "chunked.vqc"):
        small = preview(run, folder / name, 20)
        assert (small.size, small.mode) == (((20, 15)), "RGB")
        red = np.asarray(small)[:, :8].reshape(-1, 3).mean(axis=0)
        assert red[0] > 150
        assert red[1:].max() < 60
    assert preview(run, folder / "photo.vqc").size == (40, 30), "nothing is enlarged"


def test_previews_of_alpha_keep_it(tmp_path: Path, run: Run) -> None:
    samples = np.zeros((20, 20, 4), np.uint8)
    samples[:10] = (0, 255, 0, 255)
    (tmp_path / "x.vqc").write_bytes(vqcodec.encode_image(samples))
    alpha = np.asarray(preview(run, tmp_path / "x.vqc"))[:, :, 3]
    assert (alpha[:9].min(), alpha[11:].max()) == (255, 0)


def test_a_preview_of_a_video_is_its_first_frame(folder: Path, tmp_path: Path, run: Run) -> None:
    with vqcodec.open_video(folder / "clip.vqc") as video:
        first = next(iter(video))
    assert np.array_equal(np.asarray(preview(run, folder / "clip.vqc")), first)
    write_clip(tmp_path / "wide.mkv", 2, 32, 32, options=["-c:v", "ffv1", "-aspect", "2:1"])
    vqcodec.encode(tmp_path / "wide.mkv", tmp_path / "wide.vqc", effort=0)
    assert preview(run, tmp_path / "wide.vqc").size == (32, 16)


def test_a_preview_of_speech_is_its_waveform(folder: Path, tmp_path: Path, run: Run) -> None:
    sound = np.zeros(16000, np.int16)
    sound[8000:] = synthetic_speech(1, 8000) * 3
    (tmp_path / "x.vqc").write_bytes(vqcodec.encode_speech(sound, 8000, quality=80))
    drawn = np.asarray(preview(run, tmp_path / "x.vqc"))
    assert drawn.shape == (32, 64, 4)
    high = (drawn[:, :, 3] > 0).sum(axis=0)
    assert high[:28].max() <= 3
    assert high[36:60].mean() > 6
    assert preview(run, folder / "talks.vqp").size == (64, 64)


def test_a_preview_of_a_pack_shows_its_first_pictures(folder: Path, run: Run) -> None:
    sheet = np.asarray(preview(run, folder / "icons.vqp", 60))
    assert sheet.shape == (40, 60, 4)
    greys = [int(sheet[10 + 20 * row, 10 + 20 * column, 0]) for row in range(2) for column in range(3)]
    assert greys[:5] == pytest.approx([0, 50, 100, 150, 200], abs=12)
    assert sheet[30, 50, 3] == 0, "there is no sixth"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("missing.vqc x.png", 3),
        ("photo.vqc x.png --size 9", 2),
        ("photo.vqc no/folder/x.png", 8),
        ("photo.vqc photo.vqc", 2),
        ("0.png x.png", 3),
        ("mine.vqcb x.png", 3),
    ],
)
def test_no_preview(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: str, code: int) -> None:
    monkeypatch.chdir(folder)
    before = (folder / "photo.vqc").read_bytes()
    done = run("thumbnail", *arguments.split())
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1)
    assert not Path("x.png").exists()
    assert Path("photo.vqc").read_bytes() == before
