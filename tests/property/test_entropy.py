"""Properties of the entropy coder, with bitarray's canonical Huffman code as the oracle."""

from __future__ import annotations

import bitarray
import bitarray.util
import numpy as np
from coded_symbols import decode_symbols, encode_symbols, get_field, get_golomb, put_field, put_golomb
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vqcodec.entropy import bits, huffman, rates
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CorruptFileError

SETTINGS = settings(deadline=None, max_examples=60)

histograms = hnp.arrays(
    np.int64,
    hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=40),
    elements=st.one_of(st.just(0), st.integers(0, 20), st.integers(0, 1 << 36)),
)


def kraft_sums(lengths: np.ndarray) -> np.ndarray:
    return np.where(lengths > 0, 2.0 ** -lengths.astype(float), 0.0).sum(axis=-1)


def canonical_form(lengths: np.ndarray) -> tuple[list[int], list[int]]:
    """bitarray's form of a canonical code: number of codes of each length, symbols in the order of codes."""
    order = sorted(np.flatnonzero(lengths).tolist(), key=lambda symbol: (lengths[symbol], symbol))
    return [int(np.sum(lengths == length)) if length else 0 for length in range(17)], order


@SETTINGS
@given(histograms, st.integers(6, 16))
def test_lengths_make_complete_limited_codes(counts, max_length):
    lengths = huffman.code_lengths(counts, max_length)
    assert np.array_equal(lengths > 0, counts > 0)
    assert lengths.max() <= max_length
    used = np.count_nonzero(counts, axis=-1)
    assert np.array_equal(kraft_sums(lengths), np.where(used > 1, 1.0, used / 2))


@SETTINGS
@given(histograms)
def test_rarer_and_later_symbols_never_have_shorter_codes(counts):
    for row, lengths in zip(np.atleast_2d(counts), np.atleast_2d(huffman.code_lengths(counts)), strict=True):
        used = np.flatnonzero(row)
        order = used[np.lexsort((used, -row[used]))]
        assert np.all(np.diff(lengths[order].astype(int)) >= 0)


@SETTINGS
@given(histograms.filter(lambda counts: counts.ndim == 1 and np.count_nonzero(counts) > 1))
def test_as_short_as_the_oracle_and_the_same_set_of_codes(counts):
    frequencies = {symbol: int(count) for symbol, count in enumerate(counts) if count}
    oracle, _, _ = bitarray.util.canonical_huffman(frequencies)
    oracle_lengths = np.array([len(oracle.get(symbol, "")) for symbol in range(counts.size)])
    if oracle_lengths.max() <= huffman.MAX_LENGTH:
        lengths = huffman.code_lengths(counts, huffman.MAX_LENGTH)
        assert rates.huffman_bits(counts, lengths) == rates.huffman_bits(counts, oracle_lengths)
        codes = zip(huffman.canonical_codes(oracle_lengths), oracle_lengths, strict=True)
        ours = sorted(f"{code:0{length}b}" for code, length in codes if length)
        assert ours == sorted(code.to01() for code in oracle.values())  # it orders equal lengths otherwise


@SETTINGS
@given(st.data())
def test_bits_are_those_of_the_oracle(data):
    symbols = data.draw(hnp.arrays(np.uint8, st.integers(1, 300), elements=st.integers(0, 255)))
    skew = data.draw(st.sampled_from([0, 20, 40]))
    counts = np.bincount(symbols, minlength=256) + (1 << (np.arange(256) * skew // 255))
    table_set = TableSet.from_counts(counts, 16)
    encoded, count = encode_symbols(symbols, table_set)

    lengths = table_set.lengths[0]
    oracle = bitarray.bitarray()
    oracle.frombytes(encoded)
    lengths_count, order = canonical_form(lengths)
    decoded = bitarray.util.canonical_decode(oracle[:count], lengths_count, order)
    assert list(decoded) == symbols.tolist()

    code_of = {
        symbol: bitarray.util.int2ba(int(code), int(length))
        for symbol, (code, length) in enumerate(zip(table_set.codes[0], lengths, strict=True))
    }
    again = bitarray.bitarray()
    again.encode(code_of, symbols.tolist())
    assert again.tobytes() == encoded


@SETTINGS
@given(st.data())
def test_round_trip_with_contexts(data):
    counts = data.draw(histograms.filter(lambda counts: counts.ndim == 2))
    max_length = data.draw(st.integers(6, 16))
    table_set = TableSet.from_counts(counts >> 8, max_length, smoothing=0.5)
    size = data.draw(st.integers(0, 200))
    symbols = data.draw(hnp.arrays(np.int64, size, elements=st.integers(0, counts.shape[1] - 1)))
    contexts = data.draw(hnp.arrays(np.int32, size, elements=st.integers(0, counts.shape[0] - 1)))
    encoded, count = encode_symbols(symbols, table_set, contexts)
    assert count == table_set.lengths[contexts, symbols].sum(dtype=int)
    assert len(encoded) == (count + 7) // 8
    decoded, position = decode_symbols(encoded, size, table_set, contexts)
    assert np.array_equal(decoded, symbols)
    assert position == count


@SETTINGS
@given(
    st.binary(max_size=300),
    st.integers(0, 3000),
    st.integers(1, 256),
    st.sampled_from([0.0, 5.0, 40.0]),
)
def test_any_bits_decode_to_symbols_of_the_alphabet_and_back(data, count, symbols, steepness):
    counts = (np.exp(-np.arange(symbols) * steepness / symbols) * 1e9).astype(np.int64) + 1
    table_set = TableSet.from_counts(counts)
    decoded, position = decode_symbols(data, count, table_set)
    assert np.all((decoded >= 0) & (decoded < symbols))
    assert position == table_set.lengths[0, decoded].sum(dtype=int)
    if symbols > 1:  # a lone symbol is decoded from either bit
        again, end = encode_symbols(decoded, table_set)
        read = bitarray.bitarray(bytes(data) + bytes(len(again)))
        assert bitarray.bitarray(again)[:end] == read[:end]


@SETTINGS
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=2, max_side=12), elements=st.integers(0, 20)))
def test_exactly_the_complete_codes_pass_the_check(lengths):
    complete = kraft_sums(lengths) == 1.0
    alone = (np.count_nonzero(lengths, axis=-1) == 1) & (lengths.max(axis=-1) == 1)
    valid = bool(np.all(complete | alone) and lengths.max() <= 16)
    try:
        huffman.check_lengths(lengths)
    except CorruptFileError:
        assert not valid
    else:
        assert valid


fields = st.one_of(
    st.integers(0, 32).flatmap(
        lambda count: st.tuples(st.just("bits"), st.integers(0, (1 << count) - 1), st.just(count))
    ),
    st.tuples(st.just("exp_golomb"), st.integers(0, bits.EXP_GOLOMB_MAX), st.integers(0, 7)),
)


@SETTINGS
@given(st.lists(fields, max_size=60))
def test_fields_round_trip_and_equal_their_digits(sequence):
    buffer = np.zeros(8 * len(sequence) + bits.PADDING, np.uint8)
    position, digits = 0, ""
    for kind, value, parameter in sequence:
        if kind == "bits":
            position = put_field(buffer, position, value, parameter)
            digits += f"{value:0{parameter}b}" if parameter else ""
        else:
            position = put_golomb(buffer, position, value, parameter)
            binary = f"{value + (1 << parameter):b}"
            digits += "0" * (len(binary) - parameter - 1) + binary
    assert position == len(digits)
    assert buffer[: (position + 7) // 8].tobytes() == bitarray.bitarray(digits).tobytes()
    end = 0
    for kind, value, parameter in sequence:
        read, end = (get_field if kind == "bits" else get_golomb)(buffer, end, parameter)
        assert read == value
    assert end == position
