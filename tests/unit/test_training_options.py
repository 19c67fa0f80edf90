"""`train_codebook`: every option of every engine is checked, as its declaration says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vqcodec
from vqcodec.errors import UsageError
from vqcodec.media.engine import Engine
from vqcodec.media.options import ChoiceOption, FlagOption, NumberOption, Option
from vqcodec.media.registry import trainable_engines
from vqcodec.media.training_options import ParentOption


def wrong_values(option: Option) -> list[Any]:
    """Return values that the option must refuse."""
    if isinstance(option, NumberOption):
        outside = [
            *([] if option.low is None else [option.low - 1, math.nextafter(option.low, -math.inf), -(10**400)]),
            *([] if option.high is None else [option.high + 1, math.nextafter(option.high, math.inf), 10**400]),
        ]
        broken = [0.5 + (option.low or 0)] if option.whole else []
        return [*outside, *broken, math.nan, math.inf, -math.inf, "3", True, np.True_, [1], *_unless_optional(option)]
    if isinstance(option, ChoiceOption):
        return ["other", "", 1.5, math.nan, True, 10**400, ["ssim"], *_unless_optional(option)]
    if isinstance(option, FlagOption):
        return [0, 1, "yes", math.nan, None]
    assert isinstance(option, ParentOption)
    return ["", 3, math.nan, True, b"x", ["x"]]


def _unless_optional(option: Option) -> list[None]:
    return [] if option.default is None else [None]


ROWS = [
    (engine, option, value)
    for engine in trainable_engines()
    for option in engine.training_options
    for value in wrong_values(option)
]


@pytest.mark.parametrize(
    ("engine", "option", "value"), ROWS, ids=lambda part: getattr(part, "name", None) or f"{str(part)[:10]!r}"
)
def test_a_wrong_value_is_refused_with_the_range(engine: Engine, option: Option, value: Any) -> None:
    with pytest.raises(UsageError) as refused:
        vqcodec.train_codebook([], medium=engine.medium, engine=engine.short_name, **{option.name: value})
    message = str(refused.value)
    assert message.startswith(f"{option.label} ")
    assert message.endswith(f"; choose {option.range}")
    assert len(message) < 200


@pytest.mark.parametrize("engine", trainable_engines(), ids=lambda engine: engine.name)
def test_an_unknown_option_is_refused_with_those_that_there_are(engine: Engine) -> None:
    with pytest.raises(UsageError) as refused:
        vqcodec.train_codebook([], medium=engine.medium, engine=engine.short_name, colour=1)
    names = ", ".join(option.name for option in engine.training_options)
    assert str(refused.value) == f"the training of {engine.name} has no option colour; it has {names}"


@pytest.mark.parametrize("engine", trainable_engines(), ids=lambda engine: engine.name)
def test_the_ends_of_the_ranges_are_accepted(engine: Engine) -> None:
    for end in ("low", "high"):
        given = {
            option.name: getattr(option, end)
            for option in engine.training_options
            if isinstance(option, NumberOption) and getattr(option, end) is not None
        }
        assert given.items() <= engine.check_training_options(given).items()


def test_every_choice_and_every_way_to_say_from_scratch_is_accepted() -> None:
    for engine in trainable_engines():
        for option in engine.training_options:
            if isinstance(option, ChoiceOption):
                assert [option.check(choice) for choice in option.choices] == list(option.choices)
            if isinstance(option, ParentOption):
                assert engine.check_training_options({"parent": "none"})["parent"] is None
                assert engine.check_training_options({"parent": None})["parent"] is None
                assert engine.check_training_options({})["parent"] == option.default


def test_numbers_of_numpy_are_accepted() -> None:
    block = next(engine for engine in trainable_engines() if engine.short_name == "block")
    values = block.check_training_options({"size": np.int64(8), "lambda_": np.float32(2), "seed": 2**70 + 1})
    assert (values["size"], values["lambda_"], values["seed"]) == (8, 2.0, 2**70 + 1)
    assert (type(values["size"]), type(values["lambda_"])) == (int, float)


@pytest.mark.parametrize("threads", [0, -1, 1.5, math.nan, "2", True])
def test_wrong_threads_are_refused(threads: Any) -> None:
    with pytest.raises(UsageError, match=r"^threads .*; choose at least 1$"):
        vqcodec.train_codebook([], threads=threads)


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, 3, None])
def test_a_wrong_name_is_refused_before_the_work(name: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a codebook"):
        vqcodec.train_codebook([tmp_path], name=name)
