"""The shape of training: what every trainer is given, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from vqcodec.carriers.carrier import Carrier
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.media.checkpoint import Checkpoint
from vqcodec.media.findings import Findings

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook
    from vqcodec.media.engine import Engine

Item = TypeVar("Item", covariant=True)

Progress = Callable[[str, float], None]
"""Called with what is being done and the part of the whole that is done, 0 to 1."""


class Shard(Protocol[Item]):
    """Media of a corpus that follow one another. It can be pickled, and reads its media when it is iterated.

    Attributes:
        first: number of the first of its media in the corpus.
    """

    @property
    def first(self) -> int: ...

    def __iter__(self) -> Iterator[Item]: ...

    def __len__(self) -> int: ...


class Corpus(Sized, Protocol[Item]):
    """The media to train on. It does not change, so it can be iterated as often as a trainer needs.

    Attributes:
        sizes: extents of each medium: height, width and channels of a picture; samples of a recording; frames, height
            and width of a clip.
    """

    @property
    def sizes(self) -> Sequence[tuple[int, ...]]: ...

    def __iter__(self) -> Iterator[Item]:
        """Give one picture, recording or clip after another, always in the same order."""

    def shards(self, samples: int) -> Sequence[Shard[Item]]:
        """Cut it into shards of at most so many samples, or of one medium if it has more, in order."""

    def fingerprint(self) -> str:
        """Return a hash of the contents, 16 hex digits, for the provenance."""


@dataclass(frozen=True)
class Training(Generic[Item]):
    """What a trainer is given. A trainer takes nothing else, and returns the codebook.

    The same corpus, options and parent give the same codebook, byte for byte, whatever the carrier and the threads.

    Attributes:
        engine: to train for.
        corpus: the media to train on.
        name: of the codebook.
        options: the value of every training option of the engine, except parent, checked.
        parent: codebook to start from; None to start from scratch.
        checkpoint: keeps what is finished and found out, so that a training that was interrupted goes on.
        carrier: brings shards of the corpus to where they are worked on.
        threads: for what is not done in shards of the corpus; None for as many as there are CPUs.
        progress: see `Progress`.
    """

    engine: Engine
    corpus: Corpus[Item]
    name: str
    options: Mapping[str, Any]
    parent: Codebook | None = None
    checkpoint: Checkpoint = field(default_factory=lambda: Checkpoint(None))
    carrier: Carrier = field(default_factory=ThreadCarrier)
    threads: int | None = None
    progress: Progress = lambda _what, _part: None

    @property
    def findings(self) -> Findings:
        """What a trainer finds out; it tells that before it keeps the part that it belongs to."""
        return self.checkpoint.findings


Trainer = Callable[[Training[Any]], "Codebook"]
