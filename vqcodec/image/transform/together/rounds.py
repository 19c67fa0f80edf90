"""Coding of pictures that are predicted from one another, and tables that are fitted to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import PLANE_TYPES, REMEMBERING
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import tables_type
from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.syntax.contexts import ALL_WITH_MEMORY, COUNT_STARTS
from vqcodec.blocks.syntax.tokens import TOKEN_SHIFT
from vqcodec.blocks.training.memory_training import fit_changes, with_memory
from vqcodec.blocks.training.statistics import PlaneStatistics, new_statistics
from vqcodec.carriers.carrier import Carrier
from vqcodec.image.transform.coding import ChosenReferences, TransformOptions, decode_picture, encode_picture
from vqcodec.image.transform.header import Header
from vqcodec.image.transform.memory.items import Item
from vqcodec.image.transform.together.plan import Planned

_SHARD = 24  # pictures that are coded one after another

Samples = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Setting:
    """How pictures are coded.

    Attributes:
        quality: 0 to 100. effort: 0 to 9. options: of the encoder.
    """

    quality: float
    effort: int
    options: TransformOptions


class Coded(NamedTuple):
    """A coded picture.

    Attributes:
        header: of the stream; its items are numbers of pictures.
        packet: its one packet.
        item: as others are predicted from it.
        reconstruction: uint8 (height, width, channels), what the decoder gives.
    """

    header: Header
    packet: bytes
    item: Item
    reconstruction: Samples


class Counts:
    """Counts of the symbols of pictures that are predicted from others, by plane type."""

    def __init__(self) -> None:
        self.sums = [new_statistics() for _ in PLANE_TYPES]

    def observe(self, searched: Sequence[SearchedPlane], parameters: CodingParameters) -> None:
        """Count the symbols of a picture that was searched."""
        if parameters.remembering:
            for index, plane in enumerate(searched):
                _count(plane.tokens, self.sums[tables_type(index, parameters) - REMEMBERING].counts)

    def add(self, other: Counts) -> None:
        """Add other counts in place."""
        for mine, theirs in zip(self.sums, other.sums):
            mine.add(theirs)


def _count(tokens: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64]) -> None:
    """Do what `tokens.count_tokens` does, without a kernel that only training compiles."""
    contexts = tokens >> np.uint32(TOKEN_SHIFT)
    known = contexts < ALL_WITH_MEMORY
    np.add.at(counts, COUNT_STARTS[contexts[known]] + (tokens[known] & np.uint32(0xFFFF)), 1)


def code_all(
    pictures: Sequence[Samples],
    planned: Sequence[Planned],
    model: Model,
    setting: Setting,
    carrier: Carrier,
    advance: Callable[[float], object],
) -> tuple[dict[int, Coded], Counts]:
    """Code pictures in the order of a plan; return each by its number, and the counts of their symbols.

    Pictures of one depth are coded at the same time. The result does not depend on the number of threads.

    Args:
        pictures: uint8 (height, width, 1 to 4 channels) each, at most TILE_MAX a side.
        carrier: brings them to where they are coded.
        advance: called with the part that is done.
    """
    coded: dict[int, Coded] = {}
    counts = Counts()
    for depth in range(1 + max(one.depth for one in planned)):
        row = [one for one in planned if one.depth == depth]
        shards = [row[start : start + _SHARD] for start in range(0, len(row), _SHARD)]
        found: dict[int, Coded] = {}
        for results, counted in carrier.map(_code_shard, shards, pictures, coded, model, setting):
            found |= results
            counts.add(counted)
            advance((len(coded) + len(found)) / len(planned))
        coded |= found
    return coded, counts


def _code_shard(
    shard: Sequence[Planned],
    pictures: Sequence[Samples],
    known: Mapping[int, Coded],
    model: Model,
    setting: Setting,
) -> tuple[dict[int, Coded], Counts]:
    counts, coded = Counts(), {}
    for one in shard:
        coded[one.picture] = _code(pictures[one.picture], one, known, model, setting, counts)
    return coded, counts


def _code(
    samples: Samples, one: Planned, known: Mapping[int, Coded], model: Model, setting: Setting, counts: Counts
) -> Coded:
    items = [known[other].item for other in one.references]

    def choose(_colour: Samples, parameters: CodingParameters) -> ChosenReferences:
        planes = [item.planes_for(parameters.subsampling) for item in items]
        return ChosenReferences(one.references, planes, items[0].alpha, one.saved)

    observed: list[tuple[Sequence[SearchedPlane], CodingParameters]] = []
    encoded = encode_picture(
        samples,
        model,
        setting.quality,
        setting.effort,
        setting.options,
        1,
        None,
        choose if items else None,
        observe=lambda searched, parameters: observed.append((searched, parameters)),
    )
    header = Header.from_bytes(encoded.header)[0]
    if header.items:
        counts.observe(*next(one for one in observed[::-1] if _is_of(header, one[1])))
    used = [known[other].item for other in header.items]
    planes = decode_picture(
        header,
        encoded.packets,
        model,
        1,
        references=[item.planes_for(header.parameters.subsampling) for item in used],
        known_alpha=used[0].alpha if used else None,
        fine=True,
    )
    item = Item(tuple(plane.astype(np.int16, copy=False) for plane in planes.colour), planes.alpha)
    return Coded(header, encoded.packets[0], item, encoded.reconstruction)


def _is_of(header: Header, parameters: CodingParameters) -> bool:
    """Whether a picture with a memory was searched with the parameters of its header."""
    return parameters.remembering and parameters.palettes == header.parameters.palettes


def fitted(counts: Counts, model: Model, step_index: int) -> Model:
    """Return a model with tables for pictures that are predicted from others, fitted to counts at one step.

    Args:
        model: without such tables, or with others.
    """
    rung = model.rung_of(step_index)
    groups = np.zeros(len(model.rungs), np.uint8)
    nothing = new_statistics()
    tables: list[list[PlaneStatistics]] = [
        [counted if number == rung else nothing for number in range(len(groups))] for counted in counts.sums
    ]
    plain = with_memory(model, None)
    return with_memory(model, fit_changes(tables, plain, groups))
