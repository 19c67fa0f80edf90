"""docs/recipes.md: each command of it, run by a shell as it is written, one after another in one folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech

from vqcodec.ffmpeg import program

TEXT = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in TEXT.split("\n## ")[1:]}
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the recipes take for granted, and a folder with the programs that they call."""
    folder = tmp_path_factory.mktemp("recipes")
    seeds = iter(range(1000))
    for name in ("thumbnails/a.png", "thumbnails/pets/cat.png", "photos/one.png", "photos/two.png", "photo.png"):
        picture(folder / name, next(seeds))
    for x in range(3):
        picture(folder / f"tiles/3/4/{x}.png", next(seeds))
    for name, channels in (("episode.wav", 2), ("prompts/hold.wav", 1), ("prompts/one.wav", 1)):
        (folder / name).parent.mkdir(exist_ok=True)
        voices = [synthetic_speech(3.5 if channels == 2 else 1, 16000, next(seeds)) for _ in range(channels)]
        soundfile.write(folder / name, np.stack(voices, axis=1).astype(np.int16), 16000)
    soundfile.write(folder / "episode.mp3", *soundfile.read(folder / "episode.wav"))
    sound = folder / "prompts" / "hold.wav"
    for name in ("camera/gate.mkv", "camera/yard.mkv", "clip.mkv", "meeting.mkv"):
        heard = {"clip.mkv": sound, "meeting.mkv": folder / "episode.wav"}.get(name)
        write_clip(folder / name, 25, 48, 64, sound=heard, options=["-c:v", "ffv1"])
    (folder / "bin").mkdir()
    (folder / "bin" / "vqcodec").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vqcodec "$@"\n')
    (folder / "bin" / "vqcodec").chmod(0o755)
    (folder / "bin" / "ffmpeg").symlink_to(program.executable())
    return folder


def picture(path: Path, seed: int) -> None:
    """Make a picture with soft and sharp parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    small = chance.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(small).resize((64, 48), Image.Resampling.BICUBIC).save(path)


def scripts(section: str, language: str = "sh") -> list[str]:
    return re.findall(rf"(?s)```{language}\n(.*?)```", SECTIONS[section])


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a shell does that stops at the first failure."""
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SDL_AUDIODRIVER": "dummy",
        "SDL_VIDEODRIVER": "dummy",
    }
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_list_of_contents_is_complete() -> None:
    assert re.findall(r"(?m)^- \[(.*?)\]\(#", TEXT.partition("\n## ")[0]) == list(SECTIONS)


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "Players"])
def test_a_recipe_runs_as_it_is_written(section: str, folder: Path) -> None:
    assert scripts(section)
    for script in scripts(section):
        done = run(script, folder)
        assert done.returncode == 0, f"{script}\n{done.stderr}"
    for made in re.findall(r"(?m)(?: -o |> )([\w/-]+\.\w+)", "".join(scripts(section))):
        assert (folder / made).stat().st_size > 0
    for source in scripts(section, "python"):
        done = subprocess.run([sys.executable, "-c", source], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_what_the_recipes_made(folder: Path) -> None:
    """The figures and claims in the text around the commands."""
    if not (folder / "both.mp4").exists():
        pytest.skip("the recipes have not been run")
    assert sorted(path.name for path in (folder / "frames").iterdir()) == ["002.png", "003.png", "004.png"]
    assert list((folder / "camera").iterdir()) == [], "all clips were deleted"
    assert len(list((folder / "archive").glob("*.vqc"))) == 4
    assert soundfile.info(folder / "part.wav").duration == pytest.approx(2, abs=0.01)
    assert soundfile.info(folder / "telephone" / "hold.wav").subtype == "ULAW"
    assert Image.open(folder / "small" / "one.png").size == (64, 48)


@pytest.mark.parametrize("command", scripts("Players")[0].splitlines())
def test_players_play_what_is_decoded(command: str, folder: Path) -> None:
    """Without a screen and without a loudspeaker."""
    player = command.split(" | ")[1].split()[0]
    if shutil.which(player) is None:
        pytest.skip(f"{player} is not installed")
    made = re.findall(
        r"(?m)^.*\| vqcodec encode - -o (?:talk|clip)\.vqc.*$|^.*-o both\.vqc.*$", "".join(scripts("Pipes"))
    )
    for script in made if not (folder / "both.vqc").exists() else ():
        assert run(script, folder).returncode == 0
    quiet = command.replace("mpv ", "mpv --ao=null --vo=null --untimed ")
    done = run(quiet, folder)
    assert (done.returncode, done.stderr.count("vqcodec:")) == (0, 0), done.stderr
