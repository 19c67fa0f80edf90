"""`vqcodec report`: which inputs a page shows, what is said of the others, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vqcodec.errors import CorruptFileError, OutputError, UnreadableInputError, UsageError

pytest.importorskip("bokeh", reason="a report needs Bokeh: pip install 'vqcodec[report]'")

QUICK = ("--qualities", "50", "-e", "1", "--no-peers")


def test_a_page_of_files_and_folders(workspace: Path, run) -> None:
    result = run("report", "photo.png", "sub", "photo.vqc", "-o", "page.html", "--json", *QUICK)
    assert result.exit_code == 0, result.stderr
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["input"] for one in shown] == ["photo.png", "sub/photo.png", "photo.vqc"]
    assert [one["coded"] for one in shown] == [False, False, True]
    page = Path("page.html").read_text()
    assert page.count('data-kind="picture"') == 3
    assert run("report", "photo.png", "-o", "page.html", *QUICK).exit_code == OutputError.exit_code
    assert Path("page.html").read_text() == page


def test_bad_inputs_are_named_and_the_others_are_shown(workspace: Path, run) -> None:
    result = run("report", "cut.vqc", "photo.png", "text.txt", "-o", "page.html", *QUICK)
    assert result.exit_code == CorruptFileError.exit_code
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == ["cut.vqc", "text.txt"]
    page = Path("page.html").read_text()
    assert page.count('data-kind="picture"') == 1
    assert "cut.vqc:" in page
    assert "text.txt:" in page


def test_without_an_input_that_can_be_read_there_is_no_page(workspace: Path, run) -> None:
    for names in (["none.png"], ["empty.png", "text.txt"]):
        assert run("report", *names, "-o", "page.html", *QUICK).exit_code == UnreadableInputError.exit_code
        assert not Path("page.html").exists()


def test_options_that_make_no_sense(workspace: Path, run) -> None:
    for more in (["--qualities", "a,b"], ["--qualities", "50,20"], ["--qualities", "200"], ["--reference", "none"]):
        result = run("report", "photo.vqc", "-o", "page.html", *more)
        assert result.exit_code in (UsageError.exit_code, UnreadableInputError.exit_code), more
        assert len(result.stderr.splitlines()) == 1
        assert not Path("page.html").exists()
    assert run("report", "photo.png", "-o", "photo.png", "--force").exit_code == UsageError.exit_code


def test_a_page_on_standard_output(workspace: Path, run) -> None:
    result = run("report", "photo.png", "-o", "-", *QUICK)
    assert result.exit_code == 0
    assert result.stdout.startswith("<!doctype html>")
    assert "photo.png: picture, 1 coding (vqcodec)" in result.stderr
