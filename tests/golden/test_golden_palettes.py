"""Frozen pictures whose blocks have palettes decode to frozen samples, in every version."""

import pytest
from make_copies import digest
from make_palettes import CODEBOOK, HASHES, HERE

from vqcodec.codebook.codebook import Codebook
from vqcodec.image import count_bits, decode_image

FROZEN = [line.split() for line in HASHES.read_text().splitlines()]


@pytest.mark.parametrize(("wanted", "name"), FROZEN)
def test_decodes_to_the_frozen_samples(wanted, name):
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    data = (HERE / name).read_bytes()
    bits = count_bits(data, codebook=book)
    assert bits.get("palettes", 0) + bits.get("copies and palettes", 0) > 1000
    assert digest(decode_image(data, codebook=book)) == wanted
