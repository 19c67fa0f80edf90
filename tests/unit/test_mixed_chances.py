"""Flags and lengths of escapes by mixed chances: coding and decoding, damage, and the arithmetic."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform
import reference_transform_mixed
from test_copies import agreed_outcomes

from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.search import encoder
from vqcodec.codebook.codebook import Codebook
from vqcodec.entropy import mixing
from vqcodec.entropy.huffman import code_lengths
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.image.transform import engine

MUTANTS = 120


@pytest.fixture(scope="module")
def book() -> Codebook:
    return Codebook("image/transform", "formulas", initial_model([20, 34]).to_arrays(), {})


def scene(height: int, width: int, channels: int, noise: int = 12) -> np.ndarray:
    """Return waves with noise and an edge, uint8 (height, width, channels)."""
    chance = np.random.default_rng(9)
    y, x = (axis[:, :, None] for axis in np.mgrid[:height, :width])
    waves = 128 + 60 * np.sin(x / 9 + np.arange(channels)) + 50 * np.cos(y / 14) + 40 * (x > y)
    return np.clip(waves + chance.normal(0, noise, (height, width, channels)), 0, 255).astype(np.uint8)


def parameters_of(header: bytes) -> CodingParameters:
    return engine.Header.from_bytes(header)[0].parameters


@pytest.mark.parametrize(
    ("size", "channels", "chroma", "tune", "quality"),
    [
        ((96, 128), 1, "auto", "psnr", 60),
        ((70, 101), 3, "444", "psnr", 20),
        ((67, 90), 3, "420", "ssim", 60),
        ((81, 131), 4, "444", "visual", 40),
        ((90, 110), 3, "420", "visual", 100),
    ],
)
def test_decoders_give_the_encoders_reconstruction(book, size, channels, chroma, tune, quality) -> None:
    coded = engine.encode(scene(*size, channels), book, quality, 3, 2, {"chroma": chroma, "tune": tune})
    assert parameters_of(coded.header).mixed
    assert sum(coded.bits_by_part.values()) == 8 * (len(coded.header) + sum(map(len, coded.packets)))
    assert engine.count_bits(coded.header, coded.packets, book) == coded.bits_by_part
    assert coded.bits_by_part["luma mask"] > 8
    assert np.array_equal(engine.decode(coded.header, coded.packets, book), coded.reconstruction)
    plain = reference.parse_canonical(book.canonical_bytes())
    assert np.array_equal(reference_transform.decode(coded.header, coded.packets, plain), coded.reconstruction)


def without_mixing(monkeypatch) -> None:
    """Make the engine code flags by Huffman codes."""
    known = encoder.encode_planes

    def encode_planes(planes, model, parameters, *arguments, **more):
        return known(planes, model, replace(parameters, mixed=False), *arguments, **more)

    monkeypatch.setattr(encoder, "encode_planes", encode_planes)


def test_they_save_bytes_and_change_no_sample(book, monkeypatch) -> None:
    samples = scene(160, 200, 3)
    coded, again = (engine.encode(samples, book, 50, 3, threads) for threads in (1, 3))
    assert (coded.header, coded.packets) == (again.header, again.packets)
    without_mixing(monkeypatch)
    plain = engine.encode(samples, book, 50, 3)
    assert not parameters_of(plain.header).mixed
    assert len(coded.packets[0]) < 0.95 * len(plain.packets[0])
    assert np.array_equal(coded.reconstruction, plain.reconstruction)


def test_where_they_save_nothing_there_are_none(book) -> None:
    coded = engine.encode(np.full((8, 8, 1), 90, dtype=np.uint8), book, 50, 3)
    assert not parameters_of(coded.header).mixed


def test_tiles_begin_anew(book) -> None:
    coded = engine.encode(scene(40, 1400, 1), book, 40, 0)
    assert len(coded.packets) == 2
    assert parameters_of(coded.header).mixed
    whole = engine.decode(coded.header, coded.packets, book)
    assert np.array_equal(whole, coded.reconstruction)


def test_damage_is_named_and_found_by_the_reference_too(book) -> None:
    coded = engine.encode(scene(50, 60, 1), book, 60, 3)
    chance, packets = random.Random(5), []
    for number in range(MUTANTS):
        packet = bytearray(coded.packets[0])
        packet[chance.randrange(len(packet))] ^= 1 << chance.randrange(8)
        packets.append(packet[: chance.randrange(len(packet))] if number % 4 == 0 else packet)
    said = agreed_outcomes(coded, book, packets)
    assert any(isinstance(each, str) and "left over after" in each for each in said)


def test_later_versions_are_told(book) -> None:
    header = engine.encode(scene(64, 80, 1), book, 60, 1).header
    place = len(header) - 1
    assert header[place] & 16
    with pytest.raises(UnsupportedError, match="reserved bits"):
        engine.Header.from_bytes(header[:place] + bytes([header[place] | 32]))
    with pytest.raises(CorruptFileError, match="truncated"):
        engine.Header.from_bytes(header[:place])


def test_prior_chances_are_those_of_the_code_lengths() -> None:
    lengths = np.array([[1, 2, 3, 3], [2, 0, 2, 1], [1, 0, 0, 0]], dtype=np.uint8)
    chances = mixing.prior_chances(lengths, 2)
    assert chances.tolist() == [
        [0, 16384, 21845, 32768],
        [0, 49152, 0, 43691],
        [0, 0, 0, 0],
    ]
    wide = mixing.prior_chances(lengths, 3)
    assert wide[0].tolist() == [0, 0, 16384, 0, 21845, 32768, 0, 0]
    assert mixing.prior_chances(lengths[:, ::-1].copy(), 2)[2].tolist() == [0, mixing.CERTAIN, 0, mixing.CERTAIN]


def test_tables_are_the_same_on_every_machine() -> None:
    """No entry is so near to a half that another logarithm could round it elsewhere."""

    def from_half(value: float) -> float:
        return abs(value - math.floor(value) - 0.5)

    assert min(from_half(256 * math.log((2 * q + 1) / (8191 - 2 * q))) for q in range(4096)) > 9e-5
    assert min(from_half(65536 / (1 + math.exp(-x / 256))) for x in range(-2047, 2048)) > 9e-5
    assert min(from_half(65536 / (n + 1.5)) for n in range(251)) > 9e-5
    odds, chances, rates = mixing._tables()
    assert [reference_transform_mixed.odds(q) for q in range(4096)] == odds.tolist()
    assert [reference_transform_mixed.chance(x) for x in range(-2047, 2048)] == chances.tolist()
    assert [reference_transform_mixed.rate(n) for n in range(251)] == rates.tolist()


def test_symbols_of_certain_codes_take_nothing() -> None:
    """Where a code has one symbol, no node has two ways."""
    lengths = code_lengths(np.array([[0, 0, 0, 7, 0, 0, 0, 0]]))
    chances = mixing.prior_chances(lengths, 4)
    assert set(chances[0].tolist()) == {0, mixing.CERTAIN}
