"""What every public function can be asked for: each option with values that are accepted, and that are refused."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from asked_values import ARRAYS, ARRAYS_OF_FRAMES, CODED, RATES, ROWS, SENT_BOOKS, SOURCES, Row

import vqcodec
from vqcodec.codebook.library import shipped_folder
from vqcodec.errors import LimitError, UsageError
from vqcodec.media import decoding, encoding, keywords, target
from vqcodec.media.kinds import FractionOption, FrameRangeOption, FrameRateOption
from vqcodec.media.registry import engines
from vqcodec.media.target import DEFAULTS, Target, Work

FUNCTIONS = (
    *("encode", "decode", "info", "verify", "compare"),
    *("encode_image", "encode_speech", "encode_video", "decode_image", "decode_speech", "decode_video"),
)


def keyword_names(function: Callable[..., Any]) -> set[str]:
    """The names that a function takes by `**`, from its types."""
    packed = [text for text in function.__annotations__.values() if str(text).startswith("Unpack[")]
    kinds = [typing.get_args(eval(text, function.__globals__))[0] for text in packed]
    return {name for kind in kinds for name in kind.__optional_keys__}


def names_of(function: str) -> list[str]:
    """Every argument of a public function."""
    called = getattr(vqcodec, function)
    parameters = inspect.signature(called).parameters.values()
    own = {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD}
    return sorted(own | keyword_names(called))


def row_of(function: str, name: str) -> Row:
    """The values of an argument of a function."""
    if name == "rate":
        return RATES[function]
    if (function, name) == ("encode_video", "frames"):
        return ARRAYS_OF_FRAMES
    return ROWS[name]


def media_of(function: str) -> tuple[str, ...]:
    """The media that a function is for."""
    return (function.partition("_")[2],) if "_" in function else ("image", "speech", "video")


def call(function: str, medium: str, /, **options: Any) -> Any:
    """Call a function with what it needs for a medium, and `options`."""
    base: dict[str, Any]
    if function == "encode":
        base = {"source": SOURCES[medium]}
    elif function.startswith("encode_"):
        base = {**ARRAYS[medium]}
    elif function.startswith("decode_"):
        base = {"data": CODED[medium]}
    elif function == "compare":
        base = {"reference": SOURCES[medium], "test": CODED[medium]}
    else:
        base = {"source": CODED[medium]}
    if function.startswith("encode"):
        base["effort"] = 0
    return getattr(vqcodec, function)(**{**base, **options})


CASES = [(function, name) for function in FUNCTIONS for name in names_of(function)]


def medium_for(function: str, row: Row) -> str:
    """The medium to try an option with."""
    return next(medium for medium in row.media if medium in media_of(function))


def test_every_option_has_rows_and_every_row_an_option() -> None:
    names = {name for _, name in CASES}
    assert names == set(ROWS)
    assert {function for function, name in CASES if name == "rate"} == set(RATES)


@pytest.mark.parametrize(("function", "name"), CASES)
def test_what_is_refused(function: str, name: str) -> None:
    row = row_of(function, name)
    label = row.label or name.replace("_", " ")
    for value in row.bad:
        with pytest.raises((UsageError, LimitError)) as caught:
            assert call(function, medium_for(function, row), **{**(row.beside or {}), name: value}) is not None
        message = str(caught.value)
        assert "\n" not in message
        assert re.search(label, message), (value, message)
        assert row.says in message, (value, message)


@pytest.mark.parametrize(("function", "name"), CASES)
def test_what_is_accepted(function: str, name: str) -> None:
    row = row_of(function, name)
    for value in row.good:
        assert call(function, medium_for(function, row), **{**(row.beside or {}), name: value}) is not None


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if "codebook" in names_of(name)])
def test_a_codebook_may_be_a_name_a_path_or_itself(function: str) -> None:
    for medium in media_of(function):
        name = SENT_BOOKS[medium]
        path = shipped_folder() / f"{name}.vqcb"
        for codebook in (name, str(path), path, vqcodec.load_codebook(name)):
            assert call(function, medium, codebook=codebook) is not None


@pytest.mark.parametrize(("function", "medium"), [(f, m) for f in ("encode", "decode") for m in CODED])
def test_a_medium_refuses_what_others_have(function: str, medium: str) -> None:
    for name in names_of(function):
        row = row_of(function, name)
        if (
            medium in row.media or row.beside or name in ENGINE_OPTIONS or name in ("raw", "delay")
        ):  # which say that it is sound
            continue
        asked = next((value for value in row.good if value), 1)
        with pytest.raises(UsageError, match=r"is for .*, and this is") as caught:
            call(function, medium, **{name: asked})
        assert re.search(row.label or name.replace("_", " "), str(caught.value))


@pytest.mark.parametrize(
    ("function", "medium", "one", "other"),
    [
        (function, medium, one, other)
        for function in ("encode", "encode_image", "encode_speech", "encode_video")
        for medium in media_of(function)
        for one, other in ((a, b) for a in target.TARGET_OPTIONS for b in target.TARGET_OPTIONS if a.name < b.name)
    ],
)
def test_targets_exclude_one_another(function: str, medium: str, one: Any, other: Any) -> None:
    with pytest.raises(UsageError, match="exclude one another; give one of them") as caught:
        call(function, medium, **{one.name: 30, other.name: 30})
    assert one.label in str(caught.value)
    assert other.label in str(caught.value)


@pytest.mark.parametrize("name", ["start", "duration"])
def test_frames_and_seconds_exclude_one_another(name: str) -> None:
    with pytest.raises(UsageError, match=rf"frames and {name} exclude one another"):
        call("decode", "video", frames="0:1", **{name: 0.01})


def test_three_targets_are_all_named() -> None:
    with pytest.raises(UsageError, match="quality, target PSNR and target size exclude one another"):
        Target(quality=5, psnr=30, size=900)


@pytest.mark.parametrize(
    ("function", "medium", "refused"),
    [
        ("encode_image", "image", {"bitrate": 5}),
        ("encode_speech", "speech", {"target_psnr": 30}),
        ("encode_image", "image", {"gop": 5}),
    ],
)
def test_functions_for_one_medium_refuse_options_of_others(function: str, medium: str, refused: dict) -> None:
    with pytest.raises(UsageError, match=r"is for .*, and this is"):
        call(function, medium, **refused)


@pytest.mark.parametrize(
    ("function", "medium"),
    [(f, m) for f in FUNCTIONS if keyword_names(getattr(vqcodec, f)) for m in media_of(f)],
)  # fmt: skip
def test_a_misspelt_option_is_named_with_those_that_there_are(function: str, medium: str) -> None:
    with pytest.raises(UsageError, match=r"has no option qualty; it has \w+"):
        call(function, medium, qualty=5)


def test_functions_without_files_have_no_options_of_files() -> None:
    with pytest.raises(UsageError, match=r"encode_image has no option overwrite; it has alpha_quality, "):
        call("encode_image", "image", overwrite=True)


ENGINE_OPTIONS = {option.name for engine in engines() for option in engine.encode_options}


def test_the_types_have_the_names_of_the_declarations() -> None:
    encode = {option.name for option in encoding.ENCODE_OPTIONS}
    own = {field.name for field in fields(encoding.EncodeOptions)} - {"target", "work", "engine"}
    assert own | {option.name for option in (*target.TARGET_OPTIONS, *target.WORK_OPTIONS)} == encode
    assert keywords.EncodeKeywords.__optional_keys__ == encode | ENGINE_OPTIONS
    common = keywords.CommonKeywords.__optional_keys__
    for medium, kind in (
        ("image", keywords.ImageKeywords),
        ("speech", keywords.SpeechKeywords),
        ("video", keywords.VideoKeywords),
    ):
        of_engines = {option.name for engine in engines(medium) for option in engine.encode_options}
        assert kind.__optional_keys__ & ENGINE_OPTIONS == of_engines
        assert common < kind.__optional_keys__ < keywords.EncodeKeywords.__optional_keys__
    decode = {option.name for option in decoding.DECODE_OPTIONS}
    assert keywords.DecodeKeywords.__optional_keys__ == decode
    assert {field.name for field in fields(decoding.DecodeOptions)} == decode


@pytest.mark.parametrize("function", FUNCTIONS)
def test_docstrings_list_every_option(function: str) -> None:
    described = inspect.getdoc(getattr(vqcodec, function)) or ""
    listed = {name for line in re.findall(r"(?m)^    ([a-z0-9_, ]+):", described) for name in line.split(", ")}
    assert set(names_of(function)) == listed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_has_more_than_ten_parameters(function: str) -> None:
    assert len(inspect.signature(getattr(vqcodec, function)).parameters) <= 10


def test_values_of_numpy_become_plain_ones() -> None:
    asked = Target(quality=np.float32(50)), Work(np.int64(3), np.uint8(2))
    assert [type(value) for value in (asked[0].quality, asked[1].effort, asked[1].threads)] == [float, int, int]
    report = vqcodec.encode(SOURCES["image"], effort=np.int64(0), quality=np.float32(50))
    assert type(report.parameters["effort"]) is int
    assert type(report.parameters["quality"]) is float


@pytest.mark.parametrize("medium", list(CODED))
def test_without_a_target_a_medium_has_its_own_quality_and_effort(medium: str) -> None:
    parameters = vqcodec.encode(SOURCES[medium]).parameters
    assert (parameters["quality"], parameters["effort"]) == DEFAULTS[medium]


def test_speech_has_a_lower_bound_of_bitrates_than_video() -> None:
    assert Target(bitrate=300).check_medium("video") is None
    with pytest.raises(UsageError, match=r"bitrate 300 is out of range; choose 0\.1 to 256 kbit/s"):
        Target(bitrate=300).check_medium("speech")


@pytest.mark.parametrize(
    ("text", "meant"), [("3:7", (3, 7)), ("3:", (3, None)), (":7", (0, 7)), (":", (0, None)), ("0:1", (0, 1))]
)
def test_frame_ranges(text: str, meant: tuple[int, int | None]) -> None:
    assert FrameRangeOption("frames").check(text) == meant


@pytest.mark.parametrize("text", ["", "7", "7:3", "3:3", "a:b", "-1:4", "1:2:3", "99999999999:"])
def test_no_frame_ranges(text: str) -> None:
    with pytest.raises(UsageError, match="frames"):
        FrameRangeOption("frames").check(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", 25),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        (29.97, Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(2997, 100)),
        ("2997/100", Fraction(2997, 100)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_frame_rates(text: Any, rate: Fraction) -> None:
    assert FrameRateOption("fps").check(text) == rate


def test_a_fraction_is_the_number_itself() -> None:
    assert FractionOption("aspect").check(29.97) == Fraction(2997, 100)
    assert FractionOption("aspect").check(np.float64(1) / 3) == Fraction(1, 3)
