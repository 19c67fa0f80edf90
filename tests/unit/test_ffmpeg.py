"""ffmpeg as a helper: it opens the one file that it is given, and ends with whoever asked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stored_video
from moving_pictures import write_clip
from stored_video import CODEBOOK

from vqcodec import api
from vqcodec.errors import OutputError, UnreadableInputError
from vqcodec.ffmpeg import program
from vqcodec.video.io.sources import open_video

DASH = (
    '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"'
    ' profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="1" bandwidth="1000" width="16" height="16" codecs="avc1.64000a"><BaseURL>file://{}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>"
)
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.5,\nfile://{}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile private.mp4\n"
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n"


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[Any]]:
    """The processes that are begun from now on."""
    processes = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return processes


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


@pytest.mark.parametrize("name", ["clip.ts", "clip.mp4", "clip.m3u8"])
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DASH, "a DASH manifest"),
        (HLS, "an HLS playlist"),
        (CONCAT, "a list of files for ffmpeg"),
        (SDP, "a session description"),
    ],
)
def test_a_list_of_other_files_is_refused(tmp_path: Path, name: str, text: str, kind: str) -> None:
    write_clip(tmp_path / "private.mp4", 3)
    (tmp_path / name).write_text(text.replace("{}", str(tmp_path / "private.mp4")))
    with pytest.raises(UnreadableInputError, match=f"{name}: is {kind}.*, which only names other files"):
        open_video(str(tmp_path / name), name)


def test_a_kind_that_may_name_others_is_refused_though_its_head_says_nothing(tmp_path: Path) -> None:
    write_clip(tmp_path / "private.mp4", 3)
    (tmp_path / "clip.mp4").write_text("file private.mp4\n# ffconcat\n" + "# still one\n" * 9)
    with pytest.raises(UnreadableInputError, match=r"clip.mp4: not a video that ffmpeg can read"):
        open_video(str(tmp_path / "clip.mp4"), "clip.mp4")


def test_a_picture_called_a_video_is_refused(tmp_path: Path) -> None:
    write_clip(tmp_path / "one.png", 1, options=["-update", "1"])
    (tmp_path / "one.png").rename(tmp_path / "one.mp4")
    with pytest.raises(UnreadableInputError, match=r"one.mp4: .*of a kind that is not read; convert it to mkv or mp4"):
        open_video(str(tmp_path / "one.mp4"), "one.mp4")


@pytest.mark.parametrize("name", ["-x.mkv", "concat:a|b", "file:a.mkv", "a%02d.mkv", "fd:", "-"])
def test_no_character_of_a_name_has_a_meaning(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(Path("a.mkv"), 3)
    Path("a.mkv").rename(name)
    with open_video(name, name) as source:
        assert len(list(source.frames())) == 3


def test_a_folder_for_pictures_may_be_called_anything(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", 2)
    data = api.encode(tmp_path / "a.mkv", codebook=CODEBOOK).data or b""
    folder = tmp_path / "100% it's"
    folder.mkdir()
    report = api.decode(data, folder / "f%d.png", codebook=CODEBOOK)
    assert sorted(path.name for path in folder.iterdir()) == ["f0.png", "f1.png"]
    assert report.output_bytes == sum(path.stat().st_size for path in folder.iterdir())


def test_an_encoding_that_is_ended_leaves_no_process(tmp_path: Path, begun: list[subprocess.Popen[Any]]) -> None:
    def end(done: float) -> None:
        raise RuntimeError("ended by the caller")

    write_clip(tmp_path / "long.mkv", 200)
    with pytest.raises(RuntimeError, match="ended by the caller") as kept:
        api.encode(tmp_path / "long.mkv", codebook=CODEBOOK, gop=4, threads=1, progress=end)
    assert kept.tb is not None  # it holds every frame, as in a notebook
    assert len(begun) > 3
    assert all(process.returncode is not None for process in begun)


def test_frames_that_are_not_read_to_the_end_leave_no_process(
    tmp_path: Path, begun: list[subprocess.Popen[Any]]
) -> None:
    write_clip(tmp_path / "long.mkv", 200)
    with open_video(str(tmp_path / "long.mkv"), "long") as source:
        kept = source.frames()
        next(kept)
    assert all(process.returncode is not None for process in begun)


def test_an_ffmpeg_that_cannot_do_it_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"film.mkv: ffmpeg cannot write it: "),
        program.writing(["-f", "yuv4mpegpipe", "-i", "pipe:0", "out.mkv"], "film.mkv", str(tmp_path)) as pipe,
    ):
        pipe.write(b"no y4m")
