"""The hand-made files of video: each is read, or ends as its README says."""

from __future__ import annotations

import io
from collections.abc import Iterator

import make_files
import pytest
import stored_video
from reading import FOLDER

from vqcodec import errors
from vqcodec.video.files import read_video

SAMPLES = [sample for sample in make_files.samples() if sample.found_by == "video"]
LENGTHS = {
    "video-one-group.vqc": [5],
    "video-groups.vqc": [8, 8, 3],
    "video-all-said.vqc": [8, 3],
    "video-times.vqc": [3, 2],
    "video-ends.vqc": [3, 2],
    "video-colours.vqc": [3],
    "video-one-pixel.vqc": [1],
}


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


@pytest.mark.parametrize("sample", [s for s in SAMPLES if not s.error], ids=lambda sample: sample.name)
def test_good_file_is_read(sample: make_files.Sample) -> None:
    video = read_video(io.BytesIO((FOLDER / sample.folder / sample.name).read_bytes()))
    assert list(video.counts) == LENGTHS[sample.name]
    assert video.length == sum(LENGTHS[sample.name])


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.error], ids=lambda sample: sample.name)
def test_wrong_file_ends_in_its_error(sample: make_files.Sample) -> None:
    data = (FOLDER / sample.folder / sample.name).read_bytes()
    with pytest.raises(errors.VQCodecError) as caught:
        read_video(io.BytesIO(data))
    assert type(caught.value).__name__ == sample.error
    assert 10 < len(str(caught.value)) < 400
