"""What notebooks show of results, files, codebooks, packs and videos: HTML that is whole, and PNG files."""

from __future__ import annotations

import base64
import io
import pickle
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import markup

VOID = {"img", "br"}


class Checker(HTMLParser):
    """Reads HTML, and finds out whether each element is closed; takes the texts and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name == "src"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def checked(shown: object) -> Checker:
    """Return what the HTML of an object holds."""
    checker = Checker()
    checker.feed(shown._repr_html_())  # type: ignore[attr-defined]
    checker.close()
    assert checker.open == []
    return checker


def embedded(source: str, kind: str) -> bytes:
    assert source.startswith(f"data:{kind};base64,")
    return base64.b64decode(source.partition(",")[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture, speech and a clip."""
    folder = tmp_path_factory.mktemp("media")
    samples = np.zeros((30, 40, 3), np.uint8)
    samples[:, :20] = (200, 0, 0)
    Image.fromarray(samples).save(folder / "<b>.png")
    soundfile.write(folder / "talk.wav", synthetic_speech(1, 8000).astype(np.int16), 8000)
    write_clip(folder / "clip.mkv", 4, 32, 48, options=["-c:v", "ffv1"])
    return folder


def test_a_picture_that_was_encoded(folder: Path) -> None:
    report = vqcodec.encode(folder / "<b>.png", folder / "<b>.vqc")
    for shown in (report, vqcodec.info(folder / "<b>.vqc"), vqcodec.encode(folder / "<b>.png")):
        page = checked(shown)
        assert f"image {shown.input}" in page.texts[0]
        (source,) = page.sources
        small = Image.open(io.BytesIO(embedded(source, "image/png")))
        assert small.size == (40, 30)
        assert small.getpixel((5, 15))[0] > 150  # type: ignore[index]
        assert shown._repr_png_() == embedded(source, "image/png")
    assert "transform" in " ".join(page.texts)
    assert "preview" not in report.as_dict()
    assert "preview" not in dict(vqcodec.info(folder / "<b>.vqc"))  # type: ignore[call-overload]
    assert pickle.loads(pickle.dumps(report)) == report


def test_speech_can_be_heard(folder: Path) -> None:
    vqcodec.encode(folder / "talk.wav", folder / "talk.vqc")
    wave, sound = checked(vqcodec.info(folder / "talk.vqc")).sources
    assert Image.open(io.BytesIO(embedded(wave, "image/png"))).width == 384
    samples, rate = soundfile.read(io.BytesIO(embedded(sound, "audio/wav")), dtype="int16")
    expected, expected_rate = vqcodec.decode_speech((folder / "talk.vqc").read_bytes(), rate="codec")
    assert (rate, samples.tolist()) == (expected_rate, expected.tolist())


def test_a_video_and_a_comparison_of_videos(folder: Path) -> None:
    vqcodec.encode(folder / "clip.mkv", folder / "clip.vqc", effort=0)
    for place in (folder / "clip.vqc", folder / "clip.mkv"):
        with vqcodec.open_video(place) as video:
            first = next(iter(video))
            png = video._repr_png_()
            assert png is not None
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), first)
            assert "48x32" in checked(video).texts
    shown = vqcodec.compare(folder / "clip.mkv", folder / "clip.vqc")
    page = checked(shown)
    assert any("PSNR by frame" in text for text in page.texts)
    assert shown._repr_html_().count("<polyline") == 3
    assert page.sources == []


def test_a_stream_is_not_consumed_to_be_shown(folder: Path) -> None:
    vqcodec.encode(folder / "clip.mkv", folder / "s.vqc", effort=0)
    y4m = vqcodec.decode(folder / "s.vqc", format="y4m").data
    assert y4m is not None

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.stream = io.BytesIO(y4m)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            return self.stream.readinto(buffer)

    with vqcodec.open_video(io.BufferedReader(Pipe())) as video:
        assert video._repr_png_() is None
        checked(video)
        assert sum(1 for _ in video) == 4


def test_a_comparison_of_pictures(folder: Path) -> None:
    vqcodec.encode(folder / "<b>.png", folder / "c.vqc", quality=20, effort=0, overwrite=True)
    texts = checked(vqcodec.compare(folder / "<b>.png", folder / "c.vqc")).texts
    assert {"psnr db", "ssim", "identical"} <= set(texts)
    assert texts[0] == f"image {folder / '<b>.png'}, {folder / 'c.vqc'}"
    same = checked(vqcodec.compare(folder / "<b>.png", folder / "<b>.png")).texts
    assert same[same.index("identical") + 1] == "yes"


def test_a_codebook() -> None:
    book = vqcodec.load_codebook("classic-4x4-256")
    texts = checked(book).texts
    assert texts[0] == "codebook classic-4x4-256"
    assert book.identity in texts
    assert any(re.search(r"words uint8 \d+x\d+", text) for text in texts)


def test_a_pack(folder: Path) -> None:
    data = vqcodec.make_pack([folder / "<b>.png"], None).data
    assert data is not None
    with vqcodec.Pack(data) as pack:
        page = checked(pack)
        assert "<b>.png" in page.texts
        sheet = pack._repr_png_()
        assert sheet is not None
        assert embedded(page.sources[0], "image/png") == sheet
    (folder / "x.vqp").write_bytes(data)
    assert len(checked(vqcodec.info(folder / "x.vqp")).sources) == 1


def test_a_file_that_cannot_be_shown_has_its_facts(folder: Path) -> None:
    vqcodec.encode(folder / "<b>.png", folder / "gone.vqc")
    about = vqcodec.info(folder / "gone.vqc")
    (folder / "gone.vqc").unlink()
    assert about._repr_png_() is None
    assert checked(about).sources == []


def test_curves_leave_gaps_where_nothing_is_finite() -> None:
    assert markup.curves("x", "dB", {"a": [float("inf"), None]}) == ""
    assert markup.curves("x", "dB", {"a": [1.0, 2.0, float("inf"), 3.0, 4.0]}).count("<polyline") == 2


def test_a_notebook_shows_them(folder: Path) -> None:
    """A notebook is run by the programs that run notebooks, where they are installed."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: no notebook is run")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: no notebook is run")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: no notebook is run")
    cells = ["import vqcodec", "vqcodec.encode('<b>.png')", "vqcodec.load_codebook('photo')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [cell["outputs"][0]["data"] for cell in notebook.cells[1:]]
    assert "<table>" in outputs[0]["text/html"]
    assert outputs[0]["image/png"]
    assert "codebook photo" in outputs[1]["text/html"]
