"""Codebook design by dimension and size beside faiss.Kmeans, and how soon each start reaches a distortion.

    python -m benchmarks.lbg_scale          write benchmarks/results/lbg_scale.json and a plot (a quarter of an hour)

- `shapes`: Lloyd iterations on blocks of photographs, 4 to 64 numbers each, with up to 65,536 codewords, one thread.
  Everyone begins with the same codewords, drawn at random from the blocks. Seconds are of the processor.
- `starts`: distortion over time by the clock, for each start of ours and for faiss from random codewords.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError, photographs
from benchmarks.plots import plot_curves
from benchmarks.search import grey_blocks
from vqcodec.threads import default_threads
from vqcodec.vq import nearest
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.result import Iteration
from vqcodec.vq.design.starts import Start

SHAPES = {"2x2 grey": (2, True), "2x2 colour": (2, False), "4x4 grey": (4, True), "8x8 grey": (8, True)}
SIZES = (256, 1024, 4096, 16_384, 65_536)
STARTS: tuple[Start, ...] = ("random", "k-means++", "split", "pnn")
PLOT = RESULTS.parent.parent / "docs" / "pictures" / "time-to-distortion.svg"


def blocks_of(folder: Path, side: int, grey: bool, count: int) -> np.ndarray:
    """`count` blocks of side x side pixels drawn from all pictures, float32 (count, dimension)."""
    parts = []
    for picture in photographs(folder, grey=grey):
        samples = picture.samples.reshape(*picture.samples.shape[:2], -1)
        rows, columns = (length // side for length in samples.shape[:2])
        cells = samples[: rows * side, : columns * side].reshape(rows, side, columns, side, -1)
        parts.append(cells.swapaxes(1, 2).reshape(rows * columns, -1))
    blocks = np.concatenate(parts)
    chosen = np.sort(np.random.default_rng(0).permutation(len(blocks))[:count])
    return blocks[chosen].astype(np.float32)


def compare_shape(label: str, data: np.ndarray, size: int, iterations: int) -> dict[str, Any]:
    """Seconds of the processor, and distortions, of ours and of faiss from the same start on one thread."""
    import faiss

    faiss.omp_set_num_threads(1)
    start = np.unique(data, axis=0)
    start = np.ascontiguousarray(start[np.random.default_rng(1).permutation(len(start))[:size]])
    begin = time.process_time()
    ours = lbg(data, size, start=start, threshold=0, max_iterations=iterations + 1, threads=1).codewords
    middle = time.process_time()
    kmeans = faiss.Kmeans(data.shape[1], size, niter=iterations, max_points_per_centroid=len(data))
    kmeans.train(data, init_centroids=start)
    end = time.process_time()
    row = {
        "shape": label,
        "dimension": data.shape[1],
        "vectors": len(data),
        "codewords": size,
        "seconds": round(middle - begin, 2),
        "times_ours": round((end - middle) / (middle - begin), 2),
        "distortion": round(float(nearest(data, ours)[1].mean(dtype=np.float64)), 3),
        "faiss_distortion": round(float(nearest(data, kmeans.centroids)[1].mean(dtype=np.float64)), 3),
    }
    print(row, flush=True)
    return row


def approach(data: np.ndarray, size: int, iterations: int) -> list[dict[str, Any]]:
    """Points (seconds, distortion) of each start; of splitting, those with all codewords."""
    points: list[dict[str, Any]] = []
    for start in STARTS:
        begin = time.perf_counter()

        def note(done: Iteration, name: str = f"vqcodec {start}", begin: float = begin) -> None:
            if done.size == size:
                seconds = time.perf_counter() - begin
                points.append({"codec": name, "seconds": seconds, "distortion": done.distortion})

        lbg(data, size, start=start, threshold=0, max_iterations=iterations, progress=note)
    import faiss

    faiss.omp_set_num_threads(default_threads())
    rows = np.ascontiguousarray(data[np.random.default_rng(1).permutation(len(data))[:size]])
    for count in (1, 2, 4, 8, 16, 32):
        kmeans = faiss.Kmeans(data.shape[1], size, niter=count, max_points_per_centroid=len(data))
        begin = time.perf_counter()
        kmeans.train(data, init_centroids=rows)
        seconds = time.perf_counter() - begin
        distortion = float(nearest(data, kmeans.centroids)[1].mean(dtype=np.float64))
        points.append({"codec": "faiss random", "seconds": seconds, "distortion": distortion})
    return points


def main() -> None:
    parser = described_parser("lbg_scale", __doc__)
    parser.add_argument("--data", type=Path, default=DATA / "images" / "train", help="folder of photographs")
    parser.add_argument("--vectors", type=int, default=500_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of codewords")
    parser.add_argument("--iterations", type=int, default=3, help="of each shape")
    parser.add_argument("--output", type=Path, default=RESULTS / "lbg_scale.json")
    options = parser.parse_args()
    try:
        shapes = {label: blocks_of(options.data, *shape, options.vectors) for label, shape in SHAPES.items()}
        grey = grey_blocks(options.data, 2 * options.vectors)
    except MissingDataError as error:
        print(f"skipped: {error}")
        return
    for data in shapes.values():
        for size in options.sizes[:3]:
            lbg(data[: 4 * size], size, start="random", max_iterations=2)  # compiles
    rows = [
        compare_shape(label, data, size, options.iterations)
        for label, data in shapes.items()
        for size in options.sizes
        if 4 * size <= len(np.unique(data, axis=0))
    ]
    points = approach(grey, 1024, 25)
    labels = {name: name for name in dict.fromkeys(point["codec"] for point in points)}
    heading = f"{len(grey):,} blocks of 4x4, 1024 codewords"
    plot_curves(PLOT, heading, points, labels, "distortion", "MSE per block", rate="seconds", rate_axis="seconds")
    write_json(options.output, "lbg_scale", {"iterations": options.iterations, "shapes": rows, "starts": points})


if __name__ == "__main__":
    main()
