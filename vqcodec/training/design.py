"""Training a codebook for a medium and an engine: what `vqcodec train-codebook` calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from vqcodec.errors import UsageError
from vqcodec.training.corpus import PictureCorpus, SoundCorpus
from vqcodec.vq.codebook import Codebook

ENGINES = {"image": ("transform", "block"), "speech": ("celp-nb", "celp-wb")}
"""Engines that can be trained, by medium; the first is the default."""


def train_codebook(
    sources: Iterable[str | Path],
    *,
    medium: str = "image",
    engine: str | None = None,
    name: str = "mine",
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    skipped: Callable[[Path, str], None] | None = None,
    **options: Any,
) -> Codebook:
    """Train a codebook on media files.

    The same files, options and seed give the same codebook, byte for byte, whatever the number of threads.

    Args:
        sources: files, and folders that are searched with all below them.
        medium: `image` or `speech`.
        engine: `transform` or `block`, `celp-nb` or `celp-wb`; None for the medium's default, which is the first.
        name: the codebook's name.
        threads: how many to use; all processors unless given.
        progress: called with what is being done and the share of the whole that is done, 0 to 1.
        skipped: called at the end with each file that could not be read, and why.
        options: of the engine: fields of `vqcodec.image.transform.train.TransformOptions`, of
            `vqcodec.image.block.train.BlockOptions`, or of `vqcodec.speech.training.TrainingOptions` and `checkpoint`.

    Raises:
        UsageError: there is no such engine or option, or an option is out of range.
        UnreadableInputError: no usable media among the sources, or too little of it.
    """
    engines = ENGINES.get(medium, ())
    engine = engine or next(iter(engines), "")
    if engine not in engines:
        known = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in ENGINES.items())
        raise UsageError(f"there is no engine {engine} to train for {medium}; there are {known}")
    if medium == "speech":
        sounds = SoundCorpus.of(sources)
        codebook = _train_speech(sounds, engine.removeprefix("celp-"), name, options, threads, progress)
        _tell_skipped(sounds.skipped, skipped)
        return codebook
    corpus = PictureCorpus.of(sources)
    train = _train_block if engine == "block" else _train_transform
    codebook = train(corpus, name, options, threads, progress)
    _tell_skipped(corpus.skipped, skipped)
    return codebook


def _tell_skipped(files: Iterable[tuple[Path, str]], skipped: Callable[[Path, str], None] | None) -> None:
    if skipped:
        for path, reason in files:
            skipped(path, reason)


def _train_block(corpus: PictureCorpus, name: str, options: dict[str, Any], threads: Any, progress: Any) -> Codebook:
    from vqcodec.image.block import train as block

    return block.train(corpus, name, _options(block.BlockOptions, options), threads=threads, progress=progress)


def _train_transform(
    corpus: PictureCorpus, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.image.transform import train as transform
    from vqcodec.vq.library import load_codebook

    chosen = _options(transform.TransformOptions, options)
    parent = None if chosen.parent == "none" else load_codebook(chosen.parent)
    return transform.train(corpus, name, chosen, parent=parent, threads=threads, progress=progress)


def _train_speech(
    corpus: SoundCorpus, band_name: str, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.speech import training as speech
    from vqcodec.speech.bands import BANDS
    from vqcodec.vq.library import load_codebook

    band = BANDS[band_name]
    corpus.sample_rate = band.sample_rate
    folder = options.pop("checkpoint", None)
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
    parent = options.pop("parent", "none")
    signals = list(corpus)
    provenance = {"corpus": {"recordings": len(signals), "fingerprint": corpus.fingerprint()}}
    return speech.train(
        signals,
        band,
        _options(speech.TrainingOptions, {"name": name, "threads": threads, **options}),
        progress,
        None if folder is None else Path(folder) / f"{corpus.fingerprint()}.npz",
        provenance,
        None if parent == "none" else load_codebook(parent),
    )


def _options(kind: type, options: dict[str, Any]) -> Any:
    """Options by name as the engine's own; UsageError names one that the engine does not have."""
    known = [field.name for field in fields(kind)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(f"unknown training option {unknown[0]}; this engine has {', '.join(known)}")
    return kind(**options)
