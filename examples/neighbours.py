"""Nearest neighbours from vectors of eight bytes: product and residual quantization, recall against exact search.

    python examples/neighbours.py [--vectors 100000]

The vectors are made here: 32 dimensions, in clusters, as descriptors of pictures are. Recall is the share of queries
whose true nearest neighbour is among the first R found (Jegou, Douze and Schmid 2011: 64-bit codes reach about 0.9 at
R = 100 on descriptors). With faiss installed, its product quantizer stands beside ours.
"""

from __future__ import annotations

import argparse
import importlib.util

import numpy as np

from vqcodec import FlatQuantizer, design_codebook
from vqcodec.vq import MultistageQuantizer, ProductQuantizer

QUERIES, BYTES, SIZE, FIRST = 200, 8, 256, (1, 10, 100)


def descriptors(count: int, seed: int) -> np.ndarray:
    """Vectors of 32 dimensions around 500 centres, with correlated components; float32 (count, 32)."""
    shared = np.random.default_rng(0)
    centres, mixing = shared.normal(size=(500, 32)), shared.normal(size=(32, 32)) / np.sqrt(32)
    generator = np.random.default_rng(seed)
    around = generator.normal(size=(count, 32)) @ mixing
    return (centres[generator.integers(500, size=count)] + around).astype(np.float32)


def ranks_of(truth: np.ndarray, decoded: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """How many decoded vectors are nearer to each query than that of its true neighbour, (queries,)."""
    return np.array(
        [
            (errors < errors[neighbour]).sum()
            for neighbour, errors in zip(truth, (np.square(decoded - query).sum(axis=1) for query in queries))
        ]
    )


def recalls(ranks: np.ndarray) -> str:
    """The recall at each R, in words."""
    return ", ".join(f"{(ranks < first).mean():.3f} at {first}" for first in FIRST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=100_000)
    options = parser.parse_args()
    base, queries = descriptors(options.vectors, 1), descriptors(QUERIES, 2)
    training = descriptors(min(30_000, options.vectors), 3)
    truth = np.array([np.square(base - query).sum(axis=1).argmin() for query in queries])
    print(f"{len(base):,} vectors of 32 floats as {BYTES} bytes; recall of the true nearest neighbour")
    for name, quantizer in (("product", product(training)), ("residual", residual(training))):
        decoded = quantizer.decode(quantizer.encode(base))
        print(f"{name:12s} {recalls(ranks_of(truth, decoded, queries))}")
    if importlib.util.find_spec("faiss"):
        import faiss

        theirs = faiss.ProductQuantizer(32, BYTES, 8)
        theirs.train(training)
        print(f"{'faiss, PQ':12s} {recalls(ranks_of(truth, theirs.decode(theirs.compute_codes(base)), queries))}")
    else:
        print("faiss is not installed")


def product(training: np.ndarray) -> ProductQuantizer:
    """256 codewords for each of eight parts."""
    parts = np.array_split(training, BYTES, axis=1)
    return ProductQuantizer([design_codebook(part, SIZE, start="k-means++").codewords for part in parts])


def residual(training: np.ndarray) -> MultistageQuantizer:
    """256 codewords for each of eight stages, each designed on what those before it leave."""
    stages: list[np.ndarray] = []
    rest = training
    for _ in range(BYTES):
        stages.append(design_codebook(rest, SIZE, start="k-means++").codewords)
        rest = rest - FlatQuantizer(stages[-1]).decode(FlatQuantizer(stages[-1]).encode(rest))
    return MultistageQuantizer(stages, paths=8)


if __name__ == "__main__":
    main()
