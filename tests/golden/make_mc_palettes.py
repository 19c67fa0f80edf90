"""Make the frozen group of video/mc whose first frame has palettes: python tests/golden/make_mc_palettes.py.

Only for a new format. The frames are those of `make_mc_copies`, which the encoder of that time gave no palettes.
"""

from __future__ import annotations

from pathlib import Path

from make_mc_copies import CODEBOOK, FRAMES, HEIGHT, WIDTH, freeze

HERE = Path(__file__).parent
GROUP, HASH = HERE / "mc-palettes.group", HERE / "mc-palettes.sha256"

__all__ = ["CODEBOOK", "FRAMES", "GROUP", "HASH", "HEIGHT", "WIDTH"]

if __name__ == "__main__":
    freeze(GROUP, HASH)
