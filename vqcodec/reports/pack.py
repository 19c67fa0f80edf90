"""The results of the functions of `vqcodec.api` for packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vqcodec.reports.base import NOT_IN_JSON, CodebookUse, Preview, Report, raw_data


class OfPack(Report):
    """A report on packs."""

    MEDIUM = "pack"


@dataclass(frozen=True)
class PackReport(OfPack):
    """A pack that was made or changed.

    Attributes:
        output: name of the pack; None if its bytes are in `data`.
        items: in the pack now.
        added, removed: items of this change; a replaced item is among those added.
        input_bytes: of the files that were added.
        output_bytes: of the pack now, everything counted.
        psnr_db: mean over the pictures that were encoded; None if there were none.
        codebooks: of the pack.
        unused_bytes: of removed items and old indexes, about; compaction frees them.
        seconds: wall time.
        notes: choices that you may want to change, one clause each.
        data: the bytes of the pack, if no destination was given.
    """

    output: str | None
    items: int
    added: int
    removed: int
    input_bytes: int
    output_bytes: int
    psnr_db: float | None
    codebooks: tuple[CodebookUse, ...]
    unused_bytes: int
    seconds: float
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class PackedItem(OfPack):
    """An item of a pack.

    Attributes:
        name: of the item.
        medium: `image`, `speech` or `video`; None for an item that a newer version wrote.
        engine: None for a whole file, which says it itself, and likewise.
        bytes: of its own in the pack; of an item of its codebook's memory those that it has there.
        codebook: name of its codebook; None for a whole file, or if the pack's reference to it is damaged.
    """

    name: str
    medium: str | None
    engine: str | None
    bytes: int
    codebook: str | None


@dataclass(frozen=True)
class PackInfo(OfPack):
    """What a pack says of itself.

    Attributes:
        input, input_bytes: name and size of the file.
        items: how many it has.
        media: how many of each medium; those that a newer version wrote are left out.
        codebooks: of the items.
        bytes: by part: items, index, codebooks, metadata, container; their sum is `input_bytes`. The container has all
            that the index does not lead to.
        unused_bytes: of removed items and old indexes, about.
        torn_bytes: after the last whole index: of a change that was cut off, or that goes on.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
    """

    input: str
    input_bytes: int
    items: int
    media: Mapping[str, int]
    codebooks: tuple[CodebookUse, ...]
    bytes: Mapping[str, int]
    unused_bytes: int
    torn_bytes: int
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class PackVerifyReport(OfPack):
    """A pack that is whole.

    Attributes:
        input, input_bytes: name and size of the file.
        items: how many were decoded.
        codebooks: that they need.
        checks: what was checked.
        seconds: wall time.
    """

    input: str
    input_bytes: int
    items: int
    codebooks: tuple[CodebookUse, ...]
    checks: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class UnpackReport(OfPack):
    """An item that was decoded from a pack.

    Attributes:
        input: name of the pack.
        item: name of the item.
        output: the file.
        output_bytes: its size.
        seconds: wall time.
    """

    input: str
    item: str
    output: str | None
    output_bytes: int
    seconds: float
    data: bytes | None = raw_data()
