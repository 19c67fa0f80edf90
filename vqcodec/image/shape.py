"""The shape of a picture in stream headers: two varints and a byte, so three bytes for a small picture."""

from __future__ import annotations

from dataclasses import dataclass

from vqcodec import limits
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError


@dataclass(frozen=True)
class Shape:
    """Size and channels of a picture.

    Attributes:
        width, height: pixels, 1 to limits.MAX_DIMENSION.
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    """

    width: int
    height: int
    channels: int

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.channels in (2, 4)

    @property
    def colour_channels(self) -> int:
        """Number of channels without alpha, 1 or 3."""
        return self.channels - int(self.has_alpha)

    def to_bytes(self) -> bytes:
        """Return width - 1 and height - 1 as varints, then one byte: channels - 1."""
        return put_varint(self.width - 1) + put_varint(self.height - 1) + bytes([self.channels - 1])

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[Shape, int]:
        """Return the shape at the start of `data`, and the number of its bytes.

        Raises:
            CorruptFileError: `data` is too short or the channels are unknown.
            LimitError: the size is beyond the limits.
        """
        width, at = get_varint(data, 0)
        height, at = get_varint(data, at)
        if at >= len(data):
            raise CorruptFileError("the picture's header is incomplete")
        if data[at] > 3:
            raise CorruptFileError(f"a picture of {data[at] + 1} channels is not possible")
        limits.check_picture_size(width + 1, height + 1)
        return cls(width + 1, height + 1, data[at] + 1), at + 1
