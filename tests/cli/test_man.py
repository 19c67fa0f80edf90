"""The manual pages: what roff makes of them, and that they say what the help does."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from vqcodec.cli.man.pages import page, write_pages
from vqcodec.cli.reference import COMMANDS

Run = Callable[..., Result]


def program(name: str) -> str:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_pages(tmp_path_factory.mktemp("pages"))


def test_there_is_a_page_for_each_command(pages: list[Path]) -> None:
    assert len(pages) == len(COMMANDS)
    assert {"vqcodec.1", "vqcodec-encode.1", "vqcodec-codebook-show.1"} <= {path.name for path in pages}


def test_roff_has_nothing_to_complain_of(pages: list[Path]) -> None:
    done = subprocess.run(
        [program("groff"), "-man", "-ww", "-z", "-Kutf8", *map(str, pages)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_whatis_finds_name_and_summary(pages: list[Path]) -> None:
    found = subprocess.run([program("lexgrog"), *map(str, pages)], capture_output=True, text=True, check=True).stdout
    assert found.count('.1: "vqcodec') == len(pages)
    assert ': "vqcodec-verify - Check .vqc files and packs in full"\n' in found


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_page_says_what_the_help_does(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Every word of the help, but for the titles and how options are laid out."""
    (tmp_path / "x.1").write_text(page(command), encoding="utf-8")
    shown = subprocess.run(
        [program("groff"), "-man", "-Tutf8", "-P-cbou", "-rHY=0", "-rLL=9000n", "-Kutf8", str(tmp_path / "x.1")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    words = set(re.split(r"[\s]+", plain(shown)))
    help = plain(run(*command, "--help").stdout.replace("ld-\n", "ld-"))
    missing = [word for word in re.split(r"\s+", help) if word.strip() and word not in words]
    titles = {"Usage:", "Options:", "Commands:", "Arguments:", "Examples:", "codes:", "Exit", "options:"}
    broken = {word for word in missing if word.endswith("-")}  # words that the help breaks at a hyphen
    rest = [word for word in missing if word not in titles | broken and not any(word in known for known in words)]
    assert rest == []


def plain(text: str) -> str:
    return text.replace("’", "'").replace("‐", "-").replace("−", "-").replace("‘", "`")


def test_lines_that_look_like_macros_are_text(pages: list[Path]) -> None:
    for path in pages:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith((".", "'")):
                assert re.match(r"\.(TH|SH|PP|TP|nf|fi)\b", line), (path.name, line)
