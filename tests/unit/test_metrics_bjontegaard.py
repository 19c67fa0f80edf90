"""Bjontegaard differences against scipy's PCHIP and against curves whose difference is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from vqcodec.errors import UsageError
from vqcodec.metrics import bd_quality, bd_rate
from vqcodec.metrics.bjontegaard import pchip_integral

# kodim23 in RGB: bits per pixel and PSNR (dB) of libjpeg-turbo 4:2:0 at quality 5, 10, 20, 45, 75, 92, 96,
# and of libaom at speed 4 and quality 10, 20, 35, 50, 65, 78, 88, 94.
JPEG = (
    [0.1042, 0.1673, 0.2818, 0.4961, 0.8333, 1.7274, 2.7122],
    [25.2434, 28.8734, 31.8195, 34.7548, 37.1150, 40.1832, 41.8262],
)
AVIF = (
    [0.0776, 0.1084, 0.1826, 0.3303, 0.5200, 0.8614, 1.5688, 2.2636],
    [30.3691, 31.8886, 34.1842, 36.6147, 38.4451, 40.0165, 41.5586, 42.5085],
)


def scipy_bd_rate(rates, qualities, rates_ref, qualities_ref) -> float:
    curve = PchipInterpolator(qualities, np.log(rates))
    reference = PchipInterpolator(qualities_ref, np.log(rates_ref))
    low, high = max(qualities[0], qualities_ref[0]), min(qualities[-1], qualities_ref[-1])
    mean = (curve.integrate(low, high) - reference.integrate(low, high)) / (high - low)
    return 100 * (math.exp(mean) - 1)


def test_a_measured_pair_agrees_with_scipy() -> None:
    assert bd_rate(*AVIF, *JPEG) == pytest.approx(scipy_bd_rate(*AVIF, *JPEG), abs=1e-9)
    assert -56 < bd_rate(*AVIF, *JPEG) < -40


@given(st.integers(0, 10_000), st.integers(2, 9))
def test_the_integral_is_that_of_scipy(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.1, 4, points))
    y = rng.normal(0, 5, points) if seed % 2 else np.cumsum(rng.uniform(0, 3, points) * (rng.random(points) > 0.3))
    low, high = np.sort(rng.uniform(x[0], x[-1], 2))
    expected = PchipInterpolator(x, y).integrate(low, high)
    assert pchip_integral(x, y, low, high) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_scaled_curve_differs_by_its_factor() -> None:
    rates, qualities = np.array(JPEG[0]), np.array(JPEG[1])
    assert bd_rate(0.7 * rates, qualities, rates, qualities) == pytest.approx(-30)
    assert bd_rate(rates, qualities, rates, qualities) == pytest.approx(0)
    assert bd_quality(rates, qualities + 1.5, rates, qualities) == pytest.approx(1.5)


def test_a_better_curve_has_less_rate_and_more_quality() -> None:
    assert bd_quality(*AVIF, *JPEG) > 2
    assert bd_rate(*JPEG, *AVIF) == pytest.approx(100 * (100 / (100 + bd_rate(*AVIF, *JPEG)) - 1))


def test_order_and_beaten_points_do_not_matter() -> None:
    rates, qualities = [*AVIF[0][::-1], 0.5], [*AVIF[1][::-1], 30.0]
    assert bd_rate(rates, qualities, *JPEG) == pytest.approx(bd_rate(*AVIF, *JPEG))


def test_curves_without_common_quality_have_no_difference() -> None:
    assert math.isnan(bd_rate([1, 2], [20, 30], [1, 2], [40, 50]))


@pytest.mark.parametrize(
    ("rates", "qualities", "message"),
    [
        ([1.0], [30.0], "two points"),
        ([1.0, 2.0], [30.0, 29.0], "two points"),
        ([1.0, 2.0], [30.0], "pair up"),
        ([0.0, 2.0], [30.0, 31.0], "above 0"),
        ([1.0, 2.0], [30.0, math.inf], "finite"),
    ],
)
def test_curves_that_cannot_be_compared_are_refused(rates, qualities, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bd_rate(rates, qualities, *JPEG)
