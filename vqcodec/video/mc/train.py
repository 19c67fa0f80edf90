"""Training of a video codebook: encode the clips with the present tables, collect, refit, again.

Work is cut into (clip, rung) pairs that do not depend on the number of threads, and all statistics are sums of
integers, so the codebook is the same on any number of threads, and after an interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from vqcodec.blocks.model import Model
from vqcodec.blocks.training import resume_rounds, save_round
from vqcodec.errors import CodebookError, UsageError
from vqcodec.jit import default_threads
from vqcodec.video.frames import Frame
from vqcodec.video.mc.encoder import encode_frames
from vqcodec.video.mc.fitting import fit_video_model
from vqcodec.video.mc.model import VideoModel, initial_video_model
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.statistics import GroupCollector, GroupStatistics
from vqcodec.video.mc.structure import DEFAULT_DISTANCE, Place
from vqcodec.vq.codebook import Codebook

ENGINE = "video/mc"
RUNGS = (20, 26, 32, 38, 44)  # steps 5.7 to 45
DEFAULT_ROUNDS = 3
TRAINING_EFFORT = 5
_PICTURE_ENGINE = "image/transform"

Clip = Sequence[Frame]
Progress = Callable[[str, float], None]


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
    if not any(len(clip) > 1 for clip in clips):
        raise UsageError("no clip of two frames or more to train on")
    base = _starting_model(parent)
    done, model = resume_rounds(checkpoint, rounds, VideoModel.from_arrays)
    model = model or base
    for number in range(done, rounds):
        last = number == rounds - 1

        def tell(part: float, label: str = f"round {number + 1} of {rounds}", before: int = number) -> None:
            if progress is not None:
                progress(label, (before + part) / rounds)

        statistics = _collect_round(clips, model, effort, last, threads or default_threads(), tell)
        model = fit_video_model(statistics, base, last)
        save_round(checkpoint, number + 1, model.to_arrays())
    story = {
        "method": "encode, collect, refit (vqcodec.video.mc.train)",
        "clips": len(clips),
        "frames": sum(map(len, clips)),
        "rounds": rounds,
        "effort": effort,
    }
    return Codebook(ENGINE, name, model.to_arrays(), {**story, **(provenance or {})})


def _starting_model(parent: Codebook | None) -> VideoModel:
    if parent is None:
        from vqcodec.vq.library import load_codebook

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
    tasks = [(clip, rung) for clip in clips for rung in range(len(model.rungs))]

    def run(task: tuple[Clip, int]) -> GroupStatistics:
        clip, rung = task
        parameters = GroupParameters(len(clip), int(model.rungs[rung]), distance=DEFAULT_DISTANCE)
        step, _ = parameters.steps(Place(0, 0, 0, True))
        collector = GroupCollector(model.intra, step, filters)
        encode_frames(clip, model, parameters, effort=effort, threads=1, observer=collector)
        return collector.statistics

    with ThreadPoolExecutor(threads) as pool:
        # In batches, so that what is collected does not pile up
        for start in range(0, len(tasks), 4 * threads):
            batch = tasks[start : start + 4 * threads]
            for (_, rung), found in zip(batch, pool.map(run, batch)):
                sums[rung].add(found)
            tell((start + len(batch)) / len(tasks))
    return sums
