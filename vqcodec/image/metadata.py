"""What picture files hold besides samples: read into the forms of the container, and into the options of Pillow."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import ExifTags, Image, PngImagePlugin

from vqcodec.container.metadata import TEXT_PREFIX
from vqcodec.image.profiles import profile_of_gamma, space_of

_XMP = "XML:com.adobe.xmp"
_METRES = 0.0254  # in an inch
_PROFILED = ("PNG", "JPEG", "WEBP", "TIFF", "AVIF")
_WITH_XMP = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF")
_TIFF_XMP = 700
_WITH_DENSITY = ("PNG", "JPEG", "TIFF", "BMP")
_TIFF_TEXTS = {270: "Description", 305: "Software", 306: "Creation Time", 315: "Author", 33432: "Copyright"}
_SRGB_COLOURS = {(1, 1), (1, 6), (1, 13), (2, 2)}  # primaries and transfer of ITU-T H.273; 2 is unspecified
_MOST_TEXT = 1 << 20  # characters
_GPS_IN_XMP = re.compile(
    rb"""\s+exif:GPS\w+\s*=\s*(?:"[^"]*"|'[^']*')|<exif:GPS(\w+)(?:\s[^>]*)?(?:/>|>.*?</exif:GPS\1>)""", re.S
)


def metadata_of(
    image: Image.Image, data: bytes, *, channels: int, converted: bool
) -> tuple[dict[str, bytes], list[str]]:
    """Return the metadata of a picture that Pillow has read, as in `Picture.metadata`, and notes on it.

    Args:
        data: the file, or nothing if it is not at hand. Pillow does not tell of all that is in it.
        channels: of the samples that are coded.
        converted: whether these were converted to sRGB.
    """
    found: dict[str, bytes] = {}
    notes: list[str] = []
    icc = image.info.get("icc_profile")
    if isinstance(icc, bytes) and icc and not converted:
        if space_of(icc) in ("RGB", "GRAY") and not (space_of(icc) == "GRAY" and channels > 2):
            found["icc"] = icc
        else:
            notes.append("its colour profile is not for its kind of colours, and is left out")
    exif = image.getexif()
    exif.pop(ExifTags.Base.Orientation, None)
    if len(exif) and "exif" in image.info:
        found["exif"] = exif.tobytes()
    xmp = image.info.get("xmp") or image.info.get(_XMP)
    if xmp:
        found["xmp"] = xmp.encode("utf-8") if isinstance(xmp, str) else bytes(xmp)
    colours = _cicp_in(data, image.format)
    if colours is not None and not converted:
        found["cicp"] = colours
    elif not converted and "icc" not in found and "srgb" not in image.info:
        profile = profile_of_gamma(image.info.get("gamma"), image.info.get("chromaticity"), grey=channels < 3)
        if profile is not None:
            found["icc"] = profile
            notes.append("its gamma and primaries are kept as a colour profile")
    density = image.info.get("dpi")
    said = "exif" in found and ExifTags.Base.XResolution in exif
    if not said and density is not None and _is_density(density):
        found["density"] = struct.pack(">II", *(round(float(value) / _METRES) for value in density))
    texts = _texts_in(image)
    return found | {TEXT_PREFIX + title: text.encode("utf-8", "replace") for title, text in texts.items()}, notes


def _texts_in(image: Image.Image) -> dict[str, str]:
    """Return the texts of a picture file by title, such as `Author`."""
    texts: dict[str, Any] = dict(getattr(image, "text", {}))
    if image.format == "TIFF":
        tags = image.getexif()
        texts |= {title: tags[tag] for tag, title in _TIFF_TEXTS.items() if isinstance(tags.get(tag), str)}
    if image.info.get("comment"):
        texts["Comment"] = image.info["comment"]
    kept = {}
    for title, text in texts.items():
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        fits = 0 < len(title.encode("utf-8", "replace")) <= 255 and title.isprintable() and len(text) <= _MOST_TEXT
        if fits and text and title != _XMP and not title.startswith("Raw profile type "):
            kept[title] = str(text)
    return kept


def without_place(metadata: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return metadata without what says where a picture was taken: GPS in EXIF and in XMP."""
    kept = dict(metadata)
    if "exif" in kept:
        exif = Image.Exif()
        exif.load(kept["exif"])
        exif.pop(ExifTags.IFD.GPSInfo, None)
        kept["exif"] = exif.tobytes()
    if "xmp" in kept:
        kept["xmp"] = _GPS_IN_XMP.sub(b"", kept["xmp"])
    return kept


def save_options(format: str, metadata: Mapping[str, bytes], *, channels: int) -> tuple[dict[str, Any], list[str]]:
    """Return Pillow's options that keep metadata in a format, and a note on each kind that the format cannot hold."""
    texts = {
        key.removeprefix(TEXT_PREFIX): text.decode("utf-8", "replace")
        for key, text in metadata.items()
        if key.startswith(TEXT_PREFIX)
    }
    options: dict[str, Any] = {}
    lost = []
    chunks = PngImagePlugin.PngInfo()
    icc = metadata.get("icc")
    if icc is not None and format in _PROFILED and not (format == "PNG" and channels < 3 and space_of(icc) == "RGB"):
        options["icc_profile"] = icc
    elif icc is not None:
        lost.append("colour profile")
    if "exif" in metadata:
        options |= {"exif": metadata["exif"]} if format in _PROFILED else {}
        lost += [] if format in _PROFILED else ["EXIF"]
    if "cicp" in metadata:
        chunks.add(b"cICP", metadata["cicp"])
        lost += [] if format == "PNG" else ["colour space (cICP)"]
    if "xmp" in metadata:
        chunks.add_itxt(_XMP, metadata["xmp"].decode("utf-8", "replace"))
        options |= {"xmp": metadata["xmp"]} if format in ("JPEG", "WEBP", "AVIF") else {}
        lost += [] if format in _WITH_XMP else ["XMP"]
    density = metadata.get("density", b"")
    if len(density) == 8:
        options |= {"dpi": tuple(value * _METRES for value in struct.unpack(">II", density))}
        lost += [] if format in _WITH_DENSITY else ["resolution"]
    for title, text in texts.items():
        if 0 < len(title.encode("latin-1", "ignore")) <= 79:
            chunks.add_itxt(title.encode("latin-1", "ignore").decode("latin-1"), text)
    kept = set(texts) if format == "PNG" else set()
    if format == "PNG":
        options["pnginfo"] = chunks
    elif format in ("JPEG", "GIF") and "Comment" in texts:
        options["comment"] = texts["Comment"].encode("utf-8", "replace")
        kept = {"Comment"}
    elif format == "TIFF":
        tags: dict[int, Any] = {tag: texts[title] for tag, title in _TIFF_TEXTS.items() if title in texts}
        kept = {_TIFF_TEXTS[tag] for tag in tags}
        options["tiffinfo"] = tags | ({_TIFF_XMP: metadata["xmp"]} if "xmp" in metadata else {})
    without = [title for title in texts if title not in kept]
    lost += [f"texts ({', '.join(without)})"] if without else []
    look = "; colours may look different"
    return options, [
        f"{format} has no place for its {what}, which is left out{look if what.startswith('colour') else ''}"
        for what in lost
    ]


def _is_density(density: Any) -> bool:
    """Whether Pillow's resolution says something: files that know none say 1, 72 or 96 pixels an inch."""
    if not isinstance(density, tuple) or len(density) != 2:
        return False
    try:
        low, high = sorted(float(value) for value in density)
    except (TypeError, ValueError, ZeroDivisionError):
        return False
    return 1 < low <= high <= 100_000 and not any(usual - 0.5 < low and high < usual + 0.5 for usual in (72, 96))


def _cicp_in(data: bytes, format: str | None) -> bytes | None:
    """Return how colours are coded, as the four bytes of PNG's cICP; None if the file does not say, or means sRGB."""
    if format == "PNG":
        return next((payload for kind, payload in _png_chunks(data) if kind == b"cICP" and len(payload) == 4), None)
    place = data.find(b"colrnclx", 0, 1 << 16) if format == "AVIF" else -1
    if place < 0 or len(data) < place + 15:
        return None
    primaries, transfer = struct.unpack_from(">HH", data, place + 8)
    if (primaries, transfer) in _SRGB_COLOURS or max(primaries, transfer) > 255:
        return None
    return bytes((primaries, transfer, 0, 1))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the types and the contents of the chunks of a PNG file before its samples."""
    position = 8
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            return
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length
