"""`train-codebook`: options by engine, what it says of the corpus, and the commands that the documents give."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from typer.testing import Result

from vqcodec.cli.options.training import EngineOptions, flag
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import UsageError
from vqcodec.image.block import train as block
from vqcodec.image.transform import train as transform
from vqcodec.media.engine import Engine
from vqcodec.media.registry import engine_to_train, trainable_engines
from vqcodec.media.training import Training
from vqcodec.speech.textbook.celp import training as celp_training
from vqcodec.speech.textbook.ld_celp import training as ld_training
from vqcodec.speech.training import train as speech
from vqcodec.video.mc.training import train as mc
from vqcodec.video.st3d import train as st3d

Run = Callable[..., Result]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("engine", trainable_engines(), ids=lambda engine: engine.short_name)
def test_help_says_the_default_of_every_option_of_every_engine(engine: Engine, run: Run) -> None:
    text = " ".join(run("train-codebook", "--help").stdout.replace("-\n", "-").split())
    for option in engine.training_options:
        shown = re.search(rf" {flag(option.name)} (?:\S+ )?\((.*?)\) .*?\[default: \((.*?)\)\]", text)
        assert shown is not None, option.name
        assert shown[1] == "all" or engine.short_name in shown[1].replace("- ", "-").split(", ")
        first, *others = shown[2].replace("- ", "-").split("; ")
        apart = {name: words for names, words in (other.split(": ") for other in others) for name in names.split(", ")}
        words = {bool: lambda yes: "on" if yes else "off", float: "{:.15g}".format}.get(type(option.default), str)
        wanted = option.default_help or words(option.default)
        assert apart.get(engine.short_name, first) == wanted, option.name


def test_an_option_of_another_engine_is_refused() -> None:
    chosen = EngineOptions(side=8, lambda_=0.0, rounds=None)
    assert chosen.for_engine(engine_to_train("image", "block")) == {"side": 8, "lambda_": 0.0}
    with pytest.raises(UsageError, match="--side is an option of engine block, not of transform"):
        chosen.for_engine(engine_to_train("image", None))


def test_options_reach_the_block_engine(workspace: Path, run: Run) -> None:
    options = "--size 8 --side 2 --layout joint --classes 3 --lambda 5 --rounds 2 --scales 2 --symmetries"
    result = run(
        *f"train-codebook photo.png -o x.vqcb --engine block {options} --training-vectors 900 --seed 7".split()
    )
    assert result.exit_code == 0, result.output
    provenance = load_codebook("x.vqcb").provenance
    assert provenance["seed"] == 7
    assert provenance["options"] == {
        "size": 8,
        "side": 2,
        "layout": "joint",
        "classes": 3,
        "structure": "flat",
        "method": "lbg",
        "lambda_": 5.0,
        "rounds": 2,
        "scales": 2,
        "symmetries": True,
        "training_vectors": 900,
    }


def test_pictures_that_cannot_be_read_are_listed(workspace: Path, run: Run) -> None:
    pictures = ["photo.png", "text.txt", "cut.png"]
    result = run("train-codebook", *pictures, "-o", "x.vqcb", "--engine", "block", "--size", "8", "--json")
    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"training on 3 pictures \([\d.]+ Mpixel\)", lines[0])
    assert re.match(r"left out: cut\.png: cannot be read", lines[1])
    assert re.match(r"left out: text\.txt: not a picture", lines[2])
    quiet = run("train-codebook", "photo.png", "-o", "y.vqcb", "--engine", "block", "--size", "8", "--quiet")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert json.loads(result.stdout)["provenance"]["corpus"]["pictures"] == 1


def test_threads_do_not_change_the_codebook(workspace: Path, run: Run) -> None:
    for threads in "12":
        run(*f"train-codebook photo.png -o {threads}.vqcb --name x --engine block --size 8 --threads {threads}".split())
    assert Path("1.vqcb").read_bytes() == Path("2.vqcb").read_bytes()


def test_options_reach_the_transform_engine(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def pretend(task: Training[object]) -> Codebook:
        seen.update({**task.options, "threads": task.threads, "parent": task.parent})
        task.checkpoint.keep_round(1, {"a": np.zeros(1)})
        seen["kept"] = Path("x.vqcb.unfinished").exists()
        return untrained(task)

    monkeypatch.setattr(transform, "train", pretend)
    options = "--rounds 2 --effort 0 --tune ssim --chroma 420 --scales 2 --pixels 99 --threads 3"
    result = run(*f"train-codebook photo.png -o x.vqcb --parent none {options}".split())
    assert result.exit_code == 0, result.output
    wanted = {"rounds": 2, "effort": 0, "tune": "ssim", "chroma": "420", "scales": 2, "pixels": 99}
    assert seen.items() >= {**wanted, "threads": 3, "parent": None, "kept": True}.items()
    assert not Path("x.vqcb.unfinished").exists()


@pytest.mark.parametrize(
    ("report", "status", "message"),
    [
        ("x.txt", 2, "x.txt: a report is .json, .svg, .png, .pdf; choose one of them"),
        ("-", 2, "-: a report is .json, .svg, .png, .pdf; choose one of them"),
        ("nowhere/x.json", 8, "nowhere/x.json: cannot be written: the folder does not exist; make it first"),
        ("photo.png", 2, "photo.png: is also an input; name another output"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    report: str, status: int, message: str, workspace: Path, run: Run
) -> None:
    result = run("train-codebook", "photo.png", "-o", "x.vqcb", "--engine", "block", "--report", report)
    assert (result.exit_code, result.stdout, result.stderr) == (status, "", f"vqcodec: {message}\n")
    assert not list(Path().glob("x.vqcb*"))


def test_a_drawing_without_matplotlib_is_refused_before_the_work(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("train-codebook", "photo.png", "-o", "x.vqcb", "--engine", "block", "--report", "x.svg")
    assert (result.exit_code, result.stderr) == (2, "vqcodec: a drawing needs matplotlib: pip install matplotlib\n")
    assert not list(Path().glob("x.*"))


def test_the_report_is_written_as_json_and_drawn(workspace: Path, run: Run) -> None:
    Image.open("photo.png").rotate(90).save("a.png")
    asked = "train-codebook a.png photo.png --engine block --size 8 --hold-out 1 -o mine.vqcb --force --json --report"
    result = run(*asked.split(), "x.json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert json.loads(Path("x.json").read_text()) == told
    assert told["held_out"]["files"] == ["photo.png"]
    pytest.importorskip("matplotlib")
    drawings = []
    for name in ("x.svg", "y.svg"):
        assert run(*asked.split(), name).exit_code == 0
        drawings.append(Path(name).read_bytes())
    assert drawings[0] == drawings[1]
    words = re.findall("<!-- (.+) -->", drawings[0].decode())  # matplotlib draws letters, and tells what they say
    for shown in ("mine (image/block)", "classic-4x4-256", "PSNR, dB", "luma: design", "squared error a block"):
        assert shown in words


def untrained(task: Training[object]) -> Codebook:
    """A codebook that says nothing."""
    corpus = {"pictures": 1, "recordings": 1, "clips": 1}
    return Codebook(task.engine.name, task.name, {"a": np.zeros(1, np.uint8)}, {"corpus": corpus})


def test_the_palette_tutorial_runs_as_it_is_written(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a picture of few colours, which its palette then holds exactly."""
    monkeypatch.chdir(tmp_path)
    Path("samples").mkdir()
    colours = np.random.default_rng(2).integers(0, 256, (16, 3)).astype(np.uint8)
    samples = colours[np.arange(40 * 48).reshape(40, 48) // 9 % 16]
    Image.fromarray(samples).save("samples/kodim23.png")
    text = (ROOT / "docs" / "tutorials" / "palette.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?m)^vqcodec (.+)$", re.search(r"(?s)```sh\n(.*?)```", text)[1])  # type: ignore[index]
    assert len(commands) == 4
    for command in commands:
        result = run(*shlex.split(command))
        assert result.exit_code == 0, result.output
    psnr = float(re.search(r"PSNR +([\d.]+) dB", result.stdout)[1])  # type: ignore[index]
    assert psnr > 45, "16 colours are not kept by a palette of 16"


def test_training_tells_how_well_each_lsf_codebook_keeps_the_envelope(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write("voice.wav", np.zeros(16000), 8000)
    measured = {"bits_per_frame": 12.34, "mean_db": 1.5, "above_2_db": 0.25, "above_4_db": 0.0}

    def pretend(task: Training[object]) -> Codebook:
        plain = untrained(task)
        return Codebook(plain.engine, plain.name, plain.arrays, {**plain.provenance, "lsf": [measured, measured]})

    monkeypatch.setattr(speech, "train", pretend)
    result = run("train-codebook", "voice.wav", "-o", "voice.vqcb")
    assert result.exit_code == 0, result.output
    _, *lines = result.stdout.splitlines()
    assert lines[:2] == [
        f"  LSF codebook {number}: 12.3 bits a frame, spectral distortion 1.50 dB, 25.0% of frames above 2 dB, "
        "0.0% above 4 dB"
        for number in range(2)
    ]


def test_the_medium_is_found_out_by_the_files(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    parents = []

    def pretend(task: Training[object]) -> Codebook:
        parents.append(task.parent and task.parent.name)
        return untrained(task)

    monkeypatch.setattr(speech, "train", pretend)
    monkeypatch.setattr(ld_training, "train", pretend)
    Path("voices", "deep").mkdir(parents=True)
    soundfile.write(Path("voices", "deep", "a.wav"), np.zeros(1600), 8000)
    Path("voices", "notes.txt").write_text("nothing to train on")
    result = run("train-codebook", "voices", "-o", "one.vqcb", "--json")
    assert json.loads(result.stdout)["engine"] == "speech/celp-nb"
    assert parents == ["speech-nb"]
    shutil.copy("photo.png", "voices")
    result = run("train-codebook", "voices", "-o", "two.vqcb")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "several media (1 of image, 1 of speech); say which with --media" in result.stderr
    result = run("train-codebook", "voices", "-o", "three.vqcb", "--engine", "ld-celp", "--json")
    assert json.loads(result.stdout)["engine"] == "speech/ld-celp"
    result = run("train-codebook", "voices/notes.txt", "-o", "four.vqcb")
    assert result.exit_code == 3


def test_the_recipe_of_the_shipped_codebooks_is_accepted(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands as the shell makes them, with the training itself, which takes long, left out."""
    for name in ("recipe.sh", "screens.py"):
        shutil.copy(ROOT / "codebooks" / name, name)
    for place in ("train/wp_1.png", "train_screen/opencv_1.png", "tiles/emoji_noto64/1f600.png"):
        Path("images", place).parent.mkdir(parents=True)
        shutil.copy("photo.png", Path("images", place))
    for place in ("libri_1.wav", "asterisk_1.wav", "8k/fsdd_1.wav"):
        Path("speech", place).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(Path("speech", place), np.zeros(1600), 8000)
    write_clip(Path("video", "clip.mkv"), 3)
    script = Path("bin", "vqcodec")
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "" >> commands.txt\n')
    script.chmod(0o755)
    paths = f"{script.parent.resolve()}:/usr/bin:/bin"
    command = ["sh", "recipe.sh", "images", "speech", "video", "clips"]
    subprocess.run(command, check=True, env={"PATH": paths, "PYTHON": sys.executable})

    for module in (block, transform, speech, celp_training, ld_training, mc, st3d):
        monkeypatch.setattr(module, "train", untrained)
    commands = [text.split("\n") for text in Path("commands.txt").read_text().strip("\n").split("\n\n")]
    assert len(commands) == 12
    for command in commands:
        result = run(*command)
        assert result.exit_code == 0, (command, result.output)
