"""What training a video codebook is for every engine: encode the clips with the present tables, collect, refit, again.

Work is cut into (clip, rung) pairs, and all statistics are sums of integers. So the codebook does not depend on what
carries the pairs, nor on interruptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy.typing as npt

from vqcodec.blocks.training.outcome import COST_UNIT, CodedSums, lagrangian
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


def check_clips(task: Training[list[Frame]]) -> None:
    """Refuse a corpus without motion.

    Raises:
        UsageError: there is nothing to learn motion from.
    """
    if not any(frames > 1 for frames, *_ in task.corpus.sizes):
        raise UsageError("no clip of two frames or more to train on")


def train_rounds(
    base: ModelType,
    rounds: int,
    refit: Callable[[ModelType, int, Callable[[float], None]], ModelType],
    read: Callable[[Mapping[str, npt.NDArray[Any]]], ModelType],
    *,
    checkpoint: Checkpoint,
    progress: Progress,
) -> ModelType:
    """The model after so many rounds of training.

    Args:
        base: the model to start from.
        refit: makes the next model of the present one; also told the number of the round, from 1 on, and a function to
            call with the part of the round that is done.
        read: makes a model of its arrays.
        checkpoint: keeps the model after each round; training goes on from there.
    """
    done, model = checkpoint.last_round(rounds, read)
    model = model or base
    for number in range(done, rounds):

        def tell(part: float, label: str = f"round {number + 1} of {rounds}", before: int = number) -> None:
            progress(label, (before + part) / rounds)

        model = refit(model, number + 1, tell)
        checkpoint.keep_round(number + 1, model.to_arrays())
    return model


def collect_by_rung(
    task: Training[list[Frame]],
    rungs: int,
    collect: Callable[..., Found],
    common: tuple[Any, ...],
    add: Callable[[int, Found], None],
    tell: Callable[[float], None],
) -> None:
    """Collect from every clip at every rung, several at a time, and add up what is found.

    Args:
        collect: called with (a shard of one clip, number of the rung) and `common`, as `Carrier.map` does.
        add: called with rung and result, in order.
        tell: told the part that is done, 0 to 1.
    """
    parts = [(shard, rung) for shard in task.corpus.shards(1) for rung in range(rungs)]
    for number, found in enumerate(task.carrier.map(collect, parts, *common)):
        add(parts[number][1], found)
        tell((number + 1) / len(parts))


def add_group(sums: CodedSums, clip: Clip, packet: bytes, shown: Clip) -> None:
    """Add a group to the sums over what was coded: its frames, its packet, and its frames as they are decoded."""
    sums.bits += 8 * len(packet)
    for original, decoded in zip(clip, shown, strict=True):
        for planes in zip(original, decoded, strict=True):
            sums.add_planes(*planes)


def tell_cost(task: Training[list[Frame]], number: int, sums: Sequence[CodedSums], steps: Sequence[int]) -> None:
    """Tell what the corpus cost in round `number`.

    Args:
        sums: over what was coded, by rung.
        steps: step index of each rung.
    """
    task.findings.step("rounds", COST_UNIT, number, lagrangian(sums, steps))


def story_of(method: str, task: Training[list[Frame]]) -> dict[str, Any]:
    """Return what the provenance of a codebook says of its training.

    Args:
        method: how codebooks of the engine name the module that they were trained with.
    """
    parent = {} if task.parent is None else {"parent": task.parent.identity}
    return {
        **parent,
        "method": f"encode, collect, refit ({method})",
        "clips": len(task.corpus),
        "frames": sum(frames for frames, *_ in task.corpus.sizes),
        "rounds": task.options["rounds"],
        "effort": task.options["effort"],
        "corpus": {"clips": len(task.corpus), "fingerprint": task.corpus.fingerprint()},
    }
