"""Makes the golden files: small pictures coded with shipped codebooks, and the hash of what they decode to.

    python tests/golden/make_golden.py NAME CODEBOOK [TUNE]      adds NAME-*.vqc for that codebook

A golden file is never made again: every later version must decode it to the same samples.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from vqcodec.codebook.library import load_codebook
from vqcodec.image import decode_image, encode_image
from vqcodec.image.pixels import read_picture

HERE = Path(__file__).parent
SAMPLE = HERE.parent.parent / "samples" / "kodim23.png"


def pictures() -> dict[str, np.ndarray]:
    """A corner of the sample picture in colour, with alpha, in grey, and one pixel."""
    colour = read_picture(SAMPLE, "sample").samples[150:219, 420:511]
    alpha = np.where(np.hypot(*np.indices(colour.shape[:2])) < 70, 255, 40).astype(np.uint8)[:, :, None]
    grey = colour[:, :, 1:2]
    return {
        "rgb": colour,
        "rgba": np.concatenate([colour, alpha], axis=2),
        "grey": grey,
        "grey-alpha": np.concatenate([grey, alpha], axis=2),
        "pixel": colour[:1, :1],
    }


def main(name: str, codebook: str, tune: str | None = None) -> None:
    options = {"tune": tune} if tune else {}
    book = load_codebook(codebook)
    hashes = HERE / "hashes.json"
    known = json.loads(hashes.read_text()) if hashes.exists() else {}
    for kind, samples in pictures().items():
        for quality in (30, 80):
            path = HERE / f"{name}-{kind}-{quality}.vqc"
            if path.exists():
                raise SystemExit(f"{path}: golden files are never made again")
            data = encode_image(np.ascontiguousarray(samples), codebook=book, quality=quality, **options)
            path.write_bytes(data)
            decoded = np.atleast_3d(decode_image(data, codebook=book))
            known[path.name] = {"shape": list(decoded.shape), "sha256": hashlib.sha256(decoded.tobytes()).hexdigest()}
    hashes.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
