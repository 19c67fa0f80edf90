"""Training corpora of files: which files, in which order, and reading them one at a time."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from vqcodec.errors import UnreadableInputError, VQCodecError
from vqcodec.media.engine import Engine

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

Item = TypeVar("Item")

Skipped = Callable[[Path, str], object]
"""Called with a file that cannot be read, and why."""


def find_files(sources: Iterable[str | Path], suffixes: Iterable[str], kind: str) -> tuple[Path, ...]:
    """Return the files named, and those with one of the suffixes in the folders named and all below, sorted, each once.

    Args:
        kind: of the files, for the message.

    Raises:
        UnreadableInputError: a source does not exist, or there is no file at all.
    """
    named, ends = [Path(source) for source in sources], tuple(suffixes)
    paths: set[Path] = set()
    for source in named:
        if source.is_dir():
            paths.update(p for p in source.rglob("*") if p.suffix.lower() in ends and p.is_file())
        elif source.is_file():
            paths.add(source)
        else:
            raise UnreadableInputError(f"{source}: no such file or folder")
    if not paths:
        raise UnreadableInputError(f"{', '.join(map(str, named))}: no {kind} files in it")
    return tuple(sorted(paths))


@dataclass(frozen=True)
class FileCorpus(ABC, Generic[Item]):
    """The media of some files, in the order of their names, read afresh at each pass.

    Memory holds one medium at a time. Files that cannot be read are passed over, because a large folder nearly
    always has one; a corpus without any readable file is an error.

    Attributes:
        paths: the files, sorted, each once.
        skipped: told of the files that cannot be read, in every pass.
    """

    paths: tuple[Path, ...]
    skipped: Skipped = lambda _path, _reason: None

    SUFFIXES: ClassVar[tuple[str, ...]]
    KIND: ClassVar[str]
    FILES: ClassVar[str]
    """What the files are, for people."""
    WHOLE: ClassVar[bool] = False
    """Whether files are read whole, and not only their beginnings."""
    AMOUNT: ClassVar[tuple[str, float]]
    """Unit for people of how much there is, and how much that is."""

    @classmethod
    def of(cls, sources: Iterable[str | Path], **fields: Any) -> Self:
        """Return the corpus of files and of folders with all that lies below them; errors as `find_files`.

        Args:
            fields: the other fields by name.
        """
        return cls(find_files(sources, cls.SUFFIXES, cls.KIND), **fields)

    @classmethod
    def fields_for(cls, engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields by name that depend on the engine and on its training options."""
        del engine, options
        return {}

    def __iter__(self) -> Iterator[Item]:
        read, reason = 0, ""
        for path in self.paths:
            try:
                medium = self.read(path)
            except VQCodecError as error:
                reason = reason or str(error)
                self.skipped(path, str(error))
                continue
            read += 1
            yield medium
        if not read:
            raise self.unreadable(reason)

    def unreadable(self, reason: object) -> UnreadableInputError:
        """Return the error that none of the files can be read, with the reason of the first."""
        return UnreadableInputError(f"none of {len(self.paths)} files can be read; first: {reason}")

    @abstractmethod
    def amount(self, medium: Item) -> float:
        """Return how much a medium is, such as its pixels."""

    def used(self, amount: float, options: Mapping[str, Any]) -> float:
        """Return how much of a corpus of so much is trained on; `options` are those of the training."""
        del options
        return amount

    @abstractmethod
    def code(self, medium: Item, engine: Engine, codebook: Codebook, options: Mapping[str, Any]) -> tuple[float, int]:
        """Code a medium, or a part of it, once on one thread; return how much that is, and the bytes that it takes.

        Args:
            options: of training, of which some are also options of encoding.
        """

    @abstractmethod
    def read(self, path: Path) -> Item:
        """Return the medium in a file; a VQCodecError if it cannot be read."""

    def fingerprint(self) -> str:
        """Return a hash of the files' contents, 16 hex digits, so that a codebook says what it was trained on.

        They are read at the first call: a checkpoint and the codebook speak of the same corpus.
        """
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for path in self.paths:
            try:
                content = path.read_bytes()
            except OSError:  # the training passes it over as well
                continue
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()[:16]
