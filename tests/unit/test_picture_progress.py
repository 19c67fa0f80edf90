"""The progress of one picture moves while it is coded, and ends the work if it raises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vqcodec
from vqcodec.blocks.decoding.decoder import decode_planes
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.search.encoder import encode_planes
from vqcodec.codebook.library import load_codebook
from vqcodec.image.transform.engine import model_of


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of two tiles."""
    path = tmp_path_factory.mktemp("progress") / "wide.png"
    y, x = np.mgrid[:150, :1400]
    noise = np.random.default_rng(1).integers(0, 40, (150, 1400))
    Image.fromarray(((x // 8 + y + noise) % 256).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize("threads", [1, 2])
def test_encoding_tells_how_far_it_is(photograph: Path, threads: int) -> None:
    told: list[float] = []
    vqcodec.encode(photograph, effort=0, threads=threads, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert told[0] < 0.15
    assert len([done for done in told if done < 1]) >= 8
    assert max(np.diff(told)) < 0.15


@pytest.mark.parametrize(("quality", "least"), [(60, 8), (100, 2)])
def test_encoding_by_blocks_tells_how_far_it_is(photograph: Path, tmp_path: Path, quality: int, least: int) -> None:
    told: list[float] = []
    with Image.open(photograph) as picture:
        picture.convert("RGB").resize((1400, 1600)).save(tmp_path / "large.png")
    vqcodec.encode(tmp_path / "large.png", codebook="classic-4x4-256", quality=quality, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) >= least


def test_a_target_takes_several_encodings_and_never_goes_back(photograph: Path) -> None:
    told: list[float] = []
    vqcodec.encode(photograph, effort=0, target_size=20_000, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 20


def test_decoding_tells_how_far_it_is(photograph: Path) -> None:
    told: list[float] = []
    data = vqcodec.encode(photograph, effort=0).data
    vqcodec.decode(data, threads=2, progress=told.append)
    assert len(told) == 2  # the tiles, four at once, and the written picture
    assert told[0] < told[1] == 1.0
    planes = [np.random.default_rng(1).integers(0, 255, (1, 7000), np.uint8)]
    model = model_of(load_codebook("photo"))
    coded = encode_planes(planes, model, CodingParameters(40, subsampling="grey", effort=0))
    told.clear()
    decode_planes(coded.payloads, [(1, 7000)], model, coded.parameters, 2, progress=told.append)
    assert told == [4 / 6, 1.0]


def test_progress_that_raises_ends_the_work(photograph: Path, tmp_path: Path) -> None:
    def stop(done: float) -> None:
        if done > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vqcodec.encode(photograph, tmp_path / "x.vqc", effort=0, progress=stop)
    assert not list(tmp_path.iterdir())


def test_large_pictures_are_encoded_at_less_effort_and_that_is_said(
    photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vqcodec.image.codec.LARGE_PICTURE", 150 * 1400)
    report = vqcodec.encode(photograph)
    assert report.parameters["effort"] == 3
    assert report.notes == ("encoded at effort 3, because it is large; effort 7 makes it smaller",)
    assert vqcodec.encode(photograph, effort=1).notes == ()
    monkeypatch.setattr("vqcodec.image.codec.LARGE_PICTURE", 150 * 1400 + 1)
    report = vqcodec.encode(photograph, quality=5)
    assert (report.parameters["effort"], report.notes) == (7, ())
