"""The two bands of the speech engines: sampling rate, framing, orders and pitch range."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """The constants of a band; lengths and lags are in samples at `sample_rate`.

    Attributes:
        name: "nb" or "wb".
        sample_rate: Hz.
        frame: samples of a frame (20 ms); one LSF vector is sent for each.
        subframe: samples of a subframe (5 ms); one excitation is sent for each.
        order: of the linear prediction A(z); even.
        weighting_order: of the perceptual weighting filter W(z).
        lag_min, lag_max: shortest and longest pitch lag, both included.
        lag_knees: lags at which the resolution changes.
        lag_resolutions: steps a sample below the first knee, below the second knee, and from there on; divisors of 12.
        equalizer_edges: Hz, ascending, edges of the bands that the equalizer raises or lowers. Below the first edge it
            leaves the speech as it is.
    """

    name: str
    sample_rate: int
    frame: int
    subframe: int
    order: int
    weighting_order: int
    lag_min: int
    lag_max: int
    lag_knees: tuple[int, int]
    lag_resolutions: tuple[int, int, int]
    equalizer_edges: tuple[int, ...]

    @property
    def engine(self) -> str:
        """Name of the engine that codes this band, as codebooks and files carry it."""
        return f"speech/celp-{self.name}"

    @property
    def subframes(self) -> int:
        """Number of subframes of a frame."""
        return self.frame // self.subframe


NARROWBAND = Band(
    "nb", 8000, 160, 40, 10, 16, 18, 146, (40, 80), (4, 3, 2), (300, 700, 1100, 1500, 2000, 2500, 3200, 4000)
)
WIDEBAND = Band(
    "wb", 16000, 320, 80, 16, 20, 34, 290, (80, 160), (2, 2, 1),
    (1000, 1500, 2000, 2500, 3200, 4000, 5000, 6000, 7000, 8000),
)  # fmt: skip

BANDS = {band.name: band for band in (NARROWBAND, WIDEBAND)}
