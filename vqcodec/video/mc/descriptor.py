"""The descriptor of engine `video/mc`."""

from __future__ import annotations

from vqcodec.media.engine import Engine, Warming
from vqcodec.media.options import ChoiceOption
from vqcodec.media.training_options import CHECKPOINT, EFFORT, FRAMES_PER_CLIP, ROUNDS, parent

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
    training_options=(FRAMES_PER_CLIP, ROUNDS, EFFORT, parent("video"), CHECKPOINT),
    warming=Warming(efforts=(9,), order=1),
)
