"""What a video codebook with a memory brings on clips that it has not seen, against the shipped one.

    python -m benchmarks.memory_video                 train for each set, then measure
    python -m benchmarks.memory_video camera          one set; the others keep their figures

Whole files are counted. BD-rates are at equal luma PSNR, means over clips. A codebook counts as the difference from the
shipped one that it was trained from; it keeps the tables of that one. The shipped codebook has seen the first 17 frames
of every clip, so of the room it has seen what is measured. Results go to benchmarks/results/memory-video.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError
from benchmarks.video_candidate import LADDER, candidate
from benchmarks.video_data import Clip, find_clips, y4m_bytes
from benchmarks.video_points import Point, PointStore, bd_rates, measure_all
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import VQCodecError

FOLDER = DATA / "video" / "train"
SHIPPED, OWN = "video", "own"
FILES = 1000  # that the codebooks are for
MIDDLE = LADDER[1]  # the quality at which it is said from when on a codebook pays
MOST_FRAMES = 10_000


@dataclass(frozen=True)
class Fold:
    """Clips to train on, and a clip to measure."""

    training: tuple[Clip, ...]
    unseen: Clip


@dataclass(frozen=True)
class ClipSet:
    """A set of clips.

    Attributes:
        label: what they are, and how they are split.
        names: what the names of their files begin with.
        lengths: frames of the clips that are measured: the beginnings of the unseen ones.
        folds: cuts the files into folds.
    """

    label: str
    names: str
    lengths: tuple[int, ...]
    folds: Callable[[Sequence[Clip]], Iterator[Fold]]


def halves(clips: Sequence[Clip]) -> Iterator[Fold]:
    """The first half of each clip to train on, the second to measure."""
    for clip in clips:
        middle = len(clip.raw) // 2
        yield Fold((replace(clip, raw=clip.raw[:middle]),), replace(clip, raw=clip.raw[middle:]))


def leaving_one_out(clips: Sequence[Clip]) -> Iterator[Fold]:
    """Each clip to measure, all others to train on."""
    for number, clip in enumerate(clips):
        yield Fold((*clips[:number], *clips[number + 1 :]), clip)


SETS = {
    "camera": ClipSet("fixed camera, first half to train", "opencv_vtest", (16, 40), halves),
    "room": ClipSet("room with people, other takes to train", "asl_", (24, 60), leaving_one_out),
}


def main(arguments: list[str] | None = None) -> int:
    parser = described_parser("memory_video", __doc__)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], help="which (default: all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the clips are (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes")
    options = parser.parse_args(arguments)
    path = options.output / "memory-video.json"
    rows = json.loads(path.read_text())["results"]["sets"] if path.exists() else {}
    try:
        for name in options.sets or SETS:
            clips = find_clips(options.folder, (SETS[name].names,), MOST_FRAMES)
            rows[name] = measure(SETS[name], clips)
            write_json(path, "memory_video", {"files": FILES, "sets": rows})
            for row in rows[name]["lengths"]:
                print(f"{name}, {row['frames']} frames: {row['bd_rate']['psnr_y']['mean']:+.1f} %")
    except (MissingDataError, VQCodecError) as error:
        print(f"memory_video: skipped: {error}", file=sys.stderr)
    return 0


def train(clips: Sequence[Clip], folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """Train a codebook as the tutorial's command does; return its path in `folder`, and what it says of its memory."""
    from vqcodec.api.training import train_codebook

    sources = [folder / f"{number:02}.y4m" for number in range(len(clips))]
    for source, clip in zip(sources, clips):
        source.write_bytes(y4m_bytes(clip))
    codebook = folder / f"{OWN}.vqcb"
    made = train_codebook(
        sources,
        medium="video",
        name=OWN,
        parent=SHIPPED,
        frames_per_clip=max(len(clip.raw) for clip in clips),
        rounds=0,
        for_=FILES,
    )
    codebook.write_bytes(made.to_bytes())
    return codebook, made.provenance["memory"] or {}


def measure(chosen: ClipSet, clips: Sequence[Clip]) -> dict[str, Any]:
    """Train for each fold, measure its clip at each length, and return the row of the set."""
    points: dict[int, list[Point]] = {frames: [] for frames in chosen.lengths}
    codebooks = []
    for fold in chosen.folds(clips):
        with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
            path, memory = train(fold.training, Path(folder))
            own = Codebook.from_bytes(path.read_bytes())
            size = len(own.to_bytes(load_codebook(SHIPPED)))
            codebooks.append({"clip": fold.unseen.name, "difference_bytes": size, "memory": memory})
            codecs = [replace(candidate(SHIPPED, LADDER), name=SHIPPED), replace(candidate(str(path)), name=OWN)]
            for frames, into in points.items():
                into += measure_all(codecs, [fold.unseen.first(frames)], PointStore(None), _report)
    rows = [_row(frames, found, codebooks) for frames, found in points.items()]
    return {"label": chosen.label, "codebooks": codebooks, "lengths": rows}


def _row(frames: int, points: Sequence[Point], codebooks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what clips of a length gain, and from how many of them on a codebook pays."""
    compared = {name: bd_rates(points, SHIPPED, name)[OWN] for name in ("psnr_y", "psnr_611")}
    sizes = [point["bytes"] for point in points if point["codec"] == SHIPPED and point["setting"] == MIDDLE]
    saved = -compared["psnr_y"]["mean"] / 100 * float(np.mean(sizes))
    cost = float(np.mean([codebook["difference_bytes"] for codebook in codebooks]))
    return {
        "frames": frames,
        "bd_rate": compared,
        "shipped_bytes": round(float(np.mean(sizes))),
        "saved_bytes": round(saved),
        "codebook_bytes": round(cost),
        "pays_from_files": None if saved <= 0 else -int(-cost // saved),
        "points": list(points),
    }


def _report(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
