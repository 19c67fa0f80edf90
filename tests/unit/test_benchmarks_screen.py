"""Clips of screens, and what their measurements turn into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import screen_clips, tables, video_screen
from benchmarks.common import write_json
from benchmarks.datasets import MissingDataError
from benchmarks.video_data import split_planes


def points(codec: str, factor: float, clip: str = "a") -> list[dict]:
    return [
        {"clip": clip, "codec": codec, "setting": number, "kbps": rate * factor, "psnr_y": quality}
        for number, (rate, quality) in enumerate(((50.0, 34.0), (100.0, 40.0), (200.0, 46.0)))
    ]


@pytest.mark.parametrize("name", [name for name in screen_clips.CLIPS if name != "mixed"])
def test_clips_are_the_same_whenever_they_are_drawn(name: str) -> None:
    (clip,), (again,) = screen_clips.screen_clips((name,)), screen_clips.screen_clips((name,))
    assert clip.digest == again.digest
    assert len(clip.raw) == screen_clips.FRAMES
    assert 352 * 288 <= clip.width * clip.height <= 640 * 480
    assert (clip.width % 8, clip.height % 8) == (0, 0)


def test_a_page_scrolls_exactly_and_stands_before_and_after() -> None:
    (clip,) = screen_clips.screen_clips(("scrolling_page",))
    luma, _, _ = split_planes(clip.raw, clip.width, clip.height)
    assert np.array_equal(luma[0], luma[5])
    assert np.array_equal(luma[-1], luma[-5])
    assert not np.array_equal(luma[10], luma[11])
    assert np.array_equal(luma[10][40:, :460], luma[11][35:-5, :460])


def test_times_are_those_of_the_rates() -> None:
    assert video_screen.times(points("x", 3.0), points("y", 2.0)) == 1.5


def test_tables_of_screens_are_rendered(tmp_path: Path) -> None:
    measured = [*points("x264-veryslow", 1.0), *points("svt-av1-screen", 0.5), *points("vqcodec video", 0.8)]
    codecs = [{"codec": name, "label": name.upper()} for name in dict.fromkeys(point["codec"] for point in measured)]
    results = {
        "clips": [{"clip": "a"}],
        "codecs": codecs,
        "bd_rate": video_screen.compared(measured),
        "cases": [{"case": "fast", "codec": "vqcodec video", "times": 1.25}],
    }
    write_json(tmp_path / "video-screen.json", "video_screen", results)
    text = tables.render("video-screen", tmp_path)
    assert "| VQCODEC VIDEO vs x264 veryslow | −20.0 % | −20.0 % |" in text
    assert "| VQCODEC VIDEO vs SVT-AV1 | +60.0 % | +60.0 % |" in text
    assert "| fast | vqcodec video | 1.25 |" in tables.render("video-screen-cases", tmp_path)


def test_cases_that_are_not_there_are_skipped_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert video_screen.measured_cases(tmp_path, []) == []
    assert capsys.readouterr().err.count("skipped") == len(video_screen.PAIRS)


def test_without_ffmpeg_the_benchmark_is_skipped_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_names: tuple[str, ...]) -> list:
        raise MissingDataError("ffmpeg is missing")

    monkeypatch.setattr(video_screen, "screen_clips", missing)
    assert video_screen.main(["--json", str(tmp_path / "out.json")]) == 0
    assert "skipped: ffmpeg is missing" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
