"""The cache folder of compiled kernels: one folder for each state of the source, so that no stale kernel is used.

numba notices if the file of a kernel changes. It does not notice changes in the kernels that are compiled into it and
in the constants that it uses. So the folder's name holds a digest of all these files.

A build-time half of `vqcodec.kernels` that compiles ahead of time would leave this module to development alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

KEPT_FOLDERS = 3  # number of folders kept, the current one included
_DIGEST_DIGITS = 16
_HOLDS_KERNELS = re.compile(rb"^from vqcodec\.kernels\.jit import .*kernel", re.MULTILINE)
_IMPORT = re.compile(rb"^from (vqcodec[\w.]*) import (.*)$", re.MULTILINE)


def choose_folder() -> None:
    """Set NUMBA_CACHE_DIR to a folder in the user's cache folder, unless it is set already.

    numba's own choice, beside the source, fails in a read-only site-packages, and numba chooses for each file anew. One
    known folder can be warmed, shown and deleted. If it is not writable, kernels are compiled for this process alone.
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
    """Return the digest of the sources of all kernels below `package`: 16 hexadecimal digits.

    The sources are the modules that hold kernels, and the modules that they and `vqcodec.kernels.jit` import from. Each
    file is read once, and nothing is imported: every command computes this digest when it starts.
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


def _private_folder() -> str:
    """Return a new folder for this process alone: others could plant code in a shared one."""
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="vqcodec-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
