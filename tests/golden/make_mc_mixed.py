"""Make the frozen group of video/mc whose chances are mixed: python tests/golden/make_mc_mixed.py.

Only for a new format. The codebook is that of `make_mc`, and the first frame is its first; more frames follow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from make_mc import CODEBOOK, EFFORT, HEIGHT, WIDTH, codebook
from make_st3d import digest

from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine

FRAMES, QUALITY = 9, 60
HERE = Path(__file__).parent
GROUP, HASH = HERE / "mc-mixed.group", HERE / "mc-mixed.sha256"

__all__ = ["CODEBOOK", "FRAMES", "GROUP", "HASH", "HEIGHT", "WIDTH"]


def frames() -> list[Frame]:
    """Three discs over a ground with grain, by integers alone; a corner that is new in every frame."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    result = []
    for number in range(FRAMES):
        luma = 60 + (x + 2 * number) * y // 40 % 90 + (x * 7919 + y * 104729) % 13
        for disc in range(3):
            away = (y - 12 - 18 * disc - disc * number) ** 2 + (x - 14 - 20 * disc - (3 - disc) * number) ** 2
            luma = np.where(away < 90 + 30 * disc, 150 + 30 * disc - away // 8, luma)
        luma[-16:, -16:] = (x * 31 + y * 17 + number * 53)[-16:, -16:] % 200
        luma = np.clip(luma, 0, 255).astype(np.uint8)
        result.append(Frame(luma, luma[::2, ::2] // 2 + 60, 220 - luma[::2, ::2] // 2))
    return result


if __name__ == "__main__":
    coded = engine.encode_group(frames(), codebook(), Settings(QUALITY, EFFORT, 1, {}))
    GROUP.write_bytes(coded.packet)
    HASH.write_text(digest(list(coded.reconstruction)) + "\n")
    print(len(coded.packet), engine.GroupParameters.from_bytes(coded.packet)[0].mixed)
