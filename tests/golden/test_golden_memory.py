"""Frozen pictures that are predicted from memory decode to frozen samples, in every version."""

import pytest
from make_memory import CODEBOOK, HASHES, HERE, digest

from vqcodec.codebook.codebook import Codebook
from vqcodec.image import decode_image, describe

FROZEN = [line.split() for line in HASHES.read_text().splitlines()]


@pytest.mark.parametrize(("wanted", "name"), FROZEN)
def test_decodes_to_the_frozen_samples(wanted, name):
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    data = (HERE / name).read_bytes()
    assert "memory_items" in describe(data)
    assert digest(decode_image(data, codebook=book)) == wanted
