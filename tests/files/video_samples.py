"""Files of video, whole and broken (FORMAT.md, section 17).

The engine is one of the tests', whose groups begin with the number of their frames in four bytes, and have at least
twelve.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from media_samples import end, head, indexed, packet, reference, stream, varint
from sample import BAD, CORRUPT, GOOD, LATER, LIMIT, UNSUPPORTED, Sample

PLAIN = (0, 48, 32, 25, 1)  # flags, width, height, rate
VIDEO, VIDEO_ENGINE = 3, b"video/stored"


def header(*numbers: int) -> bytes:
    return b"".join(map(varint, numbers))


def front(video_header: bytes) -> bytes:
    return head(medium=VIDEO) + reference() + stream(0, VIDEO, 0, VIDEO_ENGINE, video_header)


def group(frames: int, times: bytes = b"") -> bytes:
    return times + struct.pack("<Id", frames, 1.0) + b"frames"


def groups(video_header: bytes, *packets: tuple[int, bytes]) -> bytes:
    """A file of groups, each with its first frame, and an index."""
    rows = [(0, start, packet(number, start, data)) for number, (start, data) in enumerate(packets)]
    return indexed(front(video_header), rows)


def good_video() -> Iterator[Sample]:
    def good(name: str, data: bytes, what: str) -> Sample:
        return Sample(GOOD, f"video-{name}.vqc", data, what, found_by="video")

    one = front(header(*PLAIN)) + packet(0, 0, group(5)) + end()
    yield good("one-group", one, "Five frames in one group, without optional fields.")
    yield good("groups", groups(header(*PLAIN), (0, group(8)), (8, group(8)), (16, group(3))), "Three groups.")
    full = header(15, 48, 32, 30000, 1001, 12, 11, 9, 11)
    yield good("all-said", groups(full, (0, group(8)), (8, group(3))), "Range, aspect, matrix and count are given.")
    times = varint(3) + varint(0) + varint(40) + varint(90)
    later = varint(2) + varint(200) + varint(1)
    timed = groups(header(16, 48, 32, 20, 1, 1, 1000), (0, group(3, times)), (3, group(2, later)))
    yield good("times", timed, "Every frame has its own time.")
    ended = varint(3) + varint(0) + varint(40) + varint(90) + varint(70)
    last = varint(2) + varint(200) + varint(1) + varint(2000)
    lasting = groups(header(144, 48, 32, 20, 1, 1, 1000), (0, group(3, ended)), (3, group(2, last)))
    yield good("ends", lasting, "Every frame has its own time, and the last one tells when it ends.")
    coloured = header(64 + 32 + 4, 48, 32, 25, 1, 9, 9, 16, 2)
    yield good("colours", groups(coloured, (0, group(3))), "Matrix, primaries, transfer and siting of HDR video.")
    yield good("one-pixel", front(header(8, 1, 1, 1, 3600, 1)) + packet(0, 0, group(1)) + end(), "One pixel, one hour.")


def bad_video() -> Iterator[Sample]:
    def bad(name: str, video_header: bytes, what: str, error: str = CORRUPT, groups_of: bytes = b"") -> Sample:
        data = front(video_header) + packet(0, 0, groups_of or group(5)) + end()
        return Sample(BAD, f"video-{name}.vqc", data, what, error, "video")

    yield bad("header-empty", b"", "The header is empty.")
    yield bad("header-cut", header(*PLAIN)[:-1], "The header ends within the rate.")
    yield bad("header-long", header(*PLAIN) + b"\0", "The header has a byte too many.")
    yield bad("no-width", header(0, 0, 32, 25, 1), "No pixels.", LIMIT)
    yield bad("wide", header(0, 65536, 1, 25, 1), "65,536 pixels wide.", LIMIT)
    yield bad("area", header(0, 65535, 65535, 25, 1), "More than 2^28 pixels.", LIMIT)
    yield bad("rate-0", header(0, 48, 32, 0, 1), "No frames a second.")
    yield bad("rate-not-lowest", header(0, 48, 32, 50, 2), "A rate of 50/2, which is 25/1.")
    yield bad("rate-fast", header(0, 48, 32, 100001, 1), "100,001 frames a second.", LIMIT)
    yield bad("matrix-2", header(4, 48, 32, 25, 1, 2), "Says that the matrix is unspecified.")
    yield bad("colours-2", header(32, 48, 32, 25, 1, 2, 2), "Says that primaries and transfer are unspecified.")
    yield bad("primaries-large", header(32, 48, 32, 25, 1, 256, 1), "Primaries of no meaning.")
    yield bad("siting-1", header(64, 48, 32, 25, 1, 1), "Says the siting that holds anyway.")
    yield bad("siting-6", header(64, 48, 32, 25, 1, 6), "A siting of no meaning.")
    yield bad("count-0", header(8, 48, 32, 25, 1, 0), "Says that there are no frames.", LIMIT)
    yield bad("count-large", header(8, 48, 32, 25, 1, 1 << 40), "Says that there are 2^40 frames.", LIMIT)
    yield bad("times-cut", header(16, 48, 32, 25, 1, 1, 25), "Times are cut off.", groups_of=varint(9) + b"\1")
    still = varint(2) + varint(7) + varint(0)
    yield bad("times-equal", header(16, 48, 32, 25, 1, 1, 25), "Two frames at one time.", groups_of=group(2, still))
    few = varint(1) + varint(7)
    yield bad("times-few", header(16, 48, 32, 25, 1, 1, 25), "One time for two frames.", groups_of=group(2, few))
    yield bad("ends-only", header(128, 48, 32, 25, 1), "Ends of frames that have no times.")
    short = varint(2) + varint(0) + varint(1) + varint(0)
    yield bad(
        "end-at-once", header(144, 48, 32, 25, 1, 1, 25), "The last frame lasts no time.", groups_of=group(2, short)
    )

    def wrong(name: str, data: bytes, what: str) -> Sample:
        return Sample(BAD, f"video-{name}.vqc", data, what, CORRUPT, "video")

    plain = header(*PLAIN)
    yield wrong("no-groups", front(plain) + end(0), "No group at all.")
    yield wrong("starts-late", groups(plain, (4, group(4)), (8, group(4))), "The first group begins with frame 4.")
    counted = header(8, 48, 32, 25, 1, 6)
    yield wrong("count-small", groups(counted, (0, group(8)), (8, group(3))), "A count below the last group's start.")


def unsupported_video() -> Iterator[Sample]:
    data = front(header(256, 48, 32, 25, 1)) + packet(0, 0, group(5)) + end()
    yield Sample(UNSUPPORTED, "video-flag-256.vqc", data, "An unknown flag.", LATER, "video")
    both = (
        head(medium=VIDEO)
        + reference()
        + b"".join(stream(number, VIDEO, 0, VIDEO_ENGINE, header(*PLAIN)) for number in (0, 1))
    )
    data = both + packet(0, 0, group(5)) + end()
    yield Sample(UNSUPPORTED, "video-two.vqc", data, "Two videos in one file.", LATER, "video")


MAKERS = (good_video, bad_video, unsupported_video)
