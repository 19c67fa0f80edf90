"""Messages for Python users become messages for the command line."""

from __future__ import annotations

import numpy as np
import pytest

import vqcodec
from vqcodec.cli.translation import as_options
from vqcodec.errors import UsageError


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "a.vqc: exists already; pass overwrite=True to replace it",
            "a.vqc: exists already; pass --force to replace it",
        ),
        ("leave it out with audio=False", "leave it out with --no-audio"),
        ("pass codebook=FILE", "pass --codebook FILE"),
        ('is coded with medium="speech"', "is coded with --media speech"),
        ("say one with format=: png, wav", "say one with --format: png, wav"),
        ("my.audio=False.wav: no such file", "my.audio=False.wav: no such file"),
        ("quality=5 is not an option of this kind", "quality=5 is not an option of this kind"),
    ],
)
def test_arguments_become_options(said: str, shown: str) -> None:
    assert as_options(said) == shown


def test_an_array_is_sent_to_the_function_for_arrays() -> None:
    with pytest.raises(UsageError, match="encode_image, encode_speech or encode_video"):
        vqcodec.encode(np.zeros((8, 8, 3), np.uint8))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 2), (8, 6, 3)])
def test_pictures_come_back_in_the_shape_they_had(shape: tuple[int, ...]) -> None:
    assert vqcodec.decode_image(vqcodec.encode_image(np.zeros(shape, np.uint8), effort=0)).shape == shape
