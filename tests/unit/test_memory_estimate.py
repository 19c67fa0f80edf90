"""What items of a memory save, estimated in samples: against plain loops, and against what it must mean."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.image.transform.memory.estimate import RADIUS, SIDE, bits_alone, bits_given, cells_of
from vqcodec.image.transform.memory_training.candidates import (
    PARTS,
    UNIT,
    Candidates,
    Pictures,
    best_items,
    colour_planes,
    find_candidates,
    in_samples,
)
from vqcodec.image.transform.memory_training.descriptors import DIMENSION, describe

STEP = 20.0


def textured(seed: int, height: int = 40, width: int = 48, channels: int = 3) -> np.ndarray:
    """Return a picture with a random texture of blocks of 4x4 samples."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (-(-height // 4), -(-width // 4), channels), dtype=np.uint8)
    return np.ascontiguousarray(small.repeat(4, axis=0).repeat(4, axis=1)[:height, :width])


def test_cells_repeat_the_last_samples() -> None:
    planes = np.arange(2 * 9 * 17, dtype=np.int16).reshape(2, 9, 17)
    cells = cells_of(planes)
    assert cells.shape == (2, 2, 3, SIDE, SIDE)
    assert np.array_equal(cells[1, 0, 1], planes[1, :8, 8:16])
    assert (cells[0, 1, 2] == planes[0, 8, 16]).all()


def test_bits_of_a_residual_are_those_of_its_cosines() -> None:
    rng = np.random.default_rng(3)
    planes = rng.integers(0, 4080, (1, 8, 8)).astype(np.int16)
    k = np.arange(8)
    basis = np.cos((2 * k[None] + 1) * k[:, None] * np.pi / 16) * np.where(k[:, None] == 0, np.sqrt(1 / 8), 0.5)
    coefficients = basis @ (planes[0] / 16 - 128.0) @ basis.T / STEP
    expected = np.log2(1 + coefficients**2).sum() / 2  # without neighbours all ways predict 128
    assert bits_alone(planes, STEP)[0, 0] == pytest.approx(expected, rel=1e-4)


def test_a_flat_picture_takes_nothing_but_its_first_cell() -> None:
    bits = bits_alone(np.full((3, 32, 32), 200 << 4, np.int16), STEP)
    assert bits[0, 0] > 1
    assert bits.sum() == pytest.approx(bits[0, 0], abs=1e-3)


@pytest.mark.parametrize("shift", [(0, 0), (2, -3), (4, 4), (-8, 5)])
def test_an_item_that_is_the_picture_displaced_leaves_almost_nothing(shift: tuple[int, int]) -> None:
    whole = colour_planes(textured(1, 80, 88))
    picture = whole[:, 16:56, 16:64]
    item = whole[:, 16 - shift[0] : 56 - shift[0], 16 - shift[1] : 64 - shift[1]]
    alone = bits_alone(picture, STEP)
    given = bits_given(picture, item, STEP, alone)
    inner = (slice(1, -1), slice(1, -1))  # the border of the item is repeated
    assert given[inner].max() < 4
    assert alone[inner].mean() > 60


def test_an_item_never_costs_more_than_none() -> None:
    picture, other = colour_planes(textured(1)), colour_planes(textured(2))
    alone = bits_alone(picture, STEP)
    assert (bits_given(picture, other, STEP, alone) <= alone).all()


@pytest.mark.parametrize("shape", [(8, 8, 3), (3, 200, 3), (64, 5, 1), (100, 100, 1)])
def test_items_of_other_sizes_and_in_grey(shape: tuple[int, int, int]) -> None:
    for picture, item in ((textured(1), textured(2, *shape)), (textured(2, *shape), textured(1))):
        planes = colour_planes(picture)
        alone = bits_alone(planes, STEP)
        given = bits_given(planes, colour_planes(item), STEP, alone)
        assert given.shape == alone.shape == (-(-planes.shape[1] // 8), -(-planes.shape[2] // 8))
        assert np.isfinite(given).all()


def test_displacements_are_searched_up_to_the_radius() -> None:
    """In small pictures, whose whole is not displaced."""
    rng = np.random.default_rng(5)
    whole = rng.integers(0, 4080, (1, 40, 40)).astype(np.int16)
    picture = whole[:, 8:24, 8:24]
    alone = bits_alone(picture, STEP)
    near = bits_given(picture, whole[:, 8 - RADIUS : 40, 8 - RADIUS : 40], STEP, alone)
    far = bits_given(picture, whole[:, 8 - RADIUS - 1 : 40, 8:40], STEP, alone)
    assert near.max() < 5
    assert far.min() > 30


def test_descriptors_are_means_of_parts() -> None:
    planes = in_samples(colour_planes(textured(7, 64, 64)))
    found = describe(planes)
    assert found.shape == (DIMENSION,)
    expected = planes.reshape(3, 8, 8, 8, 8).mean(axis=(2, 4)).ravel()
    assert np.abs(found[:192] - expected).max() <= 0.51
    assert describe(planes[:1])[64:192].tolist() == [128] * 128
    assert describe(np.full((1, 1, 3), 9, np.float32))[:64].tolist() == [9] * 64  # smaller than the grid


def candidates_of(
    pictures: list[np.ndarray], alone: int, threads: int = 1, pool: np.ndarray | None = None
) -> Candidates:
    """Return what `find_candidates` finds if the items are the pictures."""
    carrier = ThreadCarrier(threads)
    handles = [handle for _, handle in carrier.keep(lambda samples: (None, samples), pictures)]
    colours = [samples[:, :, : samples.shape[2] - (samples.shape[2] + 1) % 2] for samples in pictures]
    items = [handle for _, handle in carrier.keep(lambda samples: (None, samples), colours)]
    known = Pictures(handles, [samples.shape for samples in pictures])
    return find_candidates(known, items, np.full(len(pictures), alone), STEP, carrier, threads=threads, pool=pool)


def family(count: int = 9) -> list[np.ndarray]:
    """Pictures of three kinds: those of a kind differ in one corner."""
    pictures = []
    for number in range(count):
        picture = textured(100 + number % 3, 64, 64)
        picture[:16, :16] = textured(number, 16, 16)
        pictures.append(picture)
    return pictures


@pytest.mark.parametrize("threads", [1, 3])
def test_candidates_are_those_of_the_same_kind(threads: int) -> None:
    pictures = family()
    found = candidates_of(pictures, 8000, threads)
    assert found.originals.tolist() == list(range(9))
    assert found.part_count == 9 * PARTS**2
    pairs = set(zip(found.entries.candidates.tolist(), found.entries.pictures.tolist()))
    same = {(a, b) for a in range(9) for b in range(9) if a != b and a % 3 == b % 3}
    assert same <= pairs
    assert not any(a == b for a, b in pairs)
    saved = found.entries.savings(9, found.part_count)
    of_kind = saved.of_candidate(0)[1].sum() / UNIT
    assert of_kind > 2 * 0.7 * 8000  # it predicts nearly all of two others
    chosen = best_items(found, [0, 4])
    assert [chosen[number][0] for number in (1, 3, 6, 7)] == [4, 0, 0, 4]
    assert all(number not in items for number, items in enumerate(chosen))


def test_copies_are_no_candidates_and_count_for_their_original() -> None:
    one, other = textured(1), textured(2)
    pictures = [one, other, one.copy(), one ^ 1]
    found = candidates_of(pictures, 5000)
    assert found.originals.tolist() == [0, 1, 0, 0]
    assert set(found.entries.candidates.tolist()) <= {0, 1}
    served = set(found.entries.pictures[found.entries.candidates == 0].tolist())
    assert {0, 2, 3} <= served  # pictures like it will come again, so that it serves itself too


def test_pictures_with_other_alpha_are_no_copies() -> None:
    one = textured(1, channels=4)
    other = one.copy()
    other[:4, :4, 3] ^= 255
    found = candidates_of([one, other], 5000)
    assert found.originals.tolist() == [0, 1]


def test_a_pool_limits_the_candidates() -> None:
    pictures = family()
    found = candidates_of(pictures, 8000, 2, np.array([1, 5]))
    assert set(found.entries.candidates.tolist()) <= {1, 5}
    assert {4, 7} <= set(found.entries.pictures.tolist())
