"""What turns measurements of speech codecs into published figures: payloads, means, rates at equal quality, tables."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import speech_rows, tables
from benchmarks.common import write_json
from benchmarks.datasets import MissingDataError
from benchmarks.speech import FLOORS, floors_reached
from benchmarks.speech_candidate import at_bitrates, textbook_coders
from benchmarks.speech_data import Clip, clips, joined
from benchmarks.speech_peers import SpeechCodec, _amr_bits, _codec2_bits, _ogg_payload_bits, find_peers
from benchmarks.speech_points import PointCache, bits_needed, mean_rows, quality_at, rate_at, typical_delay
from benchmarks.speech_robustness import MAKINGS, conditions

CLIP = Clip("noise", "women", 8000, np.random.default_rng(0).integers(-9000, 9000, 8000).astype(np.int16))


def coarse(identity: str, late: int = 0) -> SpeechCodec:
    """A codec that keeps every `setting`-th level in 16 bits a sample, and is late."""

    def encode(samples: np.ndarray, setting: str) -> bytes:
        return (samples // int(setting) * int(setting)).astype("<i2").tobytes()

    def decode(data: bytes, _setting: str) -> np.ndarray:
        return np.concatenate([np.zeros(late, np.int16), np.frombuffer(data, "<i2")])

    return SpeechCodec(
        "coarse", "Coarse", "nb", "", identity, ("64", "8"), encode, decode, lambda data, *_: 4 * len(data)
    )


def points(codec: str, factor: float, band: str = "nb") -> list[dict]:
    ladder = ((3.0, 2.5), (6.0, 3.5), (12.0, 4.2))
    return [
        {
            "clip": clip,
            "sex": sex,
            "band": band,
            "codec": codec,
            "setting": str(number),
            "payload_kbps": rate * factor,
            "file_kbps": rate * factor + 1,
            "pesq": pesq + (0.2 if sex == "men" else -0.2),
            "stoi": pesq / 5,
            "visqol": None,
        }
        for clip, sex in (("a", "men"), ("b", "women"))
        for number, (rate, pesq) in enumerate(ladder)
    ]


def test_means_are_over_all_and_over_men_and_women() -> None:
    rows = {(row["setting"], row["group"]): row for row in mean_rows(points("opus", 1.0))}
    assert rows["1", "all"]["pesq"] == pytest.approx(3.5)
    assert (rows["1", "men"]["pesq"], rows["1", "women"]["pesq"]) == pytest.approx((3.7, 3.3))
    assert rows["1", "all"]["pesq_min"] == pytest.approx(3.3)
    assert rows["1", "all"]["clips"] == 2
    assert rows["1", "all"]["visqol"] is None


def test_rates_are_interpolated_by_their_logarithm_within_what_was_measured() -> None:
    rows = [row for row in mean_rows(points("x", 1.0)) if row["group"] == "all"]
    assert rate_at(rows, "pesq", 3.5) == pytest.approx(6.0)
    assert rate_at(rows, "pesq", 3.0) == pytest.approx(math.sqrt(18))
    assert quality_at(rows, "pesq", math.sqrt(18)) == pytest.approx(3.0)
    assert rate_at(rows, "pesq", 2.4) is rate_at(rows, "pesq", 4.3) is quality_at(rows, "pesq", 13.0) is None
    assert rate_at(rows, "visqol", 3.0) is None


def test_a_codec_of_half_the_rate_needs_half_the_bits() -> None:
    rows = mean_rows([*points("opus", 1.0), *points("vqcodec", 0.5), *points("vqcodec", 0.1, "wb")])
    needed = {row["setting"]: row for row in bits_needed(rows, "vqcodec")}
    assert [needed[setting]["pesq_percent"] for setting in "012"] == [50.0, 50.0, 50.0]
    assert needed["1"]["stoi_percent"] == 50.0
    assert needed["1"]["visqol_percent"] is None
    assert bits_needed(rows, "vqcodec", "men")[0]["pesq_percent"] == 50.0


def test_floors_outside_the_measured_rates_are_left_empty() -> None:
    reached = floors_reached(mean_rows(points("vqcodec", 1.0)), "vqcodec")
    assert [row["pesq"] is not None for row in reached] == [
        band == "nb" and 3 <= kbps <= 12 for band, kbps, *_ in FLOORS
    ]
    assert reached[1]["pesq_women"] < reached[1]["pesq"] < reached[1]["pesq_men"]


def test_a_delay_is_taken_back_and_points_are_kept_by_identity(tmp_path: Path) -> None:
    for package in ("pesq", "pystoi", "visqol"):
        pytest.importorskip(package)
    path = tmp_path / "cache" / "peers.json"
    cache = PointCache(path)
    codec = coarse("coarse 1", late=100)
    assert typical_delay(codec, [CLIP], "8") == 100
    (point,) = cache.points(codec, [CLIP], "8")
    assert point["stoi"] > 0.99
    assert point["payload_kbps"] == pytest.approx(64.0)
    assert point["file_kbps"] == pytest.approx(128.0)
    cache.points(coarse(""), [CLIP], "64")
    cache.save()
    renamed = Clip("other", "men", 8000, CLIP.samples)
    (stored,) = PointCache(path).points(codec, [renamed], "8")
    assert stored == point | {"clip": "other", "sex": "men"}


def test_payloads_are_counted_without_containers() -> None:
    page = b"OggS" + bytes(22) + bytes([4, 255, 10, 20, 30]) + bytes(315)
    assert _ogg_payload_bits(page, 1) == 8 * (20 + 30)
    assert _amr_bits(b"#!AMR\n" + (bytes([0 << 3]) + bytes(12)) + (bytes([7 << 3]) + bytes(31))) == 95 + 244
    assert _codec2_bits(bytes(14), "1300", 0) == 2 * 52


@pytest.mark.parametrize("band", ["nb", "wb"])
def test_every_peer_found_codes_speech(band: str) -> None:
    seconds = 1.0
    rate = {"nb": 8000, "wb": 16000}[band]
    time = np.arange(round(rate * seconds)) / rate
    samples = (8000 * np.sin(2 * np.pi * 200 * time) * np.sin(np.pi * time)).astype(np.int16)
    found, missing = find_peers(band)
    assert found or missing
    for codec in found:
        setting = codec.ladder[-1]
        data = codec.encode(samples, setting)
        decoded = codec.decode(data, setting)
        assert abs(decoded.size - samples.size) < 0.2 * rate
        assert 0 < codec.payload_bits(data, setting, samples.size) <= 8 * len(data)


def test_clips_are_read_at_the_bands_rate_with_their_sex(tmp_path: Path) -> None:
    for name, sex in (("libri_1_m", "men"), ("libri_2_f", "women"), ("libri_3", "")):
        soundfile.write(tmp_path / f"{name}.flac", np.zeros(4410), 44100)
        assert [clip.sex for clip in clips("nb", tmp_path, f"{name}*")] == [sex]
    found = clips("wb", tmp_path)
    assert [clip.samples.size for clip in found] == [1600] * 3
    assert joined(found).samples.size == 4800
    assert len(clips("nb", tmp_path, limit=2)) == 2
    with pytest.raises(MissingDataError, match="missing"):
        clips("nb", tmp_path / "none")


def test_tables_of_speech_are_rendered(tmp_path: Path) -> None:
    rows = mean_rows([*points("opus", 1.0), *points("vqcodec", 0.5)])
    labels = [{"codec": name, "label": name.title()} for name in ("opus", "vqcodec")]
    results = {
        "clips": 2,
        "codecs": labels,
        "mean": rows,
        "bits_needed": [{"candidate": "vqcodec", "group": "all"} | row for row in bits_needed(rows, "vqcodec")],
        "floors": floors_reached(rows, "vqcodec"),
    }
    times = [{"band": "nb", "codec": "opus", "setting": "1", "encode_x_real_time": 50.0, "decode_x_real_time": 200.0}]
    write_json(tmp_path / "speech.json", "speech", results)
    write_json(tmp_path / "speech-speed.json", "speech", {"codecs": labels, "speed": times})
    assert "| Opus 1 | 6.00 | 3.50 | 0.700 | – | 50 % | 50 % | – |" in tables.render("speech-nb", tmp_path)
    assert "| Opus (nb) | 3.0–12.0 | 50 % | 50 % | – |" in tables.render("speech-summary", tmp_path)
    assert "| narrowband | 3.2 |" in tables.render("speech-floors", tmp_path)
    assert "| nb 1 | 3.00 | 4.00 | 3.50 | 3.30 | 0.700 | – | 3.70 | 3.30 |" in tables.render("speech-ladder", tmp_path)
    assert "| Opus (nb) | 1 | 50 | 200 |" in tables.render("speech-speed", tmp_path)
    assert speech_rows._share(None) == "–"


def test_sounds_of_the_test_of_robustness_are_made_the_same_each_time(tmp_path: Path) -> None:
    for number in range(8):
        name = f"{'asterisk_it' if number == 7 else 'libri'}_{number}.wav"
        noise = np.random.default_rng(number).normal(0, 0.02 + 0.01 * number, 4000)
        soundfile.write(tmp_path / name, noise, 8000)
    sounds, again = conditions(tmp_path, 2), conditions(tmp_path, 2)
    assert list(sounds) == [*MAKINGS, "another language"]
    for name, made in sounds.items():
        assert len(made) == (1 if name == "another language" else 2)
        for clip, same in zip(made, again[name], strict=True):
            np.testing.assert_array_equal(clip.samples, same.samples)
    voice = sounds["one voice"][0].samples.astype(float)
    for name in ("music 10 dB below", "babble 10 dB below"):
        background = sounds[name][0].samples - voice
        assert 10 * np.log10(np.mean(voice**2) / np.mean(background**2)) == pytest.approx(10, abs=0.01)
    assert 2 * np.mean(voice**2) == pytest.approx(np.mean(sounds["two talkers"][0].samples.astype(float) ** 2), rel=0.2)


def test_the_table_of_robustness_has_both_codecs_side_by_side(tmp_path: Path) -> None:
    figures = {"condition": "two talkers", "clips": 6, "payload_kbps": 6.5, "pesq": 3.0, "stoi": 0.9, "visqol": 4.0}
    rows = [figures | {"codec": "Opus"}, figures | {"codec": "vqcodec", "pesq": 3.5, "visqol": None}]
    write_json(tmp_path / "speech-robustness.json", "speech_robustness", {"peer": "Opus 6000", "rows": rows})
    table = tables.render("speech-robustness", tmp_path)
    assert "| two talkers | 6 | 6.50 | 3.00 | 0.900 | 4.00 | 6.50 | 3.50 | 0.900 | – |" in table


def test_the_candidate_takes_a_bitrate() -> None:
    codec = at_bitrates("nb")
    data = codec.encode(CLIP.samples, "6.3")
    assert codec.payload_bits(data, "6.3", CLIP.samples.size) / 1000 == pytest.approx(6.3, rel=0.03)
    assert codec.decode(data, "6.3").size == CLIP.samples.size


def test_coders_of_fixed_rate_are_measured_at_that_rate() -> None:
    rates = {codec.label: codec.ladder for codec in textbook_coders("nb")}
    assert rates == {"textbook CELP": ("4.8",), "textbook LD-CELP": ("16",)}
    for codec in textbook_coders("nb"):
        data = codec.encode(CLIP.samples, codec.ladder[0])
        assert len(codec.decode(data, codec.ladder[0])) == CLIP.samples.size
        kbps = codec.payload_bits(data, codec.ladder[0], CLIP.samples.size) / CLIP.seconds / 1000
        assert kbps == pytest.approx(float(codec.ladder[0]), rel=0.03)
    assert textbook_coders("wb") == []
