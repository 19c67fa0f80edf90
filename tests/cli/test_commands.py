"""The command line as a table: what is asked, how it ends, what is said, and which files are made."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import Result

from vqcodec.image import pixels

Run = Callable[..., Result]

NOTHING = r"\A\Z"


@dataclass(frozen=True)
class Case:
    """A command line, and all that can be seen of how it went."""

    args: str
    code: int = 0
    stderr: str = NOTHING  # pattern searched for
    stdout: str = NOTHING
    makes: str = ""  # names of the files made; no others may be


ENCODED = r"-> {}: [\d,]+ bytes, \d+\.\d+ bpp, [\d.]+:1, PSNR \d+\.\d+ dB, codebook \S+, \d+\.\d+ s\n"

GOOD = [
    Case("encode photo.png -o x.vqc", stdout=rf"\Aphoto\.png {ENCODED.format('x.vqc')}\Z", makes="x.vqc"),
    Case("encode -o x.vqc photo.png", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode grey.png", stdout=ENCODED.format("grey.vqc"), makes="grey.vqc"),
    Case("encode alpha.png -q 10 -e 0", stdout=ENCODED.format("alpha.vqc"), makes="alpha.vqc"),
    Case("encode photo.png -q 0 -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png -q 100 -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png --quality 33.3 --effort 0 -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png --target-psnr 24 -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png --target-size 900 -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png --embed-codebook -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png --strip-metadata -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png -c classic-4x4-256 -o x.vqc", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png -o x.vqc --quiet", makes="x.vqc"),
    Case("encode photo.png -o x.vqc --no-progress", stdout=ENCODED.format("x.vqc"), makes="x.vqc"),
    Case("encode photo.png -o sub/", stdout=ENCODED.format("sub/photo.vqc"), makes="sub/photo.vqc"),
    Case("encode photo.png -o sub", stdout=ENCODED.format("sub/photo.vqc"), makes="sub/photo.vqc"),
    Case("encode photo.png -d new/er", stdout=ENCODED.format("new/er/photo.vqc"), makes="new/er/photo.vqc"),
    Case(
        "encode photo.png grey.png -o new",
        stdout=r"(?s)photo\.png .*grey\.png .*pictures +2 +[\d,]+ +[\d,]+  [\d.]+ bpp, [\d.]+:1, mean PSNR",
        makes="new/photo.vqc new/grey.vqc",
    ),
    Case("encode grey.png photo.png -d new --jobs 2 --quiet", makes="new/photo.vqc new/grey.vqc"),
    Case("encode dot.png", stdout=ENCODED.format("dot.vqc"), makes="dot.vqc"),
    Case("encode line.png", stdout=ENCODED.format("line.vqc"), makes="line.vqc"),
    Case("encode palette.gif", stdout=ENCODED.format("palette.vqc"), makes="palette.vqc"),
    Case("encode deep.png", 0, r"\Adeep\.png: reduced from more than 8 bits", ENCODED.format("deep.vqc"), "deep.vqc"),
    Case("encode cmyk.tif", 0, r"\Acmyk\.tif: converted from CMYK", ENCODED.format("cmyk.vqc"), "cmyk.vqc"),
    Case("encode moving.webp", 0, r"the time of each frame is kept", r"2 frames 52x44 in 1 group", "moving.vqc"),
    Case(
        "encode moving.webp --media image", 0, r"only the first of 2 frames", ENCODED.format("moving.vqc"), "moving.vqc"
    ),
    Case("encode moving.webp --quiet", makes="moving.vqc"),
    Case("encode photo.png -o /dev/null", stdout=ENCODED.format("/dev/null")),
    Case("decode photo.vqc -o x.png", stdout=r"-> x\.png: PNG 52x44 RGB, [\d,]+ bytes", makes="x.png"),
    Case("decode photo.vqc -o x.ppm", stdout=r"-> x\.ppm: PPM 52x44", makes="x.ppm"),
    Case("decode photo.vqc -o x.raw --format ppm", stdout=r"-> x\.raw: PPM 52x44", makes="x.raw"),
    Case("decode photo.vqc -d new --format webp", stdout="WEBP", makes="new/photo.webp"),
    Case("decode photo.vqc -f tif", stdout="TIFF", makes="photo.tif"),
    Case("decode photo.vqc -o x.png --crop 3,5,20x9", stdout=r"PNG 20x9 RGB", makes="x.png"),
    Case("decode classic.vqc photo.vqc -d new --crop 51,43,1x1 --quiet", makes="new/classic.png new/photo.png"),
    Case("info classic.vqc", stdout=r"(?s)classic\.vqc\n  size .*52x44 RGB.*image/block.*classic-4x4-256"),
    Case("info classic.vqc --bits", stdout=r"(?s)indices +[\d,]+ +\d+\.\d\d%\n.*container.*in all +[\d,]+ 100\.00%"),
    Case("info photo.vqc --bits", stdout=r"in all +[\d,]+ 100\.00%"),
    Case("info orphan.vqc", stdout=r"(?s)52x44.*00000000, not at hand"),
    Case("verify photo.vqc", stdout=r"photo\.vqc: whole; 52x44"),
    Case("verify photo.vqc --quiet"),
    Case("compare photo.png photo.vqc", stdout=r"(?s)PSNR +\d+\.\d\d dB.*6:1:1 .*SSIM +0\.\d+"),
    Case("compare photo.png photo.png", stdout=r"(?s)PSNR +exact.*identical"),
    Case("compare photo.png grey.png", stdout=r"(?s)52x44 RGB\n"),
    Case("compare photo.png alpha.png", stdout=r"(?s)52x44 RGB and alpha\n.*alpha \d"),
    Case(
        "codebook list",
        stdout=r"(?m)\ANAME +ENGINE[^\n]* PATH\n(?s:.*)^classic-4x4-256 +image/block +[0-9a-f]{16} +[\d,]+ +- +/",
    ),
    Case("codebook show classic-4x4-256", stdout=r"(?s)\Aclassic-4x4-256\n.*identity +[0-9a-f]{64}\n.*array"),
    Case("codebook export classic-4x4-256 -o x.vqcb", makes="x.vqcb"),
    Case("--version", stdout=r"\Avqcodec \d+\.\d+\.\d+\n\Z"),
    Case("--version --verbose", stdout=r"\Avqcodec \d+\.\d+\.\d+\nkernels: (native, |compiled by numba).*\n\Z"),
    Case("encode --help", stdout=r"(?s)Usage: vqcodec encode .*Examples:"),
    Case("codebook list -h", stdout=r"(?s)Usage: vqcodec codebook list .*Examples:"),
]

USAGE = [
    Case("", 2, r"Usage: vqcodec"),
    Case("codebook", 2, r"Usage: vqcodec codebook"),
    Case("frobnicate", 2, r"No such command 'frobnicate'"),
    Case("encoed photo.png", 2, r"Did you mean 'encode'"),
    Case("encode", 2, r"there is no input; name files or folders"),
    Case("encode photo.png --frob", 2, r"No such option: --frob"),
    Case("encode photo.png -q 101", 2, r"--quality': quality 101 is out of range; choose 0 to 100; see"),
    Case("encode photo.png -q -1", 2, r"-q"),
    Case("encode photo.png -q nan -o x.vqc", 2, r"quality"),
    Case("encode photo.png -q much", 2, r"-q"),
    Case("encode photo.png -e 10", 2, r"-e"),
    Case("encode photo.png --tune looks", 2, r"--tune': tune looks is not known; choose visual, ssim or psnr; see"),
    Case("encode photo.png --chroma 422", 2, r"--chroma"),
    Case("encode photo.png --alpha-quality 101", 2, r"--alpha-quality"),
    Case(
        "encode photo.png -c classic-4x4-256 --tune psnr -o x.vqc", 2, r"photo\.png: image/block has no option tune; "
    ),
    Case("encode photo.png -c classic-4x4-256 --chroma 420 -o x.vqc", 2, r"image/block has no option chroma; "),
    Case("encode alpha.png -c classic-4x4-256 --alpha-quality 9 -o x.vqc", 2, r"has no option alpha_quality; "),
    Case("encode photo.png --jobs 0", 2, r"--jobs"),
    Case("encode photo.png --target-size 0 -o x.vqc", 2, r"target size 0 "),
    Case("encode photo.png --target-psnr 0 -o x.vqc", 2, r"target PSNR 0 "),
    Case("encode photo.png --target-psnr 99 -o x.vqc", 2, r"target PSNR 99 dB cannot be reached: even at quality 100 "),
    Case("encode photo.png -q 5 -q 6 -o x.vqc", 2, r"-q/--quality is given twice; give it once"),
    Case("encode photo.png -d ash.png -d new", 2, r"-d/--output-dir is given twice.* write \./ before the name"),
    Case("encode photo.png -q 5 --target-psnr 30 -o x.vqc", 2, r"exclude one another"),
    Case("encode photo.png -q 5 --target-size 300 -o x.vqc", 2, r"exclude one another"),
    Case("encode photo.png --target-psnr 30 --target-size 300 -o x.vqc", 2, r"exclude one another"),
    Case("encode photo.png -o x.vqc -d new", 2, r"-o and -d exclude"),
    Case("encode photo.png grey.png -o x.vqc", 2, r"several inputs need one; use -d"),
    Case("encode photo.png grey.png -o exists.vqc", 2, r"several inputs need one; use -d"),
    Case("encode photo.png grey.png -o -", 2, r"several inputs"),
    Case("encode - - -d new", 2, r"only once"),
    Case("encode photo.png sub/photo.png -d new", 2, r"photo\.png\.vqc: would be the output of both"),
    Case("encode photo.png photo.png -d new", 2, r"output of both"),
    Case("encode photo.png -o photo.png --force", 2, r"photo\.png: is also an input"),
    Case("encode photo.png -c altered.vqcb -o altered.vqcb --force", 2, r"altered\.vqcb: is also an input"),
    Case("train-codebook . -o sub/photo.png --force", 2, r"sub/photo\.png: is also an input"),
    Case("encode photo.png -o link.png --force", 2, r"link\.png: is also an input"),
    Case("encode photo.png -o hard.png --force", 2, r"hard\.png: is also an input"),
    Case("encode link.png -o sub/../photo.png --force", 2, r"is also an input"),
    Case("encode photo.vqc", 2, r"photo\.vqc: is also an input"),
    Case("decode photo.vqc -o x.raw", 2, r"x\.raw: the extension names no picture format.*--format"),
    Case("decode photo.vqc -f flif", 2, r"'flif' is unknown"),
    Case("decode photo.vqc -o x.png --crop 1,2", 2, r"crop '1,2' is not of the form X,Y,WIDTHxHEIGHT"),
    Case("decode photo.vqc -o x.png --crop 1,2,0x9", 2, r"crop 1,2,0x9 has no area"),
    Case("decode photo.vqc -o x.png --crop 40,0,13x4", 2, r"photo\.vqc: crop 40,0,13x4 does not .* 52x44 pixels"),
    Case("compare photo.png small.png", 2, r"small\.png: 24x20 pixels, but photo\.png has 52x44"),
    Case("compare photo.png", 2, r"Missing argument 'TEST'"),
    Case("train-codebook photo.png", 2, r"Missing option.*-o"),
    Case("train-codebook photo.png -o x.vqcb --engine block --side 17", 2, r"side 17 is out of range; choose 1 to 16"),
    Case("train-codebook photo.png -o x.vqcb --engine block --lambda nan", 2, r"lambda"),
    Case("train-codebook photo.png -o x.vqcb --size 8", 2, r"--size is an option of engine block, not of transform"),
    Case(
        "train-codebook photo.png -o x.vqcb --engine block --effort 3",
        2,
        r"--effort is an option of engine transform, not of block",
    ),
    Case("train-codebook photo.png -o mine.vqcb --parent mine.vqcb --force", 2, r"mine\.vqcb: is also an input"),
    Case("train-codebook photo.png -o -.vqcb", 2, r"cannot be the name of a codebook; give one with --name"),
    Case("train-codebook photo.png -o x.vqcb --media smell", 2, r"--media"),
    Case("train-codebook photo.png -o photo.png --force", 2, r"photo\.png: is also an input"),
    Case("decode photo.vqc out.png", 2, r"out\.png: no such file; to write it, put -o before its name: -o out\.png"),
    Case("encode photo.png out.vqc", 2, r"out\.vqc: no such file; to write it, put -o before its name: -o out\.vqc"),
]

FAILURES = [
    Case("encode missing.png -o x.vqc", 3, r"\Avqcodec: missing\.png: no such file[^\n]*\n\Z"),
    Case("encode none.png -o x.vqc", 3, r"\Avqcodec: none\.png: [^\n]+\n\Z"),
    Case("encode photo.png -c altered.vqcb -o x.vqc", 4, r"\Avqcodec: altered\.vqcb: [^\n]+\n\Z"),
    Case("encode text.txt -o x.vqc", 3, r"\Avqcodec: text\.txt: is a text file; [^\n]+\n\Z"),
    Case("encode cut.png -o x.vqc", 3, r"\Avqcodec: cut\.png: [^\n]+\n\Z"),
    Case("encode empty.png -o x.vqc", 3, r"\Avqcodec: empty\.png: the file is empty\n\Z"),
    Case("compare photo.png empty.png", 3, r"\Avqcodec: empty\.png: the file is empty\n\Z"),
    Case("encode wide.png -o x.vqc", 7, r"\Avqcodec: wide\.png: 65536x1 pixels; [^\n]+\n\Z"),
    Case("encode huge.png -o x.vqc", 7, r"\Avqcodec: huge\.png: 3600000000 pixels; [^\n]+\n\Z"),
    Case("encode photo.png -o exists.vqc", 8, r"\Avqcodec: exists\.vqc: exists already; pass --force[^\n]+\n\Z"),
    Case("encode photo.png -o no/x.vqc", 8, r"\Avqcodec: no/x\.vqc: cannot be written: [^\n]+\n\Z"),
    Case("encode photo.png -d text.txt", 8, r"\Avqcodec: text\.txt: [^\n]+\n\Z"),
    Case("encode photo.png -c screen -o x.vqc", 3, r"photo\.png: codebook screen is for video, and this is a picture"),
    Case("encode photo.png --media speech -o x.vqc", 3, r"medium speech was asked for, and this is a picture"),
    Case("encode photo.png -c nowhere -o x.vqc", 6, r"no codebook 'nowhere'"),
    Case("encode photo.png -c nowhere.vqcb -o x.vqc", 3, r"nowhere\.vqcb: No such file"),
    Case("encode photo.png -c photo.png/x.vqcb -o x.vqc", 3, r"x\.vqcb"),
    Case("encode photo.png -o /dev/full", 8, r"/dev/full: cannot be written: the disk is full"),
    Case("decode missing.vqc -o x.png", 3, r"\Avqcodec: missing\.vqc: no such file[^\n]*\n\Z"),
    Case("decode text.txt -o x.png", 3, r"\Avqcodec: text\.txt: [^\n]+\n\Z"),
    Case("decode photo.png -o x.png", 3, r"\Avqcodec: photo\.png: [^\n]+\n\Z"),
    Case("decode empty.vqc -o x.png", 4, r"\Avqcodec: empty\.vqc: [^\n]+\n\Z"),
    Case("decode cut.vqc -o x.png", 4, r"\Avqcodec: cut\.vqc: [^\n]+\n\Z"),
    Case("decode flipped.vqc -o x.png", 4, r"\Avqcodec: flipped\.vqc: [^\n]+\n\Z"),
    Case("decode future.vqc -o x.png", 5, r"\Avqcodec: future\.vqc: [^\n]+\n\Z"),
    Case("decode orphan.vqc -o x.png", 6, r"\Avqcodec: orphan\.vqc: [^\n]*00000000[^\n]*\n\Z"),
    Case("decode photo.vqc", 8, r"\Avqcodec: photo\.png: exists already; pass --force[^\n]+\n\Z"),
    Case("decode photo.vqc -o x.jpeg/y.png", 8, r"\Avqcodec: x\.jpeg/y\.png: [^\n]+\n\Z"),
    Case("verify photo.vqc flipped.vqc", 4, r"\Avqcodec: flipped\.vqc: [^\n]+\n\Z", r"photo\.vqc: whole"),
    Case("verify orphan.vqc", 6, r"orphan\.vqc: "),
    Case("info text.txt", 3, r"\Avqcodec: text\.txt: [^\n]+\n\Z"),
    Case("info future.vqc", 5, r"\Avqcodec: future\.vqc: [^\n]+\n\Z"),
    Case("compare photo.png flipped.vqc", 4, r"flipped\.vqc: "),
    Case("compare missing.png photo.vqc", 3, r"missing\.png: "),
    Case("codebook show nowhere", 6, r"no codebook 'nowhere'"),
    Case("codebook show photo.vqc", 6, r"photo\.vqc"),
    Case("codebook export classic-4x4-256 -o exists.vqc", 8, r"exists\.vqc: exists already"),
    Case("decode cut.vqc -o x.png --crop 0,0,9x9", 4, r"\Avqcodec: cut\.vqc: [^\n]+\n\Z"),
    Case("decode missing.vqc -o x.png --crop 0,0,9x9", 3, r"\Avqcodec: missing\.vqc: no such file[^\n]*\n\Z"),
    Case("info orphan.vqc --bits", 6, r"\Avqcodec: orphan\.vqc: [^\n]*00000000[^\n]*\n\Z"),
    Case("train-codebook text.txt -o x.vqcb --engine block", 3, r"none of 1 files can be read"),
    Case("train-codebook missing -o x.vqcb", 3, r"missing: no such file or folder"),
    Case("train-codebook photo.png -o exists.vqc", 8, r"exists\.vqc: exists already"),
    Case(
        "encode missing.png photo.png wide.png -d new",
        3,
        r"\Avqcodec: missing\.png: [^\n]+\nvqcodec: wide\.png: [^\n]+\n\Z",
        r"\Aphoto\.png -> [^\n]+\n +files [^\n]+\npictures +1 [^\n]+\n2 failed\n\Z",
        makes="new/photo.vqc",
    ),
    Case(
        "encode wide.png photo.png missing.png -d new --jobs 2 --quiet",
        7,
        r"\Avqcodec: wide\.png: [^\n]+\nvqcodec: missing\.png: [^\n]+\n\Z",
        makes="new/photo.vqc",
    ),
]


def _name(case: Case) -> str:
    return case.args or "(nothing)"


@pytest.mark.parametrize("case", GOOD + USAGE + FAILURES, ids=_name)
def test_command(case: Case, workspace: Path, run: Run) -> None:
    before = contents(workspace)
    result = run(*case.args.split())
    assert result.exit_code == case.code, result.output
    assert re.search(case.stderr, result.stderr), result.stderr
    assert re.search(case.stdout, result.stdout), result.stdout
    after = contents(workspace)
    assert set(after) - set(before) == set(case.makes.split())
    assert {name: after[name] for name in before} == before, "an existing file was changed or removed"


JSON = [
    Case("encode photo.png grey.png -d new --json", makes="new/photo.vqc new/grey.vqc"),
    Case("encode photo.png -o x.vqc --json --quiet", makes="x.vqc"),
    Case("decode photo.vqc -o x.png --json", makes="x.png"),
    Case("info photo.vqc orphan.vqc --json"),
    Case("info photo.vqc --bits --json"),
    Case("verify photo.vqc --json"),
    Case("compare photo.png photo.vqc --json"),
    Case("compare photo.png photo.png --json"),
    Case("codebook list --json"),
    Case("codebook show classic-4x4-256 --json"),
]


@pytest.mark.parametrize("case", JSON, ids=_name)
def test_json_is_one_documented_object_a_line(case: Case, workspace: Path, run: Run) -> None:
    """Every key that is printed stands in docs/json.md."""
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    result = run(*case.args.split())
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert records
    for record in records:
        for key in record:
            assert f"`{key}`" in documented
    for name in case.makes.split():
        assert any(record["output"] == name for record in records)


def test_json_of_a_failure_says_what_stderr_says(workspace: Path, run: Run) -> None:
    result = run("encode", "missing.png", "photo.png", "-d", "new", "--json")
    failed, done = (json.loads(line) for line in result.stdout.splitlines())
    assert result.exit_code == 3
    assert failed["input"] == "missing.png"
    assert failed["error"]["code"] == 3
    assert failed["error"]["kind"] == "UnreadableInputError"
    assert result.stderr == f"vqcodec: {failed['error']['message']}\n"
    assert done["output"] == "new/photo.vqc"


def test_force_overwrites_the_output(workspace: Path, run: Run) -> None:
    assert run("encode", "photo.png", "-o", "exists.vqc", "--force").exit_code == 0
    assert run("verify", "exists.vqc").exit_code == 0


def test_a_failure_leaves_the_old_output(workspace: Path, run: Run) -> None:
    assert run("encode", "cut.png", "-o", "exists.vqc", "--force").exit_code == 3
    assert Path("exists.vqc").read_bytes() == b"precious"


def test_printed_figures_are_those_of_the_file(workspace: Path, run: Run) -> None:
    encoded = json.loads(run("encode", "photo.png", "-o", "x.vqc", "--json").stdout)
    compared = json.loads(run("compare", "photo.png", "x.vqc", "--json").stdout)
    about = json.loads(run("info", "x.vqc", "--json").stdout)
    size = Path("x.vqc").stat().st_size
    assert encoded["output_bytes"] == size == about["input_bytes"]
    assert encoded["bpp"] == pytest.approx(size * 8 / (52 * 44)) == about["bpp"]
    assert encoded["ratio"] == pytest.approx(52 * 44 * 3 / size)
    assert encoded["psnr_db"] == pytest.approx(compared["psnr_db"], abs=1e-9)
    assert encoded["codebook"] == about["codebook"]


def test_same_bytes_for_any_number_of_jobs(workspace: Path, run: Run) -> None:
    names = ["photo.png", "grey.png", "alpha.png", "small.png"]
    for jobs in ("1", "2", "4"):
        result = run("encode", *names, "-d", f"jobs{jobs}", "--jobs", jobs)
        assert [line.split()[0] for line in result.stdout.splitlines() if " -> " in line] == names
    assert contents(workspace / "jobs1") == contents(workspace / "jobs2") == contents(workspace / "jobs4")


def test_streams_both_ways(workspace: Path, run: Run) -> None:
    encoded = run("encode", "-", stdin=Path("photo.png").read_bytes())
    assert encoded.exit_code == 0
    assert re.search(ENCODED.format("<stdout>"), encoded.stderr)
    assert encoded.stdout_bytes == Path("photo.vqc").read_bytes()
    decoded = run("decode", "-", "-o", "-", "--format", "ppm", "--quiet", stdin=encoded.stdout_bytes)
    assert (decoded.exit_code, decoded.stderr) == (0, "")
    assert decoded.stdout_bytes.startswith(b"P6\n52 44\n255\n")
    compared = run("compare", "photo.vqc", "-", stdin=decoded.stdout_bytes)
    assert "identical" in compared.stdout


def test_stdin_into_a_folder(workspace: Path, run: Run) -> None:
    result = run("encode", "-", "grey.png", "-d", "new", stdin=Path("photo.png").read_bytes())
    assert result.exit_code == 0, result.output
    assert set(contents(workspace / "new")) == {"stdin.vqc", "grey.vqc"}


def test_stdin_that_is_no_picture(workspace: Path, run: Run) -> None:
    result = run("encode", "-", "-o", "x.vqc", stdin=b"")
    assert (result.exit_code, result.stdout) == (3, "")
    assert re.fullmatch(r"vqcodec: <stdin>: [^\n]+\n", result.stderr)


def test_a_line_break_in_a_name_stays_in_the_line(workspace: Path, run: Run) -> None:
    result = run("encode", "a\nb.png", "-o", "x.vqc")
    assert result.exit_code == 3
    assert result.stderr.startswith("vqcodec: a\\nb.png: ")
    assert result.stderr.count("\n") == 1


def without_codebooks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no codebook in the library, nor beside the files of `folder`."""
    monkeypatch.setattr("vqcodec.codebook.library.search_path", list)
    for path in folder.glob("*.vqcb"):
        path.unlink()


def test_embedded_codebook_needs_no_library(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("encode", "photo.png", "-o", "alone.vqc", "--embed-codebook")
    without_codebooks(workspace, monkeypatch)
    assert run("decode", "photo.vqc", "-o", "x.png").exit_code == 6
    assert run("decode", "alone.vqc", "-o", "x.png").exit_code == 0
    assert "embedded" in run("info", "alone.vqc").stdout
    assert "not at hand" in run("info", "photo.vqc").stdout


def test_a_codebook_file_stands_in_for_the_library(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("codebook", "export", "photo", "-o", "sub/x.vqcb")
    without_codebooks(workspace, monkeypatch)
    assert run("verify", "photo.vqc").exit_code == 6
    assert "at hand" in run("verify", "photo.vqc", "-c", "sub/x.vqcb").stdout
    assert run("decode", "photo.vqc", "-c", "sub/x.vqcb", "-o", "x.png").exit_code == 0
    assert run("compare", "photo.png", "photo.vqc", "-c", "sub/x.vqcb").exit_code == 0


def test_exported_codebook_is_the_codebook(workspace: Path, run: Run) -> None:
    run("codebook", "export", "classic-4x4-256", "-o", "x.vqcb")
    piped = run("codebook", "export", "classic-4x4-256", "-o", "-").stdout_bytes
    assert piped == Path("x.vqcb").read_bytes()
    by_name = json.loads(run("codebook", "show", "classic-4x4-256", "--json").stdout)
    assert json.loads(run("codebook", "show", "x.vqcb", "--json").stdout) == by_name


def test_debug_shows_the_traceback(workspace: Path, run: Run) -> None:
    assert "Traceback" not in run("encode", "cut.png", "-o", "x.vqc").stderr
    result = run("encode", "cut.png", "-o", "x.vqc", "--debug")
    assert result.exit_code == 3
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("vqcodec: cut.png: ")


def test_a_defect_is_one_line_and_does_not_stop_the_others(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = pixels.read_picture

    def read_or_fail(source: bytes, name: str) -> pixels.Picture:
        if name == "grey.png":
            raise ZeroDivisionError("of a\nkind")
        return read(source, name)

    monkeypatch.setattr("vqcodec.api.image.read_picture", read_or_fail)
    result = run("encode", "grey.png", "photo.png", "-d", "new")
    assert result.exit_code == 1
    assert re.fullmatch(r"vqcodec: grey\.png: unexpected ZeroDivisionError: of a kind [^\n]+\n", result.stderr)
    assert set(contents(workspace / "new")) == {"photo.vqc"}


def test_a_read_only_folder(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    really_open = os.open

    def refuse(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return really_open(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    result = run("encode", "photo.png", "-o", "x.vqc")
    assert result.exit_code == 8
    assert re.fullmatch(r"vqcodec: x\.vqc: cannot be written: [^\n]*read-only[^\n]*\n", result.stderr)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
