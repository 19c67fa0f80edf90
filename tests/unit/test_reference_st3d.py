"""The spatio-temporal engine and the plain decoder written from FORMAT.md give the same frames, and refuse the same."""

import itertools

import numpy as np
import pytest
import reference_decoder as reference
import reference_st3d
from random_transform import random_codebook

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CorruptFileError
from vqcodec.video.engines import Settings
from vqcodec.video.st3d import engine


def st3d_codebook(seed):
    """Random tables."""
    arrays = random_codebook(seed, alternatives=0, restoration=False, even=0.7).arrays
    return Codebook(engine.ENGINE, f"random-{seed}", arrays)


def plain_codebook(book):
    return reference.parse_canonical(book.canonical_bytes())


def assert_same_frames(packet, width, height, book):
    ours = [tuple(frame) for frame in engine.decode_group(packet, width, height, book)]
    plain = reference_st3d.decode(packet, width, height, plain_codebook(book))
    assert len(ours) == len(plain)
    for mine, theirs in zip(ours, plain, strict=True):
        assert all(np.array_equal(a, np.array(b)) for a, b in zip(mine, theirs, strict=True))


def exact_length(packet, width, height, book):
    """The packet cut where its last frame ends."""
    low, high = 3, len(packet)
    while low < high:
        middle = (low + high) // 2
        try:
            for _ in engine.decode_group(packet[:middle], width, height, book):
                pass
            high = middle
        except CorruptFileError as error:
            if "after" in str(error):
                high = middle
            else:
                low = middle + 1
    return packet[:low]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("depth", range(3))
def test_they_agree_on_random_bits(seed, depth):
    chance = np.random.default_rng([seed, depth])
    book = st3d_codebook(seed)
    for tools in (0, 4, 12, 28, 24):
        height, width, frames = (int(chance.integers(1, end)) for end in (36, 52, 8))
        head = bytes([frames, int(chance.integers(10, 60)), depth + tools])
        packet = exact_length(head + chance.bytes(1 << 15), width, height, book)
        assert_same_frames(packet, width, height, book)


@pytest.mark.parametrize("options", [{"depth": 1}, {"depth": 2}, {"motion": False}, {}])
def test_they_agree_on_a_coded_clip(options):
    from test_st3d import moving_frames

    book = load_codebook("video-st3d")
    coded = engine.encode_group(moving_frames(34, 53, 7), book, Settings(60.0, 5, 1, options))
    assert_same_frames(coded.packet, 53, 34, book)


def test_they_refuse_the_same():
    from test_st3d import moving_frames

    book = load_codebook("video-st3d")
    packet = engine.encode_group(moving_frames(18, 20, 6), book, Settings(50.0, 5, 1, {})).packet
    plain = plain_codebook(book)
    for place, bit in itertools.product(range(3, len(packet), 41), (0, 5)):
        damaged = bytearray(packet)
        damaged[place] ^= 1 << bit
        try:
            frames = reference_st3d.decode(bytes(damaged), 20, 18, plain)
        except reference.Corrupt:
            with pytest.raises(CorruptFileError):
                list(engine.decode_group(bytes(damaged), 20, 18, book))
            continue
        ours = list(engine.decode_group(bytes(damaged), 20, 18, book))
        assert all(np.array_equal(a.luma, np.array(b[0])) for a, b in zip(ours, frames, strict=True))
