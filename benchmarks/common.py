"""What all benchmarks share: where the results go, and on what machine and versions they were measured."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("numpy", "numba", "pillow")


def environment(packages: tuple[str, ...] = ()) -> dict[str, Any]:
    """Date (UTC), command line, processor and versions under which a benchmark runs.

    Args:
        packages: distributions whose versions matter to this benchmark, beside numpy, numba and Pillow.
    """
    versions: dict[str, str | None] = {"python": platform.python_version(), "vqcodec": _vqcodec_version()}
    versions |= {name: _version(name) for name in (*PACKAGES, *packages)}
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command_line(),
        "machine": {
            "processor": _processor(),
            "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "system": platform.system(),
        },
        "versions": versions,
    }


def described_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser of the command line of the benchmark `name`, whose help shows its docstring as it is."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def command_line() -> str:
    """The command that started this process, as one would type it in the checkout.

    Paths from the root of this machine mean nothing elsewhere: only their last part is kept.
    """
    specification = getattr(sys.modules["__main__"], "__spec__", None)
    program = ["python", "-m", specification.name] if specification else ["python", sys.argv[0]]
    return shlex.join([*program, *map(_portable, sys.argv[1:])])


def _portable(argument: str) -> str:
    before, equals, path = argument.rpartition("=")
    return f"{before}{equals}{Path(path).name}" if Path(path).is_absolute() else argument


def write_json(path: Path, name: str, results: Mapping[str, Any], versions: Mapping[str, str] | None = None) -> None:
    """Write a benchmark's results with its name and environment; infinities and NaN become null.

    Args:
        path: the file, replaced if it is there; its folder is made.
        name: of the benchmark.
        results: numbers, strings, lists and dictionaries. Lists of dictionaries are written one a line.
        versions: of programs that matter to this benchmark, beside those of `environment`.
    """
    measured_with = environment()
    measured_with["versions"] |= versions or {}
    document = {"benchmark": name, **measured_with, "results": _finite(results)}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(_layout(document) + "\n", encoding="utf-8")
    temporary.replace(path)


def _layout(value: Any, indent: int = 0) -> str:
    """JSON with one row of a table a line, so that a change of one figure is a change of one line."""
    inner = " " * (indent + 1)
    if isinstance(value, dict) and any(isinstance(item, dict | list) for item in value.values()):
        items = [f"{inner}{json.dumps(key)}: {_layout(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + " " * indent + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + json.dumps(item) for item in value) + "\n" + " " * indent + "]"
    return json.dumps(value)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _vqcodec_version() -> str:
    import vqcodec

    return vqcodec.version.__version__


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
