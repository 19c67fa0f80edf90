"""The descriptor of engine `image/transform`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vqcodec.media.engine import Engine, TrainingCost, TrainingWork, Warming
from vqcodec.media.options import ChoiceOption, NumberOption
from vqcodec.media.training_options import EFFORT, FOR, MEMORY_BYTES, MEMORY_QUALITY, ROUNDS, SCALES, parent

TUNES = ("visual", "ssim", "psnr")
TRAINING_TUNES = ("ssim", "psnr")


def training_work(options: Mapping[str, Any], _has_parent: bool) -> TrainingWork:
    """Return how long a training takes.

    Tables: eleven rungs a round, fitted whatever the corpus, and the restoration filters in the last one. A memory:
    items of all pictures, what they save, and a sample that is coded with them.
    """
    rounds = options["rounds"]
    remembers = options["memory_bytes"] != 0
    return TrainingWork(
        passes=11.0 * rounds + 3.0 + 3.0 * remembers,
        each_s=0.055 * rounds + 0.06 * remembers,
        once_s=3.0 + 8.0 * rounds,
        reads=rounds + 1 + remembers,
    )


TRANSFORM = Engine(
    name="image/transform",
    summary="pictures: block transform and vector quantization",
    coder_reference="vqcodec.image.transform.engine",
    trainer_reference="vqcodec.image.transform.train:train",
    number=2,
    section=9,
    codebook="photo",
    fitting_reference="vqcodec.image.transform.fitting:fitting_codebook",
    encode_options=(
        ChoiceOption(
            "tune",
            "Optimise for what people see, as SSIMULACRA2 measures it (visual), for SSIM of luma or for squared error.",
            default="visual",
            choices=TUNES,
        ),
        ChoiceOption(
            "chroma",
            "Chroma at full (444) or half (420) size; auto goes by the picture and the quality.",
            default="auto",
            choices=("auto", "444", "420"),
        ),
        NumberOption("alpha_quality", "Quality of transparency; 100 keeps it exactly.", default=100.0, low=0, high=100),
    ),
    training_options=(
        ROUNDS,
        EFFORT,
        ChoiceOption(
            "tune",
            "What to train for; a codebook trained for either serves all tunes.",
            default="psnr",
            choices=TRAINING_TUNES,
        ),
        ChoiceOption(
            "chroma",
            "Chroma at full (444) or half (420) size; a codebook trained for either serves both.",
            default="444",
            choices=("444", "420"),
        ),
        SCALES,
        parent("photo"),
        NumberOption(
            "pixels",
            "Train on about this many pixels, taken evenly from the corpus.",
            default=0,
            default_help="all",
            low=0,
            whole=True,
        ),
        MEMORY_BYTES,
        FOR,
        MEMORY_QUALITY,
    ),
    training_cost=TrainingCost(training_work, saving=(0.02, 0.2)),  # photographs, and what is unlike photographs
    warming=Warming(
        options=({}, {"tune": "psnr", "chroma": "420", "alpha_quality": 50.0}),
        order=2,
        further="vqcodec.image.transform.memory.warming:take_rarer_ways",
    ),
    together_reference="vqcodec.image.transform.together.result:code_together",
)
