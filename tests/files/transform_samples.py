"""Pictures of the engine image/transform, whole and broken (FORMAT.md, section 9), coded bit by bit by hand.

In the codebook all symbols of an alphabet have codes of about the same length: flags the four bits of the number,
patterns its eight bits, and the first 24 modes its five bits.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from codebook_samples import I1, U1, U2, array, canonical, codebook_file, deflate
from media_samples import compact, embedded, end, head, packet, reference, stream
from picture_samples import bits, shape, stored
from sample import BAD, CODEBOOK, CORRUPT, GOOD, LATER, LIMIT, UNSUPPORTED, Sample

ENGINE = b"image/transform"
CONTEXTS = 8398
POOLS = (
    (b"flags", 16, bytes([4] * 16)),
    (b"modes", 40, bytes([5] * 24 + [6] * 16)),
    (b"patterns", 256, bytes([8] * 256)),
)


def codebook_arrays() -> tuple[bytes, ...]:
    """One rung, one table in each pool, reconstruction in the middle, neither transforms nor filter."""
    arrays = {b"rungs": array(b"rungs", U1, (1,), b"\x1e")}
    for kind in (b"luma", b"chroma"):
        for pool, symbols, lengths in POOLS:
            name = kind + b"_" + pool
            arrays[name] = array(name, U1, (1, symbols), lengths)
        for name, of_type, axes, size in (
            (kind + b"_rows", U2, (1, CONTEXTS), 2 * CONTEXTS),
            (kind + b"_offset_sets", U1, (1,), 1),
            (kind + b"_offsets", I1, (1, 32, 256, 4), 32768),
        ):
            arrays[name] = array(name, of_type, axes, bytes(size))
    return tuple(arrays[name] for name in sorted(arrays))


RAW = canonical(b"even", codebook_arrays(), engine=ENGINE)
BOOK = codebook_file(RAW, 2, deflate(RAW), name=b"even", engine=ENGINE)
DIGEST = hashlib.sha256(RAW).digest()

GREY, COLOUR, HALF_CHROMA = b"\x1e\x38", b"\x1e\x08", b"\x1e\x18"
MODULATED, SHAPED, FILTERED = b"\x5e\x38", b"\x5e\x28\x07", b"\x1e\x78"
FIRST = "0000"  # the first likely mode, no coefficients
FROM_FIRST, FROM_BOTH = "1000", "1010"


def small(header: bytes, payload: bytes) -> bytes:
    return compact(header + payload, engine=2, digest=DIGEST)


def chunked(header: bytes, *payloads: bytes) -> bytes:
    front = head() + reference(name=b"even", digest=DIGEST) + stream(engine=ENGINE, header=header)
    packets = b"".join(packet(number, data=payload) for number, payload in enumerate(payloads))
    return front + packets + end(len(payloads))


# One component of magnitude 1: coded in the first likely mode, one group, pattern 1 0 0 0, positive.
ONE_COEFFICIENT = bits("0001 0001 01000000 0")
# Two components of 3: negative with the escape 00111 (magnitude 9), positive with 1 (magnitude 3).
ESCAPES = bits("0001 0001 11110000 10 00111 1")
# A superblock in quarters: whole, upper and lower, left and right, quarters again.
QUARTERS = bits(f"0001  0000{FIRST}  0010{FIRST}{FIRST}  0011{FIRST}{FIRST}  0001" + f"0000{FIRST}" * 4)
ALPHA = stored(bytes([255] * 4 + [0] * 12))


def good_transformed() -> Iterator[Sample]:
    def good(name: str, data: bytes, what: str) -> Sample:
        return Sample(GOOD, f"transform-{name}.vqc", data, what, found_by=ENGINE.decode())

    yield Sample(GOOD, "codebook-even.vqcb", BOOK, "A codebook of the transform engine with even codes.", packed=True)
    square = shape(4, 4, 1)
    yield good("flat", small(square + GREY, b"\0"), "One block without coefficients, in 17 bytes.")
    yield good("coefficient", small(square + GREY, ONE_COEFFICIENT), "One block with one coefficient.")
    yield good("escapes", small(square + GREY, ESCAPES), "Magnitudes of 3 and 9.")
    yield good("mask-empty", small(square + GREY, bits("0001 0000")), "A block with coefficients, all of them 0.")
    yield good("mode", small(square + GREY, bits("0110 10010")), "An angle that is not one of the likely modes.")
    yield good("quarters", small(shape(32, 32, 1) + GREY, QUARTERS), "All ways to cut a square.")
    yield good("edge", small(shape(5, 6, 1) + GREY, bits(f"0000 {FIRST}")), "5x6 pixels: padded to one block of 8x8.")
    modulated = bits("1010 0001 0001 01000000 0")
    yield good("modulated", small(square + MODULATED, modulated), "A superblock with its own step.")
    yield good("shaped", small(square + SHAPED, modulated), "A step that grows with the frequency.")
    data = small(shape(4, 4, 3) + COLOUR, bits(FIRST + FROM_FIRST + FROM_BOTH))
    yield good("colour", data, "Chroma predicted from luma, then from both planes before.")
    data = small(shape(8, 8, 3) + HALF_CHROMA, bits(f"0000 {FIRST} {FROM_FIRST} {FIRST}"))
    yield good("colour-half", data, "Chroma at half size.")
    header = shape(4, 4, 2) + GREY
    yield good("alpha-exact", small(header + b"\x7f", b"\x01\0" + ALPHA), "An alpha plane kept exactly.")
    data = small(header + GREY, b"\x03" + ONE_COEFFICIENT + b"\0")
    yield good("alpha-coded", data, "An alpha plane coded like a grey one.")
    yield good("tiles", chunked(shape(1281, 1, 1) + GREY, bytes(88), bytes(73)), "1281 pixels wide: two tiles.")


def bad(name: str, data: bytes, what: str, error: str = CORRUPT, packed: bool = False) -> Sample:
    return Sample(BAD, f"transform-{name}.vqc", data, what, error, ENGINE.decode(), packed)


def bad_headers() -> Iterator[Sample]:
    square, huge = shape(4, 4, 1), 1 << 20
    yield bad("nothing", small(b"", b""), "Not even a header.")
    yield bad("parameters-missing", small(square, b""), "Ends before the parameters.")
    yield bad("parameters-cut", small(square, b"\x1e"), "Ends within the parameters.")
    yield bad("header-long", chunked(square + GREY + b"\0", b"\0"), "A byte too many in the header.")
    yield bad("grey-with-chroma", small(square + COLOUR, b"\0\0"), "Grey with parameters for colour.")
    yield bad("colour-without-chroma", small(shape(4, 4, 3) + GREY, b"\0"), "Colour with parameters for grey.")
    yield bad("five-channels", small(shape(4, 4, 5) + COLOUR, b"\0\0"), "Five channels.")
    yield bad("alpha-missing", small(shape(4, 4, 2) + GREY, b""), "Ends before the parameters of alpha.")
    yield bad("alpha-with-chroma", small(shape(4, 4, 2) + GREY + COLOUR, b"\x01\0\0"), "Alpha as if it were colour.")
    remembering = square + b"\x1e\xb8"
    yield bad("memory-items-missing", small(remembering, b""), "Ends before the items of memory.")
    yield bad("memory-items-cut", small(remembering + b"\x02\x01", b""), "Ends within the items of memory.")
    yield bad("memory-missing", small(remembering + b"\x00", b"\0"), "The codebook has no memory.", CODEBOOK)
    tiled = shape(1281, 1, 1) + b"\x1e\xb8\x00"
    yield bad("memory-tiles", chunked(tiled, bytes(88), bytes(73)), "Two tiles, predicted from a memory.")
    yield bad("alpha-with-memory", small(shape(4, 4, 2) + GREY + b"\x1e\xb8", b"\x01\0\0"), "Alpha with a memory.")
    yield bad("terapixel", small(shape(huge, huge, 3) + COLOUR, b""), "20 bytes that ask for 2^40 pixels.", LIMIT)
    yield bad("too-wide", small(shape(65536, 1, 1) + GREY, b"\0"), "65,536 pixels wide.", LIMIT)
    yield bad("filter-missing", small(square + FILTERED, b"\0"), "A filter that the codebook does not have.", CODEBOOK)
    empty = canonical(b"empty", (), b"{}", ENGINE)
    book = embedded(codebook_file(empty, name=b"empty", engine=ENGINE))
    data = head() + book + stream(engine=ENGINE, header=square + GREY) + packet(data=b"\0") + end()
    yield bad("codebook-without-arrays", data, "The codebook has none of the engine's arrays.", CODEBOOK)


def bad_data() -> Iterator[Sample]:
    square = shape(4, 4, 1) + GREY
    yield bad("no-data", small(square, b""), "The header alone.")
    yield bad("long", small(square, b"\0\0"), "One byte too many.")
    yield bad("cut-in-pattern", small(square, ONE_COEFFICIENT[:1]), "Ends before the pattern.")
    yield bad("cut-before-sign", small(square, ONE_COEFFICIENT[:2]), "Ends before the sign.")
    yield bad("escape-endless", small(square, bits("0001 0001 11000000 0") + bytes(40)), "Zeros without end.")
    yield bad("colour-cut", small(shape(8, 8, 3) + COLOUR, b"\0"), "Ends after luma.")
    yield bad("large", small(shape(1280, 1280, 3) + COLOUR, b"\0" * 16), "1280x1280 pixels in 16 bytes.")
    wide = shape(1281, 1, 1) + GREY
    yield bad("tile-missing", chunked(wide, bytes(88)), "One packet for two tiles.")
    yield bad("tile-extra", chunked(wide, bytes(88), bytes(73), bytes(73)), "Three packets for two tiles.")
    yield bad("tiles-compact", small(wide, bytes(88)), "Two tiles in the compact form.")
    yield bad("tiles-swapped", chunked(wide, bytes(73), bytes(88)), "Two tiles in the wrong order.")
    data = chunked(shape(65535, 4096, 3) + COLOUR, *[b""] * 208)
    yield bad("tiles-empty", data, "2^28 pixels in 208 packets of no bytes.")
    yield bad("largest", chunked(shape(65535, 4096, 1) + GREY, b"\0"), "One packet for 208 tiles.")
    exact = shape(4, 4, 2) + GREY + b"\x7f"
    yield bad("alpha-no-length", small(exact, b""), "No length of the colour payload.")
    yield bad("alpha-length-beyond", small(exact, b"\x7f\0" + ALPHA), "The colour payload ends beyond the packet.")
    yield bad("alpha-length-2-to-62", small(exact, b"\xff" * 8 + b"\x3f\0"), "A colour payload of 2^62 bytes.")
    yield bad("alpha-cut", small(exact, b"\x01\0" + ALPHA[:-1]), "The alpha plane is cut off.")
    bomb = zlib.compress(bytes(1 << 25), 9)
    yield bad("alpha-bomb", small(exact, b"\x01\0" + bomb), "The alpha plane unpacks to 32 MiB.", packed=True)
    coded = shape(4, 4, 2) + GREY + GREY
    yield bad("alpha-coded-cut", small(coded, b"\x01\0"), "No payload of the alpha plane.")
    yield bad("alpha-coded-long", small(coded, b"\x01\0\0\0"), "A byte after the alpha plane.")


def unsupported_transformed() -> Iterator[Sample]:
    data = small(shape(4, 4, 1) + b"\x9e\xb8", b"\0")
    what = "The parameter bytes say that blocks are copied, and predicted from a memory."
    yield Sample(UNSUPPORTED, "transform-copies-and-memory.vqc", data, what, LATER, ENGINE.decode())
    data = small(shape(4, 4, 1) + b"\x1e\x28\x07", b"\0")
    what = "A step that grows with the frequency, and is not modulated."
    yield Sample(UNSUPPORTED, "transform-shaped-alone.vqc", data, what, LATER, ENGINE.decode())
    data = small(shape(4, 4, 1) + b"\x5e\x28\x23", b"\0")
    what = "The third parameter byte has a reserved value."
    yield Sample(UNSUPPORTED, "transform-reserved-third.vqc", data, what, LATER, ENGINE.decode())
    data = small(shape(8, 8, 3) + b"\x1e\x28", bytes(3))
    what = "Chroma 2, and a third parameter byte of 0."
    yield Sample(UNSUPPORTED, "transform-chroma-422.vqc", data, what, LATER, ENGINE.decode())
    data = small(shape(8, 8, 3) + b"\x5e\x28\x06", bytes(3))
    what = "Chroma at half width, in the third parameter byte."
    yield Sample(UNSUPPORTED, "transform-half-width.vqc", data, what, LATER, ENGINE.decode())


MAKERS = (good_transformed, bad_headers, bad_data, unsupported_transformed)
