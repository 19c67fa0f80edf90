"""Training a codebook of the spatio-temporal coder on clips, coded in every way; see `video.training`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.model.tables import Model, no_transforms
from vqcodec.blocks.training.fitting import fit_model
from vqcodec.blocks.training.statistics import PlaneStatistics, new_statistics
from vqcodec.codebook.codebook import Codebook
from vqcodec.threads import default_threads
from vqcodec.video.st3d.effort import settings_of
from vqcodec.video.st3d.encoder import GroupEncoder
from vqcodec.video.st3d.engine import ENGINE, Wishes, model_of
from vqcodec.video.training import (
    DEFAULT_ROUNDS,
    TRAINING_EFFORT,
    Clip,
    Progress,
    check_clips,
    collect_by_rung,
    story_of,
    train_rounds,
)

RUNGS = (16, 24, 30, 36, 42, 48)  # steps 4 to 64
# Every way that groups are coded has contexts of its own somewhere
_WAYS = (
    Wishes(1),
    Wishes(2, motion=False),
    Wishes(2),
    Wishes(4, motion=False),
    Wishes("auto", motion=False),
    Wishes("auto"),
)


def train_st3d(
    clips: Sequence[Clip],
    *,
    name: str,
    parent: Codebook | None = None,
    rounds: int = DEFAULT_ROUNDS,
    effort: int = TRAINING_EFFORT,
    threads: int | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    provenance: dict[str, Any] | None = None,
) -> Codebook:
    """Train a codebook for `video/st3d`.

    Args:
        clips: the frames of each clip, consecutive, of one size within a clip.
        name: of the codebook.
        parent: codebook of this engine to start from; None for formula-based tables.
        rounds: of encoding, collecting and refitting.
        effort: of the encoder, 0 to 9.
        threads: None for all CPUs; does not change the result.
        checkpoint: folder for the tables after each round; training resumes from the last one found there.
        progress: called with what is being done and the part of the whole that is done.
        provenance: of the codebook; the method and options are added.

    Raises:
        UsageError: there are no clips.
        CodebookError: the parent is for another engine, or a checkpoint cannot be used.
    """
    check_clips(clips)
    steps = np.array(RUNGS, dtype=np.uint8)
    base = model_of(parent) if parent else initial_model(steps)

    def refit(model: Model, _last: bool, tell: Callable[[float], None]) -> Model:
        statistics = _collect_round(clips, model, effort, threads or default_threads(), tell)
        return fit_model(statistics, base, steps, no_transforms(), None)

    model = train_rounds(base, rounds, refit, Model.from_arrays, checkpoint=checkpoint, progress=progress)
    story = story_of("vqcodec.video.st3d.train", clips, rounds, effort)
    return Codebook(ENGINE, name, model.to_arrays(), {**story, **(provenance or {})})


def _collect_round(
    clips: Sequence[Clip], model: Model, effort: int, threads: int, tell: Callable[[float], None]
) -> list[list[PlaneStatistics]]:
    """Encode every clip in every way at every rung, and add up what is collected, by plane type and rung."""
    sums = [[new_statistics() for _ in RUNGS] for _ in PLANE_TYPES]

    def collect(clip: Clip, rung: int) -> list[PlaneStatistics]:
        found = [new_statistics() for _ in PLANE_TYPES]
        for wishes in _WAYS:
            parameters = wishes.parameters(len(clip), RUNGS[rung])
            settings = settings_of(effort, 1.0, parameters.motion, parameters.adaptive, parameters.replenish)
            GroupEncoder(model, parameters, settings, 1, found).encode(clip)
        return found

    def add(rung: int, found: list[PlaneStatistics]) -> None:
        for kind, statistics in enumerate(found):
            sums[kind][rung].add(statistics)

    collect_by_rung(clips, len(RUNGS), collect, add, threads, tell)
    return sums
