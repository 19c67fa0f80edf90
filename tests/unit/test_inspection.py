"""The blocks of a coded picture: they cover each plane once, and their bits are those of the file."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.errors import CorruptFileError
from vqcodec.image import count_bits, encode_image
from vqcodec.image.inspection import inspect_picture

NOT_OF_BLOCKS = ("alpha", "header", "padding", "container", "metadata", "codebook")


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """Return a slope with a noisy half, uint8 (height, width, channels)."""
    y, x = np.indices((height, width))
    noise = np.random.default_rng(3).integers(0, 90, (height, width))
    planes = [np.where(x < width // 2, 40 + 30 * c + y, 60 * c + noise) for c in range(channels)]
    return np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("channels", "size", "options"),
    [
        (1, (45, 70), {}),
        (2, (45, 70), {}),
        (3, (45, 70), {"chroma": "444"}),
        (3, (45, 71), {"chroma": "420"}),
        (4, (45, 70), {"tune": "ssim"}),
        (3, (40, 1300), {"chroma": "420"}),  # two tiles
    ],
)
def test_blocks_cover_the_planes_and_take_the_bits(channels, size, options) -> None:
    data = encode_image(picture(*size, channels), quality=60, effort=2, **options)
    planes = inspect_picture(data)
    assert [plane.name for plane in planes] == (["grey"] if channels < 3 else ["Y", "Cb", "Cr"])
    for plane in planes:
        height, width = -(-size[0] // plane.down), -(-size[1] // plane.across)
        covered = np.zeros((height + 32, width + 32), dtype=int)
        for top, left, rows, columns in zip(plane.top, plane.left, plane.height, plane.width):
            covered[top : top + rows, left : left + columns] += 1
        assert (covered[:height, :width] == 1).all()
        assert plane.mode.max() < len(plane.modes)
        assert (plane.item == -1).all()
    counted = count_bits(data)
    wanted = sum(bits for part, bits in counted.items() if part not in NOT_OF_BLOCKS)
    assert sum(int(plane.bits.sum()) for plane in planes) == wanted
    luma = sum(bits for part, bits in counted.items() if part.startswith("luma "))
    assert int(planes[0].bits.sum()) == luma


def test_noise_takes_more_bits_than_a_slope() -> None:
    (plane,) = inspect_picture(encode_image(picture(64, 128, 1), quality=60, effort=3))
    noisy = plane.left >= 64
    assert plane.bits[noisy].sum() > 3 * plane.bits[~noisy].sum()


def test_an_engine_without_blocks_tells_none() -> None:
    data = encode_image(picture(16, 16, 3), codebook="classic-4x4-256")
    assert inspect_picture(data) is None


def test_damage_is_an_error() -> None:
    data = encode_image(picture(45, 70, 3), quality=60, effort=2)
    with pytest.raises(CorruptFileError):
        inspect_picture(data[:-20])
