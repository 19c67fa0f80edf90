"""Blocks that are copied from their own plane: coding and decoding, damage, and the search for what repeats."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform

from vqcodec.blocks.layout import MEMORY, SUPERBLOCK, new_plane
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.search import encoder
from vqcodec.blocks.search.leads import NO_LEADS, guiding_leads, picture_repeats, plane_leads
from vqcodec.blocks.syntax.motion import column_of, row_of
from vqcodec.blocks.syntax.value_writing import finish_writing
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError
from vqcodec.image.transform import engine

MUTANTS = 120
VALUES = "copies and palettes"


@pytest.fixture(scope="module")
def book() -> Codebook:
    return Codebook("image/transform", "formulas", initial_model([20, 34]).to_arrays(), {})


def text(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    """Return lines of random shapes of 6x9 pixels, of an alphabet of eight, uint8 (height, width, channels)."""
    chance = np.random.default_rng(seed)
    alphabet = chance.random((8, 9, 6)) < 0.4
    page = np.zeros((height + 13, width + 7), dtype=bool)
    for y in range(0, height, 13):
        for x in range(0, width, 7):
            page[y : y + 9, x : x + 6] = alphabet[chance.integers(8)]
    paper, ink = chance.integers(180, 256, channels), chance.integers(0, 90, channels)
    return np.where(page[:height, :width, None], ink, paper).astype(np.uint8)


@pytest.fixture
def without_palettes(monkeypatch) -> None:
    plain = encoder.encode_planes

    def encode_planes(planes, model, parameters, *arguments, **more):
        return plain(planes, model, replace(parameters, palettes=False), *arguments, **more)

    monkeypatch.setattr(encoder, "encode_planes", encode_planes)


def is_copying(header: bytes) -> bool:
    parsed, _ = engine.Header.from_bytes(header)
    return parsed.parameters.copying


@pytest.mark.parametrize(
    ("size", "channels", "chroma", "tune"),
    [
        ((64, 96), 1, "auto", "ssim"),
        ((70, 101), 3, "444", "ssim"),
        ((67, 90), 3, "420", "ssim"),
        ((41, 131), 4, "444", "ssim"),
        ((13, 330), 1, "auto", "ssim"),
        ((67, 90), 3, "420", "visual"),
        ((41, 131), 4, "444", "visual"),
    ],
)
def test_decoders_give_the_encoders_reconstruction(book, size, channels, chroma, tune) -> None:
    samples = text(*size, channels)
    coded = engine.encode(samples, book, 60, 5, 2, {"chroma": chroma, "tune": tune})
    assert is_copying(coded.header)
    assert coded.bits_by_part[VALUES] > 0
    assert sum(coded.bits_by_part.values()) == 8 * (len(coded.header) + sum(map(len, coded.packets)))
    assert engine.count_bits(coded.header, coded.packets, book)[VALUES] == coded.bits_by_part[VALUES]
    assert np.array_equal(engine.decode(coded.header, coded.packets, book), coded.reconstruction)
    plain = reference.parse_canonical(book.canonical_bytes())
    assert np.array_equal(reference_transform.decode(coded.header, coded.packets, plain), coded.reconstruction)


@pytest.mark.usefixtures("without_palettes")
def test_copies_save_much_and_threads_change_nothing(book, monkeypatch) -> None:
    samples = text(200, 260, 3)
    coded, again = (engine.encode(samples, book, 60, 5, threads) for threads in (1, 3))
    assert (coded.header, coded.packets) == (again.header, again.packets)
    monkeypatch.setattr("vqcodec.blocks.search.leads.picture_repeats", lambda _: False)
    without = engine.encode(samples, book, 60, 5)
    assert not is_copying(without.header)
    assert len(coded.packets[0]) < 0.6 * len(without.packets[0])


@pytest.mark.parametrize("effort", [1, 4, 9])
def test_every_effort_but_the_quickest_copies(book, effort) -> None:
    coded = engine.encode(text(60, 90, 3), book, 50, effort)
    assert is_copying(coded.header)
    assert np.array_equal(engine.decode(coded.header, coded.packets, book), coded.reconstruction)
    assert not is_copying(engine.encode(text(60, 90, 3), book, 50, 0).header)


def test_tiles_copy_by_themselves(book) -> None:
    samples = text(40, 1300, 1)
    coded = engine.encode(samples, book, 50, 3)
    assert is_copying(coded.header)
    assert len(coded.packets) == 2
    assert np.array_equal(engine.decode(coded.header, coded.packets, book), coded.reconstruction)
    part = engine.Crop(900, 3, 200, 30)
    cut = engine.decode(coded.header, [b"", coded.packets[1]], book, crop=part)
    assert np.array_equal(cut, part.of(coded.reconstruction))


@pytest.mark.usefixtures("without_palettes")
def test_inspection_tells_which_blocks_are_copied(book) -> None:
    coded = engine.encode(text(64, 96, 3), book, 60, 5, options={"chroma": "444"})
    planes = engine.inspect(coded.header, coded.packets, book)
    assert (planes[0].mode == MEMORY).any()
    for plane in planes:
        copied = plane.mode == MEMORY
        assert plane.modes[MEMORY] == "copied"
        down, right = plane.top + plane.moved_down, plane.left + plane.moved_right
        assert (down[copied] >= 0).all()
        assert (right[copied] >= 0).all()
        assert ((plane.moved_down < 0) | (plane.moved_right < 0))[copied].all()
        assert (plane.item == -1).all()


def outcome(decode, *arguments):
    """The samples as lists, or the error."""
    try:
        return np.asarray(decode(*arguments)).tolist()
    except CorruptFileError as error:
        return str(error)
    except reference.Corrupt:
        return None


def agreed_outcomes(coded, book, packets):
    """The outcome of each packet in place of the coded one; the reference must come to the same."""
    plain, said = reference.parse_canonical(book.canonical_bytes()), []
    for number, packet in enumerate(packets):
        ours = outcome(engine.decode, coded.header, [bytes(packet)], book)
        theirs = outcome(reference_transform.decode, coded.header, [bytes(packet)], plain)
        assert (theirs is None) == isinstance(ours, str), number
        assert theirs is None or ours == theirs, number
        said.append(ours)
    return said


@pytest.mark.usefixtures("without_palettes")
def test_damage_is_named_and_found_by_the_reference_too(book) -> None:
    coded = engine.encode(text(50, 84, 1), book, 60, 3)
    chance, packets = random.Random(5), []
    for number in range(MUTANTS):
        packet = bytearray(coded.packets[0])
        where = 0 if number < 9 else chance.randrange(len(packet))
        packet[where] = number if number < 9 else packet[where] ^ 1 << chance.randrange(8)
        packets.append(packet)
    said = agreed_outcomes(coded, book, packets)
    errors = [each for each in said if isinstance(each, str)]
    assert any("copied from samples that are not decoded before it" in error for error in errors)
    assert any("do not make a tile" in error for error in errors)
    assert len(errors) < len(said)


def test_what_is_left_over_is_named(book, monkeypatch) -> None:
    def longer(*arguments):
        return finish_writing(*arguments) + 9

    monkeypatch.setattr("vqcodec.blocks.search.encoder.finish_writing", longer)
    coded = engine.encode(text(50, 84, 1), book, 60, 3)
    with pytest.raises(CorruptFileError, match="bytes are left over after the values of a tile"):
        engine.decode(coded.header, coded.packets, book)
    plain = reference.parse_canonical(book.canonical_bytes())
    assert outcome(reference_transform.decode, coded.header, coded.packets, plain) is None


def test_photographs_and_small_things_do_not_copy(book) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert not is_copying(engine.encode(noise, book, 50, 3).header)
    assert not is_copying(engine.encode(np.full((64, 64, 1), 7, np.uint8), book, 50, 3).header)
    assert picture_repeats(text(64, 64, 1)[:, :, 0])
    assert not picture_repeats(text(3, 5, 1)[:, :, 0])


@pytest.mark.parametrize("level", range(3))
def test_leads_are_the_nearest_equal_windows(level) -> None:
    side = 4 << level
    source = (text(96, 132, 1, seed=3)[:, :, 0].astype(np.int16)) << 4
    leads = plane_leads(source)[level]
    found = 0
    for v, u in np.ndindex(leads.shape[:2]):
        y, x = 4 * v, 4 * u
        window = source[y : y + side, x : x + side]
        for place in leads[v, u][leads[v, u] >= 0]:
            top, left = y + int(row_of(int(place))), x + int(column_of(int(place)))
            assert np.array_equal(source[top : top + side, left : left + side], window)
            assert top + side <= y or left + side <= x
            last, own = (
                ((top + side - 1) // SUPERBLOCK, (left + side - 1) // SUPERBLOCK),
                (y // SUPERBLOCK, x // SUPERBLOCK),
            )
            assert last == own or (last[0] <= own[0] and last[1] + 2 * last[0] < own[1] + 2 * own[0])
            found += 1
    assert found > 0


def test_planes_at_half_size_have_no_leads_of_luma() -> None:
    leads = np.zeros((3, 8, 8, 4), dtype=np.int64)
    assert guiding_leads(leads, "444", 8, 8) is leads
    assert (guiding_leads(leads, "420", 4, 4) == -1).all()
    assert guiding_leads(NO_LEADS, "420", 4, 4) is NO_LEADS


def test_only_planes_with_motion_copy() -> None:
    none = np.zeros((0, 1, 1), dtype=np.int16), np.zeros((1, 1), dtype=np.uint8)
    assert new_plane(8, 8, 0, *none).motion.size == 0
    assert (new_plane(8, 8, 0, *none, copying=True).motion == -1).all()
