"""Whatever is done to good files, and whatever is written: named errors or the very same contents."""

import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import FOLDER, read_everything

from vqcodec.codebook import canonical
from vqcodec.codebook import file as codebook_file
from vqcodec.codebook.codebook import Codebook
from vqcodec.container import ChunkReader, CodebookReference, MediaFile, Stream, dump_media, load_media
from vqcodec.container.varint import MAX_VALUE, get_varint, put_varint
from vqcodec.errors import CorruptFileError, VQCodecError

GOOD = sorted((FOLDER / "good").glob("*.vqc*"))
CONTENTS = {path: path.read_bytes() for path in GOOD if path.stat().st_size < 4096}
MUTANTS = 80


@pytest.fixture(autouse=True)
def good_codebooks(monkeypatch):
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(FOLDER / "good"))


def mutant(data, chance):
    """`data` with a few changes: bits flipped, bytes set, pieces cut, doubled or taken from other files."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        where = chance.randrange(len(changed) + 1)
        length = chance.randrange(1, 9)
        kind = chance.randrange(6)
        if kind == 0 and where < len(changed):
            changed[where] ^= 1 << chance.randrange(8)
        elif kind == 1 and where < len(changed):
            changed[where] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            del changed[where : where + length]
        elif kind == 3:
            changed[where:where] = changed[where : where + length]
        elif kind == 4:
            other = chance.choice(list(CONTENTS.values()))
            start = chance.randrange(len(other))
            changed[where : where + length] = other[start : start + length]
        else:
            del changed[where:]
    return bytes(changed)


def error_of(data, suffix):
    """The message of the named error that reading ends in, "" if it is read; anything else is raised."""
    try:
        read_everything(data, suffix)
    except VQCodecError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("path", CONTENTS, ids=lambda path: path.name)
def test_mutants_end_in_named_errors(path):
    chance = random.Random(path.name)
    for _ in range(MUTANTS):
        data = mutant(CONTENTS[path], chance)
        message = error_of(data, path.suffix)
        assert message.isprintable()
        assert len(message) < 600


@pytest.mark.parametrize("path", [path for path in CONTENTS if path.suffix == ".vqc"], ids=lambda path: path.name)
def test_mutants_can_be_salvaged(path):
    chance = random.Random(path.name)
    for _ in range(MUTANTS):
        try:
            packets = list(ChunkReader(io.BytesIO(mutant(CONTENTS[path], chance)), salvage=True))
        except VQCodecError:
            continue
        assert all(isinstance(packet.payload, bytes) for packet in packets)


@pytest.mark.parametrize("name", ["chunked-index.vqc", "chunked-metadata.vqc"])
def test_no_flipped_bit_in_a_chunked_file_is_overlooked(name):
    data = (FOLDER / "good" / name).read_bytes()
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VQCodecError):
            load_media(bytes(changed))


@given(st.integers(0, MAX_VALUE), st.binary(max_size=4))
def test_varints_come_back(value, tail):
    data = put_varint(value)
    assert get_varint(data + tail) == (value, len(data))


@given(st.binary(max_size=12))
def test_a_varint_has_one_form(data):
    try:
        value, used = get_varint(data)
    except CorruptFileError:
        return
    assert put_varint(value) == data[:used]


ARRAYS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_./-]{0,8}", fullmatch=True),
    st.tuples(
        st.sampled_from(canonical.DTYPES),
        st.lists(st.integers(1, 4), max_size=4),
        st.integers(0, 2**32 - 1),
        st.sampled_from([1, 100, 2**62]),
    ),
    max_size=4,
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def build(name, arrays, provenance):
    made = {}
    for key, (dtype, shape, seed, reach) in arrays.items():
        values = np.random.default_rng(seed).integers(-reach, reach, shape)
        made[key] = values.astype(dtype)
    return Codebook("image/block", name, made, provenance)


@settings(deadline=None, max_examples=25)
@given(ARRAYS, ARRAYS, st.dictionaries(st.text(), VALUES, max_size=3))
def test_codebooks_come_back(arrays, changed, provenance):
    parent = build("parent", arrays, {})
    child = build("child", {**arrays, **changed}, provenance)
    assert Codebook.from_bytes(child.to_bytes()) == child
    data = child.to_bytes(parent)
    again = Codebook.from_bytes(data, find_parent=lambda _: parent)
    assert again == child
    assert again.provenance == child.provenance


@given(st.sampled_from(canonical.DTYPES), st.integers(0, 2**32 - 1))
def test_differences_undo(dtype, seed):
    limits = np.iinfo(dtype)
    chance = np.random.default_rng(seed)
    array, parent = chance.integers(limits.min, limits.max, (2, 20), dtype=dtype, endpoint=True)
    assert np.array_equal(codebook_file.undo_difference(codebook_file.difference(array, parent), parent), array)


TITLES = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, categories=("L", "N")), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.binary(max_size=20), st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=40)), max_size=5)),
        min_size=1,
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["icc", "exif", "xmp"]), st.binary(max_size=30)),
    st.dictionaries(TITLES, st.text(max_size=20)),
    st.booleans(),
)
def test_media_files_come_back(streams, metadata, texts, embed):
    codebook = build("some", {"a": (canonical.DTYPES[1], [4], 1, 100)}, {})
    reference = (CodebookReference.embedding if embed else CodebookReference.shared)(codebook)
    made = []
    for number, (header, packets) in enumerate(streams):
        starts = np.cumsum([gap + 1 for gap, _ in packets], dtype=int).tolist()
        made.append(Stream(number, "image", "image/block", header, [data for _, data in packets], starts))
    texts_by_key = {f"text:{title}": text.encode() for title, text in texts.items()}
    media = MediaFile("image", "image/block", reference, made, {**metadata, **texts_by_key})
    data = dump_media(media)
    again = load_media(data)
    assert again == media
    assert dump_media(again) == data
