"""The training options of the textbook coders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vqcodec.media.engine import SpeechEngine
from vqcodec.media.training_options import ROUNDS, SECONDS, SEED

if TYPE_CHECKING:
    from vqcodec.media.training import Training

TEXTBOOK_OPTIONS = (SEED, SECONDS, replace(ROUNDS, default=8, low=0))


@dataclass(frozen=True)
class TextbookTraining:
    """The values of TEXTBOOK_OPTIONS."""

    seed: int
    seconds: float
    rounds: int


def story_of(task: Training[Any], signals: Sequence[Any]) -> dict[str, Any]:
    """Return what the provenance of a codebook says of its training on these recordings, (n,) each."""
    assert isinstance(task.engine, SpeechEngine)
    options = TextbookTraining(**task.options)
    return {
        "corpus": {"recordings": len(signals), "fingerprint": task.corpus.fingerprint()},
        "seconds": round(sum(map(len, signals)) / task.engine.sample_rate, 1),
        "options": {"seed": options.seed, "most_seconds": options.seconds, "rounds": options.rounds},
    }
