"""Blocks that stand elsewhere in a reference are found there, and the search starts from them."""

from __future__ import annotations

import numpy as np
import pytest
from moving_pictures import moving_frames, pages
from tiny_video_codebook import tiny_video_codebook

from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.lookahead import starts
from vqcodec.video.mc.lookahead.exact_matches import MATCHES, ExactMatches


def frame_of(luma: np.ndarray) -> Frame:
    half = np.full(((luma.shape[0] + 1) // 2, (luma.shape[1] + 1) // 2), 128, np.uint8)
    return Frame(luma, half, half.copy())


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


@pytest.mark.parametrize(("down", "right"), [(0, 5), (13, -7), (-30, 0), (9, 40)])
def test_blocks_that_moved_are_found_where_they_were(down, right) -> None:
    before = noise(96, 128)
    after = before.copy()
    after[40:56, 48:72] = before[40 + down : 56 + down, 48 + right : 72 + right]
    found = ExactMatches([frame_of(before), frame_of(after)]).vectors(1, 0)
    assert found.shape == (12, 16, 2 * MATCHES)
    assert (found[5:7, 6:9, :2] == (4 * down, 4 * right)).all()
    assert np.count_nonzero(found.any(axis=2)) == 6


def test_what_has_not_changed_and_what_is_flat_has_no_match() -> None:
    before = noise(40, 64)
    before[:16, :16] = 7
    after = before.copy()
    after[24:32, 32:40] = 7
    frames = [frame_of(before), frame_of(after)]
    assert not ExactMatches(frames).vectors(1, 0).any()
    assert not ExactMatches(frames[:1] * 2).vectors(1, 0).any()


def test_the_nearest_matches_come_first_and_odd_sizes_are_cut() -> None:
    before = noise(61, 93)
    shape = noise(8, 8, 1)
    for y, x in ((0, 0), (30, 20), (50, 80), (10, 60)):
        before[y : y + 8, x : x + 8] = shape
    after = before.copy()
    after[32:40, 40:48] = shape
    found = ExactMatches([frame_of(before), frame_of(after)]).vectors(1, 0)
    assert found.shape[:2] == (7, 11)
    assert found[4, 5].tolist() == [4 * -2, 4 * -20, 4 * -22, 4 * 20, 4 * 18, 4 * 40]


def test_a_neighbours_match_that_fits_comes_before_nearer_ones() -> None:
    before = noise(48, 96)
    shape = noise(8, 8, 1)
    before[16:24, 72:80] = shape
    before[16:24, 30:38] = shape
    after = before.copy()
    after[16:24, 0:8] = before[16:24, 64:72]
    after[16:24, 8:16] = shape
    found = ExactMatches([frame_of(before), frame_of(after)]).vectors(1, 0)
    assert found[2, 0, :2].tolist() == [0, 4 * 64]
    assert found[2, 1, :4].tolist() == [0, 4 * 64, 0, 4 * 22]


def test_many_equal_blocks_take_bounded_time() -> None:
    pattern = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (270, 480))
    found = ExactMatches([frame_of(pattern), frame_of(255 - pattern)]).vectors(1, 0)
    assert found.any()


def test_matches_save_bits_where_letters_come_again(monkeypatch) -> None:
    frames = pages(9, 96, 140)[::4]
    frames.append(pages(1, 96, 140, seed=0)[0]._replace(luma=np.roll(frames[0].luma, (39, 49), (0, 1))))
    book, settings = tiny_video_codebook(True), Settings(50, 5, 1, {"distance": 1})
    coded = engine.encode_group(frames, book, settings)
    decoded = list(engine.decode_group(coded.packet, 140, 96, book))
    for shown, frame in zip(coded.reconstruction, decoded, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(shown, frame))
    monkeypatch.setattr(starts.ExactMatches, "vectors", lambda *_: np.zeros((12, 17, 2 * MATCHES), np.int16))
    without = engine.encode_group(frames, book, settings)
    bits = [sum(sum(frame.bits.values()) for frame in group.frames[1:]) for group in (coded, without)]
    assert bits[0] < 0.9 * bits[1]


def test_frames_that_do_not_repeat_are_not_looked_through(monkeypatch) -> None:
    def refuse(*_):
        raise AssertionError("looked for matches")

    monkeypatch.setattr(starts.ExactMatches, "vectors", refuse)
    engine.encode_group(moving_frames(3, 96, 140), tiny_video_codebook(True), Settings(50, 5, 1, {}))
    with pytest.raises(AssertionError, match="looked for matches"):
        engine.encode_group(pages(3, 96, 140), tiny_video_codebook(True), Settings(50, 5, 1, {}))
