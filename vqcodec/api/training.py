"""Training a codebook for a medium and an engine: what `vqcodec train-codebook` calls."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vqcodec.api.corpus import PictureCorpus, SoundCorpus, VideoCorpus
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError

ENGINES = {
    "image": ("transform", "block"),
    "speech": ("celp-nb", "celp-wb", "celp-fixed", "ld-celp"),
    "video": ("mc", "st3d"),
}
"""Engines that can be trained, by medium; the first is the default."""

CORPORA: dict[str, type[PictureCorpus | SoundCorpus | VideoCorpus]] = {
    "image": PictureCorpus,
    "speech": SoundCorpus,
    "video": VideoCorpus,
}

_TEXTBOOK = {
    "celp-fixed": "vqcodec.speech.textbook.celp.training",
    "ld-celp": "vqcodec.speech.textbook.ld_celp.training",
}


@dataclass(frozen=True)
class VideoOptions:
    """How a codebook for video is trained.

    Attributes:
        frames_per_clip: frames at the beginning of each file that are used, at most; at least 2.
        rounds: of encoding the corpus, collecting and refitting. effort: of the encoder meanwhile.
        parent: codebook to start from; `none` for none; None for the engine's shipped one.
        checkpoint: folder that keeps each finished round.
    """

    frames_per_clip: int = 33
    rounds: int = 3
    effort: int = 4
    parent: str | None = None
    checkpoint: str | None = None


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
        medium: `image`, `speech` or `video`.
        engine: `transform` or `block`, `celp-nb`, `celp-wb`, `celp-fixed` or `ld-celp`, `mc` or `st3d`; None for the
            medium's default, which is the first.
        name: the codebook's name.
        threads: how many to use; all processors unless given.
        progress: called with what is being done and the share of the whole that is done, 0 to 1.
        skipped: called at the end with each file that could not be read, and why.
        options: of the engine: fields of `vqcodec.image.transform.train.TransformOptions`, of
            `vqcodec.image.block.train.BlockOptions`, of `vqcodec.speech.training.train.TrainingOptions` and
            `checkpoint`, of `vqcodec.speech.textbook.training_options.TrainingOptions`, or of `VideoOptions`.

    Raises:
        UsageError: there is no such engine or option, or an option is out of range.
        UnreadableInputError: no usable media among the sources, or too little of it.
    """
    engines = ENGINES.get(medium, ())
    engine = engine or next(iter(engines), "")
    if engine not in engines:
        known = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in ENGINES.items())
        raise UsageError(f"there is no engine {engine} to train for {medium}; there are {known}")
    corpus = CORPORA[medium].of(sources)
    codebook = _TRAINERS[engine](corpus, engine, name, options, threads, progress)
    if skipped:
        for path, reason in corpus.skipped:
            skipped(path, reason)
    return codebook


def _train_block(
    corpus: PictureCorpus, _engine: str, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.image.block import train as block

    return block.train(corpus, name, _options(block.BlockOptions, options), threads=threads, progress=progress)


def _train_transform(
    corpus: PictureCorpus, _engine: str, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.codebook.library import load_codebook
    from vqcodec.image.transform import train as transform

    chosen = _options(transform.TransformOptions, options)
    parent = None if chosen.parent == "none" else load_codebook(chosen.parent)
    return transform.train(corpus, name, chosen, parent=parent, threads=threads, progress=progress)


def _train_speech(
    corpus: SoundCorpus, engine: str, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.codebook.library import load_codebook
    from vqcodec.speech.bands import BANDS
    from vqcodec.speech.training import train as speech

    band = BANDS[engine.removeprefix("celp-")]
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


def _train_textbook(
    corpus: SoundCorpus, engine: str, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.speech.textbook.training_options import TrainingOptions

    chosen = _options(TrainingOptions, {"name": name, "threads": threads, **options})
    limit = int(chosen.most_seconds * corpus.sample_rate)
    signals = [signal[:limit] for signal in corpus]
    provenance = {
        "corpus": {"recordings": len(signals), "fingerprint": corpus.fingerprint()},
        "seconds": round(sum(map(len, signals)) / corpus.sample_rate, 1),
        "options": {"seed": chosen.seed, "most_seconds": chosen.most_seconds, "rounds": chosen.rounds},
    }
    module = importlib.import_module(_TEXTBOOK[engine])
    codebook: Codebook = module.train(signals, chosen, progress or (lambda _what, _share: None), provenance)
    return codebook


def _train_video(
    corpus: VideoCorpus, engine: str, name: str, options: dict[str, Any], threads: Any, progress: Any
) -> Codebook:
    from vqcodec.codebook.library import load_codebook
    from vqcodec.video.mc.training.train import train_video
    from vqcodec.video.st3d.train import train_st3d

    chosen = _options(VideoOptions, options)
    train, shipped = {"mc": (train_video, "video"), "st3d": (train_st3d, "video-st3d")}[engine]
    corpus.frames_per_clip = chosen.frames_per_clip
    if chosen.checkpoint is not None:
        Path(chosen.checkpoint).mkdir(parents=True, exist_ok=True)
    clips = list(corpus)
    return train(
        clips,
        name=name,
        parent=None if chosen.parent == "none" else load_codebook(chosen.parent or shipped),
        rounds=chosen.rounds,
        effort=chosen.effort,
        threads=threads,
        checkpoint=None if chosen.checkpoint is None else Path(chosen.checkpoint),
        progress=progress,
        provenance={"corpus": {"clips": len(clips), "fingerprint": corpus.fingerprint()}},
    )


def _options(kind: type, options: dict[str, Any]) -> Any:
    """Options by name as the engine's own; UsageError names one that the engine does not have."""
    known = [field.name for field in fields(kind)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise UsageError(f"unknown training option {unknown[0]}; this engine has {', '.join(known)}")
    return kind(**options)


_TRAINERS: dict[str, Callable[..., Codebook]] = {
    "transform": _train_transform,
    "block": _train_block,
    "celp-nb": _train_speech,
    "celp-wb": _train_speech,
    "celp-fixed": _train_textbook,
    "ld-celp": _train_textbook,
    "mc": _train_video,
    "st3d": _train_video,
}
