"""Pictures. The public functions are loaded when first used, since the engines compile kernels.

Map, lowest first:

    alpha
    background
    colour
    crop
    engines: crop
    fine_colour
    hidden
    partial
    pillow
    profiles
    metadata: profiles
    pixels: metadata pillow profiles
    targets
    codec: crop engines hidden partial pixels targets
    inspection: engines codec
    corpus: colour hidden pixels
    shape
    block: alpha colour crop engines pixels shape
    transform: alpha colour crop engines fine_colour hidden pixels shape
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "count_bits",
    "decode_image",
    "decode_picture",
    "decode_picture_part",
    "describe",
    "encode_image",
    "encode_picture",
]

if TYPE_CHECKING:
    from vqcodec.image.codec import (
        count_bits,
        decode_image,
        decode_picture,
        decode_picture_part,
        describe,
        encode_image,
        encode_picture,
    )


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'vqcodec.image' has no attribute {name!r}")
    from vqcodec.image import codec

    return getattr(codec, name)
