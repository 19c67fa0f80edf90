"""A frozen group of engine video/mc, with a codebook of its own, decodes to frozen frames, in every version."""

import make_mc_copies
import make_mc_exposures
import make_mc_memory
import make_mc_mixed
import make_mc_palettes
import pytest
from make_mc import CODEBOOK, FRAMES, GROUP, HASH, HEIGHT, WIDTH
from make_st3d import digest

from vqcodec.codebook.codebook import Codebook
from vqcodec.video.mc import engine


def test_decodes_to_the_frozen_frames():
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    decoded = list(engine.decode_group(GROUP.read_bytes(), WIDTH, HEIGHT, book))
    assert len(decoded) == FRAMES
    assert digest(decoded) == HASH.read_text().strip()


def test_decodes_from_a_memory_to_the_frozen_frames():
    book = Codebook.from_bytes(make_mc_memory.CODEBOOK.read_bytes())
    packet = make_mc_memory.GROUP.read_bytes()
    assert engine.GroupParameters.from_bytes(packet)[0].items == (0, 1)
    decoded = list(engine.decode_group(packet, WIDTH, HEIGHT, book))
    assert len(decoded) == FRAMES
    assert digest(decoded) == make_mc_memory.HASH.read_text().strip()


def test_decodes_what_changes_its_exposure_to_the_frozen_frames():
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    packet = make_mc_exposures.GROUP.read_bytes()
    assert engine.GroupParameters.from_bytes(packet)[0].exposures.points
    decoded = list(engine.decode_group(packet, WIDTH, HEIGHT, book))
    assert len(decoded) == FRAMES
    assert digest(decoded) == make_mc_exposures.HASH.read_text().strip()


@pytest.mark.parametrize(("frozen", "part"), [(make_mc_copies, "copies"), (make_mc_palettes, "copies and palettes")])
def test_decodes_what_copies_from_itself_and_has_palettes_to_the_frozen_frames(frozen, part):
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    packet = frozen.GROUP.read_bytes()
    assert engine.count_bits(packet, WIDTH, HEIGHT, book)[0].bits[part] > 100
    decoded = list(engine.decode_group(packet, WIDTH, HEIGHT, book))
    assert len(decoded) == frozen.FRAMES
    assert digest(decoded) == frozen.HASH.read_text().strip()


def test_decodes_mixed_chances_to_the_frozen_frames():
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    packet = make_mc_mixed.GROUP.read_bytes()
    assert engine.GroupParameters.from_bytes(packet)[0].mixed
    decoded = list(engine.decode_group(packet, WIDTH, HEIGHT, book))
    assert len(decoded) == make_mc_mixed.FRAMES
    assert digest(decoded) == make_mc_mixed.HASH.read_text().strip()
    counted = engine.count_bits(packet, WIDTH, HEIGHT, book)
    assert sum(sum(frame.bits.values()) for frame in counted) == 8 * len(packet)
