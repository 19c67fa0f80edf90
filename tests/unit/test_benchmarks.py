"""What turns measurements into published figures: points, comparisons, the cache, and the tables in the documents."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers, tables
from benchmarks.common import command_line, write_json
from benchmarks.datasets import MissingDataError, Picture, photographs
from benchmarks.peers import Codec, find_peers
from benchmarks.rate_distortion import PointCache, bd_rates, bd_rates_of_set, like, mean_curves, measure
from benchmarks.speed import nearest_setting

GREY = Picture("grey", np.arange(256, dtype=np.uint8).reshape(16, 16))
NOISE = np.random.default_rng(0).integers(0, 256, (96, 80, 3)).astype(np.uint8)


def coarse(identity: str) -> Codec:
    """A codec that keeps every `setting`-th level, in a byte a sample."""

    def encode(samples: np.ndarray, setting: float) -> bytes:
        return bytes(samples.shape) + (samples // int(setting) * int(setting)).tobytes()

    def decode(data: bytes) -> np.ndarray:
        return np.frombuffer(data, np.uint8, offset=2).reshape(data[0], data[1])

    return Codec("coarse", "Coarse", "", identity, (4.0, 16.0), encode, decode)


def points(codec: str, factor: float) -> list[dict]:
    rates, qualities = (0.25, 0.5, 1.0, 2.0), (28.0, 31.0, 34.0, 38.0)
    return [
        {
            "picture": picture,
            "codec": codec,
            "setting": number,
            "bytes": int(1000 * rate * factor),
            "bpp": rate * factor,
            "psnr_rgb": quality,
            "psnr_luma": quality + 1,
            "ssim_luma": 1 - 10 ** (-quality / 25),
        }
        for picture in ("first", "second")
        for number, (rate, quality) in enumerate(zip(rates, qualities))
    ]


def test_a_point_counts_the_whole_file_and_measures_the_decoded_picture() -> None:
    point = measure(coarse(""), GREY, 16)
    assert point["bytes"] == 2 + 256
    assert point["bpp"] == pytest.approx(8 * 258 / 256)
    assert point["psnr_rgb"] == point["psnr_luma"] == pytest.approx(10 * np.log10(255**2 / 77.5), abs=1e-4)


@pytest.mark.parametrize("picture", [Picture("grey", NOISE[..., 0]), Picture("colour", NOISE)], ids=["grey", "colour"])
def test_every_peer_found_codes_grey_and_colour(picture: Picture) -> None:
    grey = picture.samples.ndim == 2
    found, missing = find_peers(grey=grey)
    expected = {"jpeg", "webp", "jp2", "avif", "avif-iq", "avif-ssim", "avif-psnr", "jxl"}
    expected |= set() if grey else {"avif444"}
    assert {codec.name for codec in found} | set(missing) == expected
    for codec in found:
        worst, best = (measure(codec, picture, setting) for setting in (codec.ladder[0], codec.ladder[-1]))
        assert best["bytes"] > worst["bytes"]
        assert best["psnr_rgb"] > worst["psnr_rgb"]


def test_a_variant_that_changes_no_byte_or_is_refused_is_no_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = peers._FORMATS["jpeg"]
    options = {
        "same": lambda quality: jpeg.save_options(quality) | {"comment": None},
        "finer": lambda quality: jpeg.save_options(quality) | {"subsampling": 0},
        "refused": lambda quality: jpeg.save_options(quality) | {"quality": 3.5},
    }
    variants = {
        name: dataclasses.replace(jpeg, label=name, plain="jpeg", save_options=of) for name, of in options.items()
    }
    monkeypatch.setattr(peers, "_FORMATS", {"jpeg": jpeg, **variants})
    found, missing = find_peers(("jpeg", *variants))
    assert [codec.name for codec in found] == ["jpeg", "finer"]
    assert missing["same"] == "same is skipped: it gives the same bytes as JPEG here"
    assert missing["refused"].startswith("refused is skipped: the encoder refuses it (")


def test_decoded_pictures_take_the_shape_of_their_original() -> None:
    rgb = np.repeat(GREY.samples[..., np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(like(rgb, GREY.samples), GREY.samples)
    np.testing.assert_array_equal(like(rgb[..., :1], GREY.samples), GREY.samples)
    assert like(rgb, rgb) is rgb


def test_the_cache_keeps_peers_by_samples_and_never_a_codec_without_identity(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "peers.json"
    cache = PointCache(path)
    first = cache.point(coarse("coarse 1"), GREY, 16)
    cache.point(coarse(""), GREY, 4)
    cache.save()
    assert len(json.loads(path.read_text())) == 1
    renamed = Picture("another name", GREY.samples)
    assert PointCache(path).point(coarse("coarse 1"), renamed, 16) == first | {"picture": "another name"}


def test_bd_rates_are_means_over_the_pictures() -> None:
    measured = points("jpeg", 1.0) + points("half", 0.5)
    for quality in ("psnr_rgb", "psnr_luma", "ssim_luma"):
        assert bd_rates(measured, "jpeg", quality) == {
            "half": {"mean": -50.0, "best": -50.0, "worst": -50.0, "pictures": 2}
        }


def test_a_set_is_compared_by_total_bytes_at_mean_quality() -> None:
    curves = mean_curves(points("jpeg", 1.0) + points("half", 0.5))
    assert curves[0]["bytes"] == 500
    assert curves[0]["psnr_rgb"] == pytest.approx(curves[0]["psnr_pooled"]) == 28.0
    assert bd_rates_of_set(curves, "jpeg", "psnr_rgb") == {"half": -50.0}


def test_speed_is_measured_where_the_mean_rate_is_nearest() -> None:
    assert nearest_setting(points("jpeg", 1.0), "jpeg", bpp=0.6) == 1


def test_photographs_need_a_folder_with_pictures(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="missing"):
        photographs(tmp_path / "none")
    with pytest.raises(MissingDataError, match="no losslessly"):
        photographs(tmp_path)


def test_tables_are_filled_between_their_marks_and_filling_again_changes_nothing(tmp_path: Path) -> None:
    results = {"picture": "p.png", "rows": [{"method": "m", "colours": 16, "bytes": 12345, "psnr_db": 30.0}]}
    write_json(tmp_path / "palette.json", "palette", results)
    text = "before\n<!-- table:palette -->\n(stale rows)\n<!-- end:palette -->\nafter\n"
    filled = tables.fill(text, tmp_path)
    assert "| m | 16 | 12,345 | 30.00 |" in filled
    assert "(stale rows)" not in filled
    assert "Measured 20" in filled
    assert filled.startswith("before\n")
    assert filled.endswith("<!-- end:palette -->\nafter\n")
    assert tables.fill(filled, tmp_path) == filled


def test_a_table_that_is_not_measured_says_so_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    assert "Not measured yet" in tables.fill("<!-- table:search -->\n<!-- end:search -->", tmp_path)
    with pytest.raises(KeyError):
        tables.fill("<!-- table:nonsense -->\n<!-- end:nonsense -->", tmp_path)


def test_checking_fails_on_a_document_out_of_date_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "README.md"
    document.write_text("<!-- table:search -->\n<!-- end:search -->\n")
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    before = document.read_text()
    assert tables.main(["--check"]) == 1
    assert document.read_text() == before
    assert tables.main([]) == 0
    assert tables.main(["--check"]) == 0


def test_json_has_no_infinities_and_says_how_it_was_made(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", "x", {"rows": [{"a": float("inf"), "b": np.float64(2.5)}]})
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["results"] == {"rows": [{"a": None, "b": 2.5}]}
    assert {"benchmark", "date", "command", "machine", "versions"} <= set(document)


def test_the_command_in_results_names_no_folders_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "emoji", "-c", "emoji=/tmp/own/e.vqcb", "--keep", "/tmp/own", "--a", "b/c"])
    assert command_line().endswith(" emoji -c emoji=e.vqcb --keep own --a b/c")
