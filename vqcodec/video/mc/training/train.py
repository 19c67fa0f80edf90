"""Training of a codebook of the default video coder on clips; see `video.training`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CodebookError
from vqcodec.media.registry import default_codebook
from vqcodec.media.training import Training
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.encoder import FrameCoder, encode_frames
from vqcodec.video.mc.engine import ENGINE
from vqcodec.video.mc.model.tables import VideoModel, initial_video_model
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.structure import DEFAULT_DISTANCE, Place
from vqcodec.video.mc.training.fitting import fit_video_model
from vqcodec.video.mc.training.remembering import remember
from vqcodec.video.mc.training.statistics import GroupCollector, GroupStatistics, counts_by_pool
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


@dataclass(frozen=True)
class MotionTraining(VideoTraining):
    """The values of the training options that the descriptor of `video/mc` declares.

    Attributes:
        memory_bytes: that the memory may take; None for as long as an item pays, 0 for no memory.
        for_: number of files that are going to be coded; None for as many as the corpus has.
    """

    memory_bytes: int | None
    for_: int | None


RUNGS = (20, 26, 32, 38, 44)  # steps 5.7 to 45
_PICTURE_ENGINE = "image/transform"


def train(task: Training[list[Frame]]) -> Codebook:
    """Train a codebook for `video/mc` on clips, each of frames of one size.

    The parent is a codebook of this engine, or of `image/transform`; the picture model of the latter then codes intra
    frames. Without a parent, training starts from the shipped picture codebook.

    Raises:
        UsageError: there is no clip of two frames or more.
        CodebookError: the parent is for another engine.
    """
    check_clips(task)
    options, base = MotionTraining(**task.options), _starting_model(task.parent)

    def refit(model: VideoModel, number: int, tell: Callable[[float], None]) -> VideoModel:
        sums = [GroupStatistics() for _ in model.rungs]
        last = number == options.rounds
        common = (model, options.effort, last)
        collect_by_rung(task, len(sums), _collect, common, lambda rung, found: sums[rung].add(found), tell)
        tell_cost(task, number, [of_rung.coded for of_rung in sums], [int(step) for step in model.rungs])
        for name, counts in counts_by_pool(sums).items():
            task.findings.use(f"contexts of {name}", np.count_nonzero(counts.any(axis=1)), len(counts))
        return fit_video_model(sums, base, last)

    model = train_rounds(
        base, options.rounds, refit, VideoModel.from_arrays, checkpoint=task.checkpoint, progress=task.progress
    )
    arrays, story = model.to_arrays(), story_of("vqcodec.video.mc.train", task)
    if options.memory_bytes != 0:
        files = len(task.corpus) if options.for_ is None else options.for_
        arrays, report = remember(task, model, options.memory_bytes, files)
        story["memory"] = report and {"bytes": report["bytes"], "quality": report["item_quality"], "for": files}
        task.findings.remember(report)
    return Codebook(ENGINE, task.name, arrays, story)


def _starting_model(parent: Codebook | None) -> VideoModel:
    """Return the model with which training starts."""
    if parent is None:
        parent = load_codebook(default_codebook(_PICTURE_ENGINE))
    if parent.engine == ENGINE:
        return VideoModel.from_arrays(parent.arrays)
    if parent.engine == _PICTURE_ENGINE:
        return initial_video_model(Model.from_arrays(parent.arrays), RUNGS)
    raise CodebookError(
        f"codebook {parent.name} is for {parent.engine}; video starts from {ENGINE} or {_PICTURE_ENGINE}"
    )


def _collect(part: tuple[Iterable[Clip], int], model: VideoModel, effort: int, filters: bool) -> GroupStatistics:
    """Encode a clip at a rung; return the sums."""
    clips, rung = part
    sums = GroupStatistics()
    for clip in clips:
        parameters = GroupParameters(len(clip), int(model.rungs[rung]), distance=DEFAULT_DISTANCE)
        step, _ = parameters.steps(Place(0, 0, 0, True))
        collector = GroupCollector(model.intra, step, filters)
        # Tables trained on bits that are spread by importance code worse
        with FrameCoder(model, effort, threads=1) as coder:
            packet, _, shown = encode_frames(clip, coder, parameters, uniform_lambda=True, observer=collector)
        sums.add(collector.statistics)
        add_group(sums.coded, clip, packet, shown)
    return sums
