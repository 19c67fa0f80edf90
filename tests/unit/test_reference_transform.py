"""The transform engine and the plain decoder written from FORMAT.md give the same pictures, and refuse the same.

Payloads of random bits, decoded with random codebooks, reach every corner of the syntax; what the encoder makes of
pictures comes on top of that.
"""

import dataclasses
import itertools
import random
import re
from pathlib import Path

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform
import reference_transform_tables
from random_transform import random_codebook, with_random_memory
from reference_transform import EXTENDED, Parameters, Tile, decode_planes, item

from vqcodec import metrics
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.signal import prediction, restoration_kernels
from vqcodec.blocks.steps import STEPS
from vqcodec.blocks.syntax import contexts
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.varint import put_varint
from vqcodec.errors import CodebookError, CorruptFileError, LimitError, UnsupportedError
from vqcodec.image import alpha, decode_image, encode_picture
from vqcodec.image.pixels import Picture
from vqcodec.image.transform import engine
from vqcodec.media.target import Target, Work

FORMAT = Path(__file__).parents[2] / "FORMAT.md"
CLASSES = {
    CorruptFileError: reference.Corrupt,
    CodebookError: reference.CodebookMissing,
    LimitError: reference.Limit,
    UnsupportedError: reference.Unsupported,
}
FULL, HALF, GREY = 0, 1, 3
PLENTY = 1 << 15  # more bytes than any payload here takes
MUTANTS = 25


def plain_codebook(book):
    return reference.parse_canonical(book.canonical_bytes())


def random_parameters(chance, chroma):
    step, tune, chroma_step, restoration = (int(chance.integers(0, end)) for end in (64, 3, 16, 2))
    return Parameters(step, tune > 0, chroma_step - 8, chroma, bool(restoration), False, shaped=tune > 1)


def parameter_bytes(parameters):
    first = parameters.step_index + 64 * parameters.modulated
    second = parameters.chroma_step + 8 + 64 * parameters.restoration + 128 * parameters.remembering
    if parameters.shaped:
        return bytes([first, second + 16 * EXTENDED, parameters.chroma + 4])
    return bytes([first, second + 16 * parameters.chroma])


def random_payload(chance, height, width, parameters, plain, items=()):
    """Random bytes, just as many as the planes of a tile take; and those planes as the reference decodes them."""
    payload = chance.bytes(PLENTY)
    bits = reference.BitReader(payload)
    model = reference_transform_tables.model_of(plain)
    memory = [item(plain, model, number, parameters) for number in items]
    planes = decode_planes(bits, Tile(0, 0, height, width), parameters, model, memory)
    return payload[: (bits.position + 7) // 8], planes


def shape_bytes(width, height, channels):
    return put_varint(width - 1) + put_varint(height - 1) + bytes([channels - 1])


def assert_same_picture(header, packets, book, plain):
    ours = engine.decode(header, packets, book)
    assert np.array_equal(ours, np.array(reference_transform.decode(header, packets, plain)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chroma", [FULL, HALF, GREY])
def test_they_agree_on_random_bits(seed, chroma):
    chance = np.random.default_rng([seed, chroma])
    book = random_codebook(seed, alternatives=seed % 4)
    plain = plain_codebook(book)
    for _ in range(2):
        height, width = int(chance.integers(1, 51)), int(chance.integers(1, 71))
        parameters = random_parameters(chance, chroma)
        payload, _ = random_payload(chance, height, width, parameters, plain)
        header = shape_bytes(width, height, 1 if chroma == GREY else 3) + parameter_bytes(parameters)
        assert_same_picture(header, [payload], book, plain)


def remembering_codebook(seed):
    """A random codebook that remembers random pictures: in colour, at both sizes of chroma, and grey with alpha."""
    chance = np.random.default_rng(seed)
    book = random_codebook(seed, alternatives=1, even=0.8)
    items = []
    for chroma, channels, height, width in ((FULL, 3, 40, 44), (HALF, 3, 25, 70), (GREY, 2, 33, 20)):
        parameters = random_parameters(chance, chroma)
        payload, _ = random_payload(chance, height, width, parameters, plain_codebook(book))
        header = shape_bytes(width, height, channels) + parameter_bytes(parameters)
        if channels == 2:
            header += b"\x7f"
            payload = put_varint(len(payload)) + payload + alpha.encode(np.zeros((height, width), np.uint8))
        items.append(header + payload)
    return with_random_memory(book, items, seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("chroma", [FULL, HALF, GREY])
def test_they_agree_on_random_bits_with_memory(seed, chroma):
    chance = np.random.default_rng([seed, chroma])
    book = remembering_codebook(seed)
    plain = plain_codebook(book)
    modes = set()
    for items in ([1], [2, 0, 1]):
        height, width = int(chance.integers(1, 51)), int(chance.integers(1, 71))
        parameters = dataclasses.replace(random_parameters(chance, chroma), remembering=True)
        payload, planes = random_payload(chance, height, width, parameters, plain, items)
        numbers = put_varint(3 * items[0] + len(items) - 1) + bytes(items[1:])
        header = shape_bytes(width, height, 1 if chroma == GREY else 3) + parameter_bytes(parameters) + numbers
        assert_same_picture(header, [payload], book, plain)
        modes |= {unit.mode for plane in planes for unit in plane.units.values()}
    assert 38 in modes


def test_they_agree_on_every_kind_of_block():
    """Random bits where all modes and sizes are about equally likely; they do all occur."""
    chance = np.random.default_rng(2)
    book = random_codebook(2, even=1.0)
    plain = plain_codebook(book)
    kinds, modes = set(), set()
    for step, chroma in itertools.product((8, 30), (GREY, FULL, HALF)):
        parameters = Parameters(step, False, 0, chroma, False, False)
        payload, planes = random_payload(chance, 66, 70, parameters, plain)
        header = shape_bytes(70, 66, 1 if chroma == GREY else 3) + parameter_bytes(parameters)
        assert_same_picture(header, [payload], book, plain)
        for unit in itertools.chain.from_iterable(plane.units.values() for plane in planes):
            kinds.add((unit.lw, unit.lh, unit.coded))
            modes.add(unit.mode)
    assert modes == set(range(38))
    sizes = [(2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 3), (4, 4), (4, 5), (5, 4), (5, 5)]
    assert kinds == {(*size, coded) for size in sizes for coded in (False, True)}


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("exact", [False, True])
def test_they_agree_on_alpha(channels, exact):
    chance = np.random.default_rng(channels + exact)
    book = random_codebook(7)
    plain = plain_codebook(book)
    height, width = 21, 38
    colour = random_parameters(chance, GREY if channels == 2 else HALF)
    first, _ = random_payload(chance, height, width, colour, plain)
    header = shape_bytes(width, height, channels) + parameter_bytes(colour)
    if exact:
        second = alpha.encode(chance.integers(0, 256, (height, width)).astype(np.uint8))
        header += b"\x7f"
    else:
        own = random_parameters(chance, GREY)
        second, _ = random_payload(chance, height, width, own, plain)
        header += parameter_bytes(own)
    assert_same_picture(header, [put_varint(len(first)) + first + second], book, plain)


@pytest.mark.parametrize(("height", "width"), [(3, 1281), (1290, 5)])
def test_they_agree_on_tiles(height, width):
    chance = np.random.default_rng(height)
    book = random_codebook(9)
    plain = plain_codebook(book)
    parameters = random_parameters(chance, HALF)
    long = max(height, width)
    sides = [704, long - 704]
    tiles = [(height, side) if width == long else (side, width) for side in sides]
    packets = [random_payload(chance, *tile, parameters, plain)[0] for tile in tiles]
    header = shape_bytes(width, height, 3) + parameter_bytes(parameters)
    assert_same_picture(header, packets, book, plain)
    for wrong in (packets[:1], [*packets, packets[0]], packets[::-1]):
        assert outcome(engine.decode, header, wrong, book) is reference.Corrupt
        assert outcome(reference_transform.decode, header, wrong, plain) is reference.Corrupt


def trained_like_codebook():
    """Codes that suit pictures, random transforms and a weak random filter."""
    arrays = initial_model([10, 30, 50]).to_arrays()
    other = random_codebook(3)
    arrays |= {name: other[name] for name in ("small_transforms", "large_transforms")}
    arrays["restoration"] = (other["restoration"] // 64).astype(np.int16)
    return Codebook("image/transform", "like-trained", arrays)


@pytest.fixture(scope="module")
def usual_book():
    return trained_like_codebook()


@pytest.fixture(scope="module")
def usual_file(usual_book):
    return usual_book.to_bytes()


def scene(height, width, channels):
    """Waves, an edge and noise."""
    y, x = np.mgrid[0:height, 0:width]
    plane = 120 + 60 * np.sin(x / 9) * np.cos(y / 7) + np.where(x > y + 20, 40, 0)
    noise = np.random.default_rng(height).normal(0, 5, (height, width, channels))
    return np.clip(plane[:, :, None] + noise + 10 * np.arange(channels), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [5, 60, 98])
@pytest.mark.parametrize(
    ("channels", "options"),
    [
        (1, {"tune": "visual"}),
        (2, {"tune": "psnr", "alpha_quality": 40}),
        (3, {"tune": "ssim", "chroma": "420"}),
        (3, {"tune": "visual", "chroma": "420"}),
        (4, {"tune": "psnr", "chroma": "444", "alpha_quality": 100}),
        (4, {"tune": "visual", "chroma": "444", "alpha_quality": 40}),
    ],
)
def test_they_agree_on_encoded_pictures(usual_book, usual_file, channels, options, quality):
    samples = scene(41, 58, channels)
    target, work = Target(quality), Work(3)
    encoded = encode_picture(Picture(samples), codebook=usual_book, target=target, work=work, options=options)
    ours = np.atleast_3d(decode_image(encoded.data, codebook=usual_book))
    (plain,) = reference.decode_samples(encoded.data, lambda beginning: [usual_file]).values()
    assert encoded.psnr_db == pytest.approx(metrics.psnr_seen(samples, ours))
    assert ours.shape == samples.shape
    assert np.array_equal(ours, np.array(plain))


def outcome(decode, *arguments):
    """The samples as lists, or the class of the error (the reference decoder's)."""
    try:
        samples = decode(*arguments)
    except reference.FormatError as error:
        return type(error)
    except tuple(CLASSES) as error:
        return CLASSES[type(error)]
    return samples if isinstance(samples, list) else samples.tolist()


def mutant(packet, chance):
    """The packet with a bit flipped, a byte set, cut off, or with bytes more."""
    changed = bytearray(packet)
    where = chance.randrange(len(changed))
    kind = chance.randrange(4)
    if kind == 0:
        changed[where] ^= 1 << chance.randrange(8)
    elif kind == 1:
        changed[where] = chance.choice((0, 0x55, 0xFF))
    elif kind == 2:
        del changed[where:]
    else:
        changed += bytes(chance.randrange(1, 3))
    return bytes(changed)


@pytest.mark.parametrize(("chroma", "channels"), [(GREY, 1), (HALF, 4)])
def test_they_agree_on_altered_packets(chroma, channels):
    chance = random.Random(channels)
    book = random_codebook(11)
    plain = plain_codebook(book)
    parameters = Parameters(20, True, 0, chroma, False, False)
    payload, _ = random_payload(np.random.default_rng(channels), 24, 20, parameters, plain)
    header = shape_bytes(20, 24, channels) + parameter_bytes(parameters)
    if channels == 4:
        payload = put_varint(len(payload)) + payload + alpha.encode(np.zeros((24, 20), np.uint8))
        header += b"\x7f"
    outcomes = []
    for _ in range(MUTANTS):
        packet = mutant(payload, chance)
        ours = outcome(engine.decode, header, [packet], book)
        assert ours == outcome(reference_transform.decode, header, [packet], plain)
        outcomes.append(ours)
    assert reference.Corrupt in outcomes
    assert any(isinstance(each, list) for each in outcomes)


GOOD_GREY = shape_bytes(8, 8, 1) + b"\x1e\x38"
GOOD_COLOUR = shape_bytes(8, 8, 3) + b"\x1e\x08"


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (GOOD_GREY[:-1], reference.Corrupt),
        (GOOD_GREY[:-2], reference.Corrupt),
        (GOOD_GREY + b"\0", reference.Corrupt),
        (GOOD_COLOUR[:-1], reference.Corrupt),
        (shape_bytes(8, 8, 1) + b"\x9e\xb8", reference.Unsupported),
        (shape_bytes(8, 8, 2) + b"\x1e\x38\x9e\x38", reference.Corrupt),
        (shape_bytes(8, 8, 1) + b"\x1e\x08", reference.Corrupt),
        (shape_bytes(8, 8, 3) + b"\x1e\x38", reference.Corrupt),
        (shape_bytes(8, 8, 5) + b"\x1e\x08", reference.Corrupt),
        (shape_bytes(65536, 8, 1) + b"\x1e\x38", reference.Limit),
        (shape_bytes(1 << 40, 1 << 40, 3) + b"\x1e\x08", reference.Limit),
        (shape_bytes(8, 8, 2) + b"\x1e\x38", reference.Corrupt),
        (shape_bytes(8, 8, 2) + b"\x1e\x38\x1e", reference.Corrupt),
        (shape_bytes(8, 8, 2) + b"\x1e\x38\x1e\x08", reference.Corrupt),
        (shape_bytes(8, 8, 2) + b"\x1e\x38\x7f\x38", reference.Corrupt),
        (shape_bytes(8, 8, 1) + b"\x1e\x78", reference.CodebookMissing),
    ],
)
def test_they_agree_on_wrong_headers(header, error):
    """Each with one fault; the last asks for a filter that the codebook has not."""
    book = random_codebook(1, alternatives=0, restoration=False)
    packets = [bytes(40)]
    assert outcome(engine.decode, header, packets, book) is error
    assert outcome(reference_transform.decode, header, packets, plain_codebook(book)) is error


def changed_book(**changed):
    """A random codebook with arrays changed by functions, or left out (None)."""
    book = random_codebook(1)
    arrays = dict(book.arrays)
    for name, change in changed.items():
        array = arrays.pop(name)
        if change is not None:
            arrays[name] = change(array.copy())
    return Codebook("image/transform", "changed", arrays)


def with_value(place, value):
    def change(array):
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"rungs": None}, reference.CodebookMissing),
        ({"rungs": with_value(0, 64)}, reference.CodebookMissing),
        ({"rungs": lambda array: array[::-1].copy()}, reference.CodebookMissing),
        ({"rungs": lambda array: array[:2]}, reference.CodebookMissing),
        ({"luma_rows": with_value((1, 40), 12)}, reference.CodebookMissing),
        ({"chroma_rows": lambda array: array[:, 1:].copy()}, reference.CodebookMissing),
        ({"chroma_rows": lambda array: array.astype(np.int16)}, reference.CodebookMissing),
        ({"luma_flags": lambda array: array[:, :15].copy()}, reference.CodebookMissing),
        ({"chroma_modes": with_value((2, slice(None)), 1)}, reference.Corrupt),
        ({"luma_patterns": with_value((0, slice(None)), 0)}, reference.Corrupt),
        ({"luma_offset_sets": with_value(1, 2)}, reference.CodebookMissing),
        ({"luma_offsets": lambda array: array[:, :31].copy()}, reference.CodebookMissing),
        ({"small_transforms": lambda array: np.repeat(array, 9, axis=1)}, reference.CodebookMissing),
        ({"large_transforms": None}, reference.CodebookMissing),
        ({"large_transforms": lambda array: array[:, :10].copy()}, reference.CodebookMissing),
        ({"restoration": with_value((1, 2, 119, 35), -2049)}, reference.CodebookMissing),
        ({"restoration": lambda array: array[:, :, :60].copy()}, reference.CodebookMissing),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_they_agree_on_codebooks_that_do_not_fit(changed, error):
    book = changed_book(**changed)
    assert outcome(engine.decode, GOOD_GREY, [bytes(40)], book) is error
    assert outcome(reference_transform.decode, GOOD_GREY, [bytes(40)], plain_codebook(book)) is error


SECTION = FORMAT.read_text(encoding="utf-8").split("\n## 9 ")[1].split("\n## 10 ")[0]


def table_rows(beginning):
    """The rows of section 9's tables whose first cell is `beginning`, as their other cells."""
    rows = re.findall(rf"^ *\| {beginning} \|(.*)\|$", SECTION, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def numbers_of(beginning):
    (row,) = table_rows(beginning)
    return [int(cell) for cell in row if cell]


def test_the_tables_of_the_specification_are_the_programs():
    assert [numbers_of("m")[i % 8] << i // 8 for i in range(64)] == STEPS.tolist()
    assert numbers_of("D") == prediction.ANGLES[2:19].tolist()
    assert numbers_of("V") == prediction.INVERSE_ANGLES[11:19].tolist()
    assert numbers_of("dy") == restoration_kernels.TAP_ROWS.tolist()
    assert numbers_of("dx") == restoration_kernels.TAP_COLUMNS.tolist()
    for f in (*range(8), 16):
        (taps,) = (row for row in table_rows(f) if len(row) == 10)
        assert [int(tap) for tap in taps[:4]] == prediction.TAPS[f].tolist()
        if f < 8:
            assert [int(tap) for tap in taps[5:]] == [f + 8, *prediction.TAPS[f + 8].tolist()]


def test_the_contexts_of_the_specification_are_the_programs():
    for element in contexts.ELEMENTS:
        wanted = f"{element.first} to {element.first + element.contexts - 1}"
        assert wanted in [row[0] for row in table_rows(element.name)]
