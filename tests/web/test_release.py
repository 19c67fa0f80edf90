"""The decoder as it is put on a site, minified: it is small, decodes the same, and loads only what is needed."""

from __future__ import annotations

import base64
import gzip
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from browser_decoder import WEB, pixels, run_node
from chromium import NAMES, chromium, opened_page

import vqcodec

GOLDEN = Path(__file__).parents[1] / "golden"
MOST_GZIPPED = 100_000  # bytes of JavaScript and WebAssembly that a picture needs
IMPORTED = re.compile(r'(?:from|import)"(\./[^"]+)"')
SAID = 'document.getElementById("said").textContent'
CANVAS = """(() => {
  const canvas = document.getElementById("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return btoa(String.fromCharCode(...data));
})()"""


@pytest.fixture(scope="module")
def release(decoder, tmp_path_factory):
    """What `make web` makes."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm, which the minifier esbuild comes from")
    folder = tmp_path_factory.mktemp("release") / "web"
    try:
        made = subprocess.run(
            ["sh", WEB / "release.sh", folder, decoder], capture_output=True, text=True, check=False, timeout=120
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not give esbuild in two minutes: no network?")
    if "npm does not give esbuild" in made.stderr:
        pytest.skip("npm does not give esbuild: no network?")
    assert made.returncode == 0, made.stderr
    return folder


def loaded_with(folder, *names):
    """The modules that browsers load before the named ones run."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [path.removeprefix("./") for path in IMPORTED.findall((folder / name).read_text())]
    return found


def gzipped(folder, names):
    return sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in names)


@pytest.mark.parametrize(
    "entries", [("pictures.mjs",), ("index.mjs",), ("image_element.mjs", "picture_worker.mjs"), ("service_worker.mjs",)]
)
def test_what_a_picture_needs_is_small(entries, release):
    names = loaded_with(release, *entries)
    assert not [name for name in names if name.startswith(("speech", "video", "pack", "grid"))]
    assert len(names) > 3
    assert gzipped(release, {*names, "vqcodec-pictures.wasm"}) <= MOST_GZIPPED


def test_the_same_pixels_and_errors(release, tmp_path):
    files = [GOLDEN / f"{name}.vqc" for name in ("transform-rgb-80", "transform-grey-alpha-80", "block-rgb-80")]
    cut = tmp_path / "cut.vqc"
    cut.write_bytes(files[0].read_bytes()[:-1])
    tone = tmp_path / "tone.vqc"
    tone.write_bytes(vqcodec.encode_speech(np.zeros(8000, np.int16), 8000, codebook="celp-4800"))
    *shown, damaged, sound = run_node("released.mjs", str(release), *map(str, [*files, cut, tone]))
    assert shown == [pixels(vqcodec.decode_image(file.read_bytes())) for file in files]
    assert damaged["error"] == "CorruptFileError"
    assert sound == {"rate": 8000, "length": 8000}


def test_the_page_loads_what_a_picture_needs(release, tmp_path):
    program = chromium()
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    file = GOLDEN / "transform-rgb-80.vqc"
    with opened_page(program, release, "index.html", tmp_path) as page:
        page.wait_for('document.readyState === "complete"')
        page.choose("#file", file)
        page.wait_for(f'{SAID}.startsWith("{file.name}: ")')
        samples = vqcodec.decode_image(file.read_bytes())
        drawn = np.frombuffer(base64.b64decode(page.evaluate(CANVAS)), np.uint8).reshape(*samples.shape[:2], 4)
        assert (drawn[..., :3] == samples).all()
        fetched = page.evaluate('performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1))')
    modules = {name for name in fetched if name.endswith((".mjs", ".wasm"))}
    assert {"page.mjs", "vqcodec-pictures.wasm"} < modules
    assert not {"vqcodec-speech.wasm", "vqcodec-video.wasm"} & modules
    assert gzipped(release, modules) <= MOST_GZIPPED
