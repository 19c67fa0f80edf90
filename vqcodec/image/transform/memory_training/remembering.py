"""The part of a training that gives the codebook a memory."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from vqcodec.blocks.picture_planes import TILE_MAX
from vqcodec.image.hidden import without_hidden_colours
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.memory_training import choosing, kept
from vqcodec.image.transform.memory_training.candidates import Pictures, Samples
from vqcodec.image.transform.memory_training.choosing import Base, Limits
from vqcodec.image.transform.memory_training.kept import kept_or_made
from vqcodec.image.transform.memory_training.rounds import Chooser, Chosen, Work
from vqcodec.media.training import Corpus, Shard

_LOOK = 0.3  # of the whole


class Wanted(NamedTuple):
    """The memory that is wanted.

    Attributes:
        memory_bytes: that the items may take; None: as long as an item saves more than it takes.
        files: number of files that are going to be coded.
        quality: of the items, 0 to 100.
    """

    memory_bytes: int | None
    files: int
    quality: float


def choose_memory(corpus: Corpus[Picture], base: Base, wanted: Wanted, work: Work) -> Chosen | None:
    """Choose a memory for a corpus; None if no item pays.

    Args:
        corpus: pictures; those with more than TILE_MAX samples a side are passed over.
        base: what the codebook holds beside the memory.
        wanted: what memory.
        work: how it is done.
    """
    numbers = [number for number, size in enumerate(corpus.sizes) if max(size[:2]) <= TILE_MAX]
    if len(numbers) < 2:  # nothing that could be predicted from something else
        return None
    fitting = set(numbers)
    shards = [shard for shard in corpus.shards(1) if shard.first in fitting]  # of one picture each
    handles = [handle for _, handle in work.carrier.keep(_read, shards)]
    pictures = Pictures(handles, [corpus.sizes[number] for number in numbers])
    seen = kept_or_made(
        work.checkpoint,
        "memory-look",
        lambda: choosing.look(
            pictures,
            base,
            wanted.quality,
            work.parameters.effort,
            work.carrier,
            lambda part: work.advance(_LOOK * part),
        ),
        kept.look_to_arrays,
        kept.look_from_arrays,
    )
    rest = replace(work, advance=lambda part: work.advance(_LOOK + (1 - _LOOK) * min(part, 1.0)))
    chosen = Chooser(pictures, base, seen, Limits(wanted.memory_bytes, wanted.files), rest).run()
    if chosen is not None:
        for item in chosen.report["items"]:
            item["picture"] = numbers[item["picture"]]
    return chosen


def _read(shard: Shard[Picture]) -> tuple[None, Samples]:
    """Return the picture of a shard as it is coded: without colours that nobody sees."""
    (picture,) = shard
    return None, without_hidden_colours(picture.samples)
