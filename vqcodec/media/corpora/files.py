"""Corpora of files, which are read one at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from vqcodec.errors import UnreadableInputError
from vqcodec.media.corpora.places import Place, on_this_machine, places_below
from vqcodec.media.engine import Engine

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

Item = TypeVar("Item")

Size = tuple[int, ...]
"""Extents of a medium, such as height, width and channels; their product is its number of samples."""


class Point(NamedTuple):
    """What coding came to: bytes, and decibels of the corpus's MEASURE, at most MOST_DB."""

    bytes: int
    decibels: float


MOST_DB = 100.0


@dataclass(frozen=True)
class FileCorpus(ABC, Generic[Item]):
    """The media of some files, in the order of their names, read afresh at each pass. Memory holds one at a time.

    Attributes:
        places: the files, sorted, each once.
    """

    places: tuple[Place, ...]

    SUFFIXES: ClassVar[tuple[str, ...]]
    KIND: ClassVar[str]
    FILES: ClassVar[str]
    """What the files are, for people."""
    WHOLE: ClassVar[bool] = False
    """Whether files are read whole, and not only their beginnings."""
    MEASURE: ClassVar[str]
    """What `points` measures, for people."""
    AMOUNT: ClassVar[tuple[str, float]]
    """Unit for people of how much there is, and how much that is."""

    @classmethod
    def of(cls, sources: Iterable[str | Path], **fields: Any) -> Self:
        """Return the corpus of files and of folders with all that lies below them; errors as `places_below`.

        Args:
            sources: paths, and URLs that fsspec can read.
            fields: the other fields by name.
        """
        return cls(places_below(sources, cls.SUFFIXES, cls.KIND), **fields)

    @classmethod
    def fields_for(cls, engine: Engine, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields by name that depend on the engine and on its training options."""
        del engine, options
        return {}

    def __iter__(self) -> Iterator[Item]:
        for place in self.places:
            yield self.medium_at(place)

    def __len__(self) -> int:
        return len(self.places)

    def medium_at(self, place: Place) -> Item:
        """Return the medium at a place; a VQCodecError if it cannot be read."""
        with on_this_machine(place) as path:
            return self.read(path, str(place))

    def unreadable(self, reason: object) -> UnreadableInputError:
        """Return the error that none of the files can be read, with the reason of the first."""
        return UnreadableInputError(f"none of {len(self.places)} files can be read; first: {reason}")

    @abstractmethod
    def read(self, path: Path, name: str) -> Item:
        """Return the medium in a file; a VQCodecError if it cannot be read, which calls it `name`."""

    @abstractmethod
    def size(self, medium: Item) -> Size:
        """Return the extents of a medium."""

    @abstractmethod
    def amount(self, medium: Item) -> float:
        """Return how much a medium is, such as its pixels."""

    def used(self, amount: float, options: Mapping[str, Any]) -> float:
        """Return how much of a corpus of so much is trained on; `options` are those of the training."""
        del options
        return amount

    def limit(self, options: Mapping[str, Any]) -> str:
        """Return in a clause what of each medium is not trained on; empty if all is."""
        del options
        return ""

    @abstractmethod
    def points(self, medium: Item, engine: Engine, codebook: Codebook, options: Mapping[str, Any]) -> Iterator[Point]:
        """Code a medium, or a part of it, once for each of some qualities; give what comes of it.

        There is one point if the engine has one rate. Arguments are as of `code`.
        """

    @abstractmethod
    def code(self, medium: Item, engine: Engine, codebook: Codebook, options: Mapping[str, Any]) -> tuple[float, int]:
        """Code a medium, or a part of it, once on one thread; return how much that is, and the bytes that it takes.

        Args:
            options: of training, of which some are also options of encoding.
        """
