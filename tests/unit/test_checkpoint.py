"""Checkpoints of trainings: what is kept is found again by the same training alone, and never stops another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vqcodec
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import OutputError
from vqcodec.image.pixels import Picture
from vqcodec.image.transform import train as transform
from vqcodec.media import checkpoint as kept
from vqcodec.media.checkpoint import Checkpoint, digest_of
from vqcodec.media.training import Training

DIGEST = digest_of("image/transform", {"rounds": 2}, None, "0123456789abcdef")


def same(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as they are."""
    return arrays


def test_without_a_folder_nothing_is_kept() -> None:
    nothing = Checkpoint(None)
    nothing.keep("a", {"x": np.arange(3)})
    assert nothing.kept("a", same) is None


def test_the_last_round_replaces_the_ones_before(tmp_path: Path) -> None:
    told: list[str] = []
    checkpoint = Checkpoint(tmp_path / "new" / "folder", DIGEST, told.append)
    assert checkpoint.last_round(2, same) == (0, None)
    checkpoint.keep("other", {"y": np.ones(2)})
    for number in (1, 2):
        checkpoint.keep_round(number, {"x": np.full(4, number)})
    again = Checkpoint(tmp_path / "new" / "folder", DIGEST, told.append)
    number, arrays = again.last_round(2, same)
    assert number == 2
    assert arrays is not None
    assert arrays.keys() == {"x"}
    assert (arrays["x"] == 2).all()
    assert list(again.kept("other", same) or ()) == ["y"]
    assert not told
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 1
    again.remove()
    again.remove()
    assert not list((tmp_path / "new" / "folder").iterdir())


def test_another_training_does_not_find_it_and_says_so(tmp_path: Path) -> None:
    Checkpoint(tmp_path, DIGEST).keep_round(1, {"x": np.zeros(1)})
    told: list[str] = []
    other = digest_of("image/transform", {"rounds": 3}, None, "0123456789abcdef")
    assert Checkpoint(tmp_path, other, told.append).last_round(3, same) == (0, None)
    assert len(told) == 1
    assert "not of this training" in told[0]
    assert "\n" not in told[0]
    assert Checkpoint(tmp_path, DIGEST).last_round(3, same)[0] == 1


@pytest.mark.parametrize("change", ["engine", "options", "parent", "corpus", "version"])
def test_the_digest_depends_on_all_that_the_result_depends_on(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"engine": "image/transform", "options": {"tune": "ssim"}, "parent": None, "corpus": "00"}
    before = digest_of(**asked)  # type: ignore[arg-type]
    if change == "version":
        monkeypatch.setattr(kept, "__version__", "99")
    else:
        asked[change] = {"tune": "psnr"} if change == "options" else "11"
    assert digest_of(**asked) != before  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "array", "other-digest"])
def test_a_damaged_one_is_ignored_with_a_word(tmp_path: Path, damage: str) -> None:
    Checkpoint(tmp_path, DIGEST).keep_round(1, {"x": np.arange(1000)})
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    elif damage == "other-digest":
        np.savez(path, digest=np.array("no"), x=np.arange(3))
    else:
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        path.write_bytes({"empty": b"", "cut": whole[:-40], "flipped": bytes(flipped), "text": b"hello\n"}[damage])
    told: list[str] = []
    checkpoint = Checkpoint(tmp_path, DIGEST, told.append)
    assert checkpoint.last_round(2, same) == (0, None)
    assert len(told) == 1
    assert "cannot be used" in told[0]
    checkpoint.keep_round(1, {"x": np.arange(1000)})
    assert Checkpoint(tmp_path, DIGEST).last_round(2, same)[0] == 1


def test_arrays_that_make_no_model_are_ignored_with_a_word(tmp_path: Path) -> None:
    told: list[str] = []
    checkpoint = Checkpoint(tmp_path, DIGEST, told.append)
    checkpoint.keep_round(1, {"x": np.arange(3)})
    assert checkpoint.last_round(2, lambda arrays: arrays["y"]) == (0, None)
    assert len(told) == 1
    checkpoint.keep_round(3, {"x": np.arange(3)})
    assert checkpoint.last_round(2, same) == (0, None)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_a_named_error(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, DIGEST)
    (tmp_path / f"training-{DIGEST[:16]}.npz").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="the disk is full"):
        checkpoint.keep_round(1, {"x": np.zeros(9)})


def test_a_folder_that_cannot_be_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="cannot be a folder for checkpoints"):
            Checkpoint(folder, DIGEST)


def test_what_was_trained_on_one_corpus_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    folder, told = tmp_path / "kept", list[str]()
    asked = {"parent": "none", "checkpoint": folder, "notice": told.append}
    with pytest.raises(KeyboardInterrupt):
        vqcodec.train_codebook([tmp_path / "a.png"], **asked)
    with pytest.raises(KeyboardInterrupt):
        vqcodec.train_codebook([tmp_path / "a.png"], rounds=7, **asked)
    assert len(list(folder.iterdir())) == 2
    interrupted = False
    other = vqcodec.train_codebook([tmp_path / "b.png"], **asked)
    assert other.arrays["mean"] == [200]
    assert sum(text.endswith("not of this training (other media, options or parent); not used") for text in told) == 2
    own = vqcodec.train_codebook([tmp_path / "a.png"], **asked)
    assert own.arrays["mean"] == [10]
    assert own.provenance == {"rounds before": 1}
    assert len(list(folder.iterdir())) == 1
