"""Training of a codebook of the spatio-temporal coder, on clips coded in every way; see `video.training`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from vqcodec.blocks.layout import PLANE_TYPES
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.model.tables import Model, no_transforms
from vqcodec.blocks.training.fitting import fit_model
from vqcodec.blocks.training.outcome import PATTERNS, CodedSums, usage_of
from vqcodec.blocks.training.statistics import PlaneStatistics, new_statistics
from vqcodec.codebook.codebook import Codebook
from vqcodec.media.training import Training
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d.effort import slab_effort
from vqcodec.video.st3d.encoder import GroupEncoder
from vqcodec.video.st3d.engine import ENGINE, St3dOptions, model_of
from vqcodec.video.st3d.statistics import SlabCollector
from vqcodec.video.training import (
    Clip,
    VideoTraining,
    add_group,
    check_clips,
    collect_by_rung,
    story_of,
    tell_cost,
    train_rounds,
)

RUNGS = (16, 24, 30, 36, 42, 48)  # steps 4 to 64
# Ways to code a group; each uses contexts that no other way uses
_WAYS = (
    St3dOptions(depth=1, motion=True, replenish=True),
    St3dOptions(depth=2, motion=False, replenish=True),
    St3dOptions(depth=2, motion=True, replenish=True),
    St3dOptions(depth=4, motion=False, replenish=True),
    St3dOptions(depth="auto", motion=False, replenish=True),
    St3dOptions(depth="auto", motion=True, replenish=True),
)


def train(task: Training[list[Frame]]) -> Codebook:
    """Train a codebook for `video/st3d` on clips, each of frames of one size.

    The parent is a codebook of this engine. Without a parent, training starts from tables that follow formulas.

    Raises:
        UsageError: there is no clip of two frames or more.
        CodebookError: the parent is for another engine.
    """
    check_clips(task)
    options, steps = VideoTraining(**task.options), np.array(RUNGS, dtype=np.uint8)
    base = model_of(task.parent) if task.parent else initial_model(steps)

    def refit(model: Model, number: int, tell: Callable[[float], None]) -> Model:
        sums = [[new_statistics() for _ in RUNGS] for _ in PLANE_TYPES]
        coded = [CodedSums() for _ in RUNGS]

        def add(rung: int, found: tuple[list[PlaneStatistics], CodedSums]) -> None:
            for kind, statistics in enumerate(found[0]):
                sums[kind][rung].add(statistics)
            coded[rung].add(found[1])

        collect_by_rung(task, len(RUNGS), _collect, (model, options.effort), add, tell)
        tell_cost(task, number, coded, RUNGS)
        usage = usage_of([plane for kind in sums for plane in kind])
        task.findings.use_contexts(usage.contexts)
        task.findings.count(PATTERNS, usage.patterns)
        return fit_model(sums, base, steps, no_transforms(), None)

    model = train_rounds(
        base, options.rounds, refit, Model.from_arrays, checkpoint=task.checkpoint, progress=task.progress
    )
    return Codebook(ENGINE, task.name, model.to_arrays(), story_of("vqcodec.video.st3d.train", task))


def _collect(part: tuple[Iterable[Clip], int], model: Model, effort: int) -> tuple[list[PlaneStatistics], CodedSums]:
    """Encode a clip in every way at a rung; return the sums by plane type, and what it takes."""
    clips, rung = part
    collector, coded = SlabCollector(), CodedSums()
    for clip in clips:
        for way in _WAYS:
            parameters = way.parameters(len(clip), RUNGS[rung])
            search = slab_effort(effort, 1.0, parameters.motion, parameters.adaptive, parameters.replenish)
            group = GroupEncoder(model, parameters, search, threads=1, observer=collector).encode(clip)
            add_group(coded, clip, group.packet, group.frames)
    return collector.statistics, coded
