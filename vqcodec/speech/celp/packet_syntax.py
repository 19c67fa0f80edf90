"""The syntax of a packet: the order of its symbols, and their contexts. Each element's reader follows its writer.

A packet holds some frames. A frame begins with the type of its first subframe. Then come its LSF vector (in the first
frame of a group, one more vector in front), the equalizer's entry, the rest of the first subframe, and the other
subframes. In place of the type there may be a symbol that begins a run of silent frames; then the length of the run
follows, and nothing else is sent for these frames. All contexts start anew with the packet.

In streams with rises (`gains.rise_factors`) a packet begins with its noise floor.
"""

from __future__ import annotations

import numpy as np

from vqcodec.entropy.bits import get_bits, get_exp_golomb, put_bits, put_exp_golomb
from vqcodec.entropy.tables import get_symbol, put_symbol
from vqcodec.kernels.jit import allocating_kernel, inline_kernel, inner_kernel
from vqcodec.speech.excitation.gains import FIXED, GAIN_CLASSES, RISE_BITS, RISES, gain_table
from vqcodec.speech.excitation.model import LAG_REACH
from vqcodec.speech.excitation.pulse_enumeration import get_pulses, put_pulses
from vqcodec.speech.excitation.synthesis import split_type
from vqcodec.speech.noise_floor.filling import LEVEL, LEVEL_BITS, SAME, SPECTRUM

LSF, TYPE, LAG, GAIN, SHAPE, PULSES, SIGN, SILENCE, EQUALIZER, FLOOR = range(10)
PARTS = ("lsf", "type", "lag", "gain", "shape", "pulses", "sign", "silence", "equalizer", "floor")
_RUN_ORDER = 2  # of the Exp-Golomb code of the length of a silence
_BEYOND = np.int64(1) << 40  # bits: a position from here on is beyond any packet, and tells of damage
# State of a writer or parser, int64: type before, lag before, lag context, gain class, LSF header and equalizer before.
_TYPE, _LAG_BEFORE, _LAG_CONTEXT, _GAIN_CLASS, _HEADER, _ENTRY = range(6)
STATE_SIZE = 6


@inline_kernel
def _start(state, syntax, entries):
    """Set `state` to the beginning of a packet; `entries` is the size of the equalizer."""
    state[_TYPE] = 2 * syntax.tables.kinds
    state[_LAG_BEFORE] = syntax.tables.lags.size // 3
    state[_LAG_CONTEXT] = 0
    state[_GAIN_CLASS] = 0
    state[_HEADER] = syntax.depths.size
    state[_ENTRY] = entries


@inline_kernel
def _remember(state, symbol, table, gain, tables):
    """Bring `state` up to date after a subframe."""
    state[_TYPE] = symbol
    state[_LAG_CONTEXT] = tables.lag_contexts[table, gain] if table >= 0 else 0
    state[_GAIN_CLASS] = tables.gain_classes[table, gain] if table >= 0 else 0


@inner_kernel
def _put_lsf(buffer, position, vector, symbols, syntax, state):
    """Write LSF vector number `vector`; return the new position."""
    codes = syntax.codes
    header = np.int64(symbols.headers[vector])
    position = put_symbol(buffer, position, state[_HEADER], header, codes.lsf_header.codes, codes.lsf_header.lengths)
    count = symbols.stages.shape[1]
    for stage in range(syntax.depths[header]):
        row = header // (count + 1) * count + stage
        index = np.int64(symbols.stages[vector, stage])
        position = put_symbol(buffer, position, row, index, codes.lsf_index.codes, codes.lsf_index.lengths)
    state[_HEADER] = header
    return position


@inner_kernel
def _get_lsf(buffer, position, vector, symbols, syntax, state):
    """Parse LSF vector number `vector`; return the new position."""
    header, position = get_symbol(buffer, position, state[_HEADER], syntax.codes.lsf_header)
    symbols.headers[vector] = header
    count = symbols.stages.shape[1]
    for stage in range(syntax.depths[header]):
        row = header // (count + 1) * count + stage
        index, position = get_symbol(buffer, position, row, syntax.codes.lsf_index)
        symbols.stages[vector, stage] = index
    state[_HEADER] = header
    return position


@inline_kernel
def _put_entry(buffer, position, frame, symbols, syntax, state):
    """Write the equalizer's entry of a frame, if the equalizer has more than one; return the new position."""
    table = syntax.codes.equalizer
    if table.lengths.shape[1] > 1:
        entry = np.int64(symbols.equalizer[frame])
        position = put_symbol(buffer, position, state[_ENTRY], entry, table.codes, table.lengths)
        state[_ENTRY] = entry
    return position


@inline_kernel
def _get_entry(buffer, position, frame, symbols, syntax, state):
    """Parse the equalizer's entry of a frame, if the equalizer has more than one; return the new position."""
    table = syntax.codes.equalizer
    if table.ranked.shape[1] > 1:
        entry, position = get_symbol(buffer, position, state[_ENTRY], table)
        symbols.equalizer[frame] = entry
        state[_ENTRY] = entry
    return position


@inline_kernel
def _put_lag(buffer, position, lag, syntax, state):
    """Write lag index `lag`: its difference from the one before, or an escape and the index; return the new place."""
    codes = syntax.codes
    step = lag - state[_LAG_BEFORE]
    near = -LAG_REACH <= step <= LAG_REACH
    choice = step + LAG_REACH if near else 2 * LAG_REACH + 1
    position = put_symbol(buffer, position, state[_LAG_CONTEXT], choice, codes.lag_steps.codes, codes.lag_steps.lengths)
    if not near:
        position = put_symbol(buffer, position, 0, lag, codes.lags.codes, codes.lags.lengths)
    state[_LAG_BEFORE] = lag
    return position


@inline_kernel
def _get_lag(buffer, position, syntax, state):
    """Parse a lag index into `state`; return the new position, far beyond the end for a lag that does not exist."""
    choice, position = get_symbol(buffer, position, state[_LAG_CONTEXT], syntax.codes.lag_steps)
    if choice == 2 * LAG_REACH + 1:
        lag, position = get_symbol(buffer, position, 0, syntax.codes.lags)
    else:
        lag = state[_LAG_BEFORE] + choice - LAG_REACH
        if lag < 0 or lag >= syntax.tables.lags.size:
            lag = state[_LAG_BEFORE]
            position += _BEYOND
    state[_LAG_BEFORE] = lag
    return position


@inner_kernel
def _put_fixed(buffer, position, subframe, kind, symbols, syntax, bits):
    """Write the fixed vector of a subframe, of a kind that is not 0; return the new position."""
    tables, codes = syntax.tables, syntax.codes
    books = tables.books.size - 1
    begin = position
    if kind > books:
        count = tables.pulse_counts[kind - books - 1]
        position = put_pulses(buffer, position, symbols.pulses[subframe], count, syntax.vector_counts)
        bits[PULSES] += position - begin
        return position
    shape = np.int64(symbols.shape[subframe])
    entry = (shape >> 1) - tables.books[kind - 1]
    position = put_symbol(buffer, position, kind - 1, entry, codes.shapes.codes, codes.shapes.lengths)
    bits[SHAPE] += position - begin
    bits[SIGN] += 1
    return put_bits(buffer, position, shape & 1, 1)


@inner_kernel
def _get_fixed(buffer, position, subframe, kind, symbols, syntax, bits):
    """Parse the fixed vector of a subframe, of a kind that is not 0; return the new position."""
    tables = syntax.tables
    books = tables.books.size - 1
    begin = position
    if kind > books:
        count = tables.pulse_counts[kind - books - 1]
        position = get_pulses(buffer, position, symbols.pulses[subframe], count, syntax.vector_counts)
        bits[PULSES] += position - begin
        return position
    entry, position = get_symbol(buffer, position, kind - 1, syntax.codes.shapes)
    bits[SHAPE] += position - begin
    bits[SIGN] += 1
    sign, position = get_bits(buffer, position, 1)
    symbols.shape[subframe] = 2 * (entry + tables.books[kind - 1]) + sign
    return position


@inline_kernel
def _put_gain(buffer, position, table, gain, syntax, state):
    """Write an index into gain table `table`, and the rise if there may be one; return the new position."""
    tables, codes = syntax.tables, syntax.codes.gains
    context = table * GAIN_CLASSES + state[_GAIN_CLASS]
    rise = np.int64(0)
    if tables.loudest >= 0 and table == FIXED:
        rise = max(gain - (tables.gain_counts[FIXED] - RISES) + 1, 0)
    entry = tables.loudest if rise > 0 else gain
    position = put_symbol(buffer, position, context, entry, codes.codes, codes.lengths)
    if table == FIXED and entry == tables.loudest:
        position = put_bits(buffer, position, rise, RISE_BITS)
    return position


@inline_kernel
def _get_gain(buffer, position, table, syntax, state):
    """Parse an index into gain table `table`; return (index, new position)."""
    tables = syntax.tables
    gain, position = get_symbol(buffer, position, table * GAIN_CLASSES + state[_GAIN_CLASS], syntax.codes.gains)
    if table == FIXED and gain == tables.loudest:
        rise, position = get_bits(buffer, position, RISE_BITS)
        if rise > 0:
            gain = tables.gain_counts[FIXED] - RISES + rise - 1
    return gain, position


@inner_kernel
def _put_floor(buffer, position, first, floors, syntax, state):
    """Write the noise floor of the packet that begins with frame `first`; return the new position."""
    sent = floors.sent[first]
    position = put_bits(buffer, position, np.int64(sent != SAME), 1)
    if sent != SAME:
        position = put_bits(buffer, position, np.int64(floors.levels[first]), LEVEL_BITS)
        position = put_bits(buffer, position, np.int64(sent == SPECTRUM), 1)
    if sent == SPECTRUM:
        position = _put_lsf(buffer, position, first, floors, syntax, state)
        state[_HEADER] = syntax.depths.size
    return position


@inner_kernel
def _get_floor(buffer, position, first, floors, syntax, state):
    """Parse the noise floor of the packet that begins with frame `first`; return the new position."""
    new, position = get_bits(buffer, position, 1)
    if new:
        level, position = get_bits(buffer, position, LEVEL_BITS)
        spectrum, position = get_bits(buffer, position, 1)
        floors.levels[first] = level
        floors.sent[first] = SPECTRUM if spectrum else LEVEL
        if spectrum:
            position = _get_lsf(buffer, position, first, floors, syntax, state)
            state[_HEADER] = syntax.depths.size
    return position


@inner_kernel
def _put_subframe(buffer, position, subframe, symbols, syntax, state, bits):
    """Write what follows the type of a subframe; return the new position. `symbols` are those of the excitation."""
    symbol = np.int64(symbols.type[subframe])
    adaptive, kind = split_type(symbol, syntax.tables.kinds)
    table = gain_table(adaptive > 0, kind > 0)
    gain = np.int64(symbols.gain[subframe])
    begin = position
    if adaptive > 0:
        position = _put_lag(buffer, position, np.int64(symbols.lag[subframe]), syntax, state)
    bits[LAG] += position - begin
    begin = position
    if table >= 0:
        position = _put_gain(buffer, position, table, gain, syntax, state)
    bits[GAIN] += position - begin
    if kind > 0:
        position = _put_fixed(buffer, position, subframe, kind, symbols, syntax, bits)
    _remember(state, symbol, table, gain, syntax.tables)
    return position


@inner_kernel
def _get_subframe(buffer, position, subframe, symbols, syntax, state, bits):
    """Parse what follows the type of a subframe; return the new position. `symbols` are those of the excitation."""
    symbol = np.int64(symbols.type[subframe])
    adaptive, kind = split_type(symbol, syntax.tables.kinds)
    table = gain_table(adaptive > 0, kind > 0)
    begin = position
    if adaptive > 0:
        position = _get_lag(buffer, position, syntax, state)
    symbols.lag[subframe] = state[_LAG_BEFORE]
    bits[LAG] += position - begin
    begin = position
    gain = np.int64(0)
    if table >= 0:
        gain, position = _get_gain(buffer, position, table, syntax, state)
        symbols.gain[subframe] = gain
    bits[GAIN] += position - begin
    if kind > 0:
        position = _get_fixed(buffer, position, subframe, kind, symbols, syntax, bits)
    _remember(state, symbol, table, gain, syntax.tables)
    return position


@allocating_kernel
def put_packet(buffer, first, count, symbols, syntax, bits):
    """Write frames `first` to before `first + count` of a group; return the position after them, in bits.

    Args:
        buffer: uint8, long enough (see `entropy.bits`).
        first, count: of the packet's frames.
        symbols: celp.symbols.GroupSymbols.
        syntax: Syntax with EncodeCodes.
        bits: int64 (parts,), increased by what each part took.
    """
    codes = syntax.codes
    subframes = symbols.excitation.type.size // symbols.silent.size
    state = np.empty(STATE_SIZE, np.int64)
    _start(state, syntax, codes.equalizer.lengths.shape[1])
    silence = 2 * syntax.tables.kinds
    position = np.int64(0)
    if syntax.tables.loudest >= 0:
        position = _put_floor(buffer, position, first, symbols.floors, syntax, state)
        bits[FLOOR] += position
    frame = first
    while frame < first + count:
        if symbols.silent[frame]:
            run = 1
            while frame + run < first + count and symbols.silent[frame + run]:
                run += 1
            start = position
            kinds = codes.first_type
            position = put_symbol(buffer, position, state[_TYPE], silence, kinds.codes, kinds.lengths)
            position = put_exp_golomb(buffer, position, run - 1, _RUN_ORDER)
            bits[SILENCE] += position - start
            _remember(state, 0, -1, 0, syntax.tables)
            state[_ENTRY] = 0
            frame += run
            continue
        for s in range(subframes):
            subframe = frame * subframes + s
            kinds = codes.first_type if s == 0 else codes.later_type
            start = position
            symbol = np.int64(symbols.excitation.type[subframe])
            position = put_symbol(buffer, position, state[_TYPE], symbol, kinds.codes, kinds.lengths)
            bits[TYPE] += position - start
            if s == 0:
                start = position
                if frame == 0:
                    position = _put_lsf(buffer, position, 0, symbols, syntax, state)
                position = _put_lsf(buffer, position, frame + 1, symbols, syntax, state)
                bits[LSF] += position - start
                start = position
                position = _put_entry(buffer, position, frame, symbols, syntax, state)
                bits[EQUALIZER] += position - start
            position = _put_subframe(buffer, position, subframe, symbols.excitation, syntax, state, bits)
        frame += 1
    return position


@allocating_kernel
def get_packet(buffer, first, count, symbols, syntax, bits):
    """Parse frames `first` to before `first + count` of a group; return the position after them, in bits.

    Whatever the bits are, every symbol parsed is one that exists. If the bits are damaged in a way that shows, the
    position is beyond the end of the data.

    Args:
        buffer: padded uint8 (see `entropy.bits`).
        first, count: of the packet's frames.
        symbols: celp.symbols.GroupSymbols, filled.
        syntax: Syntax with DecodeCodes.
        bits: int64 (parts,), increased by what each part took.
    """
    codes = syntax.codes
    found = symbols.excitation
    subframes = found.type.size // symbols.silent.size
    state = np.empty(STATE_SIZE, np.int64)
    _start(state, syntax, codes.equalizer.ranked.shape[1])
    silence = 2 * syntax.tables.kinds
    position = np.int64(0)
    if syntax.tables.loudest >= 0:
        position = _get_floor(buffer, position, first, symbols.floors, syntax, state)
        bits[FLOOR] += position
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
                position += _BEYOND
            for subframe in range(frame * subframes, (frame + length) * subframes):
                symbols.silent[subframe // subframes] = 1
                found.type[subframe] = 0
                found.lag[subframe] = state[_LAG_BEFORE]
            _remember(state, 0, -1, 0, syntax.tables)
            state[_ENTRY] = 0
            frame += length
            continue
        for s in range(subframes):
            subframe = frame * subframes + s
            if s > 0:
                start = position
                symbol, position = get_symbol(buffer, position, state[_TYPE], codes.later_type)
            found.type[subframe] = symbol
            bits[TYPE] += position - start
            if s == 0:
                start = position
                if frame == 0:
                    position = _get_lsf(buffer, position, 0, symbols, syntax, state)
                position = _get_lsf(buffer, position, frame + 1, symbols, syntax, state)
                bits[LSF] += position - start
                start = position
                position = _get_entry(buffer, position, frame, symbols, syntax, state)
                bits[EQUALIZER] += position - start
            position = _get_subframe(buffer, position, subframe, found, syntax, state, bits)
        frame += 1
    return position
