"""Pictures by what people see, and beside codecs known from publications: measures, comparisons, tables."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import beyond, image_seen, seen, tables
from benchmarks.common import write_json
from benchmarks.datasets import Picture
from benchmarks.peers import Codec
from benchmarks.rate_distortion import PointCache
from vqcodec import metrics

NOISE = np.random.default_rng(0).integers(0, 256, (96, 80, 3)).astype(np.uint8)
BLURRED = (NOISE // 2 + np.roll(NOISE, 1, axis=1) // 2).astype(np.uint8)
RATES, DECIBELS = (0.25, 0.5, 1.0, 2.0), (28.0, 31.0, 34.0, 38.0)


def points(codec: str, factor: float, pictures: tuple[str, ...] = ("first", "second")) -> list[dict]:
    return [
        {"picture": picture, "codec": codec, "setting": number, "bpp": rate * factor, **dict.fromkeys(measures, value)}
        for measures in [("psnr_rgb", "ssimulacra2", "cvvdp_db")]
        for picture in pictures
        for number, (rate, value) in enumerate(zip(RATES, DECIBELS))
    ]


def only(*names: str):  # what takes the place of seen.versions
    return lambda: dict.fromkeys(names, "1")


def test_grey_is_not_measured() -> None:
    assert seen.measures(NOISE[..., 0], NOISE[..., 0]) == {}


def test_ssimulacra2_is_100_for_equal_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ssimulacra2")
    monkeypatch.setattr(seen, "versions", only("ssimulacra2"))
    assert seen.measures(NOISE, NOISE) == {"ssimulacra2": 100}
    assert seen.measures(NOISE, BLURRED)["ssimulacra2"] < 60


@pytest.mark.skipif("butteraugli" not in seen.versions(), reason="needs the program butteraugli")
def test_butteraugli_finds_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "versions", only("butteraugli"))
    assert seen.measures(NOISE, NOISE) == {"butteraugli_db": math.inf}
    assert seen.measures(NOISE, BLURRED)["butteraugli_db"] < 0


def test_color_video_vdp_is_10_jod_for_equal_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pycvvdp")
    monkeypatch.setattr(seen, "versions", only("cvvdp"))
    assert seen.measures(NOISE, NOISE) == {"cvvdp_db": math.inf}
    assert 3 < seen._jod(NOISE, BLURRED) < 9.5


@pytest.mark.parametrize(("jod", "decibels"), [(9.0, 0.0), (9.9, 10.0), (8.0, -3.0103), (10.0, math.inf)])
def test_jods_count_by_their_distance_from_10(monkeypatch: pytest.MonkeyPatch, jod: float, decibels: float) -> None:
    monkeypatch.setattr(seen, "versions", only("cvvdp"))
    monkeypatch.setattr(seen, "_jod", lambda original, decoded: jod)
    assert seen.measures(NOISE, BLURRED)["cvvdp_db"] == pytest.approx(decibels, abs=1e-4)


def test_every_measure_that_is_missing_says_how_to_get_it() -> None:
    assert seen.versions().keys() <= seen.MISSING.keys()
    assert len(seen.MISSING) == len(seen.LABELS)


def test_what_is_seen_is_kept_even_of_a_codec_without_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def measures(original: np.ndarray, decoded: np.ndarray) -> dict[str, float]:
        compared.append(int(decoded[0, 0, 0]))
        return {"ssimulacra2": float(len(compared))}

    monkeypatch.setattr(seen, "versions", only("ssimulacra2"))
    monkeypatch.setattr(seen, "measures", measures)
    path = tmp_path / "points.json"
    shades = Codec(
        "shade", "", "", "", (1.0, 2.0), lambda _, level: bytes([int(level)]), lambda data: np.full_like(NOISE, data[0])
    )
    for _ in range(2):  # the second time from the file
        cache = PointCache(path, perceptual=True)
        values = [cache.point(shades, Picture("noise", NOISE), setting)["ssimulacra2"] for setting in shades.ladder]
        assert values == [1.0, 2.0]
        cache.save()
    assert compared == [1, 2]
    monkeypatch.setattr(seen, "versions", only("ssimulacra2", "cvvdp"))
    assert PointCache(path, perceptual=True).point(shades, Picture("noise", NOISE), 1.0)["ssimulacra2"] == 3.0
    assert "ssimulacra2" not in PointCache(path).point(shades, Picture("noise", NOISE), 1.0)


def test_without_any_measure_the_benchmark_is_skipped_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(seen, "versions", only())
    assert image_seen.main(["--json", str(tmp_path / "out.json")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines == [*seen.MISSING.values(), "image-seen: skipped: there is no measure of what people see"]
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_a_folder_are_measured_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "versions", only("ssimulacra2"))
    monkeypatch.setattr(seen, "measures", lambda *pair: {"ssimulacra2": metrics.psnr_rgb(*pair)})
    smooth = np.asarray(Image.fromarray(NOISE[:12, :10]).resize((80, 96), Image.Resampling.BICUBIC))
    (tmp_path / "pictures").mkdir()
    Image.fromarray(smooth).save(tmp_path / "pictures" / "smooth.png")
    target, cache = tmp_path / "out.json", tmp_path / "cache.json"
    assert image_seen.main([str(tmp_path / "pictures"), "--json", str(target), "--cache", str(cache)]) == 0
    results = json.loads(target.read_text())["results"]
    codecs = [row["codec"] for row in results["codecs"]]
    assert {"jpeg", "vqcodec photo:tune=visual"} <= set(codecs)
    assert len(codecs) + len(results["left_out"]) == len(image_seen.PEERS) + 1
    assert len(results["points"]) == 5 * len(codecs)
    found = {row["quality"]: row for row in results["bd_rate"] if row["codec"].startswith("vqcodec")}
    assert found["psnr_rgb"]["mean"] == pytest.approx(found["ssimulacra2"]["mean"])
    assert cache.is_file()


def test_the_table_of_what_is_seen_has_the_best_and_the_worst_picture(tmp_path: Path) -> None:
    measured = [*points("avif", 1.0), *points("vq", 0.5, ("first",)), *points("vq", 0.8, ("second",))]
    codecs = [{"codec": "avif", "label": "AVIF"}, {"codec": "vq", "label": "VQ"}]
    results = {"pictures": "2 of a folder", "codecs": codecs, "bd_rate": image_seen.compared(measured)}
    write_json(tmp_path / "image-seen.json", "image_seen", results)
    table = tables.render("image-seen-avif", tmp_path)
    heading, _, row = table.splitlines()[:3]
    assert heading.endswith("mean (best to worst) | SSIMULACRA2 | ColorVideoVDP | RGB PSNR |")
    assert row == "| VQ " + 3 * "| −35.0 % (−50.0 % to −20.0 %) " + "|"


def published(path: Path) -> Path:
    """Two codecs: of one every picture, at other settings and half the rate; of the other the mean alone."""
    means = [
        {"codec": "means", "picture": "mean", "bpp": rate * 2, "psnr_rgb": value}
        for rate, value in zip(RATES[1:], DECIBELS[1:])
    ]
    codecs = [{"codec": name, "label": name, "source": "-"} for name in ("each", "means")]
    path.write_text(json.dumps({"codecs": codecs, "points": [*points("each", 0.5), *means]}))
    return path


def test_published_points_are_compared_by_pictures_and_by_means(tmp_path: Path) -> None:
    own = [*points("ours", 1.0, ("first",)), *points("ours", 0.5, ("second",)), *points("other", 9.0)]
    each, means = beyond.compared(own, "ours", published(tmp_path / "published.json"))
    assert each["of_pictures"] == {"mean": 50.0, "best": 0.0, "worst": 100.0, "pictures": 2}
    assert each["mean_curve"] == pytest.approx(50.0)  # a mean rate of 0.75 against one of 0.5
    assert (each["from_db"], each["to_db"]) == (28.0, 38.0)
    assert means["of_pictures"] is None
    assert means["mean_curve"] == pytest.approx(-62.5, abs=0.2)  # 0.75 against 2, of fewer points
    assert (means["from_db"], means["to_db"]) == (31.0, 38.0)
    assert beyond.compared(own, "absent", published(tmp_path / "published.json")) == []


def test_what_was_published_is_whole_and_has_sources() -> None:
    document = json.loads(beyond.PUBLISHED.read_text("utf-8"))
    assert all("https://" in codec["source"] for codec in document["codecs"])
    for codec in document["codecs"]:
        curves: dict[str, list[dict]] = {}
        for point in document["points"]:
            if point["codec"] == codec["codec"]:
                curves.setdefault(point["picture"], []).append(point)
        assert len(curves) == (24 if codec["codec"] == "coolchic5" else 1)
        for curve in curves.values():
            curve.sort(key=lambda point: point["bpp"])
            assert len(curve) >= 5
            assert all(worse["psnr_rgb"] < better["psnr_rgb"] for worse, better in pairwise(curve))


def test_the_table_beside_what_was_published_is_rendered(tmp_path: Path) -> None:
    rates, decibels = [0.0482, 0.2458, 0.8748, 2.3246], [26.14484, 31.19987, 37.41979, 43.50577]  # VTM's, rounded
    own = [
        {"picture": "p", "codec": "vqcodec photo:tune=psnr", "setting": i, "bpp": 1.2 * rate, "psnr_rgb": value}
        for i, (rate, value) in enumerate(zip(rates, decibels))
    ]
    write_json(tmp_path / "image-colour.json", "image-colour", {"points": own})
    (row,) = [line for line in tables.render("image-beyond", tmp_path).splitlines() if line.startswith("| VTM, ")]
    _, _, mean, *_, span, _ = (cell.strip() for cell in row.split("|"))
    assert float(mean.removesuffix(" %")) == pytest.approx(20, abs=1)
    assert span == "26.1 to 43.5"
