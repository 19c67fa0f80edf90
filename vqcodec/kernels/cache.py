"""Where compiled kernels are kept: a folder for each state of the source, so that none outlives what it was made of.

numba sees whether the file of a kernel has changed, but not the files of what is compiled into it: the kernels that it
calls and the constants that it uses. The digest of all of them in the folder's name does.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

KEPT_FOLDERS = 3  # states of the source whose kernels are kept, the present one included
_DIGEST_DIGITS = 16
_HOLDS_KERNELS = re.compile(rb"^from vqcodec\.kernels\.jit import .*kernel", re.MULTILINE)
_IMPORT = re.compile(rb"^from (vqcodec[\w.]*) import (.*)$", re.MULTILINE)


def choose_folder() -> None:
    """Send numba's cache to the user's cache folder, unless NUMBA_CACHE_DIR says where it goes.

    Beside the source would do in a checkout but fails in a read-only site-packages, and numba decides that file by
    file; one known folder can be warmed, shown and deleted. Where it cannot be written, kernels are compiled for this
    process alone.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    import platformdirs

    kernels = Path(platformdirs.user_cache_dir("vqcodec")) / "kernels"
    folder = kernels / source_digest(Path(__file__).parents[1])
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            remove_old(folder)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    os.environ["NUMBA_CACHE_DIR"] = str(folder) if writable else _private_folder()


def source_digest(package: Path) -> str:
    """Digest, 16 hexadecimal digits, of what the kernels below `package` are made of, in some 20 ms.

    That is the modules that hold kernels, and those that they and `vqcodec.kernels.jit` import something from.
    """
    sources = dict(_sources(package))
    needed = set()
    for module, text in sources.items():
        if _HOLDS_KERNELS.search(text) or module == f"{package.name}.kernels.jit":
            needed.add(module)
            for origin, names in _IMPORT.findall(text):
                needed.add(origin.decode())
                needed.update(f"{origin.decode()}.{name.decode()}" for name in re.findall(rb"\w+", names))
    digest = hashlib.sha256()
    for module in sorted(needed & sources.keys()):
        digest.update(f"{module} {len(sources[module])}\n".encode() + sources[module])
    return digest.hexdigest()[:_DIGEST_DIGITS]


def remove_old(folder: Path) -> None:
    """Remove the oldest of the folders beside `folder` that were chosen by `choose_folder` at other times."""
    import shutil

    name = re.compile(f"[0-9a-f]{{{_DIGEST_DIGITS}}}")
    others = [entry for entry in os.scandir(folder.parent) if name.fullmatch(entry.name) and entry.name != folder.name]
    others.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in others[KEPT_FOLDERS - 1 :]:
        shutil.rmtree(entry.path, ignore_errors=True)


def _sources(package: Path) -> list[tuple[str, bytes]]:
    """Name and text of every module below `package`."""
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


def _private_folder() -> str:
    """A folder for this process alone: one in a shared place could be planted with foreign code."""
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="vqcodec-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
