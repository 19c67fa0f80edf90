"""What is told of a memory at the end of a training."""

from __future__ import annotations

from vqcodec.cli.wording.training import memory_lines


def memory(count: int, **changes: object) -> dict[str, object]:
    items = [{"file": f"{n}.png", "bytes": 1000 + n, "saves_bytes": 5000, "used_by": 3} for n in range(count)]
    known = {
        "items": items,
        "bytes": 1000 * count,
        "files": 2000,
        "quality": 50.0,
        "held_out_pictures": 7,
        "held_out_saved_share": 0.2512,
        "codebook_bytes": 12345,
        "pays_from_files": 432,
    }
    return known | changes


def test_items_gain_and_when_it_pays() -> None:
    assert list(memory_lines(memory(1))) == [
        "  memory: 1 picture of the corpus in 1,000 bytes",
        "    0.png: 1,000 bytes; saves 5,000 in 2,000 files",
        "  7 pictures that were left out for a test take 25.1 % less with such a memory, at quality 50",
        "  the codebook takes 12,345 bytes beside the one that it was trained from; "
        "it pays from about 432 files like these on",
    ]


def test_only_the_first_items_are_shown() -> None:
    lines = list(memory_lines(memory(9)))
    assert lines[0] == "  memory: 9 pictures of the corpus in 9,000 bytes"
    assert lines[5].startswith("    4.png")
    assert lines[6] == "    and 4 more; --json lists them"


def test_none_and_what_does_not_pay() -> None:
    assert list(memory_lines(None)) == ["  memory: none; no picture saves the others more than it takes"]
    lines = list(memory_lines(memory(2, held_out_pictures=0, pays_from_files=None)))
    assert not any("left out" in line for line in lines)
    assert lines[-1].endswith("it does not pay")
