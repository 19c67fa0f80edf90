"""The stream header of a picture: its shape, the coding parameters of the colours, those of alpha."""

from __future__ import annotations

from typing import NamedTuple

from vqcodec.blocks.parameters import PARAMETER_BYTES, CodingParameters
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.image.shape import Shape
from vqcodec.image.transform import alpha


class Header(NamedTuple):
    """What a stream header says.

    Attributes:
        shape: size and channels of the picture.
        parameters: of the colour planes.
        alpha: the header of the alpha plane (see `alpha.EncodedAlpha`), empty without alpha.
    """

    shape: Shape
    parameters: CodingParameters
    alpha: bytes

    def to_bytes(self) -> bytes:
        """Return the stream header."""
        return self.shape.to_bytes() + self.parameters.to_bytes() + self.alpha

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[Header, int]:
        """Return the header at the start of `data`, and the number of its bytes.

        Raises:
            CorruptFileError: it is incomplete, or contradicts itself.
            UnsupportedError: a later version of the format wrote it.
        """
        shape, used = Shape.from_bytes(data)
        parameters = CodingParameters.from_bytes(data[used : used + PARAMETER_BYTES])
        if parameters.subsampling == "422":
            raise UnsupportedError("chroma 4:2:2 is not used in pictures by this version of the format")
        if (parameters.subsampling == "grey") != (shape.colour_channels == 1):
            raise CorruptFileError("the picture's header contradicts itself: channels and subsampling do not fit")
        used += PARAMETER_BYTES
        size = alpha.header_size(data[used:]) if shape.has_alpha else 0
        if len(data) < used + size:
            raise CorruptFileError("the picture's header has the wrong length")
        return cls(shape, parameters, data[used : used + size]), used + size


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
