"""What others inherit of a frame: the step of the first one, and lambda by superblock."""

import numpy as np
import pytest
from tiny_video_codebook import tiny_video_codebook

from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.lookahead.importance import LAMBDA_PARTS, MOST_ADVANCE, first_frame_advance, lambda_changes
from vqcodec.video.mc.parameters import GroupParameters

HEIGHT, WIDTH = 40, 72
STEP = 16.0


def texture(seed, height=HEIGHT, width=WIDTH):
    return np.random.default_rng(seed).integers(60, 200, (height, width)).astype(np.uint8)


def as_frame(luma):
    return Frame(luma, luma[::2, ::2].copy(), 255 - luma[::2, ::2])


def still(count):
    return [as_frame(texture(0))] * count


def changing(count):
    return [as_frame(texture(number)) for number in range(count)]


def errors(value, shape=(8, 16), distances=(1, 2, 3, 4)):
    """Differences from all neighbours."""
    return {(side, apart): np.full(shape, value, np.float32) for side in (-1, 1) for apart in distances}


def test_a_first_frame_that_stays_is_finer_the_longer_it_does():
    advances = [first_frame_advance(still(count), 8) for count in (1, 9, 33, 65)]
    assert advances[:2] == [0, 0]
    assert 0 < advances[2] < advances[3] == MOST_ADVANCE


def test_a_first_frame_that_nothing_follows_from_is_as_usual():
    assert first_frame_advance(changing(33), 8) == 0
    flat = [as_frame(np.full((HEIGHT, WIDTH), 90, np.uint8))] * 65
    assert first_frame_advance(flat, 8) == 0


@pytest.mark.parametrize(("textured_changes", "finer"), [(False, True), (True, False)])
def test_what_costs_bits_counts(textured_changes, finer):
    """One half is texture, the other nearly flat; one of the two changes."""
    frames = []
    for number in range(65):
        luma = texture(number if textured_changes else 0)
        luma[:, WIDTH // 2 :] = 90 + 10 * (0 if textured_changes else number % 5)
        frames.append(as_frame(luma))
    assert (first_frame_advance(frames, 8) > 0) is finer


def test_noise_does_not_count_as_change():
    chance = np.random.default_rng(1)
    noisy = [as_frame((texture(0) + chance.integers(-3, 4, (HEIGHT, WIDTH))).astype(np.uint8)) for _ in range(65)]
    assert first_frame_advance(noisy, 8) == MOST_ADVANCE


def test_blocks_found_again_cost_less_lambda_than_those_that_are_not():
    found = errors(0.0)
    for plane in found.values():
        plane[:, 8:] = 40.0
    for level in (1, 2):
        changes = lambda_changes(found, level, 8, 3, STEP)
        assert changes.shape == (1, 2)
        assert changes[0, 0] < 0 < changes[0, 1]


def test_importance_in_the_middle_of_a_still_group_is_that_of_four_frames():
    """Two of its own with two of its neighbours' on each side, which have another reference: an octave each."""
    whole = lambda_changes(errors(0.0), 2, 8, 3, STEP)
    halved = lambda_changes(errors(0.0, distances=()), 2, 8, 3, STEP)
    assert halved is None
    nothing = lambda_changes(errors(1e6), 2, 8, 3, STEP)
    assert np.all(nothing - whole == LAMBDA_PARTS)  # half an octave of lambda for each of log2(4)


def test_more_key_frames_to_come_and_coarser_steps_lower_lambda():
    by_keys = [lambda_changes(errors(1.5), 1, 8, keys, STEP)[0, 0] for keys in (0, 1, 8)]
    assert by_keys[0] > by_keys[1] > by_keys[2]
    by_step = [lambda_changes(errors(3.0), 1, 8, 4, step)[0, 0] for step in (4.0, 12.0, 36.0)]
    assert by_step[0] > by_step[1] > by_step[2]


@pytest.mark.parametrize("distance", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("distances", [(1,), (1, 2), (1, 2, 3, 4)])
def test_neighbours_that_are_missing_at_the_end_of_a_group(distance, distances):
    shape = (5, 9)
    for level in (1, 2):
        changes = lambda_changes(errors(2.0, shape, distances), level, distance, 1, STEP)
        assert changes.shape == (1, 2)


def test_other_levels_are_left_alone():
    assert lambda_changes(errors(0.0), 0, 8, 3, STEP) is None
    assert lambda_changes(errors(0.0), 3, 8, 3, STEP) is None
    assert lambda_changes({}, 1, 8, 3, STEP) is None


def test_a_still_group_is_coded_with_a_finer_first_frame_and_decodes():
    frames = [as_frame(np.kron(texture(0, 8, 12), np.ones((5, 6), np.uint8)))] * 33
    settings = [Settings(quality=50, effort=2, threads=threads) for threads in (1, 2)]
    group, again = (engine.encode_group(frames, tiny_video_codebook(), chosen) for chosen in settings)
    usual = engine.encode_group(frames[:9], tiny_video_codebook(), settings[0])
    steps = [GroupParameters.from_bytes(coded.packet)[0].step_index for coded in (group, usual)]
    assert steps[0] == steps[1] - first_frame_advance(frames, 8) < steps[1]
    assert group.packet == again.packet
    for mine, theirs in zip(
        engine.decode_group(group.packet, WIDTH, HEIGHT, tiny_video_codebook()), group.reconstruction
    ):
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs))
