"""Training tasks on media in memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vqcodec.codebook.codebook import Codebook
from vqcodec.media.checkpoint import Checkpoint, digest_of
from vqcodec.media.registry import find_engine
from vqcodec.media.training import Progress, Training


class MemoryCorpus(list[Any]):
    """A corpus of media in memory."""

    def fingerprint(self) -> str:
        """Always the same."""
        return "0123456789abcdef"


def task_for(
    engine: str,
    items: Iterable[Any],
    *,
    name: str = "own",
    parent: Codebook | None = None,
    checkpoint: Path | None = None,
    threads: int | None = 1,
    progress: Progress = lambda _what, _part: None,
    **options: Any,
) -> Training[Any]:
    """Return the task of training an engine on `items`; options that are not given have their defaults."""
    known = find_engine(engine)
    assert known is not None
    values = known.check_training_options(options)
    chosen = {key: value for key, value in values.items() if key not in ("parent", "checkpoint")}
    corpus = MemoryCorpus(items)
    digest = digest_of(known.name, chosen, parent.identity if parent else None, corpus.fingerprint())
    kept = Checkpoint(checkpoint, digest)
    return Training(known, corpus, name, chosen, parent, kept, threads, progress)
