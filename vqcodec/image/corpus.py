"""Corpora of picture files to train on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vqcodec.image.pixels import Picture, read_picture
from vqcodec.media.corpus import FileCorpus


@dataclass(frozen=True)
class PictureCorpus(FileCorpus[Picture]):
    """A corpus of pictures."""

    KIND = "picture"
    SUFFIXES = (
        ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff",
        ".webp",
    )  # fmt: skip

    def read(self, path: Path) -> Picture:
        """Return the picture in a file; errors as `read_picture`."""
        return read_picture(path, str(path))
