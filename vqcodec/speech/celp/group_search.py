"""A group of packets, from signal to bytes: what the encoder chooses, and how it is written."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.tables import check_written
from vqcodec.speech.celp.group_coding import (
    coded_vectors,
    group_lsf,
    packet_frames_of,
    syntax_of,
    synthesize_group,
    vectors_of,
)
from vqcodec.speech.celp.packet_syntax import PARTS, put_packet
from vqcodec.speech.celp.recording import GroupSignal
from vqcodec.speech.celp.speech_codebook import SpeechTableSet
from vqcodec.speech.celp.symbols import GroupSymbols
from vqcodec.speech.excitation.excitation_search import search_group
from vqcodec.speech.excitation.trellis_state import Search
from vqcodec.speech.filters.equalizer_search import lambda_at, search_entries, wanted_gains
from vqcodec.speech.filters.pitch_filter import filter_pitch
from vqcodec.speech.filters.pitch_filter_search import strength_errors
from vqcodec.speech.filters.strengths import MAX_PITCH_FILTER
from vqcodec.speech.lsf_quantizer.search import LsfEffort, search_lsf
from vqcodec.speech.noise_floor.filling import Floors
from vqcodec.speech.noise_floor.search import find_floors
from vqcodec.speech.signal.analysis import Analysis
from vqcodec.speech.signal.levels import frame_weights
from vqcodec.speech.signal.lsf import interpolate_lpc
from vqcodec.speech.signal.silence import find_silence, send_first_vectors

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_SUBFRAME_BYTES = 64  # more than the symbols of a subframe can take


def packet_starts(coded: npt.NDArray[np.bool_], packet_frames: int) -> list[int]:
    """Return the places where packets begin, counted in LSF vectors that are sent.

    `coded` is bool (frames + 1,), True for the vectors that are sent.
    """
    places = np.concatenate([[0], np.cumsum(coded)])
    packets = packet_frames_of(len(coded) - 1, packet_frames)
    starts = {int(places[vectors_of(first, count).start]) for first, count in packets}
    return sorted(start for start in starts if start < places[-1])


def search_symbols(
    group: GroupSignal,
    table_set: SpeechTableSet,
    search: Search,
    lambdas: DoubleArray,
    lsf_lambda: float,
    lsf_effort: LsfEffort,
) -> tuple[GroupSymbols, Shortfall]:
    """Return the symbols that the encoder chooses for a group, and what the speech lacks without equalizer.

    Args:
        group: the signal and what was measured of it.
        table_set: to code it with.
        search: how to search the excitation.
        lambdas: float64 (frames,), distortion of the excitation that a bit is worth.
        lsf_lambda: dB^2 that a bit of the LSF quantizer is worth.
        lsf_effort: how hard to search the LSF vectors.
    """
    band = table_set.band
    floors, pauses = Floors.none(len(lambdas), table_set.lsf.stages), np.zeros(len(lambdas), np.bool_)
    if table_set.rises:
        floors, pauses = find_floors(
            group.signal, group.analysis, group.active_db, band, table_set.lsf, table_set.aims.lsf_lambda,
            search.packet_frames,
        )  # fmt: skip
    silent = find_silence(group.signal, group.weighting, band, lambdas, pauses)
    _clear_uncodable(silent, table_set, search.packet_frames)
    send_first_vectors(silent, search.packet_frames)
    coded = coded_vectors(silent)
    whole = group.analysis
    quantized = search_lsf(
        Analysis(whole.lsf[coded], whole.sensitivity[coded], whole.energy_db[coded]),
        table_set.lsf,
        lsf_lambda,
        reference_db=group.reference_db,
        packet_starts=packet_starts(coded, search.packet_frames),
        effort=lsf_effort,
    )
    symbols = GroupSymbols.empty(len(silent), table_set)._replace(silent=silent)
    symbols.headers[coded] = quantized.indices.headers
    symbols.stages[coded] = quantized.indices.stages
    lpc = interpolate_lpc(group_lsf(symbols, table_set, search.packet_frames), band.subframes)
    excitation = search_group(
        group.signal, lpc, group.weighting, silent, lambdas, band, table_set.tables, table_set.costs, search
    )
    symbols = symbols._replace(excitation=excitation)
    shortfall = measure_shortfall(group, symbols, table_set, search.packet_frames)
    if table_set.equalizer.entries > 1:
        symbols.equalizer[:] = search_entries(
            shortfall.gains, shortfall.weights, silent, table_set.equalizer, lambda_at(table_set.aims.rate),
            search.packet_frames,
        )  # fmt: skip
    return symbols._replace(floors=floors), shortfall


def _clear_uncodable(silent: npt.NDArray[np.uint8], table_set: SpeechTableSet, packet_frames: int) -> None:
    """Clear `silent`, uint8 (frames,), where the symbol of silence may have no code.

    Its context is the type before it, which is not known yet: so all of them must have the code, or at the start of a
    packet the context that is for this place alone.
    """
    lengths = table_set.codes.encoder.first_type.lengths[:, -1]
    at_start, elsewhere = bool(lengths[-1]), bool(lengths[:-1].all())
    if at_start and elsewhere:
        return
    for first, count in packet_frames_of(len(silent), packet_frames):
        packet = silent[first : first + count]
        if not at_start:
            packet[0] = 0
        if not elsewhere:
            packet[count if packet.all() else int(packet.argmin()) :] = 0


class Shortfall(NamedTuple):
    """What the decoded speech of a group lacks.

    Attributes:
        gains: float64 (frames, bands), of the equalizer's bands, in dB.
        weights: float64 (frames,), of squared errors of the gains.
        pitch_errors: float64, by strength of the pitch filter (see `pitch_filter_search.strength_errors`).
    """

    gains: DoubleArray
    weights: DoubleArray
    pitch_errors: DoubleArray


def measure_shortfall(
    group: GroupSignal, symbols: GroupSymbols, table_set: SpeechTableSet, packet_frames: int
) -> Shortfall:
    """Return what the decoded speech of a group lacks; `symbols` have no entries of the equalizer and no floors yet."""
    band, filters = table_set.band, table_set.filters
    plain = synthesize_group(symbols, table_set, packet_frames, filters._replace(pitch=0))
    lags = table_set.tables.lags[symbols.excitation.lag]
    filtered = filter_pitch(plain, lags, band, MAX_PITCH_FILTER)
    boundaries = frame_weights(group.analysis.energy_db, group.reference_db)
    weights = (boundaries[1:] + boundaries[:-1]) / 2
    decoded = plain + filters.pitch / MAX_PITCH_FILTER * (filtered - plain)
    return Shortfall(
        wanted_gains(group.signal, decoded, band, group.reference_db),
        weights,
        strength_errors(group.signal, plain, filtered, weights, band, group.reference_db),
    )


def write_packets(symbols: GroupSymbols, table_set: SpeechTableSet, packet_frames: int) -> tuple[list[bytes], IntArray]:
    """Return (packets, bits), where `parse_packet` reads a packet back.

    `bits` is int64 (parts + 1,), by part of `packet_syntax.PARTS`; the last entry is that of the padding.

    Raises:
        CodebookError: a symbol of the group has no code.
    """
    syntax = syntax_of(table_set, table_set.codes.encoder)
    bits = np.zeros(len(PARTS) + 1, dtype=np.int64)
    packets = []
    for first, count in packet_frames_of(symbols.frames, packet_frames):
        most = count * table_set.band.subframes * _MOST_SUBFRAME_BYTES + 64
        buffer = np.zeros(most + PADDING, dtype=np.uint8)
        end = check_written(put_packet(buffer, first, count, symbols, syntax, bits))
        packets.append(buffer[: (end + 7) // 8].tobytes())
        bits[-1] += -end % 8
    return packets, bits
