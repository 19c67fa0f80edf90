"""Which pictures of a corpus become items of the memory, by what they are estimated to save."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.steps import LAMBDA_FACTOR, STEP_SIZES
from vqcodec.carriers.carrier import Carrier
from vqcodec.image.alpha.chances import Chances
from vqcodec.image.engines import Encoded
from vqcodec.image.transform import alpha
from vqcodec.image.transform.coding import TransformOptions, encode_picture
from vqcodec.image.transform.memory.items import code_item, decode_item
from vqcodec.image.transform.memory_training.candidates import (
    UNIT,
    Advance,
    Candidates,
    Pictures,
    Samples,
    colour_planes,
    in_samples,
)
from vqcodec.image.transform.planes import samples_of
from vqcodec.image.transform.quality import ladder_position
from vqcodec.vq import facility_location

QUALITY = 50.0  # at which it is measured what pictures take
STEP = float(STEP_SIZES[ladder_position(QUALITY)[0]])
SAMPLE_PIXELS = 1_500_000  # about as many are coded to measure what a memory brings, evenly spread over the corpus
_ENTRY_BITS = 12  # what the size of an item takes in a codebook file
PSNR = TransformOptions(tune="psnr", chroma="auto", alpha_quality=100)

IntArray = npt.NDArray[np.int64]


class Base(NamedTuple):
    """What a codebook holds beside its memory.

    Attributes:
        model: the tables of the block engine.
        chances: for alpha; None for none.
    """

    model: Model
    chances: Chances | None

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a codebook that hold it."""
        return self.model.to_arrays() | (self.chances.to_arrays() if self.chances else {})


class FirstLook(NamedTuple):
    """What the pictures of a corpus take.

    Attributes:
        alone: int64 (pictures,), about the bits of its colours, coded alone at QUALITY.
        items: what the memory would hold of each.
        sample: int64, numbers of the pictures that are coded to measure, ascending.
        worth: float64 (sample,), what these cost, coded alone (`cost_of`).
    """

    alone: IntArray
    items: list[bytes]
    sample: IntArray
    worth: npt.NDArray[np.float64]

    @property
    def costs(self) -> IntArray:
        """What each costs as an item, int64 (pictures,), in 1/UNIT bits."""
        return np.array([(8 * len(item) + _ENTRY_BITS) * UNIT for item in self.items], np.int64)


@dataclass(frozen=True)
class Limits:
    """How large a memory may be.

    Attributes:
        memory_bytes: at most; None: as long as an item saves more than it takes.
        files: number of files that are going to be coded.
    """

    memory_bytes: int | None
    files: int


def look(
    pictures: Pictures, base: Base, item_quality: float, effort: int, carrier: Carrier, advance: Advance
) -> FirstLook:
    """Code each picture as an item, and some alone.

    Args:
        pictures: at most TILE_MAX samples a side.
        base: of the codebook.
        item_quality: 0 to 100.
        effort: 0 to 9.
        carrier: brings pictures to where they are coded.
        advance: see `Advance`.
    """
    pixels = sum(math.prod(size[:2]) for size in pictures.sizes)
    sample = np.arange(0, len(pictures.sizes), max(1, pixels // SAMPLE_PIXELS))
    work = len(pictures.sizes) + len(sample)
    items, item_bits = [], []
    for item, bits in carrier.map(_as_item, pictures.handles, base, item_quality, effort):
        items.append(item)
        item_bits.append(bits)
        advance(len(items) / work)
    alone_bits, worth = [], []
    for bits, cost in carrier.map(_alone, [pictures.handles[number] for number in sample.tolist()], base, effort):
        alone_bits.append(bits)
        worth.append(cost)
        advance((len(items) + len(worth)) / work)
    ratio = sum(alone_bits) / sum(item_bits[number] for number in sample)
    alone = np.rint(np.array(item_bits) * ratio).astype(np.int64)
    alone[sample] = alone_bits
    return FirstLook(alone, items, sample, np.array(worth, np.float64))


def _as_item(samples: Samples, base: Base, quality: float, effort: int) -> tuple[bytes, int]:
    """Return a picture as an item, and about the bits of its colours, at least 8."""
    item = code_item(samples, base.model, quality, effort, 1, base.chances)
    plain = len(item)
    if samples.shape[2] in (2, 4):
        plane = np.ascontiguousarray(samples[:, :, -1])
        plain -= alpha.size_of(alpha.encode(plane, base.model, PSNR.alpha_quality, effort, 1, base.chances))
    return item, max(8 * plain, 8)


def _alone(samples: Samples, base: Base, effort: int) -> tuple[int, float]:
    """Return the bits of a picture's colours, coded alone, and what it then costs."""
    encoded = encode_picture(samples, base.model, QUALITY, effort, PSNR, 1, chances=base.chances)
    bits = sum(count for part, count in encoded.bits_by_part.items() if part != "alpha")
    return bits, cost_of(samples, encoded)


def cost_of(samples: Samples, encoded: Encoded) -> float:
    """Return what a picture, coded at QUALITY, costs: its bits, and those that its squared error is worth."""
    bits = 8.0 * (len(encoded.header) + sum(map(len, encoded.packets)))
    difference = in_samples(colour_planes(samples) - colour_planes(encoded.reconstruction))
    return bits + float(np.square(difference).sum(dtype=np.float64)) / (LAMBDA_FACTOR * STEP * STEP)


def decoded_item(item: bytes, base: Base) -> tuple[None, Samples]:
    """Return the picture that an item decodes to, without alpha, as `Carrier.keep` wants it."""
    planes = decode_item(item, base.model, chances=base.chances).planes
    if len(planes) == 1:
        return None, ((planes[0] + 8) >> 4).astype(np.uint8)[:, :, None]
    return None, samples_of([np.ascontiguousarray(plane) for plane in planes])


def choose_items(
    candidates: Candidates,
    costs: IntArray,
    limits: Limits,
    factors: npt.NDArray[np.float64] | None = None,
    left_out: npt.NDArray[np.bool_] | None = None,
) -> list[int]:
    """Choose the items of the memory greedily; return their numbers in the order of their choice.

    Args:
        candidates: of the corpus.
        costs: as `FirstLook.costs`.
        limits: see `Limits`.
        factors: float64 (pictures,), by which what a picture is estimated to save has to be multiplied.
        left_out: bool (pictures,), those that are no candidates, and whose savings do not count.
    """
    pictures = len(costs)
    weights = np.ones(pictures) if factors is None else factors.copy()
    entries = candidates.entries
    if left_out is not None:
        weights[left_out] = 0.0
        entries = entries.without(left_out)
    savings = entries.savings(pictures, candidates.part_count, weights)
    known = pictures if left_out is None else int(pictures - left_out.sum())
    worth = limits.files / max(known, 1)
    budget = None if limits.memory_bytes is None else 8 * UNIT * limits.memory_bytes
    chosen = facility_location.choose(savings, costs, worth=worth, budget=budget)
    if budget is None:
        chosen = _without_idle(savings, costs, chosen, worth)
    return chosen


def _without_idle(savings: facility_location.Savings, costs: IntArray, chosen: list[int], worth: float) -> list[int]:
    """Return the items without those that pay no more, because others that were chosen later do their work."""
    while chosen:
        lost = facility_location.losses(savings, chosen) * worth - costs[chosen]
        worst = int(np.argmin(lost))
        if lost[worst] > 0:
            break
        chosen = chosen[:worst] + chosen[worst + 1 :]
    return chosen
