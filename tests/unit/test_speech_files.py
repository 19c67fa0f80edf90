"""Files of speech without their signals: headers, packets folded and indexed, damage, and what is hostile."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqcodec import limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.container.chunks import PACKET, chunk_bytes
from vqcodec.container.files import medium_of_media
from vqcodec.container.index import read_index
from vqcodec.container.varint import put_varint
from vqcodec.container.wrapping import reference_to
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError, VQCodecError
from vqcodec.files.sniffing import is_sound
from vqcodec.speech.codec import encode_speech
from vqcodec.speech.files import CodedStream, SpeechFile, dump_speech, read_speech
from vqcodec.speech.folding import LEAST_CHECKED_PACKETS, MAX_FOLDED_PACKETS, Folded, fold, unfold, unfold_damaged
from vqcodec.speech.reader import decode_speech
from vqcodec.speech.sound.resampling import resampled_length
from vqcodec.speech.stream import RATES, StreamHeader

BOOK = Codebook("speech/celp-nb", "test-nb", {"codewords": np.arange(4, dtype=np.int16)}, {})
OF_BOOK = (BOOK.engine, reference_to(BOOK, embed=False))
HEADER = StreamHeader(8000, 0, b"engine")
PACKETS = [bytes([number]) * (50 + number) for number in range(100)]
STARTS = [8000 * number for number in range(100)]


def coded(count: int, header: StreamHeader = HEADER) -> CodedStream:
    return CodedStream(header, PACKETS[:count], STARTS[:count])


def read(data: bytes, **how: bool) -> SpeechFile:
    return read_speech(io.BytesIO(data), **how)


def offset_of_packet(data: bytes, number: int) -> int:
    """Where the bytes of a packet of stream 0 are in a file."""
    return data.index(PACKETS[number], data.index(PACKET))


@given(
    source=st.integers(limits.MIN_AUDIO_RATE, limits.MAX_AUDIO_RATE) | st.sampled_from(RATES),
    codec=st.sampled_from([8000, 16000]),
    length=st.integers(1, 1 << 31),
    engine=st.binary(max_size=300),
)
def test_headers_keep_rate_and_length(source: int, codec: int, length: int, engine: bytes) -> None:
    codec_length = resampled_length(length, source, codec)
    header = StreamHeader.of(source, length, codec, codec_length, engine)
    data = header.to_bytes(codec)
    assert StreamHeader.from_bytes(data + b"more", codec) == (header, len(data))
    assert header.source_length(codec, codec_length) == length
    assert len(data) <= len(engine) + 3 + 2 + 3
    if source == codec:
        assert len(data) == len(engine) + 1 + len(put_varint(len(engine)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", CorruptFileError),
        (b"\0", CorruptFileError),
        (b"\0\x05abcd", CorruptFileError),
        (bytes([len(RATES) + 1, 0, 0]), CorruptFileError),
        (b"\xff", CorruptFileError),
        (b"\xff" + put_varint(limits.MIN_AUDIO_RATE - 1) + b"\0\0", LimitError),
        (b"\xff" + put_varint(1 << 60) + b"\0\0", LimitError),
        (b"\x07" + put_varint(7) + b"\0", CorruptFileError),  # 44100 Hz has 6 samples to one of 8000 at most
        (b"\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f", CorruptFileError),
    ],
)
def test_impossible_headers_are_refused(data: bytes, error: type[VQCodecError]) -> None:
    with pytest.raises(error):
        StreamHeader.from_bytes(data, 8000)


def test_a_sound_without_samples_is_refused() -> None:
    with pytest.raises(CorruptFileError, match="no samples"):
        StreamHeader(44100, 6, b"").source_length(8000, 1)


@given(st.lists(st.binary(max_size=200), max_size=40))
def test_packets_fold_and_unfold(packets: list[bytes]) -> None:
    folded = unfold(fold(HEADER.to_bytes(8000), packets), 8000)
    assert folded.packets == packets
    assert folded.header == HEADER
    assert folded.checked == (len(packets) >= LEAST_CHECKED_PACKETS)


@given(st.binary(max_size=60), st.sampled_from([b"", b"\0\0", b"\xfe\0\0"]), st.sampled_from([unfold, unfold_damaged]))
def test_any_bytes_unfold_or_are_corrupt(data: bytes, head: bytes, unfolding: Callable[[bytes, int], Folded]) -> None:
    try:
        folded = unfolding(head + data, 8000)
    except (CorruptFileError, LimitError):
        return
    assert sum(len(packet or b"") for packet in folded.packets) < len(head + data)


def test_the_check_is_the_crc_16_of_the_format() -> None:
    folded = fold(b"", [b"123456789"] * 5)
    assert folded.endswith(b"123456789" + (0x29B1).to_bytes(2, "little"))
    assert len(folded) == 1 + 1 + 5 + 2 + 5 * (9 + 2)


@pytest.mark.parametrize("place", ["packet", "check", "end of the file"])
def test_a_changed_byte_costs_one_packet(place: str) -> None:
    data = bytearray(dump_speech([coded(9)], *OF_BOOK))
    where = {"packet": data.index(PACKETS[4]) + 20, "check": data.index(PACKETS[4]) + 54, "end of the file": -1}[place]
    data[where] ^= 0x20
    speech = read(bytes(data), salvage=True)
    lost = [None if number == 4 and place != "end of the file" else packet for number, packet in enumerate(PACKETS[:9])]
    assert list(speech.streams[0].packets) == lost
    assert list(speech.damage) == ["packet 4"] * lost.count(None)
    assert (speech.compact, speech.salvaged, speech.seal) == (True, True, None)
    if place != "end of the file":
        with pytest.raises(CorruptFileError, match="damaged: packet 4"):
            read(bytes(data))


@pytest.mark.parametrize("packets", [3, 9])
def test_a_cut_compact_file_gives_the_packets_before(packets: int) -> None:
    data = dump_speech([coded(packets)], *OF_BOOK)
    cut = data[: data.index(PACKETS[2])]
    for end in (cut, cut + PACKETS[2][:9]):
        found = [packet for packet in read(end, salvage=True).streams[0].packets if packet is not None]
        assert found[:2] == PACKETS[:2]
        assert found[2:] in ([], [end[len(cut) :]], [end[len(cut) : -4]])  # without checks the last one may be cut


def test_without_its_head_a_compact_file_is_lost() -> None:
    data = bytearray(dump_speech([coded(9)], *OF_BOOK))
    data[10] ^= 1
    with pytest.raises(CorruptFileError, match="the part before the packets is damaged"):
        read(bytes(data), salvage=True)


def test_one_second_spends_14_bytes_beside_the_engines() -> None:
    data = dump_speech([coded(1)], *OF_BOOK)
    assert len(data) == 14 + len(HEADER.engine_header) + len(PACKETS[0])


@pytest.mark.parametrize("count", [1, 2, LEAST_CHECKED_PACKETS, MAX_FOLDED_PACKETS, MAX_FOLDED_PACKETS + 1])
@pytest.mark.parametrize("metadata", [{}, {"text:title": b"T"}])
@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_files_give_back_what_was_put_in(count: int, metadata: dict[str, bytes], embed: bool, channels: int) -> None:
    streams = [coded(count, StreamHeader(44100, 2, bytes([number]))) for number in range(channels)]
    data = dump_speech(streams, BOOK.engine, reference_to(BOOK, embed=embed), metadata)
    assert medium_of_media(data[:16]) == "speech"
    for sparing in (False, True):
        speech = read(data, sparing=sparing)
        assert speech.compact == (not metadata and not embed and channels == 1 and count <= MAX_FOLDED_PACKETS)
        assert speech.media.metadata == metadata
        assert (speech.media.codebook.embedded is not None) == embed
        assert speech.size == len(data)
        assert [stream.header for stream in speech.streams] == [stream.header for stream in streams]
        assert [list(stream.packets) for stream in speech.streams] == [PACKETS[:count]] * channels
    assert not read(data, salvage=True).damage


def test_packets_of_several_channels_stand_in_turn() -> None:
    data = dump_speech([coded(20), coded(20)], *OF_BOOK)
    entries = read_index(io.BytesIO(data))
    assert entries is not None
    assert [entry.stream for entry in entries] == [0, 1] * 20


def test_of_an_indexed_file_only_what_is_asked_for_is_read() -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, count: int | None = -1) -> bytes:
            data = super().read(count)
            self.taken += len(data)
            return data

    many = CodedStream(HEADER, [random.Random(number).randbytes(20_000) for number in range(100)], STARTS)
    data = dump_speech([many], *OF_BOOK)
    file = Counting(data)
    speech = read_speech(file, sparing=True)
    assert list(speech.streams[0].packets[40:42]) == many.packets[40:42]
    assert file.taken < len(data) / 10


def test_damage_is_refused_or_passed_over() -> None:
    data = bytearray(dump_speech([coded(100)], *OF_BOOK))
    data[offset_of_packet(data, 70)] ^= 1
    with pytest.raises(CorruptFileError, match="damaged"):
        read(bytes(data))
    speech = read(bytes(data), salvage=True)
    expected: Sequence[bytes | None] = [*PACKETS[:70], None, *PACKETS[71:]]
    assert list(speech.streams[0].packets) == expected
    assert speech.salvaged
    assert "DATA is damaged" in speech.damage[0]
    sparing = read(bytes(data), sparing=True).streams[0].packets
    assert sparing[69] == PACKETS[69]
    with pytest.raises(CorruptFileError):
        sparing[70]


def test_a_file_that_ends_within_a_packet_gives_those_before() -> None:
    data = dump_speech([coded(100)], *OF_BOOK)
    data = data[: offset_of_packet(data, 70) + 5]
    with pytest.raises(CorruptFileError, match="cut off"):
        read(data)
    speech = read(data, salvage=True)
    assert list(speech.streams[0].packets) == PACKETS[:70]


@pytest.mark.parametrize("metadata", [None, {"text:title": b"chunked"}])
def test_a_packet_more_than_the_length_makes_is_refused(metadata: dict[str, bytes] | None) -> None:
    """In both forms (FORMAT.md, 13.4)."""
    codebook = load_codebook("celp-4800")
    whole = read_speech(io.BytesIO(encode_speech(np.ones(9000, np.int16), 8000, codebook=codebook)))
    (stream,) = whole.streams
    packets = [packet for packet in stream.packets if packet is not None]
    for surplus in (0, 1):
        found = [*packets, *packets[:surplus]]
        longer = CodedStream(stream.header, found, [14400 * number for number in range(len(found))])
        data = dump_speech([longer], codebook.engine, reference_to(codebook, embed=False), metadata)
        if surplus:
            with pytest.raises(CorruptFileError, match="its length makes"):
                decode_speech(data, codebook=codebook)
        else:
            assert len(decode_speech(data, codebook=codebook)[0]) == 9000


def test_files_of_other_media_and_engines_are_unsupported() -> None:
    picture = Codebook("image/block", "other", dict(BOOK.arrays), {})
    with pytest.raises(UnsupportedError):
        dump_speech([coded(1)], picture.engine, reference_to(picture, embed=False))
    data = dump_speech([coded(80)], *OF_BOOK).replace(b"speech/celp-nb", b"speech/celp-xx")
    with pytest.raises((UnsupportedError, CorruptFileError)):
        read(data)


def test_a_packet_number_beyond_all_limits_costs_no_memory() -> None:
    whole = dump_speech([coded(100)], *OF_BOOK)
    packet = chunk_bytes(PACKET, put_varint(0) + put_varint(1 << 50) + put_varint(1 << 51) + b"x")
    with pytest.raises(LimitError, match="packet number"):
        read(whole[: whole.index(PACKET)] + packet, salvage=True)


@given(data=st.data())
def test_no_damage_raises_anything_but_named_errors(data: st.DataObject) -> None:
    whole = bytearray(dump_speech([coded(data.draw(st.sampled_from([3, 9, 70])))], *OF_BOOK))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for how in ({}, {"salvage": True}, {"sparing": True}):
        try:
            speech = read(cut, **how)
            for stream in speech.streams:
                list(stream.packets)
        except VQCodecError:
            continue


@pytest.mark.parametrize(
    ("head", "sound"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", False),
        (b"fLaC\0\0\0\x22", True),
        (b"OggS\0\x02", True),
        (b"ID3\x04\0\0", True),
        (b"\xff\xfb\x90\x64", True),
        (b"\xff\xf3\x40\xc4", True),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", False),
        (b"FORM\0\0\0\0AIFF", True),
        (b"FORM\0\0\0\0ILBM", False),
        (b"\xff\xf1\x60\x40", True),
        (b"Creative Voice File\x1a", True),
        (b"#!AMR\n", True),
        (b"\x0b\x77\x0c\x0d", True),
        (b"\0\0\0\x1cftypM4A \0\0\2\0", True),
        (b"\0\0\0\x1cftypisom\0\0\2\0", False),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"BM", False),
        (b"", False),
    ],
)
def test_sound_is_told_from_pictures_by_its_first_bytes(head: bytes, sound: bool) -> None:
    assert is_sound(head) is sound
    assert medium_of_media(head) == ""


def test_a_name_tells_what_bytes_do_not() -> None:
    assert is_sound(b"some text", "notes.WAV")
    assert not is_sound(b"some text", "notes.txt")
    assert not is_sound(b"some text")
    for head in (b"\x89PNG\r\n\x1a\n", b"\0\0\0\x20ftypisom", b"RIFF\0\0\0\0AVI "):
        assert not is_sound(head, "really.wav")
