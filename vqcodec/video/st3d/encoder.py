"""Encoding of a group: each slab is decided, transformed along time and coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import CHROMA, LUMA
from vqcodec.blocks.model.tables import Model, PackTables
from vqcodec.blocks.syntax.parts import PartBits, new_part_bits
from vqcodec.blocks.syntax.tokens import MAX_TOKEN_BITS, pack_tokens
from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.tables import check_written
from vqcodec.kernels.records import new_record
from vqcodec.threads import default_threads, map_shards
from vqcodec.video.io.frames import Frame
from vqcodec.video.st3d.decoder import last_frame, shown_slab
from vqcodec.video.st3d.effort import SlabEffort
from vqcodec.video.st3d.layout import MACROBLOCK, SUPERBLOCK_SIDE, Planes, Slab, grey_frame, new_slab, slab_depths
from vqcodec.video.st3d.parameters import GroupParameters
from vqcodec.video.st3d.search.coding import code_row
from vqcodec.video.st3d.search.deciding import decide_row
from vqcodec.video.st3d.search.quantizing import ENCODER_SCRATCH
from vqcodec.video.st3d.search.settling import settle_slab
from vqcodec.video.st3d.signal.lifting import analyse
from vqcodec.video.st3d.signal.planes import shown_frames, slab_planes

_TOKENS_A_GROUP = 11  # at most: mask tokens, a codeword, signs, two for each of four escapes
_GROUPS_A_ROW = 2 * (MACROBLOCK // 2) ** 2  # groups of luma in a row of superblocks, for each column of macroblocks
_ROWS_A_SHARD = 2


class EncodedGroup(NamedTuple):
    """A coded group.

    Attributes:
        packet: its bytes.
        slabs: for each slab its number of frames and its bits by part.
        header_bits, padding: numbers of bits of the packet beside those of the slabs.
        frames: exactly what decoding gives.
    """

    packet: bytes
    slabs: list[tuple[int, PartBits]]
    header_bits: int
    padding: int
    frames: list[Frame]


class Observer(Protocol):
    """Receives what is coded, for training."""

    def tokens(self, plane_type: int, tokens: npt.NDArray[np.uint32]) -> None:
        """Receive tokens of LUMA or CHROMA that were written; they are valid during the call only."""

    def slab(self, slab: Slab, bands: Planes, levels: Planes) -> None:
        """Receive a coded slab with its bands reconstructed.

        Args:
            bands: the bands that were coded.
            levels: their quantised levels; 0 in blocks without coefficients.
        """


class BitSink:
    """Turns tokens into bits, one run after another.

    Attributes:
        data: the whole bytes so far. used: number of bits in the byte after them.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.used = np.int64(0)
        self._byte = np.uint8(0)

    def put(self, tokens: npt.NDArray[np.uint32], tables: PackTables, part_bits: npt.NDArray[np.int64]) -> None:
        """Append `tokens`; their bits by part are added to `part_bits`.

        Raises:
            CodebookError: a token has no code.
        """
        buffer = np.zeros(len(tokens) * MAX_TOKEN_BITS // 8 + 2 * PADDING, dtype=np.uint8)
        buffer[0] = self._byte
        position = check_written(pack_tokens(tokens, tables, buffer, self.used, part_bits))
        whole = position >> 3
        self.data += buffer[:whole].tobytes()
        self._byte, self.used = buffer[whole], np.int64(position & 7)

    def to_bytes(self) -> bytes:
        """Return all bits, padded with zeros to whole bytes."""
        return bytes(self.data) + (bytes([int(self._byte)]) if self.used else b"")


class GroupEncoder:
    """Encodes groups with the same tables and working arrays.

    Args:
        model: the trained tables.
        parameters: of the groups; `frames` is not used.
        effort: how thoroughly to search.
        threads: None for all CPUs; the packets do not depend on it.
        observer: receives what is coded.
    """

    def __init__(
        self,
        model: Model,
        parameters: GroupParameters,
        effort: SlabEffort,
        threads: int | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._parameters = parameters
        self._effort = effort
        self._threads = threads or default_threads()
        self._observer = observer
        rung = model.rung_of(parameters.step_index)
        self._search = model.search_tables(LUMA, rung), model.search_tables(CHROMA, rung)
        self._pack = [model.pack_tables(kind, rung) for kind in (LUMA, CHROMA)]
        self._scratch = new_record(ENCODER_SCRATCH)

    def encode(self, frames: Sequence[Frame], progress: Callable[[int], None] | None = None) -> EncodedGroup:
        """Encode a group of frames of one size; `progress` is called with the number of frames done."""
        height, width = frames[0].luma.shape
        parameters = replace(self._parameters, frames=len(frames))
        sink = BitSink()
        shown: list[Frame] = []
        slabs: list[tuple[int, PartBits]] = []
        last = grey_frame(height, width)
        for bands in slab_depths(len(frames), parameters.depth):
            slab = new_slab(bands, height, width, parameters.step_index, last)
            source = slab_planes(frames[len(shown) : len(shown) + bands])
            part_bits = self._code_slab(slab, source, bool(shown) and parameters.replenish, sink)
            planes = shown_slab(slab, self._threads)
            last = last_frame(planes)
            shown += shown_frames(planes, height, width)
            slabs.append((bands, part_bits))
            if progress is not None:
                progress(len(shown))
        header = parameters.to_bytes()
        return EncodedGroup(header + sink.to_bytes(), slabs, 8 * len(header), int(-sink.used % 8), shown)

    def _code_slab(self, slab: Slab, source: Planes, has_last: bool, sink: BitSink) -> PartBits:
        """Decide, transform along time and code the frames of a slab into `sink`; return its bits by part."""
        self._decide(slab, source, has_last)
        planes = [(source.luma, MACROBLOCK), (source.chroma[0], MACROBLOCK // 2), (source.chroma[1], MACROBLOCK // 2)]
        luma, blue, red = map_shards(lambda item: analyse(item[0], slab.maps, item[1]), planes, self._threads)
        bands = Planes(luma, np.stack([blue, red]))
        levels = Planes(np.zeros_like(bands.luma), np.zeros_like(bands.chroma))
        part_bits = new_part_bits()
        most = len(luma) * _GROUPS_A_ROW * _TOKENS_A_GROUP * slab.maps.shape[2] + 64
        tokens = np.empty(most, dtype=np.uint32), np.empty(most, dtype=np.uint32)
        tools = np.int64(self._parameters.tools)
        for top in range(0, slab.maps.shape[1], SUPERBLOCK_SIDE):
            counts = code_row(
                slab, bands, levels, np.int64(top), has_last, tools, self._search, self._effort, tokens, self._scratch
            )
            for kind, (items, count) in enumerate(zip(tokens, counts)):
                sink.put(items[:count], self._pack[kind], part_bits[kind])
                if self._observer is not None:
                    self._observer.tokens(kind, items[:count])
        if self._observer is not None:
            self._observer.slab(slab, bands, levels)
        return part_bits

    def _decide(self, slab: Slab, source: Planes, has_last: bool) -> None:
        """Fill the slab's maps, a few rows of macroblocks in each shard, with what has codes."""
        rows = slab.maps.shape[1]

        def run(first: int) -> None:
            scratch = new_record(ENCODER_SCRATCH)
            for row in range(first, min(first + _ROWS_A_SHARD, rows)):
                decide_row(source, slab, np.int64(row), has_last, self._search[LUMA], self._effort, scratch)

        map_shards(run, range(0, rows, _ROWS_A_SHARD), self._threads)
        settle_slab(slab, has_last, np.int64(self._parameters.tools), self._search[LUMA])
