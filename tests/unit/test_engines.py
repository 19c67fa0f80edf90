"""The descriptors of the engines: quick to load, and in agreement with the format, the coders and the trainers."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vqcodec.api.warming import all_steps
from vqcodec.codebook.library import list_codebooks
from vqcodec.errors import UnsupportedError, UsageError
from vqcodec.image.block.train import BlockTraining
from vqcodec.image.engines import Coder as PictureCoder
from vqcodec.image.engines import engine_for
from vqcodec.image.transform.coding import TransformOptions
from vqcodec.image.transform.train import TransformTraining
from vqcodec.media.engine import Engine
from vqcodec.media.registry import default_codebook, engine_to_train, engines, find_engine
from vqcodec.speech.engines import Coder as SpeechCoder
from vqcodec.speech.textbook.training_options import TextbookTraining
from vqcodec.speech.training.train import CelpTraining
from vqcodec.video.engines import Coder as VideoCoder
from vqcodec.video.mc.structure import DEFAULT_DISTANCE, DISTANCES
from vqcodec.video.mc.training.train import MotionTraining
from vqcodec.video.st3d.engine import St3dOptions
from vqcodec.video.training import VideoTraining

FORMAT = (Path(__file__).parents[2] / "FORMAT.md").read_text(encoding="utf-8")
CODERS = {"image": PictureCoder, "speech": SpeechCoder, "video": VideoCoder}
TRAINING = {
    "image/transform": TransformTraining,
    "image/block": BlockTraining,
    "speech/celp-nb": CelpTraining,
    "speech/celp-wb": CelpTraining,
    "speech/celp-fixed": TextbookTraining,
    "speech/ld-celp": TextbookTraining,
    "video/mc": MotionTraining,
    "video/st3d": VideoTraining,
}
each_engine = pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name)


def test_descriptors_load_nothing_heavy() -> None:
    program = (
        "import sys\nfrom vqcodec.media.registry import engines\nengines()\n"
        "print([name for name in ('numpy', 'numba', 'typer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_numbers_and_sections_are_those_of_the_format() -> None:
    table = re.findall(r"(?m)^\| (\d+) \| `([a-z0-9/-]+)` \| (\d+) \|$", FORMAT)
    assert sorted((str(e.number), e.name, str(e.section)) for e in engines()) == sorted(table)


@each_engine
def test_a_section_of_the_format_is_about_the_engine(engine: Engine) -> None:
    heading = re.search(rf"(?m)^## {engine.section} (.*)$", FORMAT)
    assert heading is not None
    assert engine.name in heading[1]


@each_engine
def test_the_coder_is_what_the_medium_asks_for(engine: Engine) -> None:
    methods = [name for name in vars(CODERS[engine.medium]) if not name.startswith("_")]
    assert methods
    assert all(callable(getattr(engine.coder, name, None)) for name in methods)


@each_engine
def test_trainers_know_the_options_that_are_declared(engine: Engine) -> None:
    values = engine.check_training_options({})
    fields = [field.name for field in dataclasses.fields(TRAINING[engine.name])]
    assert set(fields) == values.keys() - {"parent"}
    assert callable(engine.trainer)


def test_coders_know_the_options_that_are_declared() -> None:
    for name, kind in (("image/transform", TransformOptions), ("video/st3d", St3dOptions)):
        engine = find_engine(name)
        assert engine is not None
        kind(**engine.check_encode_options({}))
    mc = find_engine("video/mc")
    assert mc is not None
    (distance,) = mc.encode_options
    assert (distance.choices, distance.default) == (DISTANCES, DEFAULT_DISTANCE)  # type: ignore[attr-defined]


def test_warming_begins_with_the_engines_that_share_most_kernels() -> None:
    engine_of = {entry.identity: entry.engine for entry in list_codebooks()}
    order = list(dict.fromkeys(engine_of[name.partition("/")[0]] for name in all_steps()))
    assert order[:4] == ["video/mc", "image/transform", "image/block", "video/st3d"]
    assert set(order) == {engine.name for engine in engines()}


@each_engine
def test_the_default_codebook_is_shipped(engine: Engine) -> None:
    assert (engine.codebook, engine.name) in {(entry.name, entry.engine) for entry in list_codebooks()}


@each_engine
def test_the_summary_fits_a_line_of_the_help(engine: Engine) -> None:
    assert 10 < len(engine.summary) <= 70
    assert not engine.summary.endswith(".")


def test_defaults_of_the_media() -> None:
    assert [default_codebook(medium) for medium in CODERS] == ["photo", "speech-nb", "video"]
    assert [engine_to_train(medium, None).short_name for medium in CODERS] == ["transform", "celp-nb", "mc"]
    assert default_codebook("speech/celp-wb") == "speech-wb"


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="image engine image/magic is not known to this version"):
        engine_for("image/magic")
    with pytest.raises(UnsupportedError, match="engine video/mc is for video, not for image"):
        engine_for("video/mc")
    with pytest.raises(UsageError, match="no engine mc to train for image; there are image: transform, block; speech:"):
        engine_to_train("image", "mc")
