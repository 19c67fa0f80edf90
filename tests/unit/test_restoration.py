"""The restoration filter against a plain reading of its definition, and its training."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.blocks.layout import CODED, LOG_HEIGHT, LOG_WIDTH, SAMPLE_BITS, SAMPLE_MAX, Plane, new_plane
from vqcodec.blocks.signal.restoration import COEFFICIENT_MAX, FilterSums, check_coefficients, collect, restore, solve
from vqcodec.blocks.signal.restoration_kernels import (
    ACTIVITIES,
    ACTIVITY_CUTS,
    CLASSES,
    CODED_STATES,
    DIRECTIONS,
    EDGE_STATES,
    POSITIONS,
    TAP_COLUMNS,
    TAP_ROWS,
    TAPS,
)
from vqcodec.blocks.steps import STEPS
from vqcodec.errors import CodebookError

NO_GUIDES = np.zeros((0, 1, 1), np.int16)


def plane_of(samples: np.ndarray, step_index: int = 30, seed: int = 0) -> Plane:
    """A plane with these samples (int16 in 1/16), cut into blocks of many shapes."""
    rng = np.random.default_rng(seed)
    plane = new_plane(*samples.shape, step_index, NO_GUIDES, np.zeros((1, 1), np.uint8))
    plane.samples[:] = samples
    plane.steps[:] = rng.integers(max(step_index - 6, 0), min(step_index + 7, 64), plane.steps.shape)
    for top in range(0, samples.shape[0], 16):
        for left in range(0, samples.shape[1], 16):
            log_height, log_width = rng.integers(2, 5, 2)
            units = np.s_[top // 4 : top // 4 + 4, left // 4 : left // 4 + 4]
            plane.blocks[LOG_HEIGHT][units], plane.blocks[LOG_WIDTH][units] = log_height, log_width
            plane.blocks[CODED][units] = rng.integers(2)
    return plane


def rough(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Flat and textured areas, edges both ways; int16 in 1/16."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = (
        128
        + 90 * np.sign(np.sin((x + np.where(y < height // 2, 2, -1) * y) / 11)) * (x > width // 3)
        + rng.normal(0, 1, y.shape) * (y // 8 % 3 * 8)
    )
    return np.clip(picture * 16, 0, SAMPLE_MAX).astype(np.int16)


def random_coefficients(seed: int = 0, bound: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).integers(-bound, bound + 1, (CLASSES, TAPS)).astype(np.int16)


def unit_classes(plane: Plane) -> np.ndarray:
    """Direction and activity of every unit by the definition: Laplacians summed over the 12x12 samples around it."""
    height, width = plane.samples.shape
    around = np.pad(plane.samples.astype(int), 1, mode="edge")

    def shifted(dy: int, dx: int) -> np.ndarray:
        return around[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]

    def laplacian(dy: int, dx: int) -> np.ndarray:
        difference = np.abs(shifted(-dy, -dx) - 2 * shifted(0, 0) + shifted(dy, dx))
        by_unit = np.pad(difference.reshape(height // 4, 4, width // 4, 4).sum((1, 3)), 1, mode="edge")
        return np.lib.stride_tricks.sliding_window_view(by_unit, (3, 3)).sum((2, 3))

    laplacians = [laplacian(*offset) for offset in ((1, 0), (0, 1), (1, 1), (1, -1))]
    classes = np.empty(laplacians[0].shape, int)
    for unit in np.ndindex(*classes.shape):
        vertical, horizontal, falling, rising = (int(of[unit]) for of in laplacians)
        step = int(STEPS[plane.steps[unit[0] // 8, unit[1] // 8]])
        mean_in_hundredths = 100 * (vertical + horizontal) / 144 / 16 / (step / 64)
        activity = sum(mean_in_hundredths >= cut for cut in ACTIVITY_CUTS)
        straight, slanted = sorted((vertical, horizontal)), sorted((falling, rising))
        if straight[1] * (slanted[0] + 1) >= slanted[1] * (straight[0] + 1):
            directed = straight[1] >= 1.5 * straight[0] and straight[1] > 0
            direction = (1 if vertical > horizontal else 2) if directed else 0
        else:
            direction = (3 if falling > rising else 4) if slanted[1] >= 1.5 * slanted[0] else 0
        classes[unit] = direction * ACTIVITIES + activity
    return classes


def sample_classes(plane: Plane) -> np.ndarray:
    """Class of every sample: that of its unit, whether its block is coded, whether it is at the block's edge."""
    classes = unit_classes(plane).repeat(4, 0).repeat(4, 1)
    for y, x in np.ndindex(*classes.shape):
        of_block = plane.blocks[:, y // 4, x // 4]
        high, wide = 1 << int(of_block[LOG_HEIGHT]), 1 << int(of_block[LOG_WIDTH])
        at_edge = y % high in (0, high - 1) or x % wide in (0, wide - 1)
        classes[y, x] = (classes[y, x] * CODED_STATES + of_block[CODED]) * EDGE_STATES + at_edge
    return classes


def inputs_of(plane: Plane, y: int, x: int) -> list[int]:
    """What the coefficients of a sample are multiplied by."""
    height, width = plane.samples.shape
    step = int(STEPS[plane.steps[y // 32, x // 32]])
    centre = int(plane.samples[y, x])
    inputs = []
    for bound in (SAMPLE_MAX, step * 3 // 8, step * 5 // 64):
        for dy, dx in zip(TAP_ROWS, TAP_COLUMNS):
            rows = (min(max(y + sign * dy, 0), height - 1) for sign in (1, -1))
            columns = (min(max(x + sign * dx, 0), width - 1) for sign in (1, -1))
            pair = [int(plane.samples[row, column]) - centre for row, column in zip(rows, columns)]
            inputs.append(sum(min(max(difference, -bound), bound) for difference in pair))
    return inputs


def plain_restore(plane: Plane, coefficients: np.ndarray) -> np.ndarray:
    filtered = np.empty_like(plane.samples)
    classes = sample_classes(plane)
    for y, x in np.ndindex(*plane.samples.shape):
        weights = coefficients[classes[y, x]]
        total = sum(int(w) * value for w, value in zip(weights, inputs_of(plane, y, x)))
        filtered[y, x] = min(max(int(plane.samples[y, x]) + ((total + 512) >> 10), 0), SAMPLE_MAX)
    return filtered


@pytest.mark.parametrize("size", [(4, 4), (4, 40), (36, 8), (48, 44)])
@pytest.mark.parametrize("step_index", [4, 34, 60])
def test_the_kernels_do_what_the_definition_says(size: tuple[int, int], step_index: int) -> None:
    plane = plane_of(rough(*size), step_index)
    coefficients = random_coefficients()
    np.testing.assert_array_equal(restore(plane, coefficients), plain_restore(plane, coefficients))


def test_the_test_pictures_have_every_kind_of_sample() -> None:
    counts = np.zeros(CLASSES, np.int64)
    for step_index in (4, 34, 60):
        plane = plane_of(rough(48, 44), step_index)
        counts += collect(np.zeros(plane.samples.shape, np.uint8), plane).counts
    by_part = counts.reshape(DIRECTIONS, ACTIVITIES, CODED_STATES, EDGE_STATES)
    for part in range(4):
        assert by_part.sum(tuple(other for other in range(4) if other != part)).all()


def test_the_greatest_coefficients_do_not_overflow() -> None:
    samples = np.random.default_rng(1).choice(np.array([0, SAMPLE_MAX], np.int16), (16, 16))
    plane = plane_of(samples, 63)
    coefficients = np.full((CLASSES, TAPS), COEFFICIENT_MAX, np.int16)
    np.testing.assert_array_equal(restore(plane, coefficients), plain_restore(plane, coefficients))


def test_zero_coefficients_change_nothing_and_the_plane_is_left_alone() -> None:
    plane = plane_of(rough(64, 72))
    before = plane.samples.copy()
    np.testing.assert_array_equal(restore(plane, np.zeros((CLASSES, TAPS), np.int16)), before)
    restore(plane, random_coefficients())
    np.testing.assert_array_equal(plane.samples, before)


def test_threads_make_no_difference() -> None:
    plane = plane_of(rough(200, 100))
    coefficients = random_coefficients()
    np.testing.assert_array_equal(restore(plane, coefficients, 1), restore(plane, coefficients, 3))


def test_sums_are_those_of_the_definition_and_leave_padding_out() -> None:
    plane = plane_of(rough(24, 20))
    original = np.random.default_rng(3).integers(0, 256, (22, 17)).astype(np.uint8)
    expected = FilterSums.zeros()
    classes = sample_classes(plane)
    for y, x in np.ndindex(*original.shape):
        of_class, inputs = classes[y, x], np.array(inputs_of(plane, y, x))
        missing = (int(original[y, x]) << SAMPLE_BITS) - int(plane.samples[y, x])
        expected.products[of_class] += np.tril(np.outer(inputs, inputs))
        expected.targets[of_class] += inputs * missing
        expected.counts[of_class] += 1
    sums = collect(original, plane)
    np.testing.assert_array_equal(sums.products, expected.products)
    np.testing.assert_array_equal(sums.targets, expected.targets)
    np.testing.assert_array_equal(sums.counts, expected.counts)
    twice = sums + sums
    np.testing.assert_array_equal(twice.products, 2 * expected.products)


def test_solving_is_least_squares() -> None:
    rng = np.random.default_rng(5)
    inputs = rng.normal(0, 100, (500, TAPS)) + rng.normal(0, 100, (500, 1))
    missing = inputs @ rng.normal(0, 0.1, TAPS) + rng.normal(0, 20, 500)
    sums = FilterSums.zeros()
    sums.products[7] = np.tril(np.rint(inputs.T @ inputs))
    sums.targets[7] = np.rint(inputs.T @ missing)
    sums.counts[7] = 500
    expected = np.linalg.lstsq(inputs, missing)[0] * 1024
    coefficients = solve(sums, ridge=1e-6)
    assert np.abs(coefficients[7] - expected).max() < 1
    assert not coefficients[np.arange(CLASSES) != 7].any()
    assert np.abs(solve(sums, ridge=1e5)[7]).max() < np.abs(coefficients[7]).max() / 4


def test_a_filter_stays_near_that_of_a_parent_where_there_are_few_samples() -> None:
    rng = np.random.default_rng(6)
    parent = rng.integers(-90, 90, (CLASSES, TAPS)).astype(np.int16)
    inputs = rng.normal(0, 100, (500, TAPS))
    wanted = rng.normal(0, 0.1, TAPS)
    sums = FilterSums.zeros()
    sums.products[7] = np.tril(np.rint(inputs.T @ inputs))
    sums.targets[7] = np.rint(inputs.T @ (inputs @ wanted))
    sums.counts[7] = 500
    others = np.arange(CLASSES) != 7
    for ridge, expected in ((1e-3, wanted * 1024), (1e6, parent[7])):
        coefficients = solve(sums, ridge, parent)
        np.testing.assert_array_equal(coefficients[others], parent[others])
        assert np.abs(coefficients[7] - expected).max() < 1


def test_training_takes_noise_from_pictures_it_has_not_seen() -> None:
    rng = np.random.default_rng(8)

    def pair(seed: int) -> tuple[np.ndarray, Plane]:
        y, x = np.mgrid[:96, :96]
        clean = 128 + 60 * np.sin((x + seed) / 15) * np.cos(y / (12 + seed))
        noisy = np.clip((clean + rng.normal(0, 6, clean.shape)) * 16, 0, SAMPLE_MAX).astype(np.int16)
        return np.rint(clean).astype(np.uint8), plane_of(noisy, step_index=36, seed=seed)

    sums = FilterSums.zeros()
    for seed in range(4):
        sums += collect(*pair(seed))
    coefficients = check_coefficients(solve(sums))
    original, plane = pair(9)
    target = original.astype(np.int32) << SAMPLE_BITS
    before = np.mean((plane.samples - target) ** 2.0)
    after = np.mean((restore(plane, coefficients) - target) ** 2.0)
    assert after < before / 4


@pytest.mark.parametrize(
    "coefficients",
    [
        np.zeros((CLASSES, TAPS), np.int32),
        np.zeros((CLASSES, POSITIONS), np.int16),
        np.full((CLASSES, TAPS), COEFFICIENT_MAX + 1, np.int16),
        np.full((CLASSES, TAPS), -32768, np.int16),
    ],
)
def test_coefficients_that_do_not_fit_are_refused(coefficients: np.ndarray) -> None:
    with pytest.raises(CodebookError, match="restoration filter"):
        check_coefficients(coefficients)
