"""The same picture, options and codebook give the same bytes: again, in any number of threads, in any process."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from vqcodec.image import encode_image

CODEBOOKS = ("classic-4x4-256", "classic-2x2-256")
ENCODE = """
import hashlib, sys
import numpy as np
from vqcodec.image import encode_image
samples = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(61, 83, 4)
for codebook in sys.argv[1:]:
    print(hashlib.sha256(encode_image(samples, codebook=codebook, quality=60, effort=9)).hexdigest())
"""


def picture():
    """Waves, an edge and noise, uint8 (61, 83, 4)."""
    y, x = np.mgrid[0:61, 0:83]
    plane = 120 + 60 * np.sin(x / 9) * np.cos(y / 7) + np.where(x > y + 20, 40, 0)
    noise = np.random.default_rng(11).normal(0, 5, (61, 83, 4))
    return np.clip(plane[:, :, None] + noise + 10 * np.arange(4), 0, 255).astype(np.uint8)


def encode(codebook, threads=None):
    return encode_image(picture(), codebook=codebook, quality=60, effort=9, threads=threads)


@pytest.mark.parametrize("codebook", CODEBOOKS)
def test_again_and_in_any_number_of_threads(codebook):
    files = {encode(codebook), encode(codebook), encode(codebook, threads=1), encode(codebook, threads=2)}
    assert len(files) == 1


def test_in_processes_with_other_hash_seeds():
    wanted = [hashlib.sha256(encode(codebook)).hexdigest() for codebook in CODEBOOKS]
    command = [sys.executable, "-c", ENCODE, *CODEBOOKS]
    for seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, input=picture().tobytes(), env=environment, capture_output=True, check=True)
        assert done.stdout.decode().split() == wanted
