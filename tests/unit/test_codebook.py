"""The codebook object and its file."""

import copy
import hashlib
import pickle

import numpy as np
import pytest

from vqcodec.codebook import canonical
from vqcodec.codebook import file as codebook_file
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError, LimitError, VQCodecError


def make(name="tiny", **arrays):
    chosen = arrays or {"codewords": np.arange(64, dtype=np.uint8).reshape(16, 4), "lengths": np.full(16, 4, np.uint8)}
    return Codebook("image/block", name, chosen, {"seed": 1, "figures": {"psnr_db": 27.91}, "corpus": ["ä", "b"]})


def test_identity_is_the_hash_of_the_canonical_bytes():
    codebook = make()
    assert codebook.identity == hashlib.sha256(codebook.canonical_bytes()).hexdigest()
    assert codebook.digest.hex() == codebook.identity


def test_canonical_bytes_are_these():
    codebook = Codebook("image/block", "n", {"b": np.array([[-2]], ">i2"), "a": np.uint8(7)}, {"y": 1, "x": "é"})
    expected = (
        b"vqcb\x01\x0bimage/block\x01n\x02\x00"
        b"\x01a\x01\x00\x07"
        b"\x01b\x02\x02\x01\x00\x00\x00\x01\x00\x00\x00\xfe\xff"
        b"\x10\x00\x00\x00" + '{"x":"é","y":1}'.encode()
    )
    assert codebook.canonical_bytes() == expected
    length = canonical.canonical_length("image/block", "n", codebook.arrays, b'{"x":"\xc3\xa9","y":1}')
    assert length == len(expected)


def test_identity_does_not_depend_on_the_order_or_layout_of_what_is_given():
    codewords = np.arange(64, dtype=np.int32).reshape(16, 4)
    first = Codebook("image/block", "n", {"a": codewords, "b": codewords}, {"x": 1, "y": 2})
    second = Codebook(
        "image/block", "n", {"b": np.asfortranarray(codewords), "a": codewords.astype(">i4")}, {"y": 2, "x": 1}
    )
    assert first == second
    assert hash(first) == hash(second)


def test_everything_counts_for_the_identity():
    base = make()
    others = [
        Codebook("image/transform", "tiny", base.arrays, base.provenance),
        Codebook("image/block", "tiny2", base.arrays, base.provenance),
        Codebook("image/block", "tiny", {**base.arrays, "more": np.uint8(0)}, base.provenance),
        Codebook("image/block", "tiny", {**base.arrays, "lengths": base["lengths"].astype(np.int8)}, base.provenance),
        Codebook("image/block", "tiny", {**base.arrays, "lengths": base["lengths"].reshape(4, 4)}, base.provenance),
        Codebook("image/block", "tiny", base.arrays, {}),
    ]
    assert len({other.identity for other in [base, *others]}) == 7


def test_a_codebook_cannot_be_changed():
    given = np.arange(16, dtype=np.uint8)
    provenance = {"list": [1]}
    codebook = Codebook("image/block", "n", {"a": given}, provenance)
    identity = hashlib.sha256(codebook.canonical_bytes()).hexdigest()
    given[0] = 99
    provenance["list"].append(2)
    codebook.provenance["list"].append(3)
    with pytest.raises(ValueError, match="read-only"):
        codebook["a"][0] = 1
    with pytest.raises(TypeError):
        codebook.arrays["b"] = given
    with pytest.raises(AttributeError):
        codebook.name = "other"
    assert hashlib.sha256(codebook.canonical_bytes()).hexdigest() == identity


@pytest.mark.parametrize("seed", range(4))
def test_file_round_trip(seed):
    random = np.random.default_rng(seed)
    arrays = {
        f"array{number}": random.integers(0, 100, random.integers(1, 6, number % 5)).astype(dtype)
        for number, dtype in enumerate(canonical.DTYPES)
    }
    codebook = make(**arrays)
    again = Codebook.from_bytes(codebook.to_bytes())
    assert again == codebook
    assert again.provenance == codebook.provenance
    for key, array in codebook.arrays.items():
        assert np.array_equal(again[key], array)
        assert again[key].dtype == array.dtype
        assert again[key].flags.aligned
        assert again[key].flags.c_contiguous


def test_the_file_is_packed_the_smallest_way():
    noise = make(a=np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8))
    assert len(noise.to_bytes()) < 5300
    flat = make(a=np.zeros(1_000_000, np.uint8))
    assert len(flat.to_bytes()) < 1200


def test_copies_and_pickles_are_equal():
    codebook = make()
    assert pickle.loads(pickle.dumps(codebook)) == codebook
    assert copy.deepcopy(codebook) == codebook


@pytest.mark.parametrize("dtype", canonical.DTYPES, ids=str)
def test_differences_undo(dtype):
    limits = np.iinfo(dtype)
    edges = np.array([limits.min, limits.min + 1, limits.max - 1, limits.max, limits.max // 2, 0, 1], dtype)
    array, parent = (side.ravel() for side in np.meshgrid(edges, edges))
    folded = codebook_file.difference(array, parent)
    assert np.array_equal(codebook_file.undo_difference(folded, parent), array)


def test_small_differences_fold_to_small_numbers():
    parent = np.array([100, 100, 100, 100, 100], np.int16)
    folded = codebook_file.difference(np.array([100, 99, 101, 98, 102], np.int16), parent)
    assert folded.tolist() == [0, 1, 2, 3, 4]


def test_difference_from_a_parent_is_small_and_comes_back():
    random = np.random.default_rng(5)
    parent = make("parent", a=random.integers(-2000, 2000, (256, 16), dtype=np.int16), b=random.integers(0, 9, 99))
    child = make(
        "child", a=parent["a"] + random.integers(-1, 2, (256, 16), dtype=np.int16), b=parent["b"], c=np.uint8(1)
    )
    data = child.to_bytes(parent)
    assert len(data) < len(child.to_bytes()) / 4
    asked = []

    def find(digest):
        asked.append(digest)
        return parent

    assert Codebook.from_bytes(data, find_parent=find) == child
    assert asked == [parent.digest]
    with pytest.raises(CodebookError, match=parent.identity):
        Codebook.from_bytes(data)
    with pytest.raises(CodebookError, match=parent.identity):
        Codebook.from_bytes(data, find_parent=lambda _: child)


def test_difference_is_not_used_where_it_does_not_pay():
    random = np.random.default_rng(5)
    first, second = (make(name, a=random.integers(0, 256, 100, dtype=np.uint8)) for name in ("a", "b"))
    assert second.to_bytes(first) == second.to_bytes()
    assert first.to_bytes(first) == first.to_bytes()


def test_a_missing_array_is_named():
    with pytest.raises(CodebookError, match=r"'tiny' has no array 'gains'.*image/block"):
        make()["gains"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "ä", "x" * 65, "a\n"])
def test_impossible_names(name):
    with pytest.raises(CodebookError, match="name of a codebook"):
        Codebook("image/block", name, {})


@pytest.mark.parametrize("engine", ["", "image", "Image/block", "image/block/x", "image/../x"])
def test_impossible_engines(engine):
    with pytest.raises(CodebookError, match="name of an engine"):
        Codebook(engine, "n", {})


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros(3, bool), np.zeros(3, np.uint64), np.zeros((3, 0), np.uint8), np.zeros([1] * 9, np.uint8)],
)
def test_impossible_arrays(array):
    with pytest.raises(CodebookError, match="array 'a'"):
        Codebook("image/block", "n", {"a": array})


@pytest.mark.parametrize(
    "provenance", [{"a": float("nan")}, {"a": {1, 2}}, {1: "a"}, {"a": [{None: 1}]}, {"a": "\ud800"}]
)
def test_impossible_provenance(provenance):
    with pytest.raises(CodebookError, match="provenance"):
        Codebook("image/block", "n", {}, provenance)


@pytest.mark.parametrize("key", ["", "A", "1a", "a b", "ä", "x" * 65])
def test_impossible_names_of_arrays(key):
    with pytest.raises(CodebookError, match="name of an array"):
        Codebook("image/block", "n", {key: np.zeros(1, np.uint8)})


def test_limits():
    deep = inner = {}
    for _ in range(40):
        inner["a"] = {}
        inner = inner["a"]
    with pytest.raises(LimitError, match="nested"):
        Codebook("image/block", "n", {}, deep)
    with pytest.raises(LimitError, match="provenance"):
        Codebook("image/block", "n", {}, {"a": "x" * (1 << 20)})
    huge = np.broadcast_to(np.uint8(0), (1 << 26) + 1)
    with pytest.raises(LimitError, match="67108"):
        Codebook("image/block", "n", {"a": huge})
    with pytest.raises(LimitError, match="arrays"):
        Codebook("image/block", "n", {f"a{number}": np.uint8(0) for number in range(4097)})


def test_brackets_within_strings_do_not_nest():
    provenance = {"a": "[" * 100 + '"' + "{" * 100 + "\\"}
    codebook = Codebook("image/block", "n", {}, provenance)
    assert Codebook.from_bytes(codebook.to_bytes()).provenance == provenance


def test_no_truncation_and_no_flipped_bit_gives_another_codebook():
    codebook = make(a=np.arange(9, dtype=np.int16))
    data = codebook.to_bytes()
    for length in range(len(data)):
        with pytest.raises(CorruptFileError):
            Codebook.from_bytes(data[:length])
    harmless = 0
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            assert Codebook.from_bytes(bytes(changed)) == codebook
            harmless += 1
        except VQCodecError:
            pass
    assert harmless < 8  # the bits after the end of a deflate stream, up to the next byte
