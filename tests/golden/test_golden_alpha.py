"""Frozen pictures whose alpha is coded by chances, alone and beside an item's, decode to frozen samples."""

import pytest
from make_alpha import CODEBOOK, HASHES, HERE, digest

from vqcodec.codebook.codebook import Codebook
from vqcodec.image import decode_image
from vqcodec.image.transform.header import Header

FROZEN = [line.split() for line in HASHES.read_text().splitlines()]
KINDS = {"alpha-alone.vqc": 0x7D, "alpha-beside.vqc": 0x7C}


@pytest.mark.parametrize(("wanted", "name"), FROZEN)
def test_decodes_to_the_frozen_samples(wanted, name):
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    data = (HERE / name).read_bytes()
    assert Header.from_bytes(data[7:-4])[0].alpha[0] == KINDS[name]
    assert digest(decode_image(data, codebook=book)) == wanted
