"""A frozen group of engine video/st3d, with a codebook of its own, decodes to frozen frames, in every version."""

from make_st3d import CODEBOOK, GROUP, HASH, HEIGHT, WIDTH, digest

from vqcodec.codebook.codebook import Codebook
from vqcodec.video.st3d import engine


def test_decodes_to_the_frozen_frames():
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    decoded = list(engine.decode_group(GROUP.read_bytes(), WIDTH, HEIGHT, book))
    assert digest(decoded) == HASH.read_text().strip()
