"""Ctrl-C while a process encodes a video: nothing is left, or with --keep-partial a whole file of what was coded."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import stored_video
from moving_pictures import write_clip
from stored_video import CODEBOOK

from vqcodec import api
from vqcodec.reports.video import VideoVerifyReport

FRAMES = 400
SLOW = f"""
import runpy, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import stored_video
stored_video.DELAY_S = 0.05
with stored_video.registered():
    runpy.run_module("vqcodec", run_name="__main__", alter_sys=True)
"""


def _heed_interrupts() -> None:
    """Undo what a shell does to the commands it runs in the background: they, and their children, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(folder: Path, *options: str) -> tuple[int, str]:
    """Encode slowly in `folder`, interrupt it when some groups are written; its exit code and messages."""
    write_clip(folder / "clip.y4m", FRAMES)
    (folder / "stored.vqcb").write_bytes(CODEBOOK.to_bytes())
    command = [sys.executable, "-c", SLOW, "encode", "clip.y4m", "-c", "stored.vqcb", "-o", "x.vqc", "--gop", "4"]
    running = subprocess.Popen(
        [*command, "--no-progress", *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )
    try:
        deadline = time.monotonic() + 120
        while len(list(folder.iterdir())) < 3:  # the unfinished output stands beside
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.02)
        time.sleep(1.5)
        running.send_signal(signal.SIGINT)
        _, messages = running.communicate(timeout=60)
    finally:
        running.kill()
    return running.returncode, messages


def test_ctrl_c_leaves_no_file(tmp_path: Path) -> None:
    code, messages = interrupted(tmp_path)
    assert code == 130, messages
    assert "Traceback" not in messages
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.y4m", "stored.vqcb"]


def test_ctrl_c_keeps_what_is_coded_when_asked(tmp_path: Path) -> None:
    code, messages = interrupted(tmp_path, "--keep-partial")
    assert code == 130, messages
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.y4m", "stored.vqcb", "x.vqc"]
    assert "interrupted; the first " in messages
    with stored_video.registered():
        report = api.verify(tmp_path / "x.vqc", codebook=CODEBOOK)
    assert isinstance(report, VideoVerifyReport)
    assert 0 < report.frames < FRAMES
