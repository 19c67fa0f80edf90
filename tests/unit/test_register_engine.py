"""An engine in one file: pictures by a scalar quantizer. Once it is registered, every part of the program knows it.

A packet holds the index of each sample in a byte. The levels are designed by Lloyd's algorithm, from those of
a uniform quantizer, or from those of a parent.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import vqcodec
from vqcodec.api.warming import all_steps, compile_kernels
from vqcodec.cli.app import app
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.registry import engine_numbered
from vqcodec.errors import CorruptFileError, UnsupportedError, UsageError
from vqcodec.image.crop import Crop
from vqcodec.image.engines import Encoded
from vqcodec.image.pixels import Picture
from vqcodec.image.shape import Shape
from vqcodec.media.engine import Engine, SpeechEngine, Warming
from vqcodec.media.options import ChoiceOption, FlagOption, NumberOption, TextOption
from vqcodec.media.registry import engines
from vqcodec.media.training import Training
from vqcodec.media.training_options import ROUNDS, parent

SCALAR = Engine(
    name="image/scalar",
    summary="pictures: each sample by a scalar quantizer",
    coder_reference=__name__,
    trainer_reference=f"{__name__}:train",
    encode_options=(
        ChoiceOption("scan", "Order of the samples.", default="rows", choices=("rows", "columns")),
        ChoiceOption("margin", "Text for the tests.", default="0", choices=("0", "1")),
        NumberOption("shift", "A number for the tests.", default=0, low=0, high=8, whole=True),
        NumberOption("gain", "Another one.", default=1.0, low=0, high=2),
        FlagOption("flip", "Yes or no, for the tests.", default=False),
    ),
    training_options=(
        NumberOption("levels", "Levels of the quantizer.", default=8, low=2, high=256, whole=True),
        replace(ROUNDS, default=2),
        ChoiceOption("ends", "Darkest and lightest level of the first quantizer.", default=0, choices=(0, 16, "auto")),
        parent(None),
    ),
    warming=Warming(options=({}, {"scan": "columns"}), efforts=(0,)),
)


# The coder: what `vqcodec.image.engines.Coder` lists.


def encode(
    samples: np.ndarray,
    codebook: Codebook,
    quality: float,
    effort: int,
    threads: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Encoded:
    """Encode a picture, uint8 (height, width, channels)."""
    del quality, effort, threads, progress
    scan = SCALAR.check_encode_options(options or {})["scan"]
    levels = levels_of(codebook)
    height, width, channels = samples.shape
    indices = indices_of(samples, levels)
    header = bytes([scan == "columns"]) + Shape(width, height, channels).to_bytes()
    ordered = indices.swapaxes(0, 1) if scan == "columns" else indices
    packet = ordered.tobytes()
    return Encoded(header, [packet], levels[indices], {"indices": 8 * len(packet), "header": 8 * len(header)})


def ways(samples: np.ndarray, options: Mapping[str, Any], psnr_db: float) -> list[Mapping[str, Any]]:
    """Return the only way to reach a PSNR."""
    del samples, psnr_db
    return [options]


def decode(
    header: bytes,
    packets: list[bytes],
    codebook: Codebook,
    threads: int | None = None,
    crop: Crop | None = None,
    progress: Callable[[float], None] | None = None,
) -> np.ndarray:
    """Return the picture, or a part of it."""
    del threads, progress
    columns, shape = parse(header)
    if crop is not None:
        crop.check_within(shape.width, shape.height)
    levels = levels_of(codebook)
    indices = np.frombuffer(packets[0], np.uint8)
    if indices.size != shape.width * shape.height * shape.channels or indices.max(initial=0) >= len(levels):
        raise CorruptFileError("the packet does not fit the picture")
    sides = (shape.width, shape.height) if columns else (shape.height, shape.width)
    ordered = indices.reshape(*sides, shape.channels)
    samples = levels[ordered.swapaxes(0, 1) if columns else ordered]
    return np.ascontiguousarray(samples if crop is None else crop.of(samples))


def needed_packets(header: bytes, crop: Crop) -> Sequence[int]:
    """Return the number of the only packet."""
    del header, crop
    return [0]


def count_bits(header: bytes, packets: list[bytes], codebook: Codebook) -> dict[str, int]:
    """Return where the bits went."""
    del codebook
    return {"indices": 8 * len(packets[0]), "header": 8 * len(header)}


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return header and packet of a file in the compact form, which this engine has not."""
    raise AssertionError(data)


def describe(header: bytes) -> dict[str, object]:
    """Return what a header says."""
    columns, shape = parse(header)
    scan = "columns" if columns else "rows"
    return {"width": shape.width, "height": shape.height, "channels": shape.channels, "scan": scan}


def parse(header: bytes) -> tuple[bool, Shape]:
    """Return whether the samples go by columns, and the picture's shape."""
    shape, used = Shape.from_bytes(header[1:])
    if used + 1 != len(header) or header[0] > 1:
        raise CorruptFileError("the picture's header is wrong")
    return bool(header[0]), shape


def levels_of(codebook: Codebook) -> np.ndarray:
    """Return the levels, uint8 (n,), ascending."""
    codebook.require_engine(SCALAR.name)
    return codebook["levels"]


def indices_of(samples: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the index of the nearest level of each sample, uint8."""
    edges = (levels[1:].astype(float) + levels[:-1]) / 2
    return np.searchsorted(edges, samples).astype(np.uint8)


# The trainer.


def train(task: Training[Picture]) -> Codebook:
    """Design the levels by Lloyd's algorithm."""
    count, rounds = task.options["levels"], task.options["rounds"]
    pictures = [picture.samples.ravel() for picture in task.corpus]
    samples = np.concatenate(pictures)
    ends = (samples.min(), samples.max()) if task.options["ends"] == "auto" else (0, 255 - task.options["ends"])
    levels = np.linspace(*ends, count).round().astype(np.uint8) if task.parent is None else levels_of(task.parent)
    for number in range(rounds):
        task.progress(f"round {number + 1}", number / rounds)
        indices = indices_of(samples, levels)
        used = np.unique(indices)
        levels = levels.copy()
        levels[used] = [round(samples[indices == index].mean()) for index in used]
    story = {"corpus": {"pictures": len(pictures), "fingerprint": task.corpus.fingerprint()}}
    return Codebook(task.engine.name, task.name, {"levels": np.sort(levels)}, story)


# The proof.


@pytest.fixture
def registered() -> Iterator[None]:
    vqcodec.register_engine(SCALAR)
    yield
    if SCALAR in engines():
        vqcodec.unregister_engine(SCALAR.name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a picture, and a file that is none, in `pictures`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    Image.fromarray(picture()).save("pictures/a.png")
    Path("pictures/broken.png").write_bytes(b"no picture")
    return tmp_path


def picture(seed: int = 3) -> np.ndarray:
    """A slope with noise, uint8 (20, 28, 3)."""
    y, x, c = np.indices((20, 28, 3))
    return (4 * y + 3 * x + 20 * c + np.random.default_rng(seed).integers(0, 30, (20, 28, 3))).astype(np.uint8)


def own_codebook(levels: Sequence[int] = (10, 60, 110, 160, 210)) -> Codebook:
    return Codebook(SCALAR.name, "own", {"levels": np.array(levels, np.uint8)}, {})


def run(*words: str) -> Result:
    """Run the command line in this process; it must succeed."""
    result = CliRunner().invoke(app, words, prog_name="vqcodec")
    assert result.exit_code == 0, result.output
    return result


def refused(*words: str) -> str:
    """Run the command line in this process; return what it says as it fails."""
    result = CliRunner().invoke(app, words, prog_name="vqcodec")
    assert result.exit_code == 2, result.output
    return result.stderr


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("scan", ["rows", "columns"])
def test_pictures_are_encoded_and_decoded(scan: str, embed: bool) -> None:
    book, samples = own_codebook(), picture()
    wanted = levels_of(book)[indices_of(samples, levels_of(book))]
    data = vqcodec.encode_image(samples, codebook=book, embed_codebook=embed, scan=scan)  # type: ignore[call-arg]
    assert np.array_equal(vqcodec.decode_image(data, codebook=None if embed else book), wanted)
    counted = vqcodec.info(data, bits=True, codebook=book)
    assert (counted.engine, counted.parameters) == ("image/scalar", {"scan": scan})
    assert sum(counted.bits.values()) == 8 * len(data)  # type: ignore[union-attr]
    assert counted.bits["indices"] == 8 * samples.size  # type: ignore[index]
    assert vqcodec.verify(data, codebook=book).engine == "image/scalar"
    part = vqcodec.decode(data, codebook=book, crop=(3, 4, 10, 8), format="ppm").data
    assert part is not None
    assert part.endswith(wanted[4:12, 3:13].tobytes())


@pytest.mark.usefixtures("registered")
def test_encode_options_are_checked_as_they_are_declared() -> None:
    for options, message in (
        ({"scan": "zigzag"}, "scan zigzag is not known; choose rows or columns"),
        ({"scan": 1}, "scan 1 is not known; choose rows or columns"),
        ({"tune": "psnr"}, "image/scalar has no option tune; it has scan, margin, shift, gain, flip"),
    ):
        for call in (
            lambda options=options: vqcodec.encode_image(picture(), codebook=own_codebook(), **options),
            lambda options=options: vqcodec.encode(png(), codebook=own_codebook(), **options),
        ):
            with pytest.raises(UsageError, match=message):
                call()


def png() -> bytes:
    """The picture as a file."""
    stream = io.BytesIO()
    Image.fromarray(picture()).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.usefixtures("registered", "folder")
def test_codebooks_are_trained() -> None:
    told: list[tuple[str, float]] = []
    left_out: list[str] = []
    book = vqcodec.train_codebook(
        ["pictures"],
        engine="scalar",
        name="four",
        levels=4,
        progress=lambda what, part: told.append((what, part)),
        skipped=lambda path, reason: left_out.append(f"{path.name} {reason}"),
    )
    assert (book.engine, book.name, levels_of(book).size) == ("image/scalar", "four", 4)
    assert told == [("round 1", 0.0), ("round 2", 0.5)]
    assert len(left_out) == 1
    assert left_out[0].startswith("broken.png pictures/broken.png: ")
    uniform = own_codebook(np.linspace(0, 255, 4).round().astype(int).tolist())
    assert error(book) < error(uniform)
    Path("uniform.vqcb").write_bytes(uniform.to_bytes())
    again = vqcodec.train_codebook(["pictures"], engine="scalar", name="four", parent="uniform.vqcb")
    assert np.array_equal(levels_of(again), levels_of(book))
    for options, message in (
        ({"levels": 257}, "levels 257 is out of range; choose 2 to 256"),
        ({"seed": 1}, "the training of image/scalar has no option seed; it has levels, rounds, ends, parent"),
    ):
        with pytest.raises(UsageError, match=message):
            vqcodec.train_codebook(["pictures"], engine="scalar", **options)


def error(book: Codebook) -> float:
    """The mean squared error of the picture, coded with a codebook."""
    coded = encode(picture(), book, 0, 0)
    return float(((coded.reconstruction.astype(float) - picture()) ** 2).mean())


@pytest.mark.usefixtures("registered", "folder")
def test_the_command_line_knows_it() -> None:
    for ends in ("16", "auto"):
        run("train-codebook", "pictures", "--engine", "scalar", "--ends", ends, "-o", f"{ends}.vqcb")
    made = run("train-codebook", "pictures", "--engine", "scalar", "--levels", "16", "-o", "own.vqcb")
    assert made.stdout.startswith("own.vqcb: codebook own (")
    assert "from 1 pictures" in made.stdout
    assert "left out: pictures/broken.png" in made.stderr
    run("encode", "pictures/a.png", "-o", "a.vqc", "-c", "own.vqcb", "--option", "scan=columns")
    run("decode", "a.vqc", "-o", "a.png", "-c", "own.vqcb")
    samples, book = np.array(Image.open("a.png")), vqcodec.load_codebook("own.vqcb")
    assert np.array_equal(samples, encode(picture(), book, 0, 0).reconstruction)
    assert "image/scalar" in run("verify", "a.vqc", "-c", "own.vqcb").stdout
    shown = run("info", "a.vqc", "--bits", "-c", "own.vqcb").stdout
    assert "image/scalar, pictures: each sample by a scalar quantizer\n" in shown
    assert "columns" in shown
    record = json.loads(run("info", "a.vqc", "--json").stdout)
    assert (record["engine_summary"], record["engine_section"]) == (SCALAR.summary, None)
    assert SCALAR.summary in run("codebook", "show", "own.vqcb").stdout
    for wrong, message in (
        ("margin=2", "margin 2 is not known; choose 0 or 1"),
        ("shift=9", "shift 9 is out of range; choose 0 to 8"),
        ("shift=x", "shift x is not a number; choose 0 to 8"),
        ("gain=nan", "gain nan is not a finite number; choose 0 to 2"),
        ("flip=perhaps", "flip perhaps is neither yes nor no; choose True or False"),
    ):
        told = refused("encode", "pictures/a.png", "-o", "b.vqc", "-c", "own.vqcb", "--option", wrong)
        assert message in told
    right = [part for value in ("margin=1", "shift=8", "gain=0.5", "flip=true") for part in ("--option", value)]
    run("encode", "pictures/a.png", "-o", "b.vqc", "-c", "own.vqcb", *right)
    assert "scan zigzag" in refused(
        "encode", "pictures/a.png", "-o", "c.vqc", "-c", "own.vqcb", "--option", "scan=zigzag"
    )
    assert "levels 1 is out of range; choose 2 to 256" in refused(
        "train-codebook", "pictures", "--engine", "scalar", "--levels", "1", "-o", "b.vqcb"
    )
    assert "--levels is an option of engine scalar, not of transform" in refused(
        "train-codebook", "pictures", "--levels", "4", "-o", "b.vqcb"
    )


@pytest.mark.usefixtures("registered")
def test_help_knows_it() -> None:
    training = " ".join(run("train-codebook", "--help").stdout.split())
    assert "scalar pictures: each sample by a scalar quantizer" in training
    assert "--levels 2..256 (scalar) Levels of the quantizer. [default: (8)]" in training
    assert "block: 4; celp-fixed, ld-celp: 8; scalar: 2" in training.replace("- ", "-")
    assert "image/scalar scan=rows|columns, margin=0|1, shift=0..8, gain=0..2, flip=true|false" in " ".join(
        run("encode", "--help").stdout.split()
    )


@pytest.mark.usefixtures("registered")
def test_warming_takes_its_codebooks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(folder))
    monkeypatch.setattr("vqcodec.codebook.library.shipped_folder", lambda: folder / "none")
    monkeypatch.setattr("vqcodec.codebook.library.user_folder", lambda: folder / "none")
    Path("own.vqcb").write_bytes(own_codebook().to_bytes())
    seen: list[tuple[int, str]] = []

    def noted(*asked: Any) -> Encoded:
        seen.append((asked[0].shape[2], asked[5].get("scan", "")))
        return encode_as_it_is(*asked)

    encode_as_it_is: Callable[..., Encoded] = encode
    monkeypatch.setitem(globals(), "encode", noted)
    parts: list[float] = []
    compile_kernels(parts.append)
    assert sorted(seen) == [(channels, scan) for channels in (1, 2, 3, 4) for scan in ("", "columns")]
    assert parts == [number / 8 for number in range(1, 9)]


@pytest.mark.usefixtures("folder")
def test_nothing_is_left_of_an_engine_that_is_unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [run(command, "--help").stdout for command in ("train-codebook", "encode")]
    steps = list(all_steps())
    vqcodec.register_engine(SCALAR)
    data = vqcodec.encode_image(picture(), codebook=own_codebook())
    vqcodec.unregister_engine(SCALAR.name)
    assert [run(command, "--help").stdout for command in ("train-codebook", "encode")] == before
    Path("own.vqcb").write_bytes(own_codebook().to_bytes())
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", ".")
    assert list(all_steps()) == steps
    with pytest.raises(UnsupportedError, match="image engine image/scalar is not known to this version"):
        vqcodec.decode_image(data, codebook=own_codebook())
    with pytest.raises(UnsupportedError, match="not known"):
        vqcodec.encode_image(picture(), codebook=own_codebook())
    with pytest.raises(UsageError, match="there is no engine scalar to train for image"):
        vqcodec.train_codebook(["pictures"], engine="scalar")
    assert SCALAR not in engines()
    assert engine_numbered(9) is None
    with pytest.raises(UsageError, match="no engine image/scalar was registered"):
        vqcodec.unregister_engine(SCALAR.name)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ("image/other", "registered by its descriptor"),
        (replace(SCALAR, name="other"), "'other' cannot be the name of an engine"),
        (replace(SCALAR, name="smell/other"), "'smell/other' cannot be the name of an engine"),
        (SCALAR, "there is an engine image/scalar already"),
        (replace(SCALAR, name="image/transform"), "there is an engine image/transform already"),
        (replace(SCALAR, name="video/block"), "there is an engine image/block already; choose another word than block"),
        (replace(SCALAR, name="image/other", number=9), "numbers belong to the engines of FORMAT.md"),
        (replace(SCALAR, name="speech/other"), "describe it by a SpeechEngine"),
        (replace(SCALAR, name="image/other", encode_options=(TextOption("a b"),)), "has an option 'a b'"),
        (replace(SCALAR, name="image/other", encode_options=(TextOption("a"),) * 2), "has an option 'a'"),
        (replace(SCALAR, name="image/other", training_options=(TextOption("threads"),)), "a name that is in use"),
        (replace(SCALAR, name="image/other", encode_options=(TextOption("gop"),)), "option gop, a name that is in use"),
        (replace(SCALAR, name="image/other", encode_options=(TextOption("depth"),)), "stands for something else"),
        (replace(SCALAR, name="image/other", training_options=(TextOption("levels"),)), "stands for something else"),
        (replace(SCALAR, name="image/other", training_options=(NumberOption("lambda"),)), "stands for something else"),
    ],
)
def test_a_descriptor_that_cannot_be_used_is_refused(descriptor: Any, message: str) -> None:
    known = engines()
    with pytest.raises(UsageError, match=message):
        vqcodec.register_engine(descriptor)
    assert engines() == known


def test_speech_and_video_are_registered_likewise() -> None:
    spoken = SpeechEngine(name="speech/other", summary="speech: nothing yet", coder_reference=__name__, band="wb")
    moving = Engine(name="video/other", summary="video: nothing yet", coder_reference=__name__)
    for engine in (spoken, moving):
        vqcodec.register_engine(engine)
        assert engines(engine.medium)[-1] is engine
        vqcodec.unregister_engine(engine.name)
        assert engine not in engines()
