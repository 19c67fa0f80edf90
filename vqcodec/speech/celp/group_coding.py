"""A group of packets, from signal to bytes and from bytes to signal. Groups know nothing of one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import PADDING, padded
from vqcodec.errors import CorruptFileError
from vqcodec.speech.celp.concealment import Guard, conceal
from vqcodec.speech.celp.group_synthesis import Frames, SynthesisState, cut
from vqcodec.speech.celp.packet_syntax import PARTS, get_packet, put_packet
from vqcodec.speech.celp.recording import GroupSignal
from vqcodec.speech.celp.speech_codebook import TableSet
from vqcodec.speech.excitation.excitation_search import search_group
from vqcodec.speech.excitation.pulse_enumeration import counts_of_vectors
from vqcodec.speech.excitation.trellis_state import Search, Symbols, new_symbols
from vqcodec.speech.filters.equalizer_search import choose_entries, lambda_at, wanted_gains
from vqcodec.speech.filters.pitch_filter import filter_pitch
from vqcodec.speech.filters.strengths import PostFilters
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices, dequantize_lsf
from vqcodec.speech.lsf_quantizer.search import LsfEffort, quantize_lsf
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.levels import frame_weights
from vqcodec.speech.signal.lsf import interpolate_lpc
from vqcodec.speech.signal.silence import coded_vectors, fill_vectors, find_silence

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_SUBFRAME_BYTES = 64  # of the symbols of a subframe, generously


@dataclass
class GroupSymbols:
    """All symbols of a group.

    Attributes:
        excitation: trellis_state.Symbols.
        headers: uint8 (frames + 1,); stages: uint8 (frames + 1, stages), of the LSF vectors that are sent.
        silent: uint8 (frames,), 1 for frames of silence.
        equalizer: uint8 (frames,), entries of the equalizer.
    """

    excitation: Symbols
    headers: npt.NDArray[np.uint8]
    stages: npt.NDArray[np.uint8]
    silent: npt.NDArray[np.uint8]
    equalizer: npt.NDArray[np.uint8]

    @classmethod
    def empty(cls, frames: int, table_set: TableSet) -> GroupSymbols:
        """Return symbols to be filled in, all 0."""
        return cls(
            new_symbols(frames * table_set.band.subframes, table_set.band),
            np.zeros(frames + 1, dtype=np.uint8),
            np.zeros((frames + 1, table_set.lsf.stages), dtype=np.uint8),
            np.zeros(frames, dtype=np.uint8),
            np.zeros(frames, dtype=np.uint8),
        )

    @property
    def frames(self) -> int:
        """Frames of the group."""
        return len(self.silent)


def packet_frames_of(frames: int, packet_frames: int) -> list[tuple[int, int]]:
    """Return (first frame, frames) of the packets of a group of `frames` frames."""
    return [(first, min(packet_frames, frames - first)) for first in range(0, frames, packet_frames)]


def vectors_of(first: int, count: int) -> slice:
    """Return which LSF vectors of a group belong to the packet of frames `first` to `first + count`."""
    return slice(first + 1 if first else 0, first + count + 1)


def packet_starts(coded: npt.NDArray[np.bool_], packet_frames: int) -> list[int]:
    """Return where packets begin among the LSF vectors that are sent (`coded`, bool (frames + 1,))."""
    places = np.concatenate([[0], np.cumsum(coded)])
    packets = packet_frames_of(len(coded) - 1, packet_frames)
    starts = {int(places[vectors_of(first, count).start]) for first, count in packets}
    return sorted(start for start in starts if start < places[-1])


def search_symbols(
    group: GroupSignal,
    table_set: TableSet,
    search: Search,
    lambdas: DoubleArray,
    lsf_lambda: float,
    lsf_effort: LsfEffort,
) -> GroupSymbols:
    """Return the symbols that the encoder chooses for a group; `lambdas` (frames,) stand for that of `search`."""
    band = table_set.band
    symbols = GroupSymbols.empty(len(group.analysis) - 1, table_set)
    symbols.silent[:] = find_silence(group.signal, group.weighting, band, lambdas)
    coded = coded_vectors(symbols.silent)
    whole = group.analysis
    quantized = quantize_lsf(
        Analysis(whole.lsf[coded], whole.sensitivity[coded], whole.energy_db[coded]),
        table_set.lsf,
        lsf_lambda,
        reference_db=group.reference_db,
        packet_starts=packet_starts(coded, search.packet_subframes // band.subframes),
        effort=lsf_effort,
    )
    symbols.headers[coded] = quantized.indices.headers
    symbols.stages[coded] = quantized.indices.stages
    start = SynthesisState.clean(table_set).boundary(table_set)
    lpc = interpolate_lpc(fill_vectors(quantized.lsf, coded, start), band.subframes)
    symbols.excitation = search_group(
        group.signal, lpc, group.weighting, symbols.silent, band, table_set.tables, table_set.costs, search, lambdas
    )
    if table_set.equalizer.entries > 1:
        packet_frames = search.packet_subframes // band.subframes
        wanted, weights = missing_gains(group, symbols, table_set, packet_frames)
        lambda_ = lambda_at(table_set.aims.rate)
        symbols.equalizer[:] = choose_entries(
            wanted, weights, symbols.silent, table_set.equalizer, lambda_, packet_frames
        )
    return symbols


def missing_gains(
    group: GroupSignal, symbols: GroupSymbols, table_set: TableSet, packet_frames: int
) -> tuple[DoubleArray, DoubleArray]:
    """Return the gains (frames, bands), dB, that the decoded speech of a group lacks, and weights (frames,) of them.

    `symbols` have no entries of the equalizer yet.
    """
    decoded = synthesize_group(symbols, table_set, packet_frames, table_set.filters)
    boundaries = frame_weights(group.analysis.energy_db, group.reference_db)
    weights = (boundaries[1:] + boundaries[:-1]) / 2
    return wanted_gains(group.signal, decoded, table_set.band, group.reference_db), weights


def write_packets(symbols: GroupSymbols, table_set: TableSet, packet_frames: int) -> tuple[list[bytes], IntArray]:
    """Return (packets, bits by part of `packet_syntax.PARTS` and, last, of padding)."""
    band, lsf = table_set.band, table_set.lsf
    bits = np.zeros(len(PARTS) + 1, dtype=np.int64)
    packets = []
    for first, count in packet_frames_of(symbols.frames, packet_frames):
        buffer = np.zeros(count * band.subframes * _MOST_SUBFRAME_BYTES + 64 + PADDING, dtype=np.uint8)
        end = put_packet(
            buffer, first, count, symbols.excitation, symbols.headers, symbols.stages, lsf.depths(), symbols.silent,
            symbols.equalizer, table_set.tables, table_set.codes.encoder, counts_of_vectors(), bits,
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
    end = get_packet(
        padded(data), first, count, symbols.excitation, symbols.headers, symbols.stages, table_set.lsf.depths(),
        symbols.silent, symbols.equalizer, table_set.tables, table_set.codes.decoder, counts_of_vectors(), bits,
    )  # fmt: skip
    if (end + 7) // 8 != len(data) or (end % 8 and data[-1] & ((1 << -end % 8) - 1)):
        problem = "ends too early" if end > 8 * len(data) else "has more bytes than its symbols"
        raise CorruptFileError(f"{name} of the speech {problem}; it is damaged")
    bits[-1] += -end % 8


def synthesize_group(
    symbols: GroupSymbols,
    table_set: TableSet,
    packet_frames: int,
    filters: PostFilters,
    lost: Sequence[bool] | None = None,
) -> DoubleArray:
    """Return the speech of a group, float64 (frames * band.frame,).

    Args:
        symbols: of the packets that are there.
        table_set: of the stream.
        packet_frames: frames of a packet; filters: of the stream.
        lost: whether each packet is missing; None if all are there. What is missing is concealed.
    """
    state = SynthesisState.clean(table_set)
    guard = Guard()
    pieces = []
    for number, (first, count) in enumerate(packet_frames_of(symbols.frames, packet_frames)):
        if lost is not None and lost[number]:
            pieces.append(conceal(count, table_set, state, filters.formant))
            guard.start()
            continue
        before = state.boundary(table_set)
        lsf = _packet_lsf(symbols, table_set, vectors_of(first, count), before)
        if first:
            lsf = np.concatenate([before[None], lsf])
        subframes = table_set.band.subframes
        excitation = cut(symbols.excitation, first * subframes, (first + count) * subframes)
        frames = Frames(excitation, lsf, symbols.equalizer[first : first + count].astype(np.int64))
        pieces.append(guard.synthesize(frames, table_set, state, filters.formant))
    lags = table_set.tables.lags[symbols.excitation.lag]
    return filter_pitch(np.concatenate(pieces), lags, table_set.band, filters.pitch)


def group_lsf(symbols: GroupSymbols, table_set: TableSet, packet_frames: int) -> DoubleArray:
    """Return the LSF vectors of a group whose packets are all there, float64 (frames + 1, order), radians."""
    before = SynthesisState.clean(table_set).boundary(table_set)
    pieces = []
    for first, count in packet_frames_of(symbols.frames, packet_frames):
        pieces.append(_packet_lsf(symbols, table_set, vectors_of(first, count), before))
        before = pieces[-1][-1]
    return np.concatenate(pieces)


def _packet_lsf(symbols: GroupSymbols, table_set: TableSet, vectors: slice, before: DoubleArray) -> DoubleArray:
    """Return the LSF `vectors` of a packet, float64 (vectors, order), that follow upon `before`."""
    coded = coded_vectors(symbols.silent)[vectors]
    indices = LsfIndices(symbols.headers[vectors][coded], symbols.stages[vectors][coded])
    return fill_vectors(dequantize_lsf(indices, table_set.lsf, before), coded, before)
