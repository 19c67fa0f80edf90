"""The program and the plain reference decoder agree on every file, and FORMAT.md shows the files that there are."""

import random
import re
import zlib
from pathlib import Path

import make_files
import numpy as np
import pytest
import reference_decoder as reference
from reading import FOLDER, read_everything

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import (
    CodebookError,
    CorruptFileError,
    LimitError,
    UnreadableInputError,
    UnsupportedError,
    VQCodecError,
)

FORMAT = Path(__file__).parents[2] / "FORMAT.md"
CLASSES = {
    reference.Unreadable: UnreadableInputError,
    reference.Corrupt: CorruptFileError,
    reference.Unsupported: UnsupportedError,
    reference.CodebookMissing: CodebookError,
    reference.Limit: LimitError,
}
SAMPLES = [sample for sample in make_files.samples() if sample.found_by == "container"]
NAMES = ("stored", "difference", "other-engine", "usual", "odd", "stepped")
SHARED = [(FOLDER / "good" / f"codebook-{name}.vqcb").read_bytes() for name in NAMES]


@pytest.fixture(autouse=True)
def good_codebooks(monkeypatch):
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(FOLDER / "good"))


def find(beginning):
    return [file for file in SHARED if reference.codebook_header(file)[0].identity.startswith(beginning)]


def by_reference(data, suffix):
    return reference.decode_codebook(data, find) if suffix == ".vqcb" else reference.decode_file(data, find)


def outcome(read, data, suffix):
    """What `read` gives, or the class of its error (the program's own name for it)."""
    try:
        return read(data, suffix)
    except reference.FormatError as error:
        return CLASSES[type(error)]
    except VQCodecError as error:
        return type(error)


def assert_same(ours, plain):
    if isinstance(ours, type) or isinstance(plain, type):
        assert ours == plain
    elif isinstance(ours, Codebook):
        assert_same_codebook(ours, plain)
    else:
        assert list(ours.metadata.items()) == list(plain.metadata.items())
        assert [stream.number for stream in ours.streams] == list(plain.streams)
        references = (ours.codebook, *ours.further_codebooks)
        for reference_, codebook in zip(references, plain.codebooks, strict=True):
            assert codebook.identity.startswith(reference_.identity_prefix)
        for stream in ours.streams:
            other = plain.streams[stream.number]
            assert (stream.medium, stream.engine, stream.codebook) == (other.medium, other.engine, other.codebook)
            assert (stream.header, list(stream.packets)) == (other.header, other.packets)
            assert list(stream.starts or range(len(stream.packets))) == other.starts


def assert_same_codebook(ours, plain):
    assert (ours.engine, ours.name, ours.digest) == (plain.engine, plain.name, plain.identity)
    assert ours.provenance == plain.provenance
    assert list(ours.arrays) == list(plain.arrays)
    for key, array in ours.arrays.items():
        assert list(array.shape) == plain.arrays[key].shape
        assert array.ravel().tolist() == plain.arrays[key].elements


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.folder}/{sample.name}")
def test_they_agree_on_the_hand_made_files(sample):
    suffix = Path(sample.name).suffix
    plain = outcome(by_reference, sample.data, suffix)
    assert_same(outcome(read_everything, sample.data, suffix), plain)
    assert (plain.__name__ if isinstance(plain, type) else "") == sample.error


@pytest.mark.parametrize("sample", [each for each in SAMPLES if not each.error], ids=lambda sample: sample.name)
def test_they_agree_on_altered_files(sample):
    """With the checksums of chunks put right, so that the alterations reach what is behind them."""
    chance = random.Random(sample.name)
    suffix = Path(sample.name).suffix
    for _ in range(40):
        changed = bytearray(sample.data)
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        if suffix == ".vqc" and changed.startswith(reference.CHUNKED_MAGIC):
            put_checksums_right(changed)
        ours, plain = (outcome(read, bytes(changed), suffix) for read in (read_everything, by_reference))
        if isinstance(ours, type) and isinstance(plain, type):
            continue  # of two faults in one file, either may be found first
        assert_same(ours, plain)


def put_checksums_right(data):
    data[11:15] = zlib.crc32(data[:11]).to_bytes(4, "little")
    position = 15
    while position + 9 <= len(data):
        length = data[position + 4]
        end = position + 5 + length
        data[end : end + 4] = zlib.crc32(data[position:end]).to_bytes(4, "little")[: len(data) - end]
        position = end + 4


def test_the_reference_checksum():
    assert reference.crc32(b"123456789") == 0xCBF43926


def test_canonical_codes_are_those_of_the_program():
    huffman = pytest.importorskip("vqcodec.entropy.huffman")
    chance = np.random.default_rng(3)
    for symbols in (2, 3, 17, 256):
        lengths = huffman.code_lengths(chance.integers(0, 1000, symbols)).tolist()
        codes = huffman.canonical_codes(np.array(lengths, np.uint8))
        plain = reference.canonical_codes(lengths)
        code = reference.HuffmanCode(lengths)
        for symbol, text in plain.items():
            assert format(codes[symbol], f"0{lengths[symbol]}b") == text
            padded = text.ljust(24, "0")
            reader = reference.BitReader(int(padded, 2).to_bytes(3, "big"))
            assert code.read(reader) == symbol
            assert reader.position == len(text)


@pytest.mark.parametrize("lengths", [[1, 1, 1], [2, 2, 2], [0, 0], [0, 2, 0], [17, 1], [1]])
def test_lengths_that_are_no_code(lengths):
    if lengths == [1]:
        assert reference.HuffmanCode(lengths).read(reference.BitReader(b"\xff")) == 0
        return
    with pytest.raises(reference.Corrupt):
        reference.HuffmanCode(lengths)


def test_the_examples_of_the_specification_are_the_files():
    shown = re.findall(r"```hex (\S+)\n(.*?)```", FORMAT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(shown) >= 4
    for name, block in shown:
        data = b"".join(bytes.fromhex(line[:47]) for line in block.splitlines())
        assert data == (FOLDER / "good" / name).read_bytes(), name
