"""Files of the short form: pictures whose codebook knows what their stream headers begin with."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform  # noqa: F401  # enters its engine

from vqcodec import api
from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import PATH_VARIABLE, at_hand, matching_codebook
from vqcodec.container import load_media
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.image import decode_image, describe, encode_image
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.usual import usual_headers
from vqcodec.pack.items import item_of

ARRAYS = initial_model((20, 34)).to_arrays()
HEADERS = np.array([[31, 31, 2, 64, 70], [31, 31, 2, 0, 6]], dtype=np.uint8)
PLAIN = Codebook("image/transform", "plain", ARRAYS)
OWN = Codebook("image/transform", "own", {**ARRAYS, "usual_headers": HEADERS})


def picture(height=32, width=32, channels=3, slope=3):
    y, x, c = np.mgrid[:height, :width, :channels]
    return ((slope * y + 2 * x + 40 * c + x * y % 7) % 256).astype(np.uint8)


def coded(samples, book, **options):
    return encode_image(samples, codebook=book, **options)


@pytest.mark.parametrize("quality", [10, 50, 95])
@pytest.mark.parametrize("tune", ["psnr", "ssim"])
def test_it_is_shorter_and_decodes_to_the_same_samples(quality, tune):
    samples = picture()
    usual, short = (coded(samples, book, quality=quality, tune=tune) for book in (PLAIN, OWN))
    assert len(usual) - len(short) in ((7, 8) if len(short) < 256 else (5, 6))
    decoded = decode_image(short, codebook=OWN)
    assert np.array_equal(decoded, decode_image(usual, codebook=PLAIN))
    (plain,) = reference.decode_samples(short, lambda _: [OWN.to_bytes()]).values()
    assert np.array_equal(decoded, np.array(plain))
    assert describe(short, OWN) == describe(usual)


def test_parameters_of_a_usual_header_take_one_byte():
    header = load_media(coded(picture(), PLAIN, quality=50, tune="psnr")).streams[0].packets[0][:5]
    assert header[4] == HEADERS[1, 4]
    data = coded(picture(), OWN, quality=50, tune="psnr")
    assert data[5] == 0x80 | 0x40 | header[3]


@pytest.mark.parametrize(
    "samples", [picture(32, 40), picture(32, 32, 1), picture(32, 32, 4)], ids=["wide", "grey", "alpha"]
)
def test_a_picture_of_another_shape_has_the_compact_form(samples):
    data = coded(samples, OWN, quality=50)
    assert data[2] >> 4 == 1
    assert np.array_equal(
        decode_image(data, codebook=OWN), decode_image(coded(samples, PLAIN, quality=50), codebook=PLAIN)
    )


def test_every_damaged_byte_is_noticed():
    data = coded(picture(), OWN, quality=30)
    for at in range(5, len(data)):
        with pytest.raises(CorruptFileError, match="checksum is wrong"):
            decode_image(data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :], codebook=OWN)
    for end in range(len(data)):
        with pytest.raises((CorruptFileError, CodebookError)):
            decode_image(data[:end], codebook=OWN)


def test_another_codebook_is_refused():
    with pytest.raises(CodebookError, match=f"needs the codebook {OWN.identity[:4]}"):
        decode_image(coded(picture(), OWN, quality=30), codebook=PLAIN)


def test_the_codebook_is_found_by_hash_and_checksum(tmp_path: Path, monkeypatch):
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path))
    data = coded(picture(), OWN, quality=30)
    (tmp_path / "picture.vqc").write_bytes(data)
    with pytest.raises(CodebookError, match=f"{OWN.identity[:4]}... not found"):
        api.info(tmp_path / "picture.vqc")
    (tmp_path / "own.vqcb").write_bytes(OWN.to_bytes())
    described = api.info(tmp_path / "picture.vqc", bits=True)
    assert (described.width, described.height, described.channels, described.codebook.name) == (32, 32, 3, "own")
    assert sum(described.bits.values()) == 8 * len(data)
    assert np.array_equal(decode_image(data), decode_image(data, codebook=OWN))


def test_of_codebooks_whose_hashes_begin_alike_the_one_that_fits_is_taken():
    by_beginning = defaultdict(list)
    for number in range(2000):
        book = Codebook("image/block", f"n{number}", {"codewords": np.array([number])})
        by_beginning[book.digest[:2]].append(book)
    alike = next(books for books in by_beginning.values() if len(books) > 1)
    prefix = alike[0].digest[:2]
    with at_hand(alike):
        for wanted in alike:
            assert matching_codebook(prefix, wanted.digest.__eq__)[0] is wanted
        assert matching_codebook(prefix, lambda _: False) == (None, True)


def test_a_pack_keeps_of_it_what_it_keeps_of_the_compact_form():
    samples = picture()
    short, usual = item_of(coded(samples, OWN), OWN), item_of(coded(samples, PLAIN), PLAIN)
    assert (short.form, short.head, short.data) == (usual.form, usual.head, usual.data)


@pytest.mark.parametrize("headers", [HEADERS.astype(np.int8), HEADERS[:1], HEADERS + 1, HEADERS[:, 3:]])
def test_unusable_headers_are_named(headers):
    book = Codebook("image/transform", "odd", {**ARRAYS, "usual_headers": headers})
    with pytest.raises(CodebookError, match="'odd': 'usual_headers'"):
        coded(picture(), book)


class Corpus(list):
    """Pictures as a trainer gets them."""

    @property
    def sizes(self):
        return [one.samples.shape for one in self]


def test_training_takes_the_most_frequent_size():
    model = initial_model((20, 34))
    corpus = Corpus(Picture(picture(*size, slope=n)) for n, size in enumerate([(32, 32), (32, 32), (20, 30)]))
    headers = usual_headers(corpus, model)
    assert headers.shape == (2, 5)
    assert headers[:, :3].tolist() == [[31, 31, 2]] * 2
    assert headers[:, 3].tolist() == [64, 0]
    assert usual_headers(Corpus(Picture(picture(*size)) for size in [(32, 32), (20, 30), (9, 9)]), model) is None
    assert usual_headers(Corpus([Picture(picture(300, 20))]), model) is None
