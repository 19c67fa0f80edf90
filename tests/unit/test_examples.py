"""The example scripts, run whole on small data made here."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image, ImageDraw
from synthetic_speech import synthetic_speech

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a script with arguments; what it prints."""

    def run_script(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        monkeypatch.syspath_prepend(str(EXAMPLES))
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run_script


@pytest.fixture
def digits(tmp_path):
    """200 drawn digits, a little shifted and noisy."""
    chance = np.random.default_rng(1)
    for number in range(200):
        picture = Image.new("L", (20, 20))
        place = (6 + chance.integers(-1, 2), 4 + chance.integers(-1, 2))
        ImageDraw.Draw(picture).text(place, str(number % 10), fill=255)
        noisy = np.clip(np.asarray(picture) + chance.normal(0, 20, (20, 20)), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(tmp_path / f"d{number % 10}_{number:03d}.png")
    return tmp_path


def percentages(text):
    return [float(found) for found in re.findall(r"([\d.]+) ?%", text)]


def test_digits(run, digits):
    found = percentages(run("digits.py", digits))
    assert len(found) == 4
    assert min(found) > 30


def test_noisy_channel(run, tmp_path):
    y, x = np.mgrid[:96, :128]
    shaded = 128 + 60 * np.sin(x / 9) + 50 * np.cos(y / 13) + np.random.default_rng(3).normal(0, 8, (96, 128))
    Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8)).save(tmp_path / "p.png")
    said = run("noisy_channel.py", tmp_path / "p.png", "--ber", "0.02", "--codewords", "64", "-o", tmp_path / "out")
    levels = {name: float(level) for name, level in re.findall(r"^(\w+) +([\d.]+) dB", said, re.MULTILINE)}
    assert levels["random"] + 1 < levels["switching"]
    assert levels["gray"] < levels["switching"] + 0.3
    assert levels["switching"] < levels["optimized"] + 0.3
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(levels)
    with pytest.raises(SystemExit, match="--ber must be"):
        run("noisy_channel.py", tmp_path / "p.png", "--ber", "0.7")


def test_weights(run, digits):
    found = percentages(run("weights.py", digits))
    assert found[0] > 60
    assert found[0] - found[1] < 8 < found[0] - found[-1]


def test_faces(run, tmp_path):
    chance = np.random.default_rng(2)
    for person in range(6):
        face = np.kron(chance.integers(0, 256, (14, 12)), np.ones((4, 4)))
        for number in range(3):
            seen = np.clip(face + chance.normal(0, 12, face.shape) + 20 * number, 0, 255)
            Image.fromarray(seen.astype(np.uint8)).save(tmp_path / f"s{person}_{number}.png")
    assert percentages(run("faces.py", tmp_path, "--codewords", 16))[0] > 80


def test_speakers(run, tmp_path):
    for number in range(3):
        samples = synthetic_speech(12.0, 8000) / 32768
        kernel = np.array([1.0, 0.7 * (number - 1), 0.2 * number])
        soundfile.write(tmp_path / f"{number}.flac", 0.3 * np.convolve(samples, kernel)[: len(samples)], 8000)
    text = run("speakers.py", tmp_path, "--codewords", 8)
    assert text.startswith("3 speakers, 3 pieces of 3 s\ncodebooks of 8: 100.0%")


def test_neighbours(run):
    text = run("neighbours.py", "--vectors", 3000)
    for name in ("product", "residual"):
        recalls = [float(found) for found in re.findall(r"([\d.]+) at", next(re.finditer(f"{name} .*", text))[0])]
        assert 0.4 < recalls[0] <= recalls[1] <= recalls[2]
        assert recalls[2] > 0.95


@pytest.mark.parametrize("name", ["digits.py", "faces.py", "speakers.py", "weights.py"])
def test_a_folder_without_data_is_named(name, run, tmp_path):
    with pytest.raises(SystemExit, match=re.escape(str(tmp_path))):
        run(name, tmp_path)
