"""Make the frozen group of engine video/st3d: python tests/golden/make_st3d.py (only for a new format version).

Its codebook is frozen with it: the shipped one may be trained anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d import engine

WIDTH, HEIGHT, FRAMES = 53, 38, 11
HERE = Path(__file__).parent
CODEBOOK, GROUP, HASH = HERE / "st3d.vqcb", HERE / "st3d.group", HERE / "st3d.sha256"


def frames() -> list[Frame]:
    """A disc that moves over a slope, by integers alone."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    result = []
    for number in range(FRAMES):
        disc = (y - 18) ** 2 + (x - 10 - 3 * number) ** 2 < 81
        luma = np.where(disc, 200 - (x * y) % 32, 60 + 2 * x + y % 8).astype(np.uint8)
        result.append(Frame(luma, luma[::2, ::2] // 2 + 60, 220 - luma[::2, ::2] // 2))
    return result


def digest(shown: list[Frame]) -> str:
    """The SHA-256 of all planes of frames."""
    return hashlib.sha256(b"".join(plane.tobytes() for frame in shown for plane in frame)).hexdigest()


if __name__ == "__main__":
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    coded = engine.encode_group(frames(), book, Settings(60.0, 7, 1, {}))
    GROUP.write_bytes(coded.packet)
    HASH.write_text(digest(list(coded.reconstruction)) + "\n")
