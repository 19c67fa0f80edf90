"""Make the frozen group of video/mc whose first frame copies from itself: python tests/golden/make_mc_copies.py.

Only for a new format. The codebook is that of `make_mc`.
"""

from __future__ import annotations

from pathlib import Path

from make_copies import picture
from make_mc import CODEBOOK, EFFORT, HEIGHT, QUALITY, WIDTH, codebook
from make_st3d import digest

from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine

FRAMES = 5
HERE = Path(__file__).parent
GROUP, HASH = HERE / "mc-copies.group", HERE / "mc-copies.sha256"

__all__ = ["CODEBOOK", "FRAMES", "GROUP", "HASH", "HEIGHT", "WIDTH", "frames"]


def frames() -> list[Frame]:
    """Lines of shapes that move up by three samples a frame."""
    page = picture(HEIGHT + 3 * FRAMES, WIDTH, 3)
    shown = [page[3 * number : 3 * number + HEIGHT] for number in range(FRAMES)]
    return [Frame(one[:, :, 1].copy(), one[::2, ::2, 2].copy(), one[::2, ::2, 0].copy()) for one in shown]


def freeze(group: Path, hashed: Path) -> None:
    """Write a group of these frames, and the hash of what it decodes to."""
    coded = engine.encode_group(frames(), codebook(), Settings(QUALITY, EFFORT, 1, {}))
    group.write_bytes(coded.packet)
    hashed.write_text(digest(list(coded.reconstruction)) + "\n")
    print(len(coded.packet), coded.frames[0])


if __name__ == "__main__":
    freeze(GROUP, HASH)
