"""How the codebooks of the textbook coders are trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes:
        name: of the codebook.
        seed: of the random choices.
        most_seconds: of each recording, so that none outweighs the others.
        rounds: of encoding the corpus and refitting.
        threads: None for all; the result does not depend on them.
    """

    name: str = "speech"
    seed: int = 0
    most_seconds: float = 15.0
    rounds: int = 8
    threads: int | None = None
