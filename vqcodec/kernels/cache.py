"""The cache folder of kernels that numba compiled: one for each state of the source, so that no stale kernel is used.

numba notices if the file of a kernel changes. It does not notice changes in the kernels that are compiled into it and
in the constants that it uses. So the folder's name holds a digest of all these files.

numba loads what it finds in the folder, and what is loaded may do anything. So only a folder is used that belongs to
the user or to root, as do all folders above it, and that nobody else can write to or move away. Otherwise compiled
kernels are not kept: a cache never stops the work.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from vqcodec.kernels.notices import tell

KEPT_FOLDERS = 3  # number of folders kept, the current one included
REMEDY = "set NUMBA_CACHE_DIR to a folder of your own to keep them"
_DIGEST_DIGITS = 16
_HOLDS_KERNELS = re.compile(rb"^from vqcodec\.kernels\.jit import .*kernel", re.MULTILINE)
_IMPORT = re.compile(rb"^from (vqcodec[\w.]*) import (.*)$", re.MULTILINE)


class CacheFolder(NamedTuple):
    """The folder that kernels are kept in.

    Attributes:
        path: of the folder, absolute.
        writable: whether more can be put there.
    """

    path: str
    writable: bool


def choose_folder() -> CacheFolder | None:
    """Return the folder in which compiled kernels are kept; None, having told the user, if there is none to trust.

    That is NUMBA_CACHE_DIR if it is set, else one in the user's cache folder. numba's own choice, beside the source,
    fails in a read-only site-packages, and numba chooses for each file anew.
    """
    given = os.environ.get("NUMBA_CACHE_DIR")
    place = given or _users_cache()
    if place is None:
        tell(f"there is no home folder, so compiled kernels are not kept; {REMEDY}")
        return None
    if not os.path.isabs(place):
        tell(f"{place}: not an absolute path, so compiled kernels are not kept there; {REMEDY}")
        return None
    folder = Path(given) if given else Path(place) / "kernels" / source_digest(Path(__file__).parents[1])
    try:
        if _make(folder) and not given:
            remove_old(folder)
        fault = _fault(folder)
    except OSError as error:
        fault = error.strerror or str(error)
    if fault:
        tell(f"{folder}: {fault}, so compiled kernels are not kept there; {REMEDY}")
        return None
    return CacheFolder(str(folder), os.access(folder, os.W_OK))


def _users_cache() -> str | None:
    """Return the user's cache folder; None if there is no home to have it in."""
    import platformdirs

    try:
        return platformdirs.user_cache_dir("vqcodec")
    except RuntimeError:
        return None


def _make(folder: Path) -> bool:
    """Make a folder and those above it, for the user alone; return whether it was missing."""
    if folder.is_dir():
        return False
    for missing in reversed([folder, *folder.parents]):
        if not missing.is_dir():
            missing.mkdir(mode=0o700, exist_ok=True)
    return True


def _fault(folder: Path) -> str:
    """Return in a few words why others may decide what is in a folder; "" if they may not."""
    if not hasattr(os, "getuid"):
        return ""
    real = folder.resolve()
    for place in (real, *real.parents, *folder.parents):
        state = place.stat()
        shown = "it" if place == real else str(place)
        if state.st_uid not in _trusted_users():
            return f"{shown} belongs to another user"
        shared = stat.S_ISVTX if place != real else 0  # in a shared folder nobody can move what is another's
        if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not state.st_mode & shared:
            return f"others can write to {shown}"
    return ""


def _trusted_users() -> set[int]:
    return {0, os.getuid()}


def source_digest(package: Path) -> str:
    """Return the digest of the sources of all kernels below `package`: 16 hexadecimal digits.

    The sources are the modules that hold kernels, those that say how kernels are compiled, and the modules that all
    of these import from. Each file is read once, and nothing is imported.
    """
    sources = dict(_sources(package))
    compiling = {f"{package.name}.kernels.{name}" for name in ("compiling", "jit")}
    needed = set()
    for module, text in sources.items():
        if _HOLDS_KERNELS.search(text) or module in compiling:
            needed.add(module)
            for origin, names in _IMPORT.findall(text):
                needed.add(origin.decode())
                needed.update(f"{origin.decode()}.{name.decode()}" for name in re.findall(rb"\w+", names))
    digest = hashlib.sha256()
    for module in sorted(needed & sources.keys()):
        digest.update(f"{module} {len(sources[module])}\n".encode() + sources[module])
    return digest.hexdigest()[:_DIGEST_DIGITS]


def remove_old(folder: Path) -> None:
    """Remove old cache folders beside `folder`, so that KEPT_FOLDERS remain."""
    import shutil

    name = re.compile(f"[0-9a-f]{{{_DIGEST_DIGITS}}}")
    others = [entry for entry in os.scandir(folder.parent) if name.fullmatch(entry.name) and entry.name != folder.name]
    others.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in others[KEPT_FOLDERS - 1 :]:
        shutil.rmtree(entry.path, ignore_errors=True)


def _sources(package: Path) -> list[tuple[str, bytes]]:
    """Return the name and the text of every module below `package`."""
    found = []
    for folder, subfolders, names in os.walk(package):
        subfolders[:] = [name for name in subfolders if name.isidentifier() and name != "__pycache__"]
        prefix = ".".join((package.name, *Path(folder).relative_to(package).parts))
        for name in names:
            if name.endswith(".py"):
                module = prefix if name == "__init__.py" else f"{prefix}.{name[:-3]}"
                with open(os.path.join(folder, name), "rb") as file:
                    found.append((module, file.read()))
    return found
