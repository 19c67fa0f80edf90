"""A group of packets, from bytes to signal. Groups do not depend on one another. `group_search` leads back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import padded
from vqcodec.errors import CorruptFileError
from vqcodec.speech.celp.codes import DecodeCodes, EncodeCodes, Syntax
from vqcodec.speech.celp.concealment import Guard, conceal
from vqcodec.speech.celp.group_synthesis import Frames, SynthesisState, cut
from vqcodec.speech.celp.packet_syntax import get_packet
from vqcodec.speech.celp.speech_codebook import SpeechTableSet
from vqcodec.speech.celp.symbols import GroupSymbols
from vqcodec.speech.excitation.pulse_enumeration import counts_of_vectors
from vqcodec.speech.filters.pitch_filter import filter_pitch
from vqcodec.speech.filters.strengths import PostFilters
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices, reconstruct_lsf
from vqcodec.speech.noise_floor.filling import fill_up

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def packet_frames_of(frames: int, packet_frames: int) -> list[tuple[int, int]]:
    """Return (first frame, number of frames) of each packet of a group of `frames` frames."""
    return [(first, min(packet_frames, frames - first)) for first in range(0, frames, packet_frames)]


def vectors_of(first: int, count: int) -> slice:
    """Return the LSF vectors of a group that belong to the packet of `count` frames from frame `first` on.

    The vector of frame f is number f + 1. Vector 0 belongs to the first packet.
    """
    return slice(first + 1 if first else 0, first + count + 1)


def parse_packet(
    data: bytes, first: int, count: int, symbols: GroupSymbols, table_set: SpeechTableSet, bits: IntArray, name: str
) -> None:
    """Parse a packet of `count` frames, from frame `first` of the group on, into `symbols`.

    Args:
        data: the packet, not trusted.
        first, count: of its frames.
        symbols: of the group, filled.
        table_set: of the stream.
        bits: int64 (parts + 1,), by part of `packet_syntax.PARTS`, the last entry that of the padding; increased by
            those of the packet.
        name: what messages call the packet.

    Raises:
        CorruptFileError: the packet is too short, too long or otherwise damaged.
    """
    end = get_packet(padded(data), first, count, symbols, syntax_of(table_set, table_set.codes.decoder), bits)
    if (end + 7) // 8 != len(data) or (end % 8 and data[-1] & ((1 << -end % 8) - 1)):
        problem = "ends too early" if end > 8 * len(data) else "has more bytes than its symbols"
        raise CorruptFileError(f"{name} of the speech {problem}; it is damaged")
    bits[-1] += -end % 8


def syntax_of(table_set: SpeechTableSet, codes: EncodeCodes | DecodeCodes) -> Syntax:
    """Return what the reader and the writer of a packet need of a table set."""
    return Syntax(table_set.tables, codes, table_set.lsf.depths(), counts_of_vectors())


def synthesize_group(
    symbols: GroupSymbols,
    table_set: SpeechTableSet,
    packet_frames: int,
    filters: PostFilters,
    lost: Sequence[bool] | None = None,
) -> DoubleArray:
    """Return the speech of a group, float64 (frames * band.frame,).

    Args:
        symbols: of the packets that are there.
        table_set: of the stream.
        packet_frames: frames of a packet.
        filters: of the stream.
        lost: whether each packet is missing; None if all are there. Missing packets are concealed.
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
    speech = filter_pitch(np.concatenate(pieces), lags, table_set.band, filters.pitch)
    return fill_up(speech, symbols.floors, table_set.lsf, packet_frames, table_set.band)


def group_lsf(symbols: GroupSymbols, table_set: SpeechTableSet, packet_frames: int) -> DoubleArray:
    """Return the LSF vectors of a group whose packets are all there, float64 (frames + 1, order), in radians."""
    before = SynthesisState.clean(table_set).boundary(table_set)
    pieces = []
    for first, count in packet_frames_of(symbols.frames, packet_frames):
        pieces.append(_packet_lsf(symbols, table_set, vectors_of(first, count), before))
        before = pieces[-1][-1]
    return np.concatenate(pieces)


def _packet_lsf(symbols: GroupSymbols, table_set: SpeechTableSet, vectors: slice, before: DoubleArray) -> DoubleArray:
    """Return the LSF vectors of a packet, float64 (vectors, order), in radians.

    `vectors` says which vectors of the group they are; `before` is the one before them.
    """
    coded = coded_vectors(symbols.silent)[vectors]
    indices = LsfIndices(symbols.headers[vectors][coded], symbols.stages[vectors][coded])
    return fill_vectors(reconstruct_lsf(indices, table_set.lsf, before), coded, before)


def coded_vectors(silent: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return which LSF vectors of a group are sent, bool (frames + 1,).

    The vector of frame f is number f + 1, at the frame's end; vector 0 is sent with frame 0.
    """
    return np.concatenate([silent[:1], silent]) == 0


def fill_vectors(sent: npt.NDArray[np.floating], coded: npt.NDArray[np.bool_], before: DoubleArray) -> DoubleArray:
    """Return all LSF vectors of a packet, float64 (vectors, order).

    Args:
        sent: float64 (sent vectors, order).
        coded: bool (vectors,), True for the vectors that are sent. Each other vector equals the next one that is sent;
            if none follows, it equals the last one.
        before: float64 (order,), the last vector before the packet.
    """
    every = np.concatenate([before[None], sent.astype(np.float64)])
    reached = np.cumsum(coded)
    following = np.where(coded, reached, np.minimum(reached + 1, len(sent)))
    return every[following]
