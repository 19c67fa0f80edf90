"""The descriptor of engine `video/mc`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vqcodec.media.engine import Engine, TrainingCost, TrainingWork, Warming
from vqcodec.media.options import ChoiceOption
from vqcodec.media.training_options import EFFORT, FOR, FRAMES_PER_CLIP, MEMORY_BYTES, ROUNDS, parent

_ROUNDS = replace(ROUNDS, low=0, help=f"{ROUNDS.help} 0: keep the tables of the parent.")


def training_work(options: Mapping[str, Any], _has_parent: bool) -> TrainingWork:
    """Return how long a training takes: five rungs a round, whose encodings keep more than usual ones."""
    rounds = options["rounds"]
    return TrainingWork(passes=7.0 * rounds, once_s=1.6 * rounds)


MC = Engine(
    name="video/mc",
    summary="video: motion compensation with hierarchical B frames",
    coder_reference="vqcodec.video.mc.engine",
    trainer_reference="vqcodec.video.mc.training.train:train",
    number=5,
    section=18,
    codebook="video",
    encode_options=(
        ChoiceOption("distance", "Frames from a key frame to the next.", default=8, choices=(1, 2, 4, 8, 16)),
    ),
    training_options=(FRAMES_PER_CLIP, _ROUNDS, EFFORT, parent("video"), MEMORY_BYTES, FOR),
    training_cost=TrainingCost(training_work, saving=(0.008, 0.009)),
    warming=Warming(efforts=(9,), order=1, further="vqcodec.video.mc.training.warming:take_rarer_ways"),
)
