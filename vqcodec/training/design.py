"""Training a codebook for a medium and an engine: what `vqcodec train-codebook` calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from vqcodec.errors import UsageError
from vqcodec.training.corpus import PictureCorpus
from vqcodec.vq.codebook import Codebook


def train_codebook(
    sources: Iterable[str | Path],
    *,
    medium: str = "image",
    engine: str = "block",
    name: str = "mine",
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    **options: Any,
) -> Codebook:
    """Train a codebook on media files.

    The same files, options and seed give the same codebook, byte for byte, whatever the number of threads.

    Args:
        sources: files, and folders that are searched with all below them.
        medium: `image`.
        engine: `block`.
        name: the codebook's name.
        threads: how many to use; all processors unless given.
        progress: called with what is being done and the share of the whole that is done, 0 to 1.
        options: of the engine: fields of `vqcodec.image.block.train.BlockOptions`.

    Raises:
        UsageError: there is no such engine or option, or an option is out of range.
        UnreadableInputError: no usable media among the sources, or too little of it.
    """
    if (medium, engine) != ("image", "block"):
        raise UsageError(f"there is no engine {engine} to train for {medium}; choose image and block")
    from vqcodec.image.block import train as block

    known = {field.name for field in fields(block.BlockOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise UsageError(f"unknown training option {unknown[0]}; known are {', '.join(sorted(known))}")
    corpus = PictureCorpus.of(sources)
    return block.train(corpus, name, block.BlockOptions(**options), threads=threads, progress=progress)
