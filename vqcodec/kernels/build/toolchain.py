"""The C compiler that links native objects: the system's, or the one in PyPI's `ziglang`; the linker for browsers."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import numpy as np

HERE = Path(__file__).parent
PACKER = "_packer.abi3.so"

_OLDEST_GLIBC = "2.28"
"""Of wheels: that of `manylinux_2_28`."""

_FLAGS = ("-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-s")
_BROWSER_FLAGS = ("--no-entry", "--gc-sections", "-O2", "--strip-all", "--fatal-warnings", "-z", "stack-size=1048576")
_BROWSER_SOURCES = (HERE / "browser_memory.c", HERE / "browser_math.c")
_BROWSER_EXPORTS = ("vqcodec_take", "vqcodec_taken", "vqcodec_give_back")
_ZIG_MACHINES = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}


class NoCompiler(Exception):
    """There is no C compiler; the message says how to get one."""


class Toolchain(NamedTuple):
    """A C compiler.

    Attributes:
        command: how it is called.
        name: for messages.
    """

    command: tuple[str, ...]
    name: str

    def link_kernels(self, parts: list[Path], level: int, output: Path) -> None:
        """Link object files of kernels, and what they need at run time, to a shared object."""
        sources = [str(HERE / "runtime.c"), *map(str, parts)]
        self._run([*_FLAGS, f"-DLEVEL={level}", "-Wl,--gc-sections", "-Wl,-z,defs", *sources, "-lm", "-o", str(output)])

    def compile_packer(self, output: Path) -> None:
        """Compile the extension that calls kernels; needs the headers of Python and NumPy."""
        folders = (sysconfig.get_paths()["include"], np.get_include())
        self._run([*_FLAGS, *(f"-I{folder}" for folder in folders), str(HERE / "packer.c"), "-o", str(output)])

    def _run(self, arguments: list[str]) -> None:
        _run((*self.command, *arguments), self.name)


class BrowserToolchain(NamedTuple):
    """C compiler and linker for WebAssembly.

    Attributes:
        command: how `ziglang` is called.
    """

    command: tuple[str, ...]

    def link(self, parts: list[Path], entries: list[str], output: Path) -> None:
        """Link object files of kernels, and what they need at run time, to a module that imports nothing.

        Args:
            parts: the object files.
            entries: symbols to export.
            output: the module.
        """
        made = [output.with_suffix(f".{source.stem}.o") for source in _BROWSER_SOURCES]
        try:
            flags = ("-target", "wasm32-freestanding", "-O2", "-mbulk-memory", "-fno-builtin", "-g0")
            for source, file in zip(_BROWSER_SOURCES, made):
                _run((*self.command, "cc", *flags, "-c", str(source), "-o", str(file)), "ziglang")
            exports = [f"--export={symbol}" for symbol in (*_BROWSER_EXPORTS, *entries)]
            files = map(str, (*made, *parts))
            _run((*self.command, "wasm-ld", *_BROWSER_FLAGS, *exports, *files, "-o", str(output)), "ziglang")
        finally:
            for file in made:
                file.unlink(missing_ok=True)


def _run(command: tuple[str, ...], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoCompiler(f"{name} failed:\n{done.stderr.strip()}")


def find_toolchain(machine: str, *, portable: bool = False) -> Toolchain:
    """Return a C compiler for Linux on a machine (`x86_64`, `aarch64`).

    Args:
        machine: as the kernel names it.
        portable: whether what is linked has to run with the C library of manylinux_2_28, so with `ziglang` alone.
    """
    if machine not in _ZIG_MACHINES:
        raise NoCompiler(f"native kernels are not made for {machine}")
    if not portable and machine == os.uname().machine:
        for name in (os.environ.get("CC", ""), "gcc", "clang", "cc"):
            if name and shutil.which(name):
                return Toolchain((name,), name)
    if importlib.util.find_spec("ziglang") is None:
        raise NoCompiler("there is no C compiler: install gcc, clang or `pip install ziglang`")
    target = _ZIG_MACHINES[machine] + (f".{_OLDEST_GLIBC}" if portable else "")
    return Toolchain((sys.executable, "-m", "ziglang", "cc", "-target", target), "ziglang")


def find_browser_toolchain() -> BrowserToolchain:
    """Return C compiler and linker for WebAssembly; raises `NoCompiler` without `ziglang`."""
    if importlib.util.find_spec("ziglang") is None:
        raise NoCompiler("WebAssembly is linked by `ziglang`: pip install ziglang")
    return BrowserToolchain((sys.executable, "-m", "ziglang"))
