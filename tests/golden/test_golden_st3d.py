"""A frozen group of engine video/st3d decodes to frozen frames, in every version."""

from make_st3d import GROUP, HASH, HEIGHT, WIDTH, digest

from vqcodec.video.st3d import engine
from vqcodec.vq.library import load_codebook


def test_decodes_to_the_frozen_frames():
    decoded = list(engine.decode_group(GROUP.read_bytes(), WIDTH, HEIGHT, load_codebook("video-st3d")))
    assert digest(decoded) == HASH.read_text().strip()
