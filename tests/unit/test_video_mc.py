"""The video engine: order of frames, motion, adaptive tables, groups in and out."""

from collections import Counter

import numpy as np
import pytest
from moving_pictures import moving_frames
from tiny_video_codebook import tiny_video_codebook
from training_tasks import task_for

from vqcodec.blocks.signal.interpolation import QUARTER_TAPS, pad_reference
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.entropy.huffman import check_lengths
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.kernels.records import new_record
from vqcodec.video.engines import Settings, engine_for
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.contexts import NODES, POOLS, choice_of_references, references_of
from vqcodec.video.mc.encoder import FrameCoder, encode_frames
from vqcodec.video.mc.layout import BORDER, GRID_LOG, LOG_SIZE, ROOT_LOG
from vqcodec.video.mc.model.adaptation import Adaptation, new_counts
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.motion.interpolation import interpolate_phases
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.search.motion_search import hadamard_difference
from vqcodec.video.mc.structure import INTRA, KEY, TOP, References, coding_order
from vqcodec.video.mc.syntax.partitions import WALK, cut_node, next_node, start_walk

FAST = Settings(quality=50, effort=5, threads=1)


@pytest.fixture(scope="module")
def coded():
    """A group of ten frames, and what went in."""
    frames = moving_frames(10, 44, 60)
    return frames, engine.encode_group(frames, tiny_video_codebook(), FAST)


@pytest.mark.parametrize("count", [1, 2, 3, 9, 17, 20])
@pytest.mark.parametrize("distance", [1, 2, 8, 16])
def test_every_frame_is_coded_once_after_what_it_is_predicted_from(count, distance):
    references = References()
    seen = []
    for place in coding_order(count, distance):
        if place.frame_class != INTRA:
            lists = references.lists(place)
            assert all(lists)
            assert set(lists[0]) | set(lists[1]) <= set(seen)
        if place.kept:
            references.keep(place)
            seen.append(place.time)
        else:
            assert place.frame_class == TOP
    assert Counter(place.time for place in coding_order(count, distance)) == Counter(range(count))


def test_the_hierarchy_of_eight():
    places = {place.time: place for place in coding_order(9, 8)}
    assert [places[n].kind for n in range(9)] == ["I", "B3", "B2", "B3", "B1", "B3", "B2", "B3", "P"]
    assert places[8].frame_class == KEY


def test_choices_of_references_are_told_apart():
    pairs = [references_of(choice) for choice in range(8)]
    assert len(set(pairs)) == 8
    assert [choice_of_references(*pair) for pair in pairs] == list(range(8))


def test_phases_are_interpolated_as_the_taps_say():
    chance = np.random.default_rng(0)
    samples = chance.integers(0, 4081, (16, 24)).astype(np.int16)
    padded = np.zeros((16 + 2 * BORDER, 24 + 2 * BORDER), dtype=np.int16)
    pad_reference(samples, BORDER, padded)
    assert np.array_equal(padded, np.pad(samples, BORDER, mode="edge"))
    phases = np.zeros((16, *padded.shape), dtype=np.int16)
    interpolate_phases(padded, np.zeros_like(padded), phases)
    wide = padded.astype(np.int64)
    for down in range(4):
        for across in range(4):
            rows = sum(tap * np.roll(wide, 3 - k, axis=1) for k, tap in enumerate(QUARTER_TAPS[across]))
            rows = (rows + 32) >> 6
            both = sum(tap * np.roll(rows, 3 - k, axis=0) for k, tap in enumerate(QUARTER_TAPS[down]))
            inner = np.s_[10:-10, 10:-10]
            assert np.array_equal(phases[4 * down + across][inner], ((both + 32) >> 6)[inner])


def test_tables_follow_what_a_group_brings():
    adaptation = Adaptation(VideoModel.from_arrays(tiny_video_codebook().arrays), 30)
    before = adaptation.lengths(1).nodes.copy()
    counts = new_counts()
    counts.nodes[7, 11] = 500
    adaptation.add(1, counts)
    after = adaptation.lengths(1).nodes
    assert after[7, 11] < before[7, 11]
    check_lengths(after)
    assert np.array_equal(np.delete(after, 7, axis=0), np.delete(before, 7, axis=0))
    assert np.array_equal(adaptation.lengths(0).nodes, before)


def test_little_that_is_new_changes_no_table():
    adaptation = Adaptation(VideoModel.from_arrays(tiny_video_codebook().arrays), 30)
    before = adaptation.lengths(0).nodes.copy()
    counts = new_counts()
    counts.nodes[0, 20] = 10  # of 256 that the prior counts for
    adaptation.add(0, counts)
    assert np.array_equal(adaptation.lengths(0).nodes, before)


def test_decoding_gives_the_encoders_reconstruction(coded):
    frames, group = coded
    decoded = list(engine.decode_group(group.packet, 60, 44, tiny_video_codebook()))
    assert len(decoded) == len(frames)
    for mine, theirs in zip(decoded, group.reconstruction):
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs))
    error = np.mean([np.mean((a.luma.astype(float) - b.luma) ** 2) for a, b in zip(decoded, frames)])
    assert 10 * np.log10(255**2 / error) > 30


def test_bits_are_counted_alike_and_sum_to_the_packet(coded):
    _, group = coded
    counted = engine.count_bits(group.packet, 60, 44, tiny_video_codebook())
    assert [frame.kind for frame in counted] == [frame.kind for frame in group.frames]
    assert [dict(frame.bits) for frame in counted] == [dict(frame.bits) for frame in group.frames]
    assert sum(sum(frame.bits.values()) for frame in counted) == 8 * len(group.packet)
    assert engine.frame_count(group.packet) == 10


@pytest.mark.parametrize("effort", [0, 5])
def test_threads_do_not_change_the_bytes(coded, effort):
    frames, group = coded
    tall = [Frame(*(np.tile(plane, (4, 1)) for plane in frame)) for frame in frames[:4]]
    packets = [
        engine.encode_group(tall, tiny_video_codebook(), Settings(quality=50, effort=effort, threads=threads)).packet
        for threads in (1, 2)
    ]
    assert packets[0] == packets[1]
    assert engine.encode_group(frames, tiny_video_codebook(), FAST).packet == group.packet


def test_prediction_from_other_frames_saves_bits(coded):
    frames, group = coded
    alone = sum(len(engine.encode_group([frame], tiny_video_codebook(), FAST).packet) for frame in frames)
    assert len(group.packet) < 0.6 * alone


def test_quality_is_what_it_says():
    frames = moving_frames(3, 32, 32)
    sizes = [
        len(engine.encode_group(frames, tiny_video_codebook(), Settings(quality=q, effort=2, threads=1)).packet)
        for q in (0, 30, 60, 90)
    ]
    assert sizes == sorted(sizes)
    assert sizes[3] > 3 * sizes[0]


@pytest.mark.parametrize(("height", "width", "count"), [(2, 2, 1), (1, 1, 2), (7, 65, 3), (66, 8, 2)])
def test_odd_sizes(height, width, count):
    frames = moving_frames(count, height, width)
    frames = [Frame(f.luma, f.blue[: (height + 1) // 2], f.red[: (height + 1) // 2]) for f in frames]
    group = engine.encode_group(frames, tiny_video_codebook(), FAST)
    decoded = list(engine.decode_group(group.packet, width, height, tiny_video_codebook()))
    assert [plane.shape for plane in decoded[0]] == [plane.shape for plane in frames[0]]
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(decoded, group.reconstruction))


@pytest.mark.parametrize("effort", [0, 1, 3, 9])
def test_efforts(effort):
    frames = moving_frames(4, 40, 40, seed=1)
    settings = Settings(quality=60, effort=effort, threads=1)
    group = engine.encode_group(frames, tiny_video_codebook(), settings)
    decoded = list(engine.decode_group(group.packet, 40, 40, tiny_video_codebook()))
    assert all(np.array_equal(a.red, b.red) for a, b in zip(decoded, group.reconstruction))


class Sizes:
    """An observer that keeps the sizes of the blocks of predicted frames, log2."""

    def __init__(self):
        self.seen = set()

    def intra(self, searched, sources):
        """Not of interest."""

    def predicted(self, frame_class, frame, sources, counts):
        self.seen.update(frame.motion[LOG_SIZE].ravel().tolist())


@pytest.mark.parametrize(("effort", "smallest"), [(0, 4), (2, 3)])
def test_quick_efforts_leave_out_the_smallest_blocks(effort, smallest):
    frames, sizes = moving_frames(4, 64, 64, seed=2), Sizes()
    model = VideoModel.from_arrays(tiny_video_codebook().arrays)
    with FrameCoder(model, effort, threads=1) as coder:
        encode_frames(frames, coder, GroupParameters(4, 16), observer=sizes)
    assert min(sizes.seen) == smallest


def test_an_observer_changes_no_sample_and_a_uniform_lambda_does():
    frames = moving_frames(10, 64, 136, seed=2)
    model, parameters = VideoModel.from_arrays(tiny_video_codebook().arrays), GroupParameters(10, 30)
    with FrameCoder(model, 5, threads=1) as coder:
        plain, observed, uniform = (
            encode_frames(frames, coder, parameters, **options)
            for options in ({}, {"observer": Sizes()}, {"uniform_lambda": True})
        )
    assert all(
        np.array_equal(a, b) for one, other in zip(observed[2], plain[2], strict=True) for a, b in zip(one, other)
    )
    assert not GroupParameters.from_bytes(observed[0])[0].mixed  # trainings count Huffman codes
    assert any(not np.array_equal(one.luma, other.luma) for one, other in zip(uniform[2], plain[2]))


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (72, 136), (8, 8)])
def test_a_walk_visits_every_unit_once_and_quarters_in_order(rows, columns):
    walk = new_record(WALK)
    start_walk(walk)
    units, roots = [], []
    y, x, log_size = next_node(walk, rows, columns)
    while log_size > 0:
        if log_size == ROOT_LOG:
            roots.append((y, x))
        if log_size > GRID_LOG:
            cut_node(walk, y, x, log_size)
        else:
            units.append((y, x))
        y, x, log_size = next_node(walk, rows, columns)
    assert roots == [(y, x) for y in range(0, rows, 64) for x in range(0, columns, 64)]
    assert sorted(units) == [(y, x) for y in range(0, rows, 8) for x in range(0, columns, 8)]
    if rows > 8:
        assert units[:6] == [(0, 0), (0, 8), (8, 0), (8, 8), (0, 16), (0, 24)]


@pytest.mark.parametrize("size", [8, 16, 64])
def test_hadamard_differences_are_those_of_every_4x4_square(size):
    chance = np.random.default_rng(4)
    target = chance.integers(0, 4081, (64, 64)).astype(np.int16)
    plane = chance.integers(0, 4081, (80, 80)).astype(np.int16)
    found = hadamard_difference(target, plane, 3, 5, size, np.zeros((4, 64), dtype=np.int32))
    signs = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, -1, 1], [1, -1, 1, -1]])
    squares = target[:size, :size].astype(int) - plane[3 : 3 + size, 5 : 5 + size]
    squares = squares.reshape(size // 4, 4, size // 4, 4).transpose(0, 2, 1, 3)
    assert found == np.abs(signs @ squares @ signs.T).sum() // 4


def test_damage_is_told(coded):
    _, group = coded
    for data in (b"", b"\x00", group.packet[:4], group.packet[:-20], group.packet + b"\0\0"):
        with pytest.raises(CorruptFileError):
            list(engine.decode_group(data, 60, 44, tiny_video_codebook()))
    with pytest.raises(CorruptFileError):
        GroupParameters.from_bytes(bytes([1, 64, 0x38]))


@pytest.mark.parametrize("count", [1, 100, 1 << 61, (1 << 61) + 1, (1 << 63) - 1])
@pytest.mark.parametrize("frames", [1, 3])
def test_fewer_values_than_told_are_damage(frames, count):
    """Also where no predicted frame reads one, and where eight times the number does not fit into 64 bits."""
    packet = engine.encode_group(moving_frames(frames, 44, 60), tiny_video_codebook(), FAST).packet
    used = len(GroupParameters.from_bytes(packet)[0].to_bytes())
    size, payload = get_varint(packet, used)
    end = payload + 1 + size
    head = packet[:1] + bytes([packet[1] | 0x80]) + packet[2:end]
    if frames == 1:
        assert len(list(engine.decode_group(head + put_varint(0), 60, 44, tiny_video_codebook()))) == 1
    with pytest.raises(CorruptFileError, match="ends within its values"):
        list(engine.decode_group(head + put_varint(count), 60, 44, tiny_video_codebook()))


def test_any_bytes_decode_or_are_refused(coded):
    _, group = coded
    chance = np.random.default_rng(3)
    outcomes = Counter()
    for _ in range(40):
        data = np.frombuffer(group.packet, dtype=np.uint8).copy()
        places = chance.integers(3, len(data), 4)
        data[places] = chance.integers(0, 256, 4)
        try:
            frames = list(engine.decode_group(data.tobytes(), 60, 44, tiny_video_codebook()))
            outcomes["decoded"] += len(frames) == 10
        except CorruptFileError:
            outcomes["refused"] += 1
    assert sum(outcomes.values()) == 40
    assert outcomes["refused"] > 0


def test_options_and_lengths_of_groups():
    assert engine.group_length(352, 288, None, {}) == engine.DEFAULT_GROUP
    assert engine.group_length(352, 288, 33, {"distance": 4}) == 33
    assert engine.group_length(8000, 8000, None, {}) == 2
    for wanted, options in ((0, {}), (5000, {}), (None, {"distance": 3}), (None, {"depth": 2})):
        with pytest.raises(UsageError):
            engine.group_length(64, 64, wanted, options)


def test_codebooks_are_checked():
    book = tiny_video_codebook()
    arrays = dict(book.arrays)
    with pytest.raises(CodebookError, match="not for video/mc"):
        engine.model_of(Codebook("video/other", "other", arrays, {}))
    for name in ("rungs", "nodes_lengths", "offsets"):
        with pytest.raises(CodebookError, match=name):
            VideoModel.from_arrays({key: array for key, array in arrays.items() if key != name})
    rows = arrays["nodes_rows"] + np.uint16(7)
    with pytest.raises(CodebookError, match="nodes_rows"):
        VideoModel.from_arrays({**arrays, "nodes_rows": rows})
    hole = np.array(arrays["nodes_lengths"])
    hole[0] = 0
    hole[0, :2] = 1
    with pytest.raises(CodebookError, match="without a code"):
        VideoModel.from_arrays({**arrays, "nodes_lengths": hole})


def test_a_model_goes_into_a_codebook_and_back():
    book = tiny_video_codebook()
    again = VideoModel.from_arrays(book.arrays).to_arrays()
    assert set(again) == set(book.arrays)
    assert all(np.array_equal(again[name], book.arrays[name]) for name in again)


def test_the_engine_is_found_by_name():
    assert engine_for("video/mc") is engine
    assert len(POOLS) == 7
    assert POOLS[NODES].contexts == 108


def test_training_fits_the_clips_whatever_the_threads(tmp_path):
    from vqcodec.video.mc.training.train import train

    clips = [moving_frames(4, 40, 48, seed=n) for n in range(2)]
    kinds = {}
    asked = {"parent": tiny_video_codebook(False), "rounds": 2, "effort": 2, "memory_bytes": 0}
    books = [
        train(task_for("video/mc", clips, **asked, threads=threads, **more))
        for threads, more in ((1, {}), (2, {"checkpoint": tmp_path / "kept", "progress": kinds.__setitem__}))
    ]
    assert books[0].identity == books[1].identity
    assert kinds == {"round 1 of 2": 0.5, "round 2 of 2": 1.0}
    resumed = train(task_for("video/mc", clips, **asked, checkpoint=tmp_path / "kept"))
    assert resumed.identity == books[0].identity
    settings = Settings(quality=50, effort=2, threads=1)
    fresh = moving_frames(4, 40, 48, seed=9)
    own, other = (len(engine.encode_group(fresh, book, settings).packet) for book in (books[0], tiny_video_codebook()))
    assert own < other


def test_there_must_be_something_to_train_on():
    from vqcodec.video.mc.training.train import train

    with pytest.raises(UsageError, match="no clip"):
        train(task_for("video/mc", [moving_frames(1)], parent=tiny_video_codebook()))
    with pytest.raises(CodebookError):
        train(task_for("video/mc", [moving_frames(2)], parent=Codebook("speech/celp-nb", "x", {}, {})))
