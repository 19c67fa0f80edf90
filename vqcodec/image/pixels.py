"""Reading and writing of pictures with Pillow: samples and metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from vqcodec import limits
from vqcodec.errors import UsageError
from vqcodec.image import pillow

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
}
"""Formats that `write_picture` writes, by file name extension."""

_WITHOUT_ALPHA = {"PPM", "JPEG"}
_METADATA_KEYS = ("icc", "exif", "xmp")
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Picture:
    """A picture as the codec sees it, upright.

    Attributes:
        samples: uint8 array of shape (height, width, channels); 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGB
            and alpha (alpha not premultiplied).
        metadata: raw blocks by kind: `icc` (profile), `exif` (TIFF structure with Pillow's prefix "Exif", and without
            the orientation, which has been applied), `xmp` (packet).
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
        LimitError: its size is beyond `vqcodec.limits`. This is checked before the pixels are decoded.
    """
    with pillow.reading(name):
        image = pillow.open_picture(source)
        limits.check_picture_size(*image.size, name)
        image.load()
        limits.check_picture_size(*image.size, name)  # which loading may correct
        upright = ImageOps.exif_transpose(image)
        return Picture(_samples_of(upright), _metadata_of(image), _notes_on(image))


def write_picture(picture: Picture, target: BinaryIO, format: str) -> None:
    """Write `picture` in a format of Pillow, with the metadata that the format can hold.

    Args:
        picture: the picture.
        target: a binary file open for writing.
        format: a value of FORMATS.

    Raises:
        UsageError: the format is unknown, or cannot hold the picture's alpha.
        OutputError: Pillow cannot write it, or its metadata.
    """
    if format not in FORMATS.values():
        known = ", ".join(sorted(set(FORMATS.values())))
        raise UsageError(f"{format}: not a format that can be written; choose one of {known}")
    if picture.channels in (2, 4) and format in _WITHOUT_ALPHA:
        raise UsageError(f"{format} has no transparency and the picture does; choose PNG, TIFF or WEBP")
    samples = picture.samples
    image = Image.fromarray(samples[:, :, 0] if picture.channels == 1 else samples, _MODES[picture.channels])
    options: dict[str, object] = {}
    metadata = picture.metadata
    if format in ("PNG", "JPEG", "WEBP", "TIFF"):
        if "icc" in metadata:
            options["icc_profile"] = metadata["icc"]
        if "exif" in metadata:
            options["exif"] = metadata["exif"]
    if "xmp" in metadata and format in ("JPEG", "WEBP"):
        options["xmp"] = metadata["xmp"]
    if "xmp" in metadata and format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", metadata["xmp"].decode("utf-8", "replace"))
        options["pnginfo"] = text
    if format == "JPEG":
        options.update(quality=95, subsampling=0, optimize=True)
    if format == "WEBP":
        options.update(lossless=True, exact=True)
    pillow.save_picture(image, target, format, options, metadata)


def _notes_on(image: Image.Image) -> list[str]:
    """Return the changes that reading makes to `image`, one clause each."""
    notes = []
    if image.mode.startswith(("I", "F")):
        notes.append("reduced from more than 8 bits a sample to 8")
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        notes.append(f"converted from {image.mode} to RGB")
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        notes.append(f"only the first of {frames} frames is taken")
    return notes


def _metadata_of(image: Image.Image) -> dict[str, bytes]:
    """Return the metadata of `image`, as in `Picture.metadata`."""
    metadata = {}
    icc = image.info.get("icc_profile")
    # A profile of another colour space (CMYK, grey in an RGB file) would be wrong after conversion.
    if isinstance(icc, bytes) and icc and image.mode not in ("CMYK", "LAB"):
        metadata["icc"] = icc
    exif = image.getexif()
    exif.pop(ExifTags.Base.Orientation, None)
    if len(exif) and "exif" in image.info:
        metadata["exif"] = exif.tobytes()
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if xmp:
        metadata["xmp"] = xmp.encode("utf-8") if isinstance(xmp, str) else bytes(xmp)
    return metadata


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
