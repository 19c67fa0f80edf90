"""Where the bits of a picture of the transform engine went: the decoder's count is the encoder's, to the bit."""

import numpy as np
import pytest
from random_transform import random_codebook

from vqcodec.blocks import picture_planes
from vqcodec.blocks.syntax.parts import PART_NAMES
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CorruptFileError
from vqcodec.image import count_bits, encode_picture
from vqcodec.image.pixels import Picture
from vqcodec.image.transform import engine
from vqcodec.media.target import Target, Work

LUMA = {f"luma {part}" for part in PART_NAMES}
CHROMA = {f"chroma {part}" for part in PART_NAMES}
ALWAYS = {"padding", "header", "container"}


@pytest.fixture(scope="module")
def photo():
    return load_codebook("photo")


def picture(channels, height=70, width=90, seed=0):
    """A flat part, a slope, an edge and noise; alpha, where there is any, a disc."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(0, 60, (height, width))
    plane = np.where(x < width // 2, 80, x + y + noise * (y > height // 3))
    samples = np.stack([plane - 20 * channel for channel in range(channels)], axis=2)
    if channels in (2, 4):
        samples[:, :, -1] = 255 * ((y - height / 2) ** 2 + (x - width / 2) ** 2 < 900)
    return Picture(np.clip(samples, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("channels", "quality", "options"),
    [
        (1, 30, {}),
        (1, 97, {"tune": "psnr"}),
        (2, 60, {"alpha_quality": 40.0}),
        (3, 8, {"tune": "psnr"}),
        (3, 50, {"tune": "ssim", "chroma": "444"}),
        (3, 50, {"tune": "psnr", "chroma": "420"}),
        (3, 99, {"tune": "visual"}),
        (4, 40, {}),
        (4, 40, {"alpha_quality": 30.0, "chroma": "420"}),
    ],
)
def test_decoder_counts_what_the_encoder_wrote(photo, channels, quality, options):
    encoded = encode_picture(picture(channels), codebook=photo, target=Target(quality), work=Work(4), options=options)
    counted = count_bits(encoded.data, codebook=photo)
    assert counted == encoded.bits_by_part
    assert sum(counted.values()) == 8 * len(encoded.data)
    names = LUMA | ALWAYS | (CHROMA if channels > 2 else set()) | ({"alpha"} if channels in (2, 4) else set())
    values = {"copies", "palettes", "copies and palettes"} & set(counted)
    assert len(values) <= 1
    if channels in (1, 3):  # the flat part repeats; beside alpha, its hidden samples do not
        assert values
    assert set(counted) == names | values
    assert (counted["luma step"] > 0) == (options.get("tune") != "psnr")
    if quality > 90:
        assert all(counted[f"luma {part}"] > 0 for part in ("partition", "choice", "mask", "pattern", "sign", "escape"))


@pytest.mark.parametrize("channels", [3, 4])
def test_tiles_are_added_up(photo, monkeypatch, channels):
    monkeypatch.setattr(picture_planes, "TILE_MAX", 64)
    encoded = encode_picture(picture(channels, 100, 140), codebook=photo, target=Target(60), work=Work(2, 2))
    assert count_bits(encoded.data, codebook=photo) == encoded.bits_by_part
    assert encoded.bits_by_part["padding"] > 7  # of more than one tile


def test_embedded_codebook_and_metadata_are_parts_of_their_own(photo):
    samples = picture(3, 40, 40).samples
    encoded = encode_picture(
        Picture(samples, {"icc": bytes(50)}), codebook=photo, target=Target(40), embed_codebook=True
    )
    counted = count_bits(encoded.data)
    assert counted == encoded.bits_by_part
    assert counted["metadata"] == 8 * 50
    assert counted["codebook"] > 8 * 10_000


@pytest.mark.parametrize("seed", range(6))
def test_every_bit_of_any_payload_is_counted_once(seed):
    """Random bits reach symbols that an encoder never writes, such as modes that do not exist and masks of nothing."""
    chance = np.random.default_rng(seed)
    book = random_codebook(seed, alternatives=seed % 3)
    step, chroma = int(chance.integers(0, 64)), (0, 16, 48)[seed % 3]
    header = bytes([39, 31, 0 if chroma == 48 else 2, step + 64 * (seed & 1), 8 + chroma])
    payload = shortened(header, chance.bytes(1 << 14), book)
    counted = engine.count_bits(header, [payload], book)
    assert sum(counted.values()) == 8 * (len(header) + len(payload))
    assert 0 <= counted["padding"] < 8
    assert all(bits >= 0 for bits in counted.values())
    assert all(counted[f"luma {part}"] for part in ("partition", "choice", "mask", "pattern", "sign"))


def shortened(header, data, book):
    """As much of `data` as a picture takes: with less it is truncated, with more there is something left over."""
    least, most = 0, len(data)
    while least < most:
        middle = (least + most) // 2
        try:
            engine.count_bits(header, [data[:middle]], book)
        except CorruptFileError as error:
            too_much = "left over" in str(error)
            least, most = (least, middle) if too_much else (middle + 1, most)
        else:
            return data[:middle]
    raise AssertionError("no part of the data is a picture")
