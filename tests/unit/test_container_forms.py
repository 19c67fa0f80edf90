"""Both forms in memory, and the chunked form as a stream: what is written is read again."""

import io
from contextlib import suppress

import numpy as np
import pytest

from vqcodec.codebook.codebook import Codebook
from vqcodec.container import (
    ChunkReader,
    ChunkWriter,
    CodebookReference,
    MediaFile,
    Stream,
    compact,
    dump_media,
    is_media,
    load_media,
)
from vqcodec.container.chunks import chunk_bytes
from vqcodec.container.index import read_index, read_packet
from vqcodec.container.varint import MAX_VALUE, get_signed_varint, get_varint, put_signed_varint, put_varint
from vqcodec.errors import CodebookError, CorruptFileError, UsageError

CODEBOOK = Codebook("image/block", "tiny", {"codewords": np.zeros((4, 4), np.uint8)}, {})
OTHER = Codebook("image/block", "other", {"codewords": np.ones((4, 4), np.uint8)}, {})


def picture(packets=(b"packet",), reference=None, metadata=None, **more):
    stream = Stream(0, "image", "image/block", b"head", list(packets), **more)
    return MediaFile("image", "image/block", reference or CodebookReference.shared(CODEBOOK), [stream], metadata or {})


def chunked_file(packets=4, index=True, size=50):
    """A chunked file of one stream, and its packets."""
    file = io.BytesIO()
    payloads = [bytes([number]) * size for number in range(packets)]
    with ChunkWriter(file, "image", index=index) as writer:
        writer.codebook(CodebookReference.shared(CODEBOOK))
        writer.stream(0, "image", "image/block", b"head")
        for number, payload in enumerate(payloads):
            writer.packet(0, payload, 10 * number)
    return file.getvalue(), payloads


def test_a_codebook_is_packed_once_for_all_files(monkeypatch):
    """Packing a shipped codebook takes a second."""
    book = Codebook("image/block", "packed-once", {"codewords": np.ones((4, 4), np.uint8)}, {})
    packings = []
    to_bytes = Codebook.to_bytes
    monkeypatch.setattr(Codebook, "to_bytes", lambda *args: packings.append(args) or to_bytes(*args))
    alone, again, difference = (CodebookReference.embedding(book, parent) for parent in (None, None, OTHER))
    assert packings == [(book, None), (book, OTHER)]
    assert alone == again
    assert (alone.embedded, difference.embedded) == (to_bytes(book), to_bytes(book, OTHER))


def test_a_plain_picture_is_compact():
    data = dump_media(picture())
    assert data[:3] == b"\xd6Q\x11"
    assert len(data) == len(b"headpacket") + 11 == len(b"headpacket") + compact.OVERHEAD
    media = load_media(data)
    assert (media.medium, media.engine) == ("image", "image/block")
    assert media.codebook == CodebookReference(CODEBOOK.digest[:4])
    assert media.streams[0].header + media.streams[0].packets[0] == b"headpacket"
    media.check_codebook(CODEBOOK)


@pytest.mark.parametrize(
    "media",
    [
        picture((b"a", b"b")),
        picture(metadata={"icc": b"profile"}),
        picture(reference=CodebookReference.embedding(CODEBOOK)),
        picture(starts=[5]),
        picture(()),
    ],
    ids=["packets", "metadata", "embedded", "starts", "none"],
)
def test_anything_more_is_chunked(media):
    data = dump_media(media)
    assert data[:4] == b"\x89VQC"
    again = load_media(data)
    assert dump_media(again) == data
    again.check_codebook(CODEBOOK)


def test_every_field_survives():
    media = MediaFile(
        "video",
        "video/mc",
        CodebookReference.embedding(OTHER, CODEBOOK),
        [
            Stream(0, "video", "video/mc", b"v", [b"1", b"22", b""], [0, 8, 16]),
            Stream(3, "speech", "speech/celp-wb", b"", [b"s"], [1600], 1),
        ],
        {"exif": b"\x00e", "icc": b"", "text:Títle one": "wörds\n".encode(), "xmp": b"<x/>"},
        (CodebookReference.shared(CODEBOOK),),
    )
    assert load_media(dump_media(media)) == media
    assert media.stream(3).engine == "speech/celp-wb"
    with pytest.raises(UsageError):
        media.stream(1)


def test_the_checksum_of_the_compact_form_needs_the_whole_hash():
    data = dump_media(picture())
    media = load_media(data)
    with pytest.raises(CodebookError, match=OTHER.identity):
        media.check_codebook(OTHER, "x.vqc")
    for position in range(7, len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x40
        with pytest.raises(CorruptFileError, match=r"x\.vqc: the checksum is wrong"):
            load_media(bytes(changed)).check_codebook(CODEBOOK, "x.vqc")


def test_a_codebook_for_another_engine_is_refused():
    other = Codebook("image/transform", "x", {}, {})
    media = picture(reference=CodebookReference.shared(other))
    with pytest.raises(CodebookError, match="coded by image/block, but codebook 'x' is for image/transform"):
        load_media(dump_media(media)).check_codebook(other)


def test_is_media():
    assert is_media(dump_media(picture()))
    assert is_media(dump_media(picture((b"a", b"b"))))
    assert not is_media(b"\x89PNG\r\n\x1a\n")
    assert not is_media(b"")


@pytest.mark.parametrize(
    "media",
    [
        MediaFile("image", "image/block", CodebookReference.shared(CODEBOOK), []),
        MediaFile("image", "image/block", CodebookReference(b"1234"), picture().streams),
        MediaFile("image", "image/block", CodebookReference(bytes(32), "../x"), picture().streams),
        MediaFile("image", "image/other", CodebookReference.shared(CODEBOOK), picture().streams),
        picture(metadata={"comment": b""}),
        picture(metadata={"text:": b""}),
        picture(metadata={"text:a\nb": b""}),
        picture(metadata={"text:a": b"\xff"}),
        picture((b"a", b"b"), starts=[1, 1]),
        picture((b"a", b"b"), starts=[1]),
        picture((b"a", b"b"), codebook=1),
        picture(metadata={f"text:{number}": b"" for number in range(1025)}),
        MediaFile(
            "speech", "image/block", CodebookReference.shared(CODEBOOK), [Stream(0, "speech", "image/block", b"", [])]
        ),
        MediaFile("image", "image/x", CodebookReference.shared(CODEBOOK), [Stream(256, "image", "image/x", b"", [])]),
        MediaFile("image", "image/block", CodebookReference.shared(CODEBOOK), [*picture().streams, *picture().streams]),
    ],
)
def test_what_could_not_be_read_again_is_not_written(media):
    with pytest.raises(UsageError):
        dump_media(media)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda writer: writer.packet(0, b""),
        lambda writer: writer.stream(0, "image", "image/block", b""),
        lambda writer: writer.close(),
        lambda writer: [writer.codebook(CodebookReference.shared(CODEBOOK)) for _ in range(2)],
        lambda writer: writer.codebook(CodebookReference.shared(CODEBOOK), 256),
        lambda writer: [
            writer.codebook(CodebookReference.shared(CODEBOOK)),
            writer.stream(0, "video", "video/mc", b""),
        ],
        lambda writer: [writer.metadata("icc", b"") for _ in range(2)],
    ],
)
def test_misuse_of_the_writer(misuse):
    with pytest.raises(UsageError):
        misuse(ChunkWriter(io.BytesIO(), "image"))


def test_an_exception_leaves_the_file_without_an_end():
    file = io.BytesIO()
    with suppress(KeyError), ChunkWriter(file, "image") as writer:
        writer.codebook(CodebookReference.shared(CODEBOOK))
        writer.stream(0, "image", "image/block", b"head")
        raise KeyError
    with pytest.raises(CorruptFileError, match="no end"):
        load_media(file.getvalue())


class Pipe(io.RawIOBase):
    """A file that can be neither sought nor told, and gives less than is asked for."""

    def __init__(self, data):
        self.rest = data
        self.given = 0

    def readable(self):
        return True

    def read(self, size=-1):
        piece, self.rest = self.rest[: min(size, 997)], self.rest[min(size, 997) :]
        self.given += len(piece)
        return piece


def test_reading_from_a_pipe():
    data, payloads = chunked_file()
    reader = ChunkReader(Pipe(data))
    assert reader.streams[0].header == b"head"
    assert reader.codebooks[0].name == "tiny"
    packets = list(reader)
    assert [packet.payload for packet in packets] == payloads
    assert [packet.start for packet in packets] == [0, 10, 20, 30]
    assert reader.complete
    assert not reader.damage


def test_packets_come_before_the_file_is_read_to_its_end():
    data, _ = chunked_file(packets=20, size=100_000)
    pipe = Pipe(data)
    reader = ChunkReader(pipe)
    next(iter(reader))
    assert pipe.given < 400_000


def test_the_index_finds_each_packet():
    data, payloads = chunked_file()
    file = io.BytesIO(data)
    entries = read_index(file)
    for number in (2, 0, 3, 1):
        packet = read_packet(file, entries[number])
        assert (packet.payload, packet.number, packet.start) == (payloads[number], number, 10 * number)
    assert read_index(io.BytesIO(chunked_file(index=False)[0])) is None
    assert read_index(io.BytesIO(chunked_file(packets=1)[0])) is None


def test_a_wrong_index_is_seen():
    data, _ = chunked_file()
    index = data.index(b"indx")
    for position in range(index, len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        with pytest.raises(CorruptFileError):
            read_index(io.BytesIO(bytes(changed)))
    body, end = data[:index], (4).to_bytes(4, "little") + index.to_bytes(8, "little")
    rows = b"".join(put_varint(value) for value in (0, 0, 100, 50))
    for payload in (put_varint(3) + rows * 3, put_varint(4) + rows * 5, put_varint(4) + rows * 3, b""):
        wrong = body + chunk_bytes(b"indx", payload) + chunk_bytes(b"DONE", end)
        with pytest.raises(CorruptFileError):
            read_index(io.BytesIO(wrong))
    with pytest.raises(CorruptFileError, match="cut off"):
        read_index(io.BytesIO(data[:20]))


def test_a_wrong_index_is_seen_on_the_way_through_the_file():
    """So what decodes from its beginning can be read by its index, too."""
    data, _ = chunked_file()
    index = data.index(b"indx")
    body, end = data[:index], data.index(b"DONE")
    payload = data[index + 5 : end - 4]
    assert chunk_bytes(b"indx", payload) == data[index:end]

    def file(payload: bytes, offset: int) -> bytes:
        done = (4).to_bytes(4, "little") + offset.to_bytes(8, "little")
        return body + chunk_bytes(b"indx", payload) + chunk_bytes(b"DONE", done)

    assert file(payload, index) == data
    load_media(file(payload, 0))
    later = bytes([*payload[:2], payload[2] + 1, *payload[3:]])
    for rows, offset in ((payload, index - 1), (payload, 3), (later, index), (payload[:-1], index), (b"", index)):
        wrong = file(rows, offset)
        with pytest.raises(CorruptFileError, match="not that of the file's packets"):
            load_media(wrong)
        list(ChunkReader(io.BytesIO(wrong), salvage=True))
    with pytest.raises(CorruptFileError, match="there is no index"):
        load_media(body + chunk_bytes(b"DONE", (4).to_bytes(4, "little") + index.to_bytes(8, "little")))


def test_salvage_gives_all_that_is_intact():
    data, payloads = chunked_file()
    for number in range(4):
        changed = bytearray(data)
        changed[data.index(payloads[number]) + 3] ^= 1
        with pytest.raises(CorruptFileError):
            load_media(bytes(changed))
        reader = ChunkReader(Pipe(bytes(changed)), salvage=True)
        assert [packet.number for packet in reader] == [other for other in range(4) if other != number]
        assert len(reader.damage) == 1
        assert reader.damage[0].start <= data.index(payloads[number]) < reader.damage[0].end
        assert not reader.complete


def test_salvage_at_every_byte():
    """Whatever byte is altered, at most the chunk that it is in is lost."""
    data, _ = chunked_file()
    first_packet = data.index(b"DATA")
    for position in range(11, len(data)):
        changed = bytearray(data)
        changed[position] ^= 0xFF
        try:
            reader = ChunkReader(io.BytesIO(bytes(changed)), salvage=True)
        except CorruptFileError:
            assert position < first_packet
            continue
        packets = list(reader)
        assert len(packets) >= 3
        assert reader.damage


def test_salvage_of_every_truncation():
    data, _ = chunked_file()
    ends = [data.index(b"DATA", start) for start in (0, *[data.index(bytes([n]) * 50) for n in range(3)])]
    for length in range(data.index(b"DATA"), len(data)):
        reader = ChunkReader(io.BytesIO(data[:length]), salvage=True)
        whole = sum(length >= end + len(chunk_bytes(b"DATA", bytes(53))) for end in ends)
        assert len(list(reader)) == whole
        assert not reader.complete


def test_salvage_passes_over_foreign_bytes_between_chunks():
    data, payloads = chunked_file()
    where = data.index(b"DATA", data.index(payloads[1]))
    reader = ChunkReader(io.BytesIO(data[:where] + b"DATA\x05" * 3000 + data[where:]), salvage=True)
    assert [packet.payload for packet in reader] == payloads
    assert [(damage.start, damage.end) for damage in reader.damage] == [(where, where + 15_000)]
    assert reader.complete


def test_salvage_finds_chunks_far_behind_the_damage():
    data, payloads = chunked_file()
    where = data.index(b"DATA", data.index(payloads[1]))
    for gap in (65_500, 65_536, 300_001):
        reader = ChunkReader(Pipe(data[:where] + bytes(gap) + data[where:]), salvage=True)
        assert [packet.payload for packet in reader] == payloads
        assert [damage.end - damage.start for damage in reader.damage] == [gap]


def test_salvage_without_the_name_of_the_codebook():
    data, payloads = chunked_file()
    changed = bytearray(data)
    changed[data.index(b"CREF") + 8] ^= 1
    reader = ChunkReader(io.BytesIO(bytes(changed)), salvage=True)
    assert reader.codebooks == {}
    assert [packet.payload for packet in reader] == payloads


def test_salvage_gives_up_on_hostile_files():
    """Many false beginnings, each of which claims all that follows, must not take quadratic time."""
    data, _ = chunked_file()
    where = data.index(b"DATA")
    for claim in (1 << 10, 1 << 19, 1 << 26):
        hostile = data[:where] + (b"DATA" + put_varint(claim)) * (1 << 17)
        with pytest.raises(CorruptFileError, match="too damaged"):
            ChunkReader(io.BytesIO(hostile), salvage=True)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 16_383, 16_384, 1 << 40, MAX_VALUE])
def test_varints(value):
    data = put_varint(value)
    assert get_varint(b"x" + data + b"y", 1) == (value, 1 + len(data))
    for length in range(len(data)):
        with pytest.raises(CorruptFileError):
            get_varint(data[:length])


def test_signed_varints():
    assert [put_signed_varint(value) for value in (0, -1, 1, -2, 2, -64, 64)] == [
        bytes([0]), bytes([1]), bytes([2]), bytes([3]), bytes([4]), bytes([127]), b"\x80\x01"
    ]  # fmt: skip
    for value in (0, -1, 1, -300, 300, -(1 << 62), (1 << 62) - 1):
        data = put_signed_varint(value)
        assert get_signed_varint(b"x" + data + b"y", 1) == (value, 1 + len(data))
    for value in (-(1 << 62) - 1, 1 << 62):
        with pytest.raises(ValueError, match="is not in"):
            put_signed_varint(value)
    with pytest.raises(CorruptFileError, match=r"a\.vqp: a number is cut off"):
        get_signed_varint(b"\x80", 0, "a.vqp")


def test_varints_have_one_form():
    assert put_varint(300) == b"\xac\x02"
    for data in (b"\x80\x00", b"\xff" * 9 + b"\x01", b"\xac\x82\x00"):
        with pytest.raises(CorruptFileError):
            get_varint(data)
    for value in (-1, MAX_VALUE + 1):
        with pytest.raises(ValueError, match="is not in"):
            put_varint(value)
