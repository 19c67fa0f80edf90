"""Training a codebook of the default video coder on clips; see `video.training`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vqcodec.blocks.model.tables import Model
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError
from vqcodec.threads import default_threads
from vqcodec.video.mc.encoder import encode_frames
from vqcodec.video.mc.model.tables import VideoModel, initial_video_model
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.structure import DEFAULT_DISTANCE, Place
from vqcodec.video.mc.training.fitting import fit_video_model
from vqcodec.video.mc.training.statistics import GroupCollector, GroupStatistics
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

ENGINE = "video/mc"
RUNGS = (20, 26, 32, 38, 44)  # steps 5.7 to 45
_PICTURE_ENGINE = "image/transform"


def train_video(
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
    """Train a codebook for `video/mc`.

    Args:
        clips: the frames of each clip, consecutive, of one size within a clip.
        name: of the codebook.
        parent: codebook to start from: one of this engine, or one of `image/transform`, whose picture model codes the
            frames on their own; None for the shipped picture codebook.
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
    base = _starting_model(parent)

    def refit(model: VideoModel, last: bool, tell: Callable[[float], None]) -> VideoModel:
        statistics = _collect_round(clips, model, effort, last, threads or default_threads(), tell)
        return fit_video_model(statistics, base, last)

    model = train_rounds(base, rounds, refit, VideoModel.from_arrays, checkpoint=checkpoint, progress=progress)
    story = story_of("vqcodec.video.mc.train", clips, rounds, effort)
    return Codebook(ENGINE, name, model.to_arrays(), {**story, **(provenance or {})})


def _starting_model(parent: Codebook | None) -> VideoModel:
    if parent is None:
        from vqcodec.codebook.library import load_codebook

        parent = load_codebook("photo")
    if parent.engine == ENGINE:
        return VideoModel.from_arrays(parent.arrays)
    if parent.engine == _PICTURE_ENGINE:
        return initial_video_model(Model.from_arrays(parent.arrays), RUNGS)
    raise CodebookError(
        f"codebook {parent.name} is for {parent.engine}; video starts from {ENGINE} or {_PICTURE_ENGINE}"
    )


def _collect_round(
    clips: Sequence[Clip],
    model: VideoModel,
    effort: int,
    filters: bool,
    threads: int,
    tell: Callable[[float], None],
) -> list[GroupStatistics]:
    """Encode every clip at every rung, and add up what is collected, by rung."""
    sums = [GroupStatistics() for _ in model.rungs]

    def collect(clip: Clip, rung: int) -> GroupStatistics:
        parameters = GroupParameters(len(clip), int(model.rungs[rung]), distance=DEFAULT_DISTANCE)
        step, _ = parameters.steps(Place(0, 0, 0, True))
        collector = GroupCollector(model.intra, step, filters)
        encode_frames(clip, model, parameters, effort=effort, threads=1, observer=collector)
        return collector.statistics

    collect_by_rung(clips, len(sums), collect, lambda rung, found: sums[rung].add(found), threads, tell)
    return sums
