"""The stream header of a picture: its shape, coding parameters of the colours, items of memory, those of alpha."""

from __future__ import annotations

from typing import NamedTuple

from vqcodec.blocks.layout import MAX_REFERENCES
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import TILE_MAX
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.image.shape import Shape
from vqcodec.image.transform import alpha


class Header(NamedTuple):
    """What a stream header says.

    Attributes:
        shape: size and channels of the picture.
        parameters: of the colour planes.
        items: numbers of the items of the codebook's memory that the picture is predicted from, 1 to MAX_REFERENCES if
            `parameters.remembering`, else none.
        alpha: the header of the alpha plane (see `alpha.EncodedAlpha`), empty without alpha.
    """

    shape: Shape
    parameters: CodingParameters
    items: tuple[int, ...]
    alpha: bytes

    def to_bytes(self) -> bytes:
        """Return the stream header."""
        return self.shape.to_bytes() + self.parameters.to_bytes() + _put_items(self.items) + self.alpha

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[Header, int]:
        """Return the header at the start of `data`, and the number of its bytes.

        Raises:
            CorruptFileError: it is incomplete, or contradicts itself.
            UnsupportedError: a later version of the format wrote it.
        """
        shape, used = Shape.from_bytes(data)
        parameters, more = CodingParameters.from_bytes(data[used:])
        if parameters.subsampling == "422":
            raise UnsupportedError("chroma 4:2:2 is not used in pictures by this version of the format")
        if (parameters.subsampling == "grey") != (shape.colour_channels == 1):
            raise CorruptFileError("the picture's header contradicts itself: channels and subsampling do not fit")
        used += more
        items: tuple[int, ...] = ()
        if parameters.remembering:
            items, used = _get_items(data, used)
            if max(shape.width, shape.height) > TILE_MAX:
                raise CorruptFileError("the picture's header contradicts itself: it has tiles, and uses a memory")
        size = alpha.header_size(data[used:], parameters.remembering) if shape.has_alpha else 0
        if len(data) < used + size:
            raise CorruptFileError("the picture's header has the wrong length")
        return cls(shape, parameters, items, data[used : used + size]), used + size


def parse(header: bytes) -> Header:
    """Return what a whole stream header says.

    Raises:
        CorruptFileError: it has another length, or contradicts itself.
        UnsupportedError: a later version of the format wrote it.
    """
    parsed, used = Header.from_bytes(header)
    if used != len(header):
        raise CorruptFileError("the picture's header has the wrong length")
    return parsed


def _put_items(items: tuple[int, ...]) -> bytes:
    """Return numbers of items: 3 * (the first) + (how many follow) as a varint, then the others as varints."""
    if not items:
        return b""
    return put_varint(MAX_REFERENCES * items[0] + len(items) - 1) + b"".join(map(put_varint, items[1:]))


def _get_items(data: bytes, at: int) -> tuple[tuple[int, ...], int]:
    """Return the numbers that `_put_items` wrote to `data` from `at` on, and where they end."""
    first, at = get_varint(data, at)
    items = [first // MAX_REFERENCES]
    for _ in range(first % MAX_REFERENCES):
        number, at = get_varint(data, at)
        items.append(number)
    return tuple(items), at
