"""Native objects that cannot be used: one line says what is used instead, and results stay right."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moving_pictures import write_clip

import vqcodec
from vqcodec.codebook.library import shipped_folder
from vqcodec.kernels import native
from vqcodec.kernels.build.sources import sources_of

PACKAGE = Path(vqcodec.__file__).parent
GOLDEN = Path(__file__).parents[1] / "golden"

pytestmark = pytest.mark.skipif(native.native() is None, reason="there is no native object")

DECODING = """
import hashlib, sys, warnings
from pathlib import Path
warnings.simplefilter("always")
from vqcodec.kernels import native
native.FOLDER = Path(sys.argv[1])
if len(sys.argv) > 3:
    exec(sys.argv[3])
from vqcodec.image import decode_image
print(hashlib.sha256(decode_image(Path(sys.argv[2]).read_bytes()).tobytes()).hexdigest(), "numba" in sys.modules)
"""


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """A copy of the folder of objects."""
    folder = tmp_path / "objects"
    shutil.copytree(native.FOLDER, folder, ignore=shutil.ignore_patterns("parts"))
    return folder


def decode(folder: Path, change: str = "", **environment: str) -> tuple[bool, str]:
    """Decode a golden picture with the objects of a folder; return whether numba was loaded, and what was said."""
    name = "block-grey-30.vqc"
    done = subprocess.run(
        [sys.executable, "-c", DECODING, str(folder), str(GOLDEN / name), change],
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if key != native.CHOICE} | environment,
    )
    digest, numba = done.stdout.split()
    assert digest == json.loads((GOLDEN / "hashes.json").read_text())[name]["sha256"]
    said = [line for line in done.stderr.splitlines() if "RuntimeWarning" in line and "compiling kernels" not in line]
    return numba == "True", "\n".join(line.partition("RuntimeWarning: ")[2] for line in said)


def change_table(folder: Path, change: Any) -> None:
    table = json.loads((folder / native.TABLE).read_text().partition("\n")[2])
    change(table)
    native.write_table(folder, table)


def the_object(folder: Path) -> Path:
    found = native.native()
    assert found is not None
    return folder / f"{found.name}.so"


def test_a_sound_object_says_nothing(objects: Path) -> None:
    assert decode(objects) == (False, "")


def test_without_objects_numba_compiles(tmp_path: Path) -> None:
    assert decode(tmp_path) == (True, "")


def test_a_damaged_object(objects: Path) -> None:
    file = the_object(objects)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    numba, said = decode(objects)
    assert numba
    assert said.count("\n") == 0
    assert f"{file.name} is damaged" in said
    assert "numba compiles kernels instead" in said


def test_a_truncated_object(objects: Path) -> None:
    file = the_object(objects)
    file.write_bytes(file.read_bytes()[:5000])
    assert "is damaged" in decode(objects)[1]


def test_a_missing_object(objects: Path) -> None:
    the_object(objects).unlink()
    assert "cannot be read" in decode(objects)[1]


def test_an_object_that_is_none(objects: Path) -> None:
    """The table vouches for it, but it is no library."""
    file = the_object(objects)
    file.write_bytes(b"text")
    change_table(objects, lambda table: table["objects"].update({file.stem: native.digest_of(b"text")}))
    numba, said = decode(objects)
    assert numba
    assert "numba compiles kernels instead" in said


@pytest.mark.parametrize("key", ["version", "scheme"])
def test_an_object_of_another_version(objects: Path, key: str) -> None:
    change_table(objects, lambda table: table.update({key: "0.0.0"}))
    numba, said = decode(objects)
    assert numba
    assert "numba compiles kernels instead" in said


@pytest.mark.parametrize("damage", ["empty", "short", "changed"])
def test_a_damaged_table(objects: Path, damage: str) -> None:
    text = (objects / native.TABLE).read_text()
    damaged = {"empty": "", "short": text[:1000], "changed": text.replace("int64", "int32", 1)}[damage]
    (objects / native.TABLE).write_text(damaged)
    numba, said = decode(objects)
    assert numba
    assert f"{native.TABLE} is damaged" in said
    assert "numba compiles kernels instead" in said


def test_a_missing_symbol(objects: Path) -> None:
    """One kernel is left to numba."""
    kernel = "vqcodec.image.block.indices._read_indices"
    change_table(objects, lambda table: table["kernels"][kernel]["variants"][0].update(symbol="vqk_none"))
    numba, said = decode(objects)
    assert numba
    assert f"native kernel {kernel} cannot be used" in said


def test_another_variant_is_left_to_numba(objects: Path) -> None:
    kernel = "vqcodec.image.block.indices._read_indices"

    def change(table: dict[str, Any]) -> None:
        table["kernels"][kernel]["variants"][0]["arguments"][0] = "int8[:]"

    change_table(objects, change)
    assert decode(objects) == (True, "")


def test_changed_source_is_left_to_numba(objects: Path) -> None:
    change_table(objects, lambda table: table["sources"].update({"image/block/indices.py": "0"}))
    numba, said = decode(objects)
    assert numba
    assert said.startswith("kernels have changed since they were compiled ahead of time")


def test_a_processor_without_the_instructions(objects: Path) -> None:
    """The next object is used; numba if there is none."""
    change = "native._fits = lambda library: False"
    numba, said = decode(objects, change)
    assert numba
    assert "this processor lacks instructions" in said


def test_a_damaged_packer(objects: Path) -> None:
    (objects / "_packer.abi3.so").write_bytes(b"")
    change = "native._PACKER = native._packer(); assert native._PACKER is native.packing"
    numba, said = decode(objects, change)
    assert not numba
    assert "called through ctypes" in said


def test_a_choice_is_kept(objects: Path) -> None:
    assert decode(objects, VQCODEC_KERNELS="jit") == (True, "")
    the_object(objects).unlink()
    with pytest.raises(subprocess.CalledProcessError) as caught:
        decode(objects, VQCODEC_KERNELS="native")
    assert "Unusable" in caught.value.stderr


def test_the_objects_folder_may_be_unwritable_and_home_missing(objects: Path) -> None:
    for path in (*objects.iterdir(), objects):
        path.chmod(0o555)
    assert decode(objects, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent") == (False, "")
    objects.chmod(0o755)


def test_sources_of_a_kernel() -> None:
    """Its module, what that imports, and what that imports in turn; not what is imported for types alone."""
    found = sources_of("vqcodec.image.block.indices")
    assert "image/block/indices.py" in found
    assert "entropy/bits.py" in found
    assert "entropy/words.py" in found
    assert not any(file.startswith(("speech/", "cli/")) for file in found)


@pytest.mark.parametrize(
    "command",
    [
        ["encode", "a.png", "-o", "b.vqc"],
        ["decode", "a.vqc", "-o", "b.png"],
        ["info", "--bits", "a.vqc"],
        ["verify", "a.vqc"],
        ["compare", "a.png", "a.vqc"],
        ["encode", "a.wav", "-o", "b.vqc"],
        ["encode", "a.wav", "-o", "b.vqc", "-c", "celp-4800"],
        ["encode", "a.wav", "-o", "b.vqc", "-c", "ld-celp-16k"],
        ["decode", "speech.vqc", "-o", "b.wav"],
        ["encode", "a.y4m", "-o", "b.vqc"],
        ["encode", "a.y4m", "-o", "b.vqc", "-c", "video-st3d"],
        ["decode", "video.vqc", "-o", "b.y4m"],
        ["compare", "a.y4m", "video.vqc"],
    ],
    ids=" ".join,
)
def test_commands_load_neither_numba_nor_llvmlite(command: list[str], files: Path) -> None:
    program = (
        "import sys; from vqcodec.cli import main; sys.argv[0] = 'vqcodec'\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
    )
    assert fault_without_numba(program, [*command, *(["--force"] if "-o" in command else [])], files) == ""


@pytest.mark.parametrize("quality", [0, 100])
@pytest.mark.parametrize("codebook", [path.stem for path in sorted(shipped_folder().glob("*.vqcb"))])
def test_no_shipped_codebook_needs_numba_at_any_quality(codebook: str, quality: int, files: Path) -> None:
    program = (
        "import sys, vqcodec\n"
        "from vqcodec.codebook.library import load_codebook\n"
        "codebook, quality = sys.argv[1], float(sys.argv[2])\n"
        "medium, engine = load_codebook(codebook).engine.split('/')\n"
        "source = {'image': 'large.png', 'speech': 'a.wav', 'video': 'a.y4m'}[medium]\n"
        "asked = {} if codebook in ('celp-4800', 'ld-celp-16k') else {'quality': quality}\n"
        "data = vqcodec.encode(source, codebook=codebook, **asked).data\n"
        "vqcodec.decode(data)\n"
        "vqcodec.info(data, bits=True)\n"
    )
    assert fault_without_numba(program, [codebook, str(quality)], files) == ""


def test_warming_has_nothing_to_do(files: Path) -> None:
    program = (
        "import sys; from vqcodec.api.warming import compile_kernels\n"
        "done = []; said = compile_kernels(done.append)\n"
        "assert said.startswith('native') and not done, (said, done)\n"
    )
    assert fault_without_numba(program, [], files) == ""


def fault_without_numba(program: str, arguments: list[str], folder: Path) -> str:
    """Run a program with native kernels alone; return what it failed with, or loaded of numba; "" if nothing."""
    program += "print(*sorted({'numba', 'llvmlite'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {native.CHOICE: "native"},
    )
    return done.stdout.splitlines()[-1] if done.returncode == 0 else done.stderr or str(done.returncode)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small media, and what they are when encoded."""
    import soundfile
    from PIL import Image

    from vqcodec import api

    folder = tmp_path_factory.mktemp("media")
    chance = np.random.default_rng(1)
    for name, side in (("a", 40), ("large", 200)):
        Image.fromarray(chance.integers(0, 255, (side, side + 8, 3), np.uint8)).save(folder / f"{name}.png")
    soundfile.write(folder / "a.wav", chance.normal(0, 2000, 8000).astype(np.int16), 8000)
    write_clip(folder / "a.y4m", 6)
    for name, source in (("a", "a.png"), ("speech", "a.wav"), ("video", "a.y4m")):
        (folder / f"{name}.vqc").write_bytes(api.encode(str(folder / source)).data or b"")
    return folder


@pytest.mark.skipif(not (native.FOLDER / "checked.so").exists(), reason="there is no object that checks indices")
def test_the_checked_object_checks_indices() -> None:
    program = (
        "import numpy as np; from vqcodec.entropy.huffman import _number_codes as number\n"
        "number(np.ones((2, 2), np.uint8), np.zeros((1, 2), np.uint32))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {native.CHOICE: "checked"},
    )
    assert "IndexError: vqcodec.entropy.huffman._number_codes: an index is out of bounds" in done.stderr
