"""The syntax of a packet: which symbols follow one another, in which contexts. Writing and parsing mirror each other.

A packet holds some frames. Each begins with the type of its first subframe, or with the symbol that says how many
frames of silence follow, of which nothing else is sent; then come its LSF vector (the first frame of a group, unless
silent, has one more, in front), the equalizer's entry, the rest of the first subframe, and the other subframes. All
contexts start anew with the packet.
"""

from __future__ import annotations

import numpy as np

from vqcodec.entropy.bits import get_bits, get_exp_golomb, put_bits, put_exp_golomb
from vqcodec.entropy.tables import get_symbol, put_symbol
from vqcodec.kernels.jit import inline_kernel, inner_kernel, kernel
from vqcodec.speech.excitation.gains import GAIN_CLASSES, gain_table
from vqcodec.speech.excitation.model import LAG_REACH
from vqcodec.speech.excitation.pulse_enumeration import get_pulses, put_pulses
from vqcodec.speech.excitation.synthesis import split_type

LSF, TYPE, LAG, GAIN, SHAPE, PULSES, SIGN, SILENCE, EQUALIZER = range(9)
PARTS = ("lsf", "type", "lag", "gain", "shape", "pulses", "sign", "silence", "equalizer")
_RUN_ORDER = 2  # of the Exp-Golomb code of the length of a silence
# State of a writer or parser, int64: type before, lag before, lag context, gain class, LSF header and equalizer before.
_TYPE, _LAG_BEFORE, _LAG_CONTEXT, _GAIN_CLASS, _HEADER, _ENTRY = range(6)
STATE_SIZE = 6


@inline_kernel
def _start(state, tables, lsf_context, entries):
    """Set `state` to the beginning of a packet."""
    state[_TYPE] = 2 * tables.kinds
    state[_LAG_BEFORE] = tables.lags.size // 3
    state[_LAG_CONTEXT] = 0
    state[_GAIN_CLASS] = 0
    state[_HEADER] = lsf_context
    state[_ENTRY] = entries


@inline_kernel
def _remember(state, symbol, table, gain, tables):
    """Bring `state` up to date after a subframe."""
    state[_TYPE] = symbol
    state[_LAG_CONTEXT] = tables.lag_contexts[table, gain] if table >= 0 else 0
    state[_GAIN_CLASS] = tables.gain_classes[table, gain] if table >= 0 else 0


@inner_kernel
def _put_lsf(buffer, position, vector, headers, stages, depths, state, codes):
    """Write LSF vector number `vector`; return the new position."""
    header = np.int64(headers[vector])
    position = put_symbol(buffer, position, state[_HEADER], header, codes.lsf_header.codes, codes.lsf_header.lengths)
    count = stages.shape[1]
    for stage in range(depths[header]):
        row = header // (count + 1) * count + stage
        index = np.int64(stages[vector, stage])
        position = put_symbol(buffer, position, row, index, codes.lsf_index.codes, codes.lsf_index.lengths)
    state[_HEADER] = header
    return position


@inline_kernel
def _put_entry(buffer, position, entry, state, codes):
    """Write the equalizer's entry of a frame, if there is more than one; return the new position."""
    if codes.equalizer.lengths.shape[1] > 1:
        table = codes.equalizer
        position = put_symbol(buffer, position, state[_ENTRY], np.int64(entry), table.codes, table.lengths)
        state[_ENTRY] = entry
    return position


@inner_kernel
def _put_subframe(buffer, position, subframe, symbols, tables, codes, counts, state, bits):
    """Write what follows the type of a subframe; return the new position."""
    symbol = np.int64(symbols.type[subframe])
    adaptive, kind = split_type(symbol, tables.kinds)
    table = gain_table(adaptive > 0, kind > 0)
    gain = np.int64(symbols.gain[subframe])
    begin = position
    if adaptive > 0:
        lag = np.int64(symbols.lag[subframe])
        step = lag - state[_LAG_BEFORE]
        near = -LAG_REACH <= step <= LAG_REACH
        choice = step + LAG_REACH if near else 2 * LAG_REACH + 1
        steps = codes.lag_steps
        position = put_symbol(buffer, position, state[_LAG_CONTEXT], choice, steps.codes, steps.lengths)
        if not near:
            position = put_symbol(buffer, position, 0, lag, codes.lags.codes, codes.lags.lengths)
        state[_LAG_BEFORE] = lag
    bits[LAG] += position - begin
    begin = position
    if table >= 0:
        context = table * GAIN_CLASSES + state[_GAIN_CLASS]
        position = put_symbol(buffer, position, context, gain, codes.gains.codes, codes.gains.lengths)
    bits[GAIN] += position - begin
    books = tables.books.size - 1
    begin = position
    if kind > books:
        count = tables.pulse_counts[kind - books - 1]
        position = put_pulses(buffer, position, symbols.pulses[subframe], count, counts)
        bits[PULSES] += position - begin
    elif kind > 0:
        shape = np.int64(symbols.shape[subframe])
        entry = (shape >> 1) - tables.books[kind - 1]
        position = put_symbol(buffer, position, kind - 1, entry, codes.shapes.codes, codes.shapes.lengths)
        bits[SHAPE] += position - begin
        position = put_bits(buffer, position, shape & 1, 1)
        bits[SIGN] += 1
    _remember(state, symbol, table, gain, tables)
    return position


@kernel
def put_packet(
    buffer, first, count, symbols, headers, stages, depths, silent, equalizer, tables, codes, counts, bits
):  # fmt: skip
    """Write frames `first` to `first + count` of a group; return the position after them, in bits.

    Args:
        buffer: uint8, long enough (see `bits`).
        symbols: trellis_state.Symbols of the group; headers uint8 (frames + 1,), stages uint8 (frames + 1, stages).
        depths: uint8 (headers,), stage indices that follow each header.
        silent: uint8 (frames,), 1 for frames of silence; equalizer: uint8 (frames,), entries.
        tables, codes: model.Tables, codes.EncodeCodes.
        counts: see `pulse_enumeration.counts_of_vectors`.
        bits: int64 (parts,), increased by what each part took.
    """
    subframes = symbols.type.size // (headers.size - 1)
    state = np.empty(STATE_SIZE, np.int64)
    _start(state, tables, depths.size, codes.equalizer.lengths.shape[1])
    silence = 2 * tables.kinds
    position = np.int64(0)
    frame = first
    while frame < first + count:
        if silent[frame]:
            run = 1
            while frame + run < first + count and silent[frame + run]:
                run += 1
            start = position
            kinds = codes.first_type
            position = put_symbol(buffer, position, state[_TYPE], silence, kinds.codes, kinds.lengths)
            position = put_exp_golomb(buffer, position, run - 1, _RUN_ORDER)
            bits[SILENCE] += position - start
            _remember(state, 0, -1, 0, tables)
            state[_ENTRY] = 0
            frame += run
            continue
        for s in range(subframes):
            subframe = frame * subframes + s
            kinds = codes.first_type if s == 0 else codes.later_type
            start = position
            symbol = np.int64(symbols.type[subframe])
            position = put_symbol(buffer, position, state[_TYPE], symbol, kinds.codes, kinds.lengths)
            bits[TYPE] += position - start
            if s == 0:
                start = position
                if frame == 0:
                    position = _put_lsf(buffer, position, 0, headers, stages, depths, state, codes)
                position = _put_lsf(buffer, position, frame + 1, headers, stages, depths, state, codes)
                bits[LSF] += position - start
                start = position
                position = _put_entry(buffer, position, equalizer[frame], state, codes)
                bits[EQUALIZER] += position - start
            position = _put_subframe(buffer, position, subframe, symbols, tables, codes, counts, state, bits)
        frame += 1
    return position


@inner_kernel
def _get_lsf(buffer, position, vector, headers, stages, depths, state, codes):
    """Parse LSF vector number `vector`; return the new position."""
    header, position = get_symbol(buffer, position, state[_HEADER], codes.lsf_header)
    headers[vector] = header
    count = stages.shape[1]
    for stage in range(depths[header]):
        row = header // (count + 1) * count + stage
        index, position = get_symbol(buffer, position, row, codes.lsf_index)
        stages[vector, stage] = index
    state[_HEADER] = header
    return position


@inner_kernel
def _get_subframe(buffer, position, subframe, symbols, tables, codes, counts, state, bits):
    """Parse what follows the type of a subframe; return the new position, far beyond the end for a lag out of range."""
    symbol = np.int64(symbols.type[subframe])
    adaptive, kind = split_type(symbol, tables.kinds)
    table = gain_table(adaptive > 0, kind > 0)
    begin = position
    if adaptive > 0:
        choice, position = get_symbol(buffer, position, state[_LAG_CONTEXT], codes.lag_steps)
        if choice == 2 * LAG_REACH + 1:
            lag, position = get_symbol(buffer, position, 0, codes.lags)
        else:
            lag = state[_LAG_BEFORE] + choice - LAG_REACH
            if lag < 0 or lag >= tables.lags.size:
                lag = state[_LAG_BEFORE]
                position += np.int64(1) << 40
        state[_LAG_BEFORE] = lag
        bits[LAG] += position - begin
    symbols.lag[subframe] = state[_LAG_BEFORE]
    begin = position
    gain = np.int64(0)
    if table >= 0:
        gain, position = get_symbol(buffer, position, table * GAIN_CLASSES + state[_GAIN_CLASS], codes.gains)
        symbols.gain[subframe] = gain
    bits[GAIN] += position - begin
    books = tables.books.size - 1
    begin = position
    if kind > books:
        count = tables.pulse_counts[kind - books - 1]
        position = get_pulses(buffer, position, symbols.pulses[subframe], count, counts)
        bits[PULSES] += position - begin
    elif kind > 0:
        entry, position = get_symbol(buffer, position, kind - 1, codes.shapes)
        bits[SHAPE] += position - begin
        sign, position = get_bits(buffer, position, 1)
        bits[SIGN] += 1
        symbols.shape[subframe] = 2 * (entry + tables.books[kind - 1]) + sign
    _remember(state, symbol, table, gain, tables)
    return position


@kernel
def get_packet(
    buffer, first, count, symbols, headers, stages, depths, silent, equalizer, tables, codes, counts, bits
):  # fmt: skip
    """Parse frames `first` to `first + count` of a group; return the position after them, in bits.

    The arguments are those of `put_packet`; symbols, headers, stages, silent and equalizer are filled. Whatever
    the bits are, every symbol is one that exists. The position is beyond the end of the data if they are damaged in a
    way that shows.
    """
    subframes = symbols.type.size // (headers.size - 1)
    state = np.empty(STATE_SIZE, np.int64)
    _start(state, tables, depths.size, codes.equalizer.ranked.shape[1])
    silence = 2 * tables.kinds
    position = np.int64(0)
    frame = first
    while frame < first + count:
        start = position
        symbol, position = get_symbol(buffer, position, state[_TYPE], codes.first_type)
        if symbol == silence:
            length, position = get_exp_golomb(buffer, position, _RUN_ORDER)
            length += 1
            bits[SILENCE] += position - start
            if length > first + count - frame:
                length = first + count - frame
                position += np.int64(1) << 40
            for subframe in range(frame * subframes, (frame + length) * subframes):
                silent[subframe // subframes] = 1
                symbols.type[subframe] = 0
                symbols.lag[subframe] = state[_LAG_BEFORE]
            _remember(state, 0, -1, 0, tables)
            state[_ENTRY] = 0
            frame += length
            continue
        for s in range(subframes):
            subframe = frame * subframes + s
            if s > 0:
                start = position
                symbol, position = get_symbol(buffer, position, state[_TYPE], codes.later_type)
            symbols.type[subframe] = symbol
            bits[TYPE] += position - start
            if s == 0:
                start = position
                if frame == 0:
                    position = _get_lsf(buffer, position, 0, headers, stages, depths, state, codes)
                position = _get_lsf(buffer, position, frame + 1, headers, stages, depths, state, codes)
                bits[LSF] += position - start
                if codes.equalizer.ranked.shape[1] > 1:
                    start = position
                    entry, position = get_symbol(buffer, position, state[_ENTRY], codes.equalizer)
                    state[_ENTRY] = entry
                    equalizer[frame] = entry
                    bits[EQUALIZER] += position - start
            position = _get_subframe(buffer, position, subframe, symbols, tables, codes, counts, state, bits)
        frame += 1
    return position
