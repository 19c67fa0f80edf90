"""Displacements that many blocks share: they are found, however far, and the vector search starts from them."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.codebook.library import load_codebook
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.engine import encode_group
from vqcodec.video.mc.lookahead.global_motion import GlobalMotion

HEIGHT, WIDTH = 96, 128


def texture(seed: int) -> np.ndarray:
    """Fine texture, like small print: uint8 (HEIGHT, WIDTH)."""
    return (np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.3).astype(np.uint8) * 200 + 20


def as_frame(luma: np.ndarray) -> Frame:
    grey = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return Frame(np.ascontiguousarray(luma), grey, grey)


def rolling(speed: tuple[int, int], count: int) -> list[Frame]:
    """Texture that moves by `speed` a frame; what leaves at one side comes in at the other."""
    page = texture(1)
    return [as_frame(np.roll(page, (speed[0] * n, speed[1] * n), (0, 1))) for n in range(count)]


@pytest.mark.parametrize("speed", [(5, 0), (0, -7), (-20, 31), (40, -40)])
def test_a_page_that_moves(speed: tuple[int, int]) -> None:
    found = GlobalMotion(rolling(speed, 2)).vectors(1, 0)
    assert found.tolist() == [[-4 * speed[0], -4 * speed[1]], [0, 0], [0, 0]]


def test_parts_that_move_differently_and_a_part_that_stays() -> None:
    first, second = texture(1), texture(2)
    page = np.vstack([first[:32], second[:32], first[64:]])
    moved = np.vstack([np.roll(page[:32], 12, 1), np.roll(page[32:64], -9, 1), page[64:]])
    found = GlobalMotion([as_frame(page), as_frame(moved)]).vectors(1, 0)
    assert sorted(map(tuple, found.tolist())) == [(0, -48), (0, 0), (0, 36)]


def test_nothing_is_found_where_nothing_moves_or_everything_is_new() -> None:
    still, other = as_frame(texture(1)), as_frame(texture(2))
    motion = GlobalMotion([still, still, other])
    assert not motion.vectors(1, 0).any()
    assert not motion.vectors(2, 1).any()


def test_large_pictures_are_correlated_at_a_smaller_size() -> None:
    page = np.kron(
        (np.random.default_rng(3).random((300, 500)) < 0.3).astype(np.uint8) * 200, np.ones((4, 4), np.uint8)
    )
    moved = np.roll(page, (24, -52), (0, 1))
    grey = np.zeros((1, 1), np.uint8)
    found = GlobalMotion([Frame(page, grey, grey), Frame(moved, grey, grey)]).vectors(1, 0)
    assert found[0].tolist() == [-96, 208]


def test_fast_fine_texture_costs_little_more_than_slow() -> None:
    codebook = load_codebook("video")
    sizes = [len(encode_group(rolling((speed, 0), 17), codebook, Settings(40, 3, 1, {})).packet) for speed in (1, 6)]
    assert sizes[1] < 1.3 * sizes[0]
