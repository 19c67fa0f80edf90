"""Many files: folders, patterns, lists of names, and what becomes of their outputs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

import vqcodec
from vqcodec.errors import UsageError
from vqcodec.files.folders import is_media_name, is_numbered_sequence
from vqcodec.reports.video import VideoEncodeReport

Run = Callable[..., Result]
QUICK = ("-e", "0", "-q", "0", "-c", "classic-4x4-256", "--quiet")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a folder `photos` of pictures, other files and a folder in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("p1.png", "p2.png", "a.jpg", "a.png", "deep/p1.png", ".hidden/p1.png"):
        picture(f"photos/{name}")
    Path("photos/notes.txt").write_text("no picture")
    return tmp_path


def picture(path: str, size: int = 8) -> None:
    """Make a picture."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size, size), 77, np.uint8)).save(path)


def below(folder: str) -> list[str]:
    """Return the paths of all files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


ALL = ["a.jpg.vqc", "a.png.vqc", "deep/p1.vqc", "p1.vqc", "p2.vqc"]


def test_a_folder_is_its_files_and_those_below(photos: Path, run: Run) -> None:
    done = run("encode", "photos", "-d", "coded", *QUICK[:-1])
    assert (done.exit_code, below("coded")) == (0, ALL)
    assert done.stderr == "left out, because they are no pictures, sound files or videos: photos/notes.txt\n"
    assert run("verify", "coded", "--quiet").exit_code == 0
    assert run("decode", "coded", "-d", "back", "-f", "bmp").exit_code == 0
    assert below("back") == [name.replace(".vqc", ".bmp") for name in ALL]


def test_without_an_output_folder_outputs_go_beside(photos: Path, run: Run) -> None:
    assert run("encode", "photos/deep", *QUICK).exit_code == 0
    assert below("photos/deep") == ["p1.png", "p1.vqc"]


def test_a_quoted_pattern_is_what_it_matches(photos: Path, run: Run) -> None:
    assert run("encode", "photos/p*.png", "-d", "coded", *QUICK).exit_code == 0
    assert below("coded") == ["p1.vqc", "p2.vqc"]
    done = run("encode", "photos/q*.png", "photos/p1.png", "-d", "more", *QUICK)
    assert (done.exit_code, below("more")) == (3, ["p1.vqc"])
    assert "photos/q*.png: no file matches" in done.stderr


def test_a_bad_file_does_not_end_the_batch(photos: Path, run: Run) -> None:
    Path("photos/b.png").write_bytes(b"no picture")
    done = run("encode", "photos", "-d", "coded", *QUICK)
    assert (done.exit_code, below("coded")) == (3, ALL)
    assert done.stderr.startswith("vqcodec: photos/b.png: not a picture")


@pytest.mark.parametrize("end", ["\0", "\n", "\r\n"])
def test_names_from_a_list_keep_their_folders(photos: Path, run: Run, end: str) -> None:
    names = "".join(name + end for name in ("photos/p1.png", "photos/deep/p1.png"))
    assert run("encode", "--files-from", "-", "-d", "coded", *QUICK, stdin=names.encode()).exit_code == 0
    assert below("coded") == ["photos/deep/p1.vqc", "photos/p1.vqc"]


def test_outputs_that_exist_are_left_as_they_are(photos: Path, run: Run) -> None:
    Path("coded").mkdir()
    Path("coded/p1.vqc").write_bytes(b"precious")
    done = run("encode", "photos/p1.png", "photos/p2.png", "-d", "coded", "--skip-existing", *QUICK[:-1])
    assert (done.exit_code, done.stderr) == (0, "skipped, because their outputs exist: 1 of 2\n")
    assert Path("coded/p1.vqc").read_bytes() == b"precious"
    assert below("coded") == ["p1.vqc", "p2.vqc"]


def test_times_are_kept_when_asked_for(photos: Path, run: Run) -> None:
    os.utime("photos/p1.png", ns=(10**18, 10**18 + 5000))
    assert run("encode", "photos/p1.png", "-o", "p1.vqc", "--preserve", *QUICK).exit_code == 0
    assert os.stat("p1.vqc").st_mtime_ns == 10**18 + 5000


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("encode", 2, "there is no input"),
        ("encode empty -d coded", 3, "empty: no pictures, sound files or videos there"),
        ("encode - --files-from -", 2, "can be read only once"),
        ("encode --files-from missing", 3, "missing: no such file"),
        ("encode photos -o x.vqc --media image", 2, "several inputs need one"),
    ],
)
def test_what_cannot_be_done(photos: Path, run: Run, arguments: str, code: int, said: str) -> None:
    Path("empty").mkdir()
    done = run(*arguments.split(), stdin=b"")
    assert (done.exit_code, done.stderr.count("\n")) == (code, 1)
    assert said in done.stderr


@pytest.mark.parametrize("source", ["film", "film/*.png"])
def test_numbered_pictures_of_one_size_are_a_video(photos: Path, run: Run, source: str) -> None:
    for number in range(9, 22):
        picture(f"film/f{number}.png", 16)
    done = run("encode", source, "-d", "coded", "-e", "0", "-q", "0", "--json")
    assert (done.exit_code, below("coded")) == (0, ["film.vqc"])
    assert '"frames": 13' in done.stdout
    assert done.stderr == f"{source}: numbered pictures of one size, so one video; --media image encodes each\n"
    picture("film/f22.png", 24)
    assert run("encode", source, "-d", "each", *QUICK).exit_code == 0
    assert len(below("each")) == 14


@pytest.mark.parametrize("source", ["photos", "photos/*.png"])
def test_python_follows_the_same_rule(photos: Path, source: str) -> None:
    asked: dict[str, Any]
    for asked in ({}, {"medium": "image"}, {"codebook": "photo"}):
        with pytest.raises(UsageError, match=re.escape(f"{source}: stands for several pictures; encode each by")):
            vqcodec.encode(source, "x.vqc", **asked)
        assert not Path("x.vqc").exists()
    for number in range(3):
        picture(f"few/{number}.png")
    for asked in ({"medium": "video"}, {"fps": 5}, {"codebook": "video"}):
        assert isinstance(vqcodec.encode(source.replace("photos", "few"), effort=0, **asked), VideoEncodeReport)
    for number in range(12):
        picture(f"many/{number}.png")
    assert isinstance(vqcodec.encode(source.replace("photos", "many"), effort=0), VideoEncodeReport)
    picture("many/12.png", 9)
    with pytest.raises(UsageError, match="stands for several pictures"):
        vqcodec.encode(source.replace("photos", "many"), effort=0)


def test_a_file_that_reads_as_an_option_is_not_left_out(photos: Path, run: Run) -> None:
    picture("-dash.png")
    done = run("encode", "-dash.png", "photos/p1.png", "-d", "coded")
    assert done.exit_code == 2
    assert "-dash.png: is a file here, but reads as an option; write ./ before the name" in done.stderr
    assert run("encode", "-d", "coded", *QUICK, "--", "-dash.png").exit_code == 0
    assert run("encode", "photos/p1.png", "-o", "-dash.png", *QUICK).exit_code == 8, "it is a value here"


def test_numbered_sequences() -> None:
    names = [f"f{number}.png" for number in range(95, 110)]
    assert is_numbered_sequence(names)
    assert not is_numbered_sequence(names[:3])
    assert not is_numbered_sequence(names[:5] + names[6:])
    assert not is_numbered_sequence([*names[:-1], "g109.png"])


def test_several_inputs_and_a_new_folder_named_by_o_are_many_files(photos: Path, run: Run) -> None:
    """As with a folder that exists."""
    picture("more/q1.png")
    assert run("encode", "photos/deep", "more", "-o", "coded", *QUICK).exit_code == 0
    assert below("coded") == ["p1.vqc", "q1.vqc"]


@pytest.mark.parametrize("option", ["-o", "-d"])
def test_an_output_folder_within_the_input_is_not_read(photos: Path, run: Run, option: str) -> None:
    Path("photos/coded").mkdir()
    Path("photos/coded/old.vqc").write_bytes(b"x")
    done = run("encode", "photos", option, "photos/coded", *QUICK[:-1])
    assert done.exit_code == 0
    assert "old.vqc" not in done.stderr


@pytest.mark.parametrize("name", ["a.qoi", "a.ico", "talk.g722", "talk.alaw", "talk.eac3", "clip.mkv", "clip.H265"])
def test_what_is_read_by_itself_is_read_from_a_folder(name: str) -> None:
    assert is_media_name(name)


@pytest.mark.parametrize("name", ["notes.txt", "x.raw", "x.pcm", "a.vqc", "photo.heic"])
def test_what_is_left_out_of_a_folder(name: str) -> None:
    assert not is_media_name(name)
