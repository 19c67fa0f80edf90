"""The format of all frames of a video: size, rate, aspect of the samples, and meaning of their values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.ffmpeg.colours import SITINGS, UNSPECIFIED, names_of
from vqcodec.video.io.frames import chroma_size

MIDWAY = SITINGS["center"]
"""The siting of chroma between four samples of luma, which is the usual one here."""


@dataclass(frozen=True)
class VideoFormat:
    """The format of a video, 8 bits a sample, 4:2:0.

    Attributes:
        width, height: in pixels.
        rate: frames a second; the mean rate if `time_base` is set.
        aspect: width of a sample divided by its height; None if unknown.
        full_range: whether luma is 0 to 255; otherwise it is 16 to 235.
        matrix: colour matrix of YCbCr, by the numbers of ITU-T H.273 table 4 (1 BT.709, 6 BT.601, 2 unspecified).
        time_base: unit of the times of the frames, in seconds, if the rate varies; else None.
        primaries: the colours of red, green and blue, by the numbers of H.273 table 2 (1 BT.709, 9 BT.2020).
        transfer: from light to values, by the numbers of H.273 table 3 (1 BT.709, 16 PQ, 18 HLG).
        siting: of chroma among the samples of luma, by the numbers of H.273 figure 10 (0 left, 1 midway, 2 top left).
    """

    width: int
    height: int
    rate: Fraction
    aspect: Fraction | None = None
    full_range: bool = False
    matrix: int = UNSPECIFIED
    time_base: Fraction | None = None
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    siting: int = MIDWAY

    @property
    def samples(self) -> int:
        """Samples of a frame, of all planes."""
        return self.width * self.height + 2 * chroma_size(self.width) * chroma_size(self.height)

    def colour_names(self) -> dict[str, str]:
        """Return the names of matrix, primaries, transfer and siting, for people."""
        return names_of(self.matrix, self.primaries, self.transfer, self.siting)

    def check(self) -> None:
        """Check the format against the limits.

        Raises:
            LimitError: the size or the rate is beyond the limits.
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
                f"a number in the rate or aspect is {max(parts)}; at most {limits.MAX_RATIO_PART} is allowed"
            )
