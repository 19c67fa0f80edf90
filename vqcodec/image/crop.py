"""A crop: the part of a picture to decode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from vqcodec.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

_NOTATION = re.compile(r"(\d{1,9}),(\d{1,9}),(\d{1,9})x(\d{1,9})", re.ASCII)


class Crop(NamedTuple):
    """A rectangle of pixels.

    Attributes:
        x, y: column and row of its upper left corner, from 0.
        width, height: its size in pixels.
    """

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Crop:
        """Return the rectangle of a text `X,Y,WIDTHxHEIGHT`.

        Raises:
            UsageError: it does not have that form, or has no area.
        """
        match = _NOTATION.fullmatch(text)
        if match is None:
            raise UsageError(f"crop '{text}' is not of the form X,Y,WIDTHxHEIGHT, such as 0,0,640x480")
        crop = cls(*map(int, match.groups()))
        if crop.width < 1 or crop.height < 1:
            raise UsageError(f"crop {crop} has no area")
        return crop

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width}x{self.height}"

    def of(self, plane: np.ndarray) -> np.ndarray:
        """Return this part of `plane`, an array of shape (height, width, ...), as a view."""
        return plane[self.y : self.y + self.height, self.x : self.x + self.width]

    def check_within(self, width: int, height: int) -> None:
        """Check that the rectangle lies within a picture of `width` x `height` pixels.

        Raises:
            UsageError: it has no area, or reaches beyond the picture.
        """
        inside = self.x >= 0 and self.y >= 0 and self.x + self.width <= width and self.y + self.height <= height
        if not inside or self.width < 1 or self.height < 1:
            raise UsageError(f"crop {self} does not lie within the picture, which has {width}x{height} pixels")
