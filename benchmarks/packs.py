"""Whole sets of small pictures in one pack, against the same pictures as files of other formats and as one video.

    python -m benchmarks.packs                    all sets (an hour)
    python -m benchmarks.packs --only digits20 --limit 500
    python -m benchmarks.packs --pack-only        measure the packs anew, and keep the figures of the others

Everything is counted: of a pack the codebook, the index with the names, and the checksums. Of files only the files
count, without names and what a file system takes. Of a video its raw stream counts, without names; its pictures
cannot be read one by one. Pictures with transparency are laid on white before anything is coded. PSNR is that of all
samples of a picture, at most 60 dB, and the mean over the pictures. Bytes at a PSNR are interpolated between the two
settings around it (logarithm of bytes over PSNR). Results go to benchmarks/results/packs.json.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, Samples
from benchmarks.peers import Codec, find_peers
from vqcodec import Pack, make_pack
from vqcodec.errors import VQCodecError
from vqcodec.ffmpeg.program import executable
from vqcodec.threads import map_shards

SETS = {
    "emoji_noto64": "1,884 emoji, 64x64",
    "digits20": "5,000 digits, 20x20, grey",
    "sprites": "1,332 game sprites, 68x56, on white",
    "orl_faces": "400 faces, 92x112, grey",
}
FORMATS = ("webp", "avif", "avif444", "jxl")
TARGETS = (35.0, 40.0)
MOST_PSNR = 60.0
_LADDERS = {
    "webp": (50, 75, 90, 100),
    "avif": (35, 60, 75, 90),
    "avif444": (50, 65, 78, 88),
    "jxl": (60, 80, 90, 95),
}
_QUALITIES = (35.0, 50.0, 65.0, 78.0)  # of vqcodec
_VIDEOS = {
    "x265": ("x265, one video", ["-c:v", "libx265", "-preset", "slow", "-x265-params"], "hevc", (32, 26, 20, 14)),
    "av1": ("AV1, one video", ["-c:v", "libaom-av1", "-cpu-used", "5", "-crf"], "obu", (45, 32, 22, 12)),
}


@dataclass(frozen=True)
class Point:
    """What a set takes at a setting: bytes, and the mean PSNR in dB."""

    setting: float
    bytes: int
    psnr: float


def main(arguments: list[str] | None = None) -> int:
    parser = described_parser("packs", __doc__)
    parser.add_argument("--folder", type=Path, default=DATA / "images" / "tiles", help="where the sets are")
    parser.add_argument("--only", action="append", choices=SETS, help="a set; may be repeated")
    parser.add_argument("--limit", type=int, help="take about this many pictures of each set, evenly spread")
    parser.add_argument("--pack-only", action="store_true", help="keep the other codecs' figures of the last run")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    kept = _last_points(options.output / "packs.json") if options.pack_only else []
    for name in options.only or SETS:
        if not (options.folder / name).is_dir():
            print(f"packs: {name} is skipped: {options.folder / name} is not there", file=sys.stderr)
            continue
        others = [row for row in kept if row["set"] == name and row["codec"] != "vqcodec"]
        rows += measure(name, options.folder / name, options.limit, others)
    rows += [row for row in kept if row["set"] not in {found["set"] for found in rows}]
    if rows:
        write_json(options.output / "packs.json", "packs", {"points": rows, "at": interpolated(rows)})
    return 0


def measure(name: str, folder: Path, limit: int | None, others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points of all codecs on a set; `others` are those of the other codecs, if they are known."""
    paths = sorted(folder.glob("*.png"))
    stride = 1 if limit is None else max(1, len(paths) // limit)
    with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as temporary:
        plain = Path(temporary, name)
        plain.mkdir()
        pictures = []
        for path in paths[::stride]:
            pictures.append(_on_white(path))
            Image.fromarray(pictures[-1]).save(plain / path.name)
        rows = _rows(name, pictures, "vqcodec", "vqcodec pack", packed(plain, pictures))
        if others:
            return rows + others
        peers, missing = find_peers(FORMATS, grey=pictures[0].ndim == 2)
        for reason in missing.values():
            print(reason, file=sys.stderr)
        for codec in peers:
            rows += _rows(name, pictures, codec.name, f"{codec.label} files", as_files(pictures, codec))
        for video, (label, *_) in _VIDEOS.items():
            rows += _rows(name, pictures, video, label, as_video(pictures, video))
    return rows


def packed(folder: Path, pictures: Sequence[Samples]) -> list[Point]:
    """What a pack takes, made as `vqcodec pack` makes it."""
    points = []
    names = [path.name for path in sorted(folder.glob("*.png"))]
    for quality in _QUALITIES:
        report = make_pack(folder, quality=quality, tune="psnr", notice=lambda line: print(f"  {line}", flush=True))
        assert report.data is not None
        with Pack(report.data) as pack:
            psnr = mean_psnr(pictures, [pack[name] for name in names])
        points.append(Point(quality, report.output_bytes, psnr))
    return points


def as_files(pictures: Sequence[Samples], codec: Codec) -> list[Point]:
    """What the pictures take as files of a format."""

    def one(job: tuple[Samples, float]) -> tuple[int, Samples]:
        data = codec.encode(*job)
        return len(data), codec.decode(data)

    points = []
    for setting in _LADDERS[codec.name]:
        coded = map_shards(one, [(picture, setting) for picture in pictures])
        points.append(
            Point(setting, sum(size for size, _ in coded), mean_psnr(pictures, [decoded for _, decoded in coded]))
        )
    return points


def as_video(pictures: Sequence[Samples], name: str) -> list[Point]:
    """What the pictures take as the frames of one video, in the order of their names."""
    _, options, form, ladder = _VIDEOS[name]
    height, width = pictures[0].shape[:2]
    grey = pictures[0].ndim == 2
    frames = b"".join(picture.tobytes() for picture in pictures)
    raw = ["-f", "rawvideo", "-pix_fmt", "gray" if grey else "rgb24"]
    coded_as = ["-pix_fmt", "gray" if grey else "yuv444p", "-colorspace", "bt709", "-color_range", "pc"]
    to_planes = ["-vf", "scale=out_range=pc:out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int+bitexact"]
    to_rgb = ["-vf", "scale=in_range=pc:in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int+bitexact"]
    points = []
    with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
        path = str(Path(folder, f"v.{form}"))
        for setting in ladder:
            rate = f"crf={setting}:keyint=-1:log-level=error:no-info=1" if name == "x265" else str(setting)
            source = [*raw, "-s", f"{width}x{height}", "-r", "25", "-i", "-"]
            _ffmpeg([*source, *to_planes, *coded_as, *options, rate, "-g", "9999", "-f", form, path], frames)
            out = _ffmpeg(["-i", path, *to_rgb, *raw, "-"])
            decoded = np.frombuffer(out, np.uint8).reshape(len(pictures), *pictures[0].shape)
            points.append(Point(setting, Path(path).stat().st_size, mean_psnr(pictures, list(decoded))))
    return points


def mean_psnr(pictures: Sequence[Samples], decoded: Sequence[Samples]) -> float:
    """The mean of the PSNR of each picture, in dB; a grey picture may come back in colour."""
    values = []
    for picture, other in zip(pictures, decoded, strict=True):
        same = other[..., :3].mean(axis=2) if other.ndim > picture.ndim else other
        if picture.ndim > other.ndim:
            same = np.repeat(other[..., None], 3, axis=2)
        error = float(np.mean((picture.astype(np.float64) - same) ** 2))
        values.append(MOST_PSNR if error == 0 else min(MOST_PSNR, 10 * math.log10(255**2 / error)))
    return float(np.mean(values))


def interpolated(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bytes of each codec at the targets, and how many times those of the pack the best of the others takes."""
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(row["set"] for row in rows):
        of_set = [row for row in rows if row["set"] == name]
        for target in TARGETS:
            sizes = {
                codec: _at([(row["psnr"], row["bytes"]) for row in of_set if row["codec"] == codec], target)
                for codec in dict.fromkeys(row["codec"] for row in of_set)
            }
            others = [size for codec, size in sizes.items() if codec != "vqcodec" and size is not None]
            own = sizes["vqcodec"]
            ratio = own / min(others) if own and others else None
            found.append({"set": name, "pictures": of_set[0]["pictures"], "psnr": target, **sizes, "of_best": ratio})
    return found


def _at(points: Sequence[tuple[float, int]], target: float) -> float | None:
    """Bytes at a PSNR, between the two points around it; None beyond the points."""
    ordered = sorted(points)
    for (low, few), (high, many) in pairwise(ordered):
        if low <= target <= high:
            share = (target - low) / (high - low)
            return math.exp((1 - share) * math.log(few) + share * math.log(many))
    return None


def _last_points(path: Path) -> list[dict[str, Any]]:
    """The points of the last run; none if there was none."""
    if not path.is_file():
        return []
    points: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["results"]["points"]
    return points


def _rows(
    name: str, pictures: Sequence[Samples], codec: str, label: str, points: Sequence[Point]
) -> list[dict[str, Any]]:
    rows = []
    for point in points:
        print(f"{name} {label} {point.setting:g}: {point.bytes:,} bytes, {point.psnr:.2f} dB", flush=True)
        rows.append({"set": name, "pictures": len(pictures), "codec": codec, "label": label, **vars(point)})
    return rows


def _on_white(path: Path) -> Samples:
    """A picture as RGB or grey, what is transparent on white."""
    with Image.open(path) as image:
        if image.mode == "L":
            return np.asarray(image)
        rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))


def _ffmpeg(arguments: Sequence[str], data: bytes = b"") -> bytes:
    command = [executable(), "-hide_banner", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        raise VQCodecError(f"ffmpeg: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
