"""The descriptor of engine `video/st3d`."""

from __future__ import annotations

from vqcodec.media.engine import Engine, Warming
from vqcodec.media.options import ChoiceOption, FlagOption
from vqcodec.media.training_options import EFFORT, FRAMES_PER_CLIP, ROUNDS, parent

ST3D = Engine(
    name="video/st3d",
    summary="video: vector quantization in space and time",
    coder_reference="vqcodec.video.st3d.engine",
    trainer_reference="vqcodec.video.st3d.train:train",
    number=6,
    section=19,
    codebook="video-st3d",
    encode_options=(
        ChoiceOption(
            "depth",
            "Frames that share a transform along time; 1 codes each frame alone, auto takes up to 4, by block.",
            default="auto",
            choices=(1, 2, 4, "auto"),
        ),
        FlagOption("motion", "Whether blocks follow motion; not with depth 1.", default=True),
        FlagOption("replenish", "Whether blocks may stay as they were before; not with depth 1.", default=True),
    ),
    training_options=(FRAMES_PER_CLIP, ROUNDS, EFFORT, parent("video-st3d")),
    warming=Warming(efforts=(9,), order=4),
)
