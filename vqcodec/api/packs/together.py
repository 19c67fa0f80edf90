"""Pictures of a pack coded together: with a codebook of their own, which remembers what others are predicted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vqcodec import metrics
from vqcodec.api.image import picture_to_encode
from vqcodec.api.packs.coding import MOST_PSNR_DB, CodedFile, Coding, NamedFile
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import shipped_parent
from vqcodec.container import CodebookReference, MediaFile, Stream, dump_media
from vqcodec.files.endpoints import naming, read_all
from vqcodec.image import pillow
from vqcodec.image.engines import Placed, TogetherOptions
from vqcodec.image.hidden import without_hidden_colours
from vqcodec.image.pixels import Picture
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.progress import Progress
from vqcodec.media.registry import find_engine
from vqcodec.pack.items import item_of, item_of_memory

LARGEST = 1280
"""Samples a side of the largest pictures that are coded together: a memory holds no larger ones."""
MOST_PIXELS = 1 << 26
"""Of all pictures that are coded together: the smallest ones are taken. They are in memory at the same time."""
TARGETS = ("target_psnr", "target_ssimulacra2", "target_size")
"""Options that ask for another quality of each picture."""


@dataclass(frozen=True)
class TogetherCoded:
    """Pictures that were coded together.

    Attributes:
        codebook: their own.
        reference: to it, embedded.
        files: as items, by name.
    """

    codebook: Codebook
    reference: CodebookReference
    files: dict[str, CodedFile]

    @property
    def item_bytes(self) -> int:
        """Bytes of items that the codebook does not hold."""
        return sum(len(one.item.data) for one in self.files.values())

    @property
    def psnr_db(self) -> float:
        """The mean PSNR."""
        values = [one.psnr_db for one in self.files.values() if one.psnr_db is not None]
        return sum(values) / max(1, len(values))


def can_code_together(parent: Codebook, coding: Coding) -> bool:
    """Return whether an engine can, and what is asked for allows it: one quality for all."""
    engine = find_engine(parent.engine)
    return engine is not None and engine.together is not None and not any(name in coding.options for name in TARGETS)


def small_enough(files: Sequence[NamedFile]) -> list[NamedFile]:
    """Return the pictures that can be coded together, in their order.

    Raises:
        UnreadableInputError, LimitError: one is no picture, or too large.
    """
    sizes = [_size_of(file) for file in files]
    total, taken = 0, set()
    for number in sorted(range(len(files)), key=lambda number: (sizes[number][0] * sizes[number][1], number)):
        total += sizes[number][0] * sizes[number][1]
        if max(sizes[number]) > LARGEST or total > MOST_PIXELS:
            continue
        taken.add(number)
    return [file for number, file in enumerate(files) if number in taken]


def code_together(
    files: Sequence[NamedFile],
    parent: Codebook,
    coding: Coding,
    memory_bytes: int | None = None,
    progress: Progress | None = None,
) -> TogetherCoded:
    """Code pictures together.

    Args:
        files: two or more, of those that `small_enough` gave.
        parent: a shipped codebook; that of the pictures is stored as the difference from it.
        coding: what is asked for.
        memory_bytes: most bytes of pictures that others are predicted from; None for no limit.

    Raises:
        VQCodecError: a picture cannot be read or coded.
    """
    asked = EncodeOptions.of(coding.options)
    read = [_read(file, asked) for file in files]
    pictures = [picture for picture, _ in read]
    engine = find_engine(parent.engine)
    assert engine is not None
    assert engine.together is not None
    options = TogetherOptions(
        asked.target.quality_for("image"), asked.work.effort_for("image"), asked.engine, memory_bytes
    )
    codebook, placed = engine.together(
        [picture.samples for picture in pictures], parent, options, coding.threads, progress or (lambda _part: None)
    )
    reference = CodebookReference.embedding(codebook, shipped_parent(codebook) or parent)
    coded = {
        file.name: _coded(file, picture, one, codebook, reference, size)
        for file, (picture, size), one in zip(files, read, placed)
    }
    return TogetherCoded(codebook, reference, coded)


def _size_of(file: NamedFile) -> tuple[int, int]:
    source: Any = file.source if isinstance(file.source, bytes) else Path(file.source)  # type: ignore[arg-type]
    with pillow.reading(file.called), pillow.open_picture(source) as image:
        return image.size


def _read(file: NamedFile, asked: EncodeOptions) -> tuple[Picture, int]:
    """Return a picture as it is coded, and the bytes of its file."""
    data = read_all(file.source, file.called)
    picture = picture_to_encode(data, file.called, asked)
    if not asked.keep_hidden:
        picture = replace(picture, samples=without_hidden_colours(picture.samples))
    return picture, len(data)


def _coded(
    file: NamedFile, picture: Picture, placed: Placed, codebook: Codebook, reference: CodebookReference, size: int
) -> CodedFile:
    item = None
    if placed.place is not None:
        item = item_of_memory(placed.place, reference, codebook.engine, picture.metadata)
    if item is None:
        stream = Stream(0, "image", codebook.engine, placed.header, [placed.packet])
        media = MediaFile("image", codebook.engine, CodebookReference.shared(codebook), [stream], picture.metadata)
        with naming(file.called):
            item = replace(item_of(dump_media(media), codebook), codebook=reference)
    psnr = min(MOST_PSNR_DB, metrics.psnr_seen(picture.samples, placed.reconstruction))
    notes = tuple(f"{file.called}: {note}" for note in picture.notes)
    return CodedFile(file.name, item, size, psnr, notes)
