"""Groups that are predicted from the memory of a codebook."""

import dataclasses

import numpy as np
import pytest
from moving_pictures import moving_frames
from tiny_video_codebook import tiny_video_codebook
from video_memory import FAST, HEIGHT, WIDTH, background, clip_before, coded_item, remembering_codebook, with_items

from vqcodec.codebook.memory import Memory
from vqcodec.container.varint import put_varint
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.memory import MemoryFrames, item_bytes
from vqcodec.video.mc.memory_choice import ranked_items
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.structure import FROM_MEMORY, KEY, Place, References, coding_order


def frames_of(packet, codebook, width=WIDTH, height=HEIGHT):
    return list(engine.decode_group(packet, width, height, codebook))


def assert_equal(mine, theirs):
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs):
        assert all(np.array_equal(x, y) for x, y in zip(a, b))


def items_of(packet):
    return GroupParameters.from_bytes(packet)[0].items


@pytest.fixture(scope="module")
def coded():
    """A clip before the scene that the codebook remembers."""
    frames = clip_before(background(), 10)
    return frames, engine.encode_group(frames, remembering_codebook(), FAST)


def test_a_clip_before_a_remembered_scene_takes_half_the_bytes(coded):
    frames, group = coded
    alone = engine.encode_group(frames, tiny_video_codebook(), FAST)
    assert items_of(group.packet)[0] == 1
    assert group.frames[0].kind == "M"
    assert len(group.packet) < 0.5 * len(alone.packet)

    def error(coded_group):
        return sum(np.mean((a.luma.astype(float) - b.luma) ** 2) for a, b in zip(frames, coded_group.reconstruction))

    assert error(group) < error(alone)


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.parametrize("effort", [0, 6])
def test_decoding_gives_the_encoders_reconstruction(tables, effort):
    frames = clip_before(background(), 12)
    book = remembering_codebook(tables)
    group = engine.encode_group(frames, book, Settings(40, effort, 1))
    assert items_of(group.packet)
    assert_equal(frames_of(group.packet, book), group.reconstruction)


def test_a_still_clip_whose_first_frame_is_finer_comes_back():
    frames = clip_before(background(), 4) * 12
    group = engine.encode_group(frames, remembering_codebook(), Settings(50, 1, 1))
    parameters, _ = GroupParameters.from_bytes(group.packet)
    plain, _ = GroupParameters.from_bytes(engine.encode_group(frames[:9], remembering_codebook(), FAST).packet)
    assert parameters.items
    assert parameters.step_index < plain.step_index  # the others have a change in their headers
    assert_equal(frames_of(group.packet, remembering_codebook()), group.reconstruction)


def test_tables_of_its_own_are_used():
    frames = clip_before(background(), 2)
    packets = {engine.encode_group(frames, remembering_codebook(tables), FAST).packet for tables in (False, True)}
    assert len(packets) == 2


def test_bits_are_counted_alike_and_sum_to_the_packet(coded):
    _, group = coded
    counted = engine.count_bits(group.packet, WIDTH, HEIGHT, remembering_codebook())
    assert [(f.kind, dict(f.bits)) for f in counted] == [(f.kind, dict(f.bits)) for f in group.frames]
    assert sum(sum(frame.bits.values()) for frame in counted) == 8 * len(group.packet)


def test_what_a_memory_does_not_help_is_coded_as_without_one():
    frames = [Frame(*(255 - plane for plane in frame)) for frame in clip_before(background(seed=9), 3)]
    assert engine.encode_group(frames, remembering_codebook(), FAST).packet == (
        engine.encode_group(frames, tiny_video_codebook(), FAST).packet
    )


def test_a_clip_of_another_size_does_not_use_it():
    frames = clip_before(background(48, 64), 3)
    packet = engine.encode_group(frames, remembering_codebook(), FAST).packet
    assert packet == engine.encode_group(frames, tiny_video_codebook(), FAST).packet


def test_threads_do_not_change_the_bytes():
    frames = clip_before(background(), 5)
    packets = {
        engine.encode_group(frames, remembering_codebook(), dataclasses.replace(FAST, threads=threads)).packet
        for threads in (1, 2)
    }
    assert len(packets) == 1


@pytest.mark.parametrize("items", [(), (0,), (5,), (3, 3), (200, 7)])
def test_parameters_come_back(items):
    given = GroupParameters(9, 31, -2, 4, items)
    data = given.to_bytes()
    assert GroupParameters.from_bytes(data + b"x") == (given, len(data))
    assert data[2] >> 7 == bool(items)


def test_a_program_without_memories_refuses_the_first_bytes():
    distance = GroupParameters(9, 31, items=(0,)).to_bytes()[2] >> 4
    assert distance > 4  # which was refused as out of range


@pytest.mark.parametrize(("count", "items"), [(1, 1), (20, 1), (40, 2)])
@pytest.mark.parametrize("distance", [1, 8, 16])
def test_items_are_references_to_the_end(count, items, distance):
    references = References()
    for number in reversed(range(items)):
        references.keep(Place(-1 - number, 0, FROM_MEMORY, True))
    seen = {-1, -items}
    for place in coding_order(count, distance, memory=True):
        lists = references.lists(place)
        assert set(lists[0]) | set(lists[1]) <= seen
        if place.level == 0:
            assert place.frame_class == FROM_MEMORY
            assert lists == ([-1, -2][:items], [-1, -2][:items])
        if place.frame_class == KEY:
            assert lists[0][1] == lists[1][1] == -1
            assert lists[0][0] == max(time for time in seen if time % distance == 0 and time < place.time)
        if place.kept:
            references.keep(place)
            seen.add(place.time)


def test_the_item_that_explains_most_comes_first():
    scene, other = background(), background(seed=8)
    mixed = Frame(np.hstack([scene.luma[:, :40], other.luma[:, 40:]]), scene.blue, scene.red)
    assert ranked_items(mixed, [background(seed=5), other, scene], 8.0) == [2, 1]
    flat = Frame(np.full((HEIGHT, WIDTH), 99, np.uint8), scene.blue, scene.red)
    assert ranked_items(flat, [scene, other], 8.0) == []


def test_a_group_that_needs_what_is_not_there_is_refused(coded):
    _, group = coded
    for book, reason in (
        (tiny_video_codebook(), "needs item 1 of the codebook's memory, which has 0 items"),
        (with_items([coded_item(background(32, 32))] * 2), r"60x44 samples needs item 1 .* has 32x32"),
    ):
        with pytest.raises(CorruptFileError, match=reason):
            frames_of(group.packet, book)
    far = group.packet[:3] + put_varint(2 << 40) + group.packet[4:]
    with pytest.raises(CorruptFileError, match="needs item"):
        frames_of(far, remembering_codebook())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda item: item[:40], "damaged"),
        (lambda item: item[:1], "cut off"),
        (lambda item: item + bytes(20), "damaged"),
        (lambda item: b"\x00" + item[1:], "out of range"),
        (lambda item: item[:2] + b"\x02" + item[3:], "out of range"),
        (lambda item: item[:4] + bytes([item[4] | 0x80, 0]) + item[5:], "out of range"),
    ],
)
def test_a_damaged_item_spoils_only_the_groups_that_need_it(coded, change, reason):
    _, group = coded
    good = coded_item(background())
    book = with_items([coded_item(moving_frames(1, HEIGHT, WIDTH)[0]), change(good), good])
    with pytest.raises(CorruptFileError, match=rf"item 1 of its memory is damaged.*{reason}|{reason}"):
        frames_of(group.packet, book)
    elsewhere = group.packet[:3] + put_varint(2 * 2) + group.packet[4:]
    if items_of(group.packet) == (1,):
        assert_equal(frames_of(elsewhere, book), group.reconstruction)
    intra = engine.encode_group(clip_before(background(), 1), tiny_video_codebook(), FAST)
    assert_equal(frames_of(intra.packet, book), intra.reconstruction)


def test_a_giant_item_is_refused_before_it_is_decoded():
    model = VideoModel.from_arrays(tiny_video_codebook().arrays)
    packet = bytearray(coded_item(background())[2:])
    packet[3 + (packet[3] >= 128) + 1] &= 15  # with mixed chances a large frame may take few bits
    for size in (1 << 20, 1 << 60):
        memory = MemoryFrames(Memory([item_bytes(bytes(packet), size, size)]), model)
        with pytest.raises(LimitError, match="item 0 of its memory"):
            memory.frames([0], 44, 60)
    wide = MemoryFrames(Memory([item_bytes(bytes(packet), 16000, 16000)]), model)
    with pytest.raises(CorruptFileError, match="16000x16000"):
        wide.frames([0], 44, 60)
    with pytest.raises(CorruptFileError, match="cannot hold"):
        wide.frames([0], 16000, 16000)


def test_decoded_items_are_kept_within_a_bound(monkeypatch):
    monkeypatch.setattr("vqcodec.video.mc.memory.MOST_KEPT", 2 * HEIGHT * WIDTH)
    model = VideoModel.from_arrays(tiny_video_codebook().arrays)
    memory = MemoryFrames(Memory([coded_item(background(seed=n)) for n in range(4)]), model)
    first = memory.frames([0, 1, 2], HEIGHT, WIDTH)
    again = memory.frames([2, 0], HEIGHT, WIDTH)
    assert again[0] is first[2]  # kept
    assert again[1] is not first[0]  # dropped, and decoded again
    assert_equal([again[1]], [first[0]])
