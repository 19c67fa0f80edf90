"""The spatio-temporal engine: frames of any size and number come back as the encoder said, and damage is told."""

import numpy as np
import pytest
from training_tasks import task_for

from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CodebookError, CorruptFileError, UnsupportedError, UsageError
from vqcodec.video.engines import Settings, engine_for
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.st3d import engine
from vqcodec.video.st3d.effort import slab_effort
from vqcodec.video.st3d.encoder import GroupEncoder
from vqcodec.video.st3d.layout import ALONE, DEEP, MAP_FIELDS, MODE, PAIRS, VECTOR_X, VECTOR_Y, slab_depths
from vqcodec.video.st3d.parameters import GroupParameters
from vqcodec.video.st3d.signal import lifting
from vqcodec.video.st3d.train import train

WAYS = ({"depth": 1}, {"depth": 2}, {"depth": 4, "motion": False}, {"motion": False}, {"replenish": False}, {})


@pytest.fixture(scope="module")
def book():
    return Codebook(engine.ENGINE, "plain", initial_model([16, 30, 44]).to_arrays())


def moving_frames(height, width, count, seed=0, speed=1.5):
    """A smooth random texture that moves to the right, with a still corner and some noise."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = chance.uniform(0.05, 0.4, (6, 2))
    frames = []
    for number in range(count):
        plane = sum(np.sin(v * y + u * (x - speed * number) + k) for k, (v, u) in enumerate(waves))
        luma = np.clip(128 + 25 * plane + chance.normal(0, 2, plane.shape), 0, 255).astype(np.uint8)
        luma[: height // 2, : width // 2] = 90
        half = luma[::2, ::2][: chroma_size(height), : chroma_size(width)]
        frames.append(Frame(luma, half // 2 + 64, 255 - half))
    return frames


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def encode(frames, book, quality=50.0, effort=5, threads=1, **options):
    return engine.encode_group(frames, book, Settings(quality, effort, threads, options))


@pytest.mark.parametrize("options", WAYS)
@pytest.mark.parametrize(("height", "width", "count"), [(2, 2, 5), (1, 1, 1), (33, 50, 7), (16, 70, 2)])
def test_decodes_to_what_the_encoder_said(options, height, width, count):
    book = load_codebook("video-st3d")
    frames = moving_frames(height, width, count)
    coded = encode(frames, book, **options)
    decoded = list(engine.decode_group(coded.packet, width, height, book))
    assert engine.frame_count(coded.packet) == len(decoded) == count
    for frame, decoded_frame, shown in zip(frames, decoded, coded.reconstruction, strict=True):
        assert same(decoded_frame, shown)
        assert [plane.shape for plane in decoded_frame] == [plane.shape for plane in frame]
        assert [plane.dtype for plane in decoded_frame] == [np.uint8] * 3


@pytest.mark.parametrize("options", WAYS)
def test_bits_are_those_of_the_packet(book, options):
    coded = encode(moving_frames(40, 52, 6), book, **options)
    assert sum(sum(frame.bits.values()) for frame in coded.frames) == 8 * len(coded.packet)
    assert engine.count_bits(coded.packet, 52, 40, book) == coded.frames


@pytest.mark.parametrize("effort", [0, 5, 9])
def test_threads_do_not_change_the_bytes(book, effort):
    frames = moving_frames(70, 90, 6)
    assert (
        encode(frames, book, effort=effort, threads=1).packet == encode(frames, book, effort=effort, threads=2).packet
    )


def test_quality_tells(book):
    frames = moving_frames(48, 64, 4)
    coded = [encode(frames, book, quality) for quality in (10.0, 50.0, 90.0)]
    sizes = [len(group.packet) for group in coded]
    errors = [
        sum(np.square(a.luma.astype(int) - b.luma).mean() for a, b in zip(frames, group.reconstruction, strict=True))
        for group in coded
    ]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


def test_what_stays_as_it_was_costs_less_than_a_bit_a_macroblock():
    still, book = moving_frames(256, 256, 1) * 16, load_codebook("video-st3d")
    short, long = (len(encode(still[:count], book).packet) for count in (4, 16))
    macroblocks = 3 * 16 * 16  # of the slabs after the first
    assert 8 * (long - short) < macroblocks


def test_the_transform_along_time_pays(book):
    frames = moving_frames(64, 96, 8, speed=0.0)
    alone, together = encode(frames, book, depth=1), encode(frames, book, depth=4, motion=False, replenish=False)
    assert len(together.packet) < 0.6 * len(alone.packet)


def test_motion_pays(book):
    frames = moving_frames(64, 96, 8, speed=3.0)
    still, moved = encode(frames, book, motion=False), encode(frames, book)
    assert len(moved.packet) < 0.9 * len(still.packet)


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("size", [16, 8])
def test_lifting_is_undone_exactly_whatever_the_motion(count, size):
    chance = np.random.default_rng(count)
    maps = np.zeros((MAP_FIELDS, 3, 4), np.int16)
    simplest = {1: ALONE, 2: PAIRS, 4: DEEP}[count]
    maps[MODE] = chance.integers(simplest, ALONE + 1, (3, 4))
    maps[VECTOR_Y], maps[VECTOR_X] = chance.integers(-31, 32, (2, 3, 4))
    planes = chance.integers(0, 4081, (count, 3 * size, 4 * size)).astype(np.int16)
    bands = lifting.analyse(planes, maps, size)
    assert np.array_equal(lifting.synthesise(bands, maps, size), planes)
    assert count == 1 or not np.array_equal(bands, planes)


def test_bands_without_motion_are_means_and_differences():
    planes = np.array([100, 120, 140, 180], np.int16)[:, None, None] * np.ones((1, 16, 16), np.int16)
    bands = lifting.analyse(planes, np.zeros((MAP_FIELDS, 1, 1), np.int16), 16)
    assert bands[:, 5, 5].tolist() == [135, 50, 20, 40]


def test_slabs_at_the_end_of_a_group_are_shorter():
    assert slab_depths(11, 4) == [4, 4, 2, 1]
    assert slab_depths(3, 2) == [2, 1]
    assert slab_depths(2, 1) == [1, 1]


@pytest.mark.parametrize("options", [{"depth": 1}, {}])
def test_a_cut_packet_is_told(book, options):
    packet = encode(moving_frames(33, 40, 6), book, **options).packet
    for length in range(0, len(packet), 3):
        with pytest.raises(CorruptFileError, match="video data"):
            list(engine.decode_group(packet[:length], 40, 33, book))
    with pytest.raises(CorruptFileError, match="after its last frame"):
        list(engine.decode_group(packet + b"\0", 40, 33, book))


def test_frames_before_a_cut_are_intact(book):
    coded = encode(moving_frames(33, 40, 9), book)
    decoded = engine.decode_group(coded.packet[:-1], 40, 33, book)
    assert all(same(next(decoded), shown) for shown in coded.reconstruction[:8])
    with pytest.raises(CorruptFileError):
        next(decoded)


def test_damage_never_breaks_the_decoder(book):
    packet = encode(moving_frames(33, 40, 6), book).packet
    chance = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(packet)
        for place in chance.integers(0, len(packet), 3):
            damaged[place] ^= 1 << int(chance.integers(0, 8))
        try:
            assert all(frame.luma.shape == (33, 40) for frame in engine.decode_group(bytes(damaged), 40, 33, book))
        except (CorruptFileError, UnsupportedError):
            refused += 1
    assert refused > 0


@pytest.mark.parametrize(
    "head", [b"\0\x20\2", b"\5\x09\2", b"\5\x3c\2", b"\5\x20\3", b"\x81\x20\x20\2", b"\5\x20", b""]
)
def test_impossible_first_bytes_are_told(head):
    with pytest.raises(CorruptFileError, match="video data"):
        engine.frame_count(head)


def test_reserved_bits_are_of_a_later_version():
    with pytest.raises(UnsupportedError):
        engine.frame_count(b"\5\x20\x20")


def test_parameters_come_back():
    parameters = GroupParameters(300, 40, 4, motion=True, adaptive=False, replenish=True)
    assert GroupParameters.from_bytes(parameters.to_bytes() + b"rest") == (parameters, 4)


@pytest.mark.parametrize("options", [{"depth": 3}, {"depth": "deep"}, {"depth": True}, {"motion": 1}, {"speed": 2}])
def test_unknown_options_are_refused(book, options):
    with pytest.raises(UsageError):
        encode(moving_frames(16, 16, 1), book, **options)
    with pytest.raises(UsageError):
        engine.group_length(16, 16, None, options)


def test_group_length():
    assert engine_for("video/st3d") is engine
    assert engine.group_length(176, 144, None, {}) == engine.DEFAULT_GROUP
    assert engine.group_length(176, 144, 9, {}) == 9
    assert engine.group_length(8192, 8192, 40, {}) == 2
    with pytest.raises(UsageError):
        engine.group_length(176, 144, 0, {})


def test_another_engines_codebook_is_refused():
    other = Codebook("image/transform", "other", initial_model([30]).to_arrays())
    with pytest.raises(CodebookError, match="image/transform"):
        encode(moving_frames(16, 16, 1), other)


class Recorder:
    """An observer that keeps the number of tokens by plane type, and what it learns of slabs."""

    def __init__(self):
        self.counts = [0, 0]
        self.slabs = []

    def tokens(self, plane_type, tokens):
        self.counts[plane_type] += len(tokens)

    def slab(self, slab, bands, levels):
        assert bands.luma.shape == levels.luma.shape == slab.luma.shape
        assert bands.chroma.shape == levels.chroma.shape == slab.chroma.shape
        self.slabs.append((slab, levels))


def test_an_observer_sees_all_that_is_coded_and_changes_nothing(book):
    frames, parameters = moving_frames(40, 52, 7), GroupParameters(7, 30, 4, motion=True, adaptive=True, replenish=True)
    effort, recorder = slab_effort(5, 1.0, True, True, True), Recorder()
    plain = GroupEncoder(engine.model_of(book), parameters, effort, 1).encode(frames)
    observed = GroupEncoder(engine.model_of(book), parameters, effort, 1, recorder).encode(frames)
    assert observed.packet == plain.packet
    assert min(recorder.counts) > 0
    assert [len(slab.luma) for slab, _ in recorder.slabs] == [4, 2, 1]
    for slab, levels in recorder.slabs:
        for component, planes in enumerate((levels.luma, *levels.chroma)):
            side = 16 if component == 0 else 8
            shape = len(planes), slab.maps.shape[1], side, slab.maps.shape[2], side
            present = planes.reshape(shape).any(axis=(2, 4))
            assert np.array_equal(present, (slab.parts >> component & 1).astype(bool))


def test_training_fits_and_does_not_depend_on_threads(book, tmp_path):
    clips = [moving_frames(32, 48, 5, seed) for seed in range(2)]
    trained = [train(task_for("video/st3d", clips, rounds=1, effort=1, threads=threads)) for threads in (1, 2)]
    assert trained[0].canonical_bytes() == trained[1].canonical_bytes()
    fresh = moving_frames(32, 48, 5, 7)
    assert len(encode(fresh, trained[0]).packet) < len(encode(fresh, book).packet)
    with pytest.raises(UsageError):
        train(task_for("video/st3d", [clips[0][:1]]))
