"""Bit fields and Exp-Golomb codes, by hand, at the edges of buffers, and beyond them."""

from __future__ import annotations

import numpy as np
import pytest
from coded_symbols import get_field, get_golomb, put_field, put_golomb

from vqcodec.entropy import bits
from vqcodec.kernels.jit import kernel


@kernel
def write_fields(buffer, position, values, counts):
    for index in range(values.size):
        position = bits.put_bits(buffer, position, values[index], counts[index])
    return position


@kernel
def read_fields(buffer, position, counts, values):
    for index in range(values.size):
        values[index], position = bits.get_bits(buffer, position, counts[index])
    return position


def as_text(data: bytes, count: int) -> str:
    return "".join(f"{byte:08b}" for byte in data)[:count]


def guarded(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A buffer of `size` bytes inside a larger array of ones that nobody may touch."""
    whole = np.full(size + 64, 0xFF, dtype=np.uint8)
    inside = whole[32 : 32 + size]
    inside[:] = 0
    return whole, inside


def test_most_significant_bit_first():
    buffer = np.zeros(2 + bits.PADDING, np.uint8)
    assert write_fields(buffer, 0, np.array([0b101, 0, 0b0000_0000_1111_0]), np.array([3, 0, 13])) == 16
    assert buffer[:2].tobytes() == bytes([0b1010_0000, 0b0001_1110])


def test_fields_of_all_widths():
    counts = np.repeat(np.arange(33), 2)
    values = np.where(np.arange(66) % 2, 0, (1 << counts) - 1)
    buffer = np.zeros(140 + bits.PADDING, np.uint8)
    end = write_fields(buffer, 0, values, counts)
    read = np.empty(66, np.int64)
    assert read_fields(buffer, 0, counts, read) == end == counts.sum()
    assert np.array_equal(read, values)


def test_only_the_low_bits_of_a_value_are_written():
    buffer = np.zeros(16, dtype=np.uint8)
    assert write_fields(buffer, 4, np.array([-1, 0x1F5]), np.array([2, 4])) == 10
    assert as_text(buffer.tobytes(), 16) == "0000110101000000"


def test_writing_resumes_from_an_earlier_position():
    buffer = np.full(24, 0xAA, dtype=np.uint8)  # a used buffer need not be cleared
    position = write_fields(buffer, 0, np.array([0b1011]), np.array([4]))
    for value in (0xFFFFFFFF, 0x12345678):
        end = write_fields(buffer, position, np.array([value, 5]), np.array([32, 3]))
    assert end == 39
    assert as_text(buffer.tobytes(), 40) == "1011" + f"{0x12345678:032b}" + "101" + "0"


@pytest.mark.parametrize(
    ("value", "k", "code"),
    [
        (0, 0, "1"),
        (1, 0, "010"),
        (2, 0, "011"),
        (3, 0, "00100"),
        (0, 2, "100"),
        (3, 2, "111"),
        (4, 2, "01000"),
        (11, 2, "01111"),
        (12, 2, "0010000"),
    ],
)
def test_exp_golomb_codes(value, k, code):
    buffer = np.zeros(8 + bits.PADDING, np.uint8)
    end = put_golomb(buffer, 0, value, k)
    assert as_text(buffer.tobytes(), end) == code
    assert get_golomb(buffer, 0, k) == (value, end)


@pytest.mark.parametrize("k", range(8))
def test_largest_exp_golomb_value_at_every_offset(k):
    for offset in range(8):
        buffer = np.zeros(16 + bits.PADDING, np.uint8)
        end = put_golomb(buffer, put_field(buffer, 0, 0, offset), bits.EXP_GOLOMB_MAX, k)
        assert get_golomb(buffer, offset, k) == (bits.EXP_GOLOMB_MAX, end)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0" * 20, b"\0\0\0\x7f" + b"\xff" * 4])
def test_overlong_exp_golomb_prefix_saturates_and_ends_past_the_data(data):
    value, position = get_golomb(bits.padded(data), 0, 3)
    assert value == bits.EXP_GOLOMB_MAX
    assert position > 8 * len(data)


@pytest.mark.parametrize("size", [8, 9, 15, 40])
def test_reading_beyond_the_end_gives_zeros_and_stays_inside(size):
    _, buffer = guarded(size)
    counts = np.full(200, 31)
    values = np.full(200, -1)
    for start in (8 * size - 1, 8 * size, 8 * size + 5, 1 << 40):
        read_fields(buffer, start, counts, values)
        assert not values.any()  # the ones around the buffer were not read
        value, position = get_golomb(buffer, start, 0)
        assert value == bits.EXP_GOLOMB_MAX
        assert position >= 8 * size


@pytest.mark.parametrize("size", [8, 9, 15, 40])
def test_writing_beyond_the_end_stays_inside(size):
    whole, _ = guarded(size)
    _, buffer = whole, whole[32 : 32 + size]
    for start in (0, 8 * size - 1, 8 * size, 1 << 40):
        write_fields(buffer, start, np.full(200, 0x5A5A5A5A), np.full(200, 32))
        assert np.all(whole[:32] == 0xFF)
        assert np.all(whole[32 + size :] == 0xFF)


def test_padded_copies_and_pads():
    source = np.array([1, 2, 3], dtype=np.uint8)
    for data in (source, source.tobytes(), bytearray(source), memoryview(source.tobytes()), source[::1]):
        buffer = bits.padded(data)
        assert buffer.tolist() == [1, 2, 3] + [0] * bits.PADDING
        assert not np.shares_memory(buffer, source)
    assert bits.padded(b"").size == bits.PADDING
    with pytest.raises(TypeError, match="int16"):
        bits.padded(source.astype(np.int16))


def test_bits_past_the_end_are_zeros():
    buffer = bits.padded(b"\xff")
    assert get_field(buffer, 0, 8) == (255, 8)
    assert get_field(buffer, 7, 3) == (0b100, 10)
