"""Frames of clips at a low rate beside x264 at the same size: what the figures of video look like.

python -m benchmarks.video_side_by_side                     the three frames of docs/figures.md
python -m benchmarks.video_side_by_side -c mine.vqcb --groups --folder OTHER
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import RESULTS, write_json
from benchmarks.datasets import MissingDataError, Samples
from benchmarks.side_by_side import FOLDER, write_sheet
from benchmarks.video_candidate import DEFAULT_EFFORT, candidate
from benchmarks.video_data import CLIPS, FRAMES, Clip, ffmpeg_version, find_clips, split_planes
from benchmarks.video_peers import Outcome, VideoCodec, find_peers
from benchmarks.video_points import described
from vqcodec.errors import VQCodecError
from vqcodec.metrics import psnr

PEERS = ("x264-medium", "x264-veryslow")
CRF_STEP = 0.25
HIGHEST_CRF = 51.0


class Scene(NamedTuple):
    """A clip, vqcodec's quality, the frame to show and the part of it: left, top, width, height."""

    clip: str
    quality: float
    frame: int
    crop: tuple[int, int, int, int]


SCENES = (  # clips that may be published
    Scene("flower_cereus", 25, 30, (64, 8, 256, 200)),
    Scene("sam2_dog", 25, 60, (64, 8, 256, 200)),
    Scene("street_redtree", 25, 60, (80, 17, 256, 200)),
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.video_side_by_side", description=(__doc__ or "").split("\n")[0]
    )
    add = parser.add_argument
    add("-c", "--codebook", default="", metavar="NAME[:OPTION=VALUE,...]", help="(default: the default codebook)")
    add("-e", "--effort", type=int, default=DEFAULT_EFFORT, help="of vqcodec (default: %(default)s)")
    add("--groups", action="store_true", help="vqcodec: the engine's packet of one group instead of a whole file")
    add("--folder", type=Path, default=CLIPS, help="of the clips (default: the dev set)")
    add("--frames", type=int, default=FRAMES, help="the first N of each clip are coded (default: %(default)s)")
    add("--output", type=Path, default=FOLDER, metavar="FOLDER", help="where pictures go (default: %(default)s)")
    add("--json", type=Path, default=RESULTS / "video-side-by-side.json")
    options = parser.parse_args(arguments)
    try:
        own = candidate(options.codebook, effort=options.effort, groups=options.groups)
        peers, missing = find_peers(PEERS)
        for reason in missing:
            print(reason, file=sys.stderr)
        rows = []
        for scene in SCENES:
            (clip,) = find_clips(options.folder, (scene.clip,), options.frames)
            rows += _show(scene, clip, own, peers, options.output)
    except (MissingDataError, VQCodecError) as error:
        print(f"video-side-by-side: skipped: {error}", file=sys.stderr)
        return 0
    write_json(options.json, "video-side-by-side", {"rows": rows}, ffmpeg_version())
    return 0


def _show(scene: Scene, clip: Clip, own: VideoCodec, peers: list[VideoCodec], folder: Path) -> list[dict[str, object]]:
    """Write the picture of `scene`; return what each codec reached on the whole clip and on the frame."""
    frame = min(scene.frame, len(clip.raw) - 1)
    coded = own.run(clip, scene.quality)
    shown = [("vqcodec", coded), *((peer.label, at_size(peer, clip, coded.size)) for peer in peers)]
    panels = [("original", rgb_of(clip, clip.raw, frame))]
    panels += [(f"{label}, {outcome.size} bytes", rgb_of(clip, outcome.decoded, frame)) for label, outcome in shown]
    write_sheet(folder / f"{clip.name}-{frame}.webp", panels, scene.crop)
    rows: list[dict[str, object]] = []
    for label, outcome in shown:
        measured = described(outcome, clip)
        luma, decoded = (split_planes(raw, clip.width, clip.height)[0][frame] for raw in (clip.raw, outcome.decoded))
        rows.append(
            {
                "clip": clip.name,
                "codec": label,
                "bytes": outcome.size,
                "kbps": measured["kbps"],
                "psnr_y": measured["psnr_y"],
                "frame": frame,
                "frame_psnr_y": round(psnr(luma, decoded), 4),
            }
        )
    return rows


def at_size(peer: VideoCodec, clip: Clip, size: int) -> Outcome:
    """The peer at its highest rate factor that takes at least `size` bytes: the steps are in its favour."""
    low, high = 0, round(HIGHEST_CRF / CRF_STEP)
    best = peer.run(clip, low * CRF_STEP)
    while low < high:
        middle = (low + high + 1) // 2
        outcome = peer.run(clip, middle * CRF_STEP)
        if outcome.size >= size:
            low, best = middle, outcome
        else:
            high = middle - 1
    return best


def rgb_of(clip: Clip, raw: NDArray[np.uint8], frame: int) -> Samples:
    """A frame as RGB: BT.601 of limited range, as players show clips of this size; chroma is repeated."""
    y, u, v = (plane[frame].astype(np.float64) for plane in split_planes(raw, clip.width, clip.height))
    blue, red = (plane.repeat(2, 0).repeat(2, 1)[: clip.height, : clip.width] - 128 for plane in (u, v))
    luma = (y - 16) * 255 / 219
    full = 255 / 224
    green = luma - (0.344136 * blue + 0.714136 * red) * full
    rgb = np.stack([luma + 1.402 * full * red, green, luma + 1.772 * full * blue], axis=-1)
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())
