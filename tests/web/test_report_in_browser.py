"""Reports in Chromium: nothing fails, sliders move, sound and clips play, overlays are drawn, keys work, and narrow
windows hold the page.

Skipped where there is no Chromium (Debian: apt-get install chromium).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from chromium import Page, chromium, opened_page
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec

pytest.importorskip("bokeh", reason="a report needs Bokeh: pip install 'vqcodec[report]'")

_WATCH = """
window.faults = [];
addEventListener("error", (event) => faults.push(event.message));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => faults.push(event.violatedDirective));
for (const kind of ["error", "warn"]) console[kind] = (...words) => faults.push(words.join(" "));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A report of a picture, a recording and a clip, open in a browser."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    folder = tmp_path_factory.mktemp("report")
    y, x = np.indices((96, 160))
    noise = np.random.default_rng(5).integers(0, 90, (96, 160))
    samples = np.stack([np.where(x < 80, 60 + 20 * c + y, 40 * c + noise) for c in range(3)], axis=2).astype(np.uint8)
    Image.fromarray(samples).save(folder / "photo.png")
    soundfile.write(folder / "talk.wav", synthetic_speech(2, 8000).astype(np.int16), 8000)
    write_clip(folder / "clip.mp4", 12, 64, 96)
    inputs = [folder / name for name in ("photo.png", "talk.wav", "clip.mp4")]
    vqcodec.make_report(inputs, folder / "report.html", qualities=[30, 70], effort=1)
    with opened_page(program, folder, "report.html", tmp_path_factory.mktemp("profile")) as opened:
        opened.send("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        opened.send("Page.reload")
        opened.wait_for("window.faults && document.querySelector('.window')?.dataset.ready === 'true'")
        opened.wait_for("document.querySelectorAll('section[data-ready=true]').length === 2")
        yield opened


def choose(page: Page, view: str) -> None:
    page.evaluate(f"document.querySelector('.viewer input[value={view}]').click()")


def press(page: Page, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"ArrowRight": 39}[key])


def painted(page: Page, selector: str = ".overlay") -> int:
    """Return how many pixels of a canvas are not transparent, when some are."""
    count = (
        f"(() => {{ const canvas = document.querySelector('{selector}');"
        " const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        " return data.filter((value, i) => i % 4 === 3 && value > 0).length; })()"
    )
    page.wait_for(f"{count} > 0")
    found: int = page.evaluate(count)
    return found


def stage_in_view(page: Page) -> tuple[float, float, float, float]:
    """Return left, top, width and height of the pictures in the window, where they are brought first."""
    page.evaluate("document.querySelector('.stage').scrollIntoView({block: 'center', behavior: 'instant'})")
    left, top, width, height = page.evaluate(
        "(() => { const box = document.querySelector('.stage').getBoundingClientRect();"
        " return [box.left, box.top, box.width, box.height]; })()"
    )
    return left, top, width, height


def test_charts_are_drawn(page: Page) -> None:
    charts = page.evaluate("document.querySelectorAll('.chart').length")
    assert charts > 0
    page.wait_for(f"document.querySelectorAll('.chart .bk-Figure').length === {charts}")


def test_the_slider_follows_keys(page: Page) -> None:
    choose(page, "slider")
    page.evaluate("document.querySelector('.cut').focus()")
    where = "parseFloat(getComputedStyle(document.querySelector('.handle')).left)"
    before = page.evaluate(where)
    for _ in range(40):
        press(page, "ArrowRight")
    page.wait_for(f"{where} > {before}")
    clip = page.evaluate("getComputedStyle(document.querySelector('.over')).clipPath")
    assert "54%" in clip


def test_the_slider_follows_the_mouse(page: Page) -> None:
    choose(page, "slider")
    left, top, width, _ = stage_in_view(page)
    for kind in ("mousePressed", "mouseReleased"):
        page.send("Input.dispatchMouseEvent", type=kind, x=left + width / 4, y=top + 20, button="left", clickCount=1)
    page.wait_for("Math.abs(document.querySelector('.cut').value - 250) < 40")
    edge = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.handle')).left)")
    assert abs(edge - width / 4) < width / 20, "the handle is where the mouse was"


def test_overlays_are_drawn_and_tell_of_blocks(page: Page) -> None:
    for view in ("bits", "partition", "prediction"):
        choose(page, view)
        assert painted(page) > 1000, view
    left, top, width, height = stage_in_view(page)
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=left + 0.9 * width, y=top + 0.5 * height)
    page.wait_for("document.querySelector('.readout').textContent.includes('bits')")
    assert "Y block of " in page.evaluate("document.querySelector('.readout').textContent")


def test_every_picture_is_shown(page: Page) -> None:
    choose(page, "difference")
    shown = page.evaluate(
        "(async () => { const over = document.querySelector('.over'), right = document.querySelector('.right');"
        " const found = [];"
        " for (const option of right.options) { right.value = option.value;"
        " right.dispatchEvent(new Event('change', {bubbles: true})); await over.decode();"
        " found.push(over.naturalWidth); }"
        " return found; })()"
    )
    assert len(shown) > 2
    assert set(shown) == {160}


def test_one_recording_plays_at_a_time_and_keeps_the_place(page: Page) -> None:
    sounds = "document.querySelectorAll('audio')"
    page.evaluate(f"{sounds}[0].play()")
    page.wait_for(f"{sounds}[0].currentTime > 0.3")
    page.evaluate(f"{sounds}[1].play()")
    page.wait_for(f"{sounds}[0].paused && {sounds}[1].currentTime > 0.3")
    page.evaluate(f"{sounds}[1].pause()")
    assert page.evaluate(f"Math.abs({sounds}[1].duration - 2) < 0.05")
    page.wait_for("parseFloat(document.querySelectorAll('.now')[1].style.left) > 10")


def test_clips_go_frame_by_frame(page: Page) -> None:
    told = "document.querySelector('.what').textContent"
    page.wait_for("document.querySelector('.after').readyState >= 2")
    page.wait_for(f"{told}.includes('frame 0 of kind I')")
    page.evaluate("document.querySelector('.on').click()")
    page.wait_for(f"{told}.includes('frame 1 of kind B')")
    page.evaluate("document.querySelector('.frame').focus()")
    press(page, "ArrowRight")
    page.wait_for(f"{told}.includes('frame 2 of kind B')")
    page.wait_for("Math.abs(document.querySelector('.before').currentTime - 0.1) < 0.001")
    for over in ("partition", "motion"):
        page.evaluate(f"document.querySelector('section[data-kind=video] input[value={over}]').click()")
        assert painted(page, ".overlaid canvas") > 100, over
    page.evaluate("document.querySelector('.play').click()")
    page.wait_for("document.querySelector('.after').currentTime > 0.2")


def test_a_narrow_window_holds_the_page(page: Page) -> None:
    page.send("Emulation.setDeviceMetricsOverride", width=360, height=640, deviceScaleFactor=1, mobile=False)
    page.wait_for("innerWidth === 360")
    page.wait_for("document.documentElement.scrollWidth <= 360")
    stage = page.evaluate("document.querySelector('.stage').getBoundingClientRect().right")
    page.send("Emulation.clearDeviceMetricsOverride")
    assert 0 < stage <= 360


def test_nothing_failed(page: Page) -> None:
    assert page.evaluate("faults") == []
