"""Frozen files decode to frozen samples, in every version."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vqcodec.codebook.library import load_codebook
from vqcodec.image import decode_image
from vqcodec.speech.reader import decode_speech

HERE = Path(__file__).parent
HASHES = json.loads((HERE / "hashes.json").read_text())


def test_every_golden_file_has_a_hash():
    elsewhere = "memory-", "alpha-", "copies-", "palettes-", "mixed-"  # each has a test_golden_ of its own
    found = {path.name for path in HERE.glob("*.vqc") if not path.name.startswith(elsewhere)}
    assert found == set(HASHES)


@pytest.mark.parametrize("name", sorted(HASHES))
def test_decodes_to_the_frozen_samples(name):
    samples = np.atleast_3d(decode_image((HERE / name).read_bytes()))
    assert list(samples.shape) == HASHES[name]["shape"]
    assert hashlib.sha256(samples.tobytes()).hexdigest() == HASHES[name]["sha256"]


def test_every_golden_speech_has_its_samples():
    names, samples, codebooks = (
        {path.stem for path in (HERE / "speech").glob(f"*.{suffix}")} for suffix in ("vqc", "flac", "vqcb")
    )
    assert names == samples == codebooks == {"celp-4800", "ld-celp-16k", "speech-nb", "speech-wb"}


@pytest.mark.parametrize("name", sorted(path.stem for path in (HERE / "speech").glob("*.vqc")))
def test_speech_decodes_to_the_frozen_samples(name):
    """Within 1 unit, as floating point may round another way on another machine."""
    codebook = load_codebook(HERE / "speech" / f"{name}.vqcb")
    samples, rate = decode_speech((HERE / "speech" / f"{name}.vqc").read_bytes(), codebook=codebook, rate="codec")
    frozen, frozen_rate = soundfile.read(HERE / "speech" / f"{name}.flac", dtype="int16")
    assert rate == frozen_rate
    assert np.abs(samples.astype(int) - frozen).max() <= 1
