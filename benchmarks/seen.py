"""Measures of what people see, where their programs are at hand: SSIMULACRA2 and Butteraugli.

SSIMULACRA2 is the package of the extra `vqcodec[ssimulacra2]` (of `make bench`), Butteraugli the program `butteraugli`
(`apt-get install butteraugli`). Both compare two pictures in colour.
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

import numpy as np
from PIL import Image

from benchmarks.datasets import Samples
from vqcodec import metrics

LABELS = {"ssimulacra2": "SSIMULACRA2", "butteraugli_db": "Butteraugli"}
"""By key of a point. Butteraugli's distance d counts as -10 log10(d), so that more is better."""


@functools.cache
def available() -> str:
    """What measures there are, with their versions: points that lack one are not those that are asked for."""
    found = []
    if importlib.util.find_spec("ssimulacra2"):
        found.append(f"ssimulacra2 {importlib.metadata.version('ssimulacra2')}")
    if shutil.which("butteraugli"):
        found.append("butteraugli")
    return ", ".join(found)


def measures(original: Samples, decoded: Samples) -> dict[str, float]:
    """The measures that are available, for a picture and its decoded form, uint8 (height, width, 3); none for grey."""
    if original.ndim == 2:
        return {}
    found = {}
    if "ssimulacra2" in available():
        found["ssimulacra2"] = round(metrics.ssimulacra2_seen(original, decoded), 4)
    if "butteraugli" in available():
        found["butteraugli_db"] = round(_butteraugli_db(original, decoded), 4)
    return found


def _butteraugli_db(original: Samples, decoded: Samples) -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("original.png", "decoded.png")]
        for path, samples in zip(paths, (original, decoded), strict=True):
            Image.fromarray(np.ascontiguousarray(samples)).save(path, "PNG", compress_level=1)
        run = subprocess.run(["butteraugli", *map(str, paths)], capture_output=True, text=True, check=True)
    distance = float(run.stdout.split()[0])
    return -10 * math.log10(distance) if distance > 0 else math.inf
