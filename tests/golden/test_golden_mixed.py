"""Frozen pictures whose chances are mixed decode to frozen samples, in every version."""

import pytest
from make_copies import digest
from make_mixed import CODEBOOK, HASHES, HERE

from vqcodec.codebook.codebook import Codebook
from vqcodec.container.files import load_media
from vqcodec.image import decode_image
from vqcodec.image.transform.header import Header

FROZEN = [line.split() for line in HASHES.read_text().splitlines()]


@pytest.mark.parametrize(("wanted", "name"), FROZEN)
def test_decodes_to_the_frozen_samples(wanted, name):
    book = Codebook.from_bytes(CODEBOOK.read_bytes())
    data = (HERE / name).read_bytes()
    stream = load_media(data, codebook=book).streams[0]
    assert Header.from_bytes(stream.header or stream.packets[0])[0].parameters.mixed
    assert digest(decode_image(data, codebook=book)) == wanted
