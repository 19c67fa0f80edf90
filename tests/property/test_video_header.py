"""The header of a video stream and times in packets: any comes back, and no bytes do harm."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vqcodec import limits
from vqcodec.errors import CorruptFileError, LimitError, UnsupportedError, VQCodecError
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.stream import VideoHeader, pack_times, unpack_times

ratios = st.builds(Fraction, st.integers(1, 100_000), st.integers(1, 3600)).filter(
    lambda ratio: Fraction(1, limits.MAX_FRAME_SECONDS) <= ratio <= limits.MAX_FRAME_RATE
)
formats = st.builds(
    VideoFormat,
    st.integers(1, 4000),
    st.integers(1, 4000),
    ratios,
    st.none() | ratios,
    st.booleans(),
    st.integers(0, 255),
    st.none() | ratios,
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 5),
)


def header_of(format: VideoFormat, frames: int | None, ends: bool) -> VideoHeader:
    return VideoHeader(format, frames, ends and format.time_base is not None)


headers = st.builds(header_of, formats, st.none() | st.integers(1, limits.MAX_FRAMES), st.booleans())


@given(headers)
def test_headers_come_back(header: VideoHeader) -> None:
    assert VideoHeader.from_bytes(header.to_bytes()) == header


@given(headers, st.data())
def test_a_header_that_is_cut_off_is_corrupt(header: VideoHeader, data: st.DataObject) -> None:
    whole = header.to_bytes()
    with pytest.raises(CorruptFileError):
        VideoHeader.from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(headers, st.binary(min_size=1, max_size=3))
def test_a_header_that_is_too_long_is_corrupt(header: VideoHeader, more: bytes) -> None:
    with pytest.raises(CorruptFileError):
        VideoHeader.from_bytes(header.to_bytes() + more)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_header_in_its_one_form_or_an_error(data: bytes) -> None:
    try:
        header = VideoHeader.from_bytes(data)
    except VQCodecError:
        return
    assert header.to_bytes() == data


def test_the_example_of_the_specification() -> None:
    header = VideoHeader(VideoFormat(384, 216, Fraction(30000, 1001), Fraction(1)), 48)
    assert header.to_bytes() == bytes.fromhex("0A 80 03 D8 01 B0 EA 01 E9 07 01 01 30")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("80 02 04 04 19 01", UnsupportedError),  # a flag of a later version
        ("20 04 04 19 01 02 02", CorruptFileError),  # says that primaries and transfer are not known
        ("40 04 04 19 01 06", CorruptFileError),  # a siting of no meaning
        ("00 00 04 19 01", LimitError),  # no width
        ("00 80 80 04 04 19 01", LimitError),  # 65,536 pixels wide
        ("00 04 04 00 01", CorruptFileError),  # no frames a second
        ("00 04 04 32 02", CorruptFileError),  # 50/2, which is 25/1
        ("04 04 04 19 01 02", CorruptFileError),  # says that the matrix is not known
        ("08 04 04 19 01 00", LimitError),  # no frames
        ("10 04 04 19 01 00 01", CorruptFileError),  # a unit of no time
        ("80 01 04 04 19 01", CorruptFileError),  # ends, but no times
    ],
)
def test_bad_headers(data: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        VideoHeader.from_bytes(bytes.fromhex(data))


@given(st.integers(0, 1 << 40), st.lists(st.integers(1, 1 << 20), min_size=1, max_size=30), st.binary(max_size=9))
def test_times_come_back(first: int, steps: list[int], rest: bytes) -> None:
    times = [first]
    for step in steps:
        times.append(times[-1] + step)
    assert unpack_times(pack_times(times) + rest, ends=True) == (times, rest)


@given(st.binary(max_size=30))
def test_any_bytes_have_times_that_grow_or_an_error(data: bytes) -> None:
    try:
        times, rest = unpack_times(data, ends=True)
    except VQCodecError:
        return
    assert times == sorted(set(times))
    assert pack_times(times) + rest == data
