"""What video engines offer, and finding one by its name.

An engine codes groups of frames: a group is one packet, decodes on its own, and says itself how its frames are coded.
What is the same for the whole stream (size, frame rate, aspect, times) stands in the stream header (`video.stream`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.media.registry import engine_of_medium
from vqcodec.video.io.frames import Frame

GROUP_SAMPLES = 1 << 27  # luma samples of a group at most: its frames are held in memory


@dataclass(frozen=True)
class Settings:
    """How a group is to be coded; only the encoder knows it all.

    Attributes:
        quality: 0 to 100; any number between, so that a rate can be reached exactly.
        effort: 0 (fast) to 9.
        threads: None for all CPUs; the bytes do not depend on it.
        options: the engine's own, by name.
    """

    quality: float
    effort: int
    threads: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CodedFrame:
    """What became of one frame.

    Attributes:
        kind: "I", "P" or "B", and for a B its level in the hierarchy: "B1", "B2"; "M" for a first frame that is
            predicted from the codebook's memory; "ST" for frames coded together.
        bits: where its bits went, by part; the frames of a group sum to the bits of its packet.
    """

    kind: str
    bits: Mapping[str, int]


@dataclass(frozen=True)
class CodedGroup:
    """A group, coded.

    Attributes:
        packet: its bytes.
        frames: in display order, one for each that went in.
        reconstruction: in display order, exactly what `decode_group` gives.
    """

    packet: bytes
    frames: Sequence[CodedFrame]
    reconstruction: Sequence[Frame]


@dataclass(frozen=True)
class FrameBlocks:
    """The blocks of luma that a coded frame is cut into, in no particular order; arrays have an entry for each.

    Attributes:
        kind: of the frame, as in `CodedFrame`.
        top, left, height, width: int32, in samples.
        how: uint8, the number of how the block is predicted; `names` has the names of the numbers.
        coded: bool, whether something is coded of what the prediction leaves.
        motion: float32 (blocks, 2, 2), by which row and column each of two predictions is displaced, in samples.
        towards: int32 (blocks, 2), how many frames later that it is taken from is; negative: earlier, 0: none.
        names: of the ways of prediction.
    """

    kind: str
    top: NDArray[np.int32]
    left: NDArray[np.int32]
    height: NDArray[np.int32]
    width: NDArray[np.int32]
    how: NDArray[np.uint8]
    coded: NDArray[np.bool_]
    motion: NDArray[np.float32]
    towards: NDArray[np.int32]
    names: Sequence[str]


class Coder(Protocol):
    """What the coder of a video engine offers."""

    def group_length(self, width: int, height: int, wanted: int | None, options: Mapping[str, object]) -> int:
        """The most frames a group may have: as `wanted`, None for the engine's own choice, bounded by memory.

        Raises:
            UsageError: an option is unknown or out of range.
        """

    def encode_group(
        self,
        frames: Sequence[Frame],
        codebook: Codebook,
        settings: Settings,
        progress: Callable[[int], None] | None = None,
    ) -> CodedGroup:
        """Encode frames of one size; `progress` is called with the number of frames done.

        Raises:
            CodebookError: the codebook is not for this engine.
            UsageError: an option is unknown or out of range.
        """

    def frame_count(self, packet: bytes) -> int:
        """How many frames a group's packet holds; CorruptFileError if it cannot be told."""

    def decode_group(
        self, packet: bytes, width: int, height: int, codebook: Codebook, threads: int | None = None
    ) -> Iterator[Frame]:
        """Decode a group, in display order, frame by frame as they get ready.

        Raises:
            CorruptFileError: (while iterating) the packet is damaged; frames given before are intact.
            CodebookError: the codebook is not for this engine.
        """

    def count_bits(self, packet: bytes, width: int, height: int, codebook: Codebook) -> Sequence[CodedFrame]:
        """What became of each frame of a group, as `encode_group` reported it."""


def engine_for(name: str) -> Coder:
    """Return the coder of the engine of that name.

    Raises:
        UnsupportedError: this version has no such video engine.
    """
    coder: Coder = engine_of_medium(name, "video").coder
    return coder


def inspect(engine: Coder, packet: bytes, width: int, height: int, codebook: Codebook) -> Sequence[FrameBlocks] | None:
    """Return the blocks of each frame of a group in display order; None if the engine does not tell.

    An engine that tells defines a function `inspect` of the last four arguments, as `vqcodec.video.mc.engine` does.
    Errors as `Coder.decode_group`.
    """
    tell = getattr(engine, "inspect", None)
    if tell is None:
        return None
    found: Sequence[FrameBlocks] = tell(packet, width, height, codebook)
    return found


def step_at(quality: float, coarsest: float, finest: float) -> tuple[int, float]:
    """(step index, factor of lambda) for a quality of 0 to 100, at which the steps have the indices given.

    Between two steps of the ladder lambda makes up for the difference: it grows with the square of the step.
    """
    position = coarsest + (finest - coarsest) * quality / 100
    index = round(position)
    return index, 2.0 ** ((position - index) / 4)


def bounded_group(width: int, height: int, wanted: int | None, usual: int, most: int) -> int:
    """The most frames of a group: as `wanted`, None for `usual`, fewer where frames are large.

    Raises:
        UsageError: more than `most` are wanted, or none.
    """
    if wanted is not None and not 1 <= wanted <= most:
        raise UsageError(f"gop {wanted} is out of range; choose 1 to {most} frames")
    return max(1, min(wanted or usual, GROUP_SAMPLES // (width * height)))
