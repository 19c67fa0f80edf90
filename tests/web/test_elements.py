"""Pictures in pages of others: the element `<vqc-image>`, and plain `<img>` by the service worker."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from chromium import NAMES, chromium, opened_page
from PIL import Image

import vqcodec

GOLDEN = Path(__file__).parents[1] / "golden"
KINDS = ("grey", "grey-alpha", "rgb", "rgba")
ELEMENTS = """<!doctype html><body><script type="module" src="image_element.mjs"></script>
<vqc-image id="rgb" src="rgb.vqc" alt="A picture"></vqc-image>
<vqc-image id="sized" src="grey.vqc" alt="" width="80" height="60"></vqc-image>
<vqc-image id="packed" src="two.vqp#b%C3%A4.png" alt="Of a pack"></vqc-image>
<vqc-image id="cut" src="cut.vqc" alt="A damaged picture"></vqc-image>
<div style="height: 9000px"></div><vqc-image id="late" src="rgb.vqc" alt="Below" loading="lazy"></vqc-image>
"""
PLAIN = """<!doctype html><body>
<img id="grey" src="grey.vqc"><img id="grey-alpha" src="grey-alpha.vqc">
<img id="rgb" src="rgb.vqc"><img id="rgba" src="rgba.vqc">
<script type="module">
import { showPlainImages } from "./plain_images.mjs";
await showPlainImages();
globalThis.served = true;
</script>"""
KEPT = """(async () => {
  const cache = await caches.open("vqcodec-pictures");
  const texts = [];
  for (const key of await cache.keys()) {
    const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
    texts.push(btoa(String.fromCharCode(...bytes)));
  }
  return texts;
})()"""


def samples_of(kind):
    return vqcodec.decode_image((GOLDEN / f"transform-{kind}-80.vqc").read_bytes())


@pytest.fixture(scope="module")
def opened(page_folder, tmp_path_factory):
    """Opens a page beside golden pictures, a damaged one and a pack."""
    program = chromium()
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    web = page_folder / "web"
    for kind in KINDS:
        (web / f"{kind}.vqc").write_bytes((GOLDEN / f"transform-{kind}-80.vqc").read_bytes())
    (web / "cut.vqc").write_bytes((web / "rgb.vqc").read_bytes()[:-1])
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("a", "bä"):
        Image.fromarray(samples_of("rgb")).save(folder / f"{name}.png")
    vqcodec.make_pack(folder, web / "two.vqp", codebook="photo", quality=50, effort=0)
    (web / "elements.html").write_text(ELEMENTS)
    (web / "plain.html").write_text(PLAIN)
    return lambda page: opened_page(program, page_folder, f"web/{page}", tmp_path_factory.mktemp("profile"))


def drawn(page, expression):
    """The pixels of a canvas, uint8 (height, width, 4)."""
    height, width, data = page.evaluate(
        f"""(() => {{
          const canvas = {expression};
          const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.height, canvas.width, btoa(String.fromCharCode(...data))];
        }})()"""
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


def test_the_element_shows_the_pixels_of_python(opened, page_folder):
    with opened("elements.html") as page:
        page.wait_for('document.readyState === "complete"')
        page.wait_for('["rgb", "sized", "packed", "cut"].every((id) => document.getElementById(id).complete)')
        rgb = samples_of("rgb")
        assert (drawn(page, "rgb.shadowRoot.querySelector('canvas')")[..., :3] == rgb).all()
        assert (drawn(page, "sized.shadowRoot.querySelector('canvas')")[..., 0] == samples_of("grey")).all()
        with vqcodec.Pack(page_folder / "web" / "two.vqp") as pack:
            assert (drawn(page, "packed.shadowRoot.querySelector('canvas')")[..., :3] == pack["bä.png"]).all()
        height, width = rgb.shape[:2]
        assert page.evaluate("[rgb.offsetWidth, rgb.offsetHeight, rgb.naturalWidth]") == [width, height, width]
        assert page.evaluate("[sized.offsetWidth, sized.offsetHeight]") == [80, 60]
        assert page.evaluate("cut.shadowRoot.textContent").endswith("A damaged picture")
        assert page.evaluate("late.complete") is False
        page.evaluate("late.scrollIntoView()")
        page.wait_for("late.complete")
        assert (drawn(page, "late.shadowRoot.querySelector('canvas')")[..., :3] == rgb).all()


def test_room_is_taken_before_pixels_are_there(opened):
    with opened("elements.html") as page:
        page.wait_for('document.readyState === "complete"')
        page.wait_for("rgb.complete")
        size = page.evaluate(
            """new Promise((resolve) => {
              const image = document.createElement("vqc-image");
              image.setAttribute("width", "200");
              image.setAttribute("height", "100");
              image.src = "rgba.vqc";
              document.body.prepend(image);
              const before = [image.offsetWidth, image.offsetHeight, image.complete];
              image.addEventListener("load", () => resolve([before, [image.offsetWidth, image.offsetHeight]]));
            })"""
        )
        assert size == [[200, 100, False], [200, 100]]
        order = page.evaluate(
            """new Promise((resolve) => {
              const image = document.createElement("vqc-image");
              const seen = [];
              const show = image.show.bind(image);
              image.show = (picture) => { seen.push(image.offsetWidth); show(picture); resolve(seen); };
              image.src = "grey-alpha.vqc";
              document.body.prepend(image);
            })"""
        )
        assert order == [samples_of("grey-alpha").shape[1]]


def test_the_element_is_a_picture_to_assistive_technology(opened):
    with opened("elements.html") as page:
        page.wait_for('document.readyState === "complete"')
        page.wait_for("rgb.complete && cut.complete")
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
        names = [
            node["name"]["value"]
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in ("image", "img") and "name" in node
        ]
        assert names == ["A picture", "Of a pack", "A damaged picture", "Below"]


def test_what_fails_is_an_event(opened):
    with opened("elements.html") as page:
        page.wait_for('document.readyState === "complete"')
        page.wait_for("cut.complete")
        message = page.evaluate(
            """new Promise((resolve) => {
              cut.addEventListener("error", ({ message }) => resolve(message));
              cut.src = "none.vqc";
            })"""
        )
        assert message.startswith("UnreadableInputError: ")
        assert message.endswith("/web/none.vqc: cannot be loaded: 404")


def test_plain_images_show(opened):
    with opened("plain.html") as page:
        page.wait_for("globalThis.served === true")
        page.wait_for("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
        page.evaluate(
            """globalThis.draw = (image) => {
              const canvas = document.createElement("canvas");
              [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
              canvas.getContext("2d").drawImage(image, 0, 0);
              return canvas;
            }"""
        )
        assert (drawn(page, 'draw(document.getElementById("rgb"))')[..., :3] == samples_of("rgb")).all()
        assert (drawn(page, 'draw(document.getElementById("grey"))')[..., 1] == samples_of("grey")).all()
        # A canvas premultiplies alpha, so the PNG files that the worker keeps are compared
        kept = [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in page.evaluate(KEPT)]
        assert len(kept) == len(KINDS)
        for kind in KINDS:
            samples = np.squeeze(samples_of(kind))
            assert any(one.shape == samples.shape and (one == samples).all() for one in kept)
        failed = page.evaluate(
            """new Promise((resolve) => {
              const image = new Image();
              image.onerror = () => resolve(true);
              image.onload = () => resolve(false);
              image.src = "cut.vqc";
            })"""
        )
        assert failed
