"""Make the frozen pictures whose alpha is coded by chances, and their codebook: python tests/golden/make_alpha.py.

Only for a new format. The chances are fitted to one plane.
"""

from __future__ import annotations

import numpy as np
from make_memory import HERE, digest, picture
from make_memory import codebook as memory_codebook

from vqcodec.codebook.codebook import Codebook
from vqcodec.image import decode_image, encode_image
from vqcodec.image.alpha.chances import Chances, decisions_of, fitted
from vqcodec.image.alpha.decisions import ALONE, BESIDE

CODEBOOK, HASHES = HERE / "alpha.vqcb", HERE / "alpha.sha256"


def codebook() -> Codebook:
    """The one with a memory, with chances."""
    plane, known = (np.ascontiguousarray(picture(1, 64, 64, 4)[:, :, 3]) for _ in range(2))
    plane[8:12, 8:12] ^= 255
    tables = []
    for contexts, given in ((ALONE, None), (BESIDE, known)):
        counts = np.bincount(decisions_of(plane, given), minlength=2 * contexts).reshape(contexts, 2)
        tables.append(fitted(counts.astype(np.int64)))
    before = memory_codebook()
    return Codebook(before.engine, "golden-alpha", {**before.arrays, **Chances(*tables).to_arrays()}, {})


if __name__ == "__main__":
    book = codebook()
    CODEBOOK.write_bytes(book.to_bytes())
    lines = []
    for name, number in {"alone": 30, "beside": 1}.items():
        samples = picture(number, 64, 64, 4)
        samples[50, 50:53, 3] = 90, 255, 3
        if name == "alone":
            samples[:, :, :3] = (60, 200, 90)  # which is like no item
        data = encode_image(samples, codebook=book, quality=60, effort=5, keep_hidden=True)
        (HERE / f"alpha-{name}.vqc").write_bytes(data)
        lines.append(f"{digest(decode_image(data, codebook=book))} alpha-{name}.vqc\n")
    HASHES.write_text("".join(lines))
