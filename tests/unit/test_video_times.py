"""How long frames last, the last one included: from files in, in our own files, and in files out."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
import stored_video
from PIL import Image
from stored_video import CODEBOOK, moving_frames

from vqcodec import api
from vqcodec.ffmpeg import program
from vqcodec.ffmpeg.survey import Pieces, survey
from vqcodec.media.target import Target
from vqcodec.reports.video import VideoDecodeReport, VideoEncodeReport, VideoInfo
from vqcodec.video.codec import encode_to
from vqcodec.video.encoding import Plan
from vqcodec.video.files import read_video
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.pace import Pace, pace_of
from vqcodec.video.io.sources import open_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.timeline import Part, duration_of, moment_of, times_of

SLIDES_MS = [100, 500, 50, 2000]


class TimedFrames(FrameSource):
    """Frames with the times at which they begin, and the last one ends."""

    name = "<frames>"

    def __init__(self, frames: list[Frame], form: VideoFormat, times: list[int]) -> None:
        super().__init__()
        self._frames, self.format, self.times = frames, form, times
        self.expected = self.exact = len(frames)

    def frames(self) -> Iterator[Frame]:
        return iter(self._frames)


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


def ffmpeg_says(path: Path) -> str:
    command = [program.executable(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def duration_in(path: Path) -> float:
    """The duration of a file in seconds, as ffmpeg reports it."""
    found = re.search(r"Duration: 00:00:(\d+\.\d+)", ffmpeg_says(path))
    assert found is not None
    return float(found[1])


def write_gif(path: Path, milliseconds: list[int]) -> None:
    pictures = [Image.new("L", (16, 16), 20 * number) for number in range(len(milliseconds))]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=milliseconds)


def encoded(path: Path, **options: object) -> VideoEncodeReport:
    report = api.encode(path, codebook=CODEBOOK, medium="video", **options)  # type: ignore[arg-type]
    assert isinstance(report, VideoEncodeReport)
    return report


def info_of(data: bytes | None) -> VideoInfo:
    info = api.info(data or b"")
    assert isinstance(info, VideoInfo)
    return info


THOUSANDTH = Fraction(1, 1000)


@pytest.mark.parametrize(
    ("starts", "lengths", "end", "rate", "times"),
    [
        ([0, 40, 80], [40, 40, 40], None, Fraction(25), None),
        ([0, 41, 79], [40, 40, 40], None, Fraction(25), None),
        ([0, 40, 80], [40, 40, 2000], None, Fraction(3000, 2080), [0, 40, 80, 2080]),
        ([0, 100, 600], [100, 40, 40], 2650, Fraction(3000, 2650), [0, 100, 600, 2650]),
        ([0, 100, 600], [100, 40, 2050], 2655, Fraction(3000, 2650), [0, 100, 600, 2650]),  # told by rounding
        ([0, 100, 600], [100, 40, 0], None, Fraction(75, 16), [0, 100, 600, 640]),
        ([5, None, 3, 1005], [40, 40, 40, 40], None, Fraction(100, 26), [0, 40, 80, 1000, 1040]),
        ([0], [2000], None, Fraction(1, 2), None),
        ([0], [0], None, Fraction(25), None),
    ],
)
def test_the_pace_of_frames(
    starts: list[int | None], lengths: list[int], end: int | None, rate: Fraction, times: list[int] | None
) -> None:
    found = pace_of(Pieces(THOUSANDTH, starts, lengths, end), Fraction(25))
    assert (found.rate, found.times, found.unit) == (rate, times, None if times is None else THOUSANDTH)
    assert found.begin == (starts[0] or 0) * THOUSANDTH


def test_steady_frames_begin_where_most_of_them_say() -> None:
    late = Pieces(THOUSANDTH, [600, 641, 681, 721], [40, 40, 40, 40])
    assert pace_of(late, Fraction(25)) == Pace(Fraction(25), Fraction(601, 1000))


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize("milliseconds", [SLIDES_MS, (2000, 100, 300, 40)])
def test_animations_are_written_with_every_duration(tmp_path: Path, kind: str, milliseconds: Sequence[int]) -> None:
    write_gif(tmp_path / "slides.gif", list(milliseconds))
    api.decode(encoded(tmp_path / "slides.gif").data or b"", tmp_path / f"out.{kind}", codebook=CODEBOOK)
    found = []
    with Image.open(tmp_path / f"out.{kind}") as image:
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            image.load()
            found.append(image.info["duration"])
    assert found == list(milliseconds)


def test_a_gif_keeps_the_duration_of_its_last_frame(tmp_path: Path) -> None:
    write_gif(tmp_path / "slides.gif", SLIDES_MS)
    report = encoded(tmp_path / "slides.gif")
    assert (report.frames, report.duration_s, report.frame_rate) == (4, 2.65, "80/53")
    assert report.kbps == pytest.approx(report.output_bytes * 8 / 2650)
    assert info_of(report.data).duration_s == 2.65
    for kind in ("mp4", "mkv", "mov"):
        target = tmp_path / f"out.{kind}"
        decoded = api.decode(report.data or b"", target, codebook=CODEBOOK)
        assert isinstance(decoded, VideoDecodeReport)
        assert decoded.duration_s == 2.65
        assert duration_in(target) == pytest.approx(2.65, abs=0.011)
        again = encoded(target)  # what was written is read with the same times
        assert (again.frames, again.duration_s) == (4, pytest.approx(2.65))
        found = survey(str(target), sound=None)
        assert found is not None
        starts = [(start or 0) * found.frames.unit for start in found.frames.starts]
        assert [float(start) for start in starts] == pytest.approx([0, 0.1, 0.6, 0.65])


def test_a_long_last_frame_after_steady_ones(tmp_path: Path) -> None:
    write_gif(tmp_path / "still.gif", [40, 40, 40, 40, 3000])
    report = encoded(tmp_path / "still.gif")
    assert report.duration_s == info_of(report.data).duration_s == 3.16
    assert "its frame rate varies; the time of each frame is kept" in report.notes


def test_one_frame_lasts_as_long_as_its_file_says(tmp_path: Path) -> None:
    write_gif(tmp_path / "one.gif", [2000, 2000])  # two frames, since one alone would be written without a duration
    report = encoded(tmp_path / "one.gif", frames="0:1")
    assert (report.frames, report.duration_s, report.frame_rate) == (1, 2.0, "1/2")
    assert info_of(report.data).duration_s == 2.0


def test_steady_frames_have_no_times(tmp_path: Path) -> None:
    write_gif(tmp_path / "steady.gif", [500, 500, 500])
    report = encoded(tmp_path / "steady.gif")
    assert (report.frame_rate, report.duration_s, report.bits.get("times", 0)) == ("2", 1.5, 0)


def test_parts_have_the_times_of_their_frames(tmp_path: Path) -> None:
    write_gif(tmp_path / "slides.gif", SLIDES_MS)
    part = encoded(tmp_path / "slides.gif", frames="1:3")
    assert part.duration_s == info_of(part.data).duration_s == 0.55
    whole = encoded(tmp_path / "slides.gif", gop=2).data or b""
    for frames, seconds in (("1:3", 0.55), ("3:", 2.0), ("0:2", 0.6)):
        decoded = api.decode(whole, tmp_path / "part.mkv", codebook=CODEBOOK, frames=frames, overwrite=True)
        assert isinstance(decoded, VideoDecodeReport)
        assert decoded.duration_s == pytest.approx(seconds)
        assert duration_in(tmp_path / "part.mkv") == pytest.approx(seconds, abs=0.011)


def test_a_bitrate_counts_the_last_frame(tmp_path: Path) -> None:
    form = VideoFormat(48, 32, Fraction(4, 4), time_base=Fraction(1, 100))
    source = TimedFrames(moving_frames(4), form, [0, 10, 20, 30, 1030])
    file = io.BytesIO()
    _, written = encode_to(Plan(source, CODEBOOK), Target(bitrate=4.0), file)
    assert written.size * 8 / 10300 == pytest.approx(4.0, rel=0.25)


def video_of(times: list[int], gop: int, *, salvage: bool = False, without: range = range(0)) -> object:
    """A video with these times in thousandths of a second, and the last one its end; bytes `without` are set to 0."""
    form = VideoFormat(48, 32, Fraction(25), time_base=THOUSANDTH)
    file = io.BytesIO()
    encode_to(Plan(TimedFrames(moving_frames(len(times) - 1), form, times), CODEBOOK, gop=gop), Target(), file)
    return read_video(file, salvage=salvage)


def test_times_of_parts_and_moments() -> None:
    times = [0, 40, 80, 500, 1000, 1040, 4000]
    video = video_of(times, 2)
    assert duration_of(video) == 4.0  # type: ignore[arg-type]
    for first in range(6):
        for end in range(first + 1, 7):
            assert times_of(video, Part(first, end)) == times[first : end + 1]  # type: ignore[arg-type]
    assert [moment_of(video, frame) * 1000 for frame in range(7)] == times  # type: ignore[arg-type]


def test_what_the_reading_of_a_part_needs(tmp_path: Path) -> None:
    write_gif(tmp_path / "slides.gif", SLIDES_MS)
    source = open_video(str(tmp_path / "slides.gif"), "slides", most=2)
    assert list(source.times or ()) == [0, 10, 60, 65]  # the frame after the part tells when the part ends
