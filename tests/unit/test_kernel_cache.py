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
from vqcodec.codebook import library
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


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is told."""
    lines: list[str] = []
    monkeypatch.setattr(kernel_cache, "tell", lines.append)
    return lines


def test_the_folder_is_in_the_users_cache(users_cache: Path, told: list[str]) -> None:
    folder = choose_folder()
    assert folder == (str(users_cache / "kernels" / source_digest(PACKAGE)), True)
    assert not told
    before = os.umask(0)
    try:
        shutil.rmtree(users_cache)
        assert choose_folder() == folder
    finally:
        os.umask(before)
    for made in (Path(folder.path), users_cache / "kernels", users_cache):
        assert made.stat().st_mode & 0o777 == 0o700


def test_what_the_user_says_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _name: pytest.fail("not asked for"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    assert choose_folder() == (str(tmp_path / "given"), True)


def test_without_a_place_to_write_nothing_is_kept(users_cache: Path, told: list[str]) -> None:
    users_cache.write_text("a file where a folder should be")
    assert choose_folder() is None
    assert len(told) == 1
    assert "not kept there" in told[0]


def test_without_a_home_nothing_is_kept(tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is made in the current folder, nor read from there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)

    def homeless(_name: str) -> str:
        raise RuntimeError("could not determine the home directory")

    for found in (homeless, lambda _name: "~/.cache/vqcodec", lambda _name: ".cache/vqcodec"):
        monkeypatch.setattr("platformdirs.user_cache_dir", found)
        monkeypatch.setattr("platformdirs.user_data_dir", found)
        assert choose_folder() is None
        assert library.user_folder() is None
        assert library.search_path()
    monkeypatch.setenv("NUMBA_CACHE_DIR", "kernels")
    assert choose_folder() is None
    assert not list(tmp_path.iterdir())
    assert len(told) == 4


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have no such owners and permissions")
def test_in_a_folder_of_others_nothing_is_kept(
    users_cache: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they put there would be run."""
    found = choose_folder()
    assert found is not None
    folder = Path(found.path)
    for shared in (folder, folder.parent, users_cache):
        for mode in (0o770, 0o707):
            shared.chmod(mode)
            assert choose_folder() is None
            shared.chmod(0o700)
    assert choose_folder() == found
    users_cache.chmod(0o1777)  # as /tmp is: others may add to it, and not take away
    assert choose_folder() == found
    folder.chmod(0o1777)
    assert choose_folder() is None
    folder.chmod(0o700)
    users_cache.chmod(0o700)
    aside = users_cache.rename(users_cache.with_name("aside"))
    aside.chmod(0o777)
    users_cache.symlink_to(aside)
    assert choose_folder() is None
    aside.chmod(0o700)
    assert choose_folder() == found
    monkeypatch.setattr(kernel_cache, "_trusted_users", lambda: {os.getuid() + 1})
    assert choose_folder() is None
    assert [text.count("not kept there") for text in told] == [1] * 9


PROGRAM = """
import numpy as np
from vqcodec.kernels import jit
from vqcodec.kernels.notices import listening

@jit.kernel
def double(values):
    for place in range(values.size):
        values[place] *= 2

values = np.arange(3)
with listening(lambda line: print(line)):
    double(values)
    from vqcodec.kernels import keeping
print(values.tolist(), keeping.FOLDER, keeping.not_kept())
"""


def run_kernel(tmp_path: Path, **environment: str) -> str:
    """What a small kernel of numba's gives in a process of its own, and what the user is told."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    settings = {"NUMBA_CACHE_DIR": str(tmp_path / "kept"), "VQCODEC_KERNELS": "jit", **environment}
    command = [sys.executable, "-W", "ignore", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | settings, cwd=tmp_path, check=False)
    return done.stdout + done.stderr


def test_kernels_are_kept_and_found_again_and_damage_is_no_matter(tmp_path: Path) -> None:
    assert "[0, 2, 4]" in run_kernel(tmp_path)
    index, data = (next((tmp_path / "kept").rglob(f"*{kind}")) for kind in (".nbi", ".nbc"))
    assert "compiling" not in run_kernel(tmp_path)
    for file, damaged in ((index, b""), (data, data.read_bytes()[:-9])):
        file.write_bytes(damaged)
        output = run_kernel(tmp_path)
        assert "damaged" in output
        assert "[0, 2, 4]" in output
        assert "Error:" not in output
        assert "compiling" not in run_kernel(tmp_path)  # it was compiled anew, and kept


def test_where_kernels_cannot_be_kept_they_are_compiled_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir(mode=0o700)
    output = run_kernel(tmp_path, NUMBA_CACHE_DIR=os.devnull + "/none")
    assert "[0, 2, 4] None there is no folder" in output
    (tmp_path / "kept").chmod(0o777)
    output = run_kernel(tmp_path)
    assert "others can write to it" in output
    assert "[0, 2, 4] None" in output
    assert "once" not in output
    assert not list((tmp_path / "kept").iterdir())


def test_numba_that_may_not_compile_is_a_plain_error(tmp_path: Path) -> None:
    output = run_kernel(tmp_path, NUMBA_DISABLE_JIT="1")
    assert "UsageError: NUMBA_DISABLE_JIT is set" in output


def test_the_module_loads_nothing_heavy() -> None:
    assert kernel_cache.__file__ is not None
    program = "import sys, vqcodec.kernels.cache; print('numpy' in sys.modules or 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
