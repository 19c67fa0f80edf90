"""Training corpora: which files, in which order, and reading them one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vqcodec.errors import UnreadableInputError, VQCodecError
from vqcodec.image.pixels import Picture, read_picture

_PICTURE_SUFFIXES = {
    ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
}  # fmt: skip


@dataclass
class PictureCorpus:
    """The pictures of some files and folders, in the order of their names, read afresh at each pass.

    Memory holds one picture at a time. Files that cannot be read are left out and listed in `skipped`, because a
    large folder nearly always has one; a corpus without any readable picture is an error.

    Attributes:
        paths: the files, sorted, each once.
        skipped: (path, reason) of the files that could not be read in the last pass.
    """

    paths: list[Path]
    skipped: list[tuple[Path, str]] = field(default_factory=list)

    @classmethod
    def of(cls, sources: Iterable[str | Path]) -> PictureCorpus:
        """The corpus of files and of folders with all that lies below them.

        Raises:
            UnreadableInputError: a source does not exist, or there is no picture file at all.
        """
        named = [Path(source) for source in sources]
        paths: set[Path] = set()
        for source in named:
            if source.is_dir():
                paths.update(p for p in source.rglob("*") if p.suffix.lower() in _PICTURE_SUFFIXES and p.is_file())
            elif source.is_file():
                paths.add(source)
            else:
                raise UnreadableInputError(f"{source}: no such file or folder")
        if not paths:
            raise UnreadableInputError(f"{', '.join(map(str, named))}: no picture files in it")
        return cls(sorted(paths))

    def __iter__(self) -> Iterator[Picture]:
        self.skipped = []
        for path in self.paths:
            try:
                yield read_picture(path, str(path))
            except VQCodecError as error:
                self.skipped.append((path, str(error)))
        if len(self.skipped) == len(self.paths):
            raise UnreadableInputError(f"none of {len(self.paths)} files can be read; first: {self.skipped[0][1]}")

    def fingerprint(self) -> str:
        """Hash of the files' contents, so that a codebook can say what it was trained on: 16 hex digits."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:16]
