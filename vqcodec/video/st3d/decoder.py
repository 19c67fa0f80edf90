"""From the packet of a group to its frames, slab by slab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CHROMA, LUMA
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.syntax.parts import PartBits, new_part_bits
from vqcodec.entropy.bits import PADDING, padded
from vqcodec.errors import CorruptFileError
from vqcodec.kernels.records import new_record
from vqcodec.threads import map_shards
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d.layout import MACROBLOCK, Slab, empty_frame, new_slab, slab_depths
from vqcodec.video.st3d.parameters import GroupParameters
from vqcodec.video.st3d.signal.lifting import synthesise
from vqcodec.video.st3d.signal.planes import limited, shown_frames
from vqcodec.video.st3d.syntax.reading import DECODER_SCRATCH, decode_chroma_row, decode_luma_row

_CUT_OFF = "video data: a group ends before its last frame; truncated or damaged"
LastFrame = tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]


class DecodedSlab(NamedTuple):
    """The frames of a slab, and where its bits went: int64 (plane types, parts)."""

    frames: list[Frame]
    bits: PartBits


def shown_slab(slab: Slab, threads: int | None) -> LastFrame:
    """Return the planes of a slab whose bands are reconstructed: luma and chroma, in 1/16, in the range of samples."""
    planes = [(slab.luma, MACROBLOCK), (slab.chroma[0], MACROBLOCK // 2), (slab.chroma[1], MACROBLOCK // 2)]
    luma, blue, red = map_shards(lambda item: limited(synthesise(item[0], slab.maps, item[1])), planes, threads)
    return luma, np.stack([blue, red])


class GroupDecoder:
    """Decodes a group.

    Args:
        packet: of the group, not trusted.
        height, width: of its frames.

    Attributes:
        parameters: what the packet says first; header_bits: what that takes.
        padding: bits after the last slab, once all are decoded.

    Raises:
        CorruptFileError: the packet's first bytes are damaged.
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
            CorruptFileError: the packet is damaged; slabs given before are as they were coded.
        """
        parameters, scratch = self.parameters, new_record(DECODER_SCRATCH)
        end, position = np.int64(8 * (self._buffer.size - PADDING)), np.int64(0)
        last = empty_frame(*self._size)
        for number, bands in enumerate(slab_depths(parameters.frames, parameters.depth)):
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
            luma, chroma = shown_slab(slab, self._threads)
            last = np.ascontiguousarray(luma[-1]), np.ascontiguousarray(chroma[:, -1])
            yield DecodedSlab(shown_frames(luma, chroma, *self._size), bits)
        self.padding = int(end - position)
        if self.padding > 7:
            raise CorruptFileError("video data: a group has bytes after its last frame; damaged")
