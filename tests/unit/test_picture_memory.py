"""Items of a picture codebook's memory."""

from __future__ import annotations

import numpy as np
import pytest

from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CodebookError, UsageError
from vqcodec.image.transform.engine import model_of
from vqcodec.image.transform.memory.items import code_item, decode_item
from vqcodec.image.transform.planes import samples_of


@pytest.fixture(scope="module")
def model():
    return model_of(load_codebook("photo"))


def smooth_picture(height: int, width: int, channels: int) -> np.ndarray:
    """Return a picture with gradients and a bright square, uint8 (height, width, channels)."""
    y, x = np.mgrid[:height, :width]
    planes = [(40 + 60 * c + 2 * y + (3 - c) * x) % 200 for c in range(channels)]
    samples = np.stack(planes, axis=2).astype(np.uint8)
    samples[height // 4 : height // 2, width // 3 : width // 2] = 250
    return samples


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_items_decode_to_the_picture(model, channels: int) -> None:
    samples = smooth_picture(37, 50, channels)
    item = decode_item(code_item(samples, model, 90, effort=4), model)
    colours = 1 if channels < 3 else 3
    decoded = samples_of([np.ascontiguousarray(plane) for plane in item.planes_for("444" if colours == 3 else "grey")])
    wanted = samples[:, :, :colours].astype(int)
    rounded = (decoded + 8) >> 4 if colours == 1 else decoded
    assert np.mean((rounded.astype(int) - wanted) ** 2) < 20
    if channels in (2, 4):
        assert np.array_equal(item.alpha, samples[:, :, -1])
    else:
        assert item.alpha is None


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("subsampling", ["444", "420", "grey"])
def test_planes_have_the_size_of_the_picture_to_predict(model, channels: int, subsampling: str) -> None:
    item = decode_item(code_item(smooth_picture(37, 50, channels), model, 60, effort=2), model)
    shapes = [plane.shape for plane in item.planes_for(subsampling)]
    chroma = (19, 25) if subsampling == "420" else (37, 50)
    assert shapes == ([(37, 50)] if subsampling == "grey" else [(37, 50), chroma, chroma])


def test_too_large_a_picture_is_no_item(model) -> None:
    with pytest.raises(UsageError, match="1281x4 pixels cannot be an item"):
        code_item(np.zeros((4, 1281, 1), np.uint8), model, 50)


def test_a_damaged_item_is_named(model) -> None:
    item = code_item(smooth_picture(64, 64, 3), model, 50, effort=2)
    with pytest.raises(CodebookError, match="item 7 of its memory cannot be used"):
        decode_item(item[: len(item) // 2], model, "item 7")
