"""Real-time factors of speech codecs side by side: alternated in one run, at about equal rate, on one thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.speech_data import Clip, joined
from benchmarks.speech_peers import SpeechCodec
from benchmarks.speech_points import Point, mean_rows

COMMON_KBPS = {"nb": 6.0, "wb": 12.0}


def measure_speed(
    codecs: Sequence[SpeechCodec], points: Sequence[Point], clips: Sequence[Clip], rounds: int
) -> list[dict[str, Any]]:
    """How many times faster than the speech lasts each codec encodes and decodes all clips joined.

    Each at the setting whose mean rate is nearest to COMMON_KBPS. Times are those of the processor, so that other
    programs hardly change them; codecs take turns, so that a busy moment of the machine falls on all of them, and the
    best of the rounds is taken because noise only ever adds time. The peers' times include the start of a process,
    which the length of the clip makes small.
    """
    whole = joined(clips)
    settings = {codec.name: _nearest_setting(points, codec) for codec in codecs}
    best = {codec.name: [float("inf")] * 2 for codec in codecs}
    for _ in range(rounds):
        for codec in codecs:
            data, encode_s = _timed(codec.encode, whole.samples, settings[codec.name])
            _, decode_s = _timed(codec.decode, data, settings[codec.name])
            best[codec.name] = [min(pair) for pair in zip(best[codec.name], (encode_s, decode_s))]
    return [
        {
            "band": codec.band,
            "codec": codec.name,
            "setting": settings[codec.name],
            "encode_x_real_time": round(whole.seconds / best[codec.name][0], 1),
            "decode_x_real_time": round(whole.seconds / best[codec.name][1], 1),
        }
        for codec in codecs
    ]


def _nearest_setting(points: Sequence[Point], codec: SpeechCodec) -> str:
    rows = mean_rows(point for point in points if point["codec"] == codec.name and point["band"] == codec.band)
    distances = {
        row["setting"]: abs(row["payload_kbps"] - COMMON_KBPS[codec.band]) for row in rows if row["group"] == "all"
    }
    return min(distances, key=lambda setting: (distances[setting], setting))


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Return the function's result, and the processor's seconds that it took, here and in the programs it ran."""
    start = _processor_s()
    result = function(*arguments)
    return result, _processor_s() - start


def _processor_s() -> float:
    """Return the processor's seconds of this process and of those that it ran."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system
