"""What codebooks of one's own bring with a memory, on pictures that they have not seen, against the shipped ones.

    python -m benchmarks.memory                              train for every set, then measure
    python -m benchmarks.memory emoji                        one set; the others keep their figures
    python -m benchmarks.memory emoji -c emoji=emoji.vqcb    measure a codebook that has been trained by the same split

Whole files are counted, and alpha is kept exactly on both sides; the RGB PSNR of pictures with alpha is that of the
pictures over white. BD-rates are those of the mean curves. A codebook counts as the difference from the shipped one
that it was trained from. Results go to benchmarks/results/memory.json.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import vqcodec
from benchmarks import datasets
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError, Picture, Samples
from benchmarks.rate_distortion import EXACT_DB
from vqcodec import metrics
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import shipped_parent
from vqcodec.errors import VQCodecError

QUALITIES = (20.0, 35.0, 50.0, 65.0, 80.0)
MIDDLE = 50.0  # the quality at which it is said from when on a codebook pays
TEST_PICTURES = 120
TILE = 32
SPRITES = DATA / "images" / "tiles" / "sprites"


@dataclass(frozen=True)
class Split:
    """Pictures of one kind, uint8 (height, width) or (height, width, channels): to train on, and to measure."""

    training: list[Samples]
    test: list[Picture]


@dataclass(frozen=True)
class MemorySet:
    """A row of the table.

    Attributes:
        label: what the pictures are, and how they are split.
        reference: the shipped codebook, to compare with and to train from.
        split: makes the pictures.
        options: of training.
    """

    label: str
    reference: str
    split: Callable[[], Split]
    options: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def emoji() -> Split:
    """Emoji: every third one, which the shipped codebooks have not seen, is measured."""
    pictures = datasets.photographs(DATA / "images" / "tiles" / "emoji_noto64")
    training = [picture.samples for number, picture in enumerate(pictures) if number % 3]
    return Split(training, _draw(pictures[::3]))


def known_faces() -> Split:
    """Faces: pictures 1 to 7 of each person to train, 8 to 10 to measure."""
    return _faces(lambda _person, number: number <= 7)


def strange_faces() -> Split:
    """Faces: persons 1 to 30 to train, 31 to 40 to measure."""
    return _faces(lambda person, _number: person <= datasets.LAST_TRAINING_PERSON)


def _faces(trains: Callable[[int, int], bool]) -> Split:
    training, test = [], []
    for picture in datasets.photographs(DATA / "images" / "tiles" / "orl_faces", grey=True):
        person, number = (int(part) for part in picture.name.removeprefix("s").split("_"))
        (training if trains(person, number) else test).append(picture)
    return Split([picture.samples for picture in training], _draw(test))


def sprites() -> Split:
    """Sprites with transparency: every third one is measured."""
    if not SPRITES.is_dir():
        raise MissingDataError(f"{SPRITES} is missing")
    pictures = []
    for path in sorted(SPRITES.glob("*.png")):
        with Image.open(path) as picture:
            pictures.append(Picture(path.stem, np.asarray(picture.convert("RGBA"))))
    training = [picture.samples for number, picture in enumerate(pictures) if number % 3]
    return Split(training, _draw(pictures[::3]))


def tiles() -> Split:
    """Tiles of photographs reduced 4x: those of every fourth photograph are measured."""
    photographs = datasets.photographs(DATA / "images" / "train")
    training, test = [], []
    for number, picture in enumerate(photographs):
        small = np.asarray(Image.fromarray(picture.samples).reduce(datasets.TILE_REDUCTION))
        held_out = number % 4 == 0
        stride = TILE if held_out else TILE // 2
        for top in range(0, small.shape[0] - TILE + 1, stride):
            for left in range(0, small.shape[1] - TILE + 1, stride):
                tile = np.ascontiguousarray(small[top : top + TILE, left : left + TILE])
                (test if held_out else training).append(Picture(f"{picture.name}_{left}_{top}", tile))
    drawn = _draw(training, datasets.TRAINING_TILES)
    return Split([picture.samples for picture in drawn], _draw(test))


SETS = {
    "emoji-500": MemorySet("emoji 64x64, a codebook for 500 files", "graphic", emoji, {"for_": 500}),
    "emoji": MemorySet(
        "emoji 64x64, a memory of 170 kB",
        "graphic",
        emoji,
        {"for_": 500, "memory_bytes": 170_000, "memory_quality": 75.0},
    ),
    "faces": MemorySet(
        "faces 92x112 of persons who are in the memory, 400 kB",
        "photo",
        known_faces,
        {"for_": 500, "memory_bytes": 400_000, "memory_quality": 80.0},
    ),
    "sprites": MemorySet(
        "game sprites 68x56 with transparency, a memory of 150 kB",
        "graphic",
        sprites,
        {"for_": 500, "memory_bytes": 150_000, "memory_quality": 75.0},
    ),
    "tiles": MemorySet("tiles 32x32 of other photographs", "photo", tiles, {"for_": 1_000_000, "rounds": 2}),
    "strangers": MemorySet("faces 92x112 of other persons", "photo", strange_faces, {"for_": 1_000_000, "rounds": 2}),
}


def _draw(pictures: Sequence[Picture], count: int = TEST_PICTURES) -> list[Picture]:
    """Return `count` of the pictures, evenly spread; all if there are not more."""
    if len(pictures) <= count:
        return list(pictures)
    return [pictures[number * len(pictures) // count] for number in range(count)]


def main(arguments: list[str] | None = None) -> int:
    parser = described_parser("memory", __doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"{', '.join(SETS)} (default: all)")
    parser.add_argument("-c", "--codebook", action="append", default=[], metavar="SET=FILE", help="measure this one")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where trained codebooks are kept")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes")
    options = parser.parse_args(arguments)
    unknown = set(options.sets) - set(SETS)
    if unknown:
        parser.error(f"there is no set {', '.join(sorted(unknown))}; choose of {', '.join(SETS)}")
    given = dict(text.split("=", 1) for text in options.codebook)
    path = options.output / "memory.json"
    rows = {row["set"]: row for row in _before(path)}
    for name in options.sets or SETS:
        try:
            rows[name] = _row(name, SETS[name], given.get(name), options.keep)
        except (MissingDataError, VQCodecError) as error:
            print(f"memory {name}: skipped: {error}", file=sys.stderr)
            continue
        print(f"{SETS[name].label}: {rows[name]['bd_rate']:+.1f} % against {SETS[name].reference}", flush=True)
        write_json(path, "memory", {"rows": [rows[known] for known in SETS if known in rows]})
    return 0


def _before(path: Path) -> list[dict[str, Any]]:
    """Return the rows that were measured before."""
    if not path.is_file():
        return []
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["results"]["rows"]
    return rows


def _row(name: str, chosen: MemorySet, codebook: str | None, folder: Path | None) -> dict[str, Any]:
    """Train for a set if no codebook is given, and measure.

    Raises:
        MissingDataError: the pictures are not there.
    """
    split = chosen.split()
    own = vqcodec.load_codebook(codebook) if codebook else _train(chosen, split.training)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.vqcb").write_bytes(own.to_bytes())
    shipped = vqcodec.load_codebook(chosen.reference)
    curves = {codebook.name: [mean_point(split.test, codebook, q) for q in QUALITIES] for codebook in (shipped, own)}
    before, after = curves[shipped.name], curves[own.name]
    difference = metrics.bd_rate(*_curve(after), *_curve(before))
    size = len(own.to_bytes(shipped_parent(own)))
    middle = before[QUALITIES.index(MIDDLE)]["bytes"]
    saved = _saved_at_middle(before, after)
    memory = own.provenance.get("memory") or {"items": 0, "bytes": 0}
    return {
        "set": name,
        "label": chosen.label,
        "reference": chosen.reference,
        "training_pictures": len(split.training),
        "test_pictures": len(split.test),
        "options": dict(chosen.options),
        "bd_rate": round(difference, 2),
        "items": memory["items"],
        "memory_bytes": memory["bytes"],
        "codebook_bytes": size,
        "bytes_a_picture": middle,
        "saved_bytes_a_picture": round(saved, 1),
        "pays_from_pictures": math.ceil(size / saved) if saved > 0 else None,
        "curves": [
            {"codebook": label} | point for label, points in (("shipped", before), ("own", after)) for point in points
        ],
    }


def _train(chosen: MemorySet, training: Sequence[Samples]) -> Codebook:
    with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
        for number, samples in enumerate(training):
            Image.fromarray(samples).save(Path(folder, f"{number:05d}.png"))
        return vqcodec.train_codebook([folder], name="own", parent=chosen.reference, **chosen.options)


def mean_point(pictures: Sequence[Picture], codebook: Codebook, quality: float) -> dict[str, Any]:
    """Return the mean bytes and the mean PSNR (dB) of pictures coded at a quality."""
    sizes, decibels = [], []
    for picture in pictures:
        data = vqcodec.encode_image(picture.samples, codebook=codebook, quality=quality, tune="psnr")
        decoded = vqcodec.decode_image(data, codebook=codebook)
        sizes.append(len(data))
        decibels.append(psnr_over_white(picture.samples, decoded))
    return {
        "quality": quality,
        "bytes": round(float(np.mean(sizes)), 2),
        "psnr_rgb": round(float(np.mean(decibels)), 4),
    }


def psnr_over_white(samples: Samples, decoded: Samples) -> float:
    """Return the RGB PSNR of a decoded picture, over white if it has alpha; at most EXACT_DB.

    Raises:
        ValueError: the alpha planes differ.
    """
    if samples.ndim == 2:
        decoded = decoded.reshape(samples.shape)
    elif samples.shape[2] == 4:
        if not np.array_equal(samples[:, :, 3], decoded[:, :, 3]):
            raise ValueError("alpha was not kept exactly")
        samples, decoded = _over_white(samples), _over_white(decoded)
    return min(metrics.psnr_rgb(samples, decoded), EXACT_DB)


def _over_white(samples: Samples) -> Samples:
    share = samples[:, :, 3:].astype(np.float64) / 255
    return np.rint(samples[:, :, :3] * share + 255 * (1 - share)).astype(np.uint8)


def _curve(points: Sequence[Mapping[str, float]]) -> tuple[list[float], list[float]]:
    return [point["bytes"] for point in points], [point["psnr_rgb"] for point in points]


def _saved_at_middle(before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]]) -> float:
    """Return how many bytes a picture takes less than with the shipped codebook, at its PSNR at quality MIDDLE."""
    reference = before[QUALITIES.index(MIDDLE)]
    rates, qualities = _curve(after)
    rate = math.exp(float(np.interp(reference["psnr_rgb"], qualities, np.log(rates))))
    return reference["bytes"] - rate


if __name__ == "__main__":
    sys.exit(main())
