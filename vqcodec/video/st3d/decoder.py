"""Decoding of a group, slab by slab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from vqcodec.blocks.layout import CHROMA, LUMA
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.syntax.parts import PartBits, new_part_bits
from vqcodec.entropy.bits import PADDING, padded
from vqcodec.errors import CorruptFileError
from vqcodec.kernels.records import new_record
from vqcodec.threads import map_shards
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d.layout import MACROBLOCK, SUPERBLOCK_SIDE, Planes, Slab, grey_frame, new_slab, slab_depths
from vqcodec.video.st3d.parameters import GroupParameters
from vqcodec.video.st3d.signal.lifting import synthesise
from vqcodec.video.st3d.signal.planes import limited, shown_frames
from vqcodec.video.st3d.syntax.reading import DECODER_SCRATCH, decode_chroma_row, decode_luma_row

_CUT_OFF = "video data: a group ends before its last frame; truncated or damaged"


class DecodedSlab(NamedTuple):
    """The frames of a slab, and its bits by part: int64 (plane types, parts)."""

    frames: list[Frame]
    bits: PartBits


def shown_slab(slab: Slab, threads: int | None) -> Planes:
    """Return the planes of the frames of a slab with reconstructed bands, in 1/16, in the range of samples."""
    planes = [(slab.luma, MACROBLOCK), (slab.chroma[0], MACROBLOCK // 2), (slab.chroma[1], MACROBLOCK // 2)]
    luma, blue, red = map_shards(lambda item: limited(synthesise(item[0], slab.maps, item[1])), planes, threads)
    return Planes(luma, np.stack([blue, red]))


def last_frame(planes: Planes) -> Planes:
    """Return the last frame of the planes of several frames."""
    return Planes(np.ascontiguousarray(planes.luma[-1]), np.ascontiguousarray(planes.chroma[:, -1]))


class GroupDecoder:
    """Decodes a group.

    Args:
        packet: the bytes of the group; not trusted.
        height, width: of the frames, in samples.
        model: the trained tables.
        threads: None for all CPUs; the frames do not depend on it.

    Attributes:
        parameters: of the group. header_bits: number of bits that they take.
        padding: number of bits after the last slab, once all slabs are decoded.

    Raises:
        CorruptFileError: the first bytes of the packet are damaged.
    """

    def __init__(self, packet: bytes, height: int, width: int, model: Model, threads: int | None) -> None:
        self.parameters, used = GroupParameters.from_bytes(packet)
        self.header_bits = 8 * used
        self.padding = 0
        self._buffer = padded(packet[used:])
        self._size = (height, width)
        self._threads = threads
        rung = model.rung_of(self.parameters.step_index)
        self._tables = [model.decoder_tables(kind, rung) for kind in (LUMA, CHROMA)]

    def slabs(self) -> Iterator[DecodedSlab]:
        """Yield the slabs in order.

        Raises:
            CorruptFileError: the packet is damaged; the slabs yielded before it ends are intact.
        """
        parameters, scratch = self.parameters, new_record(DECODER_SCRATCH)
        end, position = np.int64(8 * (self._buffer.size - PADDING)), np.int64(0)
        least = _least_bits(*self._size)
        last: Planes | None = None
        depths = slab_depths(parameters.frames, parameters.depth)
        for number, bands in enumerate(depths):
            if position + least > end:  # before memory is taken for the slab
                raise CorruptFileError(_CUT_OFF)
            last = last or grey_frame(*self._size)
            slab = new_slab(bands, *self._size, parameters.step_index, last)
            bits = new_part_bits()
            has_last = bool(number and parameters.replenish)
            for top in range(0, slab.maps.shape[1], 2):
                position = decode_luma_row(
                    slab, self._buffer, position, end, np.int64(top), has_last, np.int64(parameters.tools),
                    self._tables[LUMA], bits[LUMA], scratch,
                )  # fmt: skip
                if position <= end:
                    position = decode_chroma_row(
                        slab, self._buffer, position, end, np.int64(top), self._tables[CHROMA], bits[CHROMA], scratch
                    )
                if position > end:
                    raise CorruptFileError(_CUT_OFF)
            if number == len(depths) - 1:  # before the last frames are given: who has them asks for no more
                self.padding = int(end - position)
                if self.padding > 7:
                    raise CorruptFileError("video data: a group has bytes after its last frame; damaged")
            shown = shown_slab(slab, self._threads)
            last = last_frame(shown)
            yield DecodedSlab(shown_frames(shown, *self._size), bits)


def _least_bits(height: int, width: int) -> int:
    """Return the fewest bits of a slab of this size: each square of macroblocks has a symbol of at least one bit."""
    side = SUPERBLOCK_SIDE * MACROBLOCK
    return -(-height // side) * -(-width // side)
