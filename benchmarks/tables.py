"""Writes the measured tables into the Markdown documents, so that no figure is ever typed by hand.

    python -m benchmarks.tables            fill every table in README.md and docs/
    python -m benchmarks.tables --check    change nothing; fail if a document differs from the results

A document says where a table goes with a pair of lines; what is between them is replaced:

    <!-- table:image-colour -->
    <!-- end:image-colour -->

A new table is one function here: decorated with the benchmark whose JSON it reads, it takes the `results` of
that JSON and gives rows; `@table("name", "benchmark")`. The date, the versions and the command line are put
beneath by itself.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "docs/*.md")
MARKED = re.compile(r"(<!-- table:(?P<name>[\w.-]+) -->\n)(.*?)(<!-- end:(?P=name) -->)", re.DOTALL)

Results = dict[str, Any]
Rows = Iterable[Sequence[object]]  # the first row is the heading


@dataclass(frozen=True)
class Table:
    """The benchmark (stem of its JSON in benchmarks/results) of a table, and the function of its rows."""

    benchmark: str
    rows: Callable[[Results], Rows]


TABLES: dict[str, Table] = {}


def table(name: str, benchmark: str) -> Callable[[Callable[[Results], Rows]], Callable[[Results], Rows]]:
    """Register a function from a benchmark's results to rows as the table `name`."""

    def register(function: Callable[[Results], Rows]) -> Callable[[Results], Rows]:
        TABLES[name] = Table(benchmark, function)
        return function

    return register


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


def percent(value: float | None) -> str:
    """A difference in percent with its sign, or a dash where there is none."""
    return "–" if value is None else f"{value:+.1f} %".replace("-", "−")


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


def _labels(results: Results) -> dict[str, str]:
    return {codec["codec"]: codec["label"] for codec in results["codecs"]}


def _image_comparison(results: Results) -> Rows:
    """BD-rate of every codec against JPEG and AVIF, in each quality measure."""
    columns = [
        ("psnr_rgb", "jpeg"),
        ("psnr_luma", "jpeg"),
        ("ssim_luma", "jpeg"),
        ("psnr_rgb", "avif"),
        ("ssim_luma", "avif"),
    ]
    means = {(row["quality"], row["reference"], row["codec"]): row["mean"] for row in results["bd_rate"]}
    yield (
        "BD-rate over " + results["pictures"],
        "RGB PSNR vs JPEG",
        "luma PSNR vs JPEG",
        "SSIM vs JPEG",
        "RGB PSNR vs AVIF",
        "SSIM vs AVIF",
    )
    for codec, label in _labels(results).items():
        if codec != "jpeg":
            yield (
                label,
                *(percent(means.get((quality, reference, codec))) for quality, reference in columns),
            )


table("image-colour", "image-colour")(_image_comparison)


@table("image-grey", "image-grey")
def _grey_comparison(results: Results) -> Rows:
    """The luma plane alone: there is one PSNR."""
    columns = [("psnr_luma", "jpeg"), ("ssim_luma", "jpeg"), ("psnr_luma", "avif"), ("ssim_luma", "avif")]
    means = {(row["quality"], row["reference"], row["codec"]): row["mean"] for row in results["bd_rate"]}
    yield (
        "BD-rate, grey, over " + results["pictures"],
        "PSNR vs JPEG",
        "SSIM vs JPEG",
        "PSNR vs AVIF",
        "SSIM vs AVIF",
    )
    for codec, label in _labels(results).items():
        if codec != "jpeg":
            yield (
                label,
                *(percent(means.get((quality, reference, codec))) for quality, reference in columns),
            )


@table("image-speed", "image-colour")
def _image_speed(results: Results) -> Rows:
    """Megapixels a second at about one bit per pixel, wall clock; and processor time."""
    labels = _labels(results)
    yield (
        "about 1 bpp",
        "encode (Mpixel/s)",
        "decode (Mpixel/s)",
        "encode (CPU s/Mpixel)",
        "decode (CPU s/Mpixel)",
    )
    for row in results["speed"]:
        yield (
            labels[row["codec"]],
            f"{1 / row['encode_s_per_mpixel']:.2f}",
            f"{1 / row['decode_s_per_mpixel']:.1f}",
            f"{row['encode_cpu_s_per_mpixel']:.2f}",
            f"{row['decode_cpu_s_per_mpixel']:.3f}",
        )


def _small_pictures(results: Results) -> Rows:
    """vqcodec with codebooks of its own against the general codecs, on the mean curves of a set."""
    references = [name for name in _labels(results) if not name.startswith("vqcodec")]
    labels = _labels(results)
    means = {
        (row["reference"], row["codec"]): row["mean"] for row in results["bd_rate"] if row["quality"] == "psnr_rgb"
    }
    yield f"{results['set']} ({results['split']})", *(f"vs {labels[name]}" for name in references)
    for codec, label in labels.items():
        if codec not in references:
            yield (label, *(percent(means.get((reference, codec))) for reference in references))


for _set in ("tiles32", "tiles64", "faces", "emoji"):
    table(f"image-{_set}", f"image-{_set}")(_small_pictures)


if __name__ == "__main__":
    sys.exit(main())
