"""Decoding part of a picture: the same samples as in the whole, and no more read than is needed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vqcodec import api
from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.container import MediaFile, Stream, dump_media, load_media
from vqcodec.container.index import read_index
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.image import decode_picture, decode_picture_part, encode_picture
from vqcodec.image.crop import Crop
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.engine import needed_packets
from vqcodec.media.target import Target, Work

HEIGHT, WIDTH = 67, 1301  # two tiles for the transform engine; no multiples of anything
SEAM = 704  # where the second tile begins


def picture(channels: int, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    """Slopes and a little noise, so that neighbouring samples differ; with an ICC profile, so that it is chunked."""
    y, x = np.indices((height, width))
    noise = np.random.default_rng(5).integers(0, 9, (height, width))
    planes = [(3 * x + 5 * y + 60 * channel) % 200 + noise for channel in range(channels)]
    return Picture(np.stack(planes, axis=2).astype(np.uint8), {"icc": b"profile"})


@pytest.fixture(scope="module")
def untrained() -> Codebook:
    """A codebook for the transform engine, of formulas."""
    return Codebook("image/transform", "untrained", initial_model([20, 40]).to_arrays())


CROPS = [
    Crop(0, 0, WIDTH, HEIGHT),
    Crop(0, 0, 1, 1),
    Crop(WIDTH - 1, HEIGHT - 1, 1, 1),
    Crop(SEAM - 1, 3, 1, 1),
    Crop(SEAM, 3, 1, 1),
    Crop(SEAM - 3, 0, 2, HEIGHT),
    Crop(SEAM - 5, 11, 9, 8),
    Crop(17, 20, 41, 33),
    Crop(901, HEIGHT - 3, 400, 3),
]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_part_has_the_samples_of_the_whole(untrained: Codebook, channels: int) -> None:
    """With half-size chroma, whose interpolation reaches over the border of the part and over the seam of tiles."""
    data = encode_picture(
        picture(channels), codebook=untrained, target=Target(40), work=Work(0), options={"chroma": "420"}
    ).data
    whole = decode_picture(data, codebook=untrained)
    for crop in CROPS:
        part = decode_picture(data, codebook=untrained, crop=crop)
        assert np.array_equal(part.samples, crop.of(whole.samples)), crop
        assert part.metadata == whole.metadata
        again = decode_picture_part(io.BytesIO(data), crop, codebook=untrained)
        assert np.array_equal(again.samples, part.samples)
        assert again.metadata == whole.metadata


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_part_of_a_block_picture(channels: int) -> None:
    book = load_codebook("classic-4x4-256")
    data = encode_picture(picture(channels, 31, 45), codebook=book, work=Work(0)).data
    whole = decode_picture(data, codebook=book).samples
    for crop in (Crop(0, 0, 45, 31), Crop(44, 30, 1, 1), Crop(3, 5, 10, 7)):
        assert np.array_equal(decode_picture(data, codebook=book, crop=crop).samples, crop.of(whole))


def test_only_the_packets_that_are_needed_are_read(untrained: Codebook, tmp_path: Path) -> None:
    """The second tile is damaged: what lies on the first decodes all the same, from a file that has an index."""
    data = bytearray(encode_picture(picture(3), codebook=untrained, target=Target(40), work=Work(0)).data)
    entries = read_index(io.BytesIO(data))
    assert entries is not None
    data[entries[1].offset + entries[1].length // 2] ^= 1
    path = tmp_path / "damaged.vqc"
    path.write_bytes(data)
    report = api.decode(path, codebook=untrained, crop=(5, 6, 70, 8))
    assert (report.width, report.height, report.crop) == (70, 8, (5, 6, 70, 8))
    assert report.input_bytes == len(data)
    assert report.data is not None
    assert Image.open(io.BytesIO(report.data)).size == (70, 8)
    with pytest.raises(CorruptFileError, match="checksum"):
        api.decode(path, codebook=untrained, crop=(SEAM, 6, 70, 8))
    with pytest.raises(CorruptFileError, match="checksum"):
        api.decode(path, codebook=untrained)


def test_packets_needed_are_those_of_the_tiles_under_the_part(untrained: Codebook) -> None:
    stream = load_media(encode_picture(picture(3), codebook=untrained, target=Target(40), work=Work(0)).data).streams[0]
    assert needed_packets(stream.header, Crop(0, 0, SEAM - 2, 1)) == [0]
    assert needed_packets(stream.header, Crop(SEAM + 2, 0, 9, 1)) == [1]
    assert needed_packets(stream.header, Crop(SEAM, 0, 9, 1)) == [0, 1]


def test_metadata_behind_the_packets_is_not_lost(untrained: Codebook) -> None:
    """Where an index does not account for all of the file, all of it is read."""
    data = encode_picture(picture(3), codebook=untrained, target=Target(40), work=Work(0)).data
    media = load_media(data)
    chunk = data[data.index(b"iccp") : data.index(b"DATA")]
    assert chunk.count(b"profile") == 1
    without = dump_media(MediaFile("image", media.engine, media.codebook, media.streams))
    end = without.index(b"indx")
    late = without[:end] + chunk + _index_moved(without[end:], end, len(chunk))
    part = decode_picture_part(io.BytesIO(late), Crop(1, 1, 5, 5), codebook=untrained)
    assert part.metadata == {"icc": b"profile"}


def _index_moved(tail: bytes, offset: int, by: int) -> bytes:
    """Index and end chunk of a file, the index `by` bytes further on than at `offset`."""
    from vqcodec.container.chunks import END, chunk_bytes
    from vqcodec.container.index import END_BYTES, end_payload, parse_end

    packets, where = parse_end(tail[-END_BYTES:][5:-4], "end")
    assert where == offset
    return tail[:-END_BYTES] + chunk_bytes(END, end_payload(packets, offset + by))


@pytest.mark.parametrize("crop", [(0, 0, 46, 1), (45, 0, 1, 1), (0, 31, 1, 1), (-1, 0, 2, 2), (3, 3, 0, 4)])
def test_what_reaches_beyond_the_picture_is_refused(crop: tuple[int, int, int, int], untrained: Codebook) -> None:
    for book in (load_codebook("classic-4x4-256"), untrained):
        data = encode_picture(picture(3, 31, 45), codebook=book, work=Work(0)).data
        with pytest.raises(UsageError, match=r"^p\.vqc: crop .* 45x31 pixels"):
            api.decode(data, codebook=book, crop=crop, name="p.vqc")


def test_a_crop_in_writing() -> None:
    assert Crop.parse("3,0,640x480") == (3, 0, 640, 480)
    assert str(Crop(3, 0, 640, 480)) == "3,0,640x480"
    for text in ("", "3,0,640", "-3,0,640x480", "3,0,640x480 ", "3 ,0,640x480", "٣,0,1x1", "3,0,0x4", "1e3,0,1x1"):
        with pytest.raises(UsageError, match="crop"):
            Crop.parse(text)


def test_a_stream_with_too_few_packets_is_refused(untrained: Codebook) -> None:
    media = load_media(encode_picture(picture(3), codebook=untrained, target=Target(40), work=Work(0)).data)
    stream = media.streams[0]
    cut = Stream(0, "image", stream.engine, stream.header, stream.packets[:1])
    data = dump_media(MediaFile("image", media.engine, media.codebook, [cut]))
    with pytest.raises(CorruptFileError, match="2 tiles"):
        decode_picture_part(io.BytesIO(data), Crop(0, 0, 1, 1), codebook=untrained)
