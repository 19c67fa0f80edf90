"""`python -m vqcodec.kernels.build.wheels [MACHINE ...]`: the wheels, from the folder of the repository.

One with native kernels for each kind of machine that is named. If none is named: one for each, and one without native
kernels, which fits every system. Needs `ziglang` and `build`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from vqcodec.kernels.build.building import build, make_parts
from vqcodec.kernels.native import OBJECTS

FOLDER = Path("build") / "kernels"
PYTHON = "cp311-abi3"
"""From Python 3.11 on: the extension that calls kernels keeps to Python's stable interface."""


def main() -> None:
    """Build the wheels into `dist`."""
    wanted = sys.argv[1:] or list(OBJECTS)
    if not sys.argv[1:]:
        _build_wheel({})
    make_parts([target for machine in wanted for target in OBJECTS[machine]], FOLDER / "parts")
    for machine in wanted:
        targets = OBJECTS[machine]
        folder = FOLDER / machine
        build(list(targets), portable=True, folder=folder, parts=FOLDER / "parts")
        _build_wheel({"VQCODEC_WHEEL": f"{folder.resolve()} {PYTHON}-manylinux_2_28_{machine}"})


def _build_wheel(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run(command, check=True, env=os.environ | environment)


if __name__ == "__main__":
    main()
