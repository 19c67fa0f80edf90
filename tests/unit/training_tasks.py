"""Training tasks on media in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from vqcodec.carriers.carrier import Carrier
from vqcodec.carriers.kept import Kept
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.image.pixels import Picture
from vqcodec.media.checkpoint import Begun, Checkpoint
from vqcodec.media.registry import find_engine
from vqcodec.media.training import Progress, Training


class MemoryShard(list[Any]):
    """Media of a corpus in memory that follow one another."""

    first = 0


class MemoryCorpus(list[Any]):
    """A corpus of media in memory, a shard each."""

    @property
    def sizes(self) -> list[tuple[int, ...]]:
        """Extents of each medium, as of files."""
        return [_size_of(medium) for medium in self]

    def shards(self, samples: int) -> list[MemoryShard]:
        """A shard for each medium."""
        shards = [MemoryShard([medium]) for medium in self]
        for number, shard in enumerate(shards):
            shard.first = number
        return shards

    def fingerprint(self) -> str:
        """Always the same."""
        return "0123456789abcdef"


def _size_of(medium: Any) -> tuple[int, ...]:
    if isinstance(medium, Picture):
        return (medium.height, medium.width, medium.channels)
    return medium.shape if isinstance(medium, np.ndarray) else (len(medium), *medium[0].luma.shape)


def task_for(
    engine: str,
    items: Iterable[Any],
    *,
    name: str = "own",
    parent: Codebook | None = None,
    checkpoint: Path | None = None,
    carrier: Carrier | None = None,
    threads: int | None = 1,
    progress: Progress = lambda _what, _part: None,
    **options: Any,
) -> Training[Any]:
    """Return the task of training an engine on `items`; options that are not given have their defaults.

    A checkpoint that is there is resumed.
    """
    known = find_engine(engine)
    assert known is not None
    values = known.check_training_options(options)
    chosen = {key: value for key, value in values.items() if key != "parent"}
    corpus = MemoryCorpus(items)
    begun = Begun(known.name, chosen, parent.identity if parent else None, corpus.fingerprint())
    kept = Checkpoint(checkpoint, begun, resume=True)
    return Training(known, corpus, name, chosen, parent, kept, carrier or ThreadCarrier(threads), threads, progress)


def kept(values: Iterable[Any], rows: Callable[[Any], int] = len, threads: int | None = 1) -> Kept:
    """Return what a carrier keeps of each value: a list with it alone; `rows` counts its rows."""
    return Kept.of(ThreadCarrier(threads), lambda value: (rows(value), [value]), values)
