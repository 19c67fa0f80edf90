"""Files whose groups are predicted from the memory of a codebook: any frame, damage, embedding."""

import io

import numpy as np
import pytest
from video_memory import HEIGHT, WIDTH, background, clip_before, coded_item, remembering_codebook, with_items

import vqcodec
from vqcodec.errors import CorruptFileError
from vqcodec.video.decoding import Decoding
from vqcodec.video.files import read_video
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.timeline import Part

COUNT, GROUP = 14, 4


@pytest.fixture(scope="module")
def file():
    """Four groups, each predicted from the scene that the codebook remembers, and their frames."""
    frames = clip_before(background(), COUNT)
    coded = vqcodec.encode_video(frames, 25, codebook=remembering_codebook(), gop=GROUP, effort=2, quality=45)
    return coded, vqcodec.decode_video(coded, codebook=remembering_codebook())[0]


def groups_of(coded):
    video = read_video(io.BytesIO(coded))
    return [video.group(number).packet for number in range(len(video.starts))]


def test_every_group_names_the_item(file):
    coded, frames = file
    assert len(frames) == COUNT
    assert [GroupParameters.from_bytes(packet)[0].items[0] for packet in groups_of(coded)] == [1] * 4
    assert np.mean(np.abs(frames[9].luma.astype(int) - clip_before(background(), COUNT)[9].luma)) < 6


@pytest.mark.parametrize("first", [0, 3, 5, 13])
def test_decoding_begins_at_any_frame(file, first):
    coded, frames = file
    part = list(Decoding(read_video(io.BytesIO(coded)), remembering_codebook(), part=Part(first, COUNT)).frames())
    assert len(part) == COUNT - first
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(part, frames[first:]))


def test_salvage_leaves_out_the_groups_that_are_damaged(file):
    coded, frames = file
    packet = groups_of(coded)[2]
    damaged = bytearray(coded)
    damaged[coded.index(packet) + len(packet) // 2] ^= 0x55
    with pytest.raises(CorruptFileError):
        vqcodec.decode_video(bytes(damaged), codebook=remembering_codebook())
    salvaging = Decoding(read_video(io.BytesIO(bytes(damaged)), salvage=True), remembering_codebook())
    left = list(salvaging.frames())
    assert salvaging.lost == [Part(8, 12)]
    for number in (0, 7, 12, 13):
        assert np.array_equal(left[number].luma, frames[number].luma)


def test_salvage_leaves_out_the_groups_whose_item_is_damaged():
    scene = background()
    good = [coded_item(scene), coded_item(background(seed=7))]
    clips = [*clip_before(scene, GROUP), *clip_before(background(seed=7), GROUP)]
    book = with_items(good)
    coded = vqcodec.encode_video(clips, 25, codebook=book, gop=GROUP, effort=2, quality=45)
    frames, _ = vqcodec.decode_video(coded, codebook=book)
    broken = with_items([good[0], good[1][:30]])
    packets = groups_of(coded)
    assert [GroupParameters.from_bytes(packet)[0].items[0] for packet in packets] == [0, 1]
    with pytest.raises(CorruptFileError, match="item 1 of its memory is damaged"):
        list(Decoding(read_video(io.BytesIO(coded)), broken).frames())
    salvaging = Decoding(read_video(io.BytesIO(coded), salvage=True), broken)
    left = list(salvaging.frames())
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(left[:GROUP], frames))
    assert salvaging.lost == [Part(GROUP, 2 * GROUP)]


def test_a_file_with_its_codebook_needs_nothing_else(file):
    frames = clip_before(background(), 3)
    whole = vqcodec.encode_video(frames, 25, codebook=remembering_codebook(), embed_codebook=True, effort=2)
    alone = vqcodec.encode_video(frames, 25, codebook=remembering_codebook(), effort=2)
    assert len(whole) > len(alone)
    (shown, _), (again, _) = vqcodec.decode_video(whole), vqcodec.decode_video(alone, codebook=remembering_codebook())
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(shown, again))
    assert shown[0].luma.shape == (HEIGHT, WIDTH)
