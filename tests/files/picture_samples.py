"""Pictures of the engine image/block, whole and broken (FORMAT.md, section 8), coded bit by bit by hand."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator

from codebook_samples import I4, OTHER_HASH, TINY_HASH, U1, U2, array, canonical, codebook_file, deflate
from media_samples import compact, embedded, end, head, packet, reference, stream, varint
from sample import BAD, CODEBOOK, CORRUPT, GOOD, LATER, LIMIT, UNSUPPORTED, Sample

# Codebooks (8.2)

RUNS = {17: 1, 0: 2, 1: 3, 8: 4, 16: 4}
"""Code lengths of the run symbols: 0 to the end of the row, 10 none, 110 one, 1110 from 8 on, 1111 from 2048 on."""


def runs(lengths: dict[int, int], symbols: int = 18) -> bytes:
    return bytes(lengths.get(symbol, 0) for symbol in range(symbols))


def numbers(name: bytes, values: bytes, *shape: int) -> bytes:
    return array(name, U1, shape or (len(values),), values)


def first(name: bytes, value: int) -> bytes:
    return array(name, I4, (1,), struct.pack("<i", value))


GREY_WORDS = bytes(range(10, 170, 10))
GREY_ARRAYS = {
    b"layout": numbers(b"layout", b"\x00"),
    b"luma.codewords": numbers(b"luma.codewords", GREY_WORDS, 4, 4),
    b"luma.first": first(b"luma.first", 1),
    b"luma.index_lengths": numbers(b"luma.index_lengths", bytes([1, 2, 3, 3]), 1, 4),  # 0, 10, 110, 111
    b"luma.left_class": numbers(b"luma.left_class", bytes(4)),
    b"luma.run_lengths": numbers(b"luma.run_lengths", runs(RUNS), 1, 18),
    b"luma.up_class": numbers(b"luma.up_class", bytes(4)),
    b"side": numbers(b"side", b"\x02"),
}
COLOUR_ARRAYS = {
    b"chroma.codewords": numbers(
        b"chroma.codewords",
        bytes([128] * 8 + [120, 124, 128, 132, 140, 136, 132, 128] + [100, 110, 120, 130, 90, 100, 200, 255]),
        3,
        8,
    ),
    b"chroma.first": first(b"chroma.first", 0),
    b"chroma.index_lengths": numbers(b"chroma.index_lengths", bytes([1, 2, 2]), 1, 3),  # 0, 10, 11
    b"chroma.left_class": numbers(b"chroma.left_class", bytes(3)),
    b"chroma.run_lengths": numbers(b"chroma.run_lengths", runs(RUNS), 1, 18),
    b"chroma.up_class": numbers(b"chroma.up_class", bytes(3)),
    b"layout": numbers(b"layout", b"\x01"),
    b"luma.codewords": numbers(b"luma.codewords", GREY_WORDS, 4, 4),
    b"luma.first": first(b"luma.first", 0),
    b"luma.index_lengths": numbers(b"luma.index_lengths", b"\1\2\3\3\2\1\3\3\3\3\2\1\2\2\2\2", 4, 4),
    b"luma.left_class": numbers(b"luma.left_class", bytes([0, 0, 1, 1])),
    b"luma.run_lengths": numbers(b"luma.run_lengths", runs(RUNS) + runs({17: 1}), 2, 18),
    b"luma.up_class": numbers(b"luma.up_class", bytes([0, 1, 0, 1])),
    b"side": numbers(b"side", b"\x02"),
}
JOINT_ARRAYS = {
    b"joint.codewords": numbers(
        b"joint.codewords", bytes([50, 128, 128, 90, 0, 255, 200, 255, 0, 130, 100, 160]), 4, 3
    ),
    b"joint.first": first(b"joint.first", 3),
    b"joint.index_lengths": numbers(b"joint.index_lengths", bytes([1, 2, 3, 3]), 1, 4),
    b"joint.left_class": numbers(b"joint.left_class", bytes(4)),
    b"joint.run_lengths": numbers(b"joint.run_lengths", runs(RUNS), 1, 18),
    b"joint.up_class": numbers(b"joint.up_class", bytes(4)),
    b"layout": numbers(b"layout", b"\x02"),
    b"side": numbers(b"side", b"\x01"),
}


class Book:
    """A codebook of these arrays: its file, its identity, and the chunk that names it."""

    def __init__(self, name: bytes, arrays: dict[bytes, bytes]):
        raw = canonical(name, tuple(data for _, data in sorted(arrays.items())))
        self.file = codebook_file(raw, name=name)
        self.digest = hashlib.sha256(raw).digest()
        self.reference = reference(name=name, digest=self.digest)


GREY, COLOUR, JOINT = Book(b"grey", GREY_ARRAYS), Book(b"colour", COLOUR_ARRAYS), Book(b"joint", JOINT_ARRAYS)

# Pictures (8.1, 8.3, 8.4)


def shape(width: int, height: int, channels: int) -> bytes:
    return varint(width - 1) + varint(height - 1) + bytes([channels - 1])


def bits(text: str) -> bytes:
    """Zeros and ones as bytes, filled up with zeros."""
    digits = text.replace(" ", "")
    digits += "0" * (-len(digits) % 8)
    return bytes(int(digits[start : start + 8], 2) for start in range(0, len(digits), 8))


def stored(samples: bytes) -> bytes:
    """A zlib stream of one block that is not compressed."""
    length = struct.pack("<HH", len(samples), len(samples) ^ 0xFFFF)
    return b"\x78\x01\x01" + length + samples + struct.pack(">I", zlib.adler32(samples))


def chunked(front: bytes, header: bytes, *payloads: bytes) -> bytes:
    packets = b"".join(packet(number, data=payload) for number, payload in enumerate(payloads))
    return head() + front + stream(header=header) + packets + end(len(payloads))


# Five by three pixels are three by two blocks.
# Indices 2 2 0, 3 0 0: no run, 2; a run of one, 0; no run, 3; 0; to the end.
GREY_BITS = bits("10 110  110 0  10 111  0  0")
# Luma 1 1 3, 2 2 2: no run, 1; a run of one, 3; no run, 2; 2; 2. Chroma 1 2: no run, 1; no run, 2.
LUMA_BITS = "10 10  110 111  10 110  10  10"
COLOUR_BITS = bits(LUMA_BITS + "10 10  10 11")
ALPHA = stored(bytes([255, 255, 128, 0, 0] + [0] * 5 + [0, 1, 127, 255, 3]))


def good_pictures() -> Iterator[Sample]:
    def good(name: str, data: bytes, what: str) -> Sample:
        return Sample(GOOD, f"picture-{name}.vqc", data, what, found_by="image/block")

    for name, book in (("grey", GREY), ("colour", COLOUR), ("joint", JOINT)):
        yield Sample(GOOD, f"codebook-{name}.vqcb", book.file, f"A codebook for pictures, layout {name}.")
    whole = shape(5, 3, 1) + GREY_BITS
    yield good("grey", compact(whole, digest=GREY.digest), "Grey, 5x3 pixels, in 16 bytes.")
    data = shape(5, 3, 2) + GREY_BITS + ALPHA
    yield good("grey-alpha", compact(data, digest=GREY.digest), "Grey with an alpha plane.")
    data = shape(5, 3, 3) + COLOUR_BITS
    yield good("colour", compact(data, digest=COLOUR.digest), "Colour with chroma at half size.")
    data = chunked(COLOUR.reference, shape(5, 3, 4), COLOUR_BITS + ALPHA)
    yield good("colour-alpha", data, "Colour with an alpha plane, in the chunked form.")
    data = shape(3, 2, 3) + bits("10 0  10 10  10 110  111 111 111")
    yield good("joint", compact(data, digest=JOINT.digest), "Blocks of one pixel, luma and chroma together.")
    yield good("pixel", compact(shape(1, 1, 3) + bits("10 110  10 11"), digest=COLOUR.digest), "A single pixel.")
    data = shape(7, 2, 1) + bits("10 110  1")
    yield good("grey-of-colour-codebook", compact(data, digest=COLOUR.digest), "Grey, with a codebook for colour.")
    data = shape(9000, 2, 1) + bits("1111 0000000000010000 0  1110 101 110  0")
    yield good(
        "long-runs", compact(data, digest=GREY.digest), "Runs of 2,064 and 13 blocks, and to the end of the row."
    )
    data = shape(5, 3, 1) + bits("1111 1111111111111111  0")
    yield good("run-beyond-row", compact(data, digest=GREY.digest), "A run that is longer than the row: it is cut.")
    data = chunked(embedded(GREY.file), shape(5, 3, 1), GREY_BITS)
    yield good("embedded-codebook", data, "The codebook is in the file.")
    data = shape(5, 2, 1) + b"\x17"
    yield good("padding-ones", compact(data, digest=GREY.digest), "The bits after the last code are ones.")


def bad(name: str, data: bytes, what: str, error: str = CORRUPT, packed: bool = False) -> Sample:
    return Sample(BAD, f"picture-{name}.vqc", data, what, error, "image/block", packed)


def bad_headers() -> Iterator[Sample]:
    def of(header: bytes) -> bytes:
        return compact(header, digest=GREY.digest)

    huge = 1 << 20
    yield bad("nothing", of(b""), "Not even a header.")
    yield bad("header-cut-in-width", of(b"\x84"), "Ends within the width.")
    yield bad("header-cut-in-height", of(b"\x04\x82"), "Ends within the height.")
    yield bad("header-cut-before-channels", of(b"\x04\x02"), "Ends before the channels.")
    yield bad("thirteen-bytes", of(b"\xff\xff"), "13 bytes that begin to ask for a terabyte.")
    yield bad("width-overlong", of(b"\x84\x00\x02\x00" + GREY_BITS), "A width in more bytes than needed.")
    yield bad("five-channels", of(shape(5, 3, 5) + GREY_BITS), "Five channels.")
    yield bad("many-channels", of(shape(5, 3, 256) + GREY_BITS), "256 channels.")
    yield bad("too-wide", of(shape(65536, 1, 1) + GREY_BITS), "65,536 pixels wide.", LIMIT)
    yield bad("too-high", of(shape(1, 65536, 1) + GREY_BITS), "65,536 pixels high.", LIMIT)
    yield bad("too-large", of(shape(65535, 4097, 1) + GREY_BITS), "Each side is allowed, the area is not.", LIMIT)
    yield bad("terapixel", of(shape(huge, huge, 3)), "18 bytes that ask for 2^20 by 2^20 pixels.", LIMIT)
    yield bad("2-to-63", of(shape(1 << 63, 1 << 63, 1)), "A width and a height that wrap in 64 bits.", LIMIT)
    yield bad("largest", of(shape(16384, 16384, 1) + GREY_BITS), "The largest size allowed, in two bytes of data.")
    yield bad("no-packet", chunked(GREY.reference, shape(5, 3, 1)), "A header and no packet.")
    yield bad("two-packets", chunked(GREY.reference, shape(5, 3, 1), GREY_BITS, GREY_BITS), "Two packets.")
    yield bad(
        "header-in-packet-cut", chunked(GREY.reference, b"\x04\x02", b"\x00" + GREY_BITS), "A header in two parts."
    )


def bad_data() -> Iterator[Sample]:
    def grey(data: bytes, channels: int = 1) -> bytes:
        return compact(shape(5, 3, channels) + data, digest=GREY.digest)

    def colour(data: bytes) -> bytes:
        return compact(shape(5, 3, 3) + data, digest=COLOUR.digest)

    yield bad("no-data", grey(b""), "The header alone.")
    yield bad("cut-in-luma", grey(GREY_BITS[:1]), "Ends within the indices.")
    yield bad("cut-in-run", grey(bits("1111 0000")), "Ends within the length of a run.")
    yield bad("cut-before-chroma", colour(bits("1110 000  0")), "Ends after luma.")
    yield bad("cut-in-chroma", colour(COLOUR_BITS[:-1]), "Ends within chroma.")
    yield bad("long", grey(GREY_BITS + b"\0"), "One byte too many.")
    yield bad("alpha-uncalled-for", grey(GREY_BITS + ALPHA), "An alpha plane in a picture that has none.")

    def alpha(data: bytes) -> bytes:
        return grey(GREY_BITS + data, 2)

    yield bad("alpha-missing", alpha(b""), "No alpha plane in a picture that has one.")
    yield bad("alpha-cut", alpha(ALPHA[:-1]), "The alpha plane is cut off within its checksum.")
    yield bad("alpha-cut-in-samples", alpha(ALPHA[:12]), "The alpha plane is cut off within its samples.")
    flipped = bytearray(ALPHA)
    flipped[10] ^= 1
    yield bad("alpha-flipped", alpha(bytes(flipped)), "One bit of the alpha plane is flipped.")
    yield bad("alpha-junk", alpha(b"\xff" * 20), "The alpha plane is no zlib stream.")
    dictionary = zlib.compressobj(zdict=b"dictionary")
    yield bad(
        "alpha-dictionary",
        alpha(dictionary.compress(bytes(15)) + dictionary.flush()),
        "The alpha plane needs a dictionary.",
        packed=True,
    )
    yield bad("alpha-short", alpha(stored(bytes(14))), "One sample of alpha too few.")
    yield bad("alpha-long", alpha(stored(bytes(16))), "One sample of alpha too many.")
    yield bad("alpha-tail", alpha(ALPHA + b"\0"), "A byte after the alpha plane.")
    yield bad("alpha-bomb", alpha(zlib.compress(bytes(1 << 25), 9)), "The alpha plane unpacks to 32 MiB.", packed=True)


def bad_codebooks() -> Iterator[Sample]:
    three, colour = shape(5, 3, 3), COLOUR_BITS + bytes(4)
    data = compact(three + colour, digest=GREY.digest)
    yield bad("colour-with-grey-codebook", data, "Colour, with a codebook for grey.", CODEBOOK)
    data = compact(shape(5, 3, 1) + GREY_BITS, digest=JOINT.digest)
    yield bad("grey-with-joint-codebook", data, "Grey, with a codebook for colour in one vector.", CODEBOOK)
    data = compact(shape(5, 3, 1) + GREY_BITS, digest=TINY_HASH)
    yield bad("codebook-without-arrays", data, "The codebook is for the engine but has none of its arrays.", CODEBOOK)

    def grey(name: str, what: str, *changed: bytes, error: str = CODEBOOK, without: bytes = b"") -> Sample:
        arrays = {key: data for key, data in GREY_ARRAYS.items() if key != without}
        arrays |= {data[1 : 1 + data[0]]: data for data in changed}
        return bad(
            f"codebook-{name}", chunked(embedded(Book(b"odd", arrays).file), shape(5, 3, 1), GREY_BITS), what, error
        )

    yield grey("layout-missing", "No layout.", without=b"layout")
    yield grey("layout-3", "A layout that does not exist.", numbers(b"layout", b"\x03"))
    yield grey("side-missing", "No side.", without=b"side")
    yield grey("side-0", "Blocks of side 0.", numbers(b"side", b"\x00"))
    yield grey("side-17", "Blocks of side 17.", numbers(b"side", b"\x11"))
    yield grey("side-3", "The side is 3, the codewords have 4 samples.", numbers(b"side", b"\x03"))
    yield grey("words-missing", "No codewords.", without=b"luma.codewords")
    yield grey("words-flat", "Codewords in one axis.", numbers(b"luma.codewords", GREY_WORDS))
    wide = array(b"luma.codewords", U2, (4, 4), bytes(32))
    yield grey("words-16-bits", "Codewords of 16 bits.", wide)
    fewer = numbers(b"luma.codewords", GREY_WORDS[:12], 3, 4)
    yield grey("words-fewer", "Three codewords, code lengths for four.", fewer)
    one = [numbers(b"luma.codewords", bytes(4), 1, 4), first(b"luma.first", 0)]
    one += [numbers(b"luma.index_lengths", b"\x01", 1, 1), numbers(b"luma.left_class", b"\0")]
    yield grey("one-word", "A single codeword.", *one, numbers(b"luma.up_class", b"\0"))
    yield grey("left-classes-fewer", "A left class is missing.", numbers(b"luma.left_class", bytes(3)))
    yield grey("up-classes-fewer", "An upper class is missing.", numbers(b"luma.up_class", bytes(3)))
    yield grey("left-class-1", "Left class 1 where there is one class.", numbers(b"luma.left_class", b"\0\0\0\1"))
    yield grey("up-class-255", "Upper class 255 where there is one class.", numbers(b"luma.up_class", b"\0\xff\0\0"))
    yield grey("first-4", "The first index is 4, of 0 to 3.", first(b"luma.first", 4))
    yield grey("first-negative", "The first index is -1.", first(b"luma.first", -1))
    yield grey("contexts-two", "Index codes for two contexts.", numbers(b"luma.index_lengths", b"\1\2\3\3" * 2, 2, 4))
    yield grey("layout-16-bits", "A layout of 16 bits.", array(b"layout", U2, (1,), bytes(2)))
    yield grey("side-two", "Two sides.", numbers(b"side", b"\2\2"))
    yield grey("first-8-bits", "A first index of 8 bits.", numbers(b"luma.first", b"\1"))
    wide = array(b"luma.index_lengths", U2, (1, 4), b"\1\0\2\0\3\0\3\0")
    yield grey("lengths-16-bits", "Code lengths of 16 bits.", wide)
    wide = array(b"luma.run_lengths", U2, (1, 18), b"".join(bytes([length, 0]) for length in runs(RUNS)))
    yield grey("run-lengths-16-bits", "Code lengths of runs of 16 bits.", wide)
    short = numbers(b"luma.run_lengths", runs({0: 1, 16: 1}, 17), 1, 17)
    yield grey("run-symbols-17", "Seventeen run symbols.", short)
    for name, lengths, what in (
        ("incomplete", b"\1\2\3\0", "Code lengths that leave bits without a symbol."),
        ("crowded", b"\1\1\2\2", "Code lengths that would need more codes than exist."),
        ("17-bits", b"\1\2\3\x11", "A code of 17 bits."),
        ("none", b"\0\0\0\0", "No symbol has a code."),
        ("alone-2-bits", b"\0\2\0\0", "Only one symbol has a code, and it has two bits."),
    ):
        yield grey(f"lengths-{name}", what, numbers(b"luma.index_lengths", lengths, 1, 4), error=CORRUPT)
    incomplete = numbers(b"luma.run_lengths", runs({0: 1, 17: 2}), 1, 18)
    yield grey("run-lengths-incomplete", "Run lengths that leave bits without a symbol.", incomplete, error=CORRUPT)
    yield bad("codebook-classes-257", too_many_classes(), "257 classes.", CODEBOOK, packed=True)
    chroma = dict(COLOUR_ARRAYS)
    del chroma[b"chroma.first"]
    data = chunked(embedded(Book(b"odd", chroma).file), shape(5, 3, 1), GREY_BITS)
    yield bad("codebook-chroma-incomplete", data, "A grey picture; the codebook's chroma lacks an array.", CODEBOOK)


def too_many_classes() -> bytes:
    """A picture whose codebook has a class more than there may be; else it is whole."""
    arrays = dict(GREY_ARRAYS)
    arrays[b"luma.index_lengths"] = numbers(b"luma.index_lengths", b"\1\2\3\3" * 257**2, 257**2, 4)
    arrays[b"luma.run_lengths"] = numbers(b"luma.run_lengths", runs(RUNS) * 257, 257, 18)
    raw = canonical(b"odd", tuple(data for _, data in sorted(arrays.items())))
    return chunked(embedded(codebook_file(raw, 2, deflate(raw), name=b"odd")), shape(5, 3, 1), GREY_BITS)


def unsupported_pictures() -> Iterator[Sample]:
    def later(name: str, data: bytes, what: str) -> Sample:
        return Sample(UNSUPPORTED, f"picture-{name}.vqc", data, what, LATER, "image/block")

    speech = reference(name=b"other", digest=OTHER_HASH) + stream(0, 2, 0, b"speech/celp-nb", shape(5, 3, 1))
    yield later(
        "in-speech", head(medium=2) + speech + packet(data=GREY_BITS) + end(), "A picture that says it is speech."
    )
    raw = canonical(b"future", engine=b"image/future")
    future = embedded(codebook_file(raw, name=b"future", engine=b"image/future"))
    data = head() + future + stream(engine=b"image/future", header=shape(5, 3, 1)) + packet(data=GREY_BITS) + end()
    yield later("engine-unknown", data, "A picture of an engine that does not exist yet.")


MAKERS = (good_pictures, bad_headers, bad_data, bad_codebooks, unsupported_pictures)
