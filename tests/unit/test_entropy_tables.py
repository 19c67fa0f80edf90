"""Table sets: construction, symbols one by one, damaged data."""

from __future__ import annotations

import numpy as np
import pytest
from coded_symbols import decode_symbols, encode_symbols

from vqcodec.entropy import huffman, tables
from vqcodec.entropy.tables import MAX_CONTEXTS, TableSet, check_written
from vqcodec.errors import CodebookError, CorruptFileError


def skewed_counts(contexts: int, symbols: int, seed: int = 0) -> np.ndarray:
    """Counts that fall off so steeply that there are codes of all lengths."""
    generator = np.random.default_rng(seed)
    counts = np.exp(-np.arange(symbols) * 20 / symbols) * 1e8
    return np.stack([generator.permutation(counts) for _ in range(contexts)]).astype(np.int64) + 1


class TestTableSet:
    def test_example(self):
        table_set = TableSet([[2, 1, 3, 3], [0, 0, 1, 0]])
        assert (table_set.contexts, table_set.symbols) == (2, 4)
        assert table_set.codes.tolist() == [[2, 0, 6, 7], [0, 0, 0, 0]]
        assert table_set.codes.dtype == np.uint32
        assert table_set.encoder.codes is table_set.codes
        assert table_set.encoder.lengths is table_set.lengths
        assert table_set.decoder is table_set.decoder

    def test_lengths_are_copied(self):
        lengths = np.array([1, 1], dtype=np.uint8)
        table_set = TableSet(lengths)
        lengths[:] = 9
        assert table_set.lengths.tolist() == [[1, 1]]

    def test_hostile_lengths_are_refused(self):
        with pytest.raises(CorruptFileError, match="mask lengths: table 1 has an incomplete code"):
            TableSet([[1, 1], [1, 2]], "mask lengths")
        with pytest.raises(CorruptFileError, match="contexts"):
            TableSet(np.ones((MAX_CONTEXTS + 1, 1), dtype=np.uint8))

    def test_tables_of_many_contexts_stay_small(self):
        table_set = TableSet(np.tile(np.array([8] * 256, dtype=np.uint8), (5000, 1)))
        assert sum(table.nbytes for table in table_set.decoder[:4]) < 6 << 20


class TestFromCounts:
    def test_smoothing_gives_every_symbol_a_code_near_the_pooled_one(self):
        counts = np.array([[1000, 10, 0, 0], [0, 0, 0, 0], [5, 5, 5, 0]])
        table_set = TableSet.from_counts(counts, smoothing=1.0)
        assert table_set.lengths.min() > 0
        assert np.array_equal(table_set.lengths[1], huffman.code_lengths([1005, 15, 5, 1]))

    def test_without_smoothing_only_seen_symbols_have_codes(self):
        table_set = TableSet.from_counts([[3, 0, 9], [0, 0, 0], [0, 4, 0]])
        assert table_set.lengths.tolist() == [[1, 0, 1], [2, 2, 1], [0, 1, 0]]

    def test_one_histogram(self):
        assert TableSet.from_counts([4, 2, 1, 1]).lengths.tolist() == [[1, 2, 3, 3]]

    def test_refusals(self):
        with pytest.raises(ValueError, match="all 0"):
            TableSet.from_counts([[0, 0], [0, 0]])
        with pytest.raises(ValueError, match="negative"):
            TableSet.from_counts([[5, -1], [0, 9]])
        with pytest.raises(ValueError, match="5 used symbols"):
            TableSet.from_counts([0, 0, 0, 0, 1], max_length=2, smoothing=0.1)
        with pytest.raises(ValueError, match="smoothing"):
            TableSet.from_counts([1, 2], smoothing=-1.0)


class TestSingleSymbols:
    @pytest.mark.parametrize("lookup_bits", [1, 3, 8, 12])
    def test_every_symbol_with_every_width_of_look_up(self, lookup_bits, monkeypatch):
        monkeypatch.setattr(tables, "LOOKUP_BITS", lookup_bits)
        table_set = TableSet.from_counts(skewed_counts(3, 256), max_length=16)
        assert table_set.lengths.max() == 16
        assert table_set.decoder.lookup_bits == lookup_bits
        for context in range(3):
            data, end = encode_symbols(np.arange(256), table_set, np.full(256, context))
            symbols, position = decode_symbols(data, 256, table_set, np.full(256, context))
            assert np.array_equal(symbols, np.arange(256))
            assert position == end

    def test_alphabet_too_large_for_the_look_up(self):
        counts = np.ones(20_000, dtype=np.int64)
        counts[[5, 15_000]] = 10**6, 10**5  # short codes below and above the 4096 symbols of the look-up
        table_set = TableSet.from_counts(counts, max_length=16)
        symbols = np.concatenate([np.arange(0, 20_000, 97), [5, 15_000, 19_999, 4095, 4096]])
        assert table_set.lengths[0, 15_000] < table_set.decoder.lookup_bits
        data, end = encode_symbols(symbols, table_set)
        decoded, position = decode_symbols(data, symbols.size, table_set)
        assert np.array_equal(decoded, symbols)
        assert position == end

    def test_largest_alphabet(self):
        table_set = TableSet(np.full(65_536, 16, dtype=np.uint8))
        data, end = encode_symbols([0, 4096, 65_535], table_set)
        assert data == bytes([0, 0, 0x10, 0, 0xFF, 0xFF])
        assert decode_symbols(data, 3, table_set)[0].tolist() == [0, 4096, 65_535]
        assert end == 48

    def test_lone_symbol_is_decoded_from_either_bit(self):
        for symbols, lone in ((1, 0), (4, 2), (5000, 4999)):
            lengths = np.zeros(symbols, dtype=np.uint8)
            lengths[lone] = 1
            for data in (b"\x00", b"\xff"):
                decoded, position = decode_symbols(data, 1, TableSet(lengths), start=3)
                assert (decoded.tolist(), position) == ([lone], 4)

    def test_positions_beyond_the_end_decode_zeros(self):
        table_set = TableSet([2, 1, 3, 3])
        for start in (16, 23, 80, 1 << 40):
            decoded, position = decode_symbols(b"\xff\xff", 1, table_set, start=start)
            assert (decoded.tolist(), position) == ([1], start + 1)

    def test_example(self):
        data, count = encode_symbols([0, 1, 2, 3], TableSet([2, 1, 3, 3]))
        assert count == 9
        assert data == bytes([0b10_0_110_11, 0b1_0000000])

    def test_contexts_choose_the_code(self):
        table_set = TableSet([[1, 1, 0], [2, 2, 1]])
        data, count = encode_symbols([1, 2, 0, 0], table_set, [0, 1, 0, 1])
        assert f"{data[0]:08b}"[:count] == "10010"
        symbols, position = decode_symbols(data, 4, table_set, [0, 1, 0, 1])
        assert symbols.tolist() == [1, 2, 0, 0]
        assert position == count

    def test_a_symbol_without_a_code_is_refused(self):
        _, position = encode_symbols([2, 0], TableSet([[1, 1, 0]]))
        with pytest.raises(CodebookError, match="no code for a symbol"):
            check_written(position)
        assert check_written(encode_symbols([1, 0], TableSet([[1, 1, 0]]))[1]) == 2
