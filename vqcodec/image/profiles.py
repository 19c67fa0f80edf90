"""Colour profiles: colours that the codec does not hold are converted by them, and the gamma of a file becomes one."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image

_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_SRGB_GAMMA = 0.45455
_NEAR = 0.002  # of gamma and primaries: files round them
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_CONVERTED = {"CMYK": "CMYK", "LAB": "Lab"}
"""Modes of Pillow that are converted by a profile, and the colour space that the profile then is for."""


def space_of(profile: bytes) -> str:
    """Return the colour space that an ICC profile is for, such as `RGB`, `GRAY` or `CMYK`; empty if it is none."""
    return profile[16:20].decode("latin-1").strip() if len(profile) >= 128 and profile[36:40] == b"acsp" else ""


def in_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return a picture in CMYK or CIE Lab as sRGB, by its profile if it has one, and notes; others as they are."""
    if image.mode not in _CONVERTED:
        return image, []
    from PIL import ImageCms  # rarely needed, and slow to load

    profile = image.info.get("icc_profile")
    fits = isinstance(profile, bytes) and space_of(profile) == _CONVERTED[image.mode]
    if image.mode == "CMYK" and not fits:
        return image.convert("RGB"), ["converted from CMYK to RGB without a colour profile, so colours are a guess"]
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile) if fits else ImageCms.createProfile("LAB"))  # type: ignore[arg-type]
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent(ImageCms.getDefaultIntent(source)),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        if image.mode == "LAB":
            raise ValueError("its colours (CIE Lab) cannot be converted") from None
        return image.convert("RGB"), ["converted from CMYK to RGB; its colour profile cannot be used"]
    assert converted is not None  # as not in place
    return converted, [f"converted from {image.mode} to sRGB" + (" by its colour profile" if fits else "")]


def profile_of_gamma(gamma: float | None, primaries: Sequence[float] | None, *, grey: bool) -> bytes | None:
    """Return an ICC profile that means what PNG's gAMA and cHRM mean; None if that is sRGB, or nonsense.

    Args:
        gamma: exponent from light to samples, such as 0.45455; None if it is not said.
        primaries: x and y of white, red, green and blue; None if they are not said.
        grey: whether the picture is grey; primaries then do not matter.
    """
    if gamma is not None and not 0.01 <= gamma <= 10:
        gamma = None
    if primaries is not None and (len(primaries) != 8 or min(primaries[1::2]) <= 0.001):
        primaries = None
    usual_gamma = gamma is None or abs(gamma - _SRGB_GAMMA) < _NEAR
    usual_primaries = (
        grey or primaries is None or all(abs(a - b) < _NEAR for a, b in zip(primaries, _SRGB_PRIMARIES, strict=True))
    )
    if usual_gamma and usual_primaries:
        return None
    curve = _parametric(_SRGB_CURVE if gamma is None else (1 / gamma,))
    if grey:
        return _profile(b"GRAY", {b"kTRC": curve})
    try:
        columns, adaptation = _adapted(_SRGB_PRIMARIES if primaries is None else primaries)
    except np.linalg.LinAlgError:
        return None
    tags = {name: _xyz(columns[:, index]) for index, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"RGB ", {**tags, b"chad": b"sf32\0\0\0\0" + _fixed(*adaptation.ravel())})


def _adapted(primaries: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the XYZ of the primaries as columns, adapted to D50, and the matrix of the adaptation."""
    white, *others = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(primaries[::2], primaries[1::2]))
    matrix = np.stack(others, axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    gains = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    adaptation = np.linalg.solve(_BRADFORD, gains[:, None] * _BRADFORD)
    return adaptation @ matrix, adaptation


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return an ICC profile, version 4, of a display."""
    tags = {b"desc": _text("gamma and primaries of a file"), b"cprt": _text("CC0"), b"wtpt": _xyz(_D50), **tags}
    table, body = b"", b""
    first = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", first + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s", first + len(body), bytes(4), 0x04400000, b"mntr", space, b"XYZ ", bytes(12), b"acsp"
    )
    head += bytes(28) + _fixed(*_D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(np.clip(value, -30_000, 30_000)) * 65536) for value in values))


def _xyz(values: Sequence[float] | np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded


def _parametric(parameters: Sequence[float]) -> bytes:
    """Return a curve: an exponent, or the five parameters of sRGB's form."""
    return b"para" + struct.pack(">IHH", 0, 0 if len(parameters) == 1 else 3, 0) + _fixed(*parameters)
