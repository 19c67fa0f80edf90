"""The page in a real browser: what its canvas shows and what it plays, of all media."""

from __future__ import annotations

import base64
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from chromium import NAMES, chromium, opened_page
from moving_pictures import moving_frames

import vqcodec
from vqcodec.video.io.rgb import rgb_of
from vqcodec.video.io.video_format import VideoFormat

GOLDEN = Path(__file__).parents[1] / "golden"
RATE = Fraction(25)
SAID = 'document.getElementById("said").textContent'
CANVAS = """(() => {
  const canvas = document.getElementById("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
  return [canvas.height, canvas.width, btoa(text)];
})()"""


@pytest.fixture(scope="module")
def page(page_folder, tmp_path_factory):
    program = chromium()
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    with opened_page(program, page_folder, "web/index.html", tmp_path_factory.mktemp("profile")) as page:
        page.wait_for('document.readyState === "complete"')
        yield page


def said_of(page, file):
    """What the page says when a file is chosen."""
    page.choose("#file", file)
    page.wait_for(f'{SAID}.startsWith("{file.name}: ")')
    return page.evaluate(SAID)


def canvas_of(page):
    """The canvas, uint8 (height, width, 4)."""
    height, width, data = page.evaluate(CANVAS)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


@pytest.mark.parametrize("name", ["transform-rgb-80", "block-rgb-80"])
def test_a_picture_is_shown(name, page):
    file = GOLDEN / f"{name}.vqc"
    samples = vqcodec.decode_image(file.read_bytes())
    assert said_of(page, file).startswith(f"{file.name}: {samples.shape[1]} x {samples.shape[0]} pixels, ")
    assert (canvas_of(page)[..., :3] == samples).all()


def test_modules_are_fetched_when_they_are_needed(page, tmp_path):
    def fetched():
        script = 'performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1))'
        return {name for name in page.evaluate(script) if name.endswith(".wasm")}

    page.send("Page.reload")
    page.wait_for(f'document.readyState === "complete" && {SAID}.startsWith("It is decoded here")')
    assert fetched() == set()
    silent = tmp_path / "silent.vqc"
    silent.write_bytes(vqcodec.encode_video(moving_frames(2, 16, 16), RATE, codebook="video-st3d", effort=0))
    said_of(page, silent)
    assert fetched() == {"vqcodec-video.wasm"}
    page.send("Page.reload")
    page.wait_for(f'document.readyState === "complete" && {SAID}.startsWith("It is decoded here")')
    said_of(page, GOLDEN / "block-rgb-80.vqc")
    assert fetched() == {"vqcodec-pictures.wasm"}


def test_a_sound_is_played(page, tmp_path):
    tone = (4000 * np.sin(np.arange(8000) / 11)).astype(np.int16)
    file = tmp_path / "tone.vqc"
    file.write_bytes(vqcodec.encode_speech(tone, 8000, codebook="celp-4800"))
    assert said_of(page, file).startswith("tone.vqc: 1.0 s, 8000 Hz")
    page.wait_for('document.getElementById("audio").duration === 1')
    page.evaluate('document.getElementById("audio").play()')
    page.wait_for('document.getElementById("audio").ended')


@pytest.mark.parametrize("codebook", ["video", "video-st3d"])
def test_a_clip_is_shown_and_played(codebook, page, tmp_path):
    height, width, count = 90, 160, 20
    tone = (4000 * np.sin(np.arange(8000) / 11)).astype(np.int16)
    file = tmp_path / f"{codebook}.vqc"
    data = vqcodec.encode_video(
        moving_frames(count, height, width), RATE, codebook=codebook, sound=(tone, 8000), effort=0, gop=8
    )
    file.write_bytes(data)
    pixels = [rgb_of(frame, VideoFormat(width, height, RATE)).astype(int) for frame in vqcodec.decode_video(data)[0]]

    def shows(number):
        return np.abs(canvas_of(page)[..., :3] - pixels[number]).max() <= 1

    assert said_of(page, file).startswith(f"{file.name}: 160 x 90 pixels, 20 frames, 0.8 s, ")
    assert shows(0)
    page.evaluate('document.getElementById("play").click()')
    page.wait_for('document.getElementById("play").textContent === "Pause"')
    page.wait_for('document.getElementById("play").textContent === "Play"')
    assert shows(count - 1)
    assert page.evaluate('document.getElementById("audio").currentTime') > 0.5
    page.evaluate('{ const s = document.getElementById("seek"); s.value = 11; s.dispatchEvent(new Event("input")); }')
    page.wait_for('document.getElementById("moment").textContent.startsWith("0.44 of")')
    assert shows(11)
