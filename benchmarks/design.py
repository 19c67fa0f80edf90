"""Methods and structures of codebook design beside one another, and beside what theory says.

    python -m benchmarks.design             print the figures and write them to benchmarks/results/design.json

Five parts:

- `methods`: each method on 4x4 blocks of photographs; the PSNR is that of blocks of other photographs (Kodak's).
- `source`: a Gauss-Markov source, rho 0.9, at one bit a sample, beside the Lloyd-Max quantizer of single samples and
  the rate-distortion bound. Dimension by dimension, and two structures with memory.
- `cube`: uniform vectors, beside the law of high rates D = k G M^(-2/k), G = 1/12 for cubes (Zador, Gersho), the best
  lattices known, and how many iterations LBG took at the last size.
- `structures`: each structure as a coder of Kodak's luma: PSNR, the entropy of its indices, times, and what its tables
  take. Indices are those of the structure's own search.
- `channel`: one picture through a channel that changes bits of the indices: orders of the codewords compared.

Times are of one run on all processors: only large differences mean something.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, KODAK, MissingDataError, photographs
from benchmarks.search import blocks_of, grey_blocks
from vqcodec.entropy.rates import entropy_bits
from vqcodec.vq import FlatQuantizer, Quantizer, SearchIndex, design_structure, nearest
from vqcodec.vq.channel import assign_indices, channel_optimized, channel_search, gray_order, transmit
from vqcodec.vq.design import design
from vqcodec.vq.structures.design import STRUCTURES

METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "LBG, splitting": ("lbg", {}),
    "Lloyd from random vectors": ("lbg", {"start": "random"}),
    "Lloyd from k-means++": ("lbg", {"start": "k-means++"}),
    "Lloyd from PNN": ("lbg", {"start": "pnn"}),
    "PNN alone": ("pnn", {}),
    "mini-batch k-means": ("mini-batch", {}),
    "mini-batch, moving averages": ("mini-batch", {"decay": 0.95, "restart": 0.2}),
    "competitive learning": ("competitive", {}),
    "competitive, rate 1/n": ("competitive", {"rate": None}),
    "competitive, frequency-sensitive": ("competitive", {"frequency_sensitive": True}),
    "map, 1-D": ("som", {"lattice": 1}),
    "map, 2-D": ("som", {"lattice": 2}),
    "neural gas": ("neural-gas", {}),
    "stochastic relaxation": ("relaxation", {}),
    "deterministic annealing": ("annealing", {}),
}
LARGEST_ANNEALED = 256
RHO = 0.9
LLOYD_MAX_DB = 10 * np.log10(1 / (1 - 2 / np.pi))  # of a Gaussian sample at one bit: 4.40 dB
BOUND_DB = 10 * np.log10(4 / (1 - RHO**2))  # 2^2 / (1 - rho^2), valid while the distortion is below the spectrum
DIMENSIONS = (1, 2, 3, 4, 6, 8, 10)
BEST_MOMENTS = {1: 0.08333, 2: 0.08019, 3: 0.07854, 4: 0.07660, 8: 0.07168}  # interval, hexagons, bcc, D4, E8
ERROR_RATES = (0.001, 0.01)


def decibels(squared_error: float) -> float:
    """PSNR of 8-bit samples of that mean squared error."""
    return round(float(10 * np.log10(255**2 / squared_error)), 3)


def compare_methods(data: np.ndarray, test: np.ndarray, sizes: list[int]) -> list[dict[str, Any]]:
    """One row for each method and size."""
    rows = []
    for size in sizes:
        for label, (method, options) in METHODS.items():
            if method == "annealing" and size > LARGEST_ANNEALED:
                continue
            result = design(data, size, method=method, **options)
            error = float(nearest(test, result.codewords)[1].mean(dtype=np.float64)) / data.shape[1]
            rows.append(
                {
                    "codewords": size,
                    "method": label,
                    "training_mse": round(result.distortion / data.shape[1], 3),
                    "test_psnr_db": decibels(error),
                    "usage": round(result.usage, 4),
                    "perplexity": round(result.perplexity, 1),
                    "seconds": round(result.seconds, 2),
                }
            )
            print(rows[-1], flush=True)
    return rows


def gauss_markov(count: int, seed: int) -> np.ndarray:
    """Samples of variance 1, each `RHO` times the one before plus noise, float64 (count,)."""
    noise = np.random.default_rng(seed).normal(size=count) * np.sqrt(1 - RHO**2)
    samples = np.empty(count)
    last = 0.0
    for number, step in enumerate(noise):
        last = RHO * last + step
        samples[number] = last
    return samples


def compare_with_theory(count: int) -> list[dict[str, Any]]:
    """SNR at one bit a sample, by dimension, on samples that were not trained on."""
    training, test = gauss_markov(count, 1), gauss_markov(count, 2)
    rows: list[dict[str, Any]] = [
        {"quantizer": "Lloyd-Max, in theory", "dimension": 1, "snr_db": round(LLOYD_MAX_DB, 2)}
    ]
    plans = [("flat", dimension) for dimension in DIMENSIONS]
    plans += [(structure, dimension) for structure in ("predictive", "finite-state") for dimension in (2, 4)]
    for structure, dimension in plans:
        vectors, others = (
            samples[: len(samples) // dimension * dimension].reshape(-1, dimension).astype(np.float32)
            for samples in (training, test)
        )
        quantizer = design_structure(vectors, 1 << dimension, structure=structure)
        error = np.square(others - quantizer.decode(quantizer.encode(others)), dtype=np.float64).mean()
        snr = float(10 * np.log10(np.square(others, dtype=np.float64).mean() / error))
        rows.append({"quantizer": structure, "dimension": dimension, "snr_db": round(snr, 2)})
        print(rows[-1], flush=True)
    return [*rows, {"quantizer": "rate-distortion bound", "dimension": None, "snr_db": round(BOUND_DB, 2)}]


def compare_with_cube(count: int) -> list[dict[str, Any]]:
    """Normalized second moment of the cells of LBG codebooks on the unit cube, by dimension.

    Cells at the faces of the cube are as large as the others but have fewer neighbours; in few dimensions they are few.
    """
    rows = []
    for dimension, best in BEST_MOMENTS.items():
        size = 1024
        vectors = np.random.default_rng(dimension).random((count, dimension)).astype(np.float32)
        result = design(vectors, size, threshold=1e-4)
        moment = result.distortion / dimension * size ** (2 / dimension)
        iterations = sum(entry.size == size for entry in design(vectors, size).history)
        rows.append(
            {
                "dimension": dimension,
                "codewords": size,
                "moment": round(moment, 5),
                "cube": round(1 / 12, 5),
                "best_lattice": best,
                "iterations": iterations,
            }
        )
        print(rows[-1], flush=True)
    return rows


def table_bytes(quantizer: Quantizer) -> int:
    """What the tables of a quantizer take in a codebook, uncompressed."""
    if isinstance(quantizer, FlatQuantizer):
        return int(quantizer.codewords.size)
    rounded: Any = quantizer
    return int(sum(array.nbytes for array in rounded.rounded().to_arrays().values()))


def compare_structures(data: np.ndarray, pictures: list[np.ndarray], sizes: list[int]) -> list[dict[str, Any]]:
    """One row for each structure and size, over all pictures."""
    blocks = np.concatenate(pictures)
    pixels = blocks.size
    rows = []
    for size in sizes:
        for structure in STRUCTURES:
            quantizer = design_structure(data, size, structure=structure)
            indices = quantizer.encode(blocks)
            quantizer.decode(indices)
            begin = time.perf_counter()
            quantizer.encode(blocks)
            encoded = time.perf_counter()
            decoded = quantizer.decode(indices)
            end = time.perf_counter()
            error = np.square(blocks - np.clip(np.rint(decoded), 0, 255), dtype=np.float64).mean()
            rows.append(
                {
                    "codewords": size,
                    "structure": structure,
                    "psnr_db": decibels(float(error)),
                    "fixed_bpp": round(float(quantizer.rate_bits(indices).sum() / pixels), 4),
                    "entropy_bpp": round(_entropy(quantizer, indices) / pixels, 4),
                    "encode_ms": round(1e9 * (encoded - begin) / pixels, 2),
                    "decode_ms": round(1e9 * (end - encoded) / pixels, 2),
                    "table_bytes": table_bytes(quantizer),
                }
            )
            print(rows[-1], flush=True)
    return rows


def _entropy(quantizer: Quantizer, indices: np.ndarray) -> float:
    """Bits of all indices with an ideal code for each table; of states, a code for each state."""
    if hasattr(quantizer, "states_of"):
        states = quantizer.states_of(indices)
        return float(sum(entropy_bits(np.bincount(indices[states == state])) for state in np.unique(states)))
    columns = indices.reshape(len(indices), -1).T
    return float(sum(entropy_bits(np.bincount(column)) for column in columns))


def compare_orders(data: np.ndarray, picture: np.ndarray, size: int) -> list[dict[str, Any]]:
    """PSNR of one picture behind a noisy channel, for several orders of the codewords."""
    bits = size.bit_length() - 1
    plain = design(data, size, start="k-means++")
    random = np.random.default_rng(1).permutation(size)
    chain = design(data, size, method="som", lattice=1).codewords
    codewords = plain.codewords
    by_mean = np.argsort(codewords.mean(axis=1))
    switched = assign_indices(codewords, plain.counts)
    rows = []
    for rate in (0.0, *ERROR_RATES):
        optimized = channel_optimized(data, size, ber=rate).codewords
        contenders = {
            "random": (codewords[random], 0.0),
            "by mean": (codewords[by_mean], 0.0),
            "by mean, Gray code": (codewords[gray_order(codewords)], 0.0),
            "map, 1-D": (chain, 0.0),
            "binary switching": (codewords[switched], 0.0),
            "channel-optimized": (optimized, rate),
        }
        for label, (ordered, known) in contenders.items():
            search = channel_search(ordered, known) if known else SearchIndex(ordered)
            sent = search.nearest(picture)[0]
            errors = [
                np.square(picture - ordered[transmit(sent, bits, rate, seed=seed)], dtype=np.float64).mean()
                for seed in range(10)
            ]
            rows.append({"ber": rate, "order": label, "psnr_db": decibels(float(np.mean(errors)))})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = described_parser("design", __doc__)
    parser.add_argument("--data", type=Path, default=DATA / "images" / "train", help="folder of photographs")
    parser.add_argument("--blocks", type=int, default=100_000, help="number of training vectors")
    parser.add_argument("--samples", type=int, default=1_000_000, help="of the Gauss-Markov source")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 1024], help="numbers of codewords")
    parser.add_argument("--output", type=Path, default=RESULTS / "design.json")
    options = parser.parse_args()
    try:
        data = grey_blocks(options.data, options.blocks)
        pictures = [blocks_of(picture.samples) for picture in photographs(KODAK, grey=True)]
    except MissingDataError as error:
        print(f"skipped: {error}")
        return
    for method in ("lbg", "pnn", "mini-batch", "competitive", "som", "neural-gas", "annealing"):
        design(data[:400], 16, method=method)  # compiles
    results = {
        "vectors": len(data),
        "samples": options.samples,
        "methods": compare_methods(data, np.concatenate(pictures)[::4], options.sizes),
        "source": compare_with_theory(options.samples),
        "cube": compare_with_cube(options.samples // 5),
        "structures": compare_structures(data, pictures, options.sizes),
        "channel": compare_orders(data, pictures[-1], 256),
    }
    write_json(options.output, "design", results)


if __name__ == "__main__":
    main()
