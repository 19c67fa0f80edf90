"""Make the golden files of block codebooks with a structure: python tests/golden/make_structures.py

Each holds its codebook, of random numbers, some of which lie beyond those of samples. A golden file is never made
again: every later version must decode it to the same samples.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.image import decode_image, encode_image

HERE = Path(__file__).parent
NAMES = {1: "tree", 2: "stages", 3: "parts", 4: "gain-shape", 5: "mean-residual"}
SIZE, SIDE = 16, 2


def tables_of(structure: int, chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Return tables that give SIZE codewords of four samples, some of them beyond 0 to 255."""

    def numbers(rows: int, columns: int) -> np.ndarray:
        return chance.integers(-60, 200, (rows, columns)).astype(np.int16)

    directions = chance.normal(size=(4, 4))
    shapes = np.rint(directions / np.linalg.norm(directions, axis=1, keepdims=True) * 16384)
    parents = [-1, *((node - 1) // 2 for node in range(1, 31))]
    return {
        1: {"nodes": numbers(31, 4), "parents": np.array(parents, np.int16)},
        2: {"stage0": numbers(4, 4), "stage1": numbers(2, 4), "stage2": numbers(2, 4).astype(np.int32)},
        3: {"part0": np.abs(numbers(4, 1)).astype(np.uint8), "part1": numbers(4, 3)},
        4: {"gains": np.abs(numbers(4, 1)), "shapes": shapes.astype(np.int16)},
        5: {"means": numbers(4, 1), "residuals": numbers(4, 4)},
    }[structure]


def codebook_of(structure: int, tables: dict[str, np.ndarray]) -> Codebook:
    """Return a codebook for grey pictures."""
    arrays = {
        "layout": np.array([0], np.uint8),
        "side": np.array([SIDE], np.uint8),
        "luma.structure": np.array([structure], np.uint8),
        "luma.codewords": np.zeros((SIZE, SIDE * SIDE), np.uint8),  # which nobody looks at
        "luma.left_class": np.zeros(SIZE, np.uint8),
        "luma.up_class": np.zeros(SIZE, np.uint8),
        "luma.index_lengths": np.full((1, SIZE), 4, np.uint8),
        "luma.run_lengths": np.array([[4] * 14 + [5] * 4], np.uint8),
        "luma.first": np.array([0], np.int32),
    }
    return Codebook("image/block", f"structure-{structure}", arrays | {f"luma.{k}": v for k, v in tables.items()}, {})


def main() -> None:
    chance = np.random.default_rng(2026)
    picture = chance.integers(0, 256, (37, 51), dtype=np.uint8)
    hashes = HERE / "hashes.json"
    known = json.loads(hashes.read_text())
    for structure, name in NAMES.items():
        path = HERE / f"structure-{name}.vqc"
        if path.exists():
            raise SystemExit(f"{path}: golden files are never made again")
        codebook = codebook_of(structure, tables_of(structure, chance))
        data = encode_image(picture, codebook=codebook, quality=100, embed_codebook=True)
        path.write_bytes(data)
        decoded = np.atleast_3d(decode_image(data))
        known[path.name] = {"shape": list(decoded.shape), "sha256": hashlib.sha256(decoded.tobytes()).hexdigest()}
    hashes.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
