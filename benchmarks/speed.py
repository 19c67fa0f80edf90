"""Encoding and decoding times of codecs side by side: alternated in one run, at about equal rate."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.datasets import Picture
from benchmarks.peers import Codec
from benchmarks.rate_distortion import Point

COMMON_BPP = 1.0
ROUNDS = 3


def nearest_setting(points: Sequence[Point], codec: str, bpp: float = COMMON_BPP) -> float:
    """The setting at which a codec's measured mean rate comes nearest to `bpp`."""
    by_setting: dict[float, list[float]] = {}
    for point in points:
        if point["codec"] == codec:
            by_setting.setdefault(point["setting"], []).append(point["bpp"])
    return min(by_setting, key=lambda setting: abs(statistics.fmean(by_setting[setting]) - bpp))


def measure_speed(
    codecs: Sequence[Codec], settings: dict[str, float], pictures: Sequence[Picture], rounds: int = ROUNDS
) -> list[dict[str, Any]]:
    """Seconds a megapixel of every codec: wall clock and processor time (all threads), best of the rounds.

    Codecs take turns on each picture, so that a busy moment of the machine falls on all of them. Each codec
    runs as it does by default, on as many threads as it likes; processor time tells what that costs. The best
    of several rounds is taken for each picture because noise only ever adds time.

    Args:
        settings: for each codec's name, the setting to run it at.
    """
    megapixels = sum(picture.samples.shape[0] * picture.samples.shape[1] for picture in pictures) / 1e6
    totals = {codec.name: [0.0] * 4 for codec in codecs}
    for picture in pictures:
        best = {codec.name: [float("inf")] * 4 for codec in codecs}
        for _ in range(rounds):
            for codec in codecs:
                data, encode_wall, encode_cpu = _timed(codec.encode, picture.samples, settings[codec.name])
                _, decode_wall, decode_cpu = _timed(codec.decode, data)
                times = (encode_wall, encode_cpu, decode_wall, decode_cpu)
                best[codec.name] = [min(pair) for pair in zip(best[codec.name], times)]
        for name, fastest in best.items():
            totals[name] = [sum(pair) for pair in zip(totals[name], fastest)]
    return [_row(codec.name, settings[codec.name], totals[codec.name], megapixels) for codec in codecs]


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, time.perf_counter() - wall, time.process_time() - cpu


def _row(codec: str, setting: float, times: list[float], megapixels: float) -> dict[str, Any]:
    keys = (
        "encode_s_per_mpixel",
        "encode_cpu_s_per_mpixel",
        "decode_s_per_mpixel",
        "decode_cpu_s_per_mpixel",
    )
    return {"codec": codec, "setting": setting} | {
        key: round(seconds / megapixels, 4) for key, seconds in zip(keys, times)
    }
