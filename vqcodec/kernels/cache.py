"""The cache folder of kernels that numba compiled: one for each state of the source, so that no stale kernel is used.

numba notices if the file of a kernel changes. It does not notice changes in the kernels that are compiled into it and
in the constants that it uses. So the folder's name holds a digest of all these files.

numba loads what it finds in the folder, and what is loaded may do anything. So only a folder is used that belongs to
the user and that nobody else can write to.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from vqcodec.kernels.notices import tell

KEPT_FOLDERS = 3  # number of folders kept, the current one included
_DIGEST_DIGITS = 16
_HOLDS_KERNELS = re.compile(rb"^from vqcodec\.kernels\.jit import .*kernel", re.MULTILINE)
_IMPORT = re.compile(rb"^from (vqcodec[\w.]*) import (.*)$", re.MULTILINE)


def choose_folder() -> str | None:
    """Return the folder in which numba keeps what it compiles; None if it keeps it for this process alone.

    That is NUMBA_CACHE_DIR if it is set, else one in the user's cache folder. numba's own choice, beside the source,
    fails in a read-only site-packages, and numba chooses for each file anew.
    """
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        folder = Path(given)
    else:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("vqcodec")) / "kernels" / source_digest(Path(__file__).parents[1])
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not given:
                remove_old(folder)
        usable = os.access(folder, os.W_OK)
        safe = _is_private(folder)
    except OSError:
        usable, safe = False, True
    if usable and not safe:
        tell(f"{folder} belongs to another user or others can write to it: compiled kernels are not kept")
    return str(folder) if usable and safe else None


def _is_private(folder: Path) -> bool:
    """Return whether a folder belongs to the user, and only the user can write to it."""
    if not hasattr(os, "getuid"):
        return True
    state = folder.stat()
    return state.st_uid == os.getuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


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
