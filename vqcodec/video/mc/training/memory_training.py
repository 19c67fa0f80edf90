"""Choosing what a memory holds: the items that save most over the clips, for their bytes.

Candidates are coded at a middle quality. For each of several qualities, a greedy choice by an estimate gives the items.
They are coded at that quality, and then first frames of the clips are coded with them, each without the items that were
made from its own clip. Items that do not pay are dropped. The quality at which the memory saves most for its bytes is
kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.codebook.memory import Memory
from vqcodec.threads import map_shards
from vqcodec.video.engines import Settings, step_at
from vqcodec.video.mc.encoder import FrameCoder, encode_frames
from vqcodec.video.mc.engine import COARSEST, FINEST
from vqcodec.video.mc.memory import MemoryFrames, item_bytes
from vqcodec.video.mc.memory_choice import Choice, block_bits, blocks_of, choose_items
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.training.memory_candidates import Candidate, FirstFrame, Gathered
from vqcodec.vq.facility_location import Savings, choose

QUALITIES = (65.0, 78.0, 90.0)  # of items, on the scale of `--quality`

_MIDDLE = 78.0  # at which all candidates are coded
_SAMPLE = 4  # candidates that tell how bytes depend on quality

_TRIALS = 24  # first frames that are coded, at most
_TRIAL_QUALITIES = (35.0, 60.0)  # in turn
_CELL = 4  # blocks on a side of the parts of a frame that items may save alone
_UNIT = 16  # savings and costs are counted in 1/_UNIT bits
_ITEM_EFFORT = 9


@dataclass(frozen=True)
class Remembered:
    """A memory, and what it saves.

    Attributes:
        memory: the items, those used most often first.
        quality: at which they were coded.
        origins: the candidates that they are.
        tried: first frames that were coded with it, and the choice made for each.
        report: on each item, as docs/json.md has it, with the number of a clip for its file.
    """

    memory: Memory
    quality: float
    origins: tuple[Candidate, ...]
    tried: tuple[tuple[FirstFrame, Choice], ...]
    report: list[dict[str, Any]]


class _Trial(NamedTuple):
    """What a set of items saves the trial frames: the choice for each, and the sum for each item, in bits."""

    choices: list[Choice]
    saved: npt.NDArray[np.float64]


class MemoryTrainer:
    """Chooses the items of a memory.

    Args:
        gathered: what the corpus offers.
        model: codes items and clips.
        files: number of files that the codebook is for.
        budget: most bytes of the items; None for as many as pay.
        effort: of trials. threads: None for all CPUs; the result does not depend on it.
        tell: called with the part that is done.
    """

    def __init__(
        self,
        gathered: Gathered,
        model: VideoModel,
        *,
        files: int,
        budget: int | None,
        effort: int,
        threads: int | None = None,
        tell: Callable[[float], None] = lambda _part: None,
    ) -> None:
        self._candidates = gathered.candidates
        self._model = model
        self._files = files
        self._budget = budget
        self._effort = effort
        self._threads = threads
        self._tell = tell
        self._clients = gathered.first_frames
        self._trials = self._clients[:: -(-len(self._clients) // _TRIALS)]
        self._alone = gathered.alone

    def train(self) -> Remembered | None:
        """Return the memory that saves most for its bytes; None if no item pays."""
        best: tuple[float, float, list[int]] = (0.0, _MIDDLE, [])
        everything = self._coded(range(len(self._candidates)), _MIDDLE, self._effort)
        savings = self._estimate(MemoryFrames(Memory(everything), self._model))
        sizes = np.array([len(item) for item in everything])
        self._tell(0.4)
        for number, quality in enumerate(QUALITIES):
            sample = range(0, len(sizes), -(-len(sizes) // _SAMPLE))
            growth = sum(map(len, self._coded(sample, quality, self._effort))) / sizes[sample].sum()
            chosen, value = self._choose(savings, np.rint(sizes * growth).astype(np.int64), quality)
            if value > best[0]:
                best = value, quality, chosen
            self._tell(0.4 + 0.5 * (number + 1) / len(QUALITIES))
        _, quality, chosen = best
        if not chosen:
            return None
        items = self._coded(chosen, quality, _ITEM_EFFORT)
        trial = self._try(chosen, items)
        uses = [sum(number in choice.items for choice in trial.choices) for number in range(len(chosen))]
        order = sorted(range(len(chosen)), key=lambda number: (-uses[number], number))
        chosen, items = [chosen[number] for number in order], [items[number] for number in order]
        trial = self._try(chosen, items)
        self._tell(1.0)
        origins = tuple(self._candidates[number] for number in chosen)
        tried = tuple(zip(self._trials, trial.choices))
        return Remembered(Memory(items), quality, origins, tried, self._report(origins, items, trial.choices))

    def may_serve(self, candidate: Candidate, clip: int, time: int) -> bool:
        """Return whether what a candidate saves frame `time` of a clip tells what it will save other clips."""
        return candidate.may_serve(clip, time, self._alone[clip])

    def _coded(self, numbers: Sequence[int], quality: float, effort: int) -> list[bytes]:
        """Return candidates as items."""
        step, scale = step_at(quality, COARSEST, FINEST)

        def code(number: int) -> bytes:
            frame = self._candidates[number].frame
            with FrameCoder(self._model, effort, scale, 1) as coder:
                packet, _, _ = encode_frames([frame], coder, GroupParameters(1, step))
            return item_bytes(packet, frame.luma.shape[1], frame.luma.shape[0])

        return map_shards(code, numbers, self._threads)

    def _choose(self, savings: Savings, sizes: npt.NDArray[np.int64], quality: float) -> tuple[list[int], float]:
        """Return the numbers of the candidates chosen at a quality, and what they are worth in bits.

        Args:
            savings: by the estimate.
            sizes: int64 (candidates,), about how many bytes each takes as an item.
        """
        budget = None if self._budget is None else 8 * _UNIT * self._budget
        worth = self._files / len(self._clients)
        chosen = choose(savings, np.maximum(8 * _UNIT * sizes, 1), worth=worth, budget=budget)
        items = self._coded(chosen, quality, self._effort)
        while self._budget is not None and sum(map(len, items)) > self._budget:
            del chosen[-1], items[-1]
        while chosen:
            saved = self._try(chosen, items).saved * self._files / len(self._trials)
            costs = np.array([8.0 * len(item) if self._budget is None else 0.0 for item in items])
            if (saved > costs).all():
                return chosen, float((saved - costs).sum())
            kept = [place for place in range(len(items)) if saved[place] > costs[place]]
            chosen, items = [chosen[place] for place in kept], [items[place] for place in kept]
        return [], 0.0

    def _estimate(self, memory: MemoryFrames) -> Savings:
        """Return about what each candidate saves each part of the clients, in 1/_UNIT bits."""
        candidates, parts, saved = [], [], []
        begin = 0
        for clip, time, frame in self._clients:
            step = _step_of(_TRIAL_QUALITIES[0])
            target = blocks_of(frame.luma)
            alone = block_bits(target.var(axis=(1, 3)), step)
            usable = set(memory.numbers_of_size(*frame.luma.shape))
            for number, candidate in enumerate(self._candidates):
                if number not in usable or not self.may_serve(candidate, clip, time):
                    continue
                (item,) = memory.frames([number], *frame.luma.shape)
                given = block_bits(((target - blocks_of(item.luma)) ** 2).mean(axis=(1, 3)), step)
                cells = _cell_sums(np.maximum(alone - given, 0))
                useful = np.flatnonzero(cells > 0)
                candidates.append(np.full(len(useful), number))
                parts.append(begin + useful)
                saved.append(np.rint(_UNIT * cells[useful]).astype(np.int64))
            begin += _cell_sums(alone).size
        shape = len(self._candidates), begin
        if not candidates:
            return Savings.of([], [], [], shape)
        return Savings.of(np.concatenate(candidates), np.concatenate(parts), np.concatenate(saved), shape)

    def _try(self, chosen: Sequence[int], items: list[bytes]) -> _Trial:
        """Code the trial frames with the items, which are these candidates."""
        memory = MemoryFrames(Memory(items), self._model)

        def code(trial: int) -> Choice:
            clip, time, frame = self._trials[trial]
            allowed = [
                place for place, number in enumerate(chosen) if self.may_serve(self._candidates[number], clip, time)
            ]
            quality = _TRIAL_QUALITIES[trial % len(_TRIAL_QUALITIES)]
            step, scale = step_at(quality, COARSEST, FINEST)
            settings = Settings(quality, self._effort, 1)
            return choose_items(frame, memory, GroupParameters(1, step), scale, settings, allowed=allowed)

        choices = map_shards(code, range(len(self._trials)), self._threads)
        saved = np.zeros(len(items))
        for choice in choices:
            for number in choice.items:
                saved[number] += choice.saved_bits / len(choice.items)
        return _Trial(choices, saved)

    def _report(
        self, origins: Sequence[Candidate], items: Sequence[bytes], choices: Sequence[Choice]
    ) -> list[dict[str, Any]]:
        """Return what is to be said of each item."""
        told = []
        for number, (origin, item) in enumerate(zip(origins, items)):
            using = [choice for choice in choices if number in choice.items]
            saved = sum(choice.saved_bits / len(choice.items) for choice in using) / 8 / len(choices)
            told.append(
                {
                    "picture": min(origin.clips),
                    "kind": origin.kind,
                    "clips": len(origin.clips),
                    "frames": [origin.first, origin.last],
                    "bytes": len(item),
                    "saves_bytes": round(saved * self._files),
                    "used_by": len(using),
                }
            )
        return told


def _step_of(quality: float) -> float:
    """Return the step of a first frame at a quality, in samples."""
    step, _ = step_at(quality, COARSEST, FINEST)
    return float(STEP_SIZES[GroupParameters(1, step).first_step])


def _cell_sums(blocks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the sums over cells of _CELL x _CELL blocks, in one row."""
    rows, columns = (np.arange(0, side, _CELL) for side in blocks.shape)
    sums: npt.NDArray[np.float32] = np.add.reduceat(np.add.reduceat(blocks, rows, axis=0), columns, axis=1).ravel()
    return sums
