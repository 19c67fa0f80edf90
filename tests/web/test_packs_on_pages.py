"""Packs in the decoder for browsers: the pixels of Python, one item without the others, and what is damaged."""

from __future__ import annotations

import base64
import random

import numpy as np
import pytest
from browser_decoder import CODEBOOKS, outcomes, pixels
from chromium import NAMES, chromium, opened_page
from PIL import Image

import vqcodec

MODES = ("L", "LA", "RGB", "RGBA")
SAID = 'document.getElementById("said").textContent'
BUTTONS = '[...document.querySelectorAll("#items button")]'
CANVAS = """(async () => {
  const canvas = BUTTONS[NUMBER].querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width, btoa(String.fromCharCode(...data))];
})()""".replace("BUTTONS", BUTTONS)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of small pictures of all kinds, one of them with a colour profile."""
    folder = tmp_path_factory.mktemp("pictures")
    rows, columns = np.mgrid[:30, :40]
    for number in range(24):
        mode = MODES[number % len(MODES)]
        samples = np.stack([(rows * (number + 3) + columns * k * 2) % 256 for k in range(1, len(mode) + 1)], axis=2)
        (folder / f"{number % 3}").mkdir(exist_ok=True)
        picture = Image.fromarray(np.squeeze(samples.astype(np.uint8)), mode)
        picture.save(folder / f"{number % 3}" / f"ä{number}.png", dpi=(300, 300) if number == 2 else None)
    return folder


@pytest.fixture(scope="module")
def pack(pictures, tmp_path_factory):
    """A pack of streams of `photo`, one whole file, and a sound."""
    path = tmp_path_factory.mktemp("pack") / "all.vqp"
    vqcodec.make_pack(pictures, path, codebook="photo", quality=60, effort=0)
    with vqcodec.Pack(path) as opened:
        whole = vqcodec.encode_image(np.arange(12 * 9, dtype=np.uint8).reshape(9, 12), codebook="classic-4x4-256")
        file = path.with_name("z.vqc")
        file.write_bytes(whole)
        opened.add("whole", file)
    return path


def expected(path):
    """What Python makes of each item."""
    with vqcodec.Pack(path) as opened:
        return {name: pixels(opened[name]) for name in opened}


def test_every_item_has_the_pixels_of_python(pack, decoder):
    (found,) = outcomes(decoder, [pack], way="pack")
    assert {name: one["result"] for name, one in found["result"].items()} == expected(pack)


def test_items_of_an_embedded_codebook(pictures, decoder, tmp_path):
    path = tmp_path / "own.vqp"
    (own,) = (book for book in CODEBOOKS if book.stem == "classic-4x4-256")
    vqcodec.make_pack(pictures, path, codebook=own, quality=60, embed_codebook=True)
    (found,) = outcomes(decoder, [path], [], way="pack")
    assert {name: one["result"] for name, one in found["result"].items()} == expected(path)


def test_pictures_coded_together(pictures, decoder, tmp_path):
    path = tmp_path / "together.vqp"
    vqcodec.make_pack(pictures, path, train=True, quality=60, effort=0)
    reader = vqcodec.Pack(path).reader
    assert any(entry.kind.of_memory for entry in reader.entries())
    (found,) = outcomes(decoder, [path], way="pack")
    assert {name: one["result"] for name, one in found["result"].items()} == expected(path)


def test_a_pack_whose_last_change_was_cut_off(pack, pictures, decoder, tmp_path):
    before = pack.read_bytes()
    changed = tmp_path / "changed.vqp"
    changed.write_bytes(before)
    with vqcodec.Pack(changed) as opened:
        opened.add("new", pictures / "0" / "ä0.png", effort=0)
    cut = tmp_path / "cut.vqp"
    cut.write_bytes(changed.read_bytes()[:-9])
    (found,) = outcomes(decoder, [cut], way="pack")
    assert {name: one["result"] for name, one in found["result"].items()} == expected(pack)


def test_damage_is_what_it_is_to_python(pack, decoder, tmp_path):
    whole, files = pack.read_bytes(), []
    chance = random.Random(5)
    for number in range(10):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole)) if number % 3 else chance.randrange(len(whole) - 300, len(whole))] ^= (
            1 << chance.randrange(8)
        )
        files.append(tmp_path / f"{number}.vqp")
        files[-1].write_bytes(damaged)
    results = outcomes(decoder, files, way="pack")
    assert [
        found.get("error") or {name: one.get("error") or one["result"] for name, one in found["result"].items()}
        for found in results
    ] == list(map(outcome_of, files))
    assert "CorruptFileError" in [found.get("error") for found in results]
    failures = [(name, one) for found in results for name, one in found.get("result", {}).items() if "error" in one]
    assert failures
    assert all(name in one["message"] for name, one in failures)


def outcome_of(path, *, salvage=False):
    """What Python makes of a pack: the pixels of each item or the name of its error; that of the index's error."""
    found = {}
    try:
        with vqcodec.Pack(path, salvage=salvage) as opened:
            for name in list(opened):
                try:
                    found[name] = pixels(opened[name])
                except vqcodec.VQCodecError as error:
                    found[name] = type(error).__name__
    except vqcodec.VQCodecError as error:
        return type(error).__name__
    return found


@pytest.fixture
def grown(pack, pictures, tmp_path):
    """A pack that was changed twice: the bytes of its last state."""
    path = tmp_path / "grown.vqp"
    path.write_bytes(pack.read_bytes())
    with vqcodec.Pack(path) as opened:
        opened.add("1/new", pictures / "0" / "ä0.png", effort=0)
    with vqcodec.Pack(path) as opened:
        opened.remove("0/ä0.png")
    return path.read_bytes()


def salvaged_alike(files, decoder):
    """What both salvage of packs, by file: the pixels of each item, or the name of its error."""
    results = outcomes(decoder, files, way="pack", salvage=True)
    found = [
        one.get("error") or {name: item.get("error") or item["result"] for name, item in one["result"]["items"].items()}
        for one in results
    ]
    for file, ours in zip(files, found, strict=True):
        assert ours == outcome_of(file, salvage=True), file.name
    return found, [one["result"]["damage"] if "result" in one else None for one in results]


def test_what_is_intact_of_a_pack_that_was_cut_anywhere(pack, grown, decoder, tmp_path):
    files = []
    for number, size in enumerate([13, 14, *range(15, len(grown), len(grown) // 9), len(grown)]):
        files.append(tmp_path / f"{number}.vqp")
        files[-1].write_bytes(grown[:size])
    found, damage = salvaged_alike(files, decoder)
    assert found[0] == "CorruptFileError"
    assert found[1] == {}
    counts = [sum(isinstance(one, dict) for one in items.values()) for items in found[1:]]
    assert 0 < counts[4] < counts[-1] == len(expected(pack))
    assert damage[-1] == []
    assert damage[1] == ["the pack has no whole index"]


def test_what_is_intact_of_a_pack_with_a_damaged_index(pack, grown, decoder, tmp_path):
    whole = grown
    files = []
    beginnings = {
        kind: [at for at in range(len(whole)) if whole.startswith(kind, at)] for kind in (b"NAME", b"ROOT", b"CREF")
    }
    damages = [
        *((at + 12,) for kind in (b"NAME", b"CREF") for at in beginnings[kind]),
        tuple(at + 9 for at in beginnings[b"ROOT"]),
        (beginnings[b"NAME"][0] + 12, *(at + 9 for at in beginnings[b"ROOT"])),
    ]
    for number, places in enumerate(damages):
        damaged = bytearray(whole)
        for place in places:
            damaged[place] ^= 1
        files.append(tmp_path / f"{number}.vqp")
        files[-1].write_bytes(damaged)
    found, damage = salvaged_alike(files, decoder)
    assert any("items from '" in clause for clauses in damage for clause in clauses)
    assert all(isinstance(items, dict) for items in found)
    assert "0/ä0.png" in found[-2]  # removed ones come back without an index
    errors = {name for name, one in found[len(beginnings[b"NAME"])].items() if one == "CorruptFileError"}
    assert errors
    assert "whole" not in errors  # a damaged codebook keeps no other item away


@pytest.fixture
def shown(page_folder, tmp_path):
    """Opens the page below an address; gives it, and the ranges that were asked for."""
    program = chromium()
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    ranges = []

    def opened(address="index.html"):
        return opened_page(program, page_folder, f"web/{address}", tmp_path / "profile", ranges)

    opened.ranges = ranges
    return opened


def rgba(samples):
    """The four channels that a canvas shows of a picture, uint8 (height, width, 1 to 4)."""
    samples = np.atleast_3d(samples)
    colour = samples[..., :3] if samples.shape[2] > 2 else np.repeat(samples[..., :1], 3, axis=2)
    opaque = np.full_like(samples[..., :1], 255)
    return np.concatenate([colour, opaque if samples.shape[2] % 2 else samples[..., -1:]], axis=2)


def grid_of(page, number):
    """What the canvas of an item of the grid shows, uint8 (height, width, 4)."""
    height, width, data = page.evaluate(CANVAS.replace("NUMBER", str(number)))
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


def test_a_pack_is_a_grid_and_an_item_is_opened(pack, shown, tmp_path):
    damaged = bytearray(pack.read_bytes())
    with vqcodec.Pack(pack) as opened:
        names = list(opened)
        victim = opened._reader.find(names[5])
        samples = [opened[name] for name in names]
    damaged[victim.offset + 1] ^= 1
    file = tmp_path / "damaged.vqp"
    file.write_bytes(damaged)
    with shown() as page:
        page.wait_for('document.readyState === "complete"')
        page.choose("#file", file)
        page.wait_for(f'{SAID}.startsWith("damaged.vqp: {len(names)} items, {len(damaged)} bytes")')
        # Sizes are known before pixels
        assert page.evaluate(f"{BUTTONS}.map((b) => b.querySelector('canvas')?.width)")[:3] == [40] * 3
        page.evaluate(f"{BUTTONS}.at(-1).scrollIntoView()")
        page.wait_for(f"{BUTTONS}.every((button) => button.dataset.state)")
        words = page.evaluate(f"{BUTTONS}.map((button) => button.textContent)")
        for number, name in enumerate(names):
            if number == 5:
                assert words[number] == f"CorruptFileError: item '{name}': damaged (wrong checksum)"
            else:
                assert words[number] == name
                opaque = rgba(samples[number])[..., 3:] == 255  # a canvas premultiplies, so that others are not exact
                alike = grid_of(page, number) == rgba(samples[number])
                assert (alike | ~opaque).all()
        page.evaluate(f"{BUTTONS}[2].click()")
        page.wait_for(f'{SAID}.startsWith("{names[2]}: 40 x 30 pixels")')


def test_the_page_shows_what_is_intact_of_a_pack_without_an_index(pack, shown, tmp_path):
    whole = pack.read_bytes()
    file = tmp_path / "cut.vqp"
    file.write_bytes(whole[: len(whole) * 2 // 3])
    salvaged = outcome_of(file, salvage=True)
    intact = [name for name, one in salvaged.items() if isinstance(one, dict)]
    assert 0 < len(intact) < len(salvaged)
    with shown() as page:
        page.wait_for('document.readyState === "complete"')
        page.choose("#file", file)
        page.wait_for(f'{SAID}.startsWith("cut.vqp: {len(salvaged)} items")')
        assert page.evaluate(SAID).endswith("damaged: the pack has no whole index")
        page.evaluate(f"{BUTTONS}.at(-1).scrollIntoView()")
        page.wait_for(f"{BUTTONS}.every((button) => button.dataset.state)")
        states = page.evaluate(f"{BUTTONS}.map((button) => button.dataset.state)")
        assert states == ["shown" if name in intact else "damaged" for name in salvaged]


def test_an_item_at_an_address_takes_only_its_ranges(pack, shown, page_folder, tmp_path):
    remote, noise = page_folder / "remote.vqp", tmp_path / "noise.png"
    remote.write_bytes(pack.read_bytes())
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (200, 200), np.uint8)).save(noise)
    with vqcodec.Pack(remote) as opened:
        opened.add("noise", noise, effort=0)  # behind the others, so that these are not read with the end of the file
    with vqcodec.Pack(remote) as opened:
        name = list(opened)[7]
        entry, samples = opened._reader.find(name), pixels(opened[name])
    script = f"""(async () => {{
      const {{ Pack }} = await import("/web/pack/pack.mjs");
      const {{ shippedCodebooks }} = await import("/web/codebooks.mjs");
      const pack = await Pack.open("/remote.vqp", {{ codebook: shippedCodebooks() }});
      const {{ height, width, channels, data }} = await pack.decode("{name}");
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
      const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return {{ shape: [height, width, channels], sha256: hex }};
    }})()"""
    with shown() as page:
        page.wait_for('document.readyState === "complete"')
        assert page.evaluate(script) == samples
        size = remote.stat().st_size
        assert size > 20_000
        assert shown.ranges[0] == ("remote.vqp", size - 8192, size - 1)
        assert shown.ranges[-1] == ("remote.vqp", entry.offset, entry.end - 1)
        assert sum(last + 1 - first for _, first, last in shown.ranges[1:]) < 2_000
    with shown("index.html?pack=/remote.vqp") as page:
        page.wait_for('document.readyState === "complete"')
        page.wait_for(f'{SAID}.startsWith("/remote.vqp: 26 items, ")')
