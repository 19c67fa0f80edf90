"""A folder of small files, good and bad, and the command line run inside it."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from vqcodec import api
from vqcodec.api.warming import compile_kernels
from vqcodec.cli.app import app
from vqcodec.codebook.library import list_codebooks
from vqcodec.kernels.native import native
from vqcodec.media.registry import default_codebook

Run = Callable[..., Result]


def png_of_size(width: int, height: int) -> bytes:
    """A PNG file that promises width x height pixels, and holds none."""

    def chunk(kind: bytes, payload: bytes) -> bytes:
        return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def texture(channels: int) -> np.ndarray:
    """A picture, uint8 (44, 52, channels): a flat half, a slope and noise."""
    y, x = np.indices((44, 52))
    plane = np.where(x < 26, 90, 2 * y + np.random.default_rng(1).integers(0, 80, (44, 52)))
    return np.stack([plane + 10 * channel for channel in range(channels)], axis=2).astype(np.uint8)


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """Where kernels did not come compiled, compile them first, so that no command has to say that it does."""
    if native() is None:
        compile_kernels()


@pytest.fixture(scope="session")
def coded() -> bytes:
    """A small colour picture, encoded with the default codebook."""
    data = api.encode(_png(texture(3))).data
    assert data is not None
    return data


@pytest.fixture(scope="session")
def classic() -> bytes:
    """The same picture, encoded by the block engine, whose kernels are quickly compiled."""
    data = api.encode(_png(texture(3)), codebook="classic-4x4-256").data
    assert data is not None
    return data


@pytest.fixture(scope="session")
def files(coded: bytes, classic: bytes) -> dict[str, bytes]:
    """Small files by name: pictures, encoded files, and files that are neither."""
    photo = _png(texture(3))
    codebook = _shipped_codebook().read_bytes()
    return {
        "photo.png": photo,
        "grey.png": _png(texture(1)),
        "alpha.png": _png(texture(4)),
        "small.png": _png(texture(3)[:20, :24]),
        "sub/photo.png": _png(texture(3)[::-1]),
        "cut.png": photo[:-200],
        "wide.png": png_of_size(65_536, 1),
        "huge.png": png_of_size(60_000, 60_000),
        "dot.png": _png(texture(3)[:1, :1]),
        "none.png": png_of_size(0, 5),
        "line.png": _png(np.resize(texture(3), (1, 65_535, 3))),
        "deep.png": _encoded(Image.fromarray(texture(1)[..., 0].astype(np.uint16) << 8), "PNG"),
        "palette.gif": _encoded(Image.fromarray(texture(3)).quantize(16), "GIF"),
        "moving.webp": _encoded(Image.fromarray(texture(3)), "WEBP", frames=2),
        "cmyk.tif": _encoded(Image.fromarray(texture(3)).convert("CMYK"), "TIFF"),
        "text.txt": b"not a picture\n",
        "empty.png": b"",
        "exists.vqc": b"precious",
        "photo.vqc": coded,
        "classic.vqc": classic,
        "empty.vqc": b"",
        "cut.vqc": coded[:-9],
        "flipped.vqc": coded[:-1] + bytes([coded[-1] ^ 1]),
        "future.vqc": coded[:2] + bytes([0x90 | coded[2] & 15]) + coded[3:],
        "orphan.vqc": coded[:3] + b"\0\0\0\0" + coded[7:],
        "mine.vqcb": codebook,
        "altered.vqcb": codebook[:-100] + bytes([codebook[-100] ^ 4]) + codebook[-99:],
        "a\nb.png": b"",
    }


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> Path:
    """The current folder, with the files and links to one of them in it."""
    monkeypatch.chdir(tmp_path)
    for name, data in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(data)
    Path("link.png").symlink_to("photo.png")
    os.link("photo.png", "hard.png")
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Run a command line within this process."""

    def invoke(*args: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=stdin, prog_name="vqcodec")

    return invoke


def _shipped_codebook() -> Path:
    return next(entry.path for entry in list_codebooks() if entry.name == default_codebook("image"))


def _png(samples: np.ndarray) -> bytes:
    return _encoded(Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples), "PNG")


def _encoded(image: Image.Image, format: str, frames: int = 1) -> bytes:
    stream = io.BytesIO()
    others = [image.rotate(90 * number) for number in range(1, frames)]
    image.save(stream, format, **({"save_all": True, "append_images": others} if others else {}))
    return stream.getvalue()
