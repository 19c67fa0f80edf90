"""The general codecs that vqcodec is measured against, as Pillow and its plug-ins offer them.

A codec here is a pair of functions: samples and a setting to the bytes of a whole file, and back. Headers and
containers are counted, as they are for vqcodec.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

Samples = NDArray[np.uint8]  # (height, width, 3) or (height, width)


@dataclass(frozen=True)
class Codec:
    """A codec with the ladder of settings at which it is measured.

    `identity` names everything that fixes its bytes (library version, options): results are cached under it.
    It is empty for a codec whose results must not be cached.
    """

    name: str
    label: str
    options: str
    identity: str
    ladder: tuple[float, ...]
    encode: Callable[[Samples, float], bytes]
    decode: Callable[[bytes], Samples]


@dataclass(frozen=True)
class _Format:
    label: str
    options: str
    pillow_format: str
    feature: str  # of Pillow, or the module of a plug-in
    ladder: tuple[float, ...]
    save_options: Callable[[float], dict[str, Any]]
    plain: str = ""  # the peer that this one is a variant of: not measured where it gives the same bytes


def _tuned_avif(metric: str) -> _Format:
    """AVIF with libaom's `tune`. libavif's own choice was ssim, and is iq since 1.4 (with libaom 3.13)."""
    return _Format(
        f"AVIF tune={metric}",
        f"libaom by libavif, speed 4, 4:2:0, tune={metric}",
        "AVIF",
        "avif",
        (10, 20, 35, 50, 65, 78, 88, 94),
        lambda quality: {"quality": int(quality), "speed": 4, "codec": "aom", "advanced": {"tune": metric}},
        plain="avif",
    )


_FORMATS = {
    "jpeg": _Format(
        "JPEG",
        "libjpeg-turbo, optimised Huffman tables, 4:2:0",
        "JPEG",
        "libjpeg_turbo",
        (5, 10, 20, 30, 45, 60, 75, 85, 92, 96),
        lambda quality: {"quality": int(quality), "optimize": True, "subsampling": 2},
    ),
    "webp": _Format(
        "WebP",
        "libwebp, method 6",
        "WEBP",
        "webp",
        (2, 10, 25, 45, 65, 80, 90, 96),
        lambda quality: {"quality": int(quality), "method": 6},
    ),
    "jp2": _Format(
        "JPEG 2000",
        "OpenJPEG, irreversible, one layer, YCbCr",
        "JPEG2000",
        "jpg_2000",
        (160, 96, 64, 40, 24, 16, 10, 6),
        lambda ratio: {"quality_mode": "rates", "quality_layers": [ratio], "irreversible": True, "mct": 1},
    ),
    "avif": _Format(
        "AVIF",
        "libaom by libavif, speed 4, 4:2:0",
        "AVIF",
        "avif",
        (10, 20, 35, 50, 65, 78, 88, 94),
        lambda quality: {"quality": int(quality), "speed": 4, "codec": "aom"},
    ),
    "avif444": _Format(
        "AVIF 4:4:4",
        "libaom by libavif, speed 4, 4:4:4",
        "AVIF",
        "avif",
        (10, 20, 35, 50, 65, 78, 88, 94),
        lambda quality: {"quality": int(quality), "speed": 4, "codec": "aom", "subsampling": "4:4:4"},
    ),
    "avif-iq": _tuned_avif("iq"),
    "avif-ssim": _tuned_avif("ssim"),
    "avif-psnr": _tuned_avif("psnr"),
    "jxl": _Format(
        "JPEG XL",
        "libjxl, effort 7",
        "JXL",
        "pillow_jxl",
        (8, 20, 35, 50, 65, 78, 88, 94),
        lambda quality: {"quality": int(quality), "effort": 7, "lossless": False},
    ),
}

NAMES = tuple(_FORMATS)
COLOUR_ONLY = {"avif444"}  # the same as another of the peers on grey pictures
REFERENCE = "jpeg"


def find_peers(names: tuple[str, ...] = NAMES, *, grey: bool = False) -> tuple[list[Codec], dict[str, str]]:
    """The peers that can be run here, and why the others cannot.

    Args:
        names: some of `NAMES`.
        grey: whether the pictures are grey, and codecs that differ in colour alone are left out.

    Returns:
        The codecs in the order of the names, and a line of reason for each that is missing.
    """
    found, missing = [], {}
    for name in names:
        if grey and name in COLOUR_ONLY:
            continue
        version = _version(_FORMATS[name].feature)
        if version is None:
            missing[name] = f"{_FORMATS[name].label} is skipped: Pillow offers no {_FORMATS[name].feature} here"
        elif reason := _without_effect(_FORMATS[name]):
            missing[name] = f"{_FORMATS[name].label} is skipped: {reason}"
        else:
            found.append(_codec(name, version))
    return found, missing


def _without_effect(variant: _Format) -> str:
    """Why a variant of another peer is not one of its own: its option is refused, or changes no byte. Else empty."""
    if not variant.plain:
        return ""
    plain = _FORMATS[variant.plain]
    samples = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    try:
        same = _encode(variant, samples, variant.ladder[2]) == _encode(plain, samples, variant.ladder[2])
    except ValueError as error:
        return f"the encoder refuses it ({error})"
    return f"it gives the same bytes as {plain.label} here" if same else ""


def _version(feature: str) -> str | None:
    """Version of the library behind a feature of Pillow or a plug-in; None if it is missing."""
    if feature == "pillow_jxl":
        try:
            importlib.import_module(feature)
            return importlib.metadata.version("pillow-jxl-plugin")
        except ImportError:
            return None
    return str(features.version(feature)) if features.check(feature) else None


def _codec(name: str, version: str) -> Codec:
    description = _FORMATS[name]
    return Codec(
        name,
        description.label,
        description.options,
        f"{description.feature} {version}: {description.options}",
        description.ladder,
        functools.partial(_encode, description),
        _decode,
    )


def _encode(description: _Format, samples: Samples, setting: float) -> bytes:
    target = io.BytesIO()
    options = description.save_options(setting)
    Image.fromarray(samples).save(target, description.pillow_format, **options)
    return target.getvalue()


def _decode(data: bytes) -> Samples:
    """Samples as the decoder gives them: RGB also for a grey picture whose format knows no grey."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)
