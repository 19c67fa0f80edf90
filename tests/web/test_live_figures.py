"""The figures of docs/vq-explained.md that readers move: each moves by its controls, and nothing fails."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from chromium import NAMES, Page, chromium, opened_page

ROOT = Path(__file__).parents[2]
FIGURES = ("lbg-player", "cells-figure", "gas-player", "tree-figure", "celp-figure", "motion-figure")
WATCH = """
window.faults = [];
addEventListener("error", (event) => faults.push(event.message));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
for (const kind of ["error", "warn"]) console[kind] = (...words) => faults.push(words.join(" "));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of the figures alone, as the site lays its files, open in a browser."""
    program = chromium()
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(NAMES)} is installed")
    text = (ROOT / "docs" / "vq-explained.md").read_text(encoding="utf-8")
    tags = re.findall(r"^<(?:div|script).*$", text, re.MULTILINE)
    folder = tmp_path_factory.mktemp("figures")
    head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    (folder / "index.html").write_text(head + '<link rel="stylesheet" href="site.css"><body>' + "\n".join(tags))
    (folder / "pictures").mkdir()
    for path in [*(ROOT / "website").glob("*.js"), ROOT / "website" / "site.css"]:
        shutil.copy(path, folder)
    for path in (ROOT / "docs" / "pictures").glob("*.js"):
        shutil.copy(path, folder / "pictures")
    with opened_page(program, folder, "index.html", tmp_path_factory.mktemp("profile")) as opened:
        opened.send("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        opened.send("Page.reload")
        opened.wait_for("window.faults && document.querySelector('#motion-figure')?.dataset.ready === 'true'")
        yield opened


@pytest.fixture(autouse=True)
def without_faults(page: Page) -> Iterator[None]:
    yield
    assert page.evaluate("window.faults") == []


def drawn(page: Page, figure: str) -> str:
    """What the canvases of a figure show."""
    found: str = page.evaluate(
        f"[...document.querySelectorAll('#{figure} canvas')].map((canvas) => canvas.toDataURL()).join()"
    )
    return found


def words(page: Page, figure: str) -> str:
    found: str = page.evaluate(
        f"[...document.querySelectorAll('#{figure} output')].map((o) => o.textContent).join('; ')"
    )
    return found


def press(page: Page, figure: str, key: str) -> None:
    page.evaluate(f"document.getElementById('{figure}').focus()")
    for kind in ("keyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key=key)


def click(page: Page, figure: str, button: str) -> None:
    page.evaluate(f"document.querySelector('#{figure} button[{button}]').click()")


def slide(page: Page, figure: str, value: int, name: str = "") -> None:
    chosen = f"[name={name}]" if name else "[type=range]"
    page.evaluate(
        f"(() => {{ const slider = document.querySelector('#{figure} input{chosen}'); slider.value = {value};"
        " slider.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def point(page: Page, figure: str, kind: str, across: float, down: float) -> None:
    """Have the mouse do something at a place of the first canvas, as shares of its width and height."""
    left, top, width, height = page.evaluate(
        f"(() => {{ const canvas = document.querySelector('#{figure} canvas');"
        " canvas.scrollIntoView({ block: 'center', behavior: 'instant' });"
        " const area = canvas.getBoundingClientRect(); return [area.left, area.top, area.width, area.height]; })()"
    )
    place = {"x": left + across * width, "y": top + down * height}
    page.send("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, clickCount=1, **place)


def error_of(text: str) -> float:
    found = re.search(r"mean squared error ([\d.]+)", text)
    assert found, text
    return float(found[1])


def test_the_document_has_all_figures(page: Page) -> None:
    assert page.evaluate("[...document.querySelectorAll('.live-figure')].map(({ id }) => id)") == list(FIGURES)
    assert all(page.evaluate(f"document.querySelector('#{figure} canvas') !== null") for figure in FIGURES)


@pytest.mark.parametrize("figure", ["lbg-player", "gas-player", "tree-figure"])
def test_steps_go_by_button_slider_and_key(figure: str, page: Page) -> None:
    seen = [drawn(page, figure)]
    for move in (
        lambda: click(page, figure, "data-to=next"),
        lambda: slide(page, figure, 3),
        lambda: press(page, figure, "End"),
    ):
        move()
        seen.append(drawn(page, figure))
    assert len(set(seen)) == 4
    last = error_of(words(page, figure))
    press(page, figure, "Home")
    assert drawn(page, figure) == seen[0]
    assert error_of(words(page, figure)) > last


def test_steps_play_to_the_end(page: Page) -> None:
    click(page, "tree-figure", "data-to=first")
    click(page, "tree-figure", "data-to=play")
    page.wait_for("document.querySelector('#tree-figure [data-to=play]').textContent === 'Play'")
    assert words(page, "tree-figure").startswith("4 bits a vector")


def test_neural_gas_ends_below_lbg(page: Page) -> None:
    press(page, "gas-player", "End")
    text = words(page, "gas-player")
    ends = re.search(r"LBG ends at ([\d.]+)", text)
    assert ends
    assert error_of(text) < float(ends[1])


def test_a_vector_is_chosen_in_the_tree(page: Page) -> None:
    slide(page, "tree-figure", 4)
    found = set()
    for place in (0.2, 0.8):
        for kind in ("mousePressed", "mouseReleased"):
            point(page, "tree-figure", kind, place, 1 - place)
        bits = re.search(r"ringed vector: ([01]{4})$", words(page, "tree-figure"))
        assert bits
        found.add(bits[1])
    assert len(found) == 2


def test_codewords_are_moved_and_become_means(page: Page) -> None:
    figure = "cells-figure"
    before = drawn(page, figure)
    press(page, figure, "ArrowRight")
    moved = drawn(page, figure)
    click(page, figure, "data-do=other")
    chosen = drawn(page, figure)
    point(page, figure, "mousePressed", 0.5, 0.5)
    point(page, figure, "mouseMoved", 0.05, 0.05)
    point(page, figure, "mouseReleased", 0.05, 0.05)
    dragged = drawn(page, figure)
    assert len({before, moved, chosen, dragged}) == 4
    errors = [error_of(words(page, figure))]
    for _ in range(4):
        click(page, figure, "data-do=means")
        errors.append(error_of(words(page, figure)))
    assert errors[-1] < errors[0]
    assert all(after <= earlier for earlier, after in pairwise(errors))
    click(page, figure, "data-do=again")


def test_the_best_lag_and_codeword_are_found(page: Page) -> None:
    figure = "celp-figure"

    def ratios() -> tuple[float, ...]:
        return tuple(map(float, re.findall(r"(-?[\d.]+) dB", words(page, figure))))

    slide(page, figure, 100, "lag")
    first, picture = ratios(), drawn(page, figure)
    click(page, figure, "data-do=lag")
    lag = ratios()
    click(page, figure, "data-do=codeword")
    both = ratios()
    assert first[0] < lag[0] == both[0]
    assert lag[1] < both[1]
    assert both[0] < both[1]
    assert drawn(page, figure) != picture
    slide(page, figure, 5, "codeword")
    assert ratios()[1] < both[1]


def test_a_block_and_where_it_came_from(page: Page) -> None:
    figure = "motion-figure"
    before = drawn(page, figure)
    slide(page, figure, 6, "column")
    slide(page, figure, 4, "row")
    moved, text = drawn(page, figure), words(page, figure)
    numbers = re.search(r"mean difference ([\d.]+) instead of ([\d.]+)", text)
    assert numbers
    assert float(numbers[1]) <= float(numbers[2])
    page.evaluate(f"document.querySelector('#{figure} [type=checkbox]').click()")
    swapped = drawn(page, figure)
    for kind in ("mousePressed", "mouseReleased"):
        point(page, figure, kind, 0.1, 0.1)
    assert page.evaluate(f"document.querySelector('#{figure} [name=column]').value") == "1"
    assert len({before, moved, swapped, drawn(page, figure)}) == 4


def test_a_narrow_window_holds_the_figures(page: Page) -> None:
    page.send("Emulation.setDeviceMetricsOverride", width=360, height=700, deviceScaleFactor=1, mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
