"""The video engine and the plain decoder written from FORMAT.md give the same frames, sample for sample."""

import functools
import random

import numpy as np
import pytest
import reference_decoder as reference
import reference_video
from moving_pictures import moving_frames, pages
from tiny_video_codebook import tiny_video_codebook
from video_memory import HEIGHT, WIDTH, background, clip_before, remembering_codebook

from vqcodec.errors import VQCodecError
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine


@functools.cache
def plain_book(filters):
    return reference.decode_codebook(tiny_video_codebook(filters).to_bytes(), lambda beginning: [])


def plain_frames(packet, height, width, filters=True):
    return reference_video.decode_group(packet, height, width, plain_book(filters))


def assert_equal(plain, fast):
    assert len(plain) == len(fast)
    for mine, theirs in zip(plain, fast):
        for plane, samples in zip(mine, theirs):
            assert np.array_equal(np.array(plane), samples)


@pytest.mark.parametrize(
    ("count", "height", "width", "quality", "filters"),
    [(1, 16, 24, 60, True), (6, 40, 56, 55, True), (10, 35, 45, 20, False), (4, 64, 80, 85, True), (3, 2, 2, 50, True)],
)
def test_they_give_the_same_frames(count, height, width, quality, filters):
    frames = moving_frames(count, height, width, seed=count)
    settings = Settings(quality=quality, effort=6, threads=1)
    coded = engine.encode_group(frames, tiny_video_codebook(filters), settings)
    fast = list(engine.decode_group(coded.packet, width, height, tiny_video_codebook(filters)))
    assert_equal([[p.tolist() for p in frame] for frame in fast], coded.reconstruction)
    assert_equal(plain_frames(coded.packet, height, width, filters), fast)


@pytest.mark.parametrize(("count", "quality", "tables"), [(1, 60, False), (10, 45, True)])
def test_they_give_the_same_frames_from_a_memory(count, quality, tables):
    book, frames = remembering_codebook(tables), clip_before(background(), count)
    coded = engine.encode_group(frames, book, Settings(quality=quality, effort=6, threads=1))
    assert coded.frames[0].kind == "M"
    plain = reference.decode_codebook(book.to_bytes(), lambda beginning: [])
    assert_equal(reference_video.decode_group(coded.packet, HEIGHT, WIDTH, plain), coded.reconstruction)


def test_they_give_the_same_frames_when_the_exposure_changes():
    frames = [
        Frame(*(((16 - n) * plane.astype(int) // 16 + 2 * n).astype(np.uint8) for plane in moving_frames(1, 40, 56)[0]))
        for n in range(10)
    ]
    coded = engine.encode_group(frames, tiny_video_codebook(True), Settings(quality=55, effort=6, threads=1))
    assert engine.GroupParameters.from_bytes(coded.packet)[0].exposures.points
    fast = list(engine.decode_group(coded.packet, 56, 40, tiny_video_codebook(True)))
    assert_equal([[p.tolist() for p in frame] for frame in fast], coded.reconstruction)
    assert_equal(plain_frames(coded.packet, 40, 56), fast)


def test_they_give_the_same_frames_when_the_first_copies_from_itself():
    frames = pages(3, 70, 90)
    coded = engine.encode_group(frames, tiny_video_codebook(True), Settings(quality=55, effort=4, threads=1))
    assert coded.frames[0].bits["copies and palettes"] > 0
    fast = list(engine.decode_group(coded.packet, 90, 70, tiny_video_codebook(True)))
    assert_equal([[p.tolist() for p in frame] for frame in fast], coded.reconstruction)
    assert_equal(plain_frames(coded.packet, 70, 90), fast)


def outcome(decode):
    """What a decoder makes of a packet; None if it refuses it."""
    try:
        return [[np.array(plane) for plane in frame] for frame in decode()]
    except (VQCodecError, reference.FormatError):
        return None


def test_they_agree_on_altered_packets():
    frames = moving_frames(4, 32, 40, seed=2)
    coded = engine.encode_group(frames, tiny_video_codebook(True), Settings(quality=40, effort=4, threads=1))
    chance = random.Random(1)
    refused = 0
    for _ in range(20):
        packet = bytearray(coded.packet)
        for _ in range(chance.randint(1, 2)):
            packet[chance.randrange(3, len(packet))] ^= 1 << chance.randrange(8)
        data = bytes(packet)
        fast = outcome(functools.partial(engine.decode_group, data, 40, 32, tiny_video_codebook(True)))
        plain = outcome(functools.partial(plain_frames, data, 32, 40))
        assert (fast is None) == (plain is None)
        refused += fast is None
        if fast is not None:
            assert_equal(plain, fast)
    assert 0 < refused < 20


def test_they_agree_on_altered_copies():
    book = tiny_video_codebook(True)
    packet = engine.encode_group(pages(1, 64, 72), book, Settings(quality=40, effort=4, threads=1)).packet
    chance = random.Random(4)
    refused = 0
    for trial in range(16):
        altered = bytearray(packet)
        altered[4 if trial < 4 else chance.randrange(5, len(packet))] ^= 1 << chance.randrange(8)
        data = bytes(altered)
        fast = outcome(functools.partial(engine.decode_group, data, 72, 64, book))
        plain = outcome(functools.partial(plain_frames, data, 64, 72))
        assert (fast is None) == (plain is None)
        refused += fast is None
        if fast is not None:
            assert_equal(plain, fast)
    assert 0 < refused < 16


def test_they_agree_on_altered_packets_with_memory():
    book = remembering_codebook(True)
    coded = engine.encode_group(clip_before(background(), 2), book, Settings(quality=30, effort=4, threads=1))
    plain_book = reference.decode_codebook(book.to_bytes(), lambda beginning: [])
    chance = random.Random(3)
    refused = 0
    for trial in range(14):
        packet = bytearray(coded.packet)
        packet[3 if trial < 4 else chance.randrange(3, len(packet))] ^= 1 << chance.randrange(8)
        data = bytes(packet)
        fast = outcome(functools.partial(engine.decode_group, data, WIDTH, HEIGHT, book))
        plain = outcome(functools.partial(reference_video.decode_group, data, HEIGHT, WIDTH, plain_book))
        assert (fast is None) == (plain is None)
        refused += fast is None
        if fast is not None:
            assert_equal(plain, fast)
    assert 0 < refused < 14


def test_lengths_of_codes_are_those_of_package_merge():
    from reference_video_tables import package_merge

    from vqcodec.entropy.huffman import code_lengths

    chance = np.random.default_rng(5)
    for symbols in (3, 16, 68):
        weights = (2.0 ** chance.uniform(0, 24, symbols)).astype(np.int64) + 1
        weights[:2] = weights[2]
        assert package_merge(weights.tolist()) == code_lengths(weights).tolist()
