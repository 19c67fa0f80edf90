"""Pictures coded together: how `vqcodec pack` codes those of a pack, with a codebook of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.effort import TRAINING_EFFORT
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.training.memory_training import initial_changes, with_memory
from vqcodec.carriers.carrier import Carrier
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.image.engines import Placed, TogetherOptions
from vqcodec.image.transform.coding import TransformOptions
from vqcodec.image.transform.descriptor import TRANSFORM
from vqcodec.image.transform.engine import ENGINE, model_of
from vqcodec.image.transform.header import Header
from vqcodec.image.transform.memory.estimate import bits_alone
from vqcodec.image.transform.memory.store import MOST_NEEDED
from vqcodec.image.transform.memory_training.candidates import (
    Candidates,
    Pictures,
    colour_planes,
    find_candidates,
)
from vqcodec.image.transform.quality import ladder_position
from vqcodec.image.transform.together.plan import Planned, plan
from vqcodec.image.transform.together.rounds import Coded, Samples, Setting, code_all, fitted
from vqcodec.version import __version__

_FIRST_PIXELS = 1_000_000  # the first tables are fitted to pictures of so many pixels
_HEADER_BYTES = 12  # of a stream, about
_SHARES = (0.25, 0.3, 0.6)  # of the work that is done after: the plan, the first tables, the second


def code_together(
    pictures: Sequence[Samples],
    parent: Codebook,
    wish: TogetherOptions,
    threads: int | None = None,
    progress: Callable[[float], None] = lambda _part: None,
) -> tuple[Codebook, list[Placed]]:
    """Code pictures at one quality, each predicted from those before it where that saves bits.

    The result does not depend on the number of threads.

    Args:
        pictures: uint8 (height, width, 1 to 4 channels) each, at most TILE_MAX a side; two or more.
        parent: whose tables they are coded with; those for pictures that are predicted from others are fitted to them.
        wish: at what quality, and how.
        progress: called with the part that is done, 0 to 1.

    Returns:
        (a codebook whose memory has all pictures that others are predicted from, the pictures in their order).

    Raises:
        UsageError: an option is unknown or out of range.
        CodebookError: the parent is for another engine, or cannot code a picture.
    """
    options = TransformOptions(**TRANSFORM.check_encode_options(wish.engine))
    plain = with_memory(model_of(parent), None)
    step_index, _ = ladder_position(wish.quality)
    bounds = (0.0, *_SHARES, 1.0)

    def part(number: int) -> Callable[[float], None]:
        low, high = bounds[number], bounds[number + 1]
        return lambda done: progress(low + (high - low) * done)

    carrier = ThreadCarrier(threads)
    candidates, alone = _candidates(pictures, float(STEP_SIZES[step_index]), carrier, threads, part(0))
    planned = plan(candidates, alone, MOST_NEEDED)
    model = with_memory(plain, initial_changes(plain))
    first = _some(planned, pictures)
    quick = Setting(wish.quality, min(wish.effort, TRAINING_EFFORT), options)
    model = fitted(code_all(pictures, first, model, quick, carrier, part(1))[1], model, step_index)
    setting = Setting(wish.quality, wish.effort, options)
    coded, counts = code_all(pictures, planned, model, setting, carrier, part(2))
    model = fitted(counts, model, step_index)
    budget = float("inf") if wish.memory_bytes is None else float(wish.memory_bytes)
    while True:
        if wish.memory_bytes is not None:
            planned = plan(candidates, alone, MOST_NEEDED, _most_used(coded, budget))
        final, _ = code_all(pictures, planned, model, setting, carrier, part(3))
        taken = sum(len(final[picture].packet) + _HEADER_BYTES for picture in _uses(final))
        if wish.memory_bytes is None or taken <= wish.memory_bytes:
            return _result(final, planned, model)
        budget = min(budget, float(taken)) * 0.8 * wish.memory_bytes / taken  # without others to lean on they take more


def _uses(coded: Mapping[int, Coded]) -> Counter[int]:
    """Return how many pictures are predicted from each that others are predicted from."""
    return Counter(other for one in coded.values() for other in one.header.items)


def _most_used(coded: Mapping[int, Coded], most_bytes: float) -> set[int]:
    """Return the pictures that are used most for the bytes that they take, as far as they fit."""
    uses, chosen, left = _uses(coded), set(), most_bytes
    sizes = {picture: len(coded[picture].packet) + _HEADER_BYTES for picture in uses}
    for picture in sorted(uses, key=lambda picture: (-uses[picture] / sizes[picture], picture)):
        if sizes[picture] <= left:
            chosen.add(picture)
            left -= sizes[picture]
    return chosen


def _candidates(
    pictures: Sequence[Samples],
    step: float,
    carrier: Carrier,
    threads: int | None,
    advance: Callable[[float], None],
) -> tuple[Candidates, list[float]]:
    """Return what pictures may be predicted from, and estimated bits of each, predicted from none."""
    alone = np.array(list(carrier.map(_bits_alone, pictures, step)))
    known = Pictures(pictures, [picture.shape for picture in pictures])
    candidates = find_candidates(
        known, pictures, np.rint(alone).astype(np.int64), step, carrier, threads=threads, advance=advance
    )
    return candidates, alone.tolist()


def _bits_alone(samples: Samples, step: float) -> float:
    return float(bits_alone(colour_planes(samples), step).sum())


def _some(planned: Sequence[Planned], pictures: Sequence[Samples]) -> list[Planned]:
    """Return the first of a plan, with about so many pixels as the first tables are fitted to."""
    pixels = np.cumsum([pictures[one.picture].shape[0] * pictures[one.picture].shape[1] for one in planned])
    return list(planned[: 1 + int(np.searchsorted(pixels, _FIRST_PIXELS))])


def _result(coded: Mapping[int, Coded], planned: Sequence[Planned], model: Any) -> tuple[Codebook, list[Placed]]:
    """Return the codebook, and the pictures with the numbers of its items in their headers."""
    uses = _uses(coded)
    depths = {one.picture: one.depth for one in planned}
    remembered = sorted(uses, key=lambda picture: (depths[picture], -uses[picture], picture))
    places = {picture: place for place, picture in enumerate(remembered)}

    def header_of(picture: int) -> bytes:
        header = coded[picture].header
        return Header(header.shape, header.parameters, tuple(places[o] for o in header.items), header.alpha).to_bytes()

    headers = [header_of(picture) for picture in range(len(coded))]
    arrays: dict[str, npt.NDArray[Any]] = dict(
        model.to_arrays() if remembered else with_memory(model, None).to_arrays()
    )
    if remembered:
        memory = Memory([headers[picture] + coded[picture].packet for picture in remembered])
        arrays |= memory.to_arrays(memory.shared_bytes())
    codebook = Codebook(ENGINE, "pack", arrays, {"program": f"vqcodec {__version__}"})
    return codebook, [
        Placed(places.get(picture), headers[picture], coded[picture].packet, coded[picture].reconstruction)
        for picture in range(len(coded))
    ]
