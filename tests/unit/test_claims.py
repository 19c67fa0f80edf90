"""Small files that claim much: each is refused at once, or gives no more than what is there allows."""

from __future__ import annotations

import io
import lzma
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from moving_pictures import moving_frames

from vqcodec import api, decode_image, encode_video, user_limits
from vqcodec.codebook import file as codebook_file
from vqcodec.codebook import packing
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.container import ChunkWriter, MediaFile, Stream, dump_media
from vqcodec.container.chunks import PACKET, chunk_bytes
from vqcodec.container.varint import put_varint
from vqcodec.container.wrapping import reference_to
from vqcodec.errors import CorruptFileError, LimitError
from vqcodec.image.codec import encode_picture
from vqcodec.image.pixels import Picture
from vqcodec.image.shape import Shape
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.celp.header import MAX_GROUP_FRAMES, SpeechHeader
from vqcodec.speech.codec import encode_speech
from vqcodec.speech.decoding import Decoding
from vqcodec.speech.files import StoredStream, read_speech
from vqcodec.speech.folding import fold
from vqcodec.speech.stream import StreamHeader
from vqcodec.video.files import read_video
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.stream import VideoHeader

MOST = 40 << 20  # bytes


@contextmanager
def little_memory() -> Iterator[None]:
    """Fail if the block takes more memory than MOST at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


def compact_speech(name: str, engine_header: bytes, packets: Sequence[bytes]) -> bytes:
    """Return a compact file of one channel."""
    book = load_codebook(name)
    header = StreamHeader(8000, 0, engine_header).to_bytes(8000)
    stream = Stream(0, "speech", book.engine, b"", [fold(header, packets)])
    return dump_media(MediaFile("speech", book.engine, reference_to(book, embed=False), [stream]))


def chunked(medium: str, name: str, header: bytes, packets: Sequence[tuple[int, bytes]], streams: int = 1) -> bytes:
    """Return a chunked file; `packets`: start and bytes of those of each stream."""
    book, buffer = load_codebook(name), io.BytesIO()
    with ChunkWriter(buffer, medium) as writer:
        writer.codebook(reference_to(book, embed=False))
        for number in range(streams):
            writer.stream(number, medium, book.engine, header)
        for start, packet in packets:
            for number in range(streams):
                writer.packet(number, packet, start)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["ld-celp-16k", "celp-4800"])
def test_speech_of_claimed_length_is_refused_without_a_list(name: str) -> None:
    data = compact_speech(name, put_varint(1 << 32) + put_varint(1), [b"12345"])
    for ask in (api.verify, lambda data: api.decode(data, None)):
        with little_memory(), pytest.raises(CorruptFileError, match=r"packets are missing, the first at 0\.0 s"):
            ask(data)


@pytest.mark.parametrize("streams", [1, 16])
def test_salvage_conceals_no_more_than_what_is_there_allows(streams: int) -> None:
    header = StreamHeader(8000, 0, put_varint(1 << 32) + put_varint(100)).to_bytes(8000)
    data = chunked("speech", "ld-celp-16k", header, [(0, bytes(500))], streams)
    with little_memory():
        report = api.decode(data, None, salvage=True)
    assert 20 * 100 < report.samples < 20 * 100 * 18 + (1 << 18) // streams
    assert any("are left out" in note for note in report.notes)


def test_salvage_leaves_out_packets_after_too_long_a_gap() -> None:
    header = StreamHeader(8000, 0, put_varint(1 << 31) + put_varint(10)).to_bytes(8000)
    data = bytearray(chunked("speech", "ld-celp-16k", header, [(0, bytes(50))]))

    far = chunk_bytes(PACKET, put_varint(0) + put_varint(900_000) + put_varint(180_000_000) + bytes(50))
    near = chunk_bytes(PACKET, put_varint(0) + put_varint(4) + put_varint(800) + bytes(50))
    at = data.index(b"DONE")
    data[at:at] = near + far
    with little_memory():
        report = api.decode(bytes(data), None, salvage=True)
    assert report.samples < 1_000_000
    assert [lost.packet for lost in report.lost][:4] == [1, 2, 3, 5]
    assert any("packet 900000 of channel 1 is too far" in note for note in report.notes)


def test_groups_of_speech_are_bounded() -> None:
    header = SpeechHeader(NARROWBAND, 1 << 24, 0, 1500, MAX_GROUP_FRAMES // 1500)
    assert SpeechHeader.from_bytes(header.to_bytes()) == header
    with pytest.raises(LimitError, match=f"at most {MAX_GROUP_FRAMES}"):
        SpeechHeader.from_bytes(replace(header, group_packets=header.group_packets + 1).to_bytes())


class Counting(Sequence[bytes]):
    """Packets that count how often each is taken."""

    def __init__(self, packets: Sequence[bytes | None]) -> None:
        self._packets = packets
        self.taken = [0] * len(packets)

    def __len__(self) -> int:
        return len(self._packets)

    def __getitem__(self, number: Any) -> Any:
        for place in range(len(self))[number] if isinstance(number, slice) else [number]:
            self.taken[place] += 1
        return self._packets[number]


def test_every_group_of_speech_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.speech.decoding.PIECE_S", 15)
    speech = read_speech(io.BytesIO(encode_speech(np.zeros(8000 * 35, np.int16), 8000, band="nb", effort=0)))
    for rate in (8000, 44100):
        packets = Counting(speech.streams[0].packets)
        counted = replace(speech, streams=[StoredStream(speech.streams[0].header, packets)])
        decoding = Decoding(counted, load_codebook("speech-nb"), rate=rate)
        blocks = list(decoding.blocks())
        assert sum(map(len, blocks)) == decoding.length
        assert max(map(len, blocks)) <= 1 << 17
        assert packets.taken == [1] * len(packets)


def blank(width: int, height: int) -> bytes:
    """Return a grey picture of few bytes: its codebook codes each row of blocks of 16x16 samples in one bit."""
    arrays = {
        "layout": np.array([0], np.uint8),
        "side": np.array([16], np.uint8),
        "luma.codewords": np.array([[7] * 256, [200] * 256], np.uint8),
        "luma.left_class": np.zeros(2, np.uint8),
        "luma.up_class": np.zeros(2, np.uint8),
        "luma.index_lengths": np.ones((1, 2), np.uint8),
        "luma.run_lengths": np.array([[0] * 17 + [1]], np.uint8),
        "luma.first": np.zeros(1, np.int32),
    }
    book = Codebook("image/block", "blank", arrays)
    stream = Stream(0, "image", book.engine, Shape(width, height, 1).to_bytes(), [bytes(-(-height // 128))])
    return dump_media(MediaFile("image", book.engine, reference_to(book, embed=True), [stream]))


def test_a_blank_picture_of_few_bytes_is_not_of_any_size() -> None:
    data = blank(16384, 16384)
    assert len(data) < 500
    for ask in (api.verify, lambda data: api.info(data, bits=True), lambda data: api.decode(data, None)):
        with little_memory(), pytest.raises(LimitError, match="pixels_per_byte=N"):
            ask(data)
    assert api.info(data).width == 16384
    with user_limits.lowered(pixels_per_byte=1_000_000):
        assert (decode_image(blank(20_000, 1000)) == 7).all()
    assert (decode_image(blank(4096, 4096)) == 7).all()


def test_who_encodes_a_blank_picture_that_decoders_refuse_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_limits, "FREE_PIXELS", 1000)
    pictures = np.full((512, 2048), 7, np.uint8), np.full((512, 2048), 7, np.uint8)
    pictures[1][::3, ::5] = 200
    encoded = [
        encode_picture(Picture(samples[:, :, None]), codebook=load_codebook("classic-4x4-256")) for samples in pictures
    ]
    assert encoded[1].notes == []
    (note,) = encoded[0].notes
    with pytest.raises(LimitError):
        decode_image(encoded[0].data)
    told = int(note.rpartition("pixels_per_byte=")[2])
    with user_limits.lowered(pixels_per_byte=told):
        assert decode_image(encoded[0].data).shape == (512, 2048)
    with user_limits.lowered(pixels_per_byte=told - 1), pytest.raises(LimitError):
        decode_image(encoded[0].data)


@pytest.mark.parametrize("method", [packing.LZMA2, packing.DEFLATE])
def test_a_codebook_of_few_bytes_does_not_inflate(method: int) -> None:
    book = Codebook("image/block", "zeros", {"a": np.zeros(40 << 20, np.uint8)})
    raw = book.canonical_bytes()
    if method == packing.DEFLATE:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        payload = packer.compress(raw) + packer.flush()
    else:
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 22}]
        payload = lzma.compress(raw, lzma.FORMAT_RAW, filters=filters)
    data = codebook_file.file_bytes(book.engine, book.name, len(raw), book.digest, method, payload)
    del raw
    with little_memory(), pytest.raises(LimitError, match=r"at most [0-9]+ are allowed"):
        Codebook.from_bytes(data)


def test_a_stored_codebook_takes_its_memory_once_while_it_is_read() -> None:
    size = 8 << 20
    book = Codebook("image/block", "zeros", {"a": np.zeros(size, np.uint8)})
    raw = book.canonical_bytes()
    data = codebook_file.file_bytes(book.engine, book.name, len(raw), book.digest, packing.STORED, raw)
    tracemalloc.start()
    try:
        Codebook.from_bytes(data)
        assert tracemalloc.get_traced_memory()[1] < 1.1 * size
    finally:
        tracemalloc.stop()


def test_writers_pack_no_codebook_so_small_that_readers_refuse_it() -> None:
    book = Codebook("image/block", "zeros", {"a": np.zeros(6 << 20, np.uint8), "b": np.zeros(9, np.uint8)})
    parent = Codebook("image/block", "parent", {"a": np.zeros(6 << 20, np.uint8)})
    for data in (book.to_bytes(), book.to_bytes(parent)):
        assert Codebook.from_bytes(data, find_parent=lambda digest: parent) == book


VIDEO = [("video", put_varint(3) + b"\x1e\x38" + put_varint(10) + b"\0"), ("video-st3d", put_varint(4) + b"\x1e\x02")]


@pytest.mark.parametrize(("name", "head"), VIDEO)
def test_large_frames_in_few_bytes_are_refused_before_memory_is_taken(name: str, head: bytes) -> None:
    header = VideoHeader(VideoFormat(16384, 16384, Fraction(25)), None).to_bytes()
    for frames in (None, head[0]):
        header = VideoHeader(VideoFormat(16384, 16384, Fraction(25)), frames).to_bytes()
        data = chunked("video", name, header, [(0, head + bytes(20))])
        with little_memory(), pytest.raises(CorruptFileError):
            api.verify(data)


@pytest.mark.parametrize("claimed", [10_000_000, 1 << 31])
@pytest.mark.parametrize("name", ["video", "video-st3d"])
def test_salvage_of_video_gives_no_more_than_what_is_there_allows(name: str, claimed: int) -> None:
    whole = read_video(io.BytesIO(encode_video(moving_frames(3, 38, 53), 25, codebook=name, quality=10, effort=0)))
    packet = whole.group(0).packet
    header = VideoHeader(whole.header.format, claimed).to_bytes()
    data = chunked("video", name, header, [(0, packet), (claimed - 3, packet)])
    counted = Counted()
    report = api.decode(data, counted, format="y4m", salvage=True)
    assert 3 < report.frames < 3 * 40 + (1 << 22) // (38 * 53)
    assert counted.size < 16 << 20
    assert any("too far from those before it" in note for note in report.notes)
    assert any("are left out" in note for note in report.notes)


class Counted(io.RawIOBase):
    """Takes bytes and keeps their number."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)
