"""Reading and writing of pictures with Pillow: samples and metadata."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from vqcodec import limits, user_limits
from vqcodec.errors import UsageError
from vqcodec.image import pillow
from vqcodec.image.metadata import metadata_of, save_options
from vqcodec.image.profiles import in_rgb

FORMATS = {
    ".png": "PNG",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pnm": "PPM",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".gif": "GIF",
}
"""Formats that `write_picture` writes, by file name extension."""

_WITHOUT_ALPHA = {"PPM", "JPEG"}
_WITH_QUALITY = {"JPEG": 95, "WEBP": None, "AVIF": 90}
"""Formats that have a quality, and the one that is taken if none is asked for; None for no loss at all."""

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by the number of channels."""


@dataclass(frozen=True)
class Picture:
    """A picture as the codec sees it, upright.

    Attributes:
        samples: uint8 array of shape (height, width, channels); 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGB
            and alpha (alpha not premultiplied).
        metadata: raw blocks by kind: `icc` (profile), `exif` (TIFF structure with Pillow's prefix "Exif", and without
            the orientation, which has been applied), `xmp` (packet), `cicp` (four bytes, as in PNG), `density` (pixels
            a metre in x and y, 32 bits each), `text:TITLE` (UTF-8).
        notes: changes made in reading, one short clause each, for the user.
    """

    samples: np.ndarray
    metadata: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Number of pixels in a row."""
        return int(self.samples.shape[1])

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels, 1 to 4; see `samples`."""
        return int(self.samples.shape[2])


def read_picture(source: Path | bytes | BinaryIO, name: str = "picture") -> Picture:
    """Read a picture with Pillow, turn it upright, and convert it to 8-bit grey or RGB with or without alpha.

    Args:
        source: a path, the file's bytes, or a binary file object.
        name: the name of the source in error messages.

    Raises:
        UnreadableInputError: it does not exist, is not a picture, or is damaged.
        LimitError: its size is beyond `vqcodec.limits` or `vqcodec.user_limits`. This is checked before the pixels
            are decoded.
    """
    data = source if isinstance(source, bytes) else b""
    with pillow.reading(name):
        image = pillow.open_picture(source)
        limits.check_picture_size(*image.size, name)
        user_limits.current().check("pixels", image.width * image.height, name)
        reduced = pillow.is_reduced(image, data)
        image.load()
        limits.check_picture_size(*image.size, name)  # which loading may correct
        picture = picture_of(image, data)
        return replace(picture, notes=[*_notes_on(image, reduced), *picture.notes])


def picture_of(image: Image.Image, data: bytes = b"") -> Picture:
    """Return the picture that Pillow holds: upright, 8-bit grey or RGB with or without alpha, with its metadata.

    Args:
        data: the file that the image was read from, if it is at hand; Pillow does not keep all metadata.
    """
    upright = ImageOps.exif_transpose(image)
    shown, notes = in_rgb(upright)
    samples = _samples_of(shown)
    metadata, losses = metadata_of(image, data, channels=samples.shape[2], converted=shown is not upright)
    return Picture(samples, metadata, [*notes, *losses])


def write_picture(
    picture: Picture,
    target: BinaryIO,
    format: str,
    *,
    quality: float | None = None,
) -> list[str]:
    """Write `picture` in a format of Pillow, with the metadata that the format can hold.

    Args:
        picture: the picture.
        target: a binary file open for writing.
        format: a value of FORMATS.
        quality: 0 to 100, of JPEG, WebP and AVIF; None for JPEG at 95, AVIF at 90 and WebP without loss.

    Returns:
        What is lost in writing, a clause each.

    Raises:
        UsageError: the format is unknown, has no quality, or cannot hold the picture's alpha.
        OutputError: Pillow cannot write it, or its metadata.
    """
    if format not in FORMATS.values():
        known = ", ".join(sorted(set(FORMATS.values())))
        raise UsageError(f"{format}: not a format that can be written; choose one of {known}")
    if quality is not None and format not in _WITH_QUALITY:
        raise UsageError(f"{format} has no output quality; leave it out, or choose {', '.join(_WITH_QUALITY)}")
    channels = picture.channels
    if channels in (2, 4) and format in _WITHOUT_ALPHA:
        raise UsageError(
            f"{format} has no transparency and the picture does; say a background, or choose PNG, TIFF or WEBP"
        )
    options, notes = save_options(format, picture.metadata, channels=channels)
    options |= _coding_options(format, quality)
    if format == "GIF":
        notes.append("GIF has 256 colours, and transparency that is on or off: what is more is lost")
    samples = picture.samples
    image = Image.fromarray(samples[:, :, 0] if channels == 1 else samples, MODES[channels])
    pillow.save_picture(image, target, format, options, picture.metadata)
    return notes


def _coding_options(format: str, quality: float | None) -> dict[str, object]:
    """Return Pillow's options for how a format codes."""
    chosen = quality if quality is not None else _WITH_QUALITY.get(format)
    if format == "WEBP":
        return {"lossless": True, "exact": True} if chosen is None else {"quality": chosen, "exact": True}
    if chosen is None:
        return {}
    rounded: dict[str, object] = {"quality": round(chosen)}
    return rounded | ({"subsampling": 0, "optimize": True} if format == "JPEG" else {"subsampling": "4:4:4"})


def _notes_on(image: Image.Image, reduced: bool) -> list[str]:
    """Return the changes that reading makes to `image`, one clause each."""
    notes = []
    if reduced:
        notes.append("reduced from more than 8 bits a sample to 8")
    if image.mode in ("YCbCr", "HSV"):
        notes.append(f"converted from {image.mode} to RGB")
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        notes.append(f"only the first of {frames} frames is taken")
    return notes


def _samples_of(image: Image.Image) -> np.ndarray:
    """Return the samples of an upright `image`, as in `Picture.samples`."""
    if image.mode.startswith(("I;16", "I", "F")):
        return _reduce_depth(np.asarray(image))[:, :, None]
    has_alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if has_alpha else "L") if grey else ("RGBA" if has_alpha else "RGB")
    samples = np.array(image.convert(mode), dtype=np.uint8)  # a copy: Pillow's own view is read-only
    return samples.reshape(image.height, image.width, -1)


def _reduce_depth(samples: np.ndarray) -> np.ndarray:
    """Reduce samples of more than 8 bits to uint8: integers from 65535 to 255, floats from 1.0 if they fit; rounded."""
    values = samples.astype(np.float64)
    if samples.dtype.kind == "f" and values.size and np.nanmax(values) <= 1.0:
        scale = 255.0
    elif values.size and values.max() > 255:
        scale = 255.0 / 65535.0
    else:
        scale = 1.0
    return np.clip(np.rint(np.nan_to_num(values) * scale), 0, 255).astype(np.uint8)
