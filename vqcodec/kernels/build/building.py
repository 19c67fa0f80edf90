"""Making of native objects: groups of kernels are lowered, optimised and translated side by side, then linked.

What was made of a group is kept in the folder `parts` until its source, its signatures or the compiler change.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from vqcodec.kernels.build.declared import Declared, read_declared
from vqcodec.kernels.build.sources import digest_of_source, meaning_of, sources_of
from vqcodec.kernels.build.toolchain import PACKER, NoCompiler, find_toolchain
from vqcodec.kernels.native import FOLDER, PACKAGE, SCHEME, digest_of, write_table
from vqcodec.kernels.signatures import Definitions
from vqcodec.threads import default_threads
from vqcodec.version import __version__

MACHINES = {"x86-64-v3": "x86_64", "x86-64-v2": "x86_64", "aarch64": "aarch64"}
"""By target, the machine."""

CHECKED = "checked"
"""The object whose kernels check every index."""

_GROUPS = ("vqcodec.video.mc.", "vqcodec.speech.", "vqcodec.video.st3d.", "")
"""Beginnings of the modules of each group, the longest to compile first."""

_KEPT_FILES = 60


class Part(NamedTuple):
    """Object files of a group of kernels, and what the table says of the kernels.

    Attributes:
        files: by target, the object file.
        kernels: by name.
        tuples: definitions of tuples.
        refused: by name, why a kernel is not there.
    """

    files: dict[str, Path]
    kernels: dict[str, dict[str, Any]]
    tuples: dict[str, list[str]]
    refused: dict[str, str]


def host_target() -> str:
    """Return the target for this computer; raises `NoCompiler` if there is none."""
    if not sys.platform.startswith("linux"):
        raise NoCompiler(f"native kernels are not made for {sys.platform}")
    machine = os.uname().machine
    if machine == "x86_64":
        flags = Path("/proc/cpuinfo").read_text()
        return "x86-64-v3" if {"avx2", "bmi2", "fma", "movbe", "f16c"} <= set(flags.split()) else "x86-64-v2"
    return machine


def build(
    targets: list[str],
    *,
    checked: bool = False,
    portable: bool = False,
    folder: Path = FOLDER,
    parts: Path = FOLDER / "parts",
    progress: Callable[[str], None] = print,
) -> None:
    """Make objects, and the table of those that are in the folder.

    Args:
        targets: to make objects for.
        checked: whether to make, for this computer, the object that checks indices too.
        portable: whether the objects have to run on the systems that wheels are made for.
        folder: to put them in.
        parts: folder for what is kept from build to build.
        progress: called with a line for what was made.

    Raises:
        NoCompiler: there is no C compiler for a target.
    """
    for target in targets:
        find_toolchain(MACHINES.get(target, target), portable=portable)
    folder.mkdir(parents=True, exist_ok=True)
    made = make_parts(targets, parts)
    objects = {target: _link(target, target, made, folder, portable) for target in targets}
    if checked:
        target = host_target()
        objects[CHECKED] = _link(CHECKED, target, make_parts([target], parts, checked=True), folder, portable)
    _write_table(made, objects, _make_packer(targets, folder, portable, progress), folder)
    _remove_old(parts)
    for name, reason in sorted(item for part in made for item in part.refused.items()):
        progress(f"left to numba, as its signatures do not fit: {name} ({reason.splitlines()[-1]})")
        progress("`make signatures` writes signatures down anew")
    for name in objects:
        progress(f"native kernels: {name}.so, {(folder / f'{name}.so').stat().st_size // 1000} kB")


def make_parts(
    targets: list[str], folder: Path, *, checked: bool = False, groups: dict[str, list[str]] | None = None
) -> list[Part]:
    """Return the parts of objects, made where they are not at hand.

    Args:
        targets: of the objects.
        folder: where parts are kept.
        checked: whether every index is checked.
        groups: by the name of a group, the kernels in it; None for all kernels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    declared = read_declared()
    groups = groups or _all_groups(declared)
    stems = {group: folder / f"{group}-{_digest(declared, names, checked)}" for group, names in groups.items()}
    missing = [
        group
        for group, stem in stems.items()
        if not all(path.exists() for path in (stem.with_suffix(".json"), *_files(stem, targets).values()))
    ]
    if missing:
        workers = min(default_threads(), len(missing))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
            jobs = [
                pool.submit(_make_part, declared, groups[group], targets, stems[group], checked) for group in missing
            ]
            for job in jobs:
                job.result()
    return [_read_part(stem, targets) for stem in stems.values()]


def _all_groups(declared: Declared) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {prefix: [] for prefix in _GROUPS}
    for name in declared.kernels:
        groups[next(prefix for prefix in _GROUPS if name.startswith(prefix))].append(name)
    return {prefix.strip(".").rpartition(".")[2] or "rest": names for prefix, names in groups.items()}


def _files(stem: Path, targets: list[str]) -> dict[str, Path]:
    return {target: stem.with_name(f"{stem.name}-{target}.o") for target in targets}


def _read_part(stem: Path, targets: list[str]) -> Part:
    content = json.loads(stem.with_suffix(".json").read_text())
    return Part(_files(stem, targets), content["kernels"], content["tuples"], content["refused"])


def _make_part(declared: Declared, names: list[str], targets: list[str], stem: Path, checked: bool) -> None:
    """Lower, optimise and translate kernels; once in a process."""
    os.environ["VQCODEC_KERNELS"] = "jit"
    from vqcodec.kernels.build.emitting import TARGETS, emit
    from vqcodec.kernels.build.lowering import lower

    lowered = lower(declared, names, checked=checked)
    entries = {variant["symbol"] for kernel in lowered.kernels.values() for variant in kernel["variants"]}
    for target, file in _files(stem, targets).items():
        if not file.exists():
            replace_file(file, emit(lowered.texts, entries, TARGETS[target]))
    content = {"kernels": lowered.kernels, "tuples": lowered.tuples, "refused": lowered.refused}
    replace_file(stem.with_suffix(".json"), json.dumps(content).encode())


def _digest(declared: Declared, names: list[str], checked: bool) -> str:
    """Return a digest of all that the code of a group of kernels depends on."""
    import llvmlite
    import numba

    from vqcodec.kernels.compiling import OPTIONS

    here = Path(__file__).parent
    ways = (here / "lowering.py", here / "emitting.py", here.parent / "argument_types.py")
    build = (OPTIONS, [meaning_of(path.read_bytes()) for path in ways])
    files = sorted({file for name in names for file in sources_of(name.rpartition(".")[0])})
    sources = [(file, meaning_of((PACKAGE / file).read_bytes())) for file in files]
    definitions = declared.definitions()
    signatures = [
        (name, [[_meaning_of_type(definitions, text) for text in texts] for texts in declared.kernels[name]])
        for name in names
    ]
    whole = (build, sources, signatures, checked)
    versions = (numba.__version__, llvmlite.__version__)
    return hashlib.sha256(repr((whole, versions)).encode()).hexdigest()[:16]


def _meaning_of_type(definitions: Definitions, text: str) -> str:
    try:
        return repr(definitions.type_of(text))
    except (ImportError, AttributeError, KeyError, TypeError):
        return text  # of what is no more; the kernel will be refused


def _link(name: str, target: str, parts: list[Part], folder: Path, portable: bool) -> str:
    """Link an object; return its digest."""
    from vqcodec.kernels.build.emitting import TARGETS

    made = folder / f"{name}.so.new"
    toolchain = find_toolchain(MACHINES[target], portable=portable)
    toolchain.link_kernels([part.files[target] for part in parts], TARGETS[target].level, made)
    data = made.read_bytes()
    made.unlink()
    replace_file(folder / f"{name}.so", data)
    return digest_of(data)


def _make_packer(
    targets: list[str], folder: Path, portable: bool, progress: Callable[[str], None]
) -> dict[str, str] | None:
    """Compile the extension; return what the table says of it, or None without one."""
    made = folder / f"{PACKER}.new"
    try:
        find_toolchain(MACHINES[targets[0]], portable=portable).compile_packer(made)
    except NoCompiler as error:
        progress(f"native kernels will be called through ctypes, which is slower: {error}")
        return None
    data = made.read_bytes()
    made.unlink()
    replace_file(folder / PACKER, data)
    return {"file": PACKER, "digest": digest_of(data)}


def _write_table(parts: list[Part], objects: dict[str, str], packer: dict[str, str] | None, folder: Path) -> None:
    declared = read_declared()
    kernels = {name: kernel for part in parts for name, kernel in part.kernels.items()}
    files = sorted({file for kernel in kernels.values() for file in kernel["sources"]})
    table = {
        "scheme": SCHEME,
        "version": __version__,
        "objects": objects,
        "packer": packer,
        "records": declared.records,
        "tuples": declared.tuples | {name: kind for part in parts for name, kind in part.tuples.items()},
        "sources": {file: digest_of_source(file) for file in files},
        "kernels": kernels,
    }
    write_table(folder, table)


def replace_file(file: Path, data: bytes) -> None:
    """Write a file that programs may have loaded: those keep the old one."""
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    new.write_bytes(data)
    new.replace(file)


def _remove_old(parts: Path) -> None:
    """Remove all but the newest files of parts."""
    files = sorted(parts.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[_KEPT_FILES:]:
        file.unlink()
