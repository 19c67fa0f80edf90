"""The hand-made pictures of tests/files: both decoders end as the README says, the fast one with few calls."""

import make_files
import numpy as np
import pytest
import reference_block
import reference_decoder as reference
import reference_transform
from reading import FOLDER, read_everything
from sample import GOOD
from work import counted_work

from vqcodec.errors import VQCodecError
from vqcodec.image import decode_image

SAMPLES = [sample for sample in make_files.samples() if sample.found_by in ("image/block", "image/transform")]
RIGHT = [sample for sample in SAMPLES if not sample.error]
WRONG = [sample for sample in SAMPLES if sample.error]
SHARED = [path.read_bytes() for path in (FOLDER / GOOD).glob("codebook-*.vqcb")]
CLASSES = {
    reference.Corrupt: "CorruptFileError",
    reference.Unsupported: "UnsupportedError",
    reference.CodebookMissing: "CodebookError",
    reference.Limit: "LimitError",
}
MOST_CALLS = 100_000
MOST_BYTES = 24 << 20


@pytest.fixture(autouse=True)
def good_codebooks(monkeypatch):
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(FOLDER / GOOD))


@pytest.fixture(scope="module")
def compiled():
    """Kernels are compiled before anything is measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VQCODEC_CODEBOOK_PATH", str(FOLDER / GOOD))
        for name in ("picture-colour-alpha.vqc", "transform-colour-half.vqc", "transform-alpha-coded.vqc"):
            decode_image(contents_of(name))


def contents_of(name):
    return (FOLDER / GOOD / name).read_bytes()


def find(beginning):
    return [file for file in SHARED if reference.codebook_header(file)[0].identity.startswith(beginning)]


def by_reference(data):
    (samples,) = reference.decode_samples(data, find).values()
    return np.array(samples)


def test_the_engines_are_registered():
    wanted = {"image/block": reference_block.decode, "image/transform": reference_transform.decode}
    assert wanted.items() <= reference.ENGINES.items()


@pytest.mark.parametrize("sample", RIGHT, ids=lambda sample: sample.name)
def test_good_picture_is_the_same_in_both(sample):
    data = (FOLDER / sample.folder / sample.name).read_bytes()
    assert np.array_equal(np.atleast_3d(decode_image(data)), by_reference(data))


@pytest.mark.parametrize("sample", WRONG, ids=lambda sample: f"{sample.folder}/{sample.name}")
def test_wrong_picture_ends_in_its_error(sample, compiled):
    data = (FOLDER / sample.folder / sample.name).read_bytes()
    read_everything(data, ".vqc")  # its container is whole
    with counted_work() as work, pytest.raises(VQCodecError) as caught:
        decode_image(data)
    assert type(caught.value).__name__ == sample.error
    assert str(caught.value).isprintable()
    assert 10 < len(str(caught.value)) < 400
    assert work.calls < MOST_CALLS
    assert work.peak_bytes < MOST_BYTES


@pytest.mark.parametrize("sample", WRONG, ids=lambda sample: f"{sample.folder}/{sample.name}")
def test_wrong_picture_ends_in_its_error_in_the_reference(sample, monkeypatch):
    """In a decoder of pictures alone, whatever other engines other tests have brought in."""
    pictures = {name: engine for name, engine in reference.ENGINES.items() if name.startswith("image/")}
    monkeypatch.setattr(reference, "ENGINES", pictures)
    with pytest.raises(reference.FormatError) as caught:
        reference.decode_samples(sample.data, find)
    assert CLASSES[type(caught.value)] == sample.error


def test_a_picture_worked_out_by_hand():
    """Indices 2 2 0, 3 0 0 of the codewords 10 20 30 40, 50 60 70 80, 90 100 110 120, 130 140 150 160."""
    wanted = [[90, 100, 90, 100, 10], [110, 120, 110, 120, 30], [130, 140, 10, 20, 10]]
    assert np.atleast_3d(decode_image(contents_of("picture-grey.vqc")))[:, :, 0].tolist() == wanted
    with_alpha = np.atleast_3d(decode_image(contents_of("picture-grey-alpha.vqc")))
    assert with_alpha[:, :, 0].tolist() == wanted
    alpha = [[255, 255, 128, 0, 0], [255, 255, 128, 0, 0], [255, 0, 255, 255, 3]]
    assert with_alpha[:, :, 1].tolist() == alpha


def test_runs_worked_out_by_hand():
    indices = np.repeat([1, 0, 0, 2], [2064, 1, 13, 4500 - 2078])
    tops = np.array([[10, 20], [50, 60], [90, 100]])
    assert (
        np.atleast_3d(decode_image(contents_of("picture-long-runs.vqc")))[0, :, 0].tolist()
        == tops[indices].ravel().tolist()
    )


def test_colour_worked_out_by_hand():
    """Codewords (Y, Cb, Cr) 50 128 128, 90 0 255, 200 255 0, 130 100 160, through section 8.5's formulas."""
    first, second, third, last = [50, 50, 50], [255, 43, 0], [21, 248, 255], [175, 117, 80]
    wanted = [[first, second, third], [last] * 3]
    assert np.atleast_3d(decode_image(contents_of("picture-joint.vqc"))).tolist() == wanted


def test_a_coefficient_worked_out_by_hand():
    """Step 13.5, so 108 eighths in the corner of the sine transform, on a prediction of 128.

    between: 25 46 62 71 down the first column; residuals in 1/16: 11 21 29 33, 21 39 53 60, 28 53 72 81, 32 61 82 93.
    """
    wanted = [[129, 129, 130, 130], [129, 130, 131, 132], [130, 131, 133, 133], [130, 132, 133, 134]]
    assert np.atleast_3d(decode_image(contents_of("transform-coefficient.vqc")))[:, :, 0].tolist() == wanted


def test_blocks_without_coefficients_are_grey():
    for name in ("flat", "mask-empty", "mode", "quarters", "edge", "tiles"):
        assert np.all(np.atleast_3d(decode_image(contents_of(f"transform-{name}.vqc"))) == 128)
