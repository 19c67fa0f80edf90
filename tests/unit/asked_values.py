"""What can be asked for, as a table: values that each option accepts, and that it refuses."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image
from stored_video import moving_frames

import vqcodec
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import frame_bytes, head

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
    "target_ssimulacra2": Row(
        "choose above 0 and up to 100",
        (30, np.float32(25), np.int64(30), 40, None),
        (*NOT_NUMBERS, 0, -3, 100.5),
        ("image",),
        "target SSIMULACRA2",
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
    "stages": Row("choose 1 to 65535", (None,), (*NOT_WHOLE, 0, -1), ("image",)),
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
    "delay": Row("choose 0.1 to 60 s", (1, 0.5, None), (*NOT_NUMBERS, 0, 0.01, 61), SPEECH),
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
    "keep_partial": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, ("video", "speech")),
    "keep_hidden": Row("choose True or False", (True, False, np.bool_(True), None), NOT_FLAGS, ("image",)),
    "tune": Row("choose visual, ssim or psnr", ("visual", "ssim", "psnr"), (*NOT_TEXT, "looks", None), ("image",)),
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
