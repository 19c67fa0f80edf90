"""What is told of a memory at the end of a training."""

from __future__ import annotations

from typing import Any

from vqcodec.cli.wording.training import bars, memory_lines, training_lines


def memory(count: int, **changes: object) -> dict[str, object]:
    items = [{"file": f"{n}.png", "bytes": 1000 + n, "saves_bytes": 5000, "used_by": 3} for n in range(count)]
    known = {
        "items": items,
        "bytes": 1000 * count,
        "files": 2000,
        "quality": 50.0,
        "held_out": {"count": 7, "saved_share": 0.2512},
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
    lines = list(memory_lines(memory(2, held_out={"count": 0, "saved_share": 0.0}, pays_from_files=None)))
    assert not any("left out" in line for line in lines)
    assert lines[-1].endswith("it does not pay")


def report(**held_out: Any) -> dict[str, Any]:
    """A report whose held-out files are as given."""
    held = {
        "files": ["a.png"],
        "count": 1,
        "measure": "PSNR",
        "compared_with": "photo",
        "started_from": "parent",
        "saved_share": None,
        "gain_db": None,
        "before": [],
        "after": [],
        "not_measured": [],
    }
    return {
        "corpus": {"left_out": [], "not_used": []},
        "held_out": held | held_out,
        "usage": [],
        "convergence": [],
    }


def test_what_a_codebook_brings_on_files_that_were_held_out() -> None:
    assert list(training_lines(report(saved_share=0.0523, gain_db=0.314))) == [
        "  held out: a.png",
        "    1 file takes 5.2 % less than with photo at equal PSNR, or has +0.31 dB in equal bytes",
    ]
    files = [f"{n}.png" for n in range(5)]
    worse = report(saved_share=-0.02, files=files, count=5, started_from="nothing")
    assert list(training_lines(worse)) == [
        "  held out: 0.png, 1.png, 2.png and 2 more",
        "    5 files take 2.0 % more than with photo at equal PSNR (the training started from nothing)",
    ]
    of_one_rate = report(gain_db=-0.25, measure="SNR")
    assert list(training_lines(of_one_rate))[1] == "    1 file: -0.25 dB of SNR against photo, in equal bytes"
    point = {"bytes": 1234, "decibels": 31.256}
    alone = report(after=[point], compared_with=None, started_from="nothing")
    assert list(training_lines(alone))[1] == (
        "    1 file: 1,234 bytes at 31.26 dB (PSNR) (the training started from nothing)"
    )
    failed = report(count=0, not_measured=[{"file": "a.png", "reason": "a.png: codes colour only"}])
    assert list(training_lines(failed))[-1] == "    1 file could not be measured; first: a.png: codes colour only"
    assert next(training_lines(report(files=[], count=0))).startswith("  held out: no files")


def test_use_convergence_and_what_was_not_used() -> None:
    told = report(files=[])
    told["usage"] = [
        {"what": "codewords", "used": 1000, "of": 1024, "perplexity": 512.04},
        {"what": "contexts", "used": 3, "of": 9, "perplexity": None},
    ]
    told["convergence"] = [{"what": "rounds", "unit": "dB", "values": [8.0, 4.0, 1.0]}]
    told["corpus"] = {
        "left_out": [{"file": "x", "reason": "y"}],
        "not_used": ["one in 3 blocks (training_vectors); the rest"],
    }
    assert list(training_lines(told))[1:] == [
        "  used: 1,000 of 1,024 codewords, perplexity 512.0",
        "  used: 3 of 9 contexts",
        "  rounds: 8 \u2588\u2584\u2581 1 dB",
        "  not used: 1 file that cannot be read",
        "  not used: one in 3 blocks (--training-vectors); the rest",
    ]
    told["usage"] *= 10
    assert list(training_lines(told))[13] == "    and 8 more; --json lists them"


def test_a_plot_on_one_line() -> None:
    assert bars([5.0]) == bars([5.0, 5.0])[0] == "\u2581"
    assert bars([0.0, 7.0]) == "\u2581\u2588"
    assert bars([100.0, 99.9]) == "\u2581\u2581"  # a change that does not matter is not shown as a large one
    many = bars([float(n) for n in range(1000)])
    assert (len(many), many[0], many[-1]) == (40, "\u2581", "\u2588")
