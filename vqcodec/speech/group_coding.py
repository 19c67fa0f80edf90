"""A group of packets, from signal to bytes and from bytes to signal. Groups know nothing of one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import PADDING, padded
from vqcodec.errors import CorruptFileError
from vqcodec.speech.analysis import Analysis
from vqcodec.speech.concealment import Guard, conceal
from vqcodec.speech.excitation_search import search_group
from vqcodec.speech.group_synthesis import SynthesisState, synthesize_frames
from vqcodec.speech.lsf import interpolate_lpc
from vqcodec.speech.lsf_decoding import LsfIndices, dequantize_lsf
from vqcodec.speech.lsf_search import LsfEffort, quantize_lsf
from vqcodec.speech.packet_syntax import PARTS, get_packet, put_packet
from vqcodec.speech.pulse_enumeration import counts_of_vectors
from vqcodec.speech.speech_codebook import TableSet
from vqcodec.speech.trellis_state import Search, Symbols, new_symbols
from vqcodec.speech.weighting import Weighting

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_SUBFRAME_BYTES = 64  # of the symbols of a subframe, generously


@dataclass
class GroupSymbols:
    """All symbols of a group.

    Attributes:
        excitation: trellis_state.Symbols.
        headers: uint8 (frames + 1,); stages: uint8 (frames + 1, stages), of the LSF vectors.
    """

    excitation: Symbols
    headers: npt.NDArray[np.uint8]
    stages: npt.NDArray[np.uint8]

    @classmethod
    def empty(cls, frames: int, table_set: TableSet) -> GroupSymbols:
        """Return symbols of silence for `frames` frames."""
        rest = table_set.lsf.coded_headers
        return cls(
            new_symbols(frames * table_set.band.subframes, table_set.band),
            np.full(frames + 1, rest, dtype=np.uint8),
            np.zeros((frames + 1, table_set.lsf.stages), dtype=np.uint8),
        )

    @property
    def indices(self) -> LsfIndices:
        """The symbols of the LSF vectors."""
        return LsfIndices(self.headers, self.stages)

    @property
    def frames(self) -> int:
        """Frames of the group."""
        return len(self.headers) - 1


@dataclass(frozen=True)
class GroupSignal:
    """What the encoder knows of a group: the high-passed signal of its frames, its analysis and its weighting."""

    signal: DoubleArray
    analysis: Analysis
    weighting: Weighting
    reference_db: float


def packet_frames_of(frames: int, packet_frames: int) -> list[tuple[int, int]]:
    """Return (first frame, frames) of the packets of a group of `frames` frames."""
    return [(first, min(packet_frames, frames - first)) for first in range(0, frames, packet_frames)]


def first_vectors(frames: int, packet_frames: int) -> list[int]:
    """Return the numbers of the LSF vectors with which the packets of a group begin."""
    return [first + 1 if first else 0 for first, _ in packet_frames_of(frames, packet_frames)]


def search_symbols(
    group: GroupSignal, table_set: TableSet, search: Search, lsf_lambda: float, lsf_effort: LsfEffort
) -> GroupSymbols:
    """Return the symbols that the encoder chooses for a group."""
    band = table_set.band
    frames = len(group.analysis) - 1
    quantized = quantize_lsf(
        group.analysis,
        table_set.lsf,
        lsf_lambda,
        reference_db=group.reference_db,
        packet_starts=first_vectors(frames, search.packet_subframes // band.subframes),
        effort=lsf_effort,
    )
    lpc = interpolate_lpc(quantized.lsf, band.subframes)
    found = search_group(group.signal, lpc, group.weighting, band, table_set.tables, table_set.costs, search)
    return GroupSymbols(found, quantized.indices.headers, quantized.indices.stages)


def write_packets(symbols: GroupSymbols, table_set: TableSet, packet_frames: int) -> tuple[list[bytes], IntArray]:
    """Return (packets, bits by part of `packet_syntax.PARTS` and, last, of padding)."""
    band, lsf = table_set.band, table_set.lsf
    rest = lsf.coded_headers
    quiet = (symbols.excitation.type.reshape(-1, band.subframes) == 0).all(axis=1) & (symbols.headers[1:] == rest)
    quiet[:1] &= symbols.headers[0] == rest
    bits = np.zeros(len(PARTS) + 1, dtype=np.int64)
    packets = []
    for first, count in packet_frames_of(symbols.frames, packet_frames):
        buffer = np.zeros(count * band.subframes * _MOST_SUBFRAME_BYTES + 64 + PADDING, dtype=np.uint8)
        end = put_packet(
            buffer, first, count, symbols.excitation, symbols.headers, symbols.stages, lsf.depths(),
            quiet.astype(np.uint8), rest, table_set.tables, table_set.codes.encoder, counts_of_vectors(), bits,
        )  # fmt: skip
        packets.append(buffer[: (end + 7) // 8].tobytes())
        bits[-1] += -end % 8
    return packets, bits


def parse_packet(
    data: bytes, first: int, count: int, symbols: GroupSymbols, table_set: TableSet, bits: IntArray, name: str
) -> None:
    """Parse a packet of frames `first` to `first + count` into `symbols`; `bits` as `write_packets` returns them.

    Raises:
        CorruptFileError: the packet is too short, too long or otherwise damaged.
    """
    lsf = table_set.lsf
    end = get_packet(
        padded(data), first, count, symbols.excitation, symbols.headers, symbols.stages, lsf.depths(),
        lsf.coded_headers, table_set.tables, table_set.codes.decoder, counts_of_vectors(), bits,
    )  # fmt: skip
    if (end + 7) // 8 != len(data) or (end % 8 and data[-1] & ((1 << -end % 8) - 1)):
        problem = "ends too early" if end > 8 * len(data) else "has more bytes than its symbols"
        raise CorruptFileError(f"{name} of the speech {problem}; it is damaged")
    bits[-1] += -end % 8


def synthesize_group(
    symbols: GroupSymbols, table_set: TableSet, packet_frames: int, lost: Sequence[bool] | None = None
) -> DoubleArray:
    """Return the speech of a group, float64 (frames * band.frame,).

    Args:
        symbols: of the packets that are there.
        table_set: of the stream.
        packet_frames: frames of a packet.
        lost: whether each packet is missing; None if all are there. What is missing is concealed.
    """
    state = SynthesisState.clean(table_set)
    guard = Guard()
    pieces = []
    for number, (first, count) in enumerate(packet_frames_of(symbols.frames, packet_frames)):
        if lost is not None and lost[number]:
            pieces.append(conceal(count, table_set, state))
            guard.start()
            continue
        vectors = slice(first + 1 if first else 0, first + count + 1)
        indices = LsfIndices(symbols.headers[vectors], symbols.stages[vectors])
        lsf = dequantize_lsf(indices, table_set.lsf, state.lsf)
        if first:
            lsf = np.concatenate([state.boundary(table_set)[None], lsf])
        part = _part(symbols.excitation, first, count, table_set)
        pieces.append(guard.synthesize(part, lsf, table_set, state))
    return np.concatenate(pieces)


def _part(symbols: Symbols, first: int, count: int, table_set: TableSet) -> Symbols:
    """Return the symbols of some frames."""
    subframes = table_set.band.subframes
    return Symbols(*[array[first * subframes : (first + count) * subframes] for array in symbols])


def to_pcm(speech: DoubleArray) -> npt.NDArray[np.int16]:
    """Round `speech` to 16 bits, halves to even, and clip it."""
    return np.clip(np.rint(speech), -32768, 32767).astype(np.int16)
