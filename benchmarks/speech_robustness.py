"""vqcodec beside Opus at 6 kbit/s on what is not one voice in a quiet room: music, reverberation, babble, two talkers.

    python -m benchmarks.speech_robustness            four clips for each condition
    python -m benchmarks.speech_robustness --limit 8  more

All sounds are made here, from the clips and from seeded noise, so that anyone gets the same. Narrowband. Each clip is
coded by Opus, and then by vqcodec at the payload that Opus took. The sound that was coded is the reference of all
measures, so they say how well it is kept, not how clean it is. Results go to benchmarks/results/speech-robustness.json.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import speech_data
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import MissingDataError
from benchmarks.speech_candidate import at_bitrates
from benchmarks.speech_data import Clip
from benchmarks.speech_peers import SpeechCodec, find_peers
from benchmarks.speech_points import QUALITIES, measure, typical_delay
from vqcodec.metrics import perceptual

BAND = "nb"
OPUS, SETTING = "opus20", "6000"
SECONDS = 5
SNR_DB = 10.0  # of the speech to music or babble
TALKERS = 6  # of the babble
DECAY_S = 0.5  # in which reverberation falls by 60 dB
OTHER_LANGUAGE = "asterisk_it_*"  # Italian; the others speak English

Samples = np.ndarray[Any, np.dtype[np.float64]]
Making = Callable[[Sequence[Samples], int, np.random.Generator], Samples]


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    opus = next((codec for codec in find_peers(BAND)[0] if codec.name == OPUS), None)
    if opus is None or set(perceptual.MODULES) - set(perceptual.available()):
        print("speech_robustness: skipped: pip install imageio-ffmpeg '.[metrics]'", file=sys.stderr)
        return 0
    try:
        sounds = conditions(options.folder, options.limit)
    except MissingDataError as error:
        print(f"speech_robustness: skipped: {error}", file=sys.stderr)
        return 0
    rows = [row for name, clips in sounds.items() for row in compare(name, clips, opus)]
    path = options.output / "speech-robustness.json"
    write_json(path, "speech_robustness", {"peer": f"{opus.label} {SETTING}", "options": opus.options, "rows": rows})
    for row in rows:
        print(row)
    print(f"written: {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = described_parser("speech_robustness", __doc__)
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=speech_data.CLIPS, help="clips (default: those of the dev set)")
    add("--limit", type=int, default=4, metavar="N", help="clips for each condition (default: %(default)s)")
    add("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes (default: %(default)s)")
    return parser


def conditions(folder: Path, limit: int) -> dict[str, list[Clip]]:
    """The clips of each condition, `limit` at most.

    Raises:
        MissingDataError: there are no clips.
    """
    english = speech_data.clips(BAND, folder, limit=max(limit, TALKERS + 1))
    voices = [_levelled(clip.samples[: SECONDS * clip.sample_rate].astype(np.float64)) for clip in english]
    found = {
        name: [
            _clip(name, number, making(voices, number, np.random.default_rng(number)))
            for number in range(min(limit, len(voices)))
        ]
        for name, making in MAKINGS.items()
    }
    return found | {"another language": speech_data.clips(BAND, folder, OTHER_LANGUAGE, limit)}


def compare(name: str, clips: Sequence[Clip], opus: SpeechCodec) -> list[dict[str, Any]]:
    """The means over the clips of one condition: a row for each codec."""
    own = at_bitrates(BAND)
    late = typical_delay(replace(opus, ladder=(SETTING,)), clips, SETTING)
    theirs = [measure(opus, clip, SETTING, late) for clip in clips]
    ours = [measure(own, clip, f"{point['payload_kbps']}", 0) for clip, point in zip(clips, theirs, strict=True)]
    return [
        {"condition": name, "codec": codec.label, "clips": len(clips)}
        | {key: _mean([point[key] for point in points]) for key in ("payload_kbps", *QUALITIES)}
        for codec, points in ((opus, theirs), (own, ours))
    ]


def clean(voices: Sequence[Samples], number: int, _random: np.random.Generator) -> Samples:
    """One voice."""
    return voices[number]


def with_music(voices: Sequence[Samples], number: int, random: np.random.Generator) -> Samples:
    """A voice before chords of three plucked tones with eight harmonics, two chords a second."""
    rate, voice = speech_data.RATES[BAND], voices[number]
    time = np.arange(rate) / rate
    music = np.zeros(voice.size + rate)
    for start in range(0, voice.size, rate // 2):
        root = 110 * 2 ** (random.integers(0, 12) / 12)
        for tone in (root, root * 2 ** (random.integers(3, 5) / 12), root * 2 ** (7 / 12)):
            partials = [np.sin(2 * np.pi * tone * k * time + random.uniform(0, 2 * np.pi)) / k for k in range(1, 9)]
            music[start : start + rate] += np.sum(partials, axis=0) * np.exp(-4 * time)
    return _before(voice, music[: voice.size])


def reverberant(voices: Sequence[Samples], number: int, random: np.random.Generator) -> Samples:
    """A voice in a hall: the direct sound, and noise that decays."""
    rate = speech_data.RATES[BAND]
    time = np.arange(int(DECAY_S * rate)) / rate
    response = random.standard_normal(time.size) * 10 ** (-3 * time / DECAY_S)
    response *= 0.7 / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return np.convolve(voices[number], response)[: voices[number].size]


def with_babble(voices: Sequence[Samples], number: int, _random: np.random.Generator) -> Samples:
    """A voice before the sum of others."""
    others = [np.resize(voices[(number + k) % len(voices)], voices[number].size) for k in range(1, TALKERS + 1)]
    return _before(voices[number], np.sum(others, axis=0))


def two_talkers(voices: Sequence[Samples], number: int, _random: np.random.Generator) -> Samples:
    """Two voices at once, equally loud."""
    return voices[number] + np.resize(voices[(number + 1) % len(voices)], voices[number].size)


MAKINGS: dict[str, Making] = {
    "one voice": clean,
    "music 10 dB below": with_music,
    "reverberation": reverberant,
    "babble 10 dB below": with_babble,
    "two talkers": two_talkers,
}


def _before(voice: Samples, background: Samples) -> Samples:
    ratio = np.sqrt(np.mean(voice**2) / np.mean(background**2))
    return voice + background * (ratio * 10 ** (-SNR_DB / 20))


def _levelled(samples: Samples) -> Samples:
    """The samples with an rms of 1500, 27 dB below full scale."""
    return samples * (1500 / np.sqrt(np.mean(samples**2)))


def _clip(name: str, number: int, samples: Samples) -> Clip:
    pcm = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return Clip(f"{name} {number}", "", speech_data.RATES[BAND], pcm)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None


if __name__ == "__main__":
    sys.exit(main())
