"""Interlaced, telecined and progressive frames, marked rightly or not: what is found out, and what becomes of them."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from moving_pictures import moving_frames

import vqcodec
from vqcodec.errors import UsageError
from vqcodec.ffmpeg import program
from vqcodec.reports.video import VideoComparison
from vqcodec.video.io import y4m
from vqcodec.video.io.ffmpeg_source import FFmpegSource
from vqcodec.video.io.fields import Fields, looked_at
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.sources import Y4mSource, open_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.quality import mean_quality, measure_frame

HEIGHT, WIDTH = 64, 96


def woven(upper: Frame, lower: Frame) -> Frame:
    """The even rows of one frame between the odd ones of the other."""
    planes = [plane.copy() for plane in lower]
    for plane, source in zip(planes, upper, strict=True):
        plane[::2] = source[::2]
    return Frame(*planes)


def scenes(count: int) -> list[Frame]:
    return moving_frames(count, HEIGHT, WIDTH)


def interlaced(upper_first: bool, count: int = 12) -> list[Frame]:
    """Frames whose fields are half a frame apart."""
    moments = scenes(2 * count)
    pairs = zip(moments[::2], moments[1::2], strict=True)
    return [woven(first, second) if upper_first else woven(second, first) for first, second in pairs]


def telecined(count: int = 16) -> list[Frame]:
    """Film whose frames are shown for 3 and 2 fields by turns; the upper field comes first."""
    fields = [frame for number, frame in enumerate(scenes(count)) for _ in range(3 - number % 2)]
    return [woven(*pair) for pair in zip(fields[::2], fields[1::2], strict=False)]


def text_that_scrolls(rows: int) -> list[Frame]:
    page = np.kron(np.random.default_rng(1).integers(0, 2, (HEIGHT + 200, WIDTH // 2)), [[1, 1]]) * 200 + 20
    grey = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    lumas = [page[rows * number : rows * number + HEIGHT].astype(np.uint8) for number in range(12)]
    return [Frame(luma, grey, grey) for luma in lumas]


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize(
    ("frames", "kind", "upper_first"),
    [
        (scenes(12), Fields.PROGRESSIVE, None),
        (interlaced(True), Fields.INTERLACED, True),
        (interlaced(False), Fields.INTERLACED, False),
        (telecined(), Fields.TELECINED, True),
        (text_that_scrolls(1), Fields.PROGRESSIVE, None),
        (text_that_scrolls(4), Fields.PROGRESSIVE, None),
        (scenes(1) * 12, Fields.UNKNOWN, None),
        (scenes(1), Fields.UNKNOWN, None),
        ([], Fields.UNKNOWN, None),
    ],
    ids=["progressive", "upper", "lower", "telecined", "scroll-1", "scroll-4", "still", "one", "none"],
)
def test_what_frames_look_like(frames: list[Frame], kind: Fields, upper_first: bool | None, marked: bool) -> None:
    found = looked_at(frames, marked=marked)
    assert found[0] is kind
    if upper_first is not None:
        assert found[1] == upper_first


def write(path: Path, frames: Sequence[Frame], field: str) -> str:
    """A file of frames that are marked so: `prog`, `tff` or `bff`."""
    data = y4m.head(VideoFormat(WIDTH, HEIGHT, Fraction(25))) + b"".join(map(y4m.frame_bytes, frames))
    codec = ["-vf", f"setfield={field}", "-c:v", "libx264", "-qp", "0", "-preset", "ultrafast"]
    codec += [] if field == "prog" else ["-flags", "+ilme+ildct"]
    command = [program.executable(), "-loglevel", "error", "-y", "-f", "yuv4mpegpipe", "-i", "-", *codec, str(path)]
    subprocess.run(command, input=data, check=True)
    return str(path)


def is_same(frames: Sequence[Frame], path: str, deinterlace: str = "auto") -> bool:
    with open_video(path, "clip", deinterlace=deinterlace) as source:
        pairs = zip(frames, source.frames(), strict=True)
        return all(np.array_equal(*planes) for pair in pairs for planes in zip(*pair, strict=True))


def notes_of(path: str, deinterlace: str = "auto") -> list[str]:
    with open_video(path, "clip", deinterlace=deinterlace) as source:
        return source.notes


def distance(frames: Sequence[Frame], path: str) -> float:
    """PSNR of luma in dB; equal frames count 100."""
    with open_video(path, "clip") as source:
        return mean_quality([measure_frame(*pair) for pair in zip(frames, source.frames(), strict=True)]).y_db


def test_progressive_frames_that_are_marked_as_interlaced_stay_as_they_are(tmp_path: Path) -> None:
    frames = scenes(12)
    path = write(tmp_path / "clip.mkv", frames, "tff")
    assert is_same(frames, path)
    assert notes_of(path) == ["its frames are marked as interlaced, but look progressive; they are kept as they are"]
    assert not is_same(frames, path, "on")
    assert notes_of(path, "on") == ["frames converted from interlaced to progressive ones"]
    assert is_same(frames, path, "off")
    assert notes_of(path, "off") == ["interlaced frames kept as they are"]


@pytest.mark.parametrize("upper_first", [True, False])
@pytest.mark.parametrize("marked", [True, False])
def test_interlaced_frames_become_progressive(tmp_path: Path, upper_first: bool, marked: bool) -> None:
    frames = interlaced(upper_first)
    field = ("tff" if upper_first else "bff") if marked else "prog"
    path = write(tmp_path / "clip.mkv", frames, field)
    whole = scenes(24)[::2]  # the moments of the first fields
    assert (
        distance(whole, path)
        > mean_quality([measure_frame(*pair) for pair in zip(whole, frames, strict=True)]).y_db + 3
    )
    unsaid = "" if marked else ", though not marked so,"
    assert notes_of(path) == [f"interlaced frames{unsaid} converted to progressive ones"]
    assert is_same(frames, path, "off")
    with vqcodec.open_video(path) as video:
        assert video.notes == notes_of(path)
    comparison = vqcodec.compare(path, path)
    assert isinstance(comparison, VideoComparison)
    assert comparison.notes == (f"{path}: interlaced frames{unsaid} converted to progressive ones",)


def test_progressive_frames_are_left_alone(tmp_path: Path) -> None:
    frames = scenes(12)
    path = write(tmp_path / "clip.mkv", frames, "prog")
    assert is_same(frames, path)
    assert notes_of(path) == []


def test_a_still_that_is_marked_as_interlaced_stays_as_it_is(tmp_path: Path) -> None:
    frames = scenes(1) * 8
    assert is_same(frames, write(tmp_path / "clip.mkv", frames, "tff"))


def test_y4m_from_a_stream_cannot_be_made_progressive() -> None:
    stream = io.BytesIO(y4m.head(VideoFormat(48, 32, Fraction(25))) + b"".join(map(y4m.frame_bytes, interlaced(True))))
    with pytest.raises(UsageError, match="y4m from a stream cannot be made progressive; name a file"):
        open_video(stream, "-", deinterlace="on")


def test_film_gets_its_frames_back(tmp_path: Path) -> None:
    film = scenes(16)
    path = write(tmp_path / "film.mkv", telecined(), "tff")
    assert notes_of(path) == ["telecined film: its fields put together again to whole frames"]
    with open_video(path, "film") as source:
        frames = list(source.frames())
    assert len(frames) == len(telecined())
    whole = {frame.luma.tobytes() for frame in film}
    assert sum(frame.luma.tobytes() in whole for frame in frames) >= len(frames) - 2


def test_y4m_that_is_marked_as_interlaced(tmp_path: Path) -> None:
    data = y4m.head(VideoFormat(WIDTH, HEIGHT, Fraction(25))).replace(b" Ip ", b" It ")
    data += b"".join(map(y4m.frame_bytes, interlaced(True)))
    path = tmp_path / "clip.y4m"
    path.write_bytes(data)
    assert isinstance(open_video(str(path), "clip"), FFmpegSource)
    assert notes_of(str(path)) == ["interlaced frames converted to progressive ones"]
    assert isinstance(open_video(str(path), "clip", deinterlace="off"), Y4mSource)
    with path.open("rb") as stream:
        assert open_video(stream, "clip").notes == ["interlaced frames kept as they are"]
