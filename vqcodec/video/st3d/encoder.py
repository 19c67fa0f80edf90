"""From the frames of a group to its packet: slab by slab, each decided, transformed along time, coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CHROMA, LUMA
from vqcodec.blocks.model.tables import Model, PackTables
from vqcodec.blocks.syntax.parts import PartBits, new_part_bits
from vqcodec.blocks.syntax.tokens import MAX_TOKEN_BITS, count_tokens, pack_tokens
from vqcodec.blocks.training.statistics import PlaneStatistics
from vqcodec.entropy.bits import PADDING
from vqcodec.kernels.records import new_record
from vqcodec.threads import default_threads, map_shards
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d.decoder import shown_slab
from vqcodec.video.st3d.effort import Settings
from vqcodec.video.st3d.layout import MACROBLOCK, Slab, empty_frame, new_slab, slab_depths
from vqcodec.video.st3d.parameters import GroupParameters
from vqcodec.video.st3d.search.coding import code_row
from vqcodec.video.st3d.search.deciding import decide_row
from vqcodec.video.st3d.search.quantizing import ENCODER_SCRATCH
from vqcodec.video.st3d.signal.lifting import analyse
from vqcodec.video.st3d.signal.planes import shown_frames, slab_planes

_TOKENS_A_GROUP = 11  # at most: mask tokens, a codeword, signs, four escapes of two
_GROUPS_A_ROW = 2 * (MACROBLOCK // 2) ** 2  # of luma, by column of macroblocks, in a row of superblocks
_ROWS_A_SHARD = 2

_NO_STATISTICS = np.zeros((0, 0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.int64)


class EncodedGroup(NamedTuple):
    """What encoding gives.

    Attributes:
        packet: of the group.
        slabs: for each slab its number of frames and where its bits went.
        header_bits, padding: what the packet has besides.
        frames: exactly what decoding gives.
    """

    packet: bytes
    slabs: list[tuple[int, PartBits]]
    header_bits: int
    padding: int
    frames: list[Frame]


class BitSink:
    """Tokens turned into bits, one run after another.

    Attributes:
        data: the whole bytes so far; used: bits of the byte after them.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.used = np.int64(0)
        self._byte = np.uint8(0)

    def put(self, tokens: npt.NDArray[np.uint32], tables: PackTables, part_bits: npt.NDArray[np.int64]) -> None:
        """Append `tokens`; their bits are added to `part_bits`."""
        buffer = np.zeros(len(tokens) * MAX_TOKEN_BITS // 8 + 2 * PADDING, dtype=np.uint8)
        buffer[0] = self._byte
        position = pack_tokens(tokens, tables, buffer, self.used, part_bits)
        whole = position >> 3
        self.data += buffer[:whole].tobytes()
        self._byte, self.used = buffer[whole], np.int64(position & 7)

    def to_bytes(self) -> bytes:
        """Return all bits, the last byte filled up with zeros."""
        return bytes(self.data) + (bytes([int(self._byte)]) if self.used else b"")


class GroupEncoder:
    """Encodes one group after another with the same tables and scratch.

    Args:
        model: the trained tables.
        parameters: of the groups; `frames` is not used.
        settings: see `effort`.
        threads: None for all CPUs; does not change the result.
        statistics: by plane type, to which all that is coded is added; None to collect none.
    """

    def __init__(
        self,
        model: Model,
        parameters: GroupParameters,
        settings: Settings,
        threads: int | None = None,
        statistics: Sequence[PlaneStatistics] | None = None,
    ) -> None:
        self._parameters = parameters
        self._settings = settings
        self._threads = threads or default_threads()
        self._statistics = statistics
        rung = model.rung_of(parameters.step_index)
        self._search = [model.search_tables(kind, rung) for kind in (LUMA, CHROMA)]
        self._pack = [model.pack_tables(kind, rung) for kind in (LUMA, CHROMA)]
        self._scratch = new_record(ENCODER_SCRATCH)

    def encode(self, frames: Sequence[Frame], progress: Callable[[int], None] | None = None) -> EncodedGroup:
        """Encode a group; `progress` is called with the number of frames done."""
        height, width = frames[0].luma.shape
        parameters = replace(self._parameters, frames=len(frames))
        sink = BitSink()
        shown: list[Frame] = []
        slabs: list[tuple[int, PartBits]] = []
        last = empty_frame(height, width)
        for bands in slab_depths(len(frames), parameters.depth):
            slab = new_slab(bands, height, width, parameters.step_index, last)
            luma, chroma = slab_planes(frames[len(shown) : len(shown) + bands])
            part_bits = self._code_slab(slab, luma, chroma, bool(shown) and parameters.replenish, sink)
            luma, chroma = shown_slab(slab, self._threads)
            last = np.ascontiguousarray(luma[-1]), np.ascontiguousarray(chroma[:, -1])
            shown += shown_frames(luma, chroma, height, width)
            slabs.append((bands, part_bits))
            if progress is not None:
                progress(len(shown))
        header = parameters.to_bytes()
        return EncodedGroup(header + sink.to_bytes(), slabs, 8 * len(header), int(-sink.used % 8), shown)

    def _code_slab(
        self,
        slab: Slab,
        luma: npt.NDArray[np.int16],
        chroma: npt.NDArray[np.int16],
        has_last: bool,
        sink: BitSink,
    ) -> PartBits:
        """Decide, transform along time and code a slab's planes into `sink`; return where its bits went."""
        self._decide(slab, luma, chroma, has_last)
        planes = [(luma, MACROBLOCK), (chroma[0], MACROBLOCK // 2), (chroma[1], MACROBLOCK // 2)]
        bands, blue, red = map_shards(lambda item: analyse(item[0], slab.maps, item[1]), planes, self._threads)
        chroma_bands = np.stack([blue, red])
        part_bits = new_part_bits()
        room = len(bands) * _GROUPS_A_ROW * _TOKENS_A_GROUP * slab.maps.shape[2] + 64
        tokens, chroma_tokens = np.empty(room, dtype=np.uint32), np.empty(room, dtype=np.uint32)
        offsets = [_NO_STATISTICS] * 2
        if self._statistics:
            offsets = [(sums.offset_sums, sums.offset_counts) for sums in self._statistics]
        for top in range(0, slab.maps.shape[1], 2):
            counts = code_row(
                slab, bands, chroma_bands, np.int64(top), has_last, np.int64(self._parameters.tools),
                self._search[LUMA], self._search[CHROMA], self._settings, *offsets, tokens, chroma_tokens,
                self._scratch,
            )  # fmt: skip
            for kind, (items, number) in enumerate(zip((tokens, chroma_tokens), counts)):
                sink.put(items[:number], self._pack[kind], part_bits[kind])
                if self._statistics:
                    count_tokens(items[:number], self._statistics[kind].counts)
        return part_bits

    def _decide(self, slab: Slab, luma: npt.NDArray[np.int16], chroma: npt.NDArray[np.int16], has_last: bool) -> None:
        """Fill the slab's maps, a few rows of macroblocks a shard."""
        rows = slab.maps.shape[1]

        def run(first: int) -> None:
            scratch = new_record(ENCODER_SCRATCH)
            for row in range(first, min(first + _ROWS_A_SHARD, rows)):
                decide_row(luma, chroma, slab, np.int64(row), has_last, self._search[LUMA], self._settings, scratch)

        map_shards(run, range(0, rows, _ROWS_A_SHARD), self._threads)
