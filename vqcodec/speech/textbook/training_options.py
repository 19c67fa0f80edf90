"""The training options of the textbook coders."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vqcodec.media.engine import SpeechEngine
from vqcodec.media.training_options import ROUNDS, SECONDS, SEED

if TYPE_CHECKING:
    from vqcodec.media.training import Training

SHARD_SAMPLES = 60 * 8000  # that are worked on together, unless one recording has more

TEXTBOOK_OPTIONS = (SEED, SECONDS, replace(ROUNDS, default=8, low=0))


@dataclass(frozen=True)
class TextbookTraining:
    """The values of TEXTBOOK_OPTIONS."""

    seed: int
    seconds: float
    rounds: int


def tell_error(task: Training[Any], number: int, error: float) -> None:
    """Tell the share `error` of its weighted energy that the corpus loses in round `number`, from 0 on."""
    task.findings.step("rounds", "weighted SNR in dB", number + 1, -10 * math.log10(max(error, 1e-30)))


def story_of(task: Training[Any]) -> dict[str, Any]:
    """Return what the provenance of a codebook says of its training."""
    assert isinstance(task.engine, SpeechEngine)
    options = TextbookTraining(**task.options)
    return {
        "corpus": {"recordings": len(task.corpus), "fingerprint": task.corpus.fingerprint()},
        "seconds": round(sum(samples for samples, *_ in task.corpus.sizes) / task.engine.sample_rate, 1),
        "options": {"seed": options.seed, "most_seconds": options.seconds, "rounds": options.rounds},
    }
