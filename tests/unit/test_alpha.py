"""Exact alpha: both ways of coding come back, soft shadows are small, the reference decoder agrees, damage is found."""

from __future__ import annotations

import numpy as np
import pytest
import reference_alpha
import reference_decoder

from vqcodec.errors import CorruptFileError
from vqcodec.image import alpha
from vqcodec.image.alpha import deflated, predicted
from vqcodec.image.alpha.prediction import Axes, axes_of
from vqcodec.image.alpha.symbols import Bits


def shadow(height: int = 60, width: int = 80) -> np.ndarray:
    """A round shadow, whose middle is between samples across and on a sample down."""
    y, x = np.mgrid[:height, :width]
    return np.round(230 * np.exp(-((x - 34.5) ** 2 / 300 + (y - 28) ** 2 / 200))).astype(np.uint8)


def lopsided() -> np.ndarray:
    """A soft shape without symmetry."""
    y, x = np.mgrid[:60, :80]
    first = np.exp(-((x - 30) ** 2 + 0.4 * (x - 30) * (y - 20) + (y - 20) ** 2) / 250)
    second = np.exp(-((x - 55) ** 2 / 90 + (y - 41) ** 2 / 160))
    return np.round(170 * first + 80 * second).astype(np.uint8)


def planes() -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {
        "shadow": shadow(),
        "lopsided": lopsided(),
        "one": np.array([[7]], np.uint8),
        "row": random.integers(0, 3, (1, 9)).astype(np.uint8),
        "column": random.integers(0, 3, (9, 1)).astype(np.uint8),
        "noise": random.integers(0, 256, (13, 17)).astype(np.uint8),
        "dots": np.where(random.integers(0, 9, (20, 31)) == 0, 255, 0).astype(np.uint8),
        "flat": np.full((33, 20), 255, np.uint8),
        "transparent": np.zeros((5, 6), np.uint8),
    }


@pytest.mark.parametrize("name", planes())
@pytest.mark.parametrize("coder", [alpha, deflated, predicted])
def test_alpha_comes_back(coder, name: str) -> None:
    plane = planes()[name]
    assert np.array_equal(coder.decode(coder.encode(plane), *plane.shape), plane)


@pytest.mark.parametrize("name", planes())
def test_the_reference_decoder_gives_the_same(name: str) -> None:
    plane = planes()[name]
    height, width = plane.shape
    assert reference_alpha.exact_alpha(predicted.encode(plane), width, height) == plane.tolist()


def test_soft_shadows_are_small() -> None:
    assert axes_of(shadow()) == Axes(69, 56)
    assert len(alpha.encode(shadow())) < len(deflated.encode(shadow())) / 4
    assert len(alpha.encode(lopsided())) < len(deflated.encode(lopsided())) * 0.75


def test_what_repeats_stays_deflated() -> None:
    tile = np.random.default_rng(1).integers(0, 256, (8, 64)).astype(np.uint8)
    plane = np.tile(tile, (20, 1))
    assert alpha.encode(plane)[:1] != predicted.MARK


def damaged(data: bytes) -> list[bytes]:
    """Damaged forms of coded alpha: bits flipped, bytes changed, cut, or put behind."""
    random = np.random.default_rng(8)
    forms = [data[:-1], data + b"\0", data[:1], data[:5]]
    for _ in range(60):
        form = bytearray(data)
        form[random.integers(1, len(form))] ^= 1 << int(random.integers(8))
        forms.append(bytes(form))
        form[random.integers(1, len(form))] = int(random.integers(256))
        forms.append(bytes(form))
    return forms


@pytest.mark.parametrize("name", ["shadow", "noise", "dots"])
def test_damaged_alpha_is_corrupt_or_another_plane_for_both_decoders(name: str) -> None:
    plane = planes()[name][:20, :24]
    height, width = plane.shape
    refused = 0
    for data in damaged(predicted.encode(plane)):
        try:
            given = predicted.decode(data, height, width).tolist()
        except CorruptFileError:
            given, refused = None, refused + 1
        try:
            assert reference_alpha.exact_alpha(data, width, height) == given
        except reference_decoder.Corrupt:
            assert given is None
    assert refused >= 4


def test_alpha_of_another_size_is_corrupt() -> None:
    for size in ((59, 80), (60, 79), (61, 80)):
        with pytest.raises(CorruptFileError):
            predicted.decode(predicted.encode(lopsided()), *size)


def test_a_plane_of_runs_that_do_not_end_is_corrupt() -> None:
    bits = Bits()
    bits.put([9], 6)  # the run table of the only level: symbol 8 alone
    bits.put([0] * 8 + [1], 4)
    bits.put([0], 4)
    bits.put([0], 6)
    bits.put([0], 4)
    bits.put([0, 7], [1, 3])  # 8 + 7 zeros
    data = predicted.MARK + bytes([0, 0, 1, 1]) + bits.to_bytes()
    assert not predicted.decode(data, 3, 5).any()
    with pytest.raises(CorruptFileError):
        predicted.decode(data, 2, 5)
    with pytest.raises(CorruptFileError):
        predicted.decode(data, 4, 5)
