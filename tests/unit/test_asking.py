"""What every public function can be asked for: each option with values that are accepted, and that are refused."""

from __future__ import annotations

import inspect
import io
import math
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image
from stored_video import moving_frames

import vqcodec
from vqcodec.codebook.library import shipped_folder
from vqcodec.errors import LimitError, UsageError
from vqcodec.media import decoding, encoding, keywords, target
from vqcodec.media.kinds import FractionOption, FrameRangeOption, FrameRateOption
from vqcodec.media.registry import engines
from vqcodec.media.target import DEFAULTS, Target, Work
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import frame_bytes, head

FUNCTIONS = (
    *("encode", "decode", "info", "verify", "compare"),
    *("encode_image", "encode_speech", "encode_video", "decode_image", "decode_speech", "decode_video"),
)

NOT_NUMBERS = (math.nan, math.inf, -math.inf, "5", b"5", True, [5], (5,), {}, 5j, Decimal(5), np.arange(3), 10**400)
NOT_TIMES = (
    *(value for value in NOT_NUMBERS if not (isinstance(value, str) and value == "5")),
    "",
    "soon",
    "1:60",
    "1:60:00",
    "1:2:3:4",
    "1:",
    "nan",
)
NOT_WHOLE = (*NOT_NUMBERS, 2.5, 5.0, np.float32(5))
NO_SIZES = (*(value for value in NOT_WHOLE if not isinstance(value, str)), "many", "5 apples", "-5", "")
NOT_TEXT = (5, b"x", True, ["x"], np.arange(2))
NOT_FLAGS = (0, 1, "yes", "", 2.5, [True], np.array([True]), math.nan)


@dataclass(frozen=True)
class Row:
    """Values of one option.

    Attributes:
        says: what a refusal says beside the name of the option: its range, or its choices.
        good, bad: values that are accepted, and refused. None is among the one or the other.
        media: that have it; the first is the one that it is tried with.
        label: how messages call it, a regular expression; empty for its name with spaces.
        beside: other options that it is tried with.
    """

    says: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    media: tuple[str, ...] = ("image", "speech", "video")
    label: str = ""
    beside: Mapping[str, Any] | None = None


def picture() -> np.ndarray:
    """A picture, uint8 (16, 24, 3)."""
    return np.random.default_rng(1).integers(0, 255, (16, 24, 3), np.uint8)


def sound() -> np.ndarray:
    """A sound, int16 (1600, 2): 0.1 s at 16 kHz."""
    return np.random.default_rng(2).integers(-3000, 3000, (1600, 2), np.int16)


def png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture()).save(stream, "PNG")
    return stream.getvalue()


def wav() -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, sound(), 16000, format="WAV")
    return stream.getvalue()


def y4m() -> bytes:
    format = VideoFormat(48, 32, Fraction(25))
    return head(format) + b"".join(map(frame_bytes, moving_frames(3)))


SOURCES = {"image": png(), "speech": wav(), "video": y4m()}
CODED = {medium: vqcodec.encode(source, effort=0, quality=10).data for medium, source in SOURCES.items()}
SENT_BOOKS = {medium: vqcodec.info(data).codebook.name for medium, data in CODED.items()}
ARRAYS = {
    "image": {"samples": picture()},
    "speech": {"samples": sound(), "sample_rate": 16000},
    "video": {"frames": moving_frames(3), "rate": 25},
}

ST3D = {"codebook": "video-st3d"}
SPEECH, VIDEO = ("speech",), ("video",)
SOUND = ("speech", "video")
FRAMES_TAKEN = Row("choose frames such as 100:200", ("0:2", "1:", ":2", ":", None), (*NOT_TEXT, "2:1", "x", "1"), VIDEO)

ROWS: dict[str, Row] = {
    "quality": Row(
        "choose 0 to 100",
        (0, 100, 33.5, np.float32(50), np.float64(50), np.int64(3), np.uint8(7), Fraction(1, 2), None),
        (*NOT_NUMBERS, -5, 1000, 100.001, -1e-9, np.float32(101), np.int64(-1)),
    ),
    "target_psnr": Row(
        "choose above 0 and up to 100 dB",
        (30, np.float32(25), np.int64(30), 40, None),
        (*NOT_NUMBERS, 0, -3, 100.5),
        ("image", "video"),
        "target PSNR",
    ),
    "target_size": Row(
        "choose 1 to 1099511627776 bytes",
        (9000, np.int64(9000), "9k", "9.5 KB", "9KiB", None),
        (*NO_SIZES, 0, -1, np.int64(0), "0.5"),
    ),
    "bitrate": Row(
        "choose 0.1 to", (60, np.float32(60), np.int64(60), None), (*NOT_NUMBERS, 0, 0.05, -6, 2e6), SOUND
    ),
    "effort": Row("choose 0 to 9", (0, 9, np.int64(1), np.uint8(1), None), (*NOT_WHOLE, -1, 10, 99, np.int64(10))),
    "threads": Row("choose 1 to 1024", (1, 3, np.int64(2), None), (*NOT_WHOLE, 0, -1, 1025)),
    "codebook": Row("choose a name, a path or a Codebook", (None,), (5, b"photo", True, ["photo"], np.arange(2), 2.5)),
    "embed_codebook": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None)),
    "strip_gps": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, ("image",)),
    "output_quality": Row("choose 0 to 100", (None,), (*NOT_NUMBERS, -1, 101), ("image",)),
    "background": Row(
        "choose a colour such as white",
        ("white", "#ff8000", (1, 2, 3), [np.int64(1), 2, 3], None),
        (*NOT_TEXT, "no colour", (1, 2), (1, 2, 256), (1, 2, True), (1.0, 2, 3)),
        ("image",),
    ),
    "strip_metadata": Row("choose True or False", (True, False, np.bool_(False)), (*NOT_FLAGS, None)),
    "overwrite": Row("choose True or False", (True, False), (*NOT_FLAGS, None)),
    "progress": Row("choose a function", (print, lambda done: None, None), (5, "x", [print], True, np.arange(2))),
    "name": Row("choose text", ("x", None), NOT_TEXT),
    "medium": Row("choose image, speech or video", ("image", None), (*NOT_TEXT, "smell", "")),
    "band": Row("choose auto, nb or wb", ("auto", "nb", "wb", None), (*NOT_TEXT, "swb", ""), SOUND),
    "raw": Row(
        "choose RATE:FORMAT",
        ("8000:s16le", "44100:F32BE:2", None),
        (*NOT_TEXT, "8000", "x:s16le", "8000:pcm", "8000:s16le:0", "8000:u8:99", "1:u8", "8000:u8:1:1"),
        SPEECH,
    ),
    "channels": Row("choose mix or keep", ("mix", "keep", None), (*NOT_TEXT, "left"), SOUND),
    "fps": Row(
        "choose a",
        ("25", "29.97", "30000/1001", 25, 12.5, np.float32(25), np.int64(25), Fraction(30000, 1001), None),
        (math.nan, math.inf, "fast", "", "0", "1/0", b"25", True, [25], 0, -25, np.arange(2), 10**400),
        VIDEO,
    ),
    "frames": FRAMES_TAKEN,
    "gop": Row("choose", (1, 2, np.int64(2), None), (*NOT_WHOLE, 0, -4, 100_000), VIDEO),
    "scene_cuts": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, VIDEO),
    "audio": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, VIDEO),
    "track": Row(
        "choose a number from 1 on, or a language such as eng",
        (None,),  # whether a video has the track, the video decides
        (0, -1, "0", 1.5, True, "", "a b", "english please", [1]),
        VIDEO,
    ),
    "deinterlace": Row("choose auto, on or off", ("auto", "off", None), (*NOT_TEXT, "yes", ""), VIDEO),
    "keep_partial": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, VIDEO),
    "keep_hidden": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, ("image",)),
    "tune": Row("choose ssim or psnr", ("ssim", "psnr"), (*NOT_TEXT, "looks", None), ("image",)),
    "chroma": Row("choose auto, 444 or 420", ("auto", "444", "420"), (*NOT_TEXT, "422", 420, None), ("image",)),
    "alpha_quality": Row(
        "choose 0 to 100", (0, 100, np.float32(50)), (*NOT_NUMBERS, -1, 101, None), ("image",)
    ),
    "distance": Row("choose 1, 2, 4, 8 or 16", (1, 4, np.int64(2)), (*NOT_WHOLE, 0, 3, 32, -1, None), VIDEO),
    "depth": Row(
        "choose 1, 2, 4 or auto",
        (1, 4, "auto", np.int64(2)),
        (0, 3, 8, 2.5, True, "x", [2], math.nan, None),
        VIDEO,
        "",
        ST3D,
    ),
    "motion": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None), VIDEO, "", ST3D),
    "replenish": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None), VIDEO, "", ST3D),
    "samples": Row(
        "samples must be",
        (),
        (None, 5, "x", b"xx", [[1, 2], [3]], np.zeros((2, 2, 2, 2), np.uint8), np.zeros((4, 4, 3), np.int64)),
    ),
    "sample_rate": Row(
        "",
        (16000, np.int64(16000), np.uint16(16000)),
        (*NOT_WHOLE, 0, -8000, 999, 768_001, None),
        SPEECH,
        "sample rate|samples a second",
    ),
    "rate": Row("choose", (), (), ("speech", "video")),  # see RATES: it is another option for arrays of video
    "aspect": Row(
        "choose above 0",
        (1, 1.5, Fraction(12, 11), np.float32(1.5), None),
        (*NOT_NUMBERS, 0, -1),
        VIDEO,
    ),
    "sound": Row(
        "",
        (None, (sound(), 16000)),
        (5, "talk", (1, 2, 3), np.zeros(100), (sound(), None), (sound(), 10), (None, 16000), ("talk", 16000)),
        VIDEO,
        "sound|sample",
    ),
    "full_range": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None), VIDEO),
    "format": Row("", ("png", ".PNG", None), (*NOT_TEXT, "flif", "")),
    "crop": Row(
        "crop",
        ((0, 0, 4, 4), [1, 2, 3, 4], (np.int64(1), np.int64(0), np.int64(2), np.int64(2)), None),
        (5, "0,0,4x4", (1, 2, 3), (0, 0, 4, 4, 4), (0, 0, 4.0, 4), (0, 0, "4", 4), (0, 0, True, 4), (-1, 0, 2, 2),
         (0, 0, 0, 4), (0, 0, 25, 4), math.nan, True),
        ("image",),
    ),
    "start": Row(
        "choose at least 0 s",
        (0, 0.01, np.float32(0.02), np.int64(0), "0.01", "0:00.02", "0:0:0", None),
        (*NOT_TIMES, -1, -0.1, "-1"),
        SOUND,
    ),
    "duration": Row(
        "choose above 0 and up to 1000000000 s",
        (0.02, np.float32(0.02), 99, "1:02:03.5", None),
        (*NOT_TIMES, 0, -1, 1e308),
        SOUND,
    ),
    "encoding": Row("choose s16, ", ("s16", "mulaw", None), (*NOT_TEXT, "pcm", ""), ("speech",)),
    "salvage": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None), SOUND),
    "lossless": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None), VIDEO),
    "bits": Row("choose True or False", (True, False, np.bool_(True)), (*NOT_FLAGS, None)),
    "names": Row("choose two of text or None", (("a", "b"), (None, "b"), ["a", None]), (5, "ab", ("a",), (1, 2), None)),
    "source": Row("choose a path, bytes or a binary file", (), (None, 5, 2.5, True, ["x"], io.StringIO("x"), {})),
    "reference": Row("choose a path, bytes or a binary file", (), (None, 5, True, ["x"], io.StringIO("x"))),
    "test": Row("choose a path, bytes or a binary file", (), (None, 5, True, ["x"], io.StringIO("x"))),
    "destination": Row("choose a path or a binary file", (None,), (5, True, b"x", ["x"], io.StringIO())),
    "data": Row("choose the bytes of a .vqc file", (), (None, 5, "x.vqc", Path("x.vqc"), [1], io.BytesIO(b"x"))),
}  # fmt: skip

RATES = {
    "decode": Row(
        "choose source, codec, or 1000 to 768000 Hz",
        ("source", "codec", 8000, np.int64(11025), None),
        (0, -1, 999, 768_001, 8000.0, math.nan, "fast", "8000", b"codec", True, [8000]),
        SPEECH,
    ),
    "encode_video": Row(
        "",
        (25, 29.97, "29.97", "30000/1001", np.float32(25), np.int64(25), Fraction(30000, 1001)),
        (math.nan, math.inf, "fast", "", "0", "1/0", b"25", True, [25], 0, -25, 1e-9, 1e9, 10**400, None),
        VIDEO,
        "rate|frames a second",
    ),
}
RATES["decode_speech"] = RATES["decode"]
ARRAYS_OF_FRAMES = Row(
    "frame",
    (),
    (None, 5, [], [5], [None], [[1, 2, 3]], [["a", "b", "c"]], [[np.zeros((4, 4), np.uint8)]], "abc",
     [[[[1], [1, 2]]] * 3]),
    VIDEO,
    "frame",
)  # fmt: skip


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
            call(function, medium_for(function, row), **{**(row.beside or {}), name: value})
        message = str(caught.value)
        assert "\n" not in message
        assert re.search(label, message), (value, message)
        assert row.says in message, (value, message)


@pytest.mark.parametrize(("function", "name"), CASES)
def test_what_is_accepted(function: str, name: str) -> None:
    row = row_of(function, name)
    for value in row.good:
        call(function, medium_for(function, row), **{**(row.beside or {}), name: value})


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if "codebook" in names_of(name)])
def test_a_codebook_may_be_a_name_a_path_or_itself(function: str) -> None:
    for medium in media_of(function):
        name = SENT_BOOKS[medium]
        path = shipped_folder() / f"{name}.vqcb"
        for codebook in (name, str(path), path, vqcodec.load_codebook(name)):
            call(function, medium, codebook=codebook)


@pytest.mark.parametrize(("function", "medium"), [(f, m) for f in ("encode", "decode") for m in CODED])
def test_a_medium_refuses_what_others_have(function: str, medium: str) -> None:
    for name in names_of(function):
        row = row_of(function, name)
        if medium in row.media or row.beside or name in ENGINE_OPTIONS or name == "raw":  # raw says that it is sound
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
    listed = {name for line in re.findall(r"(?m)^    ([a-z_, ]+):", described) for name in line.split(", ")}
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
