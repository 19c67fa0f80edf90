"""What a training found out, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 5  # items


def memory_lines(memory: Mapping[str, Any] | None) -> Iterator[str]:
    """Give lines on what a codebook remembers, and when that pays.

    Args:
        memory: as docs/json.md describes it; None if there is none, because no piece of the media pays.
    """
    if memory is None:
        yield "  memory: none; no picture saves the others more than it takes"
        return
    items = memory["items"]
    yield f"  memory: {len(items)} picture{'s' * (len(items) != 1)} of the corpus in {memory['bytes']:,} bytes"
    for item in items[:_SHOWN]:
        yield (
            f"    {item['file']}: {item['bytes']:,} bytes; saves {item['saves_bytes']:,} in {memory['files']:,} files"
        )
    if len(items) > _SHOWN:
        yield f"    and {len(items) - _SHOWN} more; --json lists them"
    if memory["held_out_pictures"]:
        yield (
            f"  {memory['held_out_pictures']} pictures that were left out for a test take"
            f" {100 * memory['held_out_saved_share']:.1f} % less with such a memory, at quality {memory['quality']:g}"
        )
    pays = memory["pays_from_files"]
    yield (
        f"  the codebook takes {memory['codebook_bytes']:,} bytes beside the one that it was trained from; "
        + ("it does not pay" if pays is None else f"it pays from about {pays:,} files like these on")
    )
