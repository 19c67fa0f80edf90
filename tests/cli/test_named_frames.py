"""Pictures that are named as the frames of a video, files that hold no medium, and long names in the progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import stored_video
from PIL import Image
from typer.testing import Result

from vqcodec.api.media import medium_of_source
from vqcodec.errors import UnreadableInputError
from vqcodec.files.sniffing import picture_paths
from vqcodec.names import shortened

Run = Callable[..., Result]
BY = ("-c", "stored.vqcb", "--json")


@pytest.fixture(autouse=True)
def _film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with frames 8 to 11, a picture beside them, and the codebook that stores."""
    monkeypatch.chdir(tmp_path)
    Path("film").mkdir()
    for number in range(8, 12):
        Image.fromarray(np.full((8, 8), 10 * number, np.uint8)).save(f"film/f{number}.png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save("film/fine.png")
    Path("stored.vqcb").write_bytes(stored_video.CODEBOOK.to_bytes())
    with stored_video.registered():
        yield


def names(*numbers: int) -> list[str]:
    return [f"film/f{number}.png" for number in numbers]


def test_a_pattern_with_a_number_is_its_pictures_in_order() -> None:
    assert picture_paths("film/f%d.png") == picture_paths("film/f%02d.png") == names(8, 9, 10, 11)
    assert picture_paths("film/g%d.png") == []


@pytest.mark.parametrize("inputs", [["film/f%d.png"], ["film/f1*.png"], names(8, 9, 10, 11)])
def test_pictures_of_one_output_are_a_video(inputs: list[str], run: Run) -> None:
    if len(inputs) > 1:
        Path("film/fine.png").unlink()  # the shell would name it as well
    done = run("encode", *inputs, "-o", "x.vqc", *BY)
    assert done.exit_code == 0, done.stderr
    assert f'"frames": {2 if "1*" in inputs[0] else 4}' in done.stdout


@pytest.mark.parametrize("inputs", [names(8, 9), [*names(8), "film/fine.png"]])
def test_other_pictures_of_one_output_are_refused_with_the_remedy(inputs: list[str], run: Run) -> None:
    done = run("encode", *inputs, "-o", "x.vqc", *BY)
    assert done.exit_code == 2
    assert "use -d DIR. Pictures of one video are named by a pattern such as 'frames/*.png'" in done.stderr


def test_a_pattern_needs_a_name_for_its_output(run: Run) -> None:
    done = run("encode", "film/f%d.png", "--media", "video", *BY)
    assert done.exit_code == 2
    assert "a pattern does not say what the video is called; name it with -o" in done.stderr


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"only some words\n", "a text file"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", "a text file"),
        (b"\xef\xbb\xbfa mark\n", "a text file"),
        (b"%PDF-1.7\n\x80", "a PDF file"),
        (b"PK\x03\x04\x14\x00", "a zip archive"),
    ],
)
def test_what_holds_no_medium_is_called_what_it_is(data: bytes, kind: str) -> None:
    with pytest.raises(UnreadableInputError, match=f"name: is {kind}; pictures, sound and videos are read"):
        medium_of_source(data, "name")


@pytest.mark.parametrize(
    "data", [b"P3 1 1 255 1 2 3\n", b"/* XPM */\nstatic c", b"#define x_width 8\n", b"\x00\x01text"]
)
def test_what_may_be_a_picture_is_tried(data: bytes) -> None:
    assert medium_of_source(data, "name")[1] == "image"


@pytest.mark.parametrize("most", [8, 20, 21])
def test_long_names_keep_their_ends(most: int) -> None:
    assert shortened("a" * most, most) == "a" * most
    short = shortened("encoding " + "x" * 50 + ".mp4, 3 fps", most)
    assert len(short) == most
    assert short.startswith("e")
    assert short.endswith("fps")
