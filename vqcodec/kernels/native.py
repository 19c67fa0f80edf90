"""Kernels of a native object: machine code made ahead of time by `kernels.build`, loaded without numba.

The folder `objects` holds an object for each kind of processor, and the table `kernels.table`: the digests of the
objects, the digests of the source files that they were compiled from, and the variants of each kernel. If these do not
fit together, the object is not used, and the user is told what is used instead.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vqcodec.errors import VQCodecError
from vqcodec.kernels import packing
from vqcodec.kernels.notices import tell
from vqcodec.kernels.signatures import Array, Definitions, Record, Scalar, Tuple, Type
from vqcodec.version import __version__

PACKAGE = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "objects"
TABLE = "kernels.table"
SCHEME = 1
"""Number of the table's format and of the way that kernels are called; others are not used."""

CHOICE = "VQCODEC_KERNELS"
"""Environment variable that says which kernels to use.

`jit`: numba's. `native`: those of an object, or fail. `checked`: those of the object that checks indices, or fail.
The name of another object (`x86-64-v2`): those, or fail. Not set: those of the best object that fits, else numba's.
"""

OBJECTS: dict[str, tuple[str, ...]] = {
    "x86_64": ("x86-64-v3", "x86-64-v2"),
    "aarch64": ("aarch64",),
}
"""Objects by machine, the best first."""


class Unusable(VQCodecError):
    """An object, or a part of it, cannot be used; the message says why."""


class Native(NamedTuple):
    """A loaded object.

    Attributes:
        name: of the object.
        library: the shared library.
        table: what `kernels.table` holds.
        definitions: of the types that its signatures name.
    """

    name: str
    library: ctypes.CDLL
    table: dict[str, Any]
    definitions: Definitions


def digest_of(data: bytes) -> str:
    """Return the digest that the table keeps of a file."""
    return hashlib.sha256(data).hexdigest()


def forced() -> bool:
    """Return whether numba may not stand in for native kernels."""
    return os.environ.get(CHOICE, "") not in ("", "jit")


@functools.cache
def native() -> Native | None:
    """Return the object to use, loaded; None if kernels are to be compiled by numba."""
    if os.environ.get(CHOICE) == "jit":
        return None
    try:
        table = _table(FOLDER)
        reasons = []
        for name in _candidates(table):
            try:
                return Native(name, _load(table, name), table, Definitions(table["records"], table["tuples"]))
            except Unusable as error:
                reasons.append(f"{name}: {error}")
        raise Unusable("; ".join(reasons))
    except Unusable as error:
        if forced():
            raise
        if (FOLDER / TABLE).exists():
            tell(f"native kernels cannot be used ({error}); numba compiles kernels instead")
        return None


def describe() -> str:
    """Return in a few words which kernels are used."""
    try:
        found = native()
    except Unusable as error:
        return f"none: {error}"
    if found is None:
        return "compiled by numba at first use"
    way = "ctypes" if Entry is packing.Entry else "extension"
    changed = _changed(found)
    stale = f"; numba compiles {changed} of {len(found.table['kernels'])}, whose source has changed" if changed else ""
    return f"native, {found.name}, called through {way}{stale}"


def complete() -> bool:
    """Return whether native kernels are used, and none of them has changed since: numba has nothing to compile."""
    found = native()
    return found is not None and not _changed(found)


def _changed(found: Native) -> int:
    """Return the number of kernels whose source has changed since they were compiled ahead of time."""
    return sum(not _is_current(kernel) for kernel in found.table["kernels"].values())


def variants_of(name: str) -> tuple[Any, ...]:
    """Return the entries of the kernel called `name`; none if the object does not hold it as its source is now."""
    found = native()
    if found is None:
        return ()
    kernel = found.table["kernels"].get(name)
    if kernel is None:
        return ()
    if not _is_current(kernel):
        tell("kernels have changed since they were compiled ahead of time: numba compiles them; `make setup` does too")
        return ()
    try:
        return tuple(_entry(found, name, variant) for variant in kernel["variants"])
    except (AttributeError, KeyError, TypeError, ValueError, ImportError) as error:
        tell(f"native kernel {name} cannot be used ({error}); numba compiles it instead")
        return ()


def _candidates(table: dict[str, Any]) -> tuple[str, ...]:
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "native"):
        return (choice,)
    if not sys.platform.startswith("linux"):
        raise Unusable(f"there is none for {sys.platform}")
    machine = os.uname().machine
    names = tuple(name for name in OBJECTS.get(machine, ()) if name in table["objects"])
    if not names:
        raise Unusable(f"there is none for {machine}")
    return names


def write_table(folder: Path, table: dict[str, Any]) -> None:
    """Write the table of a folder: its digest, then JSON; a program that reads it sees all of it or the one before."""
    text = json.dumps(table, separators=(",", ":")).encode()
    new = folder / f"{TABLE}.new"
    new.write_bytes(digest_of(text).encode() + b"\n" + text)
    new.replace(folder / TABLE)


@functools.cache
def _table(folder: Path) -> dict[str, Any]:
    """Read the table of a folder; raises `Unusable` if it is missing, damaged or of another version."""
    try:
        digest, _, text = (folder / TABLE).read_bytes().partition(b"\n")
    except FileNotFoundError:
        raise Unusable("they have not been compiled") from None
    except OSError as error:
        raise Unusable(f"{TABLE} cannot be read: {error.strerror}") from None
    if digest_of(text).encode() != digest:
        raise Unusable(f"{TABLE} is damaged")
    table: dict[str, Any] = json.loads(text)
    if (table["scheme"], table["version"]) != (SCHEME, __version__):
        raise Unusable(f"they are of version {table['version']}, not {__version__}")
    return table


def _load(table: dict[str, Any], name: str) -> ctypes.CDLL:
    """Load an object whose bytes are those that were built, on a processor that has its instructions."""
    try:
        path = _checked(name + ".so", table["objects"][name])
        library = ctypes.CDLL(str(path))
        fits = _fits(library)
    except KeyError:
        raise Unusable("it has not been compiled") from None
    except (OSError, AttributeError) as error:
        raise Unusable(str(error)) from None
    if not fits:
        raise Unusable("this processor lacks instructions that it uses")
    return library


def _fits(library: ctypes.CDLL) -> bool:
    """Return whether this processor has the instructions that an object uses."""
    return bool(library.vqcodec_processor_fits())


def _checked(file: str, digest: str) -> Path:
    """Return the path of a file in the folder; raises `Unusable` if it is not the one that was built."""
    path = FOLDER / file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}") from None
    if digest_of(data) != digest:
        raise Unusable(f"{file} is damaged")
    return path


def _is_current(kernel: dict[str, Any]) -> bool:
    """Return whether the source of a kernel is what it was compiled from."""
    found = native()
    assert found is not None
    sources = found.table["sources"]
    return all(_digest_of_source(file) == sources[file] for file in kernel["sources"])


@functools.cache
def _digest_of_source(file: str) -> str:
    try:
        return digest_of((PACKAGE / file).read_bytes())
    except OSError:
        return ""


def _entry(found: Native, name: str, variant: dict[str, Any]) -> Any:
    address = ctypes.cast(getattr(found.library, variant["symbol"]), ctypes.c_void_p).value
    arguments = tuple(description_of(found.definitions.type_of(text)) for text in variant["arguments"])
    result = description_of(found.definitions.type_of(variant["result"]))
    return Entry(address, arguments, result, variant["slots"], name)


def description_of(kind: Type) -> tuple[Any, ...]:
    """Return a type as the packers take it."""
    if isinstance(kind, Array):
        return "A", kind.dtype, kind.ndim, int(not kind.readonly)
    if isinstance(kind, Record):
        return "R", kind.dtype
    if isinstance(kind, Tuple):
        return "T", kind.kind, tuple(map(description_of, kind.parts))
    assert isinstance(kind, Scalar)
    if kind.name == "none":
        return ("N",)
    dtype = np.dtype(kind.name)
    return "S", dtype.kind, dtype.itemsize, dtype.type


def _packer() -> Any:
    """Return the extension that calls kernels, or the module that does it through ctypes."""
    if os.environ.get(CHOICE) == "jit":
        return packing
    try:
        packer = _table(FOLDER)["packer"]
        if not packer:
            return packing
        path = _checked(packer["file"], packer["digest"])
        loader = importlib.machinery.ExtensionFileLoader("_packer", str(path))
        spec = importlib.util.spec_from_file_location("_packer", path, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        return module
    except (Unusable, ImportError) as error:
        if (FOLDER / TABLE).exists():
            tell(f"native kernels are called through ctypes, which is slower: {error}")
        return packing


_PACKER = _packer()
Entry: Any = _PACKER.Entry
Caller: Any = _PACKER.Caller
