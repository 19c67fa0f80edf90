"""Rounds of choosing a memory: estimate, code with what was chosen, and learn from that what the estimate is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.training.memory_training import train_memory
from vqcodec.blocks.training.train import Remembered
from vqcodec.carriers.carrier import Carrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.image.transform import engine
from vqcodec.image.transform.alpha_training import with_beside
from vqcodec.image.transform.header import parse
from vqcodec.image.transform.memory.items import decode_item
from vqcodec.image.transform.memory_training import choosing, kept
from vqcodec.image.transform.memory_training.candidates import (
    UNIT,
    Advance,
    Candidates,
    Pictures,
    Samples,
    best_items,
    find_candidates,
)
from vqcodec.image.transform.memory_training.choosing import QUALITY, STEP, Base, FirstLook, Limits
from vqcodec.image.transform.memory_training.kept import Measured, kept_or_made
from vqcodec.image.transform.planes import planes_of
from vqcodec.media.checkpoint import Checkpoint
from vqcodec.media.corpora.held_out import held_out_record
from vqcodec.vq.facility_location import losses, saved_by

ROUNDS = 2
TABLE_PIXELS = 600_000  # the tables are fitted to pictures, taken evenly, of so many pixels
HELD_OUT = 4  # every so many pictures that are coded one is left out, to measure on
_POOL = 2  # times as many files or bytes as are wanted: what is chosen for these is looked at once more

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    """What a memory holds, and what it brings.

    Attributes:
        base: with tables for pictures that are predicted from memory.
        memory: the items, those used most first.
        report: for programs, as docs/json.md describes `memory`.
    """

    base: Base
    memory: Memory
    report: dict[str, Any]


@dataclass(frozen=True)
class Work:
    """How the work is done.

    Attributes:
        parameters: of training.
        carrier: brings pictures to where they are worked on.
        threads: for what is not done by picture; None for all CPUs.
        checkpoint: keeps what is finished.
        advance: told of the part that is done.
    """

    parameters: CodingParameters
    carrier: Carrier
    threads: int | None
    checkpoint: Checkpoint
    advance: Advance


class Chooser:
    """Chooses a memory for pictures, in rounds.

    Args:
        pictures: the corpus; at most TILE_MAX samples a side each.
        base: what the codebook holds beside the memory.
        seen: what the pictures take with it.
        limits: of the memory.
        work: how it is done.
    """

    def __init__(self, pictures: Pictures, base: Base, seen: FirstLook, limits: Limits, work: Work) -> None:
        self._pictures = pictures
        self._base = base
        self._seen = seen
        self._limits = limits
        self._work = work

    def run(self) -> Chosen | None:
        """Choose; None if no item pays."""
        candidates = kept_or_made(
            self._work.checkpoint,
            "memory-candidates",
            self._candidates,
            kept.candidates_to_arrays,
            kept.candidates_from_arrays,
        )
        chosen = self._choose(candidates, None)
        model, factors = self._base.model, np.ones(len(self._pictures.sizes))
        measured = Measured(self._seen.worth, [])
        for number in range(ROUNDS):
            if not chosen:
                return None
            begin = 0.3 + 0.3 * number
            pixels = TABLE_PIXELS if number + 1 == ROUNDS else TABLE_PIXELS // 4
            model, items = self._with_tables(number, model, chosen, candidates, pixels), chosen
            measured = self._coded(f"memory-coded-{number}", model, items, self._seen.sample.tolist(), begin + 0.15)
            factors = self._factors(candidates, items, self._seen.worth - measured.costs)
            chosen = self._choose(candidates, factors)
        coded_with = set(items)
        chosen = [item for item in chosen if item in coded_with]
        if not chosen or not self._pays(model, chosen, measured):
            return None
        return self._finished(model, candidates, factors, chosen, measured)

    def _pays(self, model: Model, chosen: Sequence[int], measured: Measured) -> bool:
        """Return whether a memory saves more than it takes with its tables; always, if the user said how many bytes."""
        if self._limits.memory_bytes is not None:
            return True
        before = Codebook(engine.ENGINE, "unfinished", self._base.model.to_arrays(), {})
        tables = len(Codebook(engine.ENGINE, "unfinished", model.to_arrays(), {}).to_bytes(before))
        saved = self._limits.files * float((self._seen.worth - measured.costs).mean()) / 8
        return saved > tables + sum(len(self._seen.items[item]) for item in chosen)

    def _finished(
        self, model: Model, candidates: Candidates, factors: FloatArray, chosen: list[int], measured: Measured
    ) -> Chosen:
        """Return the result: the items in the order of their use, and the report."""
        count = len(self._pictures.sizes)
        uses = np.bincount([item for items in measured.used for item in items], minlength=count)
        chosen = sorted(chosen, key=lambda item: (-uses[item], item))
        savings = candidates.entries.savings(count, candidates.part_count, factors)
        saved = self._limits.files / count * losses(savings, chosen) / (8 * UNIT)
        report = {
            "quality": QUALITY,
            "files": self._limits.files,
            "bytes": sum(len(self._seen.items[item]) for item in chosen),
            "items": [
                {
                    "picture": item,
                    "bytes": len(self._seen.items[item]),
                    "saves_bytes": round(float(part)),
                    "used_by": int(uses[item]),
                }
                for item, part in zip(chosen, saved)
            ],
            "bytes_a_file": round(float(self._seen.worth.mean()) / 8, 1),
            "held_out": self._held_out(model, candidates, factors),
        }
        return Chosen(
            self._with_beside(model, candidates, chosen), Memory([self._seen.items[item] for item in chosen]), report
        )

    def _with_beside(self, model: Model, candidates: Candidates, chosen: Sequence[int]) -> Base:
        """Return what the codebook holds, with chances for alpha beside that of an item if they pay."""
        chances, handles, sizes = self._base.chances, self._pictures.handles, self._pictures.sizes
        pairs = [
            (handles[number], handles[items[0]])
            for number, items in enumerate(best_items(candidates, chosen))
            if items and all(sizes[place][2] in (2, 4) for place in (number, items[0]))
        ]
        if chances is not None and pairs:
            chances = with_beside(chances, pairs, self._work.carrier, self._limits.files / len(sizes))
        return Base(model, chances)

    def _candidates(self) -> Candidates:
        """Find what candidates save. For a small memory the nearest of those that are likely items are found again."""
        work = self._work
        kept_items = work.carrier.keep(choosing.decoded_item, self._seen.items, self._base)
        items = [handle for _, handle in kept_items]

        def find(pool: npt.NDArray[np.int64] | None, begin: float) -> Candidates:
            return find_candidates(
                self._pictures,
                items,
                self._seen.alone,
                STEP,
                work.carrier,
                threads=work.threads,
                advance=lambda part: work.advance(begin + 0.15 * part),
                pool=pool,
            )

        found = find(None, 0.0)
        limits = self._limits
        wider = replace(
            limits,
            files=_POOL * limits.files,
            memory_bytes=None if limits.memory_bytes is None else _POOL * limits.memory_bytes,
        )
        likely = choosing.choose_items(found, self._seen.costs, wider)
        return find(np.sort(np.array(likely, np.int64)), 0.15) if likely else found

    def _choose(self, candidates: Candidates, factors: FloatArray | None) -> list[int]:
        return choosing.choose_items(candidates, self._seen.costs, self._limits, factors)

    def _with_tables(
        self, number: int, model: Model, chosen: Sequence[int], candidates: Candidates, most_pixels: int
    ) -> Model:
        """Return the model with tables fitted, in a round, to pictures that are predicted from what was chosen."""
        references = best_items(candidates, chosen)
        numbers = [place for place, items in enumerate(references) if items]
        pixels = sum(math.prod(self._pictures.sizes[place][:2]) for place in numbers)
        numbers = numbers[:: max(1, pixels // most_pixels)]
        work = self._work

        def make() -> Model:
            parts = [
                (self._pictures.handles[place], tuple(self._seen.items[item] for item in references[place]))
                for place in numbers
            ]
            shards = list(work.carrier.map(_predicted, parts, self._base, work.parameters.subsampling))
            return train_memory(
                shards,
                carrier=work.carrier,
                model=model,
                parameters=work.parameters,
                rounds=1,
                progress=lambda _label, part: work.advance(0.3 + 0.3 * number + 0.15 * part),
            )

        name = f"memory-tables-{number}"
        return kept_or_made(work.checkpoint, name, make, lambda made: made.to_arrays(), Model.from_arrays)

    def _coded(self, name: str, model: Model, chosen: Sequence[int], numbers: Sequence[int], begin: float) -> Measured:
        """Code pictures with a memory. None is predicted from itself, unless it has copies that would be."""
        memory = Memory([self._seen.items[item] for item in chosen])
        arrays = Base(model, self._base.chances).to_arrays() | memory.to_arrays()
        codebook = Codebook(engine.ENGINE, "unfinished", arrays, {})
        place = {item: index for index, item in enumerate(chosen)}
        shards = [(self._pictures.handles[number], (place[number],) if number in place else ()) for number in numbers]

        def make() -> Measured:
            costs, used = [], []
            for cost, items in self._work.carrier.map(_coded, shards, codebook, self._work.parameters.effort):
                costs.append(cost)
                used.append(tuple(chosen[index] for index in items))
                self._work.advance(begin + 0.15 * len(costs) / len(numbers))
            return Measured(np.array(costs), used)

        return kept_or_made(self._work.checkpoint, name, make, kept.measured_to_arrays, kept.measured_from_arrays)

    def _factors(self, candidates: Candidates, chosen: list[int], saved: FloatArray) -> FloatArray:
        """Return what the estimated savings of each picture have to be multiplied by: a mean if it was not coded.

        Args:
            saved: float64 (sample,), what coding with the chosen items saved in truth.
        """
        savings = candidates.entries.savings(len(self._pictures.sizes), candidates.part_count)
        parts = saved_by(savings, chosen) / UNIT
        sample = self._seen.sample
        estimated = np.add.reduceat(parts, candidates.part_starts[:-1])[sample]
        mean = max(float(saved.sum()) / max(float(estimated.sum()), 1.0), 0.0)
        factors = np.full(len(self._pictures.sizes), mean)
        known = estimated > 0
        factors[sample[known]] = np.clip(saved[known] / estimated[known], 0.0, 2.0 * mean)
        return factors

    def _held_out(self, model: Model, candidates: Candidates, factors: FloatArray) -> dict[str, Any]:
        """Choose without some pictures, and measure what that memory saves these."""
        places = np.arange(HELD_OUT // 2, len(self._seen.sample), HELD_OUT)
        numbers = self._seen.sample[places]
        left_out = np.zeros(len(self._pictures.sizes), np.bool_)
        left_out[numbers] = True
        share, chosen = 0.0, []
        if len(numbers):
            chosen = choosing.choose_items(candidates, self._seen.costs, self._limits, factors, left_out)
        if chosen:
            measured = self._coded("memory-held-out", model, chosen, numbers.tolist(), 0.9)
            before = self._seen.worth[places]
            share = float((before - measured.costs).sum() / before.sum())
        return held_out_record(
            len(numbers),
            share,
            measure="bits, and what the squared error is worth in bits",
            compared_with="the same tables without memory",
        )


def _coded(shard: tuple[Samples, tuple[int, ...]], codebook: Codebook, effort: int) -> tuple[float, tuple[int, ...]]:
    """Code a picture without some items; return what it costs, and the items that it is predicted from."""
    samples, without = shard
    coded = engine.encode(samples, codebook, QUALITY, effort, 1, {"tune": "psnr"}, None, without)
    return choosing.cost_of(samples, coded), parse(coded.header).items


def _predicted(shard: tuple[Samples, tuple[bytes, ...]], base: Base, subsampling: str) -> list[Remembered]:
    """Return the planes of a picture, with those of the items that it is predicted from."""
    samples, items = shard
    colours = samples.shape[2] - (samples.shape[2] + 1) % 2
    if colours == 1:
        subsampling = "grey"
    planes = planes_of(np.ascontiguousarray(samples[:, :, :colours]), subsampling)
    return [
        Remembered(
            planes, [decode_item(item, base.model, chances=base.chances).planes_for(subsampling) for item in items]
        )
    ]
