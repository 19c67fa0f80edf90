"""Packets of speech: every sequence of symbols survives, and any bytes are parsed or refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from tiny_speech_codebook import tiny_codebook

from vqcodec.errors import CorruptFileError
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.celp import engine
from vqcodec.speech.celp.group_coding import coded_vectors, parse_packet, synthesize_group
from vqcodec.speech.celp.group_search import write_packets
from vqcodec.speech.celp.header import SpeechHeader
from vqcodec.speech.celp.packet_syntax import PARTS
from vqcodec.speech.celp.speech_codebook import SpeechCodebook, SpeechTableSet
from vqcodec.speech.celp.symbols import GroupSymbols
from vqcodec.speech.noise_floor.filling import MAX_LEVEL, SAME, SPECTRUM

FRAMES = 12


def table_set() -> SpeechTableSet:
    """The first of the tiny codebook."""
    return SpeechCodebook.of(tiny_codebook(NARROWBAND)).sets[0].rising


def random_symbols(seed: int, silent_share: float) -> GroupSymbols:
    """Symbols of a group, every one of which exists."""
    rng = np.random.default_rng(seed)
    chosen = table_set()
    tables, lsf = chosen.tables, chosen.lsf
    symbols = GroupSymbols.empty(FRAMES, chosen)
    spoken = rng.random(FRAMES) >= silent_share
    symbols.silent[:] = ~spoken
    symbols.equalizer[:] = np.where(spoken, rng.integers(chosen.equalizer.entries, size=FRAMES), 0)
    coded = coded_vectors(symbols.silent)
    symbols.headers[:] = np.where(coded, rng.integers(lsf.headers, size=FRAMES + 1), 0)
    depths = np.where(coded, lsf.depths()[symbols.headers], 0)
    for stage in range(lsf.stages):
        symbols.stages[:, stage] = np.where(depths > stage, rng.integers(lsf.sizes[stage], size=FRAMES + 1), 0)
    floors = symbols.floors
    floors.sent[:] = rng.integers(3, size=FRAMES)
    floors.levels[:] = np.where(floors.sent != SAME, rng.integers(MAX_LEVEL + 1, size=FRAMES), 0)
    floors.headers[:] = np.where(floors.sent == SPECTRUM, rng.integers(lsf.headers, size=FRAMES), 0)
    depths = np.where(floors.sent == SPECTRUM, lsf.depths()[floors.headers], 0)
    for stage in range(lsf.stages):
        floors.stages[:, stage] = np.where(depths > stage, rng.integers(lsf.sizes[stage], size=FRAMES), 0)
    found = symbols.excitation
    lag = tables.lags.size // 3
    for subframe in np.flatnonzero(np.repeat(spoken, NARROWBAND.subframes)):
        symbol = int(rng.integers(2 * tables.kinds))
        adaptive, kind = divmod(symbol, tables.kinds)
        found.type[subframe] = symbol
        if adaptive:
            lag = int(rng.integers(tables.lags.size))
            found.lag[subframe] = lag
        table = [[-1, 1], [2, 0]][adaptive][kind > 0]
        if table >= 0:
            found.gain[subframe] = rng.integers(tables.gain_counts[table])
        books = tables.books.size - 1
        if kind > books:
            count = tables.pulse_counts[kind - books - 1]
            positions = rng.integers(NARROWBAND.subframe, size=count)
            signs = rng.choice([-1, 1], NARROWBAND.subframe)
            found.pulses[subframe] = np.bincount(positions, minlength=NARROWBAND.subframe) * signs
        elif kind > 0:
            entry = rng.integers(tables.books[kind - 1], tables.books[kind])
            found.shape[subframe] = 2 * entry + rng.integers(2)
    return symbols


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.8, 1.0]), st.integers(1, FRAMES))
def test_symbols_survive(seed: int, silent_share: float, packet_frames: int) -> None:
    symbols = random_symbols(seed, silent_share)
    packets, bits = write_packets(symbols, table_set(), packet_frames)
    assert bits.sum() == 8 * sum(map(len, packets))
    read = GroupSymbols.empty(FRAMES, table_set())
    counted = np.zeros(len(PARTS) + 1, np.int64)
    for number, data in enumerate(packets):
        first = number * packet_frames
        parse_packet(data, first, min(packet_frames, FRAMES - first), read, table_set(), counted, "packet")
    np.testing.assert_array_equal(counted, bits)
    np.testing.assert_array_equal(read.silent, symbols.silent)
    np.testing.assert_array_equal(read.headers, symbols.headers)
    np.testing.assert_array_equal(read.equalizer, symbols.equalizer)
    np.testing.assert_array_equal(read.stages, symbols.stages)
    for sent, seen in zip(symbols.floors, read.floors):
        np.testing.assert_array_equal(seen[::packet_frames], sent[::packet_frames])
    used = symbols.excitation.type >= table_set().tables.kinds
    for name in ("type", "gain", "shape", "pulses"):
        np.testing.assert_array_equal(getattr(read.excitation, name), getattr(symbols.excitation, name))
    np.testing.assert_array_equal(read.excitation.lag[used], symbols.excitation.lag[used])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 1), st.booleans())
def test_any_bytes_are_parsed_or_refused(data: bytes, table_set: int, rises: bool) -> None:
    header = SpeechHeader(NARROWBAND, 2 * 160 * FRAMES, table_set, FRAMES, 2, rises=rises).to_bytes()
    try:
        decoded = engine.decode(header, [None, data], tiny_codebook(NARROWBAND))
    except CorruptFileError:
        return
    assert decoded.shape == (2 * 160 * FRAMES,)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.data())
def test_a_flipped_bit_never_breaks_synthesis(seed: int, choices: st.DataObject) -> None:
    packet = bytearray(write_packets(random_symbols(seed, 0.2), table_set(), FRAMES)[0][0])
    bit = choices.draw(st.integers(0, 8 * len(packet) - 1))
    packet[bit // 8] ^= 1 << bit % 8
    read = GroupSymbols.empty(FRAMES, table_set())
    try:
        parse_packet(bytes(packet), 0, FRAMES, read, table_set(), np.zeros(len(PARTS) + 1, np.int64), "packet")
    except CorruptFileError:
        return
    assert np.isfinite(synthesize_group(read, table_set(), FRAMES, table_set().filters)).all()
