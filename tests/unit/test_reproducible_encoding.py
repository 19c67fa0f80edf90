"""The same picture, options and codebook give the same bytes: again, in any number of threads, in any process."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from vqcodec.blocks.model.initial import initial_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.image import encode_image

ENGINES = {"classic-4x4-256": 9, "classic-2x2-256": 9, "untrained": 4}
"""Codebooks, and the effort they are used with."""
SHAPE = (61, 83, 4)
WIDE = (24, 1300, 3)  # two tiles of the transform engine
ENCODE = """
import hashlib, sys
import numpy as np
from vqcodec.image import encode_image
samples = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(61, 83, 4)
for codebook, effort in zip(sys.argv[1::2], sys.argv[2::2]):
    print(hashlib.sha256(encode_image(samples, codebook=codebook, quality=60, effort=int(effort))).hexdigest())
"""


@pytest.fixture(scope="module", autouse=True)
def untrained_codebook(tmp_path_factory):
    """A codebook of the transform engine in the search path."""
    folder = tmp_path_factory.mktemp("codebooks")
    book = Codebook("image/transform", "untrained", initial_model([10, 30, 50]).to_arrays())
    (folder / "untrained.vqcb").write_bytes(book.to_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VQCODEC_CODEBOOK_PATH", str(folder))
        yield


def picture(shape):
    """Waves, an edge and noise, uint8."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    plane = 120 + 60 * np.sin(x / 9) * np.cos(y / 7) + np.where(x > y + 20, 40, 0)
    noise = np.random.default_rng(11).normal(0, 5, shape)
    return np.clip(plane[:, :, None] + noise + 10 * np.arange(shape[2]), 0, 255).astype(np.uint8)


def encode(codebook, threads=None, shape=SHAPE):
    return encode_image(picture(shape), codebook=codebook, quality=60, effort=ENGINES[codebook], threads=threads)


@pytest.mark.parametrize("shape", [SHAPE, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("codebook", ENGINES)
def test_again_and_in_any_number_of_threads(codebook, shape):
    files = {encode(codebook, threads, shape) for threads in (None, 1, 2)}
    assert len(files) == 1


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_in_processes_with_other_hash_seeds(seed):
    wanted = [hashlib.sha256(encode(codebook)).hexdigest() for codebook in ENGINES]
    arguments = [str(each) for pair in ENGINES.items() for each in pair]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", ENCODE, *arguments]
    done = subprocess.run(command, input=picture(SHAPE).tobytes(), env=environment, capture_output=True, check=True)
    assert done.stdout.decode().split() == wanted
