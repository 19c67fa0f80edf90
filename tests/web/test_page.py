"""The page: it shows pictures, plays speech, says what is wrong, and knows the shipped codebooks."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import wave
from pathlib import Path

import numpy as np
import pytest
from browser_decoder import CODEBOOKS, WEB, run_node

import vqcodec
from vqcodec.codebook.file import read_header

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def show(page_folder):
    """Has the page show a file; returns what it says, shows and plays."""

    def run(file: Path) -> dict[str, str]:
        found: dict[str, str] = run_node("show.mjs", str(page_folder / "web"), str(file))
        return found

    return run


@pytest.mark.parametrize("kind", ["rgb", "rgba", "grey", "grey-alpha"])
def test_pictures_are_shown(kind, show):
    file = GOLDEN / f"transform-{kind}-80.vqc"
    samples = np.atleast_3d(vqcodec.decode_image(file.read_bytes()))
    colour = samples[:, :, :3] if samples.shape[2] > 2 else np.repeat(samples[:, :, :1], 3, axis=2)
    opaque = samples.shape[2] % 2 == 1
    alpha = np.full_like(samples[:, :, :1], 255) if opaque else samples[:, :, -1:]
    found = show(file)
    assert found["said"].startswith(f"{file.name}: {samples.shape[1]} x {samples.shape[0]} pixels, ")
    assert found["picture"] == hashlib.sha256(np.concatenate([colour, alpha], axis=2).tobytes()).hexdigest()


def test_speech_is_played(show, tmp_path):
    sound = (3000 * np.sin(np.arange(16000) / 9)).astype(np.int16)
    file = tmp_path / "tone.vqc"
    file.write_bytes(
        vqcodec.encode_speech(np.stack([sound, -sound], axis=1), 8000, codebook="celp-4800", channels="keep")
    )
    samples, rate = vqcodec.decode_speech(file.read_bytes(), rate="codec")
    found = show(file)
    assert found["said"].startswith("tone.vqc: 2.0 s, 8000 Hz, ")
    with wave.open(io.BytesIO(base64.b64decode(found["sound"]))) as wav:
        assert wav.getparams()[:4] == (2, 2, rate, len(samples))
        played = np.frombuffer(wav.readframes(len(samples)), "<i2").reshape(samples.shape)
    assert np.abs(played.astype(int) - samples).max() <= 1


def test_what_is_wrong_is_said(show, tmp_path):
    file = tmp_path / "cut.vqc"
    file.write_bytes((GOLDEN / "transform-rgb-80.vqc").read_bytes()[:-1])
    assert show(file)["said"].startswith("cut.vqc: CorruptFileError: the checksum is wrong")


def test_the_page_knows_the_shipped_codebooks():
    heads = {path: read_header(path.read_bytes(), path.name) for path in CODEBOOKS}
    shipped = {path: head.identity[:8] for path, head in heads.items()}
    known = json.loads((WEB / "codebooks.json").read_text())
    assert {(WEB / address).resolve(): identity for identity, address in known.items()} == shipped
