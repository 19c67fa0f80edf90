"""The picture codecs of Pillow and its plug-ins that vqcodec is shown beside: those that are installed."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from vqcodec.report_page.embedding import image_of

Samples = NDArray[np.uint8]


@dataclass(frozen=True)
class Peer:
    """A codec with the settings at which it is shown.

    Attributes:
        label: its name. options: how it is run.
        pillow_format: Pillow's name of the format.
        needs: the feature of Pillow, or the module of the plug-in.
        setting: what a setting is called.
        ladder: the settings, from the smallest files to the largest.
        save_options: those of Pillow for a setting.
        alpha: whether it codes transparency.
        mime: what browsers call the format; empty if they do not show it.
    """

    label: str
    options: str
    pillow_format: str
    needs: str
    setting: str
    ladder: Sequence[float]
    save_options: Callable[[float], dict[str, Any]]
    alpha: bool
    mime: str = ""

    @property
    def installed(self) -> bool:
        """Whether it can be run here."""
        if self.needs != "pillow_jxl":
            return bool(features.check(self.needs))
        try:
            importlib.import_module(self.needs)
        except ImportError:
            return False
        return True

    def encode(self, samples: Samples, setting: float) -> bytes:
        """Return the whole file of a picture, uint8 (height, width, channels)."""
        written = io.BytesIO()
        image_of(samples).save(written, self.pillow_format, **self.save_options(setting))
        return written.getvalue()

    def decode(self, data: bytes, channels: int) -> Samples:
        """Return the samples of a file in that number of channels."""
        with Image.open(io.BytesIO(data), formats=[self.pillow_format]) as image:
            mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
            decoded = np.asarray(image.convert("RGBA").convert("LA") if mode == "LA" else image.convert(mode))
        return np.ascontiguousarray(decoded[:, :, None] if decoded.ndim == 2 else decoded)


PEERS = (
    Peer(
        "JPEG", "libjpeg-turbo, optimised Huffman tables, 4:2:0", "JPEG", "libjpeg_turbo", "quality",
        (8, 15, 30, 50, 70, 85, 93),
        lambda quality: {"quality": int(quality), "optimize": True, "subsampling": 2}, alpha=False, mime="image/jpeg",
    ),
    Peer(
        "WebP", "libwebp, method 6", "WEBP", "webp", "quality", (2, 15, 35, 55, 75, 88, 95),
        lambda quality: {"quality": int(quality), "method": 6}, alpha=True, mime="image/webp",
    ),
    Peer(
        "AVIF", "libaom, speed 6, 4:2:0", "AVIF", "avif", "quality", (15, 30, 45, 60, 75, 86, 94),
        lambda quality: {"quality": int(quality), "speed": 6, "codec": "aom"}, alpha=True, mime="image/avif",
    ),
    Peer(
        "JPEG 2000", "OpenJPEG, irreversible, one layer", "JPEG2000", "jpg_2000", "ratio", (128, 64, 36, 22, 13, 8),
        lambda ratio: {"quality_mode": "rates", "quality_layers": [ratio], "irreversible": True, "mct": 1}, alpha=False,
    ),
    Peer(
        "JPEG XL", "libjxl, effort 7", "JXL", "pillow_jxl", "quality", (10, 30, 50, 70, 85, 94),
        lambda quality: {"quality": int(quality), "effort": 7, "lossless": False}, alpha=True,
    ),
)  # fmt: skip


def peers_for(channels: int) -> tuple[list[Peer], list[str]]:
    """Return the codecs that are installed and code pictures of so many channels, and notes on those that are not."""
    fitting = [peer for peer in PEERS if peer.alpha or channels in (1, 3)]
    missing = [peer.label for peer in fitting if not peer.installed]
    notes = [f"not shown beside, because this Pillow has it not: {', '.join(missing)}"] if missing else []
    return [peer for peer in fitting if peer.installed], notes
