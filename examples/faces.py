"""Find pictures of the same person by histograms of codewords.

    python examples/faces.py FOLDER [--codewords 64]

FOLDER holds grey pictures named by person: s07_3.png is the third of person s07. Every picture is cut into blocks of
4x4 and described by how often each codeword is nearest. A search is right if the most similar other picture shows the
same person. The codebook is designed on all pictures; no name is used.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from vqcodec import FlatQuantizer, design_codebook


def blocks_of(picture: np.ndarray, side: int = 4, step: int = 2) -> np.ndarray:
    """Overlapping blocks less their mean, float32 (n, side * side): light does not count."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (side, side))[::step, ::step]
    blocks = windows.reshape(-1, side * side).astype(np.float32)
    return blocks - blocks.mean(axis=1, keepdims=True)


def histograms(pictures: list[np.ndarray], codewords: int, cells: int = 4) -> np.ndarray:
    """How often each codeword occurs in each of cells x cells parts of a picture, (n, cells * cells * codewords)."""
    training = np.concatenate([blocks_of(picture)[::7] for picture in pictures])
    quantizer = FlatQuantizer(design_codebook(training, codewords, start="k-means++").codewords)
    found = []
    for picture in pictures:
        parts = [part for band in np.array_split(picture, cells) for part in np.array_split(band, cells, axis=1)]
        counts = [np.bincount(quantizer.encode(blocks_of(part)), minlength=quantizer.size) for part in parts]
        found.append(np.concatenate(counts) / sum(count.sum() for count in counts))
    return np.stack(found)


def matches(described: np.ndarray) -> np.ndarray:
    """The most similar other picture of each, by the overlap of histograms, (n,)."""
    overlap = np.stack([np.minimum(described, row).sum(axis=1) for row in described])
    np.fill_diagonal(overlap, -1)
    return overlap.argmax(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--codewords", type=int, default=64)
    options = parser.parse_args()
    paths = sorted(options.folder.glob("*_*.png"))
    if not paths:
        raise SystemExit(f"{options.folder} holds no pictures such as s07_3.png")
    pictures = [np.asarray(Image.open(path).convert("L")) for path in paths]
    people = np.array([path.name.split("_")[0] for path in paths])
    right = (people[matches(histograms(pictures, options.codewords))] == people).mean()
    chance = np.mean([(people == person).sum() - 1 for person in people]) / (len(people) - 1)
    print(f"the most similar picture shows the same person: {right:.1%} of {len(people)} (chance: {chance:.1%})")


if __name__ == "__main__":
    main()
