"""Speed of the exact nearest-codeword search, beside faiss.IndexFlatL2 and scipy.cluster.vq.vq.

    python -m benchmarks.search             print the figures and write them to benchmarks/results/search.json

Vectors are the 4x4 blocks of photographs in grey, in the order of the pictures; codebooks are trained on a part of
them. All contenders take turns, so that whatever else the machine does slows them all. Figures are medians over the
rounds: processor time with one thread, time by the clock with all. The time to prepare our index is included.

"previous block" gives each vector the index found for the vector before it as hint, "last iteration" the index found
with the same codebook, as in the last iterations of training. scipy is measured on fewer vectors.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError, photographs
from vqcodec.threads import default_threads
from vqcodec.vq.design.lbg import lbg
from vqcodec.vq.search import SearchIndex

SIDE = 4  # pixels
SIZES = (256, 1024, 4096)
TRAINING_BLOCKS = 200_000
SCIPY_SHARE = 50
LINE = "{codewords:5d} {threads} {method:30s} {ns_per_vector:9.1f} ns {times_faiss:6.2f}"


def grey_blocks(folder: Path, count: int) -> np.ndarray:
    """`count` blocks of 4x4 pixels, float32 (count, 16), in raster order from whole pictures of a folder."""
    pictures = [picture.samples for picture in photographs(folder, grey=True)]
    blocks = [blocks_of(picture) for picture in pictures]
    share = min(1.0, count / sum(len(of_one) for of_one in blocks))
    return np.concatenate([of_one[: -int(-len(of_one) * share)] for of_one in blocks])[:count]


def blocks_of(plane: np.ndarray) -> np.ndarray:
    """The 4x4 blocks of a plane in raster order, float32 (n, 16); incomplete ones at the edges are left out."""
    height, width = (length // SIDE for length in plane.shape)
    cut = plane[: height * SIDE, : width * SIDE].reshape(height, SIDE, width, SIDE)
    return cut.swapaxes(1, 2).reshape(-1, SIDE * SIDE).astype(np.float32)


def contenders(vectors: np.ndarray, codewords: np.ndarray, threads: int) -> dict[str, tuple[Callable[[], Any], int]]:
    """What takes turns: a call, and the number of vectors it searches for."""
    import faiss
    import scipy.cluster.vq

    faiss.omp_set_num_threads(threads)
    flat = faiss.IndexFlatL2(vectors.shape[1])
    flat.add(codewords)
    found = SearchIndex(codewords).nearest(vectors)[0]
    previous = np.concatenate([found[:1], found[:-1]])
    few = np.ascontiguousarray(vectors[::SCIPY_SHARE])

    def ours(hint: np.ndarray | None) -> Any:
        return SearchIndex(codewords).nearest(vectors, hint=hint, threads=threads)

    return {
        "vqcodec": (lambda: ours(None), len(vectors)),
        "vqcodec, hint: previous block": (lambda: ours(previous), len(vectors)),
        "vqcodec, hint: last iteration": (lambda: ours(found), len(vectors)),
        "faiss.IndexFlatL2": (lambda: flat.search(vectors, 1), len(vectors)),
        "scipy.cluster.vq.vq": (lambda: scipy.cluster.vq.vq(few, codewords), len(few)),
    }


def measure(vectors: np.ndarray, codewords: np.ndarray, threads: int, rounds: int) -> list[dict[str, Any]]:
    """One row for each contender: nanoseconds a vector, and how many times faster than faiss it is."""
    from threadpoolctl import threadpool_limits

    clock = time.process_time if threads == 1 else time.perf_counter
    tasks = contenders(vectors, codewords, threads)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    with threadpool_limits(threads):  # idle threads of a numerical library spin on the next one's account
        for round_number in range(rounds + 1):  # the first does not count
            for name, (task, count) in tasks.items():
                start = clock()
                task()
                if round_number:
                    times[name].append((clock() - start) / count)
    medians = {name: statistics.median(values) for name, values in times.items()}
    reference = medians["faiss.IndexFlatL2"]
    return [
        {
            "codewords": len(codewords),
            "threads": threads,
            "method": name,
            "ns_per_vector": round(1e9 * seconds, 1),
            "times_faiss": round(reference / seconds, 2),
        }
        for name, seconds in medians.items()
    ]


def main() -> None:
    parser = described_parser("search", __doc__)
    parser.add_argument("--data", type=Path, default=DATA / "images" / "train", help="folder of photographs")
    parser.add_argument("--blocks", type=int, default=1_000_000, help="number of vectors")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULTS / "search.json")
    options = parser.parse_args()
    try:
        vectors = grey_blocks(options.data, options.blocks)
    except MissingDataError as error:
        print(f"skipped: {error}")
        return
    rows = []
    for size in SIZES:
        training = vectors[:: max(1, len(vectors) // TRAINING_BLOCKS)]
        codewords = lbg(training, size, start="k-means++", max_iterations=8).codewords
        for threads in sorted({1, default_threads()}):
            for row in measure(vectors, codewords, threads, options.rounds):
                rows.append(row)
                print(LINE.format(**row))
    write_json(options.output, "search", {"vectors": len(vectors), "dimension": SIDE**2, "rows": rows})


if __name__ == "__main__":
    main()
