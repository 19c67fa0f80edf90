"""Training corpora: which files, in which order, and reading them one at a time."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from vqcodec.errors import UnreadableInputError, VQCodecError
from vqcodec.image.pixels import Picture, read_picture
from vqcodec.video.io.frames import Frame

_PICTURE_SUFFIXES = (
    ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
_VIDEO_SUFFIXES = (
    ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv", ".y4m",
)  # fmt: skip
_SOUND_SUFFIXES = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav")

Medium = TypeVar("Medium")


@dataclass
class _Corpus(ABC, Generic[Medium]):
    """The media of some files and folders, in the order of their names, read afresh at each pass.

    Memory holds one medium at a time. Files that cannot be read are left out and listed in `skipped`, because a
    large folder nearly always has one; a corpus without any readable file is an error.

    Attributes:
        paths: the files, sorted, each once.
        skipped: (path, reason) of the files that could not be read in the last pass.
    """

    paths: list[Path]
    skipped: list[tuple[Path, str]] = field(default_factory=list)

    _SUFFIXES: ClassVar[tuple[str, ...]]
    _KIND: ClassVar[str]

    @classmethod
    def of(cls, sources: Iterable[str | Path]) -> Self:
        """The corpus of files and of folders with all that lies below them.

        Raises:
            UnreadableInputError: a source does not exist, or there is no file of the medium at all.
        """
        named = [Path(source) for source in sources]
        paths: set[Path] = set()
        for source in named:
            if source.is_dir():
                paths.update(p for p in source.rglob("*") if p.suffix.lower() in cls._SUFFIXES and p.is_file())
            elif source.is_file():
                paths.add(source)
            else:
                raise UnreadableInputError(f"{source}: no such file or folder")
        if not paths:
            raise UnreadableInputError(f"{', '.join(map(str, named))}: no {cls._KIND} files in it")
        return cls(sorted(paths))

    def __iter__(self) -> Iterator[Medium]:
        self.skipped = []
        for path in self.paths:
            try:
                yield self._read(path)
            except VQCodecError as error:
                self.skipped.append((path, str(error)))
        if len(self.skipped) == len(self.paths):
            raise UnreadableInputError(f"none of {len(self.paths)} files can be read; first: {self.skipped[0][1]}")

    @abstractmethod
    def _read(self, path: Path) -> Medium:
        """The medium in a file; a VQCodecError if it cannot be read."""

    def fingerprint(self) -> str:
        """Hash of the files' contents, so that a codebook can say what it was trained on: 16 hex digits."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:16]


class PictureCorpus(_Corpus[Picture]):
    """A corpus of pictures."""

    _KIND = "picture"
    _SUFFIXES = _PICTURE_SUFFIXES

    def _read(self, path: Path) -> Picture:
        return read_picture(path, str(path))


@dataclass
class SoundCorpus(_Corpus[NDArray[np.int16]]):
    """A corpus of sound: int16 (samples,) at `sample_rate`, channels mixed into one.

    Attributes:
        sample_rate: Hz.
    """

    sample_rate: int = 8000

    _KIND = "sound"
    _SUFFIXES = _SOUND_SUFFIXES

    def _read(self, path: Path) -> NDArray[np.int16]:
        from vqcodec.speech.sound.audio import open_audio

        return open_audio(path, str(path)).samples(self.sample_rate)


@dataclass
class VideoCorpus(_Corpus[list[Frame]]):
    """A corpus of video clips: of each file the first frames, all of one size.

    Attributes:
        frames_per_clip: at most.
    """

    frames_per_clip: int = 33

    _KIND = "video"
    _SUFFIXES = _VIDEO_SUFFIXES

    def _read(self, path: Path) -> list[Frame]:
        from vqcodec.video.io.sources import open_video

        frames = list(islice(open_video(str(path), str(path)).frames(), self.frames_per_clip))
        if not frames:
            raise UnreadableInputError(f"{path}: holds no frames")
        return frames
