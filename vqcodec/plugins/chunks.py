"""Chunks of arrays as pictures: what the plug-ins for numcodecs and Zarr share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import at_hand, find_entry, find_identity, load_codebook
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.image import decode_image, encode_image
from vqcodec.media.registry import default_codebook, engine_of_medium

_IDENTITY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ChunkSettings:
    """How chunks are coded; JSON holds it.

    A chunk is one picture, uint8: (height, width), or (height, width, channels) with 1 to 4 channels, beside any
    number of axes of length 1. Coding is lossy.

    Attributes:
        quality: 0 to 100.
        effort: 0 to 9; None for the default.
        codebook: the identity of a codebook, 64 hexadecimal digits; a name or a path is turned into it.
        given: the codebook, if it was not given by its identity and the search path does not have it.
    """

    quality: float = 75.0
    effort: int | None = None
    codebook: str | None = None
    given: Codebook | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = self.codebook or default_codebook("image")
        by_identity = _IDENTITY.fullmatch(named) is not None
        book = find_identity(bytes.fromhex(named)) if by_identity else load_codebook(named)
        engine_of_medium(book.engine, "image")
        object.__setattr__(self, "codebook", book.identity)
        if not by_identity and not _is_in_search_path(book):
            object.__setattr__(self, "given", book)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON holds them, without those that are not set."""
        settings = {"quality": self.quality, "effort": self.effort, "codebook": self.codebook}
        return {name: value for name, value in settings.items() if value is not None}

    def encode(self, chunk: npt.NDArray[Any]) -> bytes:
        """Return a chunk as a `.vqc` file.

        Raises:
            UsageError: it is no picture.
        """
        assert self.codebook is not None  # set above
        book = self.given or find_identity(bytes.fromhex(self.codebook))
        return encode_image(_as_picture(chunk), codebook=book, quality=self.quality, effort=self.effort, threads=1)

    def decode(self, data: bytes, shape: tuple[int, ...] | None = None) -> npt.NDArray[np.uint8]:
        """Return the chunk of a `.vqc` file, in `shape` if one is given.

        Raises:
            CorruptFileError: the file is damaged, or holds another number of samples.
        """
        with at_hand([self.given] if self.given else []):
            samples = decode_image(data, threads=1)
        if shape is None:
            return samples
        if samples.size != int(np.prod(shape)):
            raise CorruptFileError(f"a chunk of {shape} is wanted, and the picture in its place is {samples.shape}")
        return samples.reshape(shape)


def _is_in_search_path(book: Codebook) -> bool:
    try:
        find_entry(book.digest)
    except CodebookError:
        return False
    return True


def _as_picture(chunk: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return a chunk without its axes of length 1, at least two axes."""
    if chunk.dtype != np.uint8:
        raise UsageError(f"a chunk of {chunk.dtype} is no picture; uint8 is coded")
    shape = tuple(side for side in chunk.shape if side != 1)
    if len(shape) > 3 or (len(shape) == 3 and shape[2] > 4):
        raise UsageError(
            f"a chunk of {chunk.shape} is no picture; (height, width) or (height, width, 1 to 4) is coded, so choose "
            "chunks of length 1 along the other axes"
        )
    return np.ascontiguousarray(chunk).reshape((1,) * (2 - len(shape)) + shape)
