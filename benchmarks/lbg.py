"""Codebook design beside faiss.Kmeans, scikit-learn's KMeans (also as Intel accelerates it) and superkmeans.

    python -m benchmarks.lbg                print the figures and write them to benchmarks/results/lbg.json

The training sequence is the 4x4 blocks of photographs in grey. Everyone begins with the same codewords, drawn by
k-means++, and makes the same number of updates of the codewords, `iterations`. superkmeans takes no codewords to
begin with, and draws its own. Rounding differs and decides about
some 0.001 % of the distortion, so ours is shown with one update more, too. Distortions are measured anew with our
exact search for all. The contenders take turns; figures are medians over the rounds, processor time with one thread,
time by the clock with all. One that takes half a minute has a single turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError
from benchmarks.search import grey_blocks
from vqcodec.threads import default_threads
from vqcodec.vq import nearest
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.design.starts import kmeans_plus_plus

LONG = 30.0  # seconds
LINE = "{codewords:5d} {threads} {method:24s} {seconds:8.3f} s {times_ours:6.2f} {distortion:10.3f}"


def contenders(data: np.ndarray, start: np.ndarray, iterations: int, threads: int) -> dict[str, Callable[[], Any]]:
    """What takes turns; each returns its codewords."""
    import faiss
    from sklearn.cluster import KMeans
    from sklearnex.cluster import KMeans as AcceleratedKMeans
    from superkmeans import SuperKMeans

    size, dimension = start.shape
    faiss.omp_set_num_threads(threads)

    def ours(updates: int) -> np.ndarray:
        return lbg(data, size, start=start, threshold=0, max_iterations=updates + 1, threads=threads).codewords

    def faiss_kmeans() -> np.ndarray:
        kmeans = faiss.Kmeans(dimension, size, niter=iterations, max_points_per_centroid=len(data))
        kmeans.train(data, init_centroids=start)
        return kmeans.centroids

    def sklearn_kmeans(kind: type[KMeans]) -> np.ndarray:
        kmeans = kind(size, init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
        return kmeans.fit(data).cluster_centers_

    def super_kmeans() -> np.ndarray:
        settings = {"hierarchical": False, "sampling_fraction": 1.0, "max_points_per_cluster": len(data)}
        kmeans = SuperKMeans(size, dimension, iters=iterations, n_threads=threads, early_termination=False, **settings)
        return np.asarray(kmeans.train(data), dtype=np.float32)

    return {
        "vqcodec": lambda: ours(iterations),
        "vqcodec, one more": lambda: ours(iterations + 1),
        "faiss.Kmeans": faiss_kmeans,
        "sklearn.cluster.KMeans": lambda: sklearn_kmeans(KMeans),
        "sklearnex.cluster.KMeans": lambda: sklearn_kmeans(AcceleratedKMeans),
        "superkmeans": super_kmeans,
    }


def measure(data: np.ndarray, start: np.ndarray, iterations: int, threads: int, rounds: int) -> list[dict[str, Any]]:
    """One row for each contender."""
    from threadpoolctl import threadpool_limits

    clock = time.process_time if threads == 1 else time.perf_counter
    tasks = contenders(data, start, iterations, threads)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    distortions = {}
    with threadpool_limits(threads):
        for _ in range(rounds):
            for name, task in tasks.items():
                if times[name] and times[name][0] > LONG:
                    continue
                begin = clock()
                codewords = task()
                times[name].append(clock() - begin)
                distortions[name] = float(nearest(data, codewords)[1].mean(dtype=np.float64))
    seconds = {name: statistics.median(values) for name, values in times.items()}
    return [
        {
            "codewords": len(start),
            "threads": threads,
            "method": name,
            "seconds": round(seconds[name], 3),
            "times_ours": round(seconds[name] / seconds["vqcodec"], 2),
            "distortion": round(distortions[name], 3),
        }
        for name in tasks
    ]


def main() -> None:
    parser = described_parser("lbg", __doc__)
    parser.add_argument("--data", type=Path, default=DATA / "images" / "train", help="folder of photographs")
    parser.add_argument("--blocks", type=int, default=1_000_000, help="number of vectors")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256], help="numbers of codewords")
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "lbg.json")
    options = parser.parse_args()
    try:
        data = grey_blocks(options.data, options.blocks)
    except MissingDataError as error:
        print(f"skipped: {error}")
        return
    rows = []
    for size in options.sizes:
        start = kmeans_plus_plus(data, size, seed=1)
        lbg(data[: 2 * size], size, start=start, max_iterations=2)  # compiles what this size needs
        for threads in sorted({1, default_threads()}):
            for row in measure(data, start, options.iterations, threads, options.rounds):
                rows.append(row)
                print(LINE.format(**row))
    results = {"vectors": len(data), "dimension": data.shape[1], "iterations": options.iterations, "rows": rows}
    write_json(options.output, "lbg", results)


if __name__ == "__main__":
    main()
