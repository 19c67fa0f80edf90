"""What picture files hold besides samples: how colours look, texts, resolution, place; and what formats cannot hold."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from vqcodec import api
from vqcodec.image.metadata import without_place
from vqcodec.image.pixels import Picture, read_picture, write_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LINEAR = struct.pack(">I", 100_000)
WIDE = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)


def png(image: Image.Image | None = None, *chunks: tuple[bytes, bytes], **options: object) -> bytes:
    info = PngImagePlugin.PngInfo()
    for chunk in chunks:
        info.add(*chunk)
    return saved(Image.new("RGB", (4, 4), (9, 99, 200)) if image is None else image, "PNG", pnginfo=info, **options)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def written(picture: Picture, format: str) -> tuple[Picture, list[str]]:
    stream = io.BytesIO()
    notes = write_picture(picture, stream, format)
    return read_picture(stream.getvalue()), notes


def in_srgb(profile: bytes, colour: tuple[int, int, int]) -> tuple[int, ...]:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    grey = source.profile.xcolor_space == "GRAY"
    image = Image.new("L", (1, 1), colour[0]) if grey else Image.new("RGB", (1, 1), colour)
    shown = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return shown.getpixel((0, 0))


def cmyk_profile() -> bytes:
    """A profile for CMYK with a table of two points an axis: the complements, darkened, with red and blue exchanged."""
    points = np.indices((2, 2, 2, 2)).reshape(4, -1).T
    lab = Image.fromarray(
        np.array([[(255 * (1 - min(1, p[2] + p[3])), 255 * (1 - min(1, p[1] + p[3])), 255 * (1 - min(1, p[0] + p[3])))
                   for p in points]]).astype(np.uint8)
    )  # fmt: skip
    lab = ImageCms.profileToProfile(
        lab, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    values = np.array(lab)[0].astype(np.int8)
    table = np.column_stack([np.array(lab)[0][:, 0], values[:, 1].astype(int) + 128, values[:, 2].astype(int) + 128])
    identity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + identity + ramp * 4 + table.astype(np.uint8).tobytes() + ramp * 3
    desc = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = [(b"desc", desc), (b"cprt", b"text" + bytes(4) + b"CC0\0"), (b"wtpt", white), (b"A2B0", lut)]
    table_, body, first = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table_ += name + struct.pack(">II", first + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI", first + len(body), bytes(4), 0x02400000) + b"prtrCMYKLab " + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table_ + body


class TestColours:
    def test_cmyk_goes_through_its_profile(self) -> None:
        image = Image.new("CMYK", (2, 2), (0, 255, 255, 0))
        plain = read_picture(saved(image, "TIFF"))
        picture = read_picture(saved(image, "TIFF", icc_profile=cmyk_profile()))
        assert plain.samples[0, 0, 0] > 200, "red without a profile"
        assert picture.samples[0, 0, 2] > 200, "blue by the profile, which exchanges them"
        assert picture.notes == ["converted from CMYK to sRGB by its colour profile"]
        assert "icc" not in picture.metadata

    def test_lab_is_converted(self) -> None:
        rgb = Image.new("RGB", (2, 2), (24, 99, 200))
        lab = ImageCms.profileToProfile(
            rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        lab.info.clear()
        picture = read_picture(saved(lab, "TIFF"))
        assert np.abs(picture.samples[0, 0].astype(int) - (24, 99, 200)).max() <= 3
        assert picture.notes == ["converted from LAB to sRGB"]

    @pytest.mark.parametrize("mode", ["RGB", "L", "P", "LA", "1"])
    def test_a_profile_of_other_colours_is_left_out_and_said(self, mode: str) -> None:
        image = Image.new("RGB", (4, 4), (9, 99, 200)).convert(mode)
        picture = read_picture(saved(image, "PNG", icc_profile=cmyk_profile()))
        assert "icc" not in picture.metadata
        assert picture.notes == ["its colour profile is not for its kind of colours, and is left out"]

    def test_gamma_becomes_a_profile(self) -> None:
        picture = read_picture(png(None, (b"gAMA", LINEAR)))
        assert in_srgb(picture.metadata["icc"], (128, 10, 200)) == (188, 56, 229)
        assert picture.notes == ["its gamma and primaries are kept as a colour profile"]
        grey = read_picture(png(Image.new("L", (4, 4), 9), (b"gAMA", LINEAR)))
        assert in_srgb(grey.metadata["icc"], (128, 128, 128)) == (188, 188, 188)
        assert written(grey, "PNG")[0].metadata == grey.metadata

    def test_primaries_become_a_profile(self) -> None:
        profile = read_picture(png(None, (b"cHRM", WIDE))).metadata["icc"]
        red, green, _ = in_srgb(profile, (90, 160, 90))
        assert red < 80 < 155 < green
        assert in_srgb(profile, (255, 255, 255)) == (255, 255, 255)

    @pytest.mark.parametrize(
        "chunks",
        [
            [(b"gAMA", struct.pack(">I", 45455))],
            [(b"gAMA", struct.pack(">I", 0))],
            [(b"cHRM", bytes(32))],
            [(b"sRGB", b"\0"), (b"gAMA", LINEAR)],
        ],
    )
    def test_what_means_srgb_or_nothing_is_not_kept(self, chunks: list[tuple[bytes, bytes]]) -> None:
        picture = read_picture(png(None, *chunks))
        assert (picture.metadata, picture.notes) == ({}, [])

    def test_cicp_comes_back(self) -> None:
        data = png(None, (b"cICP", bytes((9, 16, 0, 1))), (b"gAMA", LINEAR))
        coded = api.encode(data, effort=0).data
        assert coded is not None
        report = api.decode(coded)
        assert report.data is not None
        assert b"cICP" + bytes((9, 16, 0, 1)) in report.data
        assert report.notes == ()
        assert "cICP" in api.decode(coded, format="jpg").notes[0]

    @pytest.mark.parametrize(("kind", "channels"), [(0, 1), (2, 3), (6, 4)])
    def test_sixteen_bits_are_said_for_every_kind_of_png(self, kind: int, channels: int) -> None:
        def chunk(name: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

        rows = (b"\0" + bytes(2 * 4 * channels)) * 4
        header = struct.pack(">IIBBBBB", 4, 4, 16, kind, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        assert read_picture(data).notes == ["reduced from more than 8 bits a sample to 8"]

    @pytest.mark.parametrize(("most", "said"), [(65535, 1), (255, 0)])
    def test_sixteen_bits_are_said_for_ppm(self, most: int, said: int) -> None:
        assert len(read_picture(b"P6 2 2 %d\n" % most + bytes(24)).notes) == said


class TestTexts:
    def test_texts_and_resolution_travel(self) -> None:
        info = PngImagePlugin.PngInfo()
        info.add_text("Title", "Sunset")
        info.add_itxt("Author", "Zo\u00eb \u4e2d")
        data = saved(Image.new("L", (4, 4)), "PNG", pnginfo=info, dpi=(300, 150))
        coded = api.encode(data, effort=0).data
        assert coded is not None
        shown = Image.open(io.BytesIO(api.decode(coded).data or b""))
        shown.load()
        assert shown.text == {"Title": "Sunset", "Author": "Zo\u00eb \u4e2d"}  # type: ignore[attr-defined]
        assert shown.info["dpi"] == pytest.approx((300, 150), abs=0.02)
        assert set(api.info(coded).metadata) == {"text:Title", "text:Author", "density"}
        stripped = api.encode(data, effort=0, strip_metadata=True).data
        assert stripped is not None
        assert api.info(stripped).metadata == {}

    def test_texts_travel_in_tiff(self) -> None:
        picture = Picture(np.zeros((4, 4, 3), np.uint8), {"text:Author": b"me", "xmp": b"<x/>"})
        again, notes = written(picture, "TIFF")
        assert (again.metadata, notes) == (picture.metadata, [])

    @pytest.mark.parametrize("dpi", [(72, 72), (96, 96), (1, 1)])
    def test_a_resolution_that_says_nothing_is_not_kept(self, dpi: tuple[int, int]) -> None:
        assert read_picture(saved(Image.new("L", (4, 4)), "PNG", dpi=dpi)).metadata == {}

    def test_an_ordinary_photograph_has_no_metadata(self) -> None:
        for format in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "GIF"):
            picture = read_picture(saved(Image.new("RGB", (4, 4)), format))
            assert (picture.metadata, picture.notes) == ({}, []), format

    @pytest.mark.parametrize(
        ("format", "lost"),
        [
            ("PNG", []),
            ("JPEG", ["texts (Title)"]),
            ("WEBP", ["resolution", "texts (Title)"]),
            ("BMP", ["colour profile", "EXIF", "XMP", "texts (Title)"]),
            ("PPM", ["colour profile", "EXIF", "XMP", "resolution", "texts (Title)"]),
        ],
    )
    def test_what_a_format_cannot_hold_is_said(self, format: str, lost: list[str]) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Artist] = "me"
        metadata = {
            "icc": SRGB, "exif": exif.tobytes(), "xmp": b"<x/>", "density": struct.pack(">II", 11811, 11811),
            "text:Title": b"Sunset",
        }  # fmt: skip
        _, notes = written(Picture(np.zeros((4, 4, 3), np.uint8), metadata), format)
        assert [note.partition(" its ")[2].partition(", which")[0] for note in notes] == lost

    def test_the_place_alone_can_be_left_out(self) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Artist] = "me"
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (1.0, 2.0, 3.0)
        xmp = b'<d exif:GPSLatitude="1,2N" dc:x="y"><exif:GPSAltitude>9</exif:GPSAltitude><k/></d>'
        data = saved(Image.new("L", (4, 4)), "JPEG", exif=exif, xmp=xmp)
        kept = without_place(read_picture(data).metadata)
        assert kept["xmp"] == b'<d dc:x="y"><k/></d>'
        left = Image.Exif()
        left.load(kept["exif"])
        assert dict(left) == {ExifTags.Base.Artist: "me"}
        coded = api.encode(data, effort=0, strip_gps=True).data
        assert coded is not None
        assert b"exif:GPS" not in coded


class TestWriting:
    @pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
    def test_quality_decides_the_size(self, format: str) -> None:
        picture = Picture(np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8))
        sizes = []
        for quality in (10, 90, None):
            stream = io.BytesIO()
            write_picture(picture, stream, format, quality=quality)
            sizes.append(len(stream.getvalue()))
        assert sizes[0] < sizes[1] <= sizes[2]

    def test_gif_says_what_it_loses(self) -> None:
        _, notes = written(Picture(np.zeros((4, 4, 3), np.uint8)), "GIF")
        assert "256 colours" in notes[0]

    @pytest.mark.parametrize(
        ("channels", "colour", "shown"),
        [(4, "#ff8000", (132, 69, 6)), (2, "white", (132,)), (2, (255, 0, 0), (132, 5, 5)), (3, "white", (10, 11, 12))],
    )
    def test_transparency_is_laid_on_a_colour(self, channels: int, colour: object, shown: tuple[int, ...]) -> None:
        samples = np.array([[[10, 11, 12, 128][:channels]]] if channels > 2 else [[[10, 128]]], np.uint8)
        coded = api.encode(samples_as_png(samples), quality=100, codebook="classic-4x4-256", effort=0).data
        assert coded is not None
        report = api.decode(coded, format="png", background=colour)  # type: ignore[arg-type]
        assert report.data is not None
        assert report.channels == len(shown)
        decoded = np.asarray(Image.open(io.BytesIO(report.data))).reshape(-1)
        assert np.abs(decoded.astype(int) - shown).max() <= 6


def samples_as_png(samples: np.ndarray) -> bytes:
    return saved(Image.fromarray(samples, {2: "LA", 3: "RGB", 4: "RGBA"}[samples.shape[2]]), "PNG")
