"""The example of a map: Leaflet shows tiles out of one pack."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chromium import NAMES, chromium, opened_page

import vqcodec

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "tiles"
TILES = '[...document.querySelectorAll("vqc-image")]'
DRAWN = f"""Object.fromEntries({TILES}.map((tile) => {{
  const canvas = tile.shadowRoot.querySelector("canvas");
  const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 4096) text += String.fromCharCode(...data.subarray(at, at + 4096));
  return [tile.src.split("#")[1], [canvas.height, canvas.width, btoa(text)]];
}}))"""


def test_a_map_shows_the_tiles_of_a_pack(page_folder, tmp_path):
    program = chromium()
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    if shutil.which("npm") is None:
        pytest.skip("there is no npm, which the example takes Leaflet from")
    folder = page_folder / "examples" / "tiles"
    folder.mkdir(parents=True)
    vendored = subprocess.run(["sh", EXAMPLE / "vendor.sh", folder / "leaflet"], capture_output=True, check=False)
    if vendored.returncode != 0:
        pytest.skip("npm does not give Leaflet: no network?")
    shutil.copy(EXAMPLE / "map.html", folder)
    picture, pack = ROOT / "samples" / "kodim23.png", folder / "tiles.vqp"
    subprocess.run([sys.executable, EXAMPLE / "make_tiles.py", picture, pack], check=True)
    ranges = []
    with opened_page(program, page_folder, "examples/tiles/map.html", tmp_path, ranges) as page:
        page.wait_for("globalThis.viewer?.getZoom() === 2")
        page.wait_for(f"{TILES}.length === 6 && {TILES}.every((tile) => tile.naturalWidth && tile.complete)")
        drawn = page.evaluate(DRAWN)
        with vqcodec.Pack(pack) as opened:
            assert set(drawn) == {name for name in opened if name.startswith("2/")}
            for name, (height, width, data) in drawn.items():
                shown = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
                assert (shown[..., :3] == opened[name]).all()
        read = sum(last + 1 - first for _, first, last in ranges)
        assert 0 < read < pack.stat().st_size + 8192  # no range twice, but for the end
        page.evaluate("void viewer.setZoom(0, { animate: false })")
        page.wait_for(f"{TILES}.some((tile) => tile.src.endsWith('#0/0/0.png') && tile.complete)")
        assert page.evaluate(f"{TILES}.at(-1).offsetWidth") == 192
