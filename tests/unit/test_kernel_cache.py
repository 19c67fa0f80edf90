"""Where compiled kernels go: to another folder if their source changes, and only a few folders are kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

import vqcodec
from vqcodec.kernels import cache as kernel_cache
from vqcodec.kernels.cache import KEPT_FOLDERS, choose_folder, remove_old, source_digest

PACKAGE = Path(vqcodec.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A small package of the same shape: a kernel that calls another and takes a constant from a third module."""
    package = tmp_path / "vqcodec"
    sources = {
        "__init__.py": "",
        "kernels/jit.py": "from vqcodec import linking\ndef kernel(function): ...\n",
        "kernels/compiling.py": "OPTIONS = {}\n",
        "linking.py": "LINES = 120\n",
        "limits.py": "MOST = 4\n",
        "api.py": "from vqcodec.blocks.search import run\n",
        "blocks/__init__.py": "",
        "blocks/steps.py": "STEP = 3\n",
        "blocks/help.py": "from vqcodec.kernels.jit import inline_kernel\n",
        "blocks/search.py": "from vqcodec import limits\nfrom vqcodec.blocks.steps import STEP\n"
        "from vqcodec.blocks.help import (\n    a,\n)\nfrom vqcodec.kernels.jit import kernel, map_shards\n",
        "blocks/files.py": "from vqcodec.kernels.jit import map_shards\n",
    }
    for name, text in sources.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("blocks/search.py", True),
        ("blocks/help.py", True),
        ("blocks/steps.py", True),
        ("limits.py", True),
        ("kernels/jit.py", True),
        ("kernels/compiling.py", True),
        ("linking.py", True),
        ("blocks/files.py", False),
        ("api.py", False),
    ],
)
def test_the_digest_is_of_all_that_is_compiled_in(copy: Path, changed: str, matters: bool) -> None:
    before = source_digest(copy)
    (copy / changed).write_text((copy / changed).read_text() + "OTHER = 5\n")
    assert (source_digest(copy) != before) == matters


def test_the_digest_does_not_hang_on_place_or_time(copy: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(copy, tmp_path / "elsewhere" / "vqcodec")
    (elsewhere / "__pycache__").mkdir()
    (elsewhere / "__pycache__" / "x.py").write_text("from vqcodec.kernels.jit import kernel\n")
    os.utime(elsewhere / "limits.py", (0, 0))
    assert source_digest(elsewhere) == source_digest(copy)


def test_every_module_with_kernels_counts(tmp_path: Path) -> None:
    """And so do the modules of constants that kernels use."""
    package = tmp_path / "vqcodec"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "_codebooks"))
    holders = [path for path in package.rglob("*.py") if "@kernel" in path.read_text() or "@inline" in path.read_text()]
    assert len(holders) > 20
    before = source_digest(package)
    for path in (*holders, package / "blocks" / "steps.py", package / "blocks" / "layout.py", package / "limits.py"):
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert source_digest(package) != before, path
        path.write_text(text)
    assert source_digest(package) == before


def test_the_digest_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command computes it when it starts: it reads each module once, nothing else, and imports nothing."""
    read: list[Path] = []

    def counted(path: str, mode: str) -> BinaryIO:
        read.append(Path(path))
        return open(path, mode)

    monkeypatch.setattr(kernel_cache, "open", counted, raising=False)
    loaded = set(sys.modules)
    source_digest(PACKAGE)
    assert sorted(read) == sorted(PACKAGE.rglob("*.py"))
    assert set(sys.modules) == loaded
    assert sum(path.stat().st_size for path in read) < 4 << 20


def test_old_folders_go_and_foreign_ones_stay(tmp_path: Path) -> None:
    names = [f"{number:016x}" for number in range(6)]
    for age, name in enumerate(names):
        (tmp_path / name / "sub").mkdir(parents=True)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    (tmp_path / "blocks_015fa2874e6d36ef").mkdir()
    remove_old(tmp_path / names[5])  # the present one stays, whatever its age
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names[: KEPT_FOLDERS - 1], names[5], "blocks_015fa2874e6d36ef"}


@pytest.fixture
def users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, where NUMBA_CACHE_DIR is not set."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return tmp_path / "vqcodec"


def test_the_folder_is_in_the_users_cache(users_cache: Path) -> None:
    folder = choose_folder()
    assert folder == str(users_cache / "kernels" / source_digest(PACKAGE))
    assert Path(folder).stat().st_mode & 0o777 == 0o700


def test_what_the_user_says_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _name: pytest.fail("not asked for"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    assert choose_folder() == str(tmp_path / "given")


def test_without_a_place_to_write_nothing_is_kept(users_cache: Path) -> None:
    users_cache.write_text("a file where a folder should be")
    assert choose_folder() is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no such owners and permissions")
def test_in_a_folder_of_others_nothing_is_kept(users_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they put there would be run."""
    folder = Path(choose_folder() or "")
    told: list[str] = []
    monkeypatch.setattr(kernel_cache, "tell", told.append)
    folder.chmod(0o770)
    assert choose_folder() is None
    folder.chmod(0o700)
    assert choose_folder() == str(folder)
    user = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: user + 1)
    assert choose_folder() is None
    assert [text.count("compiled kernels are not kept") for text in told] == [1, 1]


@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_numba_takes_the_folder_if_it_is_safe(tmp_path: Path, mode: int) -> None:
    """In a process of its own: the folder is chosen before numba reads its configuration."""
    program = "from vqcodec.kernels.compiling import CACHE_FOLDER; print(CACHE_FOLDER)"
    folder = tmp_path / "kernels"
    folder.mkdir()
    folder.chmod(mode)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == (f"{folder}\n" if mode == 0o700 else "None\n")


def test_the_module_loads_nothing_heavy() -> None:
    assert kernel_cache.__file__ is not None
    program = "import sys, vqcodec.kernels.cache; print('numpy' in sys.modules or 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
