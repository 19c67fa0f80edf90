"""Where codebooks are found."""

import os
import subprocess
import sys

import numpy as np
import pytest

from vqcodec.codebook import library
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, CorruptFileError, UnreadableInputError


def make(name="tiny", value=0, engine="image/block"):
    return Codebook(engine, name, {"codewords": np.full((4, 4), value, np.uint8)}, {})


def put(folder, codebook, file=None, parent=None):
    path = folder / (file or f"{codebook.name}.vqcb")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(codebook.to_bytes(parent))
    return path


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Three folders instead of the real search path: given, the user's, shipped."""
    folders = {name: tmp_path / name for name in ("given", "user", "shipped")}
    for folder in folders.values():
        folder.mkdir()
    monkeypatch.setenv(library.PATH_VARIABLE, str(folders["given"]))
    monkeypatch.setattr(library, "user_folder", lambda: folders["user"])
    monkeypatch.setattr(library, "shipped_folder", lambda: folders["shipped"])
    return folders


def test_by_name_in_the_order_of_the_search_path(places):
    versions = {place: make(value=number) for number, place in enumerate(places)}
    for place in ("shipped", "user", "given"):
        put(places[place], versions[place])
        assert library.load_codebook("tiny") == versions[place]


def test_by_path(places, tmp_path, monkeypatch):
    path = put(tmp_path / "elsewhere", make(), "file.vqcb")
    assert library.load_codebook(path) == make()
    assert library.load_codebook(str(path)) == make()
    monkeypatch.chdir(path.parent)
    assert library.load_codebook("file.vqcb") == make()
    with pytest.raises(CodebookError):
        library.load_codebook("tiny")


def test_the_variable_takes_folders_and_files(places, tmp_path, monkeypatch):
    one = put(tmp_path / "one", make("one"))
    two = put(tmp_path / "two", make("two"))
    monkeypatch.setenv(library.PATH_VARIABLE, os.pathsep.join([str(one), str(two.parent), "", str(tmp_path / "none")]))
    assert [entry.name for entry in library.list_codebooks()] == ["one", "two"]


def test_list_shows_each_codebook_once(places):
    put(places["given"], make("b"))
    put(places["given"], make("a"))
    put(places["user"], make("a"), "again.vqcb")
    (places["user"] / "junk.vqcb").write_bytes(b"junk")
    (places["user"] / "notes.txt").write_text("not a codebook")
    (places["user"] / "folder.vqcb").mkdir()
    entries = library.list_codebooks()
    assert [(entry.name, entry.engine) for entry in entries] == [("a", "image/block"), ("b", "image/block")]
    assert entries[0].identity == make("a").identity
    assert entries[0].path == places["given"] / "a.vqcb"
    assert entries[0].load() == make("a")


def test_by_identity(places):
    codebook = make()
    put(places["shipped"], codebook)
    put(places["user"], make("other"))
    for length in (4, 5, 32):
        assert library.find_identity(codebook.digest[:length]) == codebook
    with pytest.raises(CodebookError, match="4 to 32 bytes"):
        library.find_identity(codebook.digest[:3])


def test_what_is_missing_is_named_with_the_remedy(places):
    with pytest.raises(CodebookError, match=r"no codebook 'photo'.*VQCODEC_CODEBOOK_PATH.*codebook=FILE"):
        library.load_codebook("photo")
    with pytest.raises(CodebookError, match=r"codebook 'photo' with SHA-256 01020304\.\.\. not found; set VQCODEC_"):
        library.find_identity(b"\1\2\3\4", "photo")
    with pytest.raises(CodebookError, match=f"SHA-256 {'07' * 32} not found"):
        library.find_identity(b"\7" * 32)
    with pytest.raises(UnreadableInputError, match=r"nowhere\.vqcb"):
        library.load_codebook("nowhere.vqcb")


@pytest.mark.parametrize("name", ["\x1b[31mred", "", "a b", "ä"])
def test_what_cannot_be_a_name_is_shown_safely(name):
    with pytest.raises(CodebookError, match="neither the name") as caught:
        library.load_codebook(name)
    assert str(caught.value).isprintable()


def test_an_ambiguous_identity_names_both(places):
    one, two = make("one"), make("two")
    put(places["given"], one)
    forged = bytearray(two.to_bytes())
    forged[20:24] = one.digest[:4]
    (places["user"] / "two.vqcb").write_bytes(forged)
    with pytest.raises(CodebookError, match=r"'one'.*one\.vqcb.*'two'.*two\.vqcb"):
        library.find_identity(one.digest[:4])
    assert library.find_identity(one.digest) == one


def test_a_damaged_codebook_is_an_error_and_not_passed_over(places):
    path = put(places["given"], make())
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match=r"tiny\.vqcb"):
        library.load_codebook("tiny")


def test_a_replaced_file_is_read_again(places):
    path = put(places["given"], make())
    assert library.load_codebook("tiny") is library.load_codebook("tiny")
    put(places["given"], Codebook("image/block", "tiny", {"more": np.arange(100)}, {}))
    os.utime(path, ns=(1, 1))
    assert library.load_codebook("tiny") != make()


def related():
    random = np.random.default_rng(1)
    values = random.integers(0, 256, (64, 16), dtype=np.uint8)
    parent = Codebook("image/block", "parent", {"codewords": values}, {})
    child = Codebook("image/block", "child", {"codewords": values ^ 1}, {})
    grandchild = Codebook("image/block", "grandchild", {"codewords": values ^ 2}, {})
    return parent, child, grandchild


def test_a_difference_finds_its_parent(places):
    parent, child, _ = related()
    put(places["user"], child, parent=parent)
    with pytest.raises(CodebookError, match=parent.identity):
        library.load_codebook("child")
    put(places["shipped"], parent)
    assert library.load_codebook("child") == child


def test_a_parent_that_is_a_difference_itself_is_refused(places):
    parent, child, grandchild = related()
    put(places["user"], parent)
    put(places["user"], child, parent=parent)
    put(places["user"], grandchild, parent=child)
    with pytest.raises(CodebookError, match="difference"):
        library.load_codebook("grandchild")


def test_resolve_prefers_what_is_embedded(places):
    parent, child, _ = related()
    put(places["user"], parent)
    assert library.resolve_codebook(child.digest, embedded=child.to_bytes(parent)) == child
    assert library.resolve_codebook(parent.digest[:4]) == parent
    with pytest.raises(CodebookError, match=child.identity):
        library.resolve_codebook(parent.digest, embedded=child.to_bytes(parent))


def test_search_path_ends_with_the_user_and_the_shipped(places):
    assert library.search_path() == [places["given"], places["user"], places["shipped"]]


def test_nothing_here_imports_numba():
    modules = "vqcodec.api, vqcodec.container, vqcodec.codebook.library, vqcodec.files.atomic"
    code = f"import sys, {modules}; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_only_a_shipped_parent_counts_as_one(places):
    parent, other = make("parent"), make("other", 1)
    child = Codebook("image/block", "child", dict(parent.arrays), {"parent": parent.identity})
    put(places["given"], parent)
    put(places["shipped"], other)
    assert library.shipped_parent(child) is None
    assert library.shipped_parent(parent) is None
    put(places["shipped"], parent)
    assert library.shipped_parent(child) == parent


def test_a_codebook_beside_the_file_is_found_by_its_hash_alone(tmp_path):
    codebook = make()
    folder = put(tmp_path / "beside", codebook).parent
    with pytest.raises(CodebookError, match="not found"):
        library.find_identity(codebook.digest)
    with library.beside(folder / "file.vqc"):
        assert library.find_identity(codebook.digest) == codebook
        with pytest.raises(CodebookError, match="no codebook"):
            library.load_codebook(codebook.name)
    with library.beside(b"bytes"), pytest.raises(CodebookError, match="not found"):
        library.find_identity(codebook.digest)
