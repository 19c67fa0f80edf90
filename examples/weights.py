"""Quantize the weights of a small network, and see what that costs in accuracy.

    python examples/weights.py FOLDER

FOLDER holds pictures of digits, as for digits.py. A network of one hidden layer is trained on two thirds of them; then
rows of its weights, four at a time, are replaced by codewords (Gong, Liu, Yang and Bourdev 2014, "Compressing deep
convolutional networks using vector quantization": 16 to 24 times smaller within 1 % of accuracy).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from digits import read_digits

from vqcodec import FlatQuantizer, design_codebook

HIDDEN, EPOCHS, RATE, BATCH = 64, 30, 0.1, 32
LENGTH = 4  # weights of a codeword


def train(pictures: np.ndarray, labels: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Weights of a network with a hidden layer of rectifiers, by gradient descent on the cross entropy."""
    generator = np.random.default_rng(seed)
    inputs = pictures.shape[1]
    first = generator.normal(size=(inputs, HIDDEN)) * np.sqrt(2 / inputs)
    second = generator.normal(size=(HIDDEN, 10)) * np.sqrt(2 / HIDDEN)
    for _ in range(EPOCHS):
        for rows in np.array_split(generator.permutation(len(pictures)), len(pictures) // BATCH):
            hidden = np.maximum(pictures[rows] @ first, 0)
            scores = np.exp(hidden @ second - (hidden @ second).max(axis=1, keepdims=True))
            wrong = scores / scores.sum(axis=1, keepdims=True) - np.eye(10)[labels[rows]]
            back = (wrong @ second.T) * (hidden > 0)
            second -= RATE * hidden.T @ wrong / len(rows)
            first -= RATE * pictures[rows].T @ back / len(rows)
    return [first, second]


def accuracy(weights: list[np.ndarray], pictures: np.ndarray, labels: np.ndarray) -> float:
    """Share of the pictures that the network names right."""
    return float(((np.maximum(pictures @ weights[0], 0) @ weights[1]).argmax(axis=1) == labels).mean())


def quantized(weights: list[np.ndarray], codewords: int) -> tuple[list[np.ndarray], float]:
    """The weights with every `LENGTH` of a layer replaced by a codeword of the layer, and the bits of a weight."""
    found, bits = [], 0.0
    for layer in weights:
        vectors = layer.reshape(-1, LENGTH).astype(np.float32)
        size = min(codewords, len(vectors))
        quantizer = FlatQuantizer(design_codebook(vectors, size, start="k-means++").codewords)
        indices = quantizer.encode(vectors)
        found.append(quantizer.decode(indices).reshape(layer.shape))
        bits += quantizer.rate_bits(indices).sum() + 16 * size * LENGTH
    return found, bits / sum(layer.size for layer in weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    pictures, labels = read_digits(parser.parse_args().folder)
    pictures = (pictures - pictures.mean()) / pictures.std()
    test = np.arange(len(labels)) % 3 == 0
    weights = train(pictures[~test], labels[~test])
    print(f"32 bits a weight: {accuracy(weights, pictures[test], labels[test]):.1%} right")
    for codewords in (256, 64, 16, 4):
        coarse, bits = quantized(weights, codewords)
        right = accuracy(coarse, pictures[test], labels[test])
        print(f"{bits:5.2f} bits a weight ({codewords} codewords): {right:.1%} right")


if __name__ == "__main__":
    main()
