"""Make the frozen group of video/mc whose exposure changes: python tests/golden/make_mc_exposures.py (if it is new).

The codebook is that of `make_mc`.
"""

from __future__ import annotations

from pathlib import Path

import make_mc
import numpy as np
from make_mc import CODEBOOK, EFFORT, HEIGHT, QUALITY, WIDTH, codebook
from make_st3d import digest

from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine

FRAMES = make_mc.FRAMES
HERE = Path(__file__).parent
GROUP, HASH = HERE / "mc-exposures.group", HERE / "mc-exposures.sha256"

__all__ = ["CODEBOOK", "FRAMES", "GROUP", "HASH", "HEIGHT", "WIDTH", "frames"]


def frames() -> list[Frame]:
    """The frames of `make_mc`, which fade to a dark grey, jump up again, and flicker."""
    result = []
    for number, frame in enumerate(make_mc.frames()):
        gain = 16 - number if number < 10 else 14 - 2 * (number % 2)
        luma = (gain * frame.luma.astype(int) + (16 - gain) * 40) // 16
        blue, red = (128 + gain * (plane.astype(int) - 128) // 16 for plane in frame[1:])
        result.append(Frame(*(plane.astype(np.uint8) for plane in (luma, blue, red))))
    return result


if __name__ == "__main__":
    coded = engine.encode_group(frames(), codebook(), Settings(QUALITY, EFFORT, 1, {}))
    GROUP.write_bytes(coded.packet)
    HASH.write_text(digest(list(coded.reconstruction)) + "\n")
    print(len(coded.packet), engine.GroupParameters.from_bytes(coded.packet)[0].exposures)
