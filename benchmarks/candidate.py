"""vqcodec as one of the measured codecs, driven through its public API."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

import vqcodec
from benchmarks.datasets import Samples
from benchmarks.peers import Codec
from vqcodec.codebook.codebook import Codebook

OWN = "vqcodec own codebook"
LADDER = (5.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0, 95.0)


def candidate(specification: str, ladder: tuple[float, ...] = LADDER) -> Codec:
    """A codec from a line such as `photo` or `photo:tune=psnr,effort=7`: a codebook and options of
    `encode_image`.

    Raises:
        vqcodec.VQCodecError: there is no such codebook.
    """
    name, _, assignments = specification.partition(":")
    options = dict(option(assignment) for assignment in assignments.split(",") if assignment)
    return _codec(f"vqcodec {specification}", vqcodec.load_codebook(name), options, ladder)


def own_codebook(training: list[Samples], assignments: Sequence[str] = ()) -> Codebook:
    """A codebook trained on these pictures alone.

    Args:
        assignments: options of `train_codebook` such as `engine=block`.
    """
    options = dict(option(assignment) for assignment in assignments)
    with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
        for number, samples in enumerate(training):
            Image.fromarray(samples).save(Path(folder, f"{number:05d}.png"))
        return vqcodec.train_codebook([folder], **options)


def own_candidate(codebook: Codebook, ladder: tuple[float, ...] = LADDER) -> Codec:
    """vqcodec with a codebook of one's own."""
    # Sets are compared at equal RGB PSNR, so that is what bits are spent for; the block engine has no such choice.
    wishes = {"tune": "psnr"} if codebook.engine == "image/transform" else {}
    return _codec(OWN, codebook, wishes, ladder)


def _codec(name: str, codebook: Any, options: dict[str, Any], ladder: tuple[float, ...]) -> Codec:
    def encode(samples: Samples, quality: float) -> bytes:
        return vqcodec.encode_image(samples, codebook=codebook, quality=quality, **options)

    def decode(data: bytes) -> Samples:
        return vqcodec.decode_image(data, codebook=codebook)

    described = ", ".join(f"{key}={value}" for key, value in options.items()) or "default options"
    return Codec(name, name, described, "", ladder, encode, decode)


def option(assignment: str) -> tuple[str, Any]:
    """Name and value of `name=value`, a number where it looks like one."""
    key, equals, text = assignment.partition("=")
    if not equals:
        raise ValueError(f"{assignment!r} is not of the form option=value")
    for number in (int, float):
        try:
            return key, number(text)
        except ValueError:
            continue
    return key, text
