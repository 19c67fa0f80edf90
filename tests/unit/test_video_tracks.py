"""Files with several tracks: which one is taken, how to choose another, and what is said to be left out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import stored_video
from moving_pictures import write_clip
from PIL import Image
from stored_video import CODEBOOK

import vqcodec
from vqcodec.errors import UsageError
from vqcodec.ffmpeg import program
from vqcodec.video.io.sources import open_video

SUBTITLES = "1\n00:00:00,000 --> 00:00:00,200\nHello\n"
CHAPTERS = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=200\ntitle=One\n"
LEFT_OUT = "its subtitles and chapters are left out"


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with sounds of 400 Hz (English), 800 Hz (German, the default) and 1600 Hz, subtitles and a chapter."""
    folder = tmp_path_factory.mktemp("film")
    write_clip(folder / "clip.mkv", 10, options=["-c:v", "ffv1"])
    (folder / "texts.srt").write_text(SUBTITLES)
    (folder / "chapters").write_text(CHAPTERS)
    inputs = ["-i", "clip.mkv", "-i", "texts.srt", "-f", "ffmetadata", "-i", "chapters"]
    maps = ["-map", "0:v", "-map", "1", "-map_chapters", "2", "-c:v", "copy", "-c:a", "flac"]
    for number, hertz in enumerate((400, 800, 1600)):
        inputs += ["-f", "lavfi", "-i", f"sine=f={hertz}:d=0.4:r=16000"]
        maps += ["-map", str(3 + number)]
    maps += ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"]
    maps += ["-disposition:a:0", "0", "-disposition:a:1", "default", "-disposition:a:2", "0"]
    command = [program.executable(), "-loglevel", "error", *inputs, *maps, "film.mkv"]
    subprocess.run(command, check=True, cwd=folder)
    return folder / "film.mkv"


@pytest.mark.parametrize(
    ("track", "hertz", "taken"),
    [
        (None, 800, "2 (deu)"),
        (1, 400, "1 (eng)"),
        ("2", 800, "2 (deu)"),
        (3, 1600, "3"),
        ("eng", 400, "1 (eng)"),
        ("DEU", 800, "2 (deu)"),
    ],
)
def test_the_default_track_or_the_chosen_one_is_taken(
    film: Path, track: int | str | None, hertz: int, taken: str
) -> None:
    with vqcodec.open_video(film, track=track) as video:
        samples, rate = video.sound() or (np.zeros((2, 1)), 1)
    heard = np.argmax(np.abs(np.fft.rfft(samples[:, 0].astype(float)))) * rate / len(samples)
    assert heard == pytest.approx(hertz, abs=5)
    with open_video(str(film), "film", track=track) as source:
        assert source.notes == [f"of its 3 sound tracks, {taken} is taken; choose with --track", LEFT_OUT]


def test_without_sound_no_track_is_spoken_of(film: Path) -> None:
    with open_video(str(film), "film", audio=False) as source:
        assert (source.sound, source.notes) == (None, [LEFT_OUT])


def test_the_notes_are_in_the_report(film: Path) -> None:
    report = vqcodec.encode(film, codebook=CODEBOOK, audio=False)
    assert LEFT_OUT in report.notes


@pytest.mark.parametrize("track", [4, "fra"])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(film: Path, track: int | str) -> None:
    with pytest.raises(UsageError, match=rf"film: has no sound track {track}; it has 1 \(eng\), 2 \(deu\), 3"):
        open_video(str(film), "film", track=track)


@pytest.mark.parametrize("name", ["clip.mkv", "clip.y4m"])
def test_there_is_no_track_without_sound(tmp_path: Path, name: str) -> None:
    write_clip(tmp_path / name, 2)
    with pytest.raises(UsageError, match="clip: has no sound track 1; it has no sound"):
        open_video(str(tmp_path / name), "clip", track=1)


def test_one_track_of_each_kind_needs_no_note(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mkv", 2, options=["-c:v", "ffv1"])
    with open_video(str(tmp_path / "clip.mkv"), "clip") as source:
        assert source.notes == []


def test_a_second_picture_is_said_and_a_cover_is_no_video(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv", 3, options=["-c:v", "ffv1"])
    write_clip(tmp_path / "cover.png", 1, options=["-update", "1"])
    start = [program.executable(), "-loglevel", "error"]
    two = ["-i", "a.mkv", "-i", "a.mkv", "-map", "0", "-map", "1", "-c", "copy", "two.mkv"]
    subprocess.run([*start, *two], check=True, cwd=tmp_path)
    cover = ["-i", "cover.png", "-i", "a.mkv", "-map", "0", "-map", "1"]
    cover += ["-c:v:0", "mjpeg", "-c:v:1", "libx264", "-disposition:v:0", "attached_pic", "covered.mp4"]
    subprocess.run([*start, *cover], check=True, cwd=tmp_path)
    with open_video(str(tmp_path / "two.mkv"), "two") as source:
        assert source.notes == ["only the first of its video streams is taken"]
    with open_video(str(tmp_path / "covered.mp4"), "covered") as source:
        assert len(list(source.frames())) == 3


def pictures(kind: str) -> list[Image.Image]:
    """Five pictures of noise: RGB, or RGBA whose alpha is opaque, or not in one pixel of the fourth, or in half."""
    found = []
    for number in range(5):
        samples = np.random.default_rng(number).integers(0, 256, (32, 48, 4), np.uint8)
        samples[..., 3] = 255
        if kind == "one" and number == 3:
            samples[5, 7, 3] = 0
        if kind == "half":
            samples[:16, :, 3] = 100
        found.append(Image.fromarray(samples[..., :3] if kind == "rgb" else samples))
    return found


def indexed(picture: Image.Image) -> Image.Image:
    """A picture with a palette, whose entry 255 is for what is not opaque."""
    found = picture.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE, colors=255)
    if picture.mode == "RGBA":
        found.paste(255, mask=picture.getchannel("A").point(lambda alpha: 255 * (alpha < 255)))
    return found


@pytest.mark.parametrize("kind", ["rgb", "opaque", "one", "half"])
@pytest.mark.parametrize("name", ["clip.webp", "clip.png", "clip.gif", "pictures"])
def test_transparency_is_said_where_a_pixel_is_transparent(tmp_path: Path, name: str, kind: str) -> None:
    first, *others = map(indexed, pictures(kind)) if name == "clip.gif" else pictures(kind)
    path = tmp_path / name
    if name == "pictures":
        path.mkdir()
        for number, picture in enumerate([first, *others]):
            picture.save(path / f"{number}.png")
    else:
        special = {"clip.webp": {"lossless": True}, "clip.gif": {"transparency": 255, "disposal": 2}}.get(name, {})
        first.save(path, save_all=True, append_images=others, duration=100, **special)
    with open_video(str(path), "clip") as source:
        for _ in source.frames():
            pass
        assert ("transparency dropped" in source.notes) == (kind in ("one", "half"))


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx", "ffv1", "qtrle", "png"])
@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_transparency_in_video_files(tmp_path: Path, codec: str, alpha: float) -> None:
    form = {"qtrle": "argb", "png": "rgba"}.get(codec, "yuva420p")
    faded = ["-vf", f"format=rgba,colorchannelmixer=aa={alpha},format={form}"]
    path = tmp_path / ("clip.mov" if codec == "qtrle" else "clip.mkv")
    write_clip(path, 2, options=[*faded, "-c:v", codec, "-auto-alt-ref", "0", "-pix_fmt", form])
    with open_video(str(path), "clip") as source:
        assert ("transparency dropped" in source.notes) == (alpha < 1)
