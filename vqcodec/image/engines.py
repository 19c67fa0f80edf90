"""What picture engines offer, and finding one by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.image.crop import Crop
from vqcodec.media.progress import Progress
from vqcodec.media.registry import engine_of_medium


@dataclass(frozen=True)
class Encoded:
    """What an engine's encoder made.

    Attributes:
        header: the stream header.
        packets: the packets of the stream.
        reconstruction: uint8 (height, width, channels), exactly what the decoder gives.
        bits_by_part: where the bits of header and packets went; they sum to their size.
        notes: what the user should know, one clause each.
    """

    header: bytes
    packets: list[bytes]
    reconstruction: np.ndarray
    bits_by_part: dict[str, int]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class PlaneBlocks:
    """The blocks that a plane of a coded picture is cut into, in no particular order; arrays have an entry for each.

    Attributes:
        name: `grey`, `Y`, `Cb` or `Cr`.
        down, across: pixels of the picture to a sample of the plane, 1 or 2.
        top, left: int32, the first sample of the block. height, width: int32, in samples.
        mode: uint8, the number of how it is predicted; `modes` has the names of the numbers.
        coded: bool, whether the block has coefficients.
        bits: int32, of the block with what cuts it out of its neighbourhood; without what tells copies and palettes,
            whose values take parts of a bit.
        step: float32, the quantizer step, in sample values.
        item: int32, the item of the codebook's memory that it is predicted from; -1 for none.
        moved_down, moved_right: float32, how far away the prediction lies, in samples of the plane: in the item, or in
            the plane itself if the block is copied.
        modes: names of the modes.
    """

    name: str
    down: int
    across: int
    top: NDArray[np.int32]
    left: NDArray[np.int32]
    height: NDArray[np.int32]
    width: NDArray[np.int32]
    mode: NDArray[np.uint8]
    coded: NDArray[np.bool_]
    bits: NDArray[np.int32]
    step: NDArray[np.float32]
    item: NDArray[np.int32]
    moved_down: NDArray[np.float32]
    moved_right: NDArray[np.float32]
    modes: Sequence[str]


class Coder(Protocol):
    """What the coder of a picture engine offers; documented in `vqcodec.image.block.engine`."""

    def encode(
        self,
        samples: np.ndarray,
        codebook: Codebook,
        quality: float,
        effort: int,
        threads: int | None = None,
        options: Mapping[str, object] | None = None,
        progress: Progress | None = None,
    ) -> Encoded:
        """Encode a picture. `progress` may be told how much is done; if it raises, the work ends."""

    def ways(self, samples: np.ndarray, options: Mapping[str, object], psnr_db: float) -> list[Mapping[str, object]]:
        """Sets of options, each with all of `options`, with one of which a PSNR is reached in the fewest bytes.

        With each set, size and PSNR go up with the quality, without jumps.
        """

    def decode(
        self,
        header: bytes,
        packets: list[bytes],
        codebook: Codebook,
        threads: int | None = None,
        crop: Crop | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """Decode a picture, or the part of it that `crop` names."""

    def needed_packets(self, header: bytes, crop: Crop) -> Sequence[int]:
        """Numbers of the packets that `decode` looks at for `crop`; the others may be empty."""

    def count_bits(self, header: bytes, packets: list[bytes], codebook: Codebook) -> dict[str, int]:
        """Where the bits of header and packets went; they sum to their size."""

    def split(self, data: bytes) -> tuple[bytes, bytes]:
        """Stream header and packet of a compact file."""

    def describe(self, header: bytes) -> dict[str, object]:
        """What a stream header says."""


@dataclass(frozen=True)
class TogetherOptions:
    """How pictures are coded together.

    Attributes:
        quality: 0 to 100. effort: 0 to 9. engine: encode options of the engine, by name.
        memory_bytes: most bytes of pictures that others are predicted from; None for no limit.
    """

    quality: float
    effort: int
    engine: Mapping[str, Any]
    memory_bytes: int | None = None


class Placed(NamedTuple):
    """A picture that was coded together with others.

    Attributes:
        place: its number in the memory of the codebook; None if it is not there.
        header, packet: of its stream.
        reconstruction: uint8 (height, width, channels), exactly what the decoder gives.
    """

    place: int | None
    header: bytes
    packet: bytes
    reconstruction: np.ndarray


class CodeTogether(Protocol):
    """The function of an engine that codes pictures which are predicted from one another."""

    def __call__(
        self,
        pictures: Sequence[np.ndarray],
        parent: Codebook,
        options: TogetherOptions,
        threads: int | None = None,
        progress: Callable[[float], None] = ...,
    ) -> tuple[Codebook, list[Placed]]:
        """Return a codebook that remembers those that others are predicted from, and the pictures in their order."""


def engine_for(name: str) -> Coder:
    """Return the coder of the engine of that name.

    Raises:
        UnsupportedError: this version has no such picture engine.
    """
    coder: Coder = engine_of_medium(name, "image").coder
    return coder


def inspect(engine: Coder, header: bytes, packets: list[bytes], codebook: Codebook) -> list[PlaneBlocks] | None:
    """Return the blocks of each plane of a picture; None if the engine does not tell.

    An engine that tells defines a function `inspect` of the last three arguments, as `vqcodec.image.transform.engine`
    does. Errors as `Coder.decode`.
    """
    tell = getattr(engine, "inspect", None)
    if tell is None:
        return None
    found: list[PlaneBlocks] = tell(header, packets, codebook)
    return found


def at_stages(engine: Coder, codebook: Codebook, stages: int | None) -> Codebook:
    """Return the codebook that decodes by the first `stages` stages of each index; None for all.

    An engine whose indices have stages defines a function `at_stages`, as `vqcodec.image.block.engine` does.

    Raises:
        UsageError: the codebook has not so many stages.
    """
    if stages is None:
        return codebook
    narrowed = getattr(engine, "at_stages", None)
    if narrowed is None:
        raise UsageError(f"stages {stages} cannot be decoded: indices of engine {codebook.engine} have no stages")
    found: Codebook = narrowed(codebook, stages)
    return found
