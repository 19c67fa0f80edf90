"""MkDocs hooks: pages from outside docs/, pages of the API, and links that hold both here and in the repository.

Files of the repository stay where they are, and their links are written for readers of the repository. Here README.md
is cut into pages, by its headings; every heading must have a page. A link to a file that the site has becomes a link to
its page. A link to anything else fails: `make site` is strict.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]

README_PAGES = {  # page: its title, and the headings of README.md that it holds; None is what stands before the first
    "index.md": (None, [None, "Two commands", "Using it"]),
    "measured.md": ("Figures in short", ["Figures"]),
    "limits.md": ("Limits", ["Files from strangers", "Limits, honestly"]),
}
LEFT_OUT = {"Where things are"}  # the site has its menu for that

PAGES = {  # file of the repository: its page
    "README.md": "index.md",
    "FORMAT.md": "format.md",
    "CHANGELOG.md": "changelog.md",
    "codebooks/README.md": "codebooks.md",
    "codebooks/LICENSES.md": "licences.md",
    "examples/README.md": "examples.md",
    "examples/tiles/README.md": "examples-tiles.md",
    "docs/decisions": "decisions/index.md",
}

API_PAGES = {  # page: its title, and the modules whose names in `vqcodec` stand there, the longest match first
    "files": ("Files", ["vqcodec.api", "vqcodec.report_page"]),
    "pictures": ("Pictures", ["vqcodec.image"]),
    "speech": ("Speech", ["vqcodec.speech"]),
    "video": ("Video", ["vqcodec.video", "vqcodec.api.opened_video"]),
    "packs": ("Packs", ["vqcodec.api.packs"]),
    "codebooks": ("Codebooks", ["vqcodec.codebook", "vqcodec.api.training"]),
    "quantizers": ("Quantizers and their design", ["vqcodec.vq"]),
    "engines": ("Engines of your own", ["vqcodec.media"]),
    "errors": ("Limits and errors", ["vqcodec.errors"]),
}
WHOLE_MODULES = {"errors": ["vqcodec.errors", "vqcodec.user_limits"], "engines": ["vqcodec.media.engine"]}

LINK = re.compile(r"(\]\()(?!https?:|mailto:|#)([^()\s#]+)((?:#[^()\s]*)?\))")
FENCE = re.compile(r"^(```.*?^```[^\n]*$)", re.MULTILINE | re.DOTALL)
NESTED = re.compile(r"^ {2,3}(?=- )", re.MULTILINE)  # GitHub nests such a list; Python's Markdown wants four spaces
CODE_SPAN = re.compile(r"(`[^`\n]*`)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are not in docs/."""
    texts = {**_readme_pages(), **_api_pages(), "decisions/index.md": _decisions()}
    for source, page in PAGES.items():
        if page not in texts:
            texts[page] = _with_site_links((ROOT / source).read_text(encoding="utf-8"), source, page)
    texts["changelog.md"] = "---\nsearch:\n  boost: 0.2\n---\n\n" + texts["changelog.md"]  # it has all words: last
    for page, text in texts.items():
        files.append(File.generated(config, page, content=text))
    for path in sorted([ROOT / "website" / "site.css", *(ROOT / "website").glob("*.js")]):
        files.append(File.generated(config, path.name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Mend the links of a page of docs/; the others are mended when they are made."""
    if page.file.generated_by is None:
        return _with_site_links(markdown, "docs/" + page.file.src_uri, page.file.src_uri)
    return markdown


def _with_site_links(text: str, source: str, page: str) -> str:
    """Return Markdown of a file of the repository as a page of the site wants it: links, and lists in lists."""

    def mended(link: re.Match[str]) -> str:
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[2]))
        goal = PAGES.get(wanted) or (wanted.removeprefix("docs/") if wanted.startswith("docs/") else None)
        if goal is None:
            raise PluginError(f"{source}: the site has no page for the link to {link[2]}; name one in {__file__}")
        return link[1] + posixpath.relpath(goal, posixpath.dirname(page) or ".") + link[3]

    def outside_code(part: str) -> str:
        pieces = CODE_SPAN.split(NESTED.sub("    ", part))
        # A link whose text is code is mended too: its target stands in the piece after the code.
        return "".join(one if n % 2 else LINK.sub(mended, one) for n, one in enumerate(pieces))

    return "".join(one if n % 2 else outside_code(one) for n, one in enumerate(FENCE.split(text)))


def _readme_pages() -> dict[str, str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = FENCE.split(text)
    sections: dict[str | None, str] = {None: ""}
    heading: str | None = None
    for n, part in enumerate(parts):
        pieces = [part] if n % 2 else re.split(r"^(?=## )", part, flags=re.MULTILINE)
        for piece in pieces:
            if not n % 2 and piece.startswith("## "):
                heading = piece.split("\n", 1)[0].removeprefix("## ").strip()
                sections[heading] = ""
            sections[heading] += piece
    placed = {one for _, headings in README_PAGES.values() for one in headings}
    if strange := sections.keys() ^ (placed | LEFT_OUT):
        raise PluginError(f"README.md: these headings and README_PAGES in {__file__} disagree: {strange}")
    pages = {}
    for page, (title, headings) in README_PAGES.items():
        body = "".join(sections[one] for one in headings)
        pages[page] = _with_site_links((f"# {title}\n\n" if title else "") + body, "README.md", page)
    return pages


def _decisions() -> str:
    lines = ["# Decisions\n", "Why things are as they are.\n"]
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        title = path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def _homes(source: str) -> dict[str, str]:
    """Return where public names are defined: the table `_HOME` of a module, read without importing it."""
    for node in ast.parse((ROOT / source).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "_HOME":
            return ast.literal_eval(node.value)
    raise PluginError(f"{source}: there is no table _HOME")


def _api_pages() -> dict[str, str]:
    """Return a page for each group of public names, and one that lists them."""
    names = {f"vqcodec.{name}": home for name, home in _homes("vqcodec/__init__.py").items()}
    for name, home in _homes("vqcodec/vq/__init__.py").items():
        if names.get(f"vqcodec.{name}") != home:  # the same under a shorter name
            names[f"vqcodec.vq.{name}"] = home
    groups: dict[str, list[str]] = {page: [] for page in API_PAGES}
    for public, home in names.items():
        module, _, other = home.partition(":")
        if module not in WHOLE_MODULES.get(_api_page(module), []):
            groups[_api_page(module)].append(_entry(public, f"{module}.{other or public.rsplit('.', 1)[1]}"))
    pages = {}
    index = ["# Python\n", "Names are loaded when they are first used; `import vqcodec` itself takes a moment.\n"]
    for page, (title, _) in API_PAGES.items():
        modules = [_entry(one, one) for one in WHOLE_MODULES.get(page, [])]
        pages[f"api/{page}.md"] = f"# {title}\n\n" + "\n".join(groups[page] + modules)
        public = [f"`{name}`" for name, home in names.items() if _api_page(home.partition(":")[0]) == page]
        index.append(f"- [{title}]({page}.md): {', '.join(public)}")
    return {**pages, "api/index.md": "\n".join(index) + "\n"}


def _entry(public: str, path: str) -> str:
    """Return Markdown that has mkdocstrings describe an object under its public name."""
    return f"::: {path}\n    options:\n      heading: {public}\n      toc_label: {public}\n"


def _api_page(module: str) -> str:
    """Return the page where names of a module stand: that with the longest beginning in common."""
    fits = {
        len(room): page
        for page, (_, rooms) in API_PAGES.items()
        for room in rooms
        if f"{module}.".startswith(f"{room}.")
    }
    if not fits:
        raise PluginError(f"{module}: public names of it have no page; name one in API_PAGES of {__file__}")
    return fits[max(fits)]
