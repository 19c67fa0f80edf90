"""The two bands of the speech engines: sampling rate, framing, orders and pitch range."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """What is fixed by a band; lengths and lags are in samples at `sample_rate`.

    Attributes:
        name: "nb" or "wb".
        sample_rate: Hz.
        frame: samples of a frame (20 ms), for which one LSF vector is sent.
        subframe: samples of a subframe (5 ms), for which an excitation is sent.
        order: of the linear prediction A(z); even.
        weighting_order: of the perceptual weighting filter W(z).
        lag_min, lag_max: shortest and longest pitch lag, inclusive.
        lag_knees: below the first knee lags are `lag_resolutions[0]` steps a sample, below the second
            `lag_resolutions[1]`, from there on `lag_resolutions[2]`.
        lag_resolutions: steps a sample, divisors of 12.
        equalizer_edges: Hz, ascending, between the bands that the equalizer raises or lowers; below the first it leaves
            the speech alone.
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
        """Subframes of a frame."""
        return self.frame // self.subframe


NARROWBAND = Band(
    "nb", 8000, 160, 40, 10, 16, 18, 146, (40, 80), (4, 3, 2), (300, 700, 1100, 1500, 2000, 2500, 3200, 4000)
)
WIDEBAND = Band(
    "wb", 16000, 320, 80, 16, 20, 34, 290, (80, 160), (2, 2, 1),
    (1000, 1500, 2000, 2500, 3200, 4000, 5000, 6000, 7000, 8000),
)  # fmt: skip

BANDS = {band.name: band for band in (NARROWBAND, WIDEBAND)}
