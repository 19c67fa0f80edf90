"""What a training is expected to take and bring, said before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vqcodec.api import training
from vqcodec.api.expectation import Expectation, expectation
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, UnreadableInputError
from vqcodec.image.corpus import PictureCorpus
from vqcodec.media.engine import Engine, TrainingCost, TrainingWork
from vqcodec.media.options import NumberOption
from vqcodec.media.registry import engine_to_train, register_engine, trainable_engines, unregister_engine

ENCODING_S, SIZE = 0.02, 100
CLOCK = [0.0]
"""What a clock says that nothing but encoding moves, in seconds."""

SLOW = Engine(
    name="image/slow",
    summary="pictures: nothing, slowly",
    coder_reference=f"{__name__}:CODER",
    trainer_reference=f"{__name__}:train",
    training_options=(NumberOption("rounds", "Rounds.", 1, low=1, high=9, whole=True),),
    training_cost=TrainingCost(lambda options, _parent: TrainingWork(options["rounds"]), (0.02, 0.1)),
)
BOOK = Codebook("image/slow", "slow", {"none": np.zeros(2000, np.uint8)}, {})


def encode(samples: np.ndarray, *_: Any) -> Any:
    """Let the clock go on as long as the picture is large."""
    CLOCK[0] += ENCODING_S * samples.shape[0] / 16
    return SimpleNamespace(header=b"", packets=[bytes(SIZE)])


CODER = SimpleNamespace(encode=encode)


def train(task: Any) -> Codebook:
    """Encode every picture in every round."""
    for _ in range(task.options["rounds"]):
        for picture in task.corpus:
            encode(picture.samples)
    return Codebook("image/slow", task.name, BOOK.arrays, {})


@pytest.fixture(autouse=True)
def _slow_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    clock = SimpleNamespace(perf_counter=lambda: CLOCK[0], thread_time=lambda: CLOCK[0])
    monkeypatch.setattr("vqcodec.api.expectation.time", clock)
    register_engine(SLOW)
    try:
        yield
    finally:
        unregister_engine(SLOW.name)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 30 pictures of 16x16 and 32x16 pixels."""
    for number in range(30):
        Image.fromarray(np.full((16 + 16 * (number % 2), 16), number, np.uint8)).save(tmp_path / f"{number:02}.png")
    return tmp_path


def expected(folder: Path, rounds: int, threads: int = 1) -> Expectation:
    return expectation(PictureCorpus.of([folder]), SLOW, {"rounds": rounds}, BOOK, threads)


def test_the_time_is_that_of_the_training(pictures: Path) -> None:
    said = expected(pictures, 3).seconds
    assert said is not None
    began = CLOCK[0]
    training.train_codebook([pictures], engine="slow", rounds=3)
    assert said == pytest.approx(CLOCK[0] - began, rel=0.1)
    assert expected(pictures, 3, threads=2).seconds == pytest.approx(said / 2)
    assert expected(pictures, 9).seconds == pytest.approx(said * 3)


def test_the_line_says_what_it_takes_and_when_it_pays() -> None:
    said = Expectation(312, "pictures", "41 Mpixel", 370.0, 2, 240_000, (0.02, 0.1), 3000.0)
    assert said.in_words() == (
        "training on 312 pictures (41 Mpixel): about 6 minutes on 2 threads; such a codebook takes about 240 kB and "
        "has saved 2 to 10 % of a file in measurements, so it pays from about 2.4 MB to 12 MB of files "
        "(800 to 4,000 like these) on"
    )
    assert replace(said, file_bytes=0.0).in_words().endswith("so it pays from about 2.4 MB to 12 MB of files on")
    assert "about 42 s on 1 thread;" in replace(said, seconds=42.4, threads=1).in_words()
    assert "about 2 hours on 2 threads;" in replace(said, seconds=7300.0).in_words()
    assert replace(said, files=1, seconds=None).in_words() == "training on 1 picture (41 Mpixel)"
    assert replace(said, seconds=None).in_words() == "training on 312 pictures (41 Mpixel)"


def test_what_cannot_be_coded_leaves_out_the_time(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise CodebookError("the codebook is not usable")

    monkeypatch.setattr(CODER, "encode", refuse)
    assert expected(pictures, 1).in_words() == "training on 30 pictures (0.0115 Mpixel)"


def test_it_is_said_before_the_work(pictures: Path) -> None:
    said: list[str] = []

    def progress(_what: str, _part: float) -> None:
        said.append("progress")

    asked = {"engine": "block", "layout": "grey", "size": 4, "threads": 1}
    training.train_codebook([pictures], notice=said.append, progress=progress, **asked)
    assert said[0] == "training on 30 pictures (0.0115 Mpixel)"
    assert said[1] == "progress"


def test_what_cannot_be_read_counts_as_the_others(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "00.png").write_bytes(b"no picture")
    assert expected(pictures, 1).files == 30
    for number in range(29):  # all that are looked at first
        (tmp_path / f"{number:02}.png").write_bytes(b"no picture")
    assert expected(pictures, 1).seconds == pytest.approx(30 * 2 * ENCODING_S)
    for number in range(30):
        (tmp_path / f"{number:02}.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableInputError, match=r"00\.png: not a picture"):
        expected(pictures, 1)


def test_without_a_codebook_at_hand_the_work_still_begins(pictures: Path) -> None:
    engine = replace(SLOW, codebook="nobody-has-it")
    said = expectation(PictureCorpus.of([pictures]), engine, {"rounds": 1}, None, 1)
    assert said.in_words() == "training on 30 pictures (0.0115 Mpixel)"


@pytest.mark.parametrize("engine", [one for one in trainable_engines() if one.training_cost], ids=lambda one: one.name)
def test_more_rounds_take_longer(engine: Engine) -> None:
    cost = engine.training_cost
    assert cost is not None
    values = engine.check_training_options({})
    for parent in (True, False):
        short, long = (cost.work({**values, "rounds": rounds}, parent) for rounds in (1, 5))
        assert all(0 <= less <= more for less, more in zip(short, long, strict=True))
        assert 0 < short.passes < long.passes
    least, most = cost.saving
    assert 0 < least < most < 1


def test_the_default_engine_of_each_medium_tells_its_cost() -> None:
    for medium in ("image", "speech", "video"):
        assert engine_to_train(medium, None).training_cost is not None
