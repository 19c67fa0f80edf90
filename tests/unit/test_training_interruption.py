"""Ctrl-C ends a training at once, even while numba compiles."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vqcodec.kernels import native

PATIENCE_S = 600


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGINT")
def test_an_interruption_does_not_wait_for_the_compiler(tmp_path: Path) -> None:
    """The cache is empty, so every kernel of training is compiled; it takes longer than the process may live."""
    noise = np.random.default_rng(0).integers(0, 255, (128, 128, 3)).astype(np.uint8)
    for number in range(4):
        Image.fromarray(np.roll(noise, number, 0)).save(tmp_path / f"{number}.png")
    options = shlex.split("--engine block --size 16 --classes 3 --lambda 4 --no-progress --threads 2 -o x.vqcb")
    process = subprocess.Popen(
        [sys.executable, "-m", "vqcodec", "train-codebook", *(f"{n}.png" for n in range(4)), *options],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
    )
    giving_up = threading.Timer(PATIENCE_S, process.kill)
    giving_up.start()
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("compiling kernels"):
            break
    if native.complete():  # else kernels of encoding may come first
        assert "warm" not in line, "vqcodec warm compiles no kernels of training"
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(PATIENCE_S) == 130, rest
    giving_up.cancel()
    assert "vqcodec: interrupted" in rest
    assert "Traceback" not in rest
    assert time.monotonic() - began < 30, "it waited"
    left = {path.name for path in tmp_path.iterdir()} - {"cache", "x.vqcb.unfinished"}
    assert left == {f"{n}.png" for n in range(4)}
