"""Speed of the entropy coder: decoding beside bitarray's canonical decoder, encoding, and building tables.

    python -m benchmarks.entropy            print the figures and write them to benchmarks/results/entropy.json

Symbols go one by one through the kernels that the codecs call, `put_symbol` and `get_symbol`. Both decoders get the
same bits of the same code and take turns, so that whatever else the machine does slows both. Figures are medians over
the rounds, on one core.
"""

from __future__ import annotations

import argparse
import collections
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import bitarray
import bitarray.util
import numpy as np

from benchmarks.common import RESULTS, write_json
from vqcodec.entropy.bits import PADDING, padded
from vqcodec.entropy.huffman import MAX_LENGTH, canonical_codes, code_lengths
from vqcodec.entropy.tables import TableSet, get_symbol, put_symbol
from vqcodec.kernels.jit import kernel

SYMBOLS = 256
ENTROPIES = (1.5, 3.0, 4.5, 6.0, 7.0, 8.0)  # bits a symbol
CONTEXT_COUNTS = (1, 96, 2000)


@kernel
def encode_symbols(buffer, symbols, contexts, tables):
    """Write uint8 symbols, each in its context (uint16); return the number of bits."""
    position = np.int64(0)
    for i in range(symbols.size):
        position = put_symbol(buffer, position, contexts[i], symbols[i], tables.codes, tables.lengths)
    return position


@kernel
def decode_symbols(buffer, symbols, contexts, tables):
    """Read uint8 symbols, each in its context (uint16); return the number of bits."""
    position = np.int64(0)
    for i in range(symbols.size):
        symbols[i], position = get_symbol(buffer, position, contexts[i], tables)
    return position


class Coding:
    """Symbols in contexts, encoded; and the two calls that are timed.

    Args:
        symbols: uint8 (n,).
        contexts: uint16 (n,).
        table_set: the codes.
    """

    def __init__(self, symbols: np.ndarray, contexts: np.ndarray, table_set: TableSet) -> None:
        self._symbols, self._contexts, self._table_set = symbols, contexts, table_set
        self._buffer = np.zeros(2 * symbols.size + PADDING, np.uint8)
        self._decoded = np.empty_like(symbols)
        self.bits = self.encode()
        self.data = self._buffer[: (self.bits + 7) // 8].tobytes()
        self._padded = padded(self.data)
        if self.decode() != self.bits or not np.array_equal(self._decoded, symbols):
            raise AssertionError("decoding does not give what was encoded")

    def encode(self) -> int:
        return encode_symbols(self._buffer, self._symbols, self._contexts, self._table_set.encoder)

    def decode(self) -> int:
        return decode_symbols(self._padded, self._decoded, self._contexts, self._table_set.decoder)


def geometric_distribution(entropy: float) -> np.ndarray:
    """The truncated geometric distribution over the alphabet with this entropy (bits), by bisection."""
    slow, fast = 0.0, 5.0
    for _ in range(60):
        decay = (slow + fast) / 2
        weights = np.exp(-decay * np.arange(SYMBOLS))
        probabilities = weights / weights.sum()
        seen = probabilities[probabilities > 0]
        if -np.sum(seen * np.log2(seen)) > entropy:
            slow = decay
        else:
            fast = decay
    return probabilities


def alternate(tasks: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Times in seconds of every task, one a round; all take turns, after one round that does not count.

    Processor time: the tasks are single-threaded, and other processes shall not count.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for round_number in range(rounds + 1):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            if round_number:
                times[name].append(time.process_time() - start)
    return times


def speed(count: int, seconds: list[float]) -> float:
    """Median millions of symbols a second."""
    return round(count / statistics.median(seconds) / 1e6, 1)


def consume(symbols: Iterable[int]) -> None:
    """Run an iterator to its end without keeping what it gives."""
    collections.deque(symbols, maxlen=0)


def measure_decoding(entropy: float, count: int, rounds: int) -> dict[str, Any]:
    """Decode `count` symbols of the given entropy by both decoders, and encode them."""
    probabilities = geometric_distribution(entropy)
    symbols = np.random.default_rng(0).choice(SYMBOLS, count, p=probabilities).astype(np.uint8)
    table_set = TableSet.from_counts(np.bincount(symbols, minlength=SYMBOLS), smoothing=1.0)
    coding = Coding(symbols, np.zeros(count, np.uint16), table_set)

    lengths = table_set.lengths[0]
    length_counts = np.bincount(lengths, minlength=MAX_LENGTH + 1).tolist()
    ranked = np.lexsort((np.arange(SYMBOLS), lengths)).tolist()
    peer_bits = bitarray.bitarray()
    peer_bits.frombytes(coding.data)
    del peer_bits[coding.bits :]
    if list(bitarray.util.canonical_decode(peer_bits, length_counts, ranked)) != symbols.tolist():
        raise AssertionError("bitarray decodes something else")
    seconds = alternate(
        {
            "decode": coding.decode,
            "bitarray": lambda: consume(bitarray.util.canonical_decode(peer_bits, length_counts, ranked)),
            "encode": coding.encode,
        },
        rounds,
    )
    ratios = [peer / own for peer, own in zip(seconds["bitarray"], seconds["decode"], strict=True)]
    return {
        "entropy_bits": entropy,
        "code_bits": round(coding.bits / count, 3),
        "decode_msymbols_s": speed(count, seconds["decode"]),
        "bitarray_decode_msymbols_s": speed(count, seconds["bitarray"]),
        "decode_ratio": round(statistics.median(ratios), 1),
        "encode_msymbols_s": speed(count, seconds["encode"]),
    }


def measure_contexts(contexts: int, count: int, rounds: int) -> dict[str, Any]:
    """Decode and encode symbols, each in a random one of the contexts."""
    generator = np.random.default_rng(0)
    distribution = geometric_distribution(4.5)
    orders = np.stack([generator.permutation(SYMBOLS) for _ in range(contexts)])
    rows = generator.integers(0, contexts, count).astype(np.uint16)
    symbols = orders[rows, generator.choice(SYMBOLS, count, p=distribution)].astype(np.uint8)
    counts = np.empty((contexts, SYMBOLS), dtype=np.int64)
    np.put_along_axis(counts, orders, (distribution * 1e6).astype(np.int64) + 1, axis=1)
    table_set = TableSet.from_counts(counts)
    coding = Coding(symbols, rows, table_set)
    seconds = alternate({"decode": coding.decode, "encode": coding.encode}, rounds)
    return {
        "contexts": contexts,
        "code_bits": round(coding.bits / count, 3),
        "decode_msymbols_s": speed(count, seconds["decode"]),
        "encode_msymbols_s": speed(count, seconds["encode"]),
    }


def measure_tables(contexts: int, rounds: int) -> dict[str, Any]:
    """Make code lengths from counts, and the tables of a TableSet from the lengths."""
    counts = (2.0 ** np.random.default_rng(0).uniform(0, 20, (contexts, SYMBOLS))).astype(np.int64)
    lengths = code_lengths(counts)
    seconds = alternate(
        {
            "code_lengths": lambda: code_lengths(counts),
            "check": lambda: TableSet(lengths),
            "codes": lambda: canonical_codes(lengths),
            "check_and_decoder": lambda: TableSet(lengths).decoder,
        },
        rounds,
    )
    return {"contexts": contexts, "symbols": SYMBOLS} | {
        f"{name}_ms": round(1e3 * statistics.median(values), 2) for name, values in seconds.items()
    }


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.entropy", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", type=Path, default=RESULTS / "entropy.json", help="where the results go")
    parser.add_argument("--symbols", type=int, default=1_000_000, help="symbols a measurement")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of which the median is taken")
    arguments = parser.parse_args()
    results = {
        "decoding": [measure_decoding(entropy, arguments.symbols, arguments.rounds) for entropy in ENTROPIES],
        "contexts": [measure_contexts(count, arguments.symbols, arguments.rounds) for count in CONTEXT_COUNTS],
        "tables": [measure_tables(2000, arguments.rounds)],
    }
    for part, rows in results.items():
        for row in rows:
            print(part, *(f"{name}={value}" for name, value in row.items()))
    write_json(arguments.json, "entropy", results)


if __name__ == "__main__":
    main()
