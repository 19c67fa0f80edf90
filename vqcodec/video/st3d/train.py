"""Training a codebook of the spatio-temporal coder on clips: encode in every way, collect, refit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from vqcodec.blocks.fitting import fit_model
from vqcodec.blocks.initial import initial_model
from vqcodec.blocks.model import PLANE_TYPES, Model, no_transforms
from vqcodec.blocks.statistics import PlaneStatistics, new_statistics
from vqcodec.blocks.training import resume_rounds, save_round
from vqcodec.errors import UsageError
from vqcodec.jit import default_threads
from vqcodec.video.frames import Frame
from vqcodec.video.st3d.effort import settings_of
from vqcodec.video.st3d.encoder import GroupEncoder
from vqcodec.video.st3d.engine import ENGINE, Wishes, model_of
from vqcodec.vq.codebook import Codebook

RUNGS = (16, 24, 30, 36, 42, 48)  # steps 4 to 64
DEFAULT_ROUNDS = 3
TRAINING_EFFORT = 5
# Every way that groups are coded has contexts of its own somewhere
_WAYS = (
    Wishes(1),
    Wishes(2, motion=False),
    Wishes(2),
    Wishes(4, motion=False),
    Wishes("auto", motion=False),
    Wishes("auto"),
)

Clip = Sequence[Frame]
Progress = Callable[[str, float], None]


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
    if not any(len(clip) > 1 for clip in clips):
        raise UsageError("no clip of two frames or more to train on")
    steps = np.array(RUNGS, dtype=np.uint8)
    base = model_of(parent) if parent else initial_model(steps)
    done, model = resume_rounds(checkpoint, rounds, Model.from_arrays)
    model = model or base
    for number in range(done, rounds):

        def tell(part: float, label: str = f"round {number + 1} of {rounds}", before: int = number) -> None:
            if progress is not None:
                progress(label, (before + part) / rounds)

        statistics = _collect_round(clips, model, effort, threads or default_threads(), tell)
        model = fit_model(statistics, base, steps, no_transforms(), None)
        save_round(checkpoint, number + 1, model.to_arrays())
    story = {
        "method": "encode, collect, refit (vqcodec.video.st3d.train)",
        "clips": len(clips),
        "frames": sum(map(len, clips)),
        "rounds": rounds,
        "effort": effort,
    }
    return Codebook(ENGINE, name, model.to_arrays(), {**story, **(provenance or {})})


def _collect_round(
    clips: Sequence[Clip], model: Model, effort: int, threads: int, tell: Callable[[float], None]
) -> list[list[PlaneStatistics]]:
    """Encode every clip in every way at every rung, and add up what is collected, by plane type and rung."""
    sums = [[new_statistics() for _ in RUNGS] for _ in PLANE_TYPES]
    tasks = [(clip, rung) for clip in clips for rung in range(len(RUNGS))]

    def run(task: tuple[Clip, int]) -> list[PlaneStatistics]:
        clip, rung = task
        found = [new_statistics() for _ in PLANE_TYPES]
        for wishes in _WAYS:
            parameters = wishes.parameters(len(clip), RUNGS[rung])
            settings = settings_of(effort, 1.0, parameters.motion, parameters.adaptive, parameters.replenish)
            GroupEncoder(model, parameters, settings, 1, found).encode(clip)
        return found

    with ThreadPoolExecutor(threads) as pool:
        # In batches, so that what is collected does not pile up
        for start in range(0, len(tasks), 2 * threads):
            batch = tasks[start : start + 2 * threads]
            for (_, rung), found in zip(batch, pool.map(run, batch)):
                for kind in range(len(PLANE_TYPES)):
                    sums[kind][rung].add(found[kind])
            tell((start + len(batch)) / len(tasks))
    return sums
