"""The textbook picture coder on grey Kodak pictures: what contexts, rate-distortion choice and ECVQ bring.

    python -m benchmarks.block [--data FOLDER] [--train FOLDER]

Rates are those of whole files (8 bits a byte over all pixels), PSNR is the mean over the pictures. The rows `fixed
length` and `one Huffman table` are computed for the same indices, for comparison. With a training folder, codebooks of
the same size are also designed by entropy-constrained rounds (ECVQ in contexts) and coded with.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import RESULTS, write_json
from vqcodec.api.training import train_codebook
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.entropy.huffman import code_lengths
from vqcodec.image import encode_picture
from vqcodec.image.block.layers import layers_of, planes_of, vectors_of
from vqcodec.image.pixels import Picture, read_picture
from vqcodec.media.target import Target, Work
from vqcodec.vq.flat import FlatQuantizer

DATA = Path("../shared/data/images/kodak")
TRAIN = Path("../shared/data/images/train")
CODEBOOKS = ("classic-4x4-256", "classic-4x4-1024", "classic-2x2-256")
QUALITIES = (100, 75, 50, 25, 0)
ECVQ_LAMBDAS = (2.0, 8.0)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.block", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of test pictures")
    parser.add_argument("--train", type=Path, default=TRAIN, help="folder of training pictures for the ECVQ rows")
    parser.add_argument("--json", type=Path, default=RESULTS / "block.json")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        print(f"skipped: {options.data} is not there; give a folder of pictures with --data", file=sys.stderr)
        return 0
    pictures = [_grey(path) for path in sorted(options.data.glob("*.png"))]
    rows = [row for name in CODEBOOKS for row in _measure(load_codebook(name), pictures)]
    if options.train.is_dir():
        training = sorted(options.train.glob("wp_*.png")) or [options.train]
        for lambda_ in ECVQ_LAMBDAS:
            book = train_codebook(
                training,
                engine="block",
                name=f"ecvq-{lambda_:g}",
                lambda_=lambda_,
                rounds=4,
                layout="grey",
                scales=2,
                symmetries=True,
            )
            rows += _rates(book, pictures, f"ECVQ, lambda {lambda_:g}", (100, 75, 50))
    write_json(options.json, "block", {"pictures": len(pictures), "rows": rows})
    return 0


def _grey(path: Path) -> Picture:
    return Picture(planes_of(read_picture(path, path.name).samples)[0][:, :, None])


def _measure(book: Codebook, pictures: list[Picture]) -> Iterator[dict[str, object]]:
    """Rows for one codebook: two yardsticks on its nearest codewords, then the coder at several qualities."""
    layer = layers_of(book)[0]
    fixed = layer.quantizer
    vectors = [vectors_of([picture.samples[:, :, 0]], layer).reshape(-1, fixed.dimension) for picture in pictures]
    indices = np.concatenate([fixed.encode(of_picture) for of_picture in vectors])
    shared = FlatQuantizer(fixed.codewords, code_lengths(np.bincount(indices, minlength=fixed.size), 16))
    coded = list(_rates(book, pictures, "contexts", QUALITIES))
    for method, quantizer in (("fixed length", fixed), ("one Huffman table", shared)):
        yield {
            "codebook": book.name,
            "method": method,
            "quality": 100,
            "bpp": float(quantizer.rate_bits(indices).mean()) / fixed.dimension,
            "psnr_db": coded[0]["psnr_db"],
        }
    yield from coded


def _rates(book: Codebook, pictures: list[Picture], method: str, qualities: tuple[int, ...]) -> Iterator[dict]:
    pixels = sum(picture.samples.size for picture in pictures)
    for quality in qualities:
        encoded = [encode_picture(picture, codebook=book, target=Target(quality), work=Work(9)) for picture in pictures]
        yield {
            "codebook": book.name,
            "method": method,
            "quality": quality,
            "bpp": 8 * sum(len(one.data) for one in encoded) / pixels,
            "psnr_db": sum(one.psnr_db for one in encoded) / len(encoded),
        }


if __name__ == "__main__":
    raise SystemExit(main())
