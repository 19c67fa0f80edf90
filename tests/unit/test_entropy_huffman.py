"""Code lengths, canonical codes and their validation: examples by hand, and slower ways to the same."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest

from vqcodec.entropy import huffman, rates
from vqcodec.errors import CorruptFileError


def kraft_sum(lengths: np.ndarray) -> float:
    return float(np.sum(2.0 ** -lengths[lengths > 0].astype(float)))


def unlimited_huffman_bits(counts: np.ndarray) -> int:
    """Huffman's algorithm (1952): the sum of all merged weights."""
    heap = [int(count) for count in counts if count > 0]
    heapq.heapify(heap)
    bits = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        bits += merged
        heapq.heappush(heap, merged)
    return bits


def exhaustive_bits(counts: np.ndarray, max_length: int) -> int:
    """The least bits over all sets of lengths up to `max_length` that satisfy Kraft's inequality."""
    best = None
    for lengths in itertools.product(range(1, max_length + 1), repeat=counts.size):
        if sum(2.0**-length for length in lengths) <= 1:
            bits = int(np.dot(counts, lengths))
            best = bits if best is None else min(best, bits)
    assert best is not None
    return best


class TestCodeLengths:
    @pytest.mark.parametrize(
        ("counts", "max_length", "expected"),
        [
            ([8, 4, 2, 1, 1], 15, [1, 2, 3, 4, 4]),
            ([8, 4, 2, 1, 1], 3, [1, 3, 3, 3, 3]),
            ([1, 1, 1], 15, [1, 2, 2]),  # of equal counts the first symbol is the one with the short code
            ([0, 7, 0], 15, [0, 1, 0]),
            ([0, 0, 0], 15, [0, 0, 0]),
            ([5, 0, 5], 15, [1, 0, 1]),
            ([1, 1, 2, 3, 5, 8, 13, 21], 15, [7, 7, 6, 5, 4, 3, 2, 1]),
        ],
    )
    def test_examples(self, counts, max_length, expected):
        lengths = huffman.code_lengths(counts, max_length)
        assert lengths.dtype == np.uint8
        assert lengths.tolist() == expected

    def test_as_good_as_huffman_when_the_limit_does_not_bind(self):
        generator = np.random.default_rng(1)
        for _ in range(50):
            counts = generator.integers(0, 50, generator.integers(2, 200))
            counts[:2] = 1
            lengths = huffman.code_lengths(counts, 16)
            assert lengths.max() < 16
            assert rates.huffman_bits(counts, lengths) == unlimited_huffman_bits(counts)

    @pytest.mark.parametrize("max_length", [3, 4])
    def test_as_good_as_any_limited_code(self, max_length):
        generator = np.random.default_rng(2)
        for _ in range(12):
            counts = (2.0 ** generator.uniform(0, 12, 6)).astype(np.int64)
            lengths = huffman.code_lengths(counts, max_length)
            assert lengths.max() <= max_length
            assert rates.huffman_bits(counts, lengths) == exhaustive_bits(counts, max_length)

    def test_limit_binds_on_fibonacci_counts(self):
        counts = [1, 1]
        while len(counts) < 40:
            counts.append(counts[-1] + counts[-2])
        lengths = huffman.code_lengths(counts, 12)
        assert lengths.max() == 12
        assert kraft_sum(lengths) == 1.0

    def test_alphabet_that_fills_the_limit(self):
        lengths = huffman.code_lengths(np.arange(1, 65_537), 16)
        assert np.all(lengths == 16)

    def test_stack_gives_what_its_rows_give(self):
        counts = np.random.default_rng(3).integers(0, 9, (5, 30))
        stacked = huffman.code_lengths(counts)
        assert stacked.shape == counts.shape
        for row, lengths in zip(counts, stacked, strict=True):
            assert np.array_equal(huffman.code_lengths(row), lengths)

    def test_largest_total(self):
        counts = np.array([huffman.MAX_TOTAL_COUNT - 3, 1, 1, 1])
        assert huffman.code_lengths(counts).tolist() == [1, 2, 3, 3]

    @pytest.mark.parametrize(
        ("counts", "max_length", "message"),
        [
            ([1] * 9, 3, "9 used symbols"),
            ([1, -1], 15, "negative"),
            ([1 << 46, 1], 15, "sum"),
            ([1.5, 2.0], 15, "integers"),
            ([1, 2], 17, "max_length"),
            ([1, 2], 0, "max_length"),
            ([[[1]]], 15, "shape"),
            ([], 15, "symbols"),
        ],
    )
    def test_refusals(self, counts, max_length, message):
        with pytest.raises(ValueError, match=message):
            huffman.code_lengths(counts, max_length)


class TestCanonicalCodes:
    def test_example(self):
        codes = huffman.canonical_codes([2, 1, 3, 3])
        assert codes.dtype == np.uint32
        assert [f"{code:0{length}b}" for code, length in zip(codes, [2, 1, 3, 3], strict=True)] == [
            "10",
            "0",
            "110",
            "111",
        ]

    @pytest.mark.parametrize("lengths", [[1, 17], [-1, 1]])
    def test_impossible_lengths(self, lengths):
        with pytest.raises(ValueError, match=r"0\.\.16"):
            huffman.canonical_codes(lengths)

    def test_symbols_without_a_code(self):
        assert huffman.canonical_codes([[0, 1, 0, 1], [0, 0, 1, 0]]).tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]


def _share_of_all_bits(lengths):
    """The share of all sequences of bits that begin with a code of one table; no two codes have any in common."""
    lengths = np.asarray(lengths, dtype=np.int64)
    used = np.flatnonzero(lengths)
    begin = huffman.canonical_codes(lengths)[used].astype(np.int64) << (16 - lengths[used])
    end = begin + (1 << (16 - lengths[used]))
    order = np.argsort(begin)
    assert (begin[order][1:] == end[order][:-1]).all()
    return (end - begin).sum() / 2**16


class TestCheckLengths:
    @pytest.mark.parametrize("lengths", [[1, 1], [0, 1, 0], [[2, 2, 2, 2], [1, 2, 3, 3]], [0, 1, 2, 2]])
    def test_complete_codes_pass(self, lengths):
        huffman.check_lengths(np.array(lengths, dtype=np.uint8))
        for row in np.atleast_2d(lengths):
            assert _share_of_all_bits(row) == (1 if np.count_nonzero(row) > 1 else 0.5)

    def test_full_alphabet_passes(self):
        lengths = np.full(65_536, 16, dtype=np.uint8)
        huffman.check_lengths(lengths)
        assert _share_of_all_bits(lengths) == 1

    @pytest.mark.parametrize(
        ("lengths", "fault"),
        [
            ([1, 2], "table 0 has an incomplete code"),
            ([2, 0], "table 0 has an incomplete code"),  # one symbol alone has length 1
            ([16, 0, 1], "table 0 has an incomplete code"),
            ([1, 1, 16], "table 0 has more codes"),
            ([[1, 1], [0, 0]], "table 1 has no symbol"),
            ([1, 17], "0..16"),
            ([1, 255], "0..16"),
            (np.array([1, 257]), "0..16"),  # would be a valid length after conversion to uint8
            (np.array([1, -255]), "0..16"),
            ([0.5, 1.0], "0..16"),
            ([[[1, 1]]], "shape"),
            ([], "symbols"),
            (np.zeros((0, 4), dtype=np.uint8), "shape"),
        ],
    )
    def test_hostile_lengths_are_refused(self, lengths, fault):
        with pytest.raises(CorruptFileError, match=fault) as caught:
            huffman.check_lengths(lengths, "mode lengths")
        assert str(caught.value).startswith("mode lengths: ")

    def test_many_short_codes_do_not_overflow_the_sum(self):
        with pytest.raises(CorruptFileError, match="more codes"):
            huffman.check_lengths(np.ones(65_536, dtype=np.uint8))


class TestRates:
    def test_entropy(self):
        assert rates.entropy_bits([4, 4, 0]) == 8.0
        assert rates.entropy_bits([[4, 4], [9, 0]]) == 8.0
        assert rates.entropy_bits([0, 0]) == 0.0

    def test_huffman_is_within_a_bit_of_the_entropy(self):
        counts = np.random.default_rng(4).integers(1, 1000, 100)
        ideal = rates.entropy_bits(counts)
        assert ideal <= rates.huffman_bits(counts, huffman.code_lengths(counts)) < ideal + counts.sum()

    def test_refusals(self):
        with pytest.raises(ValueError, match="no code"):
            rates.huffman_bits([1, 2], [1, 0])
        with pytest.raises(ValueError, match="shape"):
            rates.huffman_bits([1, 2], [1, 1, 0])
