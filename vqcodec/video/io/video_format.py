"""What is the same for all frames of a video: size, rate, shape of a sample, and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from vqcodec import limits
from vqcodec.errors import LimitError

UNSPECIFIED_MATRIX = 2


@dataclass(frozen=True)
class VideoFormat:
    """The format of a video, 8 bits a sample, 4:2:0.

    Attributes:
        width, height: pixels.
        rate: frames a second; the mean where `time_base` is set.
        aspect: width of a sample to its height; None if it is not known.
        full_range: whether luma goes from 0 to 255, and not from 16 to 235.
        matrix: how YCbCr was made, by the numbers of ITU-T H.273 table 4 (1 BT.709, 6 BT.601, 2 unspecified).
        time_base: seconds of the unit in which frames tell their times, where the rate varies; else None.
    """

    width: int
    height: int
    rate: Fraction
    aspect: Fraction | None = None
    full_range: bool = False
    matrix: int = UNSPECIFIED_MATRIX
    time_base: Fraction | None = None

    def check(self) -> None:
        """Refuse a format beyond the limits.

        Raises:
            LimitError: its size or its rate is.
        """
        limits.check_picture_size(self.width, self.height, "video")
        if self.rate * limits.MAX_FRAME_SECONDS < 1 or self.rate > limits.MAX_FRAME_RATE:
            allowed = f"1/{limits.MAX_FRAME_SECONDS} to {limits.MAX_FRAME_RATE}"
            raise LimitError(f"{float(self.rate):g} frames a second; {allowed} are allowed")
        parts = [
            part for value in (self.rate, self.aspect, self.time_base) if value for part in value.as_integer_ratio()
        ]
        if max(parts) > limits.MAX_RATIO_PART:
            raise LimitError(
                f"a rate or aspect with a part of {max(parts)}; at most {limits.MAX_RATIO_PART} is allowed"
            )
