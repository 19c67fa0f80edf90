"""Where the bits of a picture's file went, and how its blocks are predicted."""

from __future__ import annotations

from vqcodec.codebook.codebook import Codebook
from vqcodec.container import load_media
from vqcodec.container.wrapping import codebook_of
from vqcodec.image import engines
from vqcodec.image.codec import header_and_packets, picture_stream
from vqcodec.image.engines import PlaneBlocks


def inspect_picture(data: bytes, codebook: Codebook | None = None) -> list[PlaneBlocks] | None:
    """Return the blocks of each plane of a `.vqc` picture; None if its engine does not tell. Alpha is left out.

    Args:
        data: the bytes of the file.
        codebook: the one it was coded with; without it the file's own is looked for.

    Raises:
        CorruptFileError, UnsupportedError, CodebookError, LimitError: as `vqcodec.image.codec.decode_picture`.
    """
    media = load_media(data, codebook=codebook)
    stream = picture_stream(media)
    engine = engines.engine_for(stream.engine)
    header, packets = header_and_packets(stream, engine)
    return engines.inspect(engine, header, packets, codebook_of(media, codebook))
