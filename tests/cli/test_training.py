"""`train-codebook`: options by engine, what it says of the corpus, and the commands that the documents give."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from typer.testing import Result

from vqcodec.api.training import ENGINES, VideoOptions
from vqcodec.cli.options.training import FIELDS, Engine, EngineOptions
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import UsageError
from vqcodec.image.block import train as block
from vqcodec.image.block.train import BlockOptions
from vqcodec.image.transform import train as transform
from vqcodec.image.transform.train import TransformOptions
from vqcodec.speech.textbook import training_options as textbook
from vqcodec.speech.textbook.celp import training as celp_training
from vqcodec.speech.textbook.ld_celp import training as ld_training
from vqcodec.speech.training import train as speech
from vqcodec.speech.training.train import TrainingOptions
from vqcodec.video.mc.training import train as mc
from vqcodec.video.st3d import train as st3d

Run = Callable[..., Result]

ROOT = Path(__file__).parents[2]
KINDS = {
    Engine.TRANSFORM: TransformOptions,
    Engine.BLOCK: BlockOptions,
    Engine.CELP_NB: TrainingOptions,
    Engine.CELP_WB: TrainingOptions,
    Engine.CELP_FIXED: textbook.TrainingOptions,
    Engine.LD_CELP: textbook.TrainingOptions,
    Engine.MC: VideoOptions,
    Engine.ST3D: VideoOptions,
}


@pytest.mark.parametrize("engine", [Engine.TRANSFORM, Engine.BLOCK, Engine.MC, Engine.ST3D])
def test_every_option_of_an_engine_can_be_given(engine: Engine) -> None:
    assert set(FIELDS[engine].values()) == {field.name for field in dataclasses.fields(KINDS[engine])}


@pytest.mark.parametrize("engine", [Engine.CELP_NB, Engine.CELP_WB, Engine.CELP_FIXED, Engine.LD_CELP])
def test_options_of_speech_are_those_of_its_training(engine: Engine) -> None:
    assert set(FIELDS[engine].values()) <= {field.name for field in dataclasses.fields(KINDS[engine])} | {
        "checkpoint",
        "parent",
    }


def test_the_engines_are_those_that_can_be_trained() -> None:
    assert [engine.value for engine in Engine] == [name for names in ENGINES.values() for name in names]


@pytest.mark.parametrize("engine", Engine)
def test_defaults_in_the_help_are_those_of_the_engine(engine: Engine, run: Run) -> None:
    """But where they are none, the empty text, 0 or a flag, for which the help has words."""
    text = " ".join(run("train-codebook", "--help").stdout.split())
    for flag, name in FIELDS[engine].items():
        value = getattr(KINDS[engine](), name, "")
        shown = re.search(rf"{flag} .*?\[default: \((.*?)\)", text)
        if value in ("", 0, False, None) or shown is None:
            continue
        apart = (other.split(" ") for other in shown[1].split("; with ")[1:])  # "block 4", "celp-fixed and ld-celp 8"
        said = next((words[-1] for words in apart if engine.value in words), shown[1].split("; with ")[0])
        assert said == (f"{value:g}" if isinstance(value, float) else str(value)), flag


def test_an_option_of_another_engine_is_refused() -> None:
    assert EngineOptions(block=8, lambda_=0).for_engine(Engine.BLOCK) == {"side": 8, "lambda_": 0}
    with pytest.raises(UsageError, match="--block is an option of engine block, not of transform"):
        EngineOptions(block=8).for_engine(Engine.TRANSFORM)


def test_options_reach_the_block_engine(workspace: Path, run: Run) -> None:
    options = "--size 8 --block 2 --layout joint --classes 3 --lambda 5 --rounds 2 --scales 2 --symmetries"
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
    assert len(lines) == 2
    assert re.match(r"left out: cut\.png: cannot be read", lines[0])
    assert re.match(r"left out: text\.txt: not a picture", lines[1])
    assert json.loads(result.stdout)["provenance"]["corpus"]["pictures"] == 1


def test_threads_do_not_change_the_codebook(workspace: Path, run: Run) -> None:
    for threads in "12":
        run(*f"train-codebook photo.png -o {threads}.vqcb --name x --engine block --size 8 --threads {threads}".split())
    assert Path("1.vqcb").read_bytes() == Path("2.vqcb").read_bytes()


def test_options_reach_the_transform_engine(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def pretend(_corpus: object, name: str, options: TransformOptions, **rest: object) -> Codebook:
        seen.update(dataclasses.asdict(options), **rest)
        return untrained(name)

    monkeypatch.setattr(transform, "train", pretend)
    options = "--rounds 2 --effort 0 --tune ssim --chroma 420 --scales 2 --pixels 99 --checkpoint rounds --threads 3"
    result = run(*f"train-codebook photo.png -o x.vqcb --parent none {options}".split())
    assert result.exit_code == 0, result.output
    wanted = {"rounds": 2, "effort": 0, "tune": "ssim", "chroma": "420", "scales": 2, "pixels": 99}
    assert seen.items() >= {**wanted, "checkpoint": "rounds", "threads": 3, "parent": None}.items()


def untrained(name: str) -> Codebook:
    """A codebook that says nothing."""
    return Codebook(
        "image/block", name, {"a": np.zeros(1, np.uint8)}, {"corpus": {"pictures": 1, "recordings": 1, "clips": 1}}
    )


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

    def pretend(_signals: object, _band: object, options: TrainingOptions, *rest: object) -> Codebook:
        plain = untrained(options.name)
        return Codebook(plain.engine, plain.name, plain.arrays, {**plain.provenance, "lsf": [measured, measured]})

    monkeypatch.setattr(speech, "train", pretend)
    result = run("train-codebook", "voice.wav", "--media", "speech", "-o", "voice.vqcb")
    assert result.exit_code == 0, result.output
    _, *lines = result.stdout.splitlines()
    assert lines == [
        f"  LSF codebook {number}: 12.3 bits a frame, spectral distortion 1.50 dB, 25.0% of frames above 2 dB, "
        "0.0% above 4 dB"
        for number in range(2)
    ]


def test_the_recipe_of_the_shipped_codebooks_is_accepted(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands as the shell makes them, with the training itself, which takes long, left out."""
    shutil.copy(ROOT / "codebooks" / "recipe.sh", "recipe.sh")
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
    subprocess.run(["sh", "recipe.sh", "images", "speech", "video"], check=True, env={"PATH": paths})

    def pretend(_corpus: object, name: str, _options: object, **_rest: object) -> Codebook:
        return untrained(name)

    monkeypatch.setattr(block, "train", pretend)
    monkeypatch.setattr(transform, "train", pretend)
    monkeypatch.setattr(speech, "train", lambda _signals, _band, options, *_rest: untrained(options.name))
    for module in (celp_training, ld_training):
        monkeypatch.setattr(module, "train", lambda _signals, options, *_rest: untrained(options.name))
    monkeypatch.setattr(mc, "train_video", lambda _clips, *, name, **_rest: untrained(name))
    monkeypatch.setattr(st3d, "train_st3d", lambda _clips, *, name, **_rest: untrained(name))
    commands = [text.split("\n") for text in Path("commands.txt").read_text().strip("\n").split("\n\n")]
    assert len(commands) == 11
    for command in commands:
        result = run(*command)
        assert result.exit_code == 0, (command, result.output)
