"""The descriptors of engines `speech/celp-nb` and `speech/celp-wb`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vqcodec.media.engine import SpeechEngine, TrainingCost, TrainingWork, Warming
from vqcodec.media.options import NumberOption
from vqcodec.media.training_options import ROUNDS, SECONDS, SEED, parent

_TABLE_SETS = 7  # in narrowband; one less in wideband


def training_work(options: Mapping[str, Any], has_parent: bool) -> TrainingWork:
    """Return how long a training takes: LSF codebooks and table sets in rounds, and equalizers once."""
    rounds = lsf_rounds = options["rounds"]
    if not has_parent:
        lsf_rounds = options["lsf_rounds"]
        rounds += (options["first_rounds"] - rounds) / _TABLE_SETS
    return TrainingWork(passes=1.5 + 4.5 * rounds + 1.1 * lsf_rounds, once_s=0.5)


CELP_NB = SpeechEngine(
    name="speech/celp-nb",
    summary="speech at 8 kHz: CELP with rate-distortion search",
    coder_reference="vqcodec.speech.celp.engine",
    trainer_reference="vqcodec.speech.training.train:train",
    number=3,
    section=14,
    codebook="speech-nb",
    training_options=(
        SEED,
        SECONDS,
        NumberOption(
            "lsf_rounds",
            "Rounds of the LSF codebooks, where training starts from scratch.",
            8,
            low=1,
            high=20,
            whole=True,
        ),
        NumberOption(
            "first_rounds",
            "Rounds of the first table set, where training starts from scratch.",
            6,
            low=1,
            high=20,
            whole=True,
        ),
        ROUNDS,
        NumberOption("survivors", "Paths that the searches in training keep.", 2, low=1, high=16, whole=True),
        parent("speech-nb"),
    ),
    training_cost=TrainingCost(training_work, saving=(0.03, 0.05)),
    warming=Warming(order=5),
    sample_rate=8000,
    band="nb",
    live_reference="vqcodec.speech.live.celp:LiveCelp",
)

CELP_WB = replace(
    CELP_NB,
    name="speech/celp-wb",
    summary="speech at 16 kHz: CELP with rate-distortion search",
    number=4,
    codebook="speech-wb",
    training_options=tuple(
        parent("speech-wb") if option.name == "parent" else option for option in CELP_NB.training_options
    ),
    sample_rate=16000,
    band="wb",
)
