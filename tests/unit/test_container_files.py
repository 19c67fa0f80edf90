"""The hand-made files of tests/files: each ends as its README says, with few calls and in little memory."""

from pathlib import Path

import make_files
import pytest
from reading import FOLDER, read_everything
from sample import GOOD
from work import counted_work

from vqcodec import errors
from vqcodec.codebook.codebook import Codebook

SAMPLES = make_files.samples()
CONTAINER = [sample for sample in SAMPLES if sample.found_by == "container"]
WRONG = [sample for sample in CONTAINER if sample.error]
RIGHT = [sample for sample in CONTAINER if not sample.error]

MOST_CALLS = 100_000
MOST_BYTES = 24 << 20


@pytest.fixture(autouse=True)
def good_codebooks(monkeypatch):
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(FOLDER / GOOD))


@pytest.mark.parametrize("sample", RIGHT, ids=lambda sample: sample.name)
def test_good_file_is_read(sample):
    path = FOLDER / sample.folder / sample.name
    read = read_everything(path.read_bytes(), path.suffix)
    if isinstance(read, Codebook):
        assert Codebook.from_bytes(read.to_bytes()) == read
    else:
        assert read.streams[0].engine.startswith(f"{read.medium}/")


@pytest.mark.parametrize("sample", WRONG, ids=lambda sample: f"{sample.folder}/{sample.name}")
def test_wrong_file_ends_in_its_error(sample):
    path = FOLDER / sample.folder / sample.name
    data = path.read_bytes()
    read_everything((FOLDER / GOOD / "chunked.vqc").read_bytes(), ".vqc")  # what is loaded once does not count
    with counted_work() as work, pytest.raises(errors.VQCodecError) as caught:
        read_everything(data, path.suffix)
    assert type(caught.value).__name__ == sample.error
    message = str(caught.value)
    assert message.isprintable(), "a control code or a second line would reach the terminal"
    assert 10 < len(message) < 400
    assert work.calls < MOST_CALLS
    assert work.peak_bytes < MOST_BYTES


def test_folder_is_what_the_script_makes(tmp_path):
    make_files.main(tmp_path)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(FOLDER) for path in FOLDER.rglob("*.vqc*") if path.is_file()} | {Path("README.md")}
    assert kept == made
    packed = {Path(sample.folder) / sample.name for sample in SAMPLES if sample.packed}
    for path in made - packed:
        assert (tmp_path / path).read_bytes() == (FOLDER / path).read_bytes(), path


def test_no_file_is_large():
    assert max(len(sample.data) for sample in SAMPLES) < 64 << 10
