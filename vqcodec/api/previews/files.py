"""A small picture of what a `.vqc` file or a pack holds, whichever of the two it is."""

from __future__ import annotations

from PIL import Image

from vqcodec.api.media import PACK, medium_to_decode
from vqcodec.api.packs.opened import Pack
from vqcodec.api.previews.thumbnails import thumbnail_of
from vqcodec.codebook.library import CodebookChoice, chosen_codebook
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Source, name_of, naming

SIZES = range(16, 2049)


def thumbnail(
    source: Source, size: int = 256, *, codebook: CodebookChoice | None = None, name: str | None = None
) -> Image.Image:
    """Return a picture of at most `size` x `size` pixels, in sRGB, of what a `.vqc` file or a pack holds.

    Of a file it is what `thumbnails.thumbnail_of` gives, of a pack what `Pack.contact_sheet` gives.

    Args:
        source: a `.vqc` file or a pack (`.vqp`). size: 16 to 2048.
        codebook: as in `vqcodec.decode`.
        name: how messages call the source.

    Raises:
        UsageError: the size is out of range; a pack is empty.
        UnreadableInputError, CorruptFileError, UnsupportedError, CodebookError, LimitError: see `vqcodec.errors`.
    """
    if size not in SIZES:
        raise UsageError(f"size {size} is out of range; choose {SIZES[0]} to {SIZES[-1]} pixels")
    name = name or name_of(source)
    source, medium = medium_to_decode(source, name, packs=True)
    if medium == PACK:
        with Pack(source, codebook=codebook, name=name) as pack:
            return pack.contact_sheet(size)
    with naming(name):
        return thumbnail_of(source, medium, size, chosen_codebook(codebook))
