"""Writes the measured tables into the Markdown documents, so that no figure is ever typed by hand.

    python -m benchmarks.tables            fill every table in README.md and docs/
    python -m benchmarks.tables --check    change nothing; fail if a document differs from the results

A document says where a table goes with a pair of lines; what is between them is replaced:

    <!-- table:image-colour -->
    <!-- end:image-colour -->

The tables are in `benchmarks.table_rows`, and in `benchmarks.image_rows`, `speech_rows` and `video_rows`. Beneath each
stand the date, the versions and the command line.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import image_rows, speech_rows, video_rows  # noqa: F401  (they register their tables)
from benchmarks.common import RESULTS
from benchmarks.table_rows import TABLES

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "docs/**/*.md")
MARKED = re.compile(r"(<!-- table:(?P<name>[\w.-]+) -->\n)(.*?)(<!-- end:(?P=name) -->)", re.DOTALL)


def render(name: str, folder: Path = RESULTS) -> str:
    """A table as Markdown, or a line that says how to measure it if its JSON is missing.

    Raises:
        KeyError: there is no such table.
    """
    source = TABLES[name]
    path = folder / f"{source.benchmark}.json"
    if not path.is_file():
        return f"*Not measured yet: benchmarks/results/{path.name} is missing.*\n"
    document = json.loads(path.read_text("utf-8"))
    rows = [[str(cell) for cell in row] for row in source.rows(document["results"])]
    return f"{_markdown(rows)}\n{_provenance(document)}\n"


def fill(text: str, folder: Path = RESULTS) -> str:
    """A document with every marked table replaced by its rendering."""
    return MARKED.sub(lambda match: match[1] + render(match["name"], folder) + match[4], text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a document is out of date")
    check = parser.parse_args(arguments).check
    stale = []
    for path in sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern)):
        text = path.read_text("utf-8")
        try:
            filled = fill(text)
        except KeyError as error:
            print(f"{path.relative_to(ROOT)}: no table is called {error}", file=sys.stderr)
            return 1
        if filled != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(filled, "utf-8")
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run: python -m benchmarks.tables", file=sys.stderr)
        return 1
    print("\n".join(f"filled: {name}" for name in stale) or "all tables are up to date")
    return 0


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    heading, *body = rows
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, rule, *body)) + "\n"


def _provenance(document: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items() if version)
    machine = document["machine"]
    return (
        f"<sub>Measured {document['date']} on {machine['cpus']} CPUs ({machine['processor']}), {versions}: "
        f"`{document['command']}`</sub>\n"
    )


if __name__ == "__main__":
    sys.exit(main())
