"""Measures of what people see, where their programs are at hand: SSIMULACRA2, Butteraugli and ColorVideoVDP.

SSIMULACRA2 is the package of the extra `vqcodec[ssimulacra2]` (of `make bench`), Butteraugli the program `butteraugli`
(`apt-get install butteraugli`), ColorVideoVDP the package of the extra `vqcodec[cvvdp]`, which brings PyTorch and is
in no other extra. All compare two pictures in colour.

ColorVideoVDP is told that they are seen on its display `standard_fhd`: 1920x1080 on 24 inches, from 60 cm, 200 cd/m2.
Sources: J. Sneyers, "SSIMULACRA 2", 2023. J. Alakuijala et al., "Guetzli: Perceptually Guided JPEG Encoder", 2017
(Butteraugli). R. Mantiuk et al., "ColorVideoVDP: A visual difference predictor for image, video and display
distortions", SIGGRAPH 2024.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.datasets import Samples
from vqcodec import metrics

LABELS = {"ssimulacra2": "SSIMULACRA2", "butteraugli_db": "Butteraugli", "cvvdp_db": "ColorVideoVDP"}
"""By key of a point, on the scale that rates are compared on, where more is better.

SSIMULACRA2 counts as it is. A distance d counts as -10 log10(d): Butteraugli's own, and 10 - JOD of ColorVideoVDP, as
10 JOD mean that nobody sees a difference. The logarithm of the rate is nearly straight over the logarithm of such a
distance. Over JOD it bends up steeply below 10: the few points of a curve would be joined badly there, and good
pictures, which lie between 9 and 10, would hardly count beside bad ones.
"""

MISSING = {
    "ssimulacra2": "SSIMULACRA2 is skipped: pip install 'vqcodec[ssimulacra2]'",
    "butteraugli": "Butteraugli is skipped: there is no program butteraugli (apt-get install butteraugli)",
    "cvvdp": "ColorVideoVDP is skipped: pip install 'vqcodec[cvvdp]' (brings PyTorch)",
}
"""How to get each measure, by the name it has in `versions`."""

_PACKAGES = {"ssimulacra2": "ssimulacra2", "cvvdp": "pycvvdp"}  # the module of each distribution
_DISPLAY = "standard_fhd"
_BEST_JOD = 10.0


@functools.cache
def versions() -> dict[str, str]:
    """The measures there are, with the versions of their packages; Butteraugli's program tells none."""
    found = {
        name: importlib.metadata.version(name) for name, module in _PACKAGES.items() if importlib.util.find_spec(module)
    }
    return found | ({"butteraugli": "of the system"} if shutil.which("butteraugli") else {})


def available() -> str:
    """The measures there are, in a line: points that lack one are not those that are asked for."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions().items()))


def measures(original: Samples, decoded: Samples) -> dict[str, float]:
    """The measures that are available, for a picture and its decoded form, uint8 (height, width, 3); none for grey."""
    if original.ndim == 2:
        return {}
    found = {}
    if "ssimulacra2" in versions():
        found["ssimulacra2"] = metrics.ssimulacra2_seen(original, decoded)
    if "butteraugli" in versions():
        found["butteraugli_db"] = _decibels(_butteraugli(original, decoded))
    if "cvvdp" in versions():
        found["cvvdp_db"] = _decibels(_BEST_JOD - _jod(original, decoded))
    return {name: round(value, 4) for name, value in found.items()}


def _decibels(distance: float) -> float:
    return -10 * math.log10(distance) if distance > 0 else math.inf


def _jod(original: Samples, decoded: Samples) -> float:
    """Just objectionable differences, 10 for equal pictures, by ColorVideoVDP on the processor."""
    quality, _ = _colour_video_vdp().predict(decoded, original, dim_order="HWC")
    return float(quality)


@functools.cache
def _colour_video_vdp() -> Any:
    import pycvvdp  # slow: brings PyTorch
    import torch

    return pycvvdp.cvvdp(display_name=_DISPLAY, device=torch.device("cpu"))


def _butteraugli(original: Samples, decoded: Samples) -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("original.png", "decoded.png")]
        for path, samples in zip(paths, (original, decoded), strict=True):
            Image.fromarray(np.ascontiguousarray(samples)).save(path, "PNG", compress_level=1)
        run = subprocess.run(["butteraugli", *map(str, paths)], capture_output=True, text=True, check=True)
    return float(run.stdout.split()[0])
