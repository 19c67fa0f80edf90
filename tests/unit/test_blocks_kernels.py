"""The kernels of the block engine against plain formulas."""

from itertools import pairwise

import numpy as np
import pytest

from vqcodec.blocks.decoding.reconstruction import BLOCK_SCRATCH, gather_block_references, predict_block
from vqcodec.blocks.layout import (
    COEFFICIENT_MAX,
    LEAF,
    LEFT_RIGHT,
    LUMA,
    OUTSIDE,
    QUARTERS,
    SAMPLE_MAX,
    SUPERBLOCK,
    SUPERBLOCK_LOG,
    UNIT_LOG,
    UPPER_LOWER,
    Block,
    new_plane,
)
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.search.quantization import QUANTIZER_SCRATCH, quantize_block
from vqcodec.blocks.signal import transforms
from vqcodec.blocks.signal.prediction import ANGLES, TAPS
from vqcodec.blocks.signal.secondary import (
    LARGE_ORDER,
    MODE_GROUPS,
    apply_secondary,
    forward_matrices,
    invert_secondary,
    transform_group,
)
from vqcodec.blocks.steps import STEPS
from vqcodec.blocks.syntax.coefficients import (
    MAX_MAGNITUDE,
    dequantize,
    emit_coefficients,
    escape_bits,
    parse_coefficients,
    reconstruct_levels,
)
from vqcodec.blocks.syntax.contexts import (
    ALL_CONTEXTS,
    ALL_WITH_MEMORY,
    COUNT_SIZE,
    COUNT_STARTS,
    ELEMENTS,
    FORMS,
    MEMORY_ELEMENTS,
    Look,
    coefficient_form,
)
from vqcodec.blocks.syntax.partitions import PLACES, leaf_count, leaf_of, next_node, node_corner
from vqcodec.blocks.syntax.parts import new_part_bits
from vqcodec.blocks.syntax.significance import COEFFICIENT_STATE
from vqcodec.blocks.syntax.tokens import pack_tokens
from vqcodec.blocks.syntax.values import VALUE_STATE
from vqcodec.entropy.bits import PADDING
from vqcodec.kernels.records import new_record

SIZES = [(2, 2), (3, 2), (2, 3), (3, 3), (4, 3), (4, 4), (5, 4), (5, 5)]


@pytest.fixture(scope="module")
def model():
    return initial_model([30])


def square(dtype):
    return np.zeros((SUPERBLOCK, SUPERBLOCK), dtype=dtype)


def empty_plane(side=64):
    return new_plane(side, side, 30, np.zeros((0, 1, 1), dtype=np.int16), np.zeros((1, 1), dtype=np.uint8))


@pytest.mark.parametrize(
    ("log_width", "log_height", "kind"), [(*size, transforms.COSINE) for size in SIZES] + [(2, 2, transforms.SINE)]
)
def test_inverse_undoes_forward(log_width, log_height, kind):
    residual, between, spectrum = square(np.float32), square(np.float32), square(np.float32)
    residual[: 1 << log_height, : 1 << log_width] = np.random.default_rng(1).integers(
        -255, 256, (1 << log_height, 1 << log_width)
    )
    transforms.transform_forward(residual, log_width, log_height, kind, between, spectrum)
    back = square(np.int32)
    exact = np.rint(8 * spectrum).astype(np.int32)
    transforms.transform_inverse(
        exact, log_width, log_height, kind, 1 << log_width, 1 << log_height, square(np.int32), back
    )
    inside = np.s_[: 1 << log_height, : 1 << log_width]
    assert np.abs(back[inside] / 16 - residual[inside]).max() < 0.6


@pytest.mark.parametrize(("log_width", "log_height"), SIZES)
def test_inverse_of_the_largest_coefficients_stays_within_32_bits(log_width, log_height):
    width, height = 1 << log_width, 1 << log_height
    signs = np.sign(transforms.INVERSE[0, log_height][:height, :1] * transforms.INVERSE[0, log_width][:1, :width])
    coefficients = square(np.int32)
    coefficients[:height, :width] = COEFFICIENT_MAX * np.where(signs == 0, 1, signs)
    result = square(np.int32)
    transforms.transform_inverse(coefficients, log_width, log_height, 0, width, height, square(np.int32), result)
    rows = transforms.INVERSE[0, log_height][:height, :height].astype(np.int64)
    columns = transforms.INVERSE[0, log_width][:width, :width].astype(np.int64)
    limit = 2 * COEFFICIENT_MAX
    between = np.clip((rows.T @ coefficients[:height, :width] + 1024) >> 11, -limit, limit)
    expected = (between @ columns + 512) >> 10
    assert np.abs(rows.T @ coefficients[:height, :width]).max() < 2**31
    assert np.abs(between @ columns).max() < 2**31
    np.testing.assert_array_equal(result[:height, :width], expected)


def test_angles_are_symmetric_and_taps_sum_to_one():
    assert list(ANGLES[2:19]) == list(ANGLES[34:17:-1])
    assert np.all(TAPS.sum(axis=1) == 128)
    assert TAPS[0].tolist() == [0, 128, 0, 0]


def test_prediction_from_nothing_is_middle_grey():
    plane, scratch, block = empty_plane(), new_record(BLOCK_SCRATCH), Block(0, 0, 4, 4)
    for mode in range(35):
        gather_block_references(plane, block, scratch)
        predict_block(plane, block, mode, scratch)
        assert np.all(scratch.prediction[:16, :16] == 128 * 16)


def textured_plane():
    plane = empty_plane()
    plane.samples[:] = np.random.default_rng(2).integers(0, SAMPLE_MAX + 1, plane.samples.shape)
    plane.blocks[0] = 1
    return plane


@pytest.mark.parametrize("log_size", [2, 3, 4, 5])
def test_horizontal_modes_mirror_vertical_ones(log_size):
    plane, scratch = textured_plane(), new_record(BLOCK_SCRATCH)
    mirrored = empty_plane()
    mirrored.samples[:] = plane.samples.T
    mirrored.blocks[0] = 1
    size, block = 1 << log_size, Block(32, 32, log_size, log_size)
    for mode in range(35):
        other = mode if mode < 2 else 36 - mode
        gather_block_references(plane, block, scratch)
        predict_block(plane, block, mode, scratch)
        first = scratch.prediction[:size, :size].copy()
        gather_block_references(mirrored, block, scratch)
        predict_block(mirrored, block, other, scratch)
        difference = np.abs(first - scratch.prediction[:size, :size].T)
        assert difference.max() == 0, mode


def test_references_stop_at_what_is_not_decoded():
    plane, scratch = textured_plane(), new_record(BLOCK_SCRATCH)
    plane.blocks[0, 7, 10:] = 0  # above, from x = 40 on
    gather_block_references(plane, Block(32, 32, 3, 3), scratch)
    assert scratch.references[1, 1:9].tolist() == plane.samples[31, 32:40].tolist()
    assert np.all(scratch.references[1, 9:17] == plane.samples[31, 39])


def random_levels(log_width, log_height, seed):
    chance = np.random.default_rng(seed)
    levels = chance.integers(-2, 3, (1 << log_height, 1 << log_width)) * (
        chance.random((1 << log_height, 1 << log_width)) < 0.3
    )
    levels[0, 0] = 9
    levels[-1, -1] = -MAX_MAGNITUDE
    return levels.astype(np.int16)


@pytest.mark.parametrize(("log_width", "log_height"), SIZES)
def test_coefficients_are_parsed_as_they_were_written(model, log_width, log_height):
    levels = np.zeros((64, 64), dtype=np.int16)
    inside = np.s_[32 : 32 + (1 << log_height), 32 : 32 + (1 << log_width)]
    levels[inside] = random_levels(log_width, log_height, 3)
    state, tokens = new_record(COEFFICIENT_STATE), np.zeros(8192, dtype=np.uint32)
    form = coefficient_form(log_width, log_height, 10, 0, 0)
    block = Block(32, 32, log_width, log_height)
    count = emit_coefficients(levels, block, Look(form, 2), state, tokens, 0)
    buffer = np.zeros(count * 2 + PADDING + 8, dtype=np.uint8)
    written, read = new_part_bits()
    end = pack_tokens(tokens[:count], model.pack_tables(LUMA, 0), buffer, 0, written)
    assert written.sum() == end
    step = int(STEPS[30])
    expected, parsed = square(np.int32), square(np.int32)
    search, decoder = model.search_tables(LUMA, 0), model.decoder_tables(LUMA, 0)
    wanted = reconstruct_levels(levels, block, form, step, search, state, expected)
    position, *found = parse_coefficients(
        buffer,
        0,
        block,
        Look(form, 2),
        step,
        decoder,
        read,
        new_record(COEFFICIENT_STATE),
        parsed,
        new_record(VALUE_STATE),
    )
    assert position == end
    np.testing.assert_array_equal(read, written)
    assert tuple(found) == wanted
    np.testing.assert_array_equal(parsed, expected)
    assert np.array_equal(parsed[: 1 << log_height, : 1 << log_width] != 0, levels[inside] != 0)


@pytest.mark.parametrize(("log_width", "log_height"), SIZES)
def test_quantizer_counts_the_bits_that_are_written(model, log_width, log_height):
    scratch = new_record(QUANTIZER_SCRATCH)
    height, width = 1 << log_height, 1 << log_width
    scratch.values[:height, :width] = np.random.default_rng(4).laplace(0, 1.2, (height, width))
    scratch.values[0, 0] = 7.3
    form = coefficient_form(log_width, log_height, 0, 0, 0)
    bits, distortion, total, zero = quantize_block(
        log_width, log_height, form, model.search_tables(LUMA, 0), np.float32(0.16), 1, 2, scratch
    )
    groups = scratch.state.significance[max(log_width, log_height) - 1][: height // 2, : width // 2]
    levels = np.where(np.kron(groups, np.ones((2, 2))), scratch.levels[:height, :width], 0).astype(np.int16)
    tokens = np.zeros(8192, dtype=np.uint32)
    block = Block(0, 0, log_width, log_height)
    count = emit_coefficients(levels, block, Look(form, 1), new_record(COEFFICIENT_STATE), tokens, 0)
    buffer = np.zeros(count * 2 + PADDING + 8, dtype=np.uint8)
    assert pack_tokens(tokens[:count], model.pack_tables(LUMA, 0), buffer, 0, new_part_bits()[LUMA]) == bits
    assert total == np.abs(levels).sum() > 0
    assert distortion < zero == pytest.approx(float((scratch.values[:height, :width] ** 2).sum()), rel=1e-4)
    assert np.all(levels * scratch.values[:height, :width] >= 0)


def test_dequantisation_rounds_and_saturates():
    step = int(STEPS[24])  # 8.0
    assert dequantize(1, 0, step) == 8 * 8
    assert dequantize(-2, -16, step) == -(2 * 64 - 16) * step * 8 // (64 * 64)
    assert dequantize(MAX_MAGNITUDE, 0, int(STEPS[-1])) == COEFFICIENT_MAX
    assert [escape_bits(m) for m in (0, 2, 3, 4, 5, 6)] == [0, 0, 1, 3, 3, 5]


def orthonormal(shape, seed):
    matrices = np.linalg.qr(np.random.default_rng(seed).normal(size=shape))[0]
    return np.clip(np.rint(128 * matrices), -127, 127).astype(np.int8)


@pytest.mark.parametrize(("log_width", "log_height", "mode"), [(2, 2, 0), (3, 3, 30), (5, 4, 7), (5, 5, 26)])
def test_alternative_transforms_are_undone(log_width, log_height, mode):
    small, large = orthonormal((MODE_GROUPS, 2, 16, 16), 5), orthonormal((2, MODE_GROUPS, 2, 64, 64), 6)
    height, width = 1 << log_height, 1 << log_width
    spectrum, values = square(np.float32), square(np.float32)
    spectrum[:height, :width] = np.random.default_rng(7).normal(0, 50, (height, width))
    buffer = np.zeros((2, 64), dtype=np.float32)
    apply_secondary(
        spectrum, log_width, log_height, mode, 1, forward_matrices(small), forward_matrices(large), buffer, values
    )
    coefficients = np.rint(8 * values).astype(np.int32)
    invert_secondary(coefficients, log_width, log_height, mode, 1, small, large, np.zeros((2, 64), dtype=np.int32))
    np.testing.assert_allclose(coefficients / 8, spectrum, atol=0.8)


def test_alternative_transforms_fold_modes_at_the_diagonal():
    assert [transform_group(mode) for mode in (0, 1, 2, 17, 18)] == [0, 1, 2, 9, 10]
    assert all(transform_group(mode) == transform_group(36 - mode) for mode in range(2, 35))
    assert sorted(map(tuple, LARGE_ORDER.tolist())) == [(i, j) for i in range(8) for j in range(8)]


def test_contexts_are_numbered_without_gaps():
    assert ELEMENTS[0].first == 0
    assert all(a.first + a.contexts == b.first for a, b in pairwise(ELEMENTS))
    last = ELEMENTS[-1]
    assert last.first + last.contexts == ALL_CONTEXTS == MEMORY_ELEMENTS[0].first
    assert all(a.first + a.contexts == b.first for a, b in pairwise(MEMORY_ELEMENTS))
    last = MEMORY_ELEMENTS[-1]
    assert last.first + last.contexts == ALL_WITH_MEMORY == len(COUNT_STARTS)
    assert COUNT_STARTS[-1] + last.symbols == COUNT_SIZE
    forms = {
        coefficient_form(w, h, mode, transform, 0) for w, h in SIZES for mode in range(38) for transform in range(2)
    }
    assert forms == set(range(FORMS))


def leaves_by_recursion(y, x, log_size, cut_of):
    """The leaves of a node in coding order, by the definition of the partition."""
    cut, half = cut_of(y, x, log_size), 1 << log_size >> 1
    if cut == QUARTERS:
        corners = [(y, x), (y, x + half), (y + half, x), (y + half, x + half)]
        return [leaf for corner in corners for leaf in leaves_by_recursion(*corner, log_size - 1, cut_of)]
    return {
        OUTSIDE: [],
        LEAF: [Block(y, x, log_size, log_size)],
        UPPER_LOWER: [Block(y, x, log_size, log_size - 1), Block(y + half, x, log_size, log_size - 1)],
        LEFT_RIGHT: [Block(y, x, log_size - 1, log_size), Block(y, x + half, log_size - 1, log_size)],
    }[cut]


@pytest.mark.parametrize("seed", range(8))
def test_the_walk_over_a_superblock_is_depth_first(seed):
    chance = np.random.default_rng(seed)
    cuts = {}

    def cut_of(y, x, log_size):
        choices = [LEAF, OUTSIDE] if log_size == UNIT_LOG else [QUARTERS, QUARTERS, LEAF, UPPER_LOWER, LEFT_RIGHT]
        return cuts.setdefault((y, x, log_size), int(chance.choice(choices)))

    walked = []
    place, log_size = 0, SUPERBLOCK_LOG
    while place < PLACES:
        y, x = node_corner(32, 96, place)
        cut = cut_of(y, x, log_size)
        walked += [leaf_of(y, x, log_size, cut, part) for part in range(leaf_count(cut))]
        place, log_size = next_node(place, log_size, cut)
    assert place == PLACES
    assert walked == leaves_by_recursion(32, 96, SUPERBLOCK_LOG, cut_of)
