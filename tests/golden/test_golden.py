"""Frozen files decode to frozen samples, in every version."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from vqcodec.image import decode_image

HERE = Path(__file__).parent
HASHES = json.loads((HERE / "hashes.json").read_text())


def test_every_golden_file_has_a_hash():
    assert {path.name for path in HERE.glob("*.vqc")} == set(HASHES)


@pytest.mark.parametrize("name", sorted(HASHES))
def test_decodes_to_the_frozen_samples(name):
    samples = decode_image((HERE / name).read_bytes())
    assert list(samples.shape) == HASHES[name]["shape"]
    assert hashlib.sha256(samples.tobytes()).hexdigest() == HASHES[name]["sha256"]
