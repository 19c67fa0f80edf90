"""The progress bar on a terminal: what is printed meanwhile stands on lines of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")


def test_messages_take_the_bar_away(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "vqcodec", "decode", "one.vqc", "two.vqc"]
    environment = os.environ | {"TERM": "xterm"}
    running = subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        told += piece
    os.close(ours)
    assert running.wait(60) != 0
    assert b"decoding 2 files" in told
    for name in (b"one", b"two"):
        assert re.search(rb"(?:\n|\x1b\[2K)vqcodec: " + name + rb"\.vqc: ", told), told
