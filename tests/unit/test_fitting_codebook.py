"""Which shipped codebook codes a picture when nobody says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import vqcodec
from vqcodec import pillow, user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import LimitError
from vqcodec.image.transform import fitting
from vqcodec.image.transform.fitting import equal_share, fitting_codebook, lively_part

SAMPLES = Path(__file__).parents[2] / "samples"


def page(width: int = 400, height: int = 300, ink: str = "#202020", paper: str = "white") -> np.ndarray:
    """A page of text."""
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    for row in range(height // 16):
        draw.text(
            (8, 16 * row), f"line {row}: the quick brown fox jumps over the lazy dog", ink, ImageFont.load_default(13)
        )
    return np.asarray(image)


def photograph() -> np.ndarray:
    return np.asarray(Image.open(SAMPLES / "kodim23.png").convert("RGB"))


@pytest.mark.parametrize("ink", ["#202020", "red"])
@pytest.mark.parametrize("paper", ["white", "black"])
def test_a_page_of_text_is_drawn(ink: str, paper: str) -> None:
    assert fitting_codebook(page(ink=ink if paper == "white" else "#e0e0e0", paper=paper)) == "graphic"


def test_a_photograph_is_not() -> None:
    assert fitting_codebook(photograph()) == "photo"
    assert fitting_codebook(photograph()[:200, :200]) == "photo"


def test_grey_and_transparent_pictures_are_told_apart_likewise() -> None:
    for picture, name in ((page(), "graphic"), (photograph(), "photo")):
        opaque = np.full(picture.shape[:2], 255, np.uint8)
        assert fitting_codebook(np.dstack([picture, opaque])) == name
        assert fitting_codebook(picture[:, :, 1:2]) == name


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 1), (3, 2, 4)])
def test_pictures_of_few_samples_have_one(shape: tuple[int, int, int]) -> None:
    assert fitting_codebook(np.zeros(shape, np.uint8)) == "photo"


def test_every_way_in_chooses_it_and_what_is_asked_for_wins(tmp_path: Path) -> None:
    Image.fromarray(page()).save(tmp_path / "page.png")
    report = vqcodec.encode(tmp_path / "page.png", tmp_path / "page.vqc")
    assert report.codebook.name == "graphic"
    assert vqcodec.encode(tmp_path / "page.png", codebook="photo").codebook.name == "photo"
    data = (tmp_path / "page.vqc").read_bytes()
    assert data == vqcodec.encode_image(page())
    assert data == vqcodec.encode_image(page(), codebook="graphic") != vqcodec.encode_image(page(), codebook="photo")
    pillow.register()
    saved = io.BytesIO()
    Image.fromarray(page()).save(saved, pillow.FORMAT)
    assert saved.getvalue() == data


def test_hidden_colours_do_not_decide() -> None:
    picture = np.zeros((160, 160, 4), np.uint8)
    picture[40:120, 40:120] = [200, 30, 30, 255]
    hiding = picture.copy()
    noise = np.random.default_rng(1).integers(0, 256, (160, 160, 3))
    hiding[:, :, :3] = np.where(picture[:, :, 3:] == 0, noise, picture[:, :, :3])
    assert vqcodec.encode_image(hiding) == vqcodec.encode_image(picture)


def test_a_photograph_is_told_without_loading_a_codebook(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_name: str) -> NoReturn:
        raise AssertionError("a codebook is loaded")

    monkeypatch.setattr(fitting, "load_codebook", load)
    assert fitting_codebook(photograph()) == "photo"
    with pytest.raises(AssertionError, match="loaded"):
        fitting_codebook(page())


def test_the_share_of_equal_neighbours() -> None:
    picture = np.zeros((2, 5, 3), np.uint8)
    picture[0, 2, 1] = 1
    assert equal_share(picture) == 6 / 8
    assert equal_share(picture[:, :1]) == 1


def test_it_is_the_liveliest_blocks_that_are_tried() -> None:
    picture = np.zeros((640, 640, 3), np.uint8)
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3))
    for number in range(60):
        row, column = divmod(number * 7 % 100, 10)
        picture[64 * row : 64 * row + 64, 64 * column : 64 * column + 64] = noise
    tried = lively_part(picture)
    assert tried.shape == (12 * 64, 64, 3)
    assert all(np.array_equal(tried[64 * n : 64 * n + 64], noise) for n in range(12))
    assert np.array_equal(lively_part(picture[:200, :250]), picture[:200, :250])


def test_a_codebook_of_another_engine_with_such_a_name_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Codebook("image/block", "graphic", load_codebook("classic-4x4-256").arrays, {})
    (tmp_path / "own.vqcb").write_bytes(own.to_bytes())
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(tmp_path))
    assert load_codebook("graphic").engine == "image/block"
    assert fitting_codebook(page()) == "photo"


def test_nothing_is_tried_of_a_picture_beyond_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*_: object) -> None:
        raise AssertionError("work was done before the limits were looked at")

    monkeypatch.setattr("vqcodec.image.transform.fitting.fitting_codebook", tried)
    monkeypatch.setattr("vqcodec.image.codec.without_hidden_colours", tried)
    with pytest.raises(LimitError, match="a side may have at most 65535"):
        vqcodec.encode_image(np.zeros((1, 70000, 4), np.uint8))
    with user_limits.lowered(pixels=100), pytest.raises(LimitError, match="the limit set is 100"):
        vqcodec.encode_image(np.zeros((20, 20, 4), np.uint8))


def test_colours_decide_that_are_hidden_but_kept() -> None:
    kept = np.dstack([page(), np.zeros((300, 400), np.uint8)])
    kept[:2, :2, 3] = 255

    def coded(**asked: str) -> bytes:
        return vqcodec.encode_image(kept, keep_hidden=True, effort=0, **asked)  # type: ignore[arg-type]

    assert coded() == coded(codebook="graphic") != coded(codebook="photo")


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_long_strip_some_blocks_are_tried(turned: bool) -> None:
    strip = np.random.default_rng(3).integers(0, 256, (10, 5000, 3)).astype(np.uint8)
    tried = lively_part(strip.swapaxes(0, 1) if turned else strip)
    assert tried.shape == ((12 * 64, 10, 3) if turned else (12 * 10, 64, 3))
