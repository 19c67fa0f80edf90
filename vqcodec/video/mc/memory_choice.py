"""Which items of the memory the first frame of a group is predicted from; a choice of the encoder alone.

All items of the frame's size are ranked by an estimate on blocks of 8x8 samples. The best ones are tried: the first
frame is coded on its own and from them, and what costs least in distortion + lambda * bits is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.encoder import LEVEL_LAMBDAS, FrameCoder, encode_frames
from vqcodec.video.mc.layout import ENTRIES, GRID
from vqcodec.video.mc.memory import MemoryFrames
from vqcodec.video.mc.parameters import GroupParameters

_FLOOR = 2.0  # mean squared error below which a block costs nothing, in squared steps / 12

_BITS = np.float32(22.0)  # that a block takes for each doubling of its error, with chroma: as measured


def ranked_items(first: Frame, items: Sequence[Frame], step: float) -> list[int]:
    """Return the places in `items` of the at most ENTRIES frames that explain most of a frame, the best one first.

    Each block costs the bits that its least error takes, or its variance where that is smaller. An item is only named
    if it lowers the sum.

    Args:
        first: the frame to predict.
        items: frames of its size.
        step: quantizer step of the frame, in samples.
    """
    target = blocks_of(first.luma)
    least = block_bits(target.var(axis=(1, 3)), step)
    costs = [block_bits(((target - blocks_of(item.luma)) ** 2).mean(axis=(1, 3)), step) for item in items]
    chosen: list[int] = []
    while costs and len(chosen) < ENTRIES:
        sums = [float(np.minimum(least, cost).sum()) for cost in costs]
        best = int(np.argmin(sums))
        if sums[best] >= float(least.sum()):
            break
        chosen.append(best)
        least = np.minimum(least, costs[best])
    return chosen


class Choice(NamedTuple):
    """The items from which a first frame is predicted, and what that saves.

    Attributes:
        items: their numbers; empty for an intra frame.
        saved_bits: what it saves against an intra frame, distortion included, at what lambda says it is worth.
    """

    items: tuple[int, ...] = ()
    saved_bits: float = 0.0


def choose_items(
    first: Frame,
    memory: MemoryFrames,
    parameters: GroupParameters,
    lambda_scale: float,
    settings: Settings,
    allowed: Sequence[int] | None = None,
) -> Choice:
    """Return the items that a group's first frame is best predicted from.

    Args:
        first: the first frame.
        parameters: of the group; lambda_scale: factor of the rate-distortion lambda.
        allowed: numbers of the items that may be used; None for all.
    """
    shape = first.luma.shape
    usable = [n for n in memory.numbers_of_size(*shape) if allowed is None or n in allowed]
    step = float(STEP_SIZES[parameters.first_step])
    lambda_ = LEVEL_LAMBDAS[0] * lambda_scale * step * step
    ranked = tuple(usable[n] for n in ranked_items(first, memory.frames(usable, *shape), step))
    if not ranked:
        return Choice()

    with FrameCoder(memory.model, settings.effort, lambda_scale, settings.threads) as coder:

        def cost(items: tuple[int, ...]) -> float:
            given = memory.frames(items, *shape)
            packet, _, (shown,) = encode_frames(
                [first], coder, replace(parameters, frames=1, items=items), memory=given
            )
            return 8 * len(packet) + _squared_error(first, shown) / lambda_

        alone = cost(())
        costs = {items: cost(items) for items in (ranked[:1], ranked)[: len(ranked)]}
    best = min(costs, key=lambda items: costs[items])
    return Choice(best, alone - costs[best]) if costs[best] < alone else Choice()


def _squared_error(frame: Frame, shown: Frame) -> int:
    return sum(int(np.sum((a.astype(np.int32) - b) ** 2, dtype=np.int64)) for a, b in zip(frame, shown))


def blocks_of(plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the blocks of GRID x GRID samples of a plane as (rows, GRID, columns, GRID), padded by repetition."""
    height, width = plane.shape
    whole = np.pad(plane, ((0, -height % GRID), (0, -width % GRID)), mode="edge").astype(np.float32)
    return whole.reshape(whole.shape[0] // GRID, GRID, whole.shape[1] // GRID, GRID)


def block_bits(error: npt.NDArray[np.float32], step: float) -> npt.NDArray[np.float32]:
    """Return about how many bits a block takes, by the mean squared error of its prediction."""
    result: npt.NDArray[np.float32] = _BITS * np.log2(1 + error * np.float32(12 / (_FLOOR * step * step)))
    return result
