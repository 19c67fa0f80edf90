"""The help texts: quick, current in the reference, complete, and with examples that run."""

from __future__ import annotations

import itertools
import re
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech
from typer.testing import Result

from vqcodec import api
from vqcodec.cli import reference
from vqcodec.cli.app import Commands
from vqcodec.cli.commands import codebook, desktop
from vqcodec.cli.exit_codes import EXIT_CODES
from vqcodec.image.transform.descriptor import TRANSFORM
from vqcodec.image.transform.fitting import DRAWN
from vqcodec.media.registry import default_codebook
from vqcodec.media.target import DEFAULTS

Run = Callable[..., Result]

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "numba", "llvmlite", "PIL", "rich", "vqcodec.api")


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from vqcodec.cli import main\n"
        "sys.argv = ['vqcodec', 'encode', '--help']\n"
        "try:\n    main()\n"
        f"finally:\n    sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Usage: vqcodec encode" in done.stdout
    assert done.stderr == ""


def test_help_is_immediate() -> None:
    """At most three and a half times what its libraries take alone, in processor time.

    Other work on the machine makes that time longer, too, so it is compared and not bounded.
    """

    def spent(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    libraries, help = zip(
        *((spent("-c", "import typer, rich.table"), spent("-m", "vqcodec", "--help")) for _ in range(3))
    )
    assert min(help) < 3.5 * min(libraries)


def test_reference_is_current() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference.reference(), "run `python -m vqcodec.cli.reference > docs/cli.md`"


def test_reference_has_every_command(run: Run) -> None:
    for group in ((), ("codebook",), ("desktop",)):
        listed = re.findall(r"(?m)^  ([a-z-]+)  ", run(*group, "--help").stdout.partition("Commands:")[2])
        assert listed
        for name in listed:
            assert (*group, name) in reference.COMMANDS


@pytest.mark.parametrize("group", [(), ("codebook",), ("desktop",)])
def test_a_group_lists_the_summaries_of_its_commands(run: Run, group: tuple[str, ...]) -> None:
    listed = {(): Commands, ("codebook",): codebook.Commands, ("desktop",): desktop.Commands}[group].listed
    for name, command in listed.items():
        words = " ".join(run(*group, name, "--help").stdout.split())
        assert "Usage: vqcodec" in words
        assert command.summary in words


def test_a_command_line_loads_the_command_that_it_names() -> None:
    program = (
        "import sys\n"
        "from vqcodec.cli import main\n"
        "sys.argv = ['vqcodec', 'verify', '--help']\n"
        "try:\n    main()\n"
        "finally:\n    sys.stderr.write(' '.join(name for name in sys.modules if 'cli.commands.' in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "vqcodec.cli.commands.verify"


def test_exit_codes_are_in_the_help(run: Run) -> None:
    text = run("--help").stdout
    for code, meaning in EXIT_CODES.items():
        assert f"{code:>3}  {meaning}" in text


def test_defaults_in_the_help_are_the_defaults(run: Run) -> None:
    text = " ".join(run("encode", "--help").stdout.split())
    pictures = f"{default_codebook('image')} or {DRAWN}, whichever fits"
    assert f"[default: ({pictures}; {default_codebook('video')}; for speech that of the band)]" in text
    assert DEFAULTS["video"] == DEFAULTS["speech"]
    for picture, others in zip(DEFAULTS["image"], DEFAULTS["speech"], strict=True):
        assert f"[default: ({picture:g}; for speech and video {others:g})]" in text
    tune, chroma, alpha_quality = (option.default for option in TRANSFORM.encode_options)
    assert f"[default: ({tune})]" in text
    assert f"[default: ({chroma})]" in text
    assert f"[default: ({alpha_quality:g})]" in text


def _examples() -> list[str]:
    """Every example of every help text."""
    text = reference.reference()
    blocks = re.findall(r"(?m)^  Examples:\n((?:    .+\n)+)", text)
    return [line.strip() for line in itertools.chain.from_iterable(block.splitlines() for block in blocks)]


def test_every_command_has_examples() -> None:
    with_examples = {tuple(re.findall(r"vqcodec ((?:codebook |desktop )?[a-z-]+)", line)[:1]) for line in _examples()}
    for command in reference.COMMANDS:
        if command not in ((), ("codebook",), ("desktop",)):
            assert (" ".join(command),) in with_examples


@pytest.fixture
def example_folder(workspace: Path, example: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the examples take for granted: photo.png, photo.vqc, talk.wav, folders of both, a codebook."""
    for path in workspace.iterdir():
        if path.name not in ("photo.png", "grey.png", "photo.vqc", "mine.vqcb"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    monkeypatch.setenv("HOME", str(workspace))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    Path("photos").mkdir()
    side = 72 if "--engine block" in example else 24  # the one needs many blocks, the other much time
    for number in range(4):
        Image.open("photo.png").resize((side, side + 8 * number)).save(f"photos/{number}.png")
    if "talk" in example or "voices" in example:
        Path("voices").mkdir()
        for name, seconds in (("talk.wav", 2), ("voices/one.wav", 6)):
            soundfile.write(name, synthetic_speech(seconds, 8000).astype(np.int16), 8000)
        if "1:05" in example:
            soundfile.write("talk.wav", np.zeros(100 * 8000, np.int16), 8000)
        Path("talk.vqc").write_bytes(api.encode("talk.wav", effort=0).data)
    if "decode coded" in example:
        Path("coded").mkdir()
        shutil.copy("photo.vqc", "coded/photo.vqc")
    if "clip" in example or "frames/" in example:
        for name in ("clip.mp4", "clips/one.mkv", "frames/%d.png"):
            write_clip(Path(name), 12, 120, 160)
        write_clip(Path("long.mkv"), 152)
        assert run("encode", "long.mkv", "-o", "clip.vqc", "-e", "0", "--gop", "76").exit_code == 0
    if ".vqp" in example or "icons" in example:
        _make_packs(run)
    return workspace


def _make_packs(run: Run) -> None:
    """What the examples of packs take for granted."""
    for name in ("icons/old.png", "icons/animals/cat.png", "new.png", "more/other.png"):
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy("photos/0.png", name)
    Path("prompts").mkdir()
    soundfile.write("prompts/one.wav", synthetic_speech(1, 8000).astype(np.int16), 8000)
    assert run("pack", "icons", "-o", "icons.vqp", "--no-train", "-e", "0").exit_code == 0
    Path("damaged.vqp").write_bytes(Path("icons.vqp").read_bytes()[:-3])


@pytest.mark.parametrize("example", _examples())
def test_example_runs(example: str, example_folder: Path, run: Run) -> None:
    """As a shell would run it, but within this process: `test_process` has the real ones."""
    if "--plot" in example:
        pytest.importorskip("matplotlib")
    if "compare clip.mp4" in example:
        write_clip(Path("clip.mp4"), 152)
    outputs = [name for name in re.findall(r"-o (\S+)", example) if name != "-"]
    for name in outputs:  # an example may show how an output is made that is there already
        Path(name).unlink(missing_ok=True)
    for command in example.split(" && "):
        pipeline, _, target = command.partition(" > ")
        data = b""
        for stage in pipeline.split(" | "):
            exit_code, data, told = _run_stage(stage, data, run)
            assert exit_code == 0, f"{stage}: {told}"
        if target:
            assert data, f"{command}: nothing was written to {target}"
            Path(target).write_bytes(data)
    for name in outputs:
        assert list(Path().glob(re.sub(r"%\d*d", "*", name))), f"{name} was not made"


def _run_stage(stage: str, stdin: bytes, run: Run) -> tuple[int, bytes, str]:
    """Run one command of a pipeline: its exit code, what it prints, and what it tells besides."""
    words = shlex.split(stage)
    if words[0] == "ffplay":  # shows what it gets
        return int(not stdin), b"", "there is nothing to show"
    if words[0] != "vqcodec":
        done = subprocess.run(words, input=stdin, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode()
    open_words = [word for word in words if "*" in word and f"'{word}'" not in stage]
    expanded = [
        str(found) for word in words[1:] for found in (sorted(Path().glob(word)) if word in open_words else [word])
    ]
    result = run(*expanded, stdin=stdin)
    return result.exit_code, result.stdout_bytes, result.output
