"""Pillow, called in one place: which formats it may open, and what it raises, as errors of vqcodec.

Pillow takes a file for what its bytes say, whatever its name is. Among its formats are some that start other programs
(PostScript starts Ghostscript) or stand for other files. So it opens the formats of this module alone.

Its plugins raise anything on damaged files, so everything is caught here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from vqcodec import limits
from vqcodec.errors import LimitError, OutputError, UnreadableInputError, VQCodecError

# Pillow refuses twice as many, also in pictures that lie within others (in an ICO), whose size the file does not tell.
Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS // 2

_COMMON = ("PNG", "JPEG", "GIF", "BMP", "PPM")
"""Formats that Pillow's `preinit` loads; loading all takes longer than reading a small picture."""

_OTHERS = (
    "WEBP", "TIFF", "AVIF", "CUR", "DCX", "DDS", "DIB", "ICNS", "ICO", "IM", "JPEG2000", "MPO", "MSP", "PCX", "PSD",
    "QOI", "SGI", "SUN", "XBM", "XPM", "TGA",
)  # fmt: skip
"""More formats of samples, which Pillow decodes itself. TGA is last: nearly any bytes look like it."""

_DEEP = re.compile(r";(?:10|12|14|16|24|32)")
_JPEG_2000 = b"\xff\x4f\xff\x51"


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what Pillow raises in the block into UnreadableInputError; `name` is that of the picture.

    A picture may be damaged where its pixels are decoded, but also where its metadata are looked at. If it has more
    pixels than `limits` allows, that is a LimitError.
    """
    try:
        yield
    except (VQCodecError, MemoryError):
        raise
    except FileNotFoundError:
        raise UnreadableInputError(f"{name}: no such file") from None
    except UnidentifiedImageError:
        raise UnreadableInputError(
            f"{name}: not a picture of a format that is read; is it a picture file, and whole?"
        ) from None
    except Image.DecompressionBombError as error:
        told = re.search(r"(\d+) pixels", str(error))
        size = f"{told[1]} pixels" if told else "too large"
        raise LimitError(f"{name}: {size}; at most {limits.MAX_PIXELS} are read") from None
    except Exception as error:
        raise UnreadableInputError(f"{name}: cannot be read as a picture: {_one_line(error)}") from None


def open_picture(source: Path | bytes | BinaryIO) -> Image.Image:
    """Open a picture of one of the formats, found by its bytes; its pixels are not decoded yet.

    Args:
        source: a path, the file's bytes, or a binary file object.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    elif not isinstance(source, Path) and not source.seekable():
        source = io.BytesIO(source.read())
    Image.preinit()
    try:
        return Image.open(source, formats=_at_hand(_COMMON))
    except UnidentifiedImageError:
        Image.init()
        return Image.open(source, formats=_at_hand(_OTHERS))


def is_reduced(image: Image.Image, data: bytes) -> bool:
    """Return whether reading gives fewer bits a sample than the file has. Call it before the samples are loaded.

    Args:
        data: the file, or nothing if it is not at hand.
    """
    if image.mode.startswith(("I", "F")):
        return True
    for tile in getattr(image, "tile", ()):
        arguments = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if any(isinstance(one, str) and _DEEP.search(one) for one in arguments):
            return True
        if image.format == "PPM" and any(isinstance(one, int) and one > 255 for one in arguments[1:]):
            return True
    if image.format == "AVIF":
        place = data.find(b"pixi", 0, 1 << 16)
        return place >= 0 and len(data) > place + 9 and data[place + 9] > 8
    if image.format == "JPEG2000":
        place = data.find(_JPEG_2000)
        return place >= 0 and len(data) > place + 42 and (data[place + 42] & 0x7F) + 1 > 8
    return False


def save_picture(
    image: Image.Image, target: BinaryIO, format: str, options: dict[str, Any], metadata: Mapping[str, bytes]
) -> None:
    """Write a picture.

    Args:
        image: the picture.
        target: a binary file open for writing.
        format: a name of Pillow's.
        options: Pillow's, of the format.
        metadata: what `options` hold of it, by kind.

    Raises:
        OutputError: Pillow cannot write it.
        BrokenPipeError: the reader of a pipe is gone.
    """
    # Pillow writes all metadata of a JPEG at once, into a buffer that it makes for the largest block alone.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 2 * sum(map(len, metadata.values())))
    try:
        image.save(target, format=format, **options)
    except (BrokenPipeError, VQCodecError, MemoryError):
        raise
    except Exception as error:  # of metadata, which may come from anywhere, Pillow raises anything too
        what = "the picture with its " + " and ".join(metadata) if metadata else "the picture"
        raise OutputError(f"{what} cannot be written as {format}: {_one_line(error)}; choose another format") from None


def _at_hand(formats: tuple[str, ...]) -> list[str]:
    """Return those of the formats that this Pillow was built with."""
    return [format for format in formats if format in Image.OPEN]


def _one_line(error: BaseException) -> str:
    """Return the message of `error` on one line."""
    return " ".join(str(error).split()) or type(error).__name__
