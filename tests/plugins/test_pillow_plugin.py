"""`.vqc` pictures in Pillow."""

from __future__ import annotations

import doctest
import io

import numpy as np
import pytest
from PIL import Image

import vqcodec
from vqcodec import pillow
from vqcodec.errors import UsageError


@pytest.fixture(autouse=True)
def registered():
    pillow.register()


@pytest.fixture(scope="module")
def photo():
    y, x = np.mgrid[:60, :91]
    return np.stack([x * 2, y * 3, (x + y) * 1.5], axis=2).clip(0, 255).astype(np.uint8)


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "VQC", **options)
    file.seek(0)
    return file


def test_a_picture_is_saved_by_its_name_and_opened_again(photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "p.vqc", quality=70)
    assert (tmp_path / "p.vqc").read_bytes() == vqcodec.encode_image(photo, quality=70)
    with Image.open(tmp_path / "p.vqc") as opened:
        assert (opened.format, opened.mode, opened.size) == ("VQC", "RGB", (91, 60))
        assert np.array_equal(np.asarray(opened), vqcodec.decode_image((tmp_path / "p.vqc").read_bytes()))


def test_opening_does_not_decode(photo):
    file = saved(Image.fromarray(photo), codebook="photo")
    damaged = io.BytesIO(file.getvalue()[:-9])
    opened = Image.open(damaged)
    assert opened.size == (91, 60)
    with pytest.raises(OSError, match="damaged"):
        opened.load()


@pytest.mark.parametrize(
    ("mode", "back"),
    [
        ("1", "L"),
        ("L", "L"),
        ("LA", "LA"),
        ("P", "RGB"),
        ("RGB", "RGB"),
        ("RGBA", "RGBA"),
        ("I;16", "L"),
        ("CMYK", "RGB"),
    ],
)
def test_every_mode_is_saved(mode, back):
    opened = Image.open(saved(Image.new(mode, (20, 10)), effort=0))
    opened.load()
    assert (opened.mode, opened.size) == (back, (20, 10))


def test_metadata_are_kept_and_may_be_given(photo):
    image = Image.fromarray(photo)
    exif = Image.Exif()
    exif[271] = "a camera"
    exif[274] = 6  # turned by a quarter
    opened = Image.open(saved(image, exif=exif.tobytes(), xmp=b"<x:xmpmeta/>", effort=0))
    assert opened.getexif()[271] == "a camera"
    assert 274 not in opened.getexif()
    assert opened.size == (60, 91)
    assert opened.info["xmp"] == b"<x:xmpmeta/>"
    again = Image.open(saved(opened, effort=0))
    assert again.getexif()[271] == "a camera"


def test_what_cannot_be_saved_leaves_no_file(photo, tmp_path):
    with pytest.raises(UsageError, match="quality 700"):
        Image.fromarray(photo).save(tmp_path / "p.vqc", quality=700)
    with pytest.raises(UsageError, match="lossless"):
        Image.fromarray(photo).save(tmp_path / "p.vqc", lossless=True)
    assert list(tmp_path.iterdir()) == []


def test_speech_and_others_are_not_taken_for_pictures(tmp_path):
    speech = vqcodec.encode_speech(np.zeros(1600, np.int16), 8000)
    for data in (speech, b"\xd6Q" + bytes(40), b"\x89VQC\r\n\x1a\n"):
        with pytest.raises(OSError, match="cannot identify"):
            Image.open(io.BytesIO(data))


def test_the_example_of_the_module_is_true():
    assert doctest.testmod(pillow).failed == 0
