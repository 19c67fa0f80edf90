"""The documentation site: built strictly, so a broken link fails; whole, and without anything from elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vqcodec
import vqcodec.vq

ROOT = Path(__file__).resolve().parents[2]
NEEDED = "the documentation site needs mkdocs: pip install 'vqcodec[docs]'"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    pytest.importorskip("material", reason=NEEDED)
    pytest.importorskip("mkdocstrings", reason=NEEDED)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", ROOT / "mkdocs.yml", "-d", folder]
    built = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_all_documents_have_a_page(site):
    for document in (ROOT / "docs").rglob("*.md"):
        assert (site / document.relative_to(ROOT / "docs")).with_suffix(".html").is_file()
    assert {"index.html", "format.html", "changelog.html", "measured.html", "limits.html", "codebooks.html"} <= {
        path.name for path in site.iterdir()
    }


def test_readme_keeps_its_code_and_loses_nothing_but_the_last_list(site):
    text = "".join((site / name).read_text(encoding="utf-8") for name in ("index.html", "measured.html", "limits.html"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for heading in re.findall(r"^#{2,3} (.*)$", readme, re.MULTILINE):
        assert heading == "Where things are" or f">{heading}<" in re.sub(r"</?code>", "", text)
    assert "decode_speech" in text


def test_public_names_are_in_the_reference(site):
    text = "".join(path.read_text(encoding="utf-8") for path in (site / "api").glob("*.html"))
    for name in set(vqcodec.__all__) - {"__version__"}:
        assert re.search(rf">\s*vqcodec\.{name}\s*<", text), name
    for name in set(vqcodec.vq.__all__) - set(vqcodec.__all__):
        assert re.search(rf">\s*vqcodec\.vq\.{name}\s*<", text), name


def test_scripts_of_figures_are_there(site):
    scripts = re.findall(r'<script src="([^"]+\.js)"', (site / "vq-explained.html").read_text(encoding="utf-8"))
    assert len([name for name in scripts if name.endswith(("-player.js", "-figure.js"))]) == 6
    assert all((site / name).is_file() for name in scripts)


def test_nothing_is_fetched_from_elsewhere(site):
    loading = re.compile(r"""<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")
    for page in site.rglob("*.html"):
        found = [one for one in loading.findall(page.read_text(encoding="utf-8")) if "canonical" not in one]
        assert not found, page
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_search_finds_sections(site):
    entries = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    titles = {entry["title"] for entry in entries}
    assert {"4.12 Salvage", "Two commands", "Architecture"} <= titles
    assert (site / "search" / "search_index.js").is_file()


def test_scripts_and_pictures_of_pages_are_there(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for source in re.findall(r"""<(?:script|img)\b[^>]*\bsrc=["']?([^"'\s>:]+)["'\s>]""", text):
            base = site if source.startswith("/") else page.parent
            assert (base / source.lstrip("/").partition("?")[0]).is_file(), (page.name, source)
