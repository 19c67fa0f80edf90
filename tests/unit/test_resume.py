"""Trainings that were interrupted end with the bytes of those that were not, wherever they were interrupted."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moving_pictures import moving_frames
from PIL import Image
from synthetic_speech import synthetic_speech
from tiny_speech_codebook import tiny_codebook
from tiny_video_codebook import tiny_video_codebook
from training_tasks import task_for

from vqcodec.codebook.codebook import Codebook
from vqcodec.image.pixels import Picture
from vqcodec.media.checkpoint import Checkpoint
from vqcodec.media.registry import find_engine
from vqcodec.media.training import Training
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.training import train as celp
from vqcodec.speech.training.set_training import SetDesign
from vqcodec.speech.training.train import Ladder


def pictures() -> list[Picture]:
    """Two pictures of slopes and noise."""
    y, x, c = np.indices((24, 32, 3))
    noise = np.random.default_rng(3).integers(0, 30, (2, 24, 32, 3))
    return [Picture(((k + 3) * y + 3 * x + 20 * c + noise[k]).astype(np.uint8)) for k in range(2)]


def speech() -> list[np.ndarray]:
    """Two recordings."""
    return [np.rint(synthetic_speech(6, 8000, seed)).astype(np.int16) for seed in range(2)]


def clips() -> list[Any]:
    """Two clips."""
    return [moving_frames(2, 32, 32, seed=n) for n in range(2)]


RUNS: dict[str, tuple[Callable[[], list[Any]], dict[str, Any]]] = {
    "image/block": (pictures, {"size": 8, "classes": 2, "lambda_": 5.0, "rounds": 2}),
    "image/transform": (pictures, {"rounds": 2, "effort": 0}),
    "speech/celp-fixed": (speech, {"rounds": 2}),
    "speech/ld-celp": (speech, {"rounds": 2}),
    "speech/celp-nb": (speech, {"rounds": 2}),
    "video/mc": (clips, {"rounds": 2, "effort": 0}),
    "video/st3d": (clips, {"rounds": 2, "effort": 0}),
}


PARENTS: dict[str, Callable[[], Codebook]] = {
    "speech/celp-nb": lambda: tiny_codebook(NARROWBAND),
    "video/mc": tiny_video_codebook,
}


def task_of(engine: str, **more: Any) -> Training[Any]:
    """Return the task of training an engine on its media, from its parent if it has one."""
    media, options = RUNS[engine]
    parent = PARENTS[engine]() if engine in PARENTS else None
    return task_for(engine, media(), parent=parent, **options, **more)


def trained(engine: str, **more: Any) -> tuple[Codebook, dict[str, Any]]:
    """Train an engine on its media; return the codebook, and what was found out."""
    known = find_engine(engine)
    assert known is not None
    task = task_of(engine, **more)
    return known.trainer(task), task.findings.as_dict()


SLOW = ("image/transform", "video/st3d")


@pytest.mark.parametrize("engine", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in RUNS])
def test_a_training_that_is_interrupted_after_any_part_ends_with_the_same_bytes_and_report(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = SetDesign(0.02, 0.3, 0.1, pulse_counts=(1, 3, 6), gains=(30, 12, 6), sharpening=0.375)
    short = Ladder(lsf_lambdas=(0.3,), steps=((0, design),), post_filters=(3,), first=0)
    monkeypatch.setitem(celp.LADDERS, "nb", short)
    whole, found = trained(engine)
    assert all(found[part] for part in ("usage", "convergence"))
    keep, path = Checkpoint.keep, tmp_path / "kept"
    kept = 0

    def keep_and_stop(self: Checkpoint, *part: Any) -> None:
        nonlocal kept
        keep(self, *part)
        kept += 1
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "keep", keep_and_stop)
    for threads in (1, 2) * 20:  # every run finishes one more part
        try:
            last, found_again = trained(engine, checkpoint=path, threads=threads)
            break
        except KeyboardInterrupt:
            assert path.exists()
    assert kept >= 2
    assert last.to_bytes() == whole.to_bytes()
    assert found_again == found


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system does not kill")
def test_a_killed_command_resumes_to_the_same_file(tmp_path: Path) -> None:
    for number, picture in enumerate(pictures()):
        Image.fromarray(np.tile(picture.samples, (8, 8, 1))).save(tmp_path / f"{number}.png")
    options = shlex.split("--engine block --size 16 --classes 3 --lambda 4 --rounds 12 --name x --no-progress")
    begin = [sys.executable, "-m", "vqcodec", "train-codebook", *map(str, sorted(tmp_path.glob("*.png"))), *options]
    subprocess.run([*begin, "-o", str(tmp_path / "whole.vqcb")], check=True, capture_output=True)
    command, unfinished = [*begin, "-o", str(tmp_path / "x.vqcb")], tmp_path / "x.vqcb.unfinished"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not unfinished.exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert not (tmp_path / "x.vqcb").exists()
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "x.vqcb.unfinished: an interrupted training has left it; go on with --resume" in refused.stderr
    other = subprocess.run([*command, "--resume", "--side", "2"], capture_output=True, text=True)
    assert other.returncode == 2
    assert "is of a training with side 4, not 2" in other.stderr
    subprocess.run([*command, "--resume"], check=True, capture_output=True)
    assert (tmp_path / "x.vqcb").read_bytes() == (tmp_path / "whole.vqcb").read_bytes()
    assert not unfinished.exists()
    assert not list(tmp_path.glob(".vqcodec-*"))
