"""What a training keeps of the choice of a memory, so that it can go on: each part as arrays of its checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import MAX_REFERENCES
from vqcodec.image.transform.memory_training.candidates import Candidates, Entries
from vqcodec.image.transform.memory_training.choosing import FirstLook
from vqcodec.media.checkpoint import Checkpoint

Arrays = dict[str, npt.NDArray[Any]]
Part = TypeVar("Part")


class Measured(NamedTuple):
    """Pictures that were coded with a memory.

    Attributes:
        costs: float64 (coded pictures,), see `choosing.cost_of`.
        used: the items that each was predicted from, as numbers of pictures.
    """

    costs: npt.NDArray[np.float64]
    used: list[tuple[int, ...]]


def kept_or_made(
    checkpoint: Checkpoint,
    name: str,
    make: Callable[[], Part],
    to_arrays: Callable[[Part], Arrays],
    from_arrays: Callable[[Arrays], Part],
) -> Part:
    """Return a part from the checkpoint; if it is not there, make it and keep it."""
    part = checkpoint.kept(name, from_arrays)
    if part is None:
        part = make()
        checkpoint.keep(name, to_arrays(part))
    return part


def look_to_arrays(seen: FirstLook) -> Arrays:
    """Return a first look as arrays."""
    sizes = np.array([len(item) for item in seen.items], np.int64)
    data = np.frombuffer(b"".join(seen.items), np.uint8)
    return {"alone": seen.alone, "sample": seen.sample, "worth": seen.worth, "sizes": sizes, "data": data}


def look_from_arrays(arrays: Arrays) -> FirstLook:
    """Return the first look that `look_to_arrays` took apart."""
    data, ends = arrays["data"].tobytes(), np.cumsum(arrays["sizes"]).tolist()
    items = [data[end - size : end] for size, end in zip(arrays["sizes"].tolist(), ends)]
    return FirstLook(arrays["alone"], items, arrays["sample"], arrays["worth"])


def candidates_to_arrays(found: Candidates) -> Arrays:
    """Return candidates as arrays."""
    return {"originals": found.originals, "part_starts": found.part_starts, **found.entries._asdict()}


def candidates_from_arrays(arrays: Arrays) -> Candidates:
    """Return the candidates that `candidates_to_arrays` took apart."""
    entries = Entries(*(arrays[name] for name in Entries._fields))
    return Candidates(arrays["originals"], entries, arrays["part_starts"])


def measured_to_arrays(measured: Measured) -> Arrays:
    """Return coded pictures as arrays."""
    used = np.full((len(measured.used), MAX_REFERENCES), -1, np.int64)
    for row, items in zip(used, measured.used):
        row[: len(items)] = items
    return {"costs": measured.costs, "used": used}


def measured_from_arrays(arrays: Arrays) -> Measured:
    """Return what `measured_to_arrays` took apart."""
    used = [tuple(item for item in row if item >= 0) for row in arrays["used"].tolist()]
    return Measured(arrays["costs"], used)
