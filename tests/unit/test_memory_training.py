"""Training chooses a memory: what pays is remembered, whatever the threads, and bad corpora are no trouble."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vqcodec
from tests.unit.training_tasks import task_for
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.codebook.memory import Memory
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.engine import model_of
from vqcodec.image.transform.memory.items import decode_item
from vqcodec.image.transform.train import train

SIDE = 32


def textured(seed: int, height: int = SIDE, width: int = SIDE, channels: int = 3) -> np.ndarray:
    """Return a picture with a random texture of blocks of 4x4 samples."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (-(-height // 4), -(-width // 4), channels), dtype=np.uint8)
    return np.ascontiguousarray(small.repeat(4, axis=0).repeat(4, axis=1)[:height, :width])


def kinds(count: int = 8) -> list[Picture]:
    """Pictures of two kinds: those of a kind differ in one corner."""
    pictures = []
    for number in range(count):
        samples = textured(100 + number % 2)
        samples[:8, :8] = textured(number, 8, 8)
        pictures.append(Picture(samples))
    return pictures


def trained(pictures: list[Picture], **options: Any) -> tuple[Codebook, dict[str, Any] | None]:
    """Return a codebook for 300 files like these, and what was reported of its memory."""
    task = task_for("image/transform", pictures, parent=load_codebook("photo"), **{"effort": 0, "for_": 300, **options})
    return train(task), task.findings.memory


def test_what_pays_is_remembered() -> None:
    pictures = kinds()
    codebook, report = trained(pictures)
    memory = Memory.from_arrays(codebook.arrays)
    assert memory is not None
    assert report is not None
    assert len(memory) == len(report["items"]) == codebook.provenance["memory"]["items"]
    assert [item["bytes"] for item in report["items"]] == [len(item) for item in memory]
    assert report["bytes"] == sum(map(len, memory)) == codebook.provenance["memory"]["bytes"]
    numbers = [item["picture"] for item in report["items"]]
    assert {number % 2 for number in numbers} == {0, 1}  # one of each kind at least
    assert all(item["saves_bytes"] > item["bytes"] for item in report["items"])
    uses = [item["used_by"] for item in report["items"]]
    assert uses == sorted(uses, reverse=True)
    model = model_of(codebook)
    sent = pickle.loads(pickle.dumps(model))  # as to workers of a training
    assert {name: array.tolist() for name, array in sent.to_arrays().items()} == {
        name: array.tolist() for name, array in model.to_arrays().items()
    }
    assert report["held_out"]["count"] == 2
    assert report["held_out"]["saved_share"] > 0.3
    for number, item in zip(numbers, memory):
        luma = decode_item(item, model_of(codebook)).planes[0] / 16
        original = pictures[number].samples.astype(float) @ (0.299, 0.587, 0.114)
        assert np.abs(luma - original).mean() < 8

    unseen = textured(100)
    unseen[8:16, :8] = 0
    alone = vqcodec.encode_image(unseen, codebook="photo", quality=50)
    coded = vqcodec.encode_image(unseen, codebook=codebook, quality=50)
    assert len(coded) < 0.6 * len(alone)
    decoded = vqcodec.decode_image(coded, codebook=codebook)
    assert np.mean((decoded.astype(float) - unseen) ** 2) < 25  # alone, palettes tell it nearly exactly


def test_the_same_on_any_number_of_threads_and_after_an_interruption(tmp_path: Path) -> None:
    pictures = kinds(4)
    whole, _ = trained(pictures)

    def interrupt(what: str, part: float) -> None:
        if what == "memory" and part > 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(pictures, threads=2, checkpoint=tmp_path / "kept", progress=interrupt)
    assert (tmp_path / "kept").is_file()
    resumed, _ = trained(pictures, threads=2, checkpoint=tmp_path / "kept")
    assert resumed.identity == whole.identity


def test_memory_bytes_bound_the_memory() -> None:
    whole = Memory.from_arrays(trained(kinds(), memory_bytes=100_000)[0].arrays)
    assert whole is not None
    bound = sum(map(len, whole)) - 1
    codebook, report = trained(kinds(), memory_bytes=bound)
    memory = Memory.from_arrays(codebook.arrays)
    assert memory is not None
    assert report is not None
    assert sum(map(len, memory)) <= bound
    assert Memory.from_arrays(trained(kinds(4), memory_bytes=0)[0].arrays) is None
    assert Memory.from_arrays(trained(kinds(4), memory_bytes=3)[0].arrays) is None


def test_a_memory_must_save_more_than_its_tables_take() -> None:
    codebook, report = trained(kinds(), for_=8)  # an item pays, but the tables do not
    assert Memory.from_arrays(codebook.arrays) is None
    assert report is None


def test_few_files_get_the_tables_of_the_parent() -> None:
    parent = load_codebook("photo")
    codebook, _ = trained(kinds(4), memory_bytes=0)
    of_its_own = codebook.arrays["usual_headers"].tolist()
    assert of_its_own[0][:3] == of_its_own[1][:3]
    assert {name: array.tolist() for name, array in codebook.arrays.items()} == {
        name: array.tolist() for name, array in parent.arrays.items()
    } | {"usual_headers": of_its_own}
    assert len(codebook.to_bytes(parent)) < 1500


@pytest.mark.parametrize(
    ("pictures", "items"),
    [
        ([Picture(textured(1))], 0),
        ([Picture(textured(1))] * 5, 1),
        ([Picture(textured(seed)) for seed in range(4)], 0),
        ([Picture(np.full((SIDE, SIDE, 3), 77, np.uint8))] * 3, 0),
        ([Picture(textured(1, 1, 1))] * 3, None),
    ],
    ids=["one", "copies", "unlike", "flat", "tiny"],
)
def test_corpora_in_which_little_repeats(pictures: list[Picture], items: int | None) -> None:
    codebook, report = trained(pictures)
    memory = Memory.from_arrays(codebook.arrays)
    assert (memory is None) == (report is None)
    if items is not None:
        assert (0 if memory is None else len(memory)) == items
    coded = vqcodec.encode_image(pictures[0].samples, codebook=codebook)
    assert vqcodec.decode_image(coded, codebook=codebook).shape == pictures[0].samples.shape


def test_pictures_of_all_sizes_and_kinds() -> None:
    shapes = [(32, 32, 3), (17, 40, 1), (40, 17, 4), (9, 3, 2)]
    pictures = [Picture(textured(number % 4, *shapes[number % 4])) for number in range(8)]
    pictures.append(Picture(textured(7, 4, 1300, 1)))  # too large to be an item
    codebook, report = trained(pictures)
    assert report is not None
    assert {item["picture"] % 4 for item in report["items"]} >= {0, 1}
    for picture in pictures:
        coded = vqcodec.encode_image(picture.samples, codebook=codebook)
        decoded = vqcodec.decode_image(coded, codebook=codebook)
        assert decoded.size == picture.samples.size
        if picture.channels in (2, 4):
            assert np.array_equal(decoded[:, :, -1], picture.samples[:, :, -1])
