"""Weighted prediction: exposures of frames in bytes, in arithmetic, and found in what is to be coded."""

from __future__ import annotations

import numpy as np
import pytest
from moving_pictures import moving_frames

from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CorruptFileError
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.exposure import STEADY, Exposure, Exposures, Weight
from vqcodec.video.mc.lookahead.exposure_changes import exposures_of, simplified
from vqcodec.video.mc.parameters import GroupParameters

FADE = Exposures(((0, Exposure(2000, 0)), (4, Exposure(2000, 0)), (14, Exposure(500, 192))))


def slow_scene(count: int) -> list[Frame]:
    """Patches with fine texture that move by a sample every other frame."""
    rng = np.random.default_rng(5)
    luma = np.kron(rng.integers(40, 200, (6, 8)), np.ones((16, 16), int)) + rng.integers(-12, 13, (96, 128))
    chroma = np.kron(rng.integers(90, 166, (6, 8)), np.ones((8, 8), int))
    planes = (luma, chroma, 255 - chroma)
    return [Frame(*(np.roll(p, n // 2, 1).astype(np.uint8) for p in planes)) for n in range(count)]


def exposed(frames: list[Frame], gains: list[float], offsets: list[float] | None = None) -> list[Frame]:
    """The frames with luma gain * luma + offset, and chroma likewise around 128."""
    result = []
    for frame, gain, offset in zip(frames, gains, offsets or [0.0] * len(frames), strict=True):
        planes = [gain * frame.luma + offset, *(gain * (plane.astype(float) - 128) + 128 for plane in frame[1:])]
        result.append(Frame(*(np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in planes)))
    return result


def test_exposures_come_back_from_a_packets_first_bytes() -> None:
    parameters = GroupParameters(20, 30, distance=4, items=(3, 1), exposures=FADE)
    data = parameters.to_bytes()
    assert GroupParameters.from_bytes(data + b"more") == (parameters, len(data))
    assert data == bytes([20, 30 | 64, 2 << 4 | 8 | 128, 7, 1, 3]) + bytes(
        [0xA0, 0x1F, 0, 4, 0, 0, 10, 0xB7, 0x17, 0x80, 0x03]
    )


def test_steady_groups_have_the_bytes_of_before() -> None:
    assert GroupParameters(20, 30).to_bytes() == bytes([20, 30, 3 << 4 | 8])


def test_exposures_are_linear_between_points() -> None:
    assert FADE.at(0) == FADE.at(4) == Exposure(2000, 0)
    assert FADE.at(5) == Exposure(1850, 19)
    assert FADE.at(9) == Exposure(1250, 96)
    assert FADE.at(14) == FADE.at(19) == Exposure(500, 192)


def test_weights_follow_from_both_exposures() -> None:
    assert FADE.weight(3, 0) is None
    assert FADE.weight(15, 14) is None
    assert FADE.weight(14, 0) == Weight(64, 0, 192)
    assert FADE.weight(0, 14) == Weight(1024, 192, 0)
    assert FADE.weight(14, -1) == FADE.weight(14, 0)  # the memory is exposed as the first frame
    assert STEADY.weight(5, 1) is None


def test_weights_are_exact_and_bounded() -> None:
    weight = Weight(64, 16, 200)
    samples = np.array([0, 15, 16, 18, 1616, 4080], np.int16)
    assert weight.luma(samples).tolist() == [196, 200, 200, 201, 600, 1216]
    assert weight.chroma(np.array([2048, 4080, 0, 2046], np.int16)).tolist() == [2048, 2556, 1536, 2048]
    assert Weight(2048, 0, 0).luma(samples).max() == 4080
    assert Weight(256, 4080, 0).luma(samples).min() == 0


@pytest.mark.parametrize(
    "told",
    [
        [0],  # no point
        [1, 0, 0],  # no contrast
        [1, 2, 0xE2, 0x3F],  # an offset of 4081
        [1, 0x80, 0x40, 0],  # a contrast of 4096
        [2, 4, 0, 0, 2, 0],  # two points at one time
        [2, 4, 0, 20, 2, 0],  # a point after the last frame
        [21] + [4, 0] + [1, 0, 0] * 20,  # more points than frames
        [2, 4, 0, 1, 0xFF],  # the bytes end
    ],
)
def test_impossible_exposures_are_refused(told: list[int]) -> None:
    with pytest.raises(CorruptFileError):
        GroupParameters.from_bytes(bytes([20, 30 | 64, 3 << 4 | 8, *told]))


def test_points_are_few_where_the_change_is_even() -> None:
    told = [FADE.at(time) for time in range(20)]
    assert simplified(told, (4.0, 2.0)) == Exposures((*FADE.points, (19, Exposure(500, 192))))
    assert len(simplified([Exposure(900, 0)] * 3, (1.0, 1.0)).points) == 2


def test_a_fade_is_found() -> None:
    gains = [1 - max(n - 3, 0) / 20 for n in range(16)]
    found = exposures_of(exposed(slow_scene(16), gains, [16 * (1 - gain) for gain in gains]))
    weights = [found.weight(n, n - 4) for n in range(4, 16)]
    for n, weight in enumerate(weights, 4):
        assert weight is not None
        assert weight.gain / 256 == pytest.approx(gains[n] / gains[n - 4], abs=0.03)


def test_motion_flashes_and_noise_are_no_change_of_exposure() -> None:
    frames = moving_frames(12, 96, 128)
    assert exposures_of(frames) == STEADY
    white = Frame(np.full_like(frames[0].luma, 235), *frames[0][1:])
    assert exposures_of([*frames[:5], white, *frames[6:]]) == STEADY
    noise = [
        Frame(np.random.default_rng(n).integers(0, 256, (96, 128)).astype(np.uint8), *frames[0][1:]) for n in range(5)
    ]
    assert exposures_of(noise) == STEADY
    assert exposures_of([Frame(*(np.full((s, s), 9, np.uint8) for s in (2, 1, 1)))] * 3) == STEADY


@pytest.mark.parametrize("gains", [[1 - n / 18 for n in range(17)], [1 - 0.25 * (n % 2) for n in range(17)]])
def test_fades_and_flicker_cost_little(gains: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    frames = exposed(slow_scene(17), gains)
    codebook, settings = load_codebook("video"), Settings(50, 3, 1, {})

    def coded() -> tuple[int, float]:
        group = engine.encode_group(frames, codebook, settings)
        decoded = list(engine.decode_group(group.packet, 128, 96, codebook))
        for one, other in zip(decoded, group.reconstruction, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other))
        errors = [np.mean((a.luma.astype(float) - b.luma) ** 2) for a, b in zip(frames, decoded, strict=True)]
        return len(group.packet), float(np.mean(errors))

    size, error = coded()
    monkeypatch.setattr(engine, "exposures_of", lambda _frames: STEADY)
    plain_size, plain_error = coded()
    assert size <= 1.03 * plain_size  # at a fifth less error, which is worth more than a tenth of the bytes
    assert error < 0.8 * plain_error
