"""The commands of packs: what they write, what they refuse, and what is left behind when they end early."""

from __future__ import annotations

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

import pytest
from packed import BOOK, item, packed
from typer.testing import Result

from vqcodec import Pack

Run = Callable[..., Result]
VQCODEC = [sys.executable, "-m", "vqcodec"]
QUICK = ("-c", BOOK, "-q", "20")


@pytest.fixture
def icons(workspace: Path) -> Path:
    """A folder of pictures, with names that need care."""
    folder = workspace / "icons"
    for name in ("a.png", "mit leer.png", "ü/猫.png", "-o.png", "sub/a.png"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy("photo.png", folder / name)
    shutil.copy("small.png", folder / "small.png")
    shutil.copy("text.txt", folder / "notes.txt")
    return folder


@pytest.fixture
def pack(icons: Path, run: Run) -> Path:
    """The same as a pack."""
    done = run("pack", "icons", "-o", "icons.vqp", *QUICK)
    assert done.exit_code == 0, done.output
    return icons.parent / "icons.vqp"


def one_line(done: Result, code: int) -> str:
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("vqcodec: ")
    return done.stderr


def test_from_folder_to_folder(pack: Path, icons: Path, run: Run) -> None:
    done = run("list", "icons.vqp")
    assert [line[20:] for line in done.stdout.splitlines()[:-1]] == [
        "-o.png", "a.png", "mit leer.png", "small.png", "sub/a.png", "ü/猫.png",
    ]  # fmt: skip
    assert re.search(r"in 6 items; the pack has [\d,]+ bytes", done.stdout)
    assert run("unpack", "icons.vqp").exit_code == 8, "icons/ has files of these names"
    assert run("unpack", "icons.vqp", "-d", "out").exit_code == 0
    found = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file())
    assert found == sorted(str(path.relative_to(icons)) for path in icons.rglob("*.png"))
    assert run("compare", "icons/a.png", "out/a.png").exit_code == 0
    assert run("verify", "icons.vqp").stdout.startswith("icons.vqp: whole; 6 items, codebook classic-4x4-256")
    assert "6 (6 of pictures)" in run("info", "icons.vqp").stdout


def test_the_folder_may_be_named_from_anywhere(icons: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = icons.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run("pack", "../icons/", "-o", "../elsewhere/p.vqp", *QUICK).exit_code == 0
    assert run("pack", str(icons), "-o", "q.vqp", *QUICK).exit_code == 0
    assert Path("p.vqp").read_bytes() == Path("q.vqp").read_bytes()


def test_json(pack: Path, run: Run) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    commands = [
        ("pack", "icons", "-o", "again.vqp", *QUICK),
        ("list", "icons.vqp"),
        ("add", "icons.vqp", "photo.png", "-q", "20"),
        ("remove", "icons.vqp", "photo.png"),
        ("unpack", "icons.vqp", "-d", "out"),
        ("extract", "icons.vqp", "a.png", "-o", "one.png"),
        ("info", "icons.vqp"),
        ("verify", "icons.vqp"),
    ]
    for command in commands:
        done = run(*command, "--json")
        assert done.exit_code == 0, done.output
        for line in done.stdout.splitlines():
            for key in json.loads(line):
                assert f"`{key}`" in documented, f"{command[0]}: {key}"


def test_extract(pack: Path, run: Run) -> None:
    assert run("extract", "icons.vqp", "ü/猫.png").exit_code == 0
    assert Path("猫.png").read_bytes().startswith(b"\x89PNG")
    assert "exists already" in one_line(run("extract", "icons.vqp", "ü/猫.png"), 8)
    piped = run("extract", "icons.vqp", "a.png", "-o", "-", "--format", "ppm")
    assert piped.stdout_bytes.startswith(b"P6\n52 44\n")
    part = run("extract", "icons.vqp", "a.png", "-o", "-", "--format", "ppm", "--crop", "0,0,8x4")
    assert part.stdout_bytes.startswith(b"P6\n8 4\n")
    coded = run("extract", "icons.vqp", "a.png", "-o", "-", "--coded").stdout_bytes
    assert run("decode", "-", "-o", "-", "--format", "ppm", stdin=coded).stdout_bytes == piped.stdout_bytes
    assert "no item 'nothing'" in one_line(run("extract", "icons.vqp", "nothing"), 2)
    assert "no item '../photo.png'" in one_line(run("extract", "icons.vqp", "../photo.png"), 2)


def test_patterns(pack: Path, run: Run) -> None:
    assert len(run("list", "icons.vqp", "*/*").stdout.splitlines()) == 3
    assert run("unpack", "icons.vqp", "s*", "-d", "some", "--format", "webp").exit_code == 0
    assert sorted(os.listdir("some")) == ["small.webp", "sub"]
    assert "no item matches" in one_line(run("unpack", "icons.vqp", "x*", "-d", "none"), 2)
    assert not Path("none").exists()


def test_pipes(icons: Path, run: Run) -> None:
    made = run("pack", "icons", "-o", "-", *QUICK)
    assert made.exit_code == 0
    assert run("list", "-", stdin=made.stdout_bytes).stdout.count("\n") == 7
    assert run("unpack", "-", "-d", "piped", stdin=made.stdout_bytes).exit_code == 0
    assert "say a folder with -d" in one_line(run("unpack", "-", stdin=made.stdout_bytes), 2)
    assert run("pack", "icons", "-o", "icons.vqp", *QUICK).exit_code == 0
    assert Path("icons.vqp").read_bytes() == made.stdout_bytes
    picture = Path("photo.png").read_bytes()
    assert "say one with --as" in one_line(run("add", "icons.vqp", "-", stdin=picture), 2)
    assert run("add", "icons.vqp", "-", "--as", "new/one.png", stdin=picture).exit_code == 0
    assert "new/one.png" in run("list", "icons.vqp").stdout


def test_changes(pack: Path, run: Run) -> None:
    before = pack.read_bytes()
    assert "has an item 'a.png' already; pass --force" in one_line(run("add", "icons.vqp", "icons/a.png"), 2)
    assert "no item 'b.png'" in one_line(run("remove", "icons.vqp", "a.png", "b.png"), 2)
    assert "nothing to remove" in one_line(run("remove", "icons.vqp"), 2)
    assert "no such file" in one_line(run("add", "icons.vqp", "nothing.png"), 3)
    assert "cut.png" in one_line(run("add", "icons.vqp", "photo.png", "cut.png"), 3)
    assert "cannot be the name of an item" in one_line(run("add", "icons.vqp", "photo.png", "--as", "../x.png"), 2)
    assert "cannot be the name of an item" in one_line(run("add", "icons.vqp", "photo.png", "--as", "/x.png"), 2)
    assert "cannot all be called" in one_line(run("add", "icons.vqp", "icons", "--as", "x.png"), 2)
    assert pack.read_bytes() == before
    assert run("add", "icons.vqp", "icons/a.png", "--force").exit_code == 0
    assert run("remove", "icons.vqp", "a.png", "-o.png").exit_code == 2, "-o.png is read as an option"
    assert run("remove", "icons.vqp", "--", "a.png", "-o.png").exit_code == 0
    assert run("remove", "icons.vqp", "--compact").exit_code == 0
    with Pack(pack) as found:
        assert list(found) == ["mit leer.png", "small.png", "sub/a.png", "ü/猫.png"]


def test_refusals(pack: Path, run: Run) -> None:
    assert "exists already; pass --force" in one_line(run("pack", "icons", "-o", "icons.vqp", *QUICK), 8)
    assert "is also an input" in one_line(run("pack", "icons", "-o", "icons/a.png", "--force", *QUICK), 2)
    assert "use `vqcodec add PACK - --as NAME`" in one_line(run("pack", "-", "-o", "x.vqp", stdin=b""), 2)
    assert "none is trained" in one_line(run("pack", "icons", "-o", "x.vqp", *QUICK, "--train"), 2)
    assert "no such file" in one_line(run("pack", "sub/nothing", "-o", "x.vqp"), 3)
    assert "is a pack of many items" in one_line(run("decode", "icons.vqp", "-o", "x.png"), 2)
    assert "not a pack" in one_line(run("list", "photo.png"), 3)
    assert "not a pack" in one_line(run("list", "photo.vqc"), 3)
    assert "no such file" in one_line(run("list", "nothing.vqp"), 3)
    assert "no such file" in one_line(run("add", "nothing.vqp", "photo.png"), 3)
    assert not Path("x.vqp").exists()


def test_a_damaged_pack(pack: Path, run: Run) -> None:
    data = pack.read_bytes()
    pack.write_bytes(data[:-40])
    assert "vqcodec unpack --salvage" in one_line(run("list", "icons.vqp"), 4)
    assert run("unpack", "icons.vqp", "-d", "out", "--salvage").exit_code == 0
    assert len([path for path in Path("out").rglob("*") if path.is_file()]) == 6
    pack.write_bytes(data)
    with Pack(pack) as found:
        entry = found.reader.find("small.png")
    assert entry is not None
    place = entry.offset
    pack.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    done = run("unpack", "icons.vqp", "-d", "others")
    assert done.exit_code == 4
    assert done.stderr.count("damaged (wrong checksum)") == 1
    assert len([path for path in Path("others").rglob("*") if path.is_file()]) == 5


def test_names_of_others_are_printed_safely(workspace: Path, run: Run) -> None:
    Path("p.vqp").write_bytes(packed({"a\u202eb.png": item(1)}))
    assert "\\u202e" in run("list", "p.vqp").stdout


def test_unpacking_stays_in_its_folder(workspace: Path, run: Run) -> None:
    Path("p.vqp").write_bytes(packed({"sub/deep/x.png": item(1), "y.png": item(2)}))
    Path("out").mkdir()
    Path("out/sub").symlink_to(workspace)
    done = run("unpack", "p.vqp", "-d", "out")
    assert done.exit_code == 8
    assert "leads out of it" in done.stderr
    assert not Path("deep").exists()


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_what_is_left_out_of_a_folder_is_said(pack: Path, run: Run) -> None:
    for command in (("pack", "icons", "-o", "again.vqp", *QUICK), ("add", "icons.vqp", "icons", "--force")):
        done = run(*command)
        assert done.exit_code == 0, done.output
        assert "left out, because they are no media: icons/notes.txt" in done.stderr


@pytest.mark.parametrize("command", ["pack", "add"])
def test_ctrl_c_leaves_nothing_half_written(command: str, pack: Path, icons: Path) -> None:
    for number in range(400):
        shutil.copy("photo.png", icons / f"more{number}.png")
    before = pack.read_bytes()
    files = sorted(os.listdir())
    arguments = {"pack": ["pack", "icons", "-o", "new.vqp"], "add": ["add", "icons.vqp", "icons", "--force"]}[command]
    child = subprocess.Popen(
        [*VQCODEC, *arguments, "-c", "photo", "-e", "9"], stderr=subprocess.PIPE, preexec_fn=_heed_interrupts
    )
    temporary = icons.parent
    deadline = time.monotonic() + 60
    while command == "pack" and time.monotonic() < deadline and not list(temporary.glob(".vqcodec-*.part")):
        time.sleep(0.01)
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=60)
    assert child.returncode == 130, told
    assert b"interrupted" in told
    assert pack.read_bytes() == before
    assert sorted(os.listdir()) == files


def test_a_killed_change_can_be_repeated(pack: Path, icons: Path, run: Run) -> None:
    before = pack.read_bytes()
    with open(pack, "ab") as file:
        file.write(b"NAME\x05torn")
    with Pack(pack) as found:
        assert len(found) == 6
    assert "torn" in run("info", "icons.vqp").stdout
    assert run("add", "icons.vqp", "photo.png").exit_code == 0
    assert b"\x05torn" not in pack.read_bytes()[len(before) :]
    assert run("verify", "icons.vqp").exit_code == 0
