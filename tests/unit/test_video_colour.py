"""What samples mean: read from files, kept in our own, written to files and pictures."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import stored_video
from PIL import Image
from stored_video import CODEBOOK

from vqcodec import api
from vqcodec.ffmpeg import program
from vqcodec.ffmpeg.colours import Told, told_in
from vqcodec.ffmpeg.survey import survey
from vqcodec.reports.video import VideoEncodeReport, VideoInfo
from vqcodec.video.io import y4m
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.sources import open_video
from vqcodec.video.io.video_format import VideoFormat

PATCHES = [(255, 0, 0), (32, 192, 64), (20, 40, 220), (128, 128, 128)]
SIDE = 16
WEIGHTS = {  # of red and blue, from H.273 table 4
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


def planes_of(matrix: str, full: bool, width: int = 4 * SIDE, height: int = SIDE) -> Frame:
    """Patches side by side, as H.273 makes YCbCr of them."""
    red_weight, blue_weight = WEIGHTS[matrix]
    rows = []
    for red, green, blue in np.array(PATCHES) / 255:
        luma = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
        rows.append((luma, (blue - luma) / (2 - 2 * blue_weight), (red - luma) / (2 - 2 * red_weight)))
    luma, blue, red = (np.repeat(np.array(values), width // 4) for values in zip(*rows, strict=True))
    scaled = luma * 255 if full else 16 + luma * 219
    chroma = [128 + plane[::2] * (255 if full else 224) for plane in (blue, red)]
    flat = [np.rint(row).clip(0, 255).astype(np.uint8) for row in (scaled, *chroma)]
    return Frame(
        *(np.tile(row, (lines, 1)) for row, lines in zip(flat, (height, height // 2, height // 2), strict=True))
    )


def write_tagged(path: Path, frame: Frame, words: str, *options: str) -> None:
    """A lossless video of two such frames, with the words of ffmpeg's `setparams` as its tags."""
    height, width = frame.luma.shape
    data = y4m.head(VideoFormat(width, height, Fraction(25), full_range="range=pc" in words)) + 2 * y4m.frame_bytes(
        frame
    )
    command = [program.executable(), "-loglevel", "error", "-y", "-f", "yuv4mpegpipe", "-i", "-"]
    codec = options or ("-c:v", "libx264", "-qp", "0")
    filters = ["-vf", f"setparams={words}"] if words else []
    subprocess.run([*command, *filters, *codec, str(path)], input=data, check=True)


def encoded(path: Path) -> VideoEncodeReport:
    report = api.encode(path, codebook=CODEBOOK, quality=100, medium="video")
    assert isinstance(report, VideoEncodeReport)
    return report


def info_of(report: VideoEncodeReport) -> VideoInfo:
    info = api.info(report.data or b"")
    assert isinstance(info, VideoInfo)
    return info


def first_picture(report: VideoEncodeReport, folder: Path) -> np.ndarray:
    api.decode(report.data or b"", folder / "%d.png", codebook=CODEBOOK, overwrite=True)
    return np.asarray(Image.open(folder / "0.png").convert("RGB")).astype(int)


def shown_patches(report: VideoEncodeReport, folder: Path) -> list[tuple[int, ...]]:
    picture = first_picture(report, folder)
    height, width = picture.shape[:2]
    return [tuple(picture[height // 2, (2 * number + 1) * width // 8]) for number in range(4)]


def assert_patches(shown: list[tuple[int, ...]]) -> None:
    assert np.abs(np.array(shown) - np.array(PATCHES)).max() <= 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "Stream #0:0: Video: rawvideo, 1 reference frame (Y3[11][10] / 0xA0B3359), "
            "yuv420p10le(tv, bt2020nc/bt2020/smpte2084, progressive, topleft), 64x48",
            Told("yuv420p10le", 9, 9, 16, 2),
        ),
        (
            "Stream #0:0(und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709), 64x48",
            Told("yuv420p", 1, 1, 1),
        ),
        ("Stream #0:0: Video: ffv1, 1 reference frame, bgr0(pc, gbr/unknown/unknown), 32x32", Told("bgr0")),
        ("Stream #0:0: Video: gif, 1 reference frame, bgra, 64x48, 1.52 fps", Told("bgra")),
        (
            "Stream #0:0: Video: mjpeg, yuvj420p(pc, bt470bg/unknown/unknown, center), 8x8",
            Told("yuvj420p", 5, siting=1),
        ),
        ("Stream #0:0: Video: vp9, yuv420p(tv, top first, left), 8x8", Told("yuv420p", siting=0)),
        ("nothing", Told()),
    ],
)
def test_what_ffmpeg_says_of_samples(line: str, told: Told) -> None:
    assert told_in(line) == told


@pytest.mark.parametrize(
    ("pixels", "siting"),
    [("yuv420p", 2), ("p010le", 2), ("yuv422p10le", 0), ("yuv444p", 1), ("gbrp", 1), ("yuv440p", 3), ("yuv411p", 1)],
)
def test_where_chroma_is_after_halving(pixels: str, siting: int) -> None:
    assert Told(pixels, siting=2).halved_siting == siting


@pytest.mark.parametrize(
    ("matrix", "words", "numbers"),
    [
        ("bt709", "colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv", (1, 1, 1)),
        ("bt709", "colorspace=bt709:range=pc", (1, 2, 2)),
        ("bt470bg", "colorspace=bt470bg:color_primaries=bt470bg:color_trc=bt470bg:range=tv", (5, 5, 5)),
        ("smpte170m", "colorspace=smpte170m:color_primaries=smpte170m:color_trc=smpte170m:range=pc", (6, 6, 6)),
        ("smpte240m", "colorspace=smpte240m:color_primaries=smpte240m:color_trc=smpte240m:range=tv", (7, 7, 7)),
        ("bt2020nc", "colorspace=bt2020nc:color_primaries=bt2020:color_trc=bt2020-10:range=tv", (9, 9, 14)),
        ("bt2020nc", "colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv", (9, 9, 16)),
        ("bt2020nc", "colorspace=bt2020nc:color_primaries=bt2020:color_trc=arib-std-b67:range=tv", (9, 9, 18)),
    ],
)
def test_colours_are_kept_on_every_way(matrix: str, words: str, numbers: tuple[int, int, int], tmp_path: Path) -> None:
    full = "range=pc" in words
    write_tagged(tmp_path / "clip.mkv", planes_of(matrix, full), words)
    report = encoded(tmp_path / "clip.mkv")
    info = info_of(report)
    assert (info.matrix, info.primaries, info.transfer, info.full_range) == (*numbers, full)
    assert_patches(shown_patches(report, tmp_path))
    for name in ("back.mkv", "back.mp4", "back.mov"):
        api.decode(report.data or b"", tmp_path / name, codebook=CODEBOOK)
        again = survey(str(tmp_path / name), sound=None)
        assert again is not None
        assert (again.samples.matrix, again.samples.primaries, again.samples.transfer) == numbers
        assert open_video(str(tmp_path / name), name).format.full_range == full
        bare = ["-c", "copy", "-f", "h264", "-"]  # the stream alone says so as well
        raw = subprocess.run(
            [program.executable(), "-loglevel", "error", "-i", str(tmp_path / name), *bare],
            capture_output=True,
            check=True,
        )
        (tmp_path / "bare.h264").write_bytes(raw.stdout)
        alone = survey(str(tmp_path / "bare.h264"), sound=None)
        assert alone is not None
        assert (alone.samples.matrix, alone.samples.primaries, alone.samples.transfer) == numbers


def test_high_dynamic_range_is_said(tmp_path: Path) -> None:
    words = "colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv"
    write_tagged(tmp_path / "hdr.mkv", planes_of("bt2020nc", False), words, "-pix_fmt", "yuv420p10le", "-c:v", "ffv1")
    notes = encoded(tmp_path / "hdr.mkv").notes
    assert "yuv420p10le converted to 8-bit 4:2:0" in notes
    assert "its colours are high dynamic range (PQ); they stay so, with 8 bits a sample" in notes


@pytest.mark.parametrize(
    ("width", "height", "matrix"), [(64, 16, "smpte170m"), (1280, 16, "bt709"), (64, 720, "bt709")]
)
def test_a_matrix_that_is_not_known_goes_by_the_size(width: int, height: int, matrix: str, tmp_path: Path) -> None:
    frame = planes_of(matrix, False, width, height)
    (tmp_path / "clip.y4m").write_bytes(y4m.head(VideoFormat(width, height, Fraction(25))) + y4m.frame_bytes(frame))
    report = encoded(tmp_path / "clip.y4m")
    assert info_of(report).matrix == 2
    assert_patches(shown_patches(report, tmp_path))


@pytest.mark.parametrize("kind", ["gbrp.mkv", "slides.gif", "folder"])
def test_red_green_and_blue_come_back(kind: str, tmp_path: Path) -> None:
    picture = np.repeat(np.array(PATCHES, np.uint8), SIDE, axis=0)[None].repeat(SIDE, axis=0)
    if kind == "folder":
        source = tmp_path / "pictures"
        source.mkdir()
        Image.fromarray(picture).save(source / "0.png")
        expected = (6, 1, 13, 1)
    elif kind == "slides.gif":
        source = tmp_path / kind
        Image.fromarray(picture).save(source)
        expected = (6, 2, 2, 1)
    else:
        Image.fromarray(picture).save(tmp_path / "one.png")
        source = tmp_path / kind
        command = [program.executable(), "-loglevel", "error", "-i", str(tmp_path / "one.png"), "-c:v", "ffv1"]
        subprocess.run([*command, "-pix_fmt", "gbrp", str(source)], check=True)
        expected = (6, 2, 2, 1)
    report = encoded(source)
    info = info_of(report)
    assert (info.matrix, info.primaries, info.transfer, info.siting) == expected
    assert_patches(shown_patches(report, tmp_path))


@pytest.mark.parametrize(("layout", "siting"), [("420jpeg", 1), ("420mpeg2", 0), ("420paldv", 2), ("420", 1)])
@pytest.mark.parametrize("wide", ["FULL", "LIMITED"])
def test_tags_of_y4m_are_read_and_written(layout: str, siting: int, wide: str) -> None:
    head = f"YUV4MPEG2 W8 H4 F25:1 Ip A1:1 C{layout} XCOLORRANGE={wide}\n".encode()
    report = api.encode(head + b"FRAME\n" + bytes(range(48)), codebook=CODEBOOK, quality=100, medium="video")
    assert isinstance(report, VideoEncodeReport)
    info = info_of(report)
    assert (info.siting, info.full_range) == (siting, wide == "FULL")
    decoded = api.decode(report.data or b"", codebook=CODEBOOK)
    reader = y4m.Y4mReader(io.BytesIO(decoded.data or b""), "back")
    assert (reader.format.siting, reader.format.full_range) == (siting, wide == "FULL")
    assert f" C{'420jpeg' if layout == '420' else layout} ".encode() in (decoded.data or b"")


@pytest.mark.parametrize("siting", [0, 1, 2])
def test_siting_is_kept_and_heeded(siting: int, tmp_path: Path) -> None:
    ramp = np.tile(np.arange(16, dtype=np.uint8) * 12 + 30, (16, 1))
    frame = Frame(np.full((32, 32), 128, np.uint8), ramp, ramp.T.copy())
    (tmp_path / "clip.y4m").write_bytes(
        y4m.head(VideoFormat(32, 32, Fraction(25), siting=siting)) + y4m.frame_bytes(frame)
    )
    report = encoded(tmp_path / "clip.y4m")
    for name in ("back.mkv", "back.mp4"):
        api.decode(report.data or b"", tmp_path / name, codebook=CODEBOOK)
        assert open_video(str(tmp_path / name), name).format.siting == siting
    picture = first_picture(report, tmp_path)
    # blue grows by 1.772 * 255 / 224 * 6 from column to column; where chroma is midway, it is a quarter of 12 behind
    slope = 1.772 * 255 / 224 * 6
    at_left = (128 - 16) * 255 / 219 + (30 + 12 * 8 - 128) * 1.772 * 255 / 224
    assert picture[16, 16, 2] == pytest.approx(at_left - (slope / 2 if siting == 1 else 0), abs=2.5)
