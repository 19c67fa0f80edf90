"""What turns measurements of video codecs into published figures: frames, streams, kept points, means, tables."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import memory_video, spatiotemporal, tables, video
from benchmarks.common import write_json
from benchmarks.datasets import MissingDataError
from benchmarks.video import compared
from benchmarks.video_candidate import candidate
from benchmarks.video_data import Clip, find_clips, frame_bytes, joined_planes, parse_y4m, split_planes, y4m_bytes
from benchmarks.video_peers import RECIPES, SCREEN_RECIPES, Outcome, VideoCodec, find_peers, mended_roq
from benchmarks.video_points import PointStore, bd_rates, described, mean_curves, measure_all, plane_psnrs
from benchmarks.video_side_by_side import at_size, rgb_of
from vqcodec.video.io.frames import Frame

WIDTH, HEIGHT = 18, 11  # chroma of 9 x 6
RAW = np.random.default_rng(0).integers(20, 230, (5, frame_bytes(WIDTH, HEIGHT)), dtype=np.uint8)
CLIP = Clip("noise", WIDTH, HEIGHT, Fraction(25), RAW)


def coarse(identity: str = "", **limits: int) -> VideoCodec:
    """A codec that keeps every `setting`-th level, the fewer bytes the fewer there are."""

    def run(clip: Clip, setting: float) -> Outcome:
        step = int(setting)
        return Outcome(clip.raw.size // step, clip.raw // step * step, 0.5, 0.25)

    return VideoCodec("coarse", "Coarse", "", identity, (2.0, 8.0, 32.0), run, **limits)


def points(codec: str, factor: float, clip: str = "a") -> list[dict]:
    return [
        {
            "clip": clip,
            "codec": codec,
            "setting": number,
            "kbps": rate * factor,
            "psnr_y": quality,
            "psnr_611": quality + 1,
            "encode_fps": 10.0,
            "decode_fps": 100.0,
        }
        for number, (rate, quality) in enumerate(((50.0, 30.0), (100.0, 34.0), (200.0, 38.0)))
    ]


def test_frames_survive_a_y4m_file_and_the_engines_planes() -> None:
    again = parse_y4m("noise", y4m_bytes(CLIP))
    assert (again.width, again.height, again.rate) == (WIDTH, HEIGHT, Fraction(25))
    assert np.array_equal(again.raw, RAW)
    frames = CLIP.frames()
    assert [plane.shape for plane in frames[0]] == [(11, 18), (6, 9), (6, 9)]
    assert np.array_equal(joined_planes(frames), RAW)
    assert np.array_equal(CLIP.first(2).raw, RAW[:2])


def test_a_folder_without_clips_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="holds no such clip"):
        find_clips(tmp_path)


def test_psnr_is_the_mean_over_the_frames_of_each_plane() -> None:
    decoded = RAW.copy()
    luma = split_planes(decoded, WIDTH, HEIGHT)[0]
    luma[0] += 1
    y, u, v = plane_psnrs(RAW, decoded, WIDTH, HEIGHT)
    assert y == pytest.approx((20 * math.log10(255) + 4 * 100) / 5)
    assert u == v == 100


def test_a_point_counts_bits_by_time_and_frames_by_processor_time() -> None:
    point = described(Outcome(250, RAW, 0.5, 0.25), CLIP)
    assert point["kbps"] == pytest.approx(8 * 250 / 0.2 / 1000)
    assert (point["encode_fps"], point["decode_fps"]) == (10, 20)
    with pytest.raises(ChildProcessError, match="4 of 5 frames"):
        described(Outcome(250, RAW[:4], 0.5, 0.25), CLIP)


def test_peers_points_are_kept_by_identity_setting_and_samples(tmp_path: Path) -> None:
    path = tmp_path / "peers.json"
    PointStore(path).point(coarse("one"), CLIP, 8.0)
    broken = dataclasses.replace(coarse("one"), run=lambda *_: pytest.fail("measured anew"))
    kept = PointStore(path).point(broken, CLIP, 8.0)
    assert kept["bytes"] == RAW.size // 8
    others = [
        (coarse("two"), CLIP, 8.0),
        (coarse("one"), CLIP, 2.0),
        (coarse("one"), CLIP.first(4), 8.0),
        (coarse(), CLIP, 8.0),
    ]
    for codec, clip, setting in others:
        refusing = dataclasses.replace(codec, run=lambda *_: (_ for _ in ()).throw(ChildProcessError("measured")))
        with pytest.raises(ChildProcessError, match="measured"):
            PointStore(path).point(refusing, clip, setting)


def test_points_of_two_runs_are_kept_together(tmp_path: Path) -> None:
    path = tmp_path / "peers.json"
    first, second = PointStore(path), PointStore(path)
    first.point(coarse("one"), CLIP, 8.0)
    second.point(coarse("one"), CLIP, 2.0)
    refusing = dataclasses.replace(coarse("one"), run=lambda *_: pytest.fail("measured anew"))
    assert [PointStore(path).point(refusing, CLIP, setting)["setting"] for setting in (2.0, 8.0)] == [2, 8]


def test_a_codec_that_fails_or_does_not_take_the_size_is_left_out() -> None:
    def fail(_clip: Clip, setting: float) -> Outcome:
        if setting == 8:
            raise ChildProcessError("too dark")
        return Outcome(100, RAW, 1.0, 1.0)

    said: list[str] = []
    codecs = [dataclasses.replace(coarse(), run=fail), coarse(multiple=4), coarse(samples=WIDTH * HEIGHT * 4)]
    measured = measure_all(codecs, [CLIP], PointStore(None), said.append)
    assert [point["setting"] for point in measured] == [2, 32]
    assert len(said) == 1
    assert "noise" in said[0]
    assert "too dark" in said[0]
    assert coarse(multiple=4).takes(Clip("x", 16, 12, Fraction(25), RAW))
    assert coarse(samples=WIDTH * HEIGHT * 5).takes(CLIP)


def test_bd_rates_are_by_clip_and_their_mean() -> None:
    measured = [
        *points("x264-medium", 1.0),
        *points("x264-medium", 1.0, "b"),
        *points("x", 0.5),
        *points("x", 0.8, "b"),
    ]
    row = bd_rates(measured, "x264-medium", "psnr_y")["x"]
    assert row == {"mean": -35.0, "clips": {"a": -50.0, "b": -20.0}}
    assert bd_rates(points("x", 0.5), "x264-medium", "psnr_y") == {}
    assert bd_rates([*points("x264-medium", 1.0), *points("x", 1.0)[:1]], "x264-medium", "psnr_y") == {}


def test_mean_curves_are_of_codecs_that_code_every_clip() -> None:
    rows = mean_curves([*points("x", 1.0), *points("x", 4.0, "b"), *points("y", 1.0)], 2)
    assert {row["codec"] for row in rows} == {"x"}
    assert rows[0]["kbps"] == pytest.approx(100)
    assert (rows[0]["psnr_y"], rows[0]["psnr_611"]) == (30, 31)


def test_roq_chunks_get_the_length_that_they_have() -> None:
    def chunk(kind: int, body: bytes, declared: int) -> bytes:
        return kind.to_bytes(2, "little") + declared.to_bytes(4, "little") + b"\0\0" + body

    signature = bytes(8)
    bodies = [(0x1001, b"info...."), (0x1002, b"codebook"), (0x1011, b"vectors"), (0x1002, b"next"), (0x1011, b"last")]
    wrong = (0, 0, 1, -1, 1)
    written = signature + b"".join(
        chunk(kind, body, len(body) + error) for (kind, body), error in zip(bodies, wrong, strict=True)
    )
    assert mended_roq(written) == signature + b"".join(chunk(kind, body, len(body)) for kind, body in bodies)


def test_every_peer_tells_its_setting_once_or_more_and_has_a_ladder() -> None:
    for recipe in RECIPES:
        assert "{}" in recipe.arguments
        assert "{{" not in recipe.arguments
        assert len(recipe.ladder) >= 4


def test_mpeg4_is_an_elementary_stream_that_gives_its_frames_back() -> None:
    pytest.importorskip("imageio_ffmpeg")
    found, missing = find_peers(("mpeg4", "none"))
    assert missing == [
        f"none is not a peer: choose from {', '.join(recipe.name for recipe in (*RECIPES, *SCREEN_RECIPES))}"
    ]
    smooth = np.full((4, frame_bytes(32, 32)), 90, np.uint8)
    smooth[:, : 32 * 32] += np.arange(32 * 32, dtype=np.uint8) // 8
    outcome = found[0].run(Clip("ramp", 32, 32, Fraction(25), smooth), 2)
    assert outcome.decoded.shape == smooth.shape
    assert 0 < outcome.size < smooth.size / 4
    assert plane_psnrs(smooth, outcome.decoded, 32, 32)[0] > 35


def test_the_peer_is_shown_with_no_fewer_bytes() -> None:
    def run(_clip: Clip, factor: float) -> Outcome:
        return Outcome(round(1000 - 10 * factor), RAW, 0.0, 0.0)

    peer = dataclasses.replace(coarse(), run=run)
    assert at_size(peer, CLIP, 700).size == 700
    assert at_size(peer, CLIP, 701).size == 702
    assert at_size(peer, CLIP, 2000).size == 1000


def test_a_grey_frame_of_limited_range_spans_black_to_white() -> None:
    raw = np.full((1, frame_bytes(4, 2)), 128, np.uint8)
    raw[0, :8] = (16, 235, 16, 235, 126, 126, 126, 126)
    rgb = rgb_of(Clip("grey", 4, 2, Fraction(25), raw), raw, 0)
    assert rgb[0].tolist() == [[0] * 3, [255] * 3, [0] * 3, [255] * 3]
    assert rgb[1, 0].tolist() == [128] * 3


@pytest.mark.parametrize(
    ("benchmark", "options"), [(video, ("{}/nowhere", "--output", "{}")), (spatiotemporal, ("--folder", "{}/nowhere"))]
)
def test_missing_clips_are_skipped_in_a_line(
    benchmark, options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark.main([option.format(tmp_path) for option in options]) == 0
    assert "skipped" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_options_of_a_candidate_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("vqcodec.load_codebook", lambda name: name)
    monkeypatch.setattr("benchmarks.video_candidate._code_group", lambda *given: seen.append(given))
    candidate("mine.vqcb:distance=4,motion=false,depth=auto", effort=3, groups=True).run(CLIP, 40)
    candidate("mine.vqcb:effort=9", effort=3, groups=True).run(CLIP, 40)
    _, codebook, settings = seen[0]
    assert codebook == "mine.vqcb"
    assert (settings.quality, settings.effort, settings.threads) == (40, 3, 1)
    assert settings.options == {"distance": 4, "motion": False, "depth": "auto"}
    assert (seen[1][2].effort, seen[1][2].options) == (9, {})


def test_a_group_counts_its_packet_and_a_file_all_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Codebook:
        engine = "raw"

    class RawEngine:
        """A packet is the planes of its frames, one after the other."""

        def encode_group(self, frames: list, *_: object) -> SimpleNamespace:
            return SimpleNamespace(packet=joined_planes(frames).tobytes())

        def decode_group(self, packet: bytes, width: int, height: int, *_: object) -> Iterator[Frame]:
            raw = np.frombuffer(packet, np.uint8).reshape(-1, frame_bytes(width, height))
            return iter(Clip("", width, height, Fraction(1), raw).frames())

    monkeypatch.setattr("vqcodec.load_codebook", lambda _: Codebook())
    monkeypatch.setattr("benchmarks.video_candidate.engine_for", lambda _: RawEngine())
    monkeypatch.setattr("vqcodec.encode", lambda source, target, **_: target.write_bytes(b"VQ" + source.read_bytes()))
    monkeypatch.setattr("vqcodec.decode", lambda source, target, **_: target.write_bytes(source.read_bytes()[2:]))
    group = candidate("mine.vqcb", groups=True).run(CLIP, 40)
    file = candidate("mine.vqcb").run(CLIP, 40)
    assert (group.size, file.size) == (RAW.size, 2 + len(y4m_bytes(CLIP)))
    assert np.array_equal(group.decoded, RAW)
    assert np.array_equal(file.decoded, RAW)


def test_tables_of_video_are_rendered(tmp_path: Path) -> None:
    measured = [
        *points("x264-medium", 1.0),
        *points("x264-veryslow", 0.9),
        *points("svq1", 6.0),
        *points("vqcodec", 0.8),
    ]
    codecs = dict.fromkeys(point["codec"] for point in measured)
    clips = [{"clip": "a", "width": 352, "height": 288, "frames": 97, "rate": 25.0}]
    described_codecs = [{"codec": name, "label": name.upper()} for name in codecs]
    results = {"clips": clips, "codecs": described_codecs, "bd_rate": compared(measured), "points": measured}
    write_json(tmp_path / "video.json", "video", results)
    lines = tables.render("video", tmp_path).splitlines()
    vqcodec = next(line for line in lines if line.startswith("| VQCODEC"))
    assert [cell.strip() for cell in vqcodec.split("|")[2:6]] == ["−20.0 % (1)"] * 2 + ["−11.1 % (1)"] * 2
    assert "| SVQ1 | – | +500.0 % (1) |" in tables.render("video-vq", tmp_path)
    assert "| VQCODEC | 10 | 100 |" in tables.render("video-speed", tmp_path)
    assert "| VQCODEC | −20.0 % |" in tables.render("video-clips-x264-medium", tmp_path)


def test_clips_are_trained_on_one_part_and_measured_on_the_other() -> None:
    (fold,) = memory_video.halves([CLIP])
    assert len(fold.training[0].raw) == 2
    assert np.array_equal(np.concatenate([fold.training[0].raw, fold.unseen.raw]), RAW)
    others = [dataclasses.replace(CLIP, name=name) for name in "abc"]
    folds = [(fold.unseen.name, [clip.name for clip in fold.training]) for fold in memory_video.leaving_one_out(others)]
    assert folds == [("a", ["b", "c"]), ("b", ["a", "c"]), ("c", ["a", "b"])]


def test_the_table_of_memories_tells_the_difference_and_when_it_pays() -> None:
    both = [{**point, "bytes": 2000} for point in (*points("video", 1.0), *points("own", 0.9))]
    both[0]["setting"] = memory_video.MIDDLE
    row = memory_video._row(16, both, [{"difference_bytes": 5000}])
    heading, *rows = tables.TABLES["memory-video"].rows({"sets": {"camera": {"label": "a camera", "lengths": [row]}}})
    assert len(heading) == len(rows[0]) == 7
    assert rows[0][2:4] == ("−10.0 %", "−10.0 %")
    assert (row["saved_bytes"], row["shipped_bytes"], row["pays_from_files"]) == (200, 2000, 25)
