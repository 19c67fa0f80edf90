"""Pages: they hold the figures that `compare` gives, load nothing, and are the same each time."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vqcodec
from vqcodec.errors import CorruptFileError, OutputError, UnreadableInputError, UsageError
from vqcodec.image.transform.inspection import MODES
from vqcodec.report_page.peers import PEERS

TEMPLATES = Path(vqcodec.__file__).parent / "report_page" / "templates"

pytest.importorskip("bokeh", reason="a report needs Bokeh: pip install 'vqcodec[report]'")


def picture(channels: int) -> np.ndarray:
    """Return a slope with a noisy half, uint8 (44, 60, channels)."""
    y, x = np.indices((44, 60))
    noise = np.random.default_rng(5).integers(0, 90, (44, 60))
    return np.stack([np.where(x < 30, 60 + 20 * c + y, 40 * c + noise) for c in range(channels)], axis=2).astype(
        np.uint8
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(picture(3)).save(path)
    return path


def sections_of(page: bytes) -> list[dict]:
    """Return what the scripts of a page read, by section."""
    return [
        json.loads(text)
        for text in re.findall(r'<script type="application/json" class="data">(.*?)</script>', page.decode(), re.DOTALL)
    ]


def test_figures_are_those_of_compare(photo: Path) -> None:
    report = vqcodec.make_report([photo], qualities=[30, 70], effort=2)
    (shown,) = report.inputs
    own = [coding for coding in shown.codings if coding.codec == "vqcodec"]
    assert [coding.setting for coding in own] == ["quality 30", "quality 70"]
    for coding, quality in zip(own, (30, 70)):
        made = vqcodec.encode(photo, quality=quality, effort=2, strip_metadata=True)
        measured = vqcodec.compare(photo, made.data)
        assert coding.output_bytes == len(made.data)
        assert coding.rate == 8 * len(made.data) / (44 * 60)
        assert coding.scores == {
            name: getattr(measured, name) for name in ("psnr_db", "psnr_611_db", "ssim", "ssim_db")
        }
        assert f"{len(made.data):,}" in report.data.decode()
    installed = {peer.label for peer in PEERS if peer.installed}
    assert {coding.codec for coding in shown.codings} == {"vqcodec", *installed}


def test_codings_of_others_are_what_they_decode_to(photo: Path) -> None:
    for peer in PEERS:
        if peer.installed:
            files = [peer.encode(picture(3), setting) for setting in peer.ladder]
            errors = [np.mean((peer.decode(data, 3) - picture(3).astype(float)) ** 2) for data in files]
            assert len(files[0]) < len(files[-1])
            assert errors[0] > errors[-1]


def test_the_page_holds_its_pictures_and_loads_nothing(photo: Path) -> None:
    page = vqcodec.make_report([photo], qualities=[40], effort=2).data
    (data,) = sections_of(page)
    assert data["pictures"][0]["key"] == "original"
    for shown in data["pictures"]:
        kind, _, text = shown["uri"].partition(";base64,")
        assert kind.startswith("data:image/")
        with Image.open(io.BytesIO(base64.b64decode(text))) as image:
            assert image.size == (60, 44)
    with Image.open(io.BytesIO(base64.b64decode(data["pictures"][0]["uri"].partition(",")[2]))) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), picture(3))
    text = page.decode()
    assert "default-src 'none'" in text
    without_scripts = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(?!data:|#)', without_scripts)


def test_a_page_is_the_same_each_time(photo: Path) -> None:
    first, second = (vqcodec.make_report([photo], qualities=[20, 60], effort=1).data for _ in range(2))
    assert first == second


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures(channels: int, tmp_path: Path) -> None:
    samples = picture(channels)
    Image.fromarray(samples[:, :, 0] if channels == 1 else samples).save(tmp_path / "it.png")
    report = vqcodec.make_report([tmp_path / "it.png"], qualities=[50], effort=1)
    names = {coding.codec for coding in report.inputs[0].codings}
    assert ("JPEG" in names) == (channels == 1)
    planes = next(shown for shown in sections_of(report.data)[0]["pictures"] if shown["key"] == "q50")["planes"]
    assert [plane["name"] for plane in planes] == (["grey"] if channels == 1 else ["Y", "Cb", "Cr"])


def test_each_mode_of_a_block_has_a_colour() -> None:
    script = (TEMPLATES / "blocks.js").read_text()
    listed = script.partition("colours: {")[2].partition("}")[0]
    colours = {one or other for one, other in re.findall(r'^ +(?:"(.+?)"|(\w+)): \[', listed, re.MULTILINE)}
    assert {"angle" if mode.startswith("angle") else mode for mode in (*MODES, "copied")} == colours


def test_a_coded_file_with_and_without_its_original(photo: Path, tmp_path: Path) -> None:
    coded = tmp_path / "photo.vqc"
    vqcodec.encode(photo, coded, quality=50, effort=2)
    alone = vqcodec.make_report([coded])
    assert alone.inputs[0].coded
    assert [coding.scores for coding in alone.inputs[0].codings] == [{}]
    assert [shown["key"] for shown in sections_of(alone.data)[0]["pictures"]] == ["file"]
    for reference in (photo, tmp_path):  # the folder has the original under the same name
        report = vqcodec.make_report([coded], reference=reference, peers=False)
        (coding,) = report.inputs[0].codings
        assert coding.scores["psnr_db"] == vqcodec.compare(photo, coded).psnr_db
    stream = io.BytesIO(photo.read_bytes())  # is read once, and counts for both
    both = vqcodec.make_report([coded, io.BytesIO(coded.read_bytes())], reference=stream, peers=False)
    assert [shown.codings[0].scores for shown in both.inputs] == [coding.scores] * 2
    other = tmp_path / "other.png"
    Image.fromarray(picture(3)[:20]).save(other)
    with pytest.raises(UsageError, match="compare pictures of one size"):
        vqcodec.make_report([coded], reference=other)


def test_what_cannot_be_read_is_left_out_and_named(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "<b>.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    cut = tmp_path / "cut.vqc"
    cut.write_bytes(vqcodec.encode(photo, quality=50, effort=1).data[:-10])
    bad = [tmp_path / "none.png", tmp_path / "<b>.png", cut]
    report = vqcodec.make_report([*bad, photo], qualities=[50], effort=1, peers=False)
    assert [shown.input for shown in report.inputs] == [str(photo)]
    assert list(report.skipped) == [str(path) for path in bad]
    assert all(message.startswith(name) for name, message in report.skipped.items())
    text = report.data.decode()
    assert "none.png: no such file" in text
    assert "&lt;b&gt;.png" in text
    assert "<b>" not in text.partition("<main>")[0].partition("</style>")[2]
    target = tmp_path / "page.html"
    with pytest.raises(UnreadableInputError, match="none"):
        vqcodec.make_report(bad[:1], target)
    with pytest.raises(CorruptFileError):
        vqcodec.make_report(bad[2:], target)
    assert not target.exists()


def test_what_makes_no_sense_is_refused(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for asked in ({"qualities": [50, 30]}, {"qualities": []}, {"qualities": [101]}, {"effort": 10}, {"threads": 0}):
        with pytest.raises(UsageError):
            vqcodec.make_report([photo], **asked)
    with pytest.raises(UsageError, match="none"):
        vqcodec.make_report([])
    page = tmp_path / "page.html"
    page.write_text("precious")
    with pytest.raises(OutputError):
        vqcodec.make_report([photo], page)
    with pytest.raises(UsageError, match="also an input"):
        vqcodec.make_report([photo], photo, overwrite=True)
    assert page.read_text() == "precious"
    monkeypatch.setitem(sys.modules, "bokeh", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "bokeh" else object())
    with pytest.raises(UsageError, match=r"pip install 'vqcodec\[report\]'"):
        vqcodec.make_report([photo])
