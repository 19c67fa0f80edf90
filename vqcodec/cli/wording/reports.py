"""Reports as lines for people to read: each by the words of its medium, which are loaded when they are needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from vqcodec.cli.wording.common import codebook_line
from vqcodec.cli.wording.engines import engine_in_words
from vqcodec.reports import AnyComparison, AnyDecodeReport, AnyEncodeReport, AnyInfo, AnyVerifyReport
from vqcodec.reports.base import Report
from vqcodec.reports.pack import OfPack

if TYPE_CHECKING:
    from vqcodec.reports.image import FileInfo
    from vqcodec.reports.speech import SpeechInfo
    from vqcodec.reports.video import VideoInfo

OneFile = TypeVar("OneFile", AnyEncodeReport, AnyDecodeReport)

_TITLES = {"image": "pictures"}  # of media whose name is not the word for their files


def encode_line(report: AnyEncodeReport) -> str:
    """Return input, output, size, rate, ratio, fidelity and time."""
    line: str = _words_for(report).encode_line(report)
    return line


def encode_total(reports: Sequence[AnyEncodeReport]) -> list[str]:
    """Return a table of a batch by medium, with rate, ratio or fidelity of all files of a medium together."""
    return _table(reports, lambda some: str(_words_for(some[0]).encode_total(some)))


def decode_line(report: AnyDecodeReport) -> str:
    """Return input, output, format, size and time."""
    line: str = _words_for(report).decode_line(report)
    return line


def decode_total(reports: Sequence[AnyDecodeReport]) -> list[str]:
    """Return a table of a batch by medium."""
    return _table(reports, lambda _some: "")


def info_lines(report: AnyInfo) -> list[str]:
    """Return one fact per line."""
    words = _words_for(report)
    if isinstance(report, OfPack):
        lines_of_pack: list[str] = words.info_lines(report)
        return lines_of_pack
    facts = dict(words.facts(report))
    facts.update({"engine": engine_in_words(report.engine), "codebook": codebook_line(report.codebook)})
    parameters = getattr(report, "parameters", {})  # the facts of a video say all of them
    facts.update({key.replace("_", " "): str(value) for key, value in parameters.items()})
    lines = [report.input, *(f"  {key:<12} {value}" for key, value in facts.items()), *_bits_lines(report)]
    if frames := getattr(report, "frame_bits", None):
        lines += words.frame_lines(frames)
    return lines


def verify_line(report: AnyVerifyReport) -> str:
    """Return a line that says that the file is whole."""
    what = _words_for(report).verify_facts(report)
    if isinstance(report, OfPack):
        return f"{report.input}: whole; {what}, {report.seconds:.2f} s"
    return f"{report.input}: whole; {what}, codebook {codebook_line(report.codebook)}, {report.seconds:.2f} s"


def comparison_lines(report: AnyComparison) -> list[str]:
    """Return every measure, the most common first."""
    lines: list[str] = _words_for(report).comparison_lines(report)
    return lines


def _words_for(report: Report) -> Any:
    """Return the module with the words of the report's medium."""
    return importlib.import_module(f"vqcodec.cli.wording.{report.MEDIUM}")


def _table(reports: Sequence[OneFile], words: Callable[[Sequence[OneFile]], str]) -> list[str]:
    """Return a table of files by medium: how many, bytes before and after, and `words` on those of a medium."""
    by_medium: dict[str, list[OneFile]] = {}
    for report in reports:
        by_medium.setdefault(report.MEDIUM, []).append(report)
    rows = [(_TITLES.get(medium, medium), some, words(some)) for medium, some in sorted(by_medium.items())]
    if len(rows) > 1:
        rows.append(("in all", list(reports), ""))
    lines = [f"{'':<8} {'files':>6} {'bytes before':>15} {'after':>15}"]
    for title, some, said in rows:
        before = sum(report.input_bytes or 0 for report in some)
        after = sum(report.output_bytes for report in some)
        lines.append(f"{title:<8} {len(some):>6,} {before:>15,} {after:>15,}  {said}".rstrip())
    return lines


def _bits_lines(report: FileInfo | SpeechInfo | VideoInfo) -> list[str]:
    """Return a table of the bits by part, the largest first, for speech also in kbit/s; empty if not counted."""
    if report.bits is None:
        return []
    whole = 8 * report.input_bytes
    parts = sorted(report.bits.items(), key=lambda part: -part[1])
    width = max(12, *(len(name) for name, _ in parts))
    rows = [*parts, ("in all", whole)]
    lines = [f"    {name:<{width}} {bits:>12,} {bits / whole:>7.2%}" for name, bits in rows]
    if report.MEDIUM == "speech":
        duration = cast("SpeechInfo", report).duration_s
        lines = [f"{line} {bits / duration / 1000:>7.3f} kbit/s" for line, (_, bits) in zip(lines, rows)]
    return ["  bits", *lines]
