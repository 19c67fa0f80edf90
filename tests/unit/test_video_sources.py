"""Video in: y4m by our own reader, everything else through ffmpeg, pictures; good sources and bad ones."""

from __future__ import annotations

import io
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stored_video import moving_frames

from vqcodec.errors import LimitError, UnreadableInputError
from vqcodec.ffmpeg import program
from vqcodec.video.io.ffmpeg_source import FFmpegSource
from vqcodec.video.io.frame_source import PartSource
from vqcodec.video.io.sources import PictureSource, Y4mSource, open_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import Y4mReader, frame_bytes, head

FORMAT = VideoFormat(48, 32, Fraction(25), Fraction(1))


def y4m(frames, format: VideoFormat = FORMAT) -> bytes:
    return head(format) + b"".join(map(frame_bytes, frames))


def make(folder: Path, name: str, *arguments: str) -> str:
    """A video made by ffmpeg of a pattern that moves, 1 s at 10 frames a second unless `arguments` say otherwise."""
    path = str(folder / name)
    command = [program.executable(), "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1"]
    subprocess.run([*command, *arguments, path], check=True)
    return path


@pytest.mark.parametrize(("width", "height"), [(48, 32), (47, 31), (2, 2), (1, 1)])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_y4m_comes_back(width: int, height: int, count: int) -> None:
    frames = moving_frames(count, width, height)
    format = VideoFormat(width, height, Fraction(30000, 1001), Fraction(12, 11), full_range=True)
    reader = Y4mReader(io.BytesIO(y4m(frames, format)), "clip")
    assert reader.format == format
    for original, read in zip(frames, reader, strict=True):
        assert all(np.array_equal(*planes) for planes in zip(original, read, strict=True))


def test_y4m_without_chroma_is_neutral() -> None:
    data = b"YUV4MPEG2 W4 H2 F5:1 Cmono\nFRAME\n" + bytes(range(8))
    (frame,) = Y4mReader(io.BytesIO(data), "clip")
    assert frame.luma.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert set(frame.blue.ravel()) == set(frame.red.ravel()) == {128}


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", UnreadableInputError, "clip: not a y4m stream"),
        (b"RIFF", UnreadableInputError, "clip: not a y4m stream"),
        (b"YUV4MPEG2 W4 H2", UnreadableInputError, "cut off in its header"),
        (b"YUV4MPEG2 H2 F5:1\n", UnreadableInputError, "no valid W"),
        (b"YUV4MPEG2 W4 H-2\n", UnreadableInputError, "no valid H"),
        (b"YUV4MPEG2 W4 H2 F5/1\n", UnreadableInputError, "'5/1' in the y4m header is not a ratio"),
        (b"YUV4MPEG2 W0 H2\n", LimitError, "no area"),
        (b"YUV4MPEG2 W99999 H2\n", LimitError, "at most 65535"),
        (b"YUV4MPEG2 W4 H2 F999999999:1\n", LimitError, "frames a second"),
        (b"YUV4MPEG2 W4 H2 C444\n", UnreadableInputError, "samples 444; convert it"),
        (b"YUV4MPEG2 W4 H2 C420p10\n", UnreadableInputError, "samples 420p10; convert it"),
        (b"YUV4MPEG2 W4 H2\nFRAME\n" + bytes(12) + b"FRUME\n", UnreadableInputError, "no frame begins where frame 1"),
    ],
)
def test_bad_y4m(data: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=r"clip|video|frames") as raised:
        list(Y4mReader(io.BytesIO(data), "clip"))
    assert message in str(raised.value)


@pytest.mark.parametrize("cut", [1, 700, 2300])
def test_y4m_that_is_cut_off_gives_what_is_there(cut: int) -> None:
    source = Y4mSource(io.BytesIO(y4m(moving_frames(3))[:-cut]), "clip")
    assert len(list(source.frames())) == 2
    assert source.notes == ["cut off within frame 2; the 2 before it are coded"]


def test_a_y4m_file_can_be_read_again_and_a_stream_cannot(tmp_path: Path) -> None:
    path = tmp_path / "clip.y4m"
    path.write_bytes(y4m(moving_frames(3)))
    source = open_video(str(path), "clip")
    assert source.again
    assert [len(list(source.frames())) for _ in range(2)] == [3, 3]
    assert not open_video(io.BytesIO(path.read_bytes()), "clip").again


def test_y4m_of_other_samples_goes_through_ffmpeg(tmp_path: Path) -> None:
    source = open_video(make(tmp_path, "full.y4m", "-pix_fmt", "yuv444p"), "clip")
    assert isinstance(source, FFmpegSource)
    assert len(list(source.frames())) == 10
    assert source.notes == ["yuv444p converted to 8-bit 4:2:0"]


def test_what_ffmpeg_decodes_is_what_was_coded(tmp_path: Path) -> None:
    frames = moving_frames(6)
    (tmp_path / "clip.y4m").write_bytes(y4m(frames, VideoFormat(48, 32, Fraction(30000, 1001), Fraction(12, 11))))
    command = [program.executable(), "-loglevel", "error", "-i", str(tmp_path / "clip.y4m"), "-c:v", "ffv1"]
    subprocess.run([*command, str(tmp_path / "clip.mkv")], check=True)
    source = open_video(str(tmp_path / "clip.mkv"), "clip")
    assert (source.format.rate, source.format.aspect) == (Fraction(30000, 1001), Fraction(12, 11))
    assert (source.times, source.sound, source.notes) == (None, None, [])
    for original, read in zip(frames, source.frames(), strict=True):
        assert all(np.array_equal(*planes) for planes in zip(original, read, strict=True))


@pytest.mark.parametrize(
    ("arguments", "size", "note"),
    [
        (["-c:v", "ffv1", "-pix_fmt", "yuv420p10le"], (64, 48), "yuv420p10le converted to 8-bit 4:2:0"),
        (["-c:v", "ffv1", "-pix_fmt", "gbrp"], (64, 48), "bgr0 converted to 8-bit 4:2:0"),
        (["-c:v", "ffv1", "-pix_fmt", "gray"], (64, 48), "gray converted to 8-bit 4:2:0"),
        (["-vf", "tinterlace=4,setfield=tff", "-flags", "+ildct+ilme", "-c:v", "mpeg2video"], (64, 48), "interlaced"),
    ],
)
def test_what_is_converted_is_said(tmp_path: Path, arguments: list[str], size: tuple[int, int], note: str) -> None:
    source = open_video(make(tmp_path, "clip.mkv", *arguments), "clip")
    frames = list(source.frames())
    assert frames[0].luma.shape[::-1] == size
    assert any(note in said for said in source.notes)


def test_a_rotation_is_followed(tmp_path: Path) -> None:
    upright = make(tmp_path, "upright.mp4", "-pix_fmt", "yuv420p")
    turned = str(tmp_path / "turned.mp4")
    command = [program.executable(), "-loglevel", "error", "-display_rotation", "90", "-i", upright, "-c", "copy"]
    subprocess.run([*command, turned], check=True)
    source = open_video(turned, "clip")
    assert (source.format.width, source.format.height) == (48, 64)
    assert next(source.frames()).luma.shape == (64, 48)
    assert "rotated as the file asks" in source.notes


def test_a_title_is_no_rotation(tmp_path: Path) -> None:
    path = make(tmp_path, "clip.mkv", "-c:v", "ffv1", "-metadata", "title=rotation of crops")
    assert "rotated as the file asks" not in open_video(path, "clip").notes


def test_sound_that_cannot_be_decoded_takes_nothing_else_along(tmp_path: Path) -> None:
    """Neither the picture nor its times."""
    options = ["-f", "lavfi", "-i", "sine=d=0.4:r=16000", "-map", "0:v", "-map", "1:a", "-c:a", "flac", "-c:v", "ffv1"]
    path = Path(make(tmp_path, "clip.mkv", *options))
    broken = path.read_bytes().replace(b"A_FLAC", b"A_XYZ1")
    path.write_bytes(broken)
    source = open_video(str(path), "clip")
    assert source.sound is None
    assert "its sound cannot be decoded, and is left out" in source.notes
    assert source.expected == sum(1 for _ in source.frames())


def test_colour_range_and_matrix_are_kept(tmp_path: Path) -> None:
    arguments = ["-vf", "scale=out_range=pc,format=yuv420p,setparams=range=pc:colorspace=bt709", "-c:v", "ffv1"]
    source = open_video(make(tmp_path, "clip.mkv", *arguments, "-color_range", "pc"), "clip")
    assert (source.format.full_range, source.format.matrix) == (True, 1)


def test_a_rate_that_varies_gives_times(tmp_path: Path) -> None:
    arguments = ["-vf", "select='not(mod(n,3))+eq(n,4)'", "-fps_mode", "passthrough", "-c:v", "ffv1"]
    source = open_video(make(tmp_path, "clip.mkv", *arguments), "clip")
    assert source.times == [0, 300, 400, 600, 900, 1000]
    assert source.format.time_base == Fraction(1, 1000)
    assert source.format.rate == 5
    part = PartSource(source, 1, 4)
    assert part.times == [0, 100, 300, 600]
    assert part.format.rate == 5


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("none.mp4", None, "no such file"),
        ("empty.mp4", b"", "the file is empty"),
        ("text.mp4", b"not a video at all\n" * 9, "not a video that ffmpeg can read: Invalid data"),
        ("bytes.mkv", b"\x1aE\xdf\xa3" + bytes(64), "not a video that ffmpeg can read"),
    ],
)
def test_bad_sources(tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableInputError, match=message):
        open_video(str(tmp_path / name), name)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = str(tmp_path / "sound.mkv")
    command = [program.executable(), "-loglevel", "error", "-f", "lavfi", "-i", "sine=d=1", path]
    subprocess.run(command, check=True)
    with pytest.raises(UnreadableInputError, match="clip: holds no video stream"):
        open_video(path, "clip")


def test_a_video_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    path = Path(make(tmp_path, "clip.mkv", "-c:v", "ffv1", "-g", "1"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = open_video(str(path), "clip")
    count = len(list(source.frames()))
    assert 0 < count < 10
    assert any(note.startswith(f"damaged or cut off; {count} frames could be read") for note in source.notes)


def test_a_missing_ffmpeg_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import imageio_ffmpeg

    def missing() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    path = make(tmp_path, "clip.mkv", "-c:v", "ffv1")
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)
    with pytest.raises(UnreadableInputError, match=r"ffmpeg is not at hand.*pip install imageio-ffmpeg"):
        open_video(path, "clip")


def test_pictures_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        Image.new("RGB", (5, 3), (number * 10, number * 10, number * 10)).save(tmp_path / f"f{number}.png")
    for name in (str(tmp_path), str(tmp_path / "f*.png")):
        source = open_video(name, "film", rate=Fraction(12))
        assert isinstance(source, PictureSource)
        assert [int(frame.luma[0, 0]) for frame in source.frames()] == [10, 90, 100]
        assert (source.format.rate, source.format.full_range, source.exact) == (12, True, 3)


def test_pictures_in_colour_keep_it(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (200, 60, 30)).save(tmp_path / "a.png")
    (frame,) = open_video(str(tmp_path), "film").frames()
    assert (frame.luma[0, 0], frame.blue[0, 0], frame.red[0, 0]) == (98, 89, 200)  # BT.601 at full range, by hand


def test_pictures_of_two_sizes_are_refused(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    Image.new("L", (6, 4)).save(tmp_path / "b.png")
    with pytest.raises(UnreadableInputError, match=r"b.png: 6x4 pixels, but .*a.png has 4x4"):
        list(open_video(str(tmp_path), "film").frames())
