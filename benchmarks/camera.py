"""What a codebook trained on one fixed camera gains on later pictures of that camera, against the shipped one.

    python -m benchmarks.camera                       train, then measure
    python -m benchmarks.camera -c camera.vqcb        measure a codebook that has been trained by the same split

The camera is that of OpenCV's pedestrian clip. Its first half is trained on; of its second half whole files are
measured. The shipped codebook has seen the beginning of the first half too, and nothing of the second. Results go to
benchmarks/results/camera.json.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, write_json
from benchmarks.datasets import DATA, MissingDataError
from benchmarks.video_candidate import LADDER, candidate, warm
from benchmarks.video_data import Clip, find_clips, y4m_bytes
from benchmarks.video_points import PointStore, bd_rates, measure_all
from vqcodec.errors import VQCodecError

FOLDER = DATA / "video" / "train"
CAMERA = "opencv_vtest"
SHIPPED = "video"
ROUNDS = 2
MOST_FRAMES = 10_000


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.camera",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where the clip is (default: %(default)s)")
    parser.add_argument("--clip", default=CAMERA, help="the beginning of its name (default: %(default)s)")
    parser.add_argument("-c", "--codebook", type=Path, help="measure this one instead of training")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes")
    options = parser.parse_args(arguments)
    try:
        clip = find_clips(options.folder, (options.clip,), MOST_FRAMES)[0]
        with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
            results = measure(clip, options.codebook or train(halves(clip)[0], Path(folder)))
    except (MissingDataError, VQCodecError) as error:
        print(f"camera: skipped: {error}", file=sys.stderr)
        return 0
    write_json(options.output / "camera.json", "camera", results)
    for quality, difference in results["bd_rate"].items():
        print(f"the camera's codebook against {SHIPPED}, {quality}: {difference:+.2f} %")
    return 0


def halves(clip: Clip) -> tuple[Clip, Clip]:
    """The first half of a clip, to train on, and the second, to measure."""
    middle = len(clip.raw) // 2
    return replace(clip, raw=clip.raw[:middle]), replace(clip, raw=clip.raw[middle:])


def train(clip: Clip, folder: Path) -> Path:
    """Train a codebook on the whole clip as the tutorial's command does; return its path in `folder`."""
    from vqcodec.api.training import train_codebook

    source, codebook = folder / "camera.y4m", folder / "camera.vqcb"
    source.write_bytes(y4m_bytes(clip))
    made = train_codebook(
        [source],
        medium="video",
        name="camera",
        parent=SHIPPED,
        frames_per_clip=len(clip.raw),
        rounds=ROUNDS,
    )
    codebook.write_bytes(made.to_bytes())
    return codebook


def measure(clip: Clip, codebook: Path) -> dict[str, Any]:
    """Measure the camera's codebook and the shipped one on the second half of a clip."""
    learnt, unseen = halves(clip)
    own = replace(candidate(str(codebook), LADDER), name="camera")
    shipped = replace(candidate(SHIPPED, LADDER), name=SHIPPED)
    warm(shipped, unseen)
    failures: list[str] = []
    points = measure_all([shipped, own], [unseen], PointStore(None), failures.append)
    for text in failures:
        print(text, file=sys.stderr)
    return {
        "clip": clip.name,
        "trained_frames": len(learnt.raw),
        "measured_frames": len(unseen.raw),
        "codebook_bytes": codebook.stat().st_size,
        "points": points,
        "bd_rate": {
            quality: bd_rates(points, SHIPPED, quality)["camera"]["mean"] for quality in ("psnr_y", "psnr_611")
        },
    }


if __name__ == "__main__":
    sys.exit(main())
