"""Codebooks in which symbols have no code: an encoder does without these symbols, or says that it cannot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from moving_pictures import moving_frames
from random_transform import random_codebook
from synthetic_speech import synthetic_speech
from tiny_speech_codebook import tiny_codebook
from tiny_video_codebook import tiny_video_codebook

from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.entropy.huffman import code_lengths
from vqcodec.entropy.tables import NO_CODE, NO_CODE_BITS, TableSet, bits_of, check_written
from vqcodec.errors import CodebookError
from vqcodec.image.block import engine as block
from vqcodec.image.transform import engine as transform
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.celp import engine as celp
from vqcodec.video.engines import Settings, engine_for


def with_arrays(codebook: Codebook, arrays: Mapping[str, np.ndarray]) -> Codebook:
    """The codebook with some of its arrays replaced."""
    return Codebook(codebook.engine, codebook.name, {**codebook.arrays, **arrays}, {})


def holes(lengths: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Whole codes, of the shape of `lengths`, in which only the symbols of `keep` (bool) have a code."""
    weights = np.where(lengths > 0, 2 ** (20 - lengths.astype(np.int64)), 1)
    return code_lengths(np.where(keep, weights, 0))


def noise(height: int, width: int, channels: int, seed: int = 1) -> np.ndarray:
    """A picture that asks for every symbol."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype(np.uint8)


def block_codebook(run_lengths: list[int], index_lengths: list[list[int]]) -> Codebook:
    """A grey codebook of four codewords of 2x2 samples, each its own class as left neighbour."""
    arrays = {
        "layout": np.array([0], np.uint8),
        "side": np.array([2], np.uint8),
        "luma.codewords": np.repeat(np.array([[0], [80], [160], [240]], np.uint8), 4, axis=1),
        "luma.left_class": np.arange(4, dtype=np.uint8),
        "luma.up_class": np.zeros(4, np.uint8),
        "luma.index_lengths": np.repeat(np.array(index_lengths, np.uint8), 4, axis=0),
        "luma.run_lengths": np.tile(np.array(run_lengths, np.uint8), (4, 1)),
        "luma.first": np.array([0], np.int32),
    }
    return Codebook("image/block", "holes", arrays, {})


def runs(**lengths: int) -> list[int]:
    """Code lengths of run symbols; those that are not named have none."""
    return [lengths.get(f"r{symbol}", 0) for symbol in range(18)]


WHOLE_INDICES = [[2, 2, 2, 2]] * 4


def assert_block_decodes(codebook: Codebook, samples: np.ndarray) -> None:
    for quality in (0, 60, 100):
        for effort in (0, 5, 9):
            coded = block.encode(samples, codebook, quality, effort)
            decoded = block.decode(coded.header, coded.packets, codebook)
            np.testing.assert_array_equal(decoded, coded.reconstruction)
            assert block.count_bits(coded.header, coded.packets, codebook) == coded.bits_by_part


@pytest.mark.parametrize(
    "run_lengths",
    [runs(r17=1), runs(r0=1, r17=1), runs(r0=1, r1=1), runs(r0=2, r1=3, r8=4, r16=4, r17=1), runs(r0=1)],
)
def test_runs_without_codes_are_replaced_by_shorter_ones(run_lengths: list[int]) -> None:
    codebook = block_codebook(run_lengths, WHOLE_INDICES)
    flat = np.kron(np.repeat([[0, 3, 1, 1, 2]], 40, axis=0) * 80, np.ones((2, 12))).astype(np.uint8)[:, :, None]
    for samples in (noise(20, 34, 1), flat, np.full((9, 200, 1), 160, np.uint8)):
        assert_block_decodes(codebook, samples)


@pytest.mark.parametrize(
    "index_lengths", [[[1, 1, 0, 0]] * 4, [[0, 1, 1, 0], [1, 0, 0, 1], [2, 2, 1, 0], [0, 0, 0, 1]]]
)
def test_indices_without_codes_are_not_chosen(index_lengths: list[list[int]]) -> None:
    assert_block_decodes(block_codebook([5] * 16 + [2, 2], index_lengths), noise(31, 34, 1))


@pytest.mark.parametrize("width", [2, 4, 6, 40])
def test_longer_runs_take_the_place_of_runs_without_codes(width: int) -> None:
    """A flat area begins, and ends at once; a run of 3 ends with the row, if that is nearer."""
    for symbol in (1, 3, 7, 8, 15, 16, 17):
        codebook = block_codebook(runs(**{f"r{symbol}": 1}), WHOLE_INDICES)
        for samples in (np.full((8, width, 1), 80, np.uint8), noise(8, width, 1)):
            assert_block_decodes(codebook, samples)


def test_a_run_to_the_end_of_the_row_may_be_a_longer_one() -> None:
    """30 blocks a row, and a run of 16 to 31 is all there is."""
    codebook = block_codebook(runs(r9=1), WHOLE_INDICES)
    samples = np.zeros((8, 60, 1), np.uint8)
    coded = block.encode(samples, codebook, 100, 0)
    np.testing.assert_array_equal(coded.reconstruction, samples)


def test_block_codebooks_with_holes_at_random_give_files_that_decode() -> None:
    chance = np.random.default_rng(6)
    for _ in range(40):
        run_lengths = holes(np.full((4, 18), 4, np.uint8), chance.random((4, 18)) < chance.choice([0.1, 0.5]))
        index_lengths = holes(np.full((4, 4), 2, np.uint8), chance.random((4, 4)) < 0.6)
        for lengths in (run_lengths, index_lengths):
            lengths[~lengths.any(axis=1), -1] = 1  # a code of one symbol
        codebook = block_codebook([5] * 16 + [2, 2], index_lengths.tolist())
        codebook = with_arrays(codebook, {"luma.run_lengths": run_lengths})
        flat = np.kron(chance.integers(0, 4, (6, 12)) * 80, np.ones((2, 8))).astype(np.uint8)[:, :, None]
        for samples in (noise(12, 30, 1), flat):
            assert_block_decodes(codebook, samples)


def test_prices_tell_symbols_without_codes() -> None:
    tables = TableSet(np.array([[1, 2, 2, 0]], np.uint8))
    assert tables.prices.tolist() == [[1, 2, 2, NO_CODE]]
    assert [float(bits_of(np.uint8(price))) for price in (1, NO_CODE)] == [1.0, float(np.float32(NO_CODE_BITS))]
    assert check_written(1 << 40) == 1 << 40


def test_transform_codebooks_with_holes_at_random_give_files_that_decode() -> None:
    written = 0
    for seed in range(8):
        codebook = random_codebook(seed, even=0.95)
        try:
            coded = transform.encode(noise(40, 44, 3, seed), codebook, 60, seed)
        except CodebookError:
            continue
        written += 1
        np.testing.assert_array_equal(transform.decode(coded.header, coded.packets, codebook), coded.reconstruction)
    assert written


def few_patterns(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of these names, with codes for a fifth of the patterns."""
    keep = np.random.default_rng(3).random(256) < 0.2
    return {name: holes(arrays[name], keep) for name in names}


def test_patterns_without_codes_are_not_chosen() -> None:
    arrays = initial_model([20, 40]).to_arrays()
    codebook = Codebook("image/transform", "few", arrays | few_patterns(arrays, ("luma_patterns", "chroma_patterns")))
    for quality in (20, 90):
        coded = transform.encode(noise(48, 48, 3), codebook, quality, 3)
        np.testing.assert_array_equal(transform.decode(coded.header, coded.packets, codebook), coded.reconstruction)
        assert coded.reconstruction.std() > 8


@pytest.mark.parametrize("name", ["video/st3d", "video/mc"])
def test_video_does_without_symbols_that_have_no_code(name: str) -> None:
    if name == "video/mc":
        whole = tiny_video_codebook(False)
        arrays = few_patterns(whole.arrays, ("intra_luma_patterns", "intra_chroma_patterns"))
        codebook = with_arrays(whole, arrays)
    else:
        arrays = initial_model([20, 40]).to_arrays()
        codebook = Codebook(name, "few", arrays | few_patterns(arrays, ("luma_patterns", "chroma_patterns")), {})
    coder = engine_for(name)
    frames = moving_frames(3, 40, 48, seed=2)
    coded = coder.encode_group(frames, codebook, Settings(quality=70, effort=2, threads=1))
    for frame, shown in zip(coder.decode_group(coded.packet, 48, 40, codebook), coded.reconstruction, strict=True):
        for plane, other in zip(frame, shown, strict=True):
            np.testing.assert_array_equal(plane, other)


@pytest.mark.parametrize("name", ["luma_modes", "luma_patterns", "chroma_flags", "chroma_patterns"])
def test_st3d_codebooks_with_holes_at_random_give_files_that_decode(name: str) -> None:
    """Modes and vectors meet their contexts only after they are chosen; some other always has a code."""
    whole, coder = load_codebook("video-st3d"), engine_for("video/st3d")
    for seed in range(8):
        chance = np.random.default_rng(seed)
        lengths = holes(whole.arrays[name], chance.random(whole.arrays[name].shape) < chance.choice([0.2, 0.8]))
        lengths[~lengths.any(axis=1), chance.integers(0, 5)] = 1
        codebook = with_arrays(whole, {name: lengths})
        frames = moving_frames(6, 40, 56, seed=seed)
        coded = coder.encode_group(frames, codebook, Settings(quality=60, effort=seed, threads=1))
        for frame, shown in zip(coder.decode_group(coded.packet, 56, 40, codebook), coded.reconstruction, strict=True):
            for plane, other in zip(frame, shown, strict=True):
                np.testing.assert_array_equal(plane, other)


@pytest.mark.parametrize("masks", [[0], [15], [1, 2], [3, 12, 15]])
def test_st3d_skips_what_has_a_code(masks: list[int]) -> None:
    """A still clip asks for skips; the mask of skips shares a table with other contexts, so only one context loses."""
    whole, coder = load_codebook("video-st3d"), engine_for("video/st3d")
    rows = whole.arrays["luma_rows"].copy()
    lengths = holes(np.full((1, 16), 4, np.uint8), np.isin(np.arange(16), masks))
    flags = np.concatenate([whole.arrays["luma_flags"], lengths])
    rows[:, :27] = len(flags) - 1  # FORMAT.md, 19.2: the contexts of skips come first
    codebook = with_arrays(whole, {"luma_rows": rows, "luma_flags": flags})
    frames = moving_frames(1, 40, 56) * 8 + moving_frames(4, 40, 56, seed=5)
    coded = coder.encode_group(frames, codebook, Settings(quality=50, effort=5, threads=1))
    for frame, shown in zip(coder.decode_group(coded.packet, 56, 40, codebook), coded.reconstruction, strict=True):
        for plane, other in zip(frame, shown, strict=True):
            np.testing.assert_array_equal(plane, other)


def test_speech_does_without_symbols_that_have_no_code() -> None:
    whole = tiny_codebook(NARROWBAND)
    chance = np.random.default_rng(4)
    arrays = {}
    for name in ("first_type", "later_type", "lags", "gains", "shapes"):
        for number in range(2):
            lengths = whole.arrays[f"set{number}/lengths.{name}"]
            keep = (lengths > 0) & (chance.random(lengths.shape) < 0.7)
            keep[:, [0, -1]] |= lengths[:, [0, -1]] > 0
            arrays[f"set{number}/lengths.{name}"] = holes(lengths, keep)
    codebook = with_arrays(whole, arrays)
    samples = synthetic_speech(1.5, 8000, seed=2).astype(np.int16)
    coded = celp.encode(samples, codebook, celp.Settings(quality=60, effort=2, threads=1))
    np.testing.assert_array_equal(celp.decode(coded.header, coded.packets, codebook), coded.reconstruction)


@pytest.mark.parametrize("uncodable", ["everywhere", "at the start", "elsewhere", "after one type"])
def test_speech_does_without_silence_where_it_has_no_code(uncodable: str) -> None:
    whole = tiny_codebook(NARROWBAND)
    arrays = {}
    for number in range(2):
        lengths = whole.arrays[f"set{number}/lengths.first_type"]
        keep = np.ones(lengths.shape, bool)
        rows = {"everywhere": slice(None), "at the start": [-1], "elsewhere": slice(0, -1), "after one type": [0]}
        keep[rows[uncodable], -1] = False
        arrays[f"set{number}/lengths.first_type"] = holes(lengths, keep)
    codebook = with_arrays(whole, arrays)
    samples = synthetic_speech(3, 8000, seed=2).astype(np.int16)
    samples[: 8000 // 2] = samples[8000:16_000] = 0
    for given in (samples, np.zeros(8000, np.int16)):
        coded = celp.encode(given, codebook, celp.Settings(quality=60, effort=0, threads=1))
        np.testing.assert_array_equal(celp.decode(coded.header, coded.packets, codebook), coded.reconstruction)


def test_speech_that_needs_a_symbol_without_code_is_a_named_error() -> None:
    """All there is is silence, and speech that begins after it."""
    whole = tiny_codebook(NARROWBAND)
    name = "set{}/lengths.first_type"
    arrays = {}
    for number in range(2):
        lengths = whole.arrays[name.format(number)]
        keep = np.zeros(lengths.shape, bool)
        keep[:, -1] = True
        arrays[name.format(number)] = holes(lengths, keep)
    settings = celp.Settings(quality=60, effort=0, threads=1)
    samples = synthetic_speech(1, 8000, seed=2).astype(np.int16)
    with pytest.raises(CodebookError, match="no code for a symbol"):
        celp.encode(samples, with_arrays(whole, arrays), settings)


def test_a_transform_without_inverse_decodes_but_does_not_encode() -> None:
    whole, samples = random_codebook(3, even=1.0), noise(24, 24, 3)
    coded = transform.encode(samples, whole, 50, 2)
    small = whole.arrays["small_transforms"].copy()
    small[4, 0, 3] = small[4, 0, 7]
    large = whole.arrays["large_transforms"].copy()
    large[1, 2, 0, 63] = large[1, 2, 0, 0] // 2 - large[1, 2, 0, 1] // 2
    large[1, 2, 0, :2] //= 2
    large[1, 2, 0, :2] *= 2
    for arrays in ({"small_transforms": small}, {"large_transforms": large}):
        singular = with_arrays(whole, arrays)
        assert transform.decode(coded.header, coded.packets, singular).shape == samples.shape
        with pytest.raises(CodebookError, match="cannot be inverted"):
            transform.encode(samples, singular, 50, 2)
