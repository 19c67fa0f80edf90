"""Reports on packs as lines for people to read."""

from __future__ import annotations

from collections.abc import Sequence

from vqcodec.cli.wording.common import STDOUT_NAME, codebook_line, seconds
from vqcodec.media.options import MEDIA
from vqcodec.reports.pack import PackedItem, PackInfo, PackReport, PackVerifyReport, UnpackReport


def pack_line(report: PackReport) -> str:
    """Return the pack, what changed, its size, the fidelity and the time."""
    done = [f"{count:,} {word}" for count, word in ((report.added, "added"), (report.removed, "removed")) if count]
    parts = [f"{report.items:,} items" + (f" ({', '.join(done)})" if done else ""), f"{report.output_bytes:,} bytes"]
    if report.items:
        parts.append(f"{report.output_bytes / report.items:.1f} an item")
    if report.psnr_db is not None:
        parts.append(f"{report.psnr_db:.2f} dB on average")
    if report.unused_bytes:
        parts.append(f"about {report.unused_bytes:,} bytes unused")
    return f"{report.output or STDOUT_NAME}: {', '.join(parts)}, {seconds(report.seconds)}"


def info_lines(report: PackInfo) -> list[str]:
    """Return one fact per line."""
    kinds = [f"{count:,} of {MEDIA[medium]}" for medium, count in report.media.items()]
    unknown = report.items - sum(report.media.values())
    media = ", ".join([*kinds, *([f"{unknown:,} that need a newer version"] if unknown else [])])
    facts = {"items": f"{report.items:,}" + (f" ({media})" if media else ""), "bytes": f"{report.input_bytes:,}"}
    lines = [report.input, *(f"  {key:<12} {value}" for key, value in facts.items())]
    lines += [f"  {'codebook':<12} {codebook_line(use)}" for use in report.codebooks]
    if report.unused_bytes:
        lines.append(f"  {'unused':<12} about {report.unused_bytes:,} bytes; `vqcodec remove --compact` frees them")
    if report.torn_bytes:
        lines.append(f"  {'torn':<12} {report.torn_bytes:,} bytes of a change that was cut off, or goes on just now")
    rows = [*sorted(report.bytes.items(), key=lambda part: -part[1]), ("in all", report.input_bytes)]
    return [
        *lines,
        "  bytes",
        *(f"    {part:<12} {size:>12,} {size / report.input_bytes:>7.2%}" for part, size in rows),
    ]


def verify_facts(report: PackVerifyReport) -> str:
    """Return what a whole pack is."""
    return f"{report.items:,} items, " + "; ".join(f"codebook {codebook_line(use)}" for use in report.codebooks)


def item_line(item: PackedItem) -> str:
    """Return an item: its bytes, its medium and its name."""
    return f"{item.bytes:>10,}  {item.medium or '?':<6}  {item.name}"


def items_total(items: Sequence[PackedItem], size: int) -> str:
    """Return the sums over the items of a pack of `size` bytes."""
    return f"{sum(item.bytes for item in items):>10,}  in {len(items):,} items; the pack has {size:,} bytes"


def unpack_line(report: UnpackReport) -> str:
    """Return item, file, size and time."""
    return f"{report.item} -> {report.output or STDOUT_NAME}: {report.output_bytes:,} bytes, {seconds(report.seconds)}"


def unpack_total(reports: Sequence[UnpackReport]) -> list[str]:
    """Return the sums over all items."""
    return [f"{len(reports):,} items: {sum(report.output_bytes for report in reports):,} bytes"]
