"""Items of a picture codebook's memory: a picture's stream header and its packet, as in the compact form.

An item may be predicted from items before it. `code_item` makes such as stand alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import SAMPLE_MIDDLE
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.picture_planes import TILE_MAX
from vqcodec.errors import CodebookError, UsageError, VQCodecError
from vqcodec.image import colour
from vqcodec.image.alpha.chances import Chances
from vqcodec.image.transform.coding import TransformOptions, decode_picture, encode_picture
from vqcodec.image.transform.header import Header

_OPTIONS = TransformOptions(tune="psnr", chroma="auto", alpha_quality=100)

Plane = npt.NDArray[np.int16]


class Item(NamedTuple):
    """A decoded item.

    Attributes:
        planes: luma alone, or luma and both chroma planes; int16 in 1/16. Chroma may have half the size, rounded up.
        alpha: uint8 (height, width); None without alpha.
    """

    planes: tuple[Plane, ...]
    alpha: npt.NDArray[np.uint8] | None

    @property
    def bytes_held(self) -> int:
        """The bytes of its arrays."""
        return sum(plane.nbytes for plane in self.planes) + (0 if self.alpha is None else self.alpha.nbytes)

    def planes_for(self, subsampling: str) -> tuple[Plane, ...]:
        """Return the planes that a picture of this subsampling ("444", "420" or "grey") is predicted from.

        Chroma is doubled or halved as needed. Of an item in grey it is 128.
        """
        luma = self.planes[0]
        if subsampling == "grey":
            return (luma,)
        half = ((luma.shape[0] + 1) // 2, (luma.shape[1] + 1) // 2)
        wanted = luma.shape if subsampling == "444" else half
        if len(self.planes) == 1:
            return (luma, *(np.full(wanted, SAMPLE_MIDDLE, np.int16) for _ in range(2)))
        if self.planes[1].shape == wanted:
            return self.planes
        if subsampling == "420":
            return (luma, *(colour.halve(plane) for plane in self.planes[1:]))
        return (luma, *(colour.double(plane, *luma.shape) for plane in self.planes[1:]))


def code_item(
    samples: np.ndarray,
    model: Model,
    quality: float,
    effort: int = 9,
    threads: int | None = None,
    chances: Chances | None = None,
) -> bytes:
    """Code a picture as an item.

    Args:
        samples: uint8 (height, width, 1 to 4 channels), at most TILE_MAX a side. Alpha is kept exactly.
        model: of the codebook that shall hold it; only its tables for pictures without memory count.
        quality: 0 to 100, for squared error; effort: 0 to 9.
        chances: of that codebook, for alpha; None if it has none.

    Raises:
        UsageError: the picture is too large.
        CodebookError: a symbol that it needs has no code.
    """
    if max(samples.shape[:2]) > TILE_MAX:
        raise UsageError(
            f"a picture of {samples.shape[1]}x{samples.shape[0]} pixels cannot be an item of a memory; "
            f"at most {TILE_MAX} a side are allowed"
        )
    encoded = encode_picture(np.ascontiguousarray(samples), model, quality, effort, _OPTIONS, threads, chances=chances)
    return encoded.header + encoded.packets[0]


def items_needed(item: bytes, number: int) -> tuple[int, ...]:
    """Return the numbers of the items that an item is predicted from.

    Args:
        item: its bytes; number: its own number.

    Raises:
        CodebookError: it is damaged, or predicted from an item that does not stand before it.
    """
    try:
        needed = Header.from_bytes(item)[0].items
    except VQCodecError as error:
        raise CodebookError(f"codebook: item {number} of its memory cannot be used: {error}") from None
    if any(other >= number for other in needed):
        raise CodebookError(f"codebook: item {number} of its memory is predicted from one that is not before it")
    return needed


def decode_item(
    item: bytes,
    model: Model,
    name: str = "an item",
    chances: Chances | None = None,
    known: Callable[[int], Item] | None = None,
) -> Item:
    """Decode an item.

    Args:
        item: what `code_item` returned.
        model: of the codebook that holds it.
        name: of the item, in errors.
        chances: of that codebook, for alpha; None if it has none.
        known: gives the decoded items that it is predicted from, by number; None if it may not be.

    Raises:
        CodebookError: the item is damaged, or larger than allowed.
    """
    try:
        header, used = Header.from_bytes(item)
        if max(header.shape.width, header.shape.height) > TILE_MAX:
            raise CodebookError(
                f"its {header.shape.width}x{header.shape.height} pixels are more than {TILE_MAX} a side"
            )
        if header.items and known is None:
            raise CodebookError("it is predicted from other items")
        others = [known(number) for number in header.items] if known is not None else []
        planes = decode_picture(
            header,
            [item[used:]],
            model,
            threads=1,
            references=[other.planes_for(header.parameters.subsampling) for other in others],
            known_alpha=others[0].alpha if others else None,
            chances=chances,
            fine=True,
        )
    except VQCodecError as error:
        raise CodebookError(f"codebook: {name} of its memory cannot be used: {error}") from None
    return Item(tuple(plane.astype(np.int16, copy=False) for plane in planes.colour), planes.alpha)
