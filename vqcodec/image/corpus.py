"""Corpora of picture files to train on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.image.colour import to_ycbcr
from vqcodec.image.hidden import without_hidden_colours
from vqcodec.image.pixels import Picture, read_picture
from vqcodec.media.corpora.files import MOST_DB, FileCorpus, Point, Size
from vqcodec.media.engine import Engine
from vqcodec.media.target import DEFAULTS
from vqcodec.metrics.transparency import psnr_seen

_CODED = 512  # samples a side
_QUALITIES = (30.0, 50.0, 70.0, 90.0)  # at which a codebook is measured


@dataclass(frozen=True)
class PictureCorpus(FileCorpus[Picture]):
    """A corpus of pictures."""

    KIND, FILES, AMOUNT = "picture", "pictures", ("Mpixel", 1e6)
    WHOLE = True
    MEASURE = "PSNR"
    SUFFIXES = (
        ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff",
        ".webp",
    )  # fmt: skip

    def read(self, path: Path, name: str) -> Picture:
        """Return the picture in a file; errors as `read_picture`."""
        return read_picture(path, name)

    def size(self, medium: Picture) -> Size:
        """Return height, width and channels."""
        return (medium.height, medium.width, medium.channels)

    def amount(self, medium: Picture) -> float:
        """Return the pixels of a picture."""
        return medium.width * medium.height

    def used(self, amount: float, options: Mapping[str, Any]) -> float:
        """As `FileCorpus.used`: with both scales a quarter more, and no more than the option `pixels` says."""
        scaled = amount * (1.25 if options.get("scales") == 2 else 1.0)
        return min(scaled, options.get("pixels") or scaled)

    def points(
        self, medium: Picture, engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> Iterator[Point]:
        """As `FileCorpus.points`: at most _CODED x _CODED pixels, with alpha; PSNR of what is seen, tuned for it.

        A codebook for grey is measured on luma.
        """
        samples = without_hidden_colours(np.ascontiguousarray(medium.samples[:_CODED, :_CODED]))
        if options.get("layout") == "grey" and samples.shape[2] > 2:
            samples = to_ycbcr(samples[:, :, :3])[0][:, :, None]
        asked = {**options, "tune": "psnr"}
        also = {option.name: asked[option.name] for option in engine.encode_options if option.name in asked}
        effort = options.get("effort", DEFAULTS["image"].effort)
        for quality in _QUALITIES:
            encoded = engine.coder.encode(samples, codebook, quality, effort, 1, also, None)
            size = len(encoded.header) + sum(map(len, encoded.packets))
            yield Point(size, min(MOST_DB, psnr_seen(samples, encoded.reconstruction)))

    def code(
        self, medium: Picture, engine: Engine, codebook: Codebook, options: Mapping[str, Any]
    ) -> tuple[float, int]:
        """As `FileCorpus.code`: at most _CODED x _CODED pixels, without alpha."""
        colours = medium.channels - (medium.channels + 1) % 2
        samples = np.ascontiguousarray(medium.samples[:_CODED, :_CODED, :colours])
        also = {option.name: options[option.name] for option in engine.encode_options if option.name in options}
        effort = options.get("effort", DEFAULTS["image"].effort)
        encoded = engine.coder.encode(samples, codebook, DEFAULTS["image"].quality, effort, 1, also, None)
        return samples.shape[0] * samples.shape[1], len(encoded.header) + sum(map(len, encoded.packets))
