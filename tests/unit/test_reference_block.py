"""The block engine and the plain decoder written from FORMAT.md give the same pictures, and refuse the same packets."""

import functools
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
import reference_block
import reference_decoder as reference
from PIL import Image

from vqcodec.api.training import train_codebook
from vqcodec.codebook import library
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError, LimitError
from vqcodec.image import decode_image, encode_image
from vqcodec.image.block import engine
from vqcodec.image.block.structures import STRUCTURES

GOLDEN = Path(__file__).parents[1] / "golden"
CLASSES = {CorruptFileError: reference.Corrupt, CodebookError: reference.CodebookMissing, LimitError: reference.Limit}
LAYOUTS = ("grey", "420", "joint")
SIDES = (1, 2, 4, 8)
SIZES = ((1, 1), (3, 50), (37, 29), (16, 64))  # height, width
MUTANTS = 60


def scene(height, width, channels, seed):
    """A slope, an edge, a flat part and a little noise."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    plane = np.where(2 * x > y + width, 60, 2 * y + x)
    plane = np.where(y > 0.6 * height, 200, plane + chance.integers(-6, 7, (height, width)))
    return np.clip(np.stack([plane + 25 * c for c in range(channels)], axis=2), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def book_of(tmp_path_factory):
    """Small codebooks by layout and side, trained when first asked for."""
    corpus = tmp_path_factory.mktemp("corpus")
    Image.fromarray(scene(96, 120, 3, 0)).save(corpus / "scene.png")

    @functools.cache
    def train(layout, side):
        return train_codebook([corpus], engine="block", layout=layout, side=side, size=8, classes=3)

    return train


def channels_of(layout):
    return {"grey": (1, 2), "420": (1, 2, 3, 4), "joint": (3, 4)}[layout]


def plain_codebook(book):
    return reference.decode_codebook(book.to_bytes(), lambda beginning: [])


def plain_picture(data, book):
    (samples,) = reference.decode_samples(data, lambda beginning: [book.to_bytes()]).values()
    return np.array(samples)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_they_give_the_same_pictures(book_of, layout, side):
    book = book_of(layout, side)
    for number, (height, width) in enumerate(SIZES):
        for channels in channels_of(layout):
            samples = scene(height, width, channels, seed=number)
            embed = number % 2 == 1
            data = encode_image(samples, codebook=book, quality=30 * number, embed_codebook=embed)
            ours = np.atleast_3d(decode_image(data, codebook=book))
            assert ours.shape == samples.shape
            assert np.array_equal(ours, plain_picture(data, book))


@pytest.mark.parametrize("structure", sorted(STRUCTURES))
def test_they_give_the_same_pictures_by_structures(structure, tmp_path):
    Image.fromarray(scene(96, 120, 3, 0)).save(tmp_path / "scene.png")
    book = train_codebook([tmp_path], engine="block", side=2, size=16, classes=2, structure=structure)
    data = encode_image(scene(33, 41, 3, seed=1), codebook=book, quality=95)
    assert np.array_equal(decode_image(data, codebook=book), plain_picture(data, book))


@pytest.mark.parametrize("name", ["block-rgba-80.vqc", "block-grey-30.vqc", "block2-rgba-80.vqc"])
def test_the_reference_decoder_gives_the_golden_pictures(name):
    hashes = json.loads((GOLDEN / "hashes.json").read_text())
    data = (GOLDEN / name).read_bytes()
    book = library.find_identity(data[3:7])
    samples = plain_picture(data, book).astype(np.uint8)
    assert hashlib.sha256(samples.tobytes()).hexdigest() == hashes[name]["sha256"]


@pytest.mark.parametrize("length", [*range(1, 10), 15, 16, 31, 32, 100, 200, 400, 800, 1024, 2047, 2048, 5000])
def test_they_agree_on_runs_of_every_class(book_of, length):
    """A row of one codeword; below it so many of the same, and then another."""
    book = book_of("grey", 1)
    words = book["luma.codewords"][:, 0]
    rows = np.full((2, length + 3), words[0], np.uint8)
    rows[1, length:] = words[1]
    data = encode_image(rows, codebook=book, quality=100)
    ours = np.atleast_3d(decode_image(data, codebook=book))
    assert np.array_equal(ours[:, :, 0], rows)
    assert np.array_equal(ours, plain_picture(data, book))


def outcome(decode, *arguments):
    """The samples as lists, or the class of the error (the reference decoder's)."""
    try:
        samples = decode(*arguments)
    except reference.FormatError as error:
        return type(error)
    except tuple(CLASSES) as error:
        return CLASSES[type(error)]
    return samples if isinstance(samples, list) else samples.tolist()


def mutant(packet, chance):
    """The packet with a bit flipped, a byte set, cut off, or with bytes more."""
    changed = bytearray(packet)
    where = chance.randrange(len(changed))
    kind = chance.randrange(4)
    if kind == 0:
        changed[where] ^= 1 << chance.randrange(8)
    elif kind == 1:
        changed[where] = chance.choice((0, 0x55, 0xFF))
    elif kind == 2:
        del changed[where:]
    else:
        changed += bytes(chance.randrange(1, 4))
    return bytes(changed)


@pytest.mark.parametrize(("layout", "channels"), [("grey", 1), ("grey", 2), ("420", 3), ("420", 4), ("joint", 3)])
def test_they_agree_on_altered_packets(book_of, layout, channels):
    chance = random.Random(f"{layout} {channels}")
    book = book_of(layout, 2)
    plain = plain_codebook(book)
    encoded = engine.encode(scene(13, 22, channels, seed=1), book, quality=50, effort=3)
    refused = 0
    for _ in range(MUTANTS):
        packet = mutant(encoded.packets[0], chance)
        ours = outcome(engine.decode, encoded.header, [packet], book)
        assert ours == outcome(reference_block.decode, encoded.header, [packet], plain)
        refused += ours is reference.Corrupt
    assert 0 < refused < MUTANTS or channels in (2, 4)  # an alpha plane has a checksum of its own


@pytest.mark.parametrize(
    "header", [b"", b"\x07", b"\x07\x07", b"\x07\x07\x04", b"\x80\x00\x07\x02", b"\xff\xff\x03\x07\x02"]
)
def test_they_agree_on_wrong_headers(book_of, header):
    book = book_of("420", 4)
    ours = outcome(engine.decode, header, [b"\0"], book)
    assert ours in (reference.Corrupt, reference.Limit)
    assert ours == outcome(reference_block.decode, header, [b"\0"], plain_codebook(book))


@pytest.mark.parametrize("packets", [[], [b"\0" * 40] * 2])
def test_they_agree_on_the_number_of_packets(book_of, packets):
    book = book_of("420", 4)
    assert outcome(engine.decode, b"\x07\x07\x02", packets, book) is reference.Corrupt
    assert outcome(reference_block.decode, b"\x07\x07\x02", packets, plain_codebook(book)) is reference.Corrupt


@pytest.mark.parametrize(("layout", "channels"), [("grey", 3), ("joint", 1)])
def test_they_agree_on_codebooks_that_cannot_code_the_picture(book_of, layout, channels):
    book = book_of(layout, 4)
    header = bytes([7, 7, channels - 1])
    assert outcome(engine.decode, header, [b"\0" * 40], book) is reference.CodebookMissing
    assert outcome(reference_block.decode, header, [b"\0" * 40], plain_codebook(book)) is reference.CodebookMissing


def test_they_agree_on_a_codebook_with_random_codes():
    """Long and lopsided codes, a symbol that alone has a code, many classes: what training rarely gives."""
    chance = np.random.default_rng(5)
    decoded = 0
    for _ in range(8):
        book = random_codebook(chance)
        plain = plain_codebook(book)
        for header in (b"\x0d\x08\x00", b"\x0d\x08\x02"):
            packet = chance.bytes(60)
            for length in range(2, 60):
                ours = outcome(engine.decode, header, [packet[:length]], book)
                assert ours == outcome(reference_block.decode, header, [packet[:length]], plain)
                decoded += isinstance(ours, list)
    assert decoded > 8


def random_codebook(chance):
    """A 4:2:0 codebook of 2x2 blocks and 6 classes whose arrays are random."""
    arrays = {"layout": np.array([1], np.uint8), "side": np.array([2], np.uint8)}
    for layer, planes, size in (("luma", 1, 40), ("chroma", 2, 17)):
        index_lengths = np.array([random_lengths(size, chance) for _ in range(36)], np.uint8)
        arrays |= {
            f"{layer}.codewords": chance.integers(0, 256, (size, 4 * planes), dtype=np.uint8),
            f"{layer}.left_class": chance.integers(0, 6, size, dtype=np.uint8),
            f"{layer}.up_class": chance.integers(0, 6, size, dtype=np.uint8),
            f"{layer}.index_lengths": index_lengths,
            f"{layer}.run_lengths": np.array([random_lengths(18, chance) for _ in range(6)], np.uint8),
            f"{layer}.first": np.array([chance.integers(0, size)], np.int32),
        }
    return Codebook("image/block", "random", arrays)


def random_lengths(symbols, chance):
    """Lengths of a whole code: a tree whose leaves are split at random, some of the symbols left out."""
    leaves = [0]
    for _ in range(chance.integers(0, symbols)):
        split = int(chance.integers(0, len(leaves)) if chance.random() < 0.7 else len(leaves) - 1)
        if leaves[split] < 16:
            leaves[split] += 1
            leaves.append(leaves[split])
    if len(leaves) == 1:
        leaves = [1]
    lengths = np.zeros(symbols, np.uint8)
    lengths[chance.permutation(symbols)[: len(leaves)]] = leaves
    return lengths
