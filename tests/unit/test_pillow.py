"""What Pillow raises becomes errors of vqcodec, and it opens pictures only, by their bytes."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from vqcodec import limits
from vqcodec.errors import LimitError, OutputError, UnreadableInputError, VQCodecError
from vqcodec.image.pixels import Picture, read_picture, write_picture

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of damaged files


def refusal(kind: type[Exception], work: Callable[..., object], *args: object) -> str:
    """The message of the error of this kind that `work` ends in, which has to be one line; "" if it does not."""
    try:
        work(*args)
    except kind as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message
    return message


def saved(format: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (24, 30, 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


def png_with(kind: bytes, payload: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    whole = saved("PNG")
    chunk = struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))
    return whole[:33] + chunk + whole[33:]


def tiff(*entries: tuple[int, int, int, int]) -> bytes:
    """The head of a TIFF file: tag, type, count and value of each entry."""
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)


SIZE = ((256, 3, 1, 8), (257, 3, 1, 8))
ODD = {
    "dds of an unknown form": b"DDS " + struct.pack("<19I", 124, 0x1007, 8, 8, 0, 0, 0, *[0] * 11, 32) + bytes(52),
    "exif that is cut off": png_with(b"eXIf", b"II*\0\x08\0\0\0\x09\0" + struct.pack("<HHII", 274, 3, 1, 1)),
    "exif that is no exif": png_with(b"eXIf", b"MM\0*\0\0\0\xff"),
    "tiff with a width of text": tiff((256, 2, 4, 0x41414141), (257, 3, 1, 8)) + bytes(200),
    "tiff with strips of no type": tiff(*SIZE, (258, 3, 1, 8), (273, 12, 1, 9), (279, 3, 1, 8)) + bytes(300),
    "tiff with a fraction for bits": tiff(*SIZE, (258, 5, 1, 8), (259, 3, 1, 1), (273, 4, 1, 8)) + bytes(300),
    "webp without its picture": saved("WEBP")[:40],
    "gif that is cut off": saved("GIF", "P")[:50],
}


@pytest.mark.parametrize("what", ODD)
def test_odd_pictures_are_read_or_refused_by_name(what: str) -> None:
    message = refusal(UnreadableInputError, read_picture, ODD[what], "odd.png")
    assert message.startswith("odd.png: ") or not message


def test_damage_anywhere_never_ends_in_another_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", 1 << 16)  # damage to a size would take long
    formats = ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM", "ICO", "DDS", "TGA", "PCX", "QOI"]
    chance = np.random.default_rng(5)
    read = 0
    exif = Image.Exif()
    exif[0x10E] = "a text that is long enough"
    for format in [name for name in [*formats, *(["AVIF"] if features.check("avif") else [])] if name in Image.SAVE]:
        options = {"exif": exif.tobytes()} if format in ("PNG", "JPEG", "TIFF", "WEBP", "AVIF") else {}
        whole = saved(format, "P" if format == "GIF" else "RGB", **options)
        for trial in range(40):
            changed = bytearray(whole)
            for place in chance.integers(0, min(len(whole), 400), 3):
                changed[place] = chance.integers(0, 256)
            data = bytes(changed[: len(whole) if trial % 4 else len(whole) // 2])
            read += not refusal(VQCodecError, read_picture, data, "odd")
    assert read


@pytest.mark.parametrize("name", ["holiday.png", "holiday.eps", "a.jpg"])
@pytest.mark.parametrize(
    "head",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n",
        b"\xd7\xcd\xc6\x9a" + struct.pack("<HhhhhHIH", 0, 0, 0, 100, 100, 72, 0, 0) + b"\x01\0\x09\0" + bytes(60),
        b"%PDF-1.4\n",
        b"SIMPLE  =                    T" + b" " * 2850,
    ],
)
def test_what_is_no_raster_picture_is_never_opened(
    tmp_path: Path, head: bytes, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostScript would start Ghostscript."""
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / name).write_bytes(head)
    with pytest.raises(UnreadableInputError, match="not a picture"):
        read_picture(tmp_path / name, name)
    assert not (tmp_path / "ran").exists()


def test_streams_that_cannot_be_sought_are_read() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self._rest = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            return self._rest.readinto(buffer)

    for format in ("PNG", "TGA"):
        assert read_picture(io.BufferedReader(Pipe(saved(format)))).samples.shape == (24, 30, 3)


HOSTILE = {
    "exif": [b"", b"Exif\0\0", b"Exif\0\0garbage", bytes(70_000), b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12" * 99],
    "icc": [b"", b"x", bytes(1 << 20), bytes(256 * 65519)],
    "xmp": [b"", b"\xff\xfe\0", b"<x>" * 50_000, b"a\0b"],
}


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "PPM"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_metadata_are_written_or_refused_by_name(format: str, kind: str) -> None:
    for block in HOSTILE[kind]:
        picture = Picture(np.zeros((3, 4, 3), np.uint8), {kind: block})
        message = refusal(OutputError, write_picture, picture, io.BytesIO(), format)
        assert kind in message or not message


def test_large_metadata_go_into_a_small_jpeg_together() -> None:
    exif = Image.Exif()
    exif[0x10E] = "x" * 60_000
    profile = bytearray(60_000)
    profile[16:20], profile[36:40] = b"RGB ", b"acsp"
    blocks = {"exif": exif.tobytes(), "icc": bytes(profile), "xmp": b"<x>" * 20_000}
    target = io.BytesIO()
    write_picture(Picture(np.zeros((3, 4, 3), np.uint8), blocks), target, "JPEG")
    again = read_picture(target.getvalue()).metadata
    assert {kind: len(block) for kind, block in again.items()} == {kind: len(block) for kind, block in blocks.items()}


def ico_of(width: int, height: int) -> bytes:
    """An ICO that says 16x16, around the beginning of a PNG of this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(min(height, 2) * (1 + (width + 7) // 8)))
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data, b"IEND")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 1, len(png), 22) + png


def test_a_picture_within_another_has_the_same_limits() -> None:
    """Before its pixels are decoded."""
    for width, height in ((60_000, 60_000), (16_385, 16_384)):
        with pytest.raises(LimitError, match=f"icon: {width * height} pixels; at most 268435456 are read"):
            read_picture(ico_of(width, height), "icon")
    with pytest.raises(LimitError, match="at most 65535"):
        read_picture(ico_of(70_000, 2), "icon")
