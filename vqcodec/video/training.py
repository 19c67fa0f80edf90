"""What training a video codebook is for every engine: encode the clips with the present tables, collect, refit, again.

Work is cut into (clip, rung) pairs that do not depend on the number of threads, and all statistics are sums of
integers, so the codebook is the same on any number of threads, and after an interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy.typing as npt

from vqcodec.errors import UsageError
from vqcodec.media.checkpoint import Checkpoint
from vqcodec.media.training import Progress, Training
from vqcodec.video.io.frames import Frame

Clip = Sequence[Frame]

Found = TypeVar("Found")


class Trained(Protocol):
    """A model that is trained in rounds."""

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The model as named integer arrays, for a codebook."""


ModelType = TypeVar("ModelType", bound=Trained)


@dataclass(frozen=True)
class VideoTraining:
    """The values of the training options that the descriptors of video engines declare.

    Attributes:
        frames_per_clip: at most; the corpus has cut the clips.
        rounds: of encoding, collecting and refitting.
        effort: of the encoder, 0 to 9.
    """

    frames_per_clip: int
    rounds: int
    effort: int


def clips_of(task: Training[list[Frame]]) -> list[Clip]:
    """Return the clips of the corpus, all in memory.

    Raises:
        UsageError: there is nothing to learn motion from.
    """
    clips: list[Clip] = list(task.corpus)
    if not any(len(clip) > 1 for clip in clips):
        raise UsageError("no clip of two frames or more to train on")
    return clips


def train_rounds(
    base: ModelType,
    rounds: int,
    refit: Callable[[ModelType, bool, Callable[[float], None]], ModelType],
    read: Callable[[Mapping[str, npt.NDArray[Any]]], ModelType],
    *,
    checkpoint: Checkpoint,
    progress: Progress,
) -> ModelType:
    """The model after so many rounds of training.

    Args:
        base: the model to start from.
        refit: makes the next model of the present one; also told whether the round is the last, and a function to call
            with the part of the round that is done.
        read: makes a model of its arrays.
        checkpoint: keeps the model after each round; training goes on from there.
    """
    done, model = checkpoint.last_round(rounds, read)
    model = model or base
    for number in range(done, rounds):

        def tell(part: float, label: str = f"round {number + 1} of {rounds}", before: int = number) -> None:
            progress(label, (before + part) / rounds)

        model = refit(model, number == rounds - 1, tell)
        checkpoint.keep_round(number + 1, model.to_arrays())
    return model


def collect_by_rung(
    clips: Sequence[Clip],
    rungs: int,
    collect: Callable[[Clip, int], Found],
    add: Callable[[int, Found], None],
    threads: int,
    tell: Callable[[float], None],
) -> None:
    """Call `collect` with every clip at every rung, several at a time, and `add` with rung and result, in order."""
    tasks = [(clip, rung) for clip in clips for rung in range(rungs)]
    with ThreadPoolExecutor(threads) as pool:
        # In batches, so that what is collected does not pile up
        for start in range(0, len(tasks), 4 * threads):
            batch = tasks[start : start + 4 * threads]
            for (_, rung), found in zip(batch, pool.map(lambda task: collect(*task), batch)):
                add(rung, found)
            tell((start + len(batch)) / len(tasks))


def story_of(method: str, task: Training[list[Frame]], clips: Sequence[Clip]) -> dict[str, Any]:
    """Return what the provenance of a codebook says of its training.

    Args:
        method: how codebooks of the engine name the module that they were trained with.
    """
    options = VideoTraining(**task.options)
    return {
        "method": f"encode, collect, refit ({method})",
        "clips": len(clips),
        "frames": sum(map(len, clips)),
        "rounds": options.rounds,
        "effort": options.effort,
        "corpus": {"clips": len(clips), "fingerprint": task.corpus.fingerprint()},
    }
