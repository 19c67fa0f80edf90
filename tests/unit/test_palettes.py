"""Blocks with palettes: coding and decoding, damage, and what is searched."""

from __future__ import annotations

import random

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform
from test_copies import agreed_outcomes, text

from vqcodec.blocks.layout import PALETTE, Block
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.search.leads import is_drawn
from vqcodec.blocks.syntax import copies, palette_contexts
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, UnsupportedError
from vqcodec.image.transform import engine

MUTANTS = 120


@pytest.fixture(scope="module")
def book() -> Codebook:
    return Codebook("image/transform", "formulas", initial_model([20, 34]).to_arrays(), {})


def drawing(height: int, width: int, channels: int, colours: int = 12) -> np.ndarray:
    """Return overlapping discs of some colours, uint8 (height, width, channels)."""
    chance = np.random.default_rng(4)
    tones = chance.integers(0, 256, (colours, channels))
    y, x = np.mgrid[:height, :width]
    tone = np.zeros((height, width), dtype=int)
    for _ in range(height * width // 90):
        top, left, radius = chance.integers(height), chance.integers(width), chance.integers(2, 9)
        tone[(y - top) ** 2 + (x - left) ** 2 < radius**2] = chance.integers(colours)
    return tones[tone].astype(np.uint8)


def parameters_of(header: bytes) -> CodingParameters:
    return engine.Header.from_bytes(header)[0].parameters


@pytest.mark.parametrize(
    ("size", "channels", "chroma", "tune", "effort"),
    [
        ((64, 96), 1, "auto", "psnr", 5),
        ((70, 101), 3, "444", "psnr", 7),
        ((67, 90), 3, "420", "ssim", 5),
        ((41, 131), 4, "444", "visual", 4),
        ((100, 100), 2, "auto", "psnr", 1),
        ((37, 29), 3, "444", "psnr", 9),
    ],
)
def test_decoders_give_the_encoders_reconstruction(book, size, channels, chroma, tune, effort) -> None:
    coded = engine.encode(drawing(*size, channels), book, 60, effort, 2, {"chroma": chroma, "tune": tune})
    assert parameters_of(coded.header).palettes
    assert sum(coded.bits_by_part.values()) == 8 * (len(coded.header) + sum(map(len, coded.packets)))
    assert engine.count_bits(coded.header, coded.packets, book) == coded.bits_by_part
    assert any("palettes" in part for part in coded.bits_by_part)
    assert np.array_equal(engine.decode(coded.header, coded.packets, book), coded.reconstruction)
    plain = reference.parse_canonical(book.canonical_bytes())
    assert np.array_equal(reference_transform.decode(coded.header, coded.packets, plain), coded.reconstruction)


def test_palettes_save_much_and_threads_change_nothing(book, monkeypatch) -> None:
    samples = drawing(120, 150, 3)
    coded, again = (engine.encode(samples, book, 60, 5, threads) for threads in (1, 3))
    assert (coded.header, coded.packets) == (again.header, again.packets)
    monkeypatch.setattr("vqcodec.blocks.search.leads.is_drawn", lambda _: False)
    without = engine.encode(samples, book, 60, 5)
    assert not parameters_of(without.header).palettes
    assert len(coded.packets[0]) < 0.7 * len(without.packets[0])


def test_inspection_tells_which_blocks_have_palettes(book) -> None:
    coded = engine.encode(drawing(64, 96, 3), book, 60, 5, options={"chroma": "444"})
    for plane in engine.inspect(coded.header, coded.packets, book):
        painted = plane.mode == PALETTE
        assert painted.any()
        assert plane.modes[PALETTE] == "palette"
        assert not plane.coded[painted].any()
        assert (plane.item == -1).all()


def test_damage_is_found_by_the_reference_too(book) -> None:
    coded = engine.encode(drawing(50, 84, 3, 6), book, 60, 3, options={"chroma": "444"})
    chance, packets = random.Random(5), []
    for _ in range(MUTANTS):
        packet = bytearray(coded.packets[0])
        packet[chance.randrange(len(packet))] ^= 1 << chance.randrange(8)
        packets.append(packet)
    failed = sum(isinstance(said, str) for said in agreed_outcomes(coded, book, packets))
    assert 0 < failed < MUTANTS


def test_photographs_and_the_quickest_effort_have_none(book) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert not is_drawn(noise[:, :, 0])
    assert not parameters_of(engine.encode(noise, book, 50, 3).header).palettes
    assert not parameters_of(engine.encode(drawing(64, 64, 3), book, 50, 0).header).palettes


def test_a_small_picture_has_them_if_that_costs_less(book) -> None:
    assert parameters_of(engine.encode(drawing(40, 40, 3), book, 50, 3).header).palettes
    y, x = np.mgrid[:16, :24]
    slope = np.repeat((5 * y + 8 * (x // 2))[:, :, None], 3, axis=2).astype(np.uint8)
    assert is_drawn(slope[:, :, 0])
    assert not parameters_of(engine.encode(slope, book, 20, 3).header).palettes


@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("tune", ["psnr", "ssim", "visual"])
def test_the_parameters_tell_of_palettes(copying, tune) -> None:
    wanted = CodingParameters(30, tune=tune, copying=copying, palettes=True, effort=7)
    assert CodingParameters.from_bytes(wanted.to_bytes()) == (wanted, 3)


def test_reserved_bits_are_of_later_versions() -> None:
    data = CodingParameters(30, palettes=True).to_bytes()
    for third in (data[2] | 32, data[2] & 3, data[2] | 4):  # unknown, none, and a matrix without modulation
        with pytest.raises(UnsupportedError):
            CodingParameters.from_bytes(data[:2] + bytes([third]))
    with pytest.raises(CorruptFileError):
        CodingParameters.from_bytes(data[:2])


def test_contexts_do_not_overlap() -> None:
    assert palette_contexts.FIRST_OF_PALETTES == copies.FIRST_AXIS + 210
    starts = [
        palette_contexts.FIRST_USED,
        palette_contexts.FIRST_COUNT,
        palette_contexts.FIRST_LEFT,
        palette_contexts.FIRST_TURN,
        palette_contexts.FIRST_REST,
        palette_contexts.FIRST_FOLLOWER,
        palette_contexts.VALUE_CONTEXTS,
    ]
    assert starts == [398, 482, 514, 898, 1090, 1410, 1422]  # as FORMAT.md says


def test_levels_of_a_block_are_listed_in_order() -> None:
    from vqcodec.blocks.syntax.palettes import list_levels

    samples = np.array([[48, 16, 16, 48], [0, 16, 32, 0], [0, 0, 0, 0], [5, 5, 5, 5]], dtype=np.int16)
    found = np.zeros(16, dtype=np.int16)
    assert list_levels(samples, Block(0, 0, 2, 2), found) == 5
    assert found[:5].tolist() == [0, 5, 16, 32, 48]
    many = np.arange(64, dtype=np.int16).reshape(8, 8)
    assert list_levels(many, Block(0, 0, 3, 3), found) == 0


def test_text_is_copied_and_has_palettes(book) -> None:
    coded = engine.encode(text(64, 96, 3), book, 60, 5, options={"chroma": "444"})
    parameters = parameters_of(coded.header)
    assert parameters.copying
    assert parameters.palettes
