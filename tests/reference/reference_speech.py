"""Sections 13.4 and 14 of FORMAT.md, plainly: the engines speech/celp-nb and speech/celp-wb.

Gives the samples at the codec's rate, as 16-bit integers; resampling is not a matter of the format.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import reference_decoder as reference
import reference_speech_excitation as excitation
import reference_speech_filters as filters
import reference_speech_lsf as lsf
from reference_decoder import Array, BitReader, Codebook, HuffmanCode, Reader, require
from reference_speech_streams import StreamHeader, source_length, stream_header, unfold

# 14 The two engines


@dataclass
class Band:
    rate: int
    frame: int
    subframe: int
    order: int
    shortest: int
    longest: int
    knees: list[int]
    steps: list[int]
    edges: list[int]


BANDS = {
    "speech/celp-nb": Band(
        8000, 160, 40, 10, 18, 146, [40, 80], [4, 3, 2], [300, 700, 1100, 1500, 2000, 2500, 3200, 4000]
    ),
    "speech/celp-wb": Band(
        16000, 320, 80, 16, 34, 290, [80, 160], [2, 2, 1], [1000, 1500, 2000, 2500, 3200, 4000, 5000, 6000, 7000, 8000]
    ),
}


def lag_list(band: Band) -> list[int]:
    """14.2: all lags, in twelfths of a sample."""
    lags = []
    lag = 12 * band.shortest
    while lag <= 12 * band.longest:
        lags.append(lag)
        zone = sum(lag >= 12 * knee for knee in band.knees)
        lag += 12 // band.steps[zone]
    return lags


def rows_of(array: Array) -> list[list[int]]:
    """The rows of an array of two dimensions."""
    width = array.shape[-1]
    return [array.elements[start : start + width] for start in range(0, len(array.elements), width)]


def codes_of(array: Array) -> list[HuffmanCode]:
    return [HuffmanCode(row) for row in rows_of(array)]


# 14.1 Engine header


@dataclass
class EngineHeader:
    samples: int
    table_set: int
    post_filter: int
    packet_frames: int
    group_packets: int
    pitch_filter: int
    rises: bool


def engine_header(data: bytes, band: Band) -> EngineHeader:
    reader = Reader(data)
    samples = reader.varint()
    require(samples <= 2**32)
    byte = reader.number(1)
    require((byte >> 3 & 1) == (band.rate == 16000), reference.CodebookMissing)
    packet_frames, group_packets = reader.varint(), reader.varint()
    require(1 <= packet_frames <= 1500 and 1 <= group_packets <= 255 and packet_frames * group_packets <= 3000)
    last = 0
    if not reader.at_end():
        last = reader.number(1)
        require(last > 0 and last < 32 and last & 15 <= 10)
    require(reader.at_end())
    return EngineHeader(samples, byte >> 4, byte & 7, packet_frames, group_packets, last & 15, last >= 16)


# 14.2 Codebook arrays


class Tables:
    """The arrays of one table set and of its LSF codebook."""

    def __init__(self, codebook: Codebook, number: int, band: Band):
        ladder = rows_of(codebook.arrays["ladder"])
        require(number < len(ladder))
        arrays = {
            name.split("/", 1)[1]: array for name, array in codebook.arrays.items() if name.startswith(f"set{number}/")
        }
        self.band = band
        self.lags = lag_list(band)
        self.books = []
        while f"shapes{len(self.books)}" in arrays:
            self.books.append(rows_of(arrays[f"shapes{len(self.books)}"]))
        self.pulse_counts = arrays["pulse_counts"].elements
        self.kinds = 1 + len(self.books) + len(self.pulse_counts)
        self.gains = [rows_of(arrays[f"gains{table}"]) for table in range(3)]
        self.level_weights = rows_of(arrays["level_weights"])
        self.level_bias = arrays["level_bias"].elements
        self.sharpening = arrays["sharpening"].elements[0] / 256
        self.codes = {
            name: codes_of(arrays[f"lengths.{name}"])
            for name in ("first_type", "later_type", "lag_steps", "lags", "gains", "shapes")
        }
        self.equalizer: list[list[float]] = [[]]
        if "equalizer" in arrays:
            self.equalizer = [[gain / 64 for gain in row] for row in rows_of(arrays["equalizer"])]
            self.codes["equalizer"] = codes_of(arrays["lengths.equalizer"])
        self.lsf = lsf.LsfCodebook(codebook, ladder[number][4])


# 14.3 The packet


@dataclass
class Subframe:
    type: int = 0
    lag: int = 0
    gain: int = 0
    rise: int = 0
    entry: int = 0
    minus: bool = False
    pulses: list[int] = field(default_factory=list)


@dataclass
class Frame:
    """What is sent for a frame; `vectors` are its headers and indices, first vector 0 if it is sent here."""

    silent: bool = False
    vectors: dict[int, lsf.Sent] = field(default_factory=dict)
    subframes: list[Subframe] = field(default_factory=list)
    entry: int = 0


@dataclass
class Floor:
    """What a packet sends of the noise floor: level and spectrum, None for what the packet before has."""

    level: int | None = None
    spectrum: lsf.Sent | None = None


class PacketParser:
    """14.3: reads the frames of one packet; `first` is the number of the first of them in the group."""

    def __init__(self, data: bytes, first: int, count: int, tables: Tables, rises: bool):
        self.reader = BitReader(data)
        self.tables = tables
        self.before = 2 * tables.kinds
        self.lag = len(tables.lags) // 3
        self.lag_context = 0
        self.gain_class = 0
        self.lsf_context = tables.lsf.headers
        self.entry = len(tables.equalizer)
        self.rises = rises
        self.floor = Floor()
        if rises and self.reader.bit():
            self.floor.level = self.reader.bits(5)
            if self.reader.bit():
                self.floor.spectrum = tables.lsf.read(self.reader, tables.lsf.headers)
        self.frames: list[Frame] = []
        while len(self.frames) < count:
            self.read_frame(first + len(self.frames), count)
        left = 8 * len(data) - self.reader.position
        require(0 <= left < 8 and self.reader.bits(left) == 0)

    def read_frame(self, number: int, count: int) -> None:
        symbol = self.tables.codes["first_type"][self.before].read(self.reader)
        if symbol == 2 * self.tables.kinds:
            zeros = 0
            while self.reader.bit() == 0:
                zeros += 1
                require(zeros <= 24)
            following = 4 * (2**zeros - 1) + self.reader.bits(zeros + 2)
            require(len(self.frames) + 1 + following <= count)
            for _ in range(1 + following):
                self.frames.append(Frame(silent=True, subframes=[Subframe(lag=self.lag) for _ in range(4)]))
            self.before = self.lag_context = self.gain_class = self.entry = 0
            return
        frame = Frame()
        if number == 0:
            frame.vectors[0] = self.read_lsf()
        frame.vectors[number + 1] = self.read_lsf()
        if len(self.tables.equalizer) > 1:
            frame.entry = self.entry = self.tables.codes["equalizer"][self.entry].read(self.reader)
        for subframe in range(4):
            if subframe > 0:
                symbol = self.tables.codes["later_type"][self.before].read(self.reader)
            frame.subframes.append(self.read_subframe(symbol))
        self.frames.append(frame)

    def read_lsf(self) -> lsf.Sent:
        sent = self.tables.lsf.read(self.reader, self.lsf_context)
        self.lsf_context = sent.header
        return sent

    def read_subframe(self, symbol: int) -> Subframe:
        tables = self.tables
        adaptive, kind = divmod(symbol, tables.kinds)
        if adaptive:
            step = tables.codes["lag_steps"][self.lag_context].read(self.reader)
            self.lag = tables.codes["lags"][0].read(self.reader) if step == 33 else self.lag + step - 16
            require(0 <= self.lag < len(tables.lags))
        read = Subframe(type=symbol, lag=self.lag)
        table = 1 if not adaptive else (0 if kind > 0 else 2)
        pair = [0, 0]
        if symbol != 0:
            read.gain = tables.codes["gains"][4 * table + self.gain_class].read(self.reader)
            pair = tables.gains[table][read.gain]
            fixed = [row[1] for row in tables.gains[1]]
            if self.rises and table == 1 and read.gain == fixed.index(max(fixed)):
                read.rise = self.reader.bits(4)
        if 1 <= kind <= len(tables.books):
            read.entry = tables.codes["shapes"][kind - 1].read(self.reader)
            read.minus = self.reader.bit() == 1
        elif kind > len(tables.books):
            count = tables.pulse_counts[kind - 1 - len(tables.books)]
            read.pulses = excitation.read_pulses(self.reader, tables.band.subframe, count)
        self.before = symbol
        gain = pair[0]
        self.lag_context = 0 if not adaptive else (1 if gain < 9830 else 2)
        self.gain_class = 0 if not adaptive else (1 if gain < 7373 else (2 if gain < 13107 else 3))
        return read


# 14.6, 14.7: a group


def decode_group(packets: list[list[Frame]], floors: list[Floor], tables: Tables, engine: EngineHeader) -> list[int]:
    vectors = lsf.group_vectors(packets, tables.lsf)
    voice = excitation.Excitation(tables)
    speaker = filters.Speaker(tables.band.order, engine.post_filter)
    equalizer = filters.Equalizer(tables)
    output = []
    for number, frame in enumerate(frame for packet in packets for frame in packet):
        spoken = []
        for subframe, sent in enumerate(frame.subframes):
            t = (subframe + 0.5) / 4
            between = [(1 - t) * a + t * b for a, b in zip(vectors[number], vectors[number + 1])]
            predictor = lsf.predictor([w * math.pi / 32768 for w in between])
            spoken += speaker.speak(predictor, voice.subframe(sent))
        output += equalizer.frame(spoken, frame.entry)
    if engine.pitch_filter > 0:
        lags = [tables.lags[sent.lag] for packet in packets for frame in packet for sent in frame.subframes]
        output = filters.pitch_filtered(output, lags, tables.band, engine.pitch_filter / 20)
    powers, predictors = floors_in_force(floors, tables)
    if any(powers):
        output = filters.filled_up(
            output, powers, predictors, tables.band.subframe, engine.packet_frames * tables.band.frame
        )
    return [pcm(value) for value in output]


def floors_in_force(floors: list[Floor], tables: Tables) -> tuple[list[float], list[list[float]]]:
    """P and A(z) of every packet of a group."""
    level, vector = 0, tables.lsf.start
    powers, predictors = [], []
    for floor in floors:
        if floor.level is not None:
            level = floor.level
        if floor.spectrum is not None:
            vector = tables.lsf.start
            if tables.lsf.is_class(floor.spectrum):
                vector = tables.lsf.reconstruct(floor.spectrum, tables.lsf.start)
        powers.append(10 ** ((2 * level - 8) / 10) if level > 0 else 0.0)
        predictors.append(lsf.predictor([w * math.pi / 32768 for w in vector]))
    return powers, predictors


def pcm(value: float) -> int:
    return max(-32768, min(32767, round(value)))


# 13.4, and the whole of a stream


def decode(header: bytes, packets: list[bytes], codebook: Codebook) -> list[int]:
    """The samples of a whole stream, in either form."""
    if not header:
        stream, unfolded = unfold(packets[0], BANDS[codebook.engine].rate)
        return decode_stream(stream, list(unfolded), codebook)
    return decode_stream(whole_header(header, codebook), list(packets), codebook)


def decode_salvaged(header: bytes, packets: list[bytes | None], codebook: Codebook) -> list[int]:
    """13.4: the samples of a stream of which packets are missing: those that are None, and any at the end."""
    stream = whole_header(header, codebook)
    expected = packet_count(engine_header(stream.engine_header, BANDS[codebook.engine]), BANDS[codebook.engine])
    return decode_stream(stream, [*packets, *[None] * (expected - len(packets))], codebook)


def whole_header(header: bytes, codebook: Codebook) -> StreamHeader:
    reader = Reader(header)
    stream = stream_header(reader, BANDS[codebook.engine].rate)
    require(reader.at_end())
    return stream


def packet_count(engine: EngineHeader, band: Band) -> int:
    frames = -(-engine.samples // band.frame)
    return -(-frames // engine.packet_frames)


def decode_stream(
    stream: StreamHeader, packets: list[bytes | None], codebook: Codebook, first_group: int = 0
) -> list[int]:
    """The samples from the beginning of a group on; no group needs another."""
    band = BANDS[codebook.engine]
    engine = engine_header(stream.engine_header, band)
    source_length(stream, engine.samples, band.rate)
    tables = Tables(codebook, engine.table_set, band)
    frames = -(-engine.samples // band.frame)
    require(len(packets) == packet_count(engine, band))
    output: list[int] = []
    for start in range(first_group * engine.group_packets, len(packets), engine.group_packets):
        parsed, floors = [], []
        first = 0
        for number in range(start, min(start + engine.group_packets, len(packets))):
            count = min(engine.packet_frames, frames - number * engine.packet_frames)
            frames_read, floor = read_packet(packets[number], first, count, tables, engine.rises)
            parsed.append(frames_read)
            floors.append(floor)
            first += count
        output += decode_group(parsed, floors, tables, engine)
    return output[: engine.samples - first_group * engine.group_packets * engine.packet_frames * band.frame]


def read_packet(data: bytes | None, first: int, count: int, tables: Tables, rises: bool) -> tuple[list[Frame], Floor]:
    """14.3; in place of a packet that is lost (14.8) silent frames: the filter rings out, and the level falls."""
    if data is None:
        return [Frame(silent=True, subframes=[Subframe() for _ in range(4)]) for _ in range(count)], Floor()
    parser = PacketParser(data, first, count, tables, rises)
    return parser.frames, parser.floor


reference.ENGINES["speech/celp-nb"] = reference.ENGINES["speech/celp-wb"] = decode
