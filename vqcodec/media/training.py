"""The shape of training: what every trainer is given, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from vqcodec.media.checkpoint import NOTHING_KEPT, Checkpoint

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook
    from vqcodec.media.engine import Engine

Item = TypeVar("Item", covariant=True)

Progress = Callable[[str, float], None]
"""Called with what is being done and the part of the whole that is done, 0 to 1."""


class Corpus(Protocol[Item]):
    """The media to train on. It does not change, so it can be iterated as often as a trainer needs."""

    def __iter__(self) -> Iterator[Item]:
        """Give one picture, recording or clip after another, always in the same order."""

    def fingerprint(self) -> str:
        """Return a hash of the contents, 16 hex digits, for the provenance."""


@dataclass(frozen=True)
class Training(Generic[Item]):
    """What a trainer is given. A trainer takes nothing else, and returns the codebook.

    The same corpus, options and parent give the same codebook, byte for byte, whatever the threads.

    Attributes:
        engine: to train for.
        corpus: the media to train on.
        name: of the codebook.
        options: the value of every training option of the engine, except parent and checkpoint, checked.
        parent: codebook to start from; None to start from scratch.
        checkpoint: keeps what is finished, so that a training that was interrupted goes on.
        threads: None for as many as there are CPUs.
        progress: see `Progress`.
    """

    engine: Engine
    corpus: Corpus[Item]
    name: str
    options: Mapping[str, Any]
    parent: Codebook | None = None
    checkpoint: Checkpoint = NOTHING_KEPT
    threads: int | None = None
    progress: Progress = lambda _what, _part: None


Trainer = Callable[[Training[Any]], "Codebook"]
