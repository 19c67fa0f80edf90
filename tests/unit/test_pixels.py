"""Reading and writing pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from vqcodec.errors import LimitError, UnreadableInputError, UsageError
from vqcodec.image.pixels import Picture, read_picture, write_picture


def saved(image: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def colourful(width: int = 9, height: int = 6) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4), ("P", 3)])
def test_modes_become_channels(mode, channels):
    picture = read_picture(saved(colourful().convert(mode)))
    assert picture.samples.shape == (6, 9, channels)
    assert picture.samples.dtype == np.uint8


def test_palette_with_transparency_gets_alpha():
    image = colourful().convert("P")
    assert read_picture(saved(image, transparency=3)).channels == 4


def test_sixteen_bits_are_reduced_and_said():
    deep = Image.fromarray(np.array([[0, 65_535, 32_768]], np.uint16))
    picture = read_picture(saved(deep))
    assert picture.samples[:, :, 0].tolist() == [[0, 255, 128]]
    assert "8" in picture.notes[0]


def test_cmyk_is_converted_and_said():
    picture = read_picture(saved(colourful().convert("CMYK"), "TIFF"))
    assert picture.channels == 3
    assert "CMYK" in picture.notes[0]


def test_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue", "green")]
    picture = read_picture(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    assert picture.samples[0, 0].tolist() == [255, 0, 0]
    assert "3 frames" in picture.notes[0]


def test_orientation_is_applied_once():
    image = colourful(9, 6)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "camera"
    picture = read_picture(saved(image, exif=exif))
    assert (picture.width, picture.height) == (6, 9)
    assert np.array_equal(picture.samples, np.rot90(np.asarray(image), -1))
    kept = Image.Exif()
    kept.load(picture.metadata["exif"])
    assert ExifTags.Base.Orientation not in kept
    assert kept[ExifTags.Base.Make] == "camera"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_metadata_travels(format):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "somebody"
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    picture = read_picture(saved(colourful(), exif=exif, icc_profile=profile, pnginfo=text))
    assert set(picture.metadata) == {"icc", "exif", "xmp"}
    target = io.BytesIO()
    write_picture(picture, target, format)
    again = read_picture(target.getvalue())
    assert again.metadata["icc"] == profile
    assert again.metadata["xmp"] == b"<x:xmpmeta/>"
    kept = Image.Exif()
    kept.load(again.metadata["exif"])
    assert kept[ExifTags.Base.Artist] == "somebody"


@pytest.mark.parametrize("format", ["PNG", "PPM", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_give_the_samples_back(format):
    samples = np.asarray(colourful())
    target = io.BytesIO()
    write_picture(Picture(samples), target, format)
    assert np.array_equal(read_picture(target.getvalue()).samples, samples)


def test_alpha_is_not_dropped_in_silence():
    with pytest.raises(UsageError, match="transparency"):
        write_picture(Picture(np.zeros((2, 2, 4), np.uint8)), io.BytesIO(), "JPEG")


def test_unknown_format():
    with pytest.raises(UsageError, match="FLIF"):
        write_picture(Picture(np.zeros((2, 2, 3), np.uint8)), io.BytesIO(), "FLIF")


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", saved(colourful(90, 90))[:200]])
def test_what_is_no_picture_is_named(data):
    with pytest.raises(UnreadableInputError, match="holiday"):
        read_picture(data, "holiday.png")


def test_missing_file(tmp_path):
    with pytest.raises(UnreadableInputError, match="no such file"):
        read_picture(tmp_path / "none.png", "none.png")


def test_too_wide_a_picture_is_refused_before_it_is_read():
    header = b"P5 70000 1 255\n"
    with pytest.raises(LimitError, match="70000x1"):
        read_picture(header + bytes(70_000))


def test_the_longest_line_is_read():
    assert read_picture(b"P5 65535 1 255\n" + bytes(65_535)).samples.shape == (1, 65_535, 1)
