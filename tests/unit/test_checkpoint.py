"""Checkpoints of trainings: what is kept is found again by the same training alone, and never used by another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vqcodec
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, OutputError, UsageError
from vqcodec.image.pixels import Picture
from vqcodec.image.transform import train as transform
from vqcodec.media.checkpoint import Begun, Checkpoint
from vqcodec.media.training import Training

BEGUN = Begun("image/transform", {"rounds": 2, "tune": "ssim"}, None, "0123456789abcdef")


def same(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as they are."""
    return arrays


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint is."""
    return tmp_path / "x.vqcb.unfinished"


def test_without_a_file_nothing_is_kept() -> None:
    nothing = Checkpoint(None)
    nothing.keep("a", {"x": np.arange(3)})
    assert nothing.kept("a", same) is None
    assert nothing.is_empty


def test_the_last_round_replaces_the_ones_before(path: Path) -> None:
    checkpoint = Checkpoint(path, BEGUN)
    assert checkpoint.last_round(2, same) == (0, None)
    checkpoint.keep("other", {"y": np.ones(2)})
    for number in (1, 2):
        checkpoint.keep_round(number, {"x": np.full(4, number)})
        checkpoint.keep_round(number, {"x": np.full(4, 10 * number)}, "chroma")
    again = Checkpoint(path, BEGUN, resume=True)
    number, arrays = again.last_round(2, same)
    assert number == 2
    assert arrays is not None
    assert arrays.keys() == {"x"}
    assert (arrays["x"] == 2).all()
    number, arrays = again.last_round(2, same, "chroma")
    assert arrays is not None
    assert (arrays["x"] == 20).all()
    assert list(again.kept("other", same) or ()) == ["y"]
    assert list(path.parent.iterdir()) == [path]
    again.remove()
    again.remove()
    assert not list(path.parent.iterdir())


def test_it_is_used_only_if_asked_for(path: Path) -> None:
    Checkpoint(path, BEGUN).keep_round(1, {"x": np.zeros(1)})
    with pytest.raises(UsageError, match="an interrupted training has left it; go on with --resume"):
        Checkpoint(path, BEGUN)
    assert Checkpoint(path, BEGUN, resume=True).last_round(2, same)[0] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"engine": "video/mc"}, "engine image/transform, not video/mc"),
        ({"options": {"rounds": 3, "tune": "ssim"}}, "rounds 2, not 3"),
        ({"parent": "ab"}, "parent None, not ab"),
        ({"corpus": "11"}, "other media"),
        ({"version": "99"}, "version .*, not 99"),
    ],
)
def test_another_training_is_refused_in_a_line_that_says_the_difference(
    path: Path, change: dict[str, object], said: str
) -> None:
    Checkpoint(path, BEGUN).keep_round(1, {"x": np.zeros(1)})
    before = path.read_bytes()
    with pytest.raises(UsageError, match=f"is of a training with {said}; ask for the same") as refused:
        Checkpoint(path, BEGUN._replace(**change), resume=True)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before
    assert Checkpoint(path, BEGUN, resume=True).last_round(3, same)[0] == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "array", "other"])
def test_a_damaged_one_is_an_error_of_one_line(path: Path, damage: str) -> None:
    Checkpoint(path, BEGUN).keep_round(1, {"x": np.arange(1000)})
    whole = path.read_bytes()
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    elif damage == "other":
        with path.open("wb") as file:
            np.savez(file, x=np.arange(3))
    else:
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        path.write_bytes({"empty": b"", "cut": whole[:-40], "flipped": bytes(flipped), "text": b"hello\n"}[damage])
    with pytest.raises(CorruptFileError, match="remove it to begin anew") as refused:
        Checkpoint(path, BEGUN, resume=True)
    assert "\n" not in str(refused.value)


def test_arrays_that_make_no_model_are_ignored_with_a_word(path: Path) -> None:
    told: list[str] = []
    checkpoint = Checkpoint(path, BEGUN, notice=told.append)
    checkpoint.keep_round(1, {"x": np.arange(3)})
    assert checkpoint.last_round(2, lambda arrays: arrays["y"]) == (0, None)
    assert len(told) == 1
    checkpoint.keep_round(3, {"x": np.arange(3)})
    assert checkpoint.last_round(2, same) == (0, None)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_a_named_error(path: Path) -> None:
    checkpoint = Checkpoint(path, BEGUN)
    path.symlink_to("/dev/full")
    with pytest.raises(OutputError, match="the disk is full"):
        checkpoint.keep_round(1, {"x": np.zeros(9)})


def test_what_was_trained_on_one_corpus_is_not_taken_for_another(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = True

    def train(task: Training[Picture]) -> Codebook:
        done, arrays = task.checkpoint.last_round(1, same)
        if arrays is None:
            arrays = {"mean": np.array([p.samples.mean() for p in task.corpus]).astype(np.int32)}
            task.checkpoint.keep_round(1, arrays)
        if interrupted:
            raise KeyboardInterrupt
        return Codebook(task.engine.name, task.name, arrays, {"rounds before": done})

    monkeypatch.setattr(transform, "train", train)
    for name, value in (("a", 10), ("b", 200)):
        Image.new("L", (8, 8), value).save(tmp_path / f"{name}.png")
    asked = {"parent": "none", "checkpoint": path, "resume": True}
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        vqcodec.train_codebook([tmp_path / "a.png"], notice=told.append, **asked)
    assert told[-1] == "nothing has been kept to resume: the training begins anew"
    interrupted = False
    for sources, options, said in (("b", {}, "other media"), ("a", {"rounds": 7}, "rounds 3, not 7")):
        with pytest.raises(UsageError, match=said):
            vqcodec.train_codebook([tmp_path / f"{sources}.png"], **asked, **options)
    own = vqcodec.train_codebook([tmp_path / "a.png"], **asked)
    assert own.arrays["mean"] == [10]
    assert own.provenance == {"rounds before": 1}
    assert not path.exists()
