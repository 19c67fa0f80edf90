"""Training a codebook of the default picture coder on pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.training.train import train as train_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.image import colour
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.engine import ENGINE, model_of
from vqcodec.image.transform.planes import planes_of
from vqcodec.media.training import Shard, Training
from vqcodec.version import __version__

PIECE = 512  # larger pictures are trained on in pieces of so many samples a side
_SHARD_SAMPLES = 3 * PIECE * PIECE


@dataclass(frozen=True)
class TransformTraining:
    """The values of the training options that the descriptor declares.

    Attributes:
        rounds: of encoding the corpus, collecting and refitting.
        effort: of the encoder while training, 0 to 9.
        tune: what to train for, "ssim" or "psnr"; either codebook serves both.
        chroma: "444" or "420"; likewise.
        scales: 1, or 2 to train on each picture at half size as well, for a corpus smoother than what will be coded.
        pixels: about this many pixels of the corpus are used, taken evenly; 0 for all.
    """

    rounds: int
    effort: int
    tune: str
    chroma: str
    scales: int
    pixels: int


@dataclass(frozen=True)
class _Pieces:
    """The planes of the pieces of a shard that are trained on; they are read whenever it is iterated.

    Attributes:
        pictures: the shard.
        scales, chroma: see `TransformTraining`.
        place: number of the first piece of the shard among those of the corpus.
        stride: one in so many pieces is trained on.
    """

    pictures: Shard[Picture]
    scales: int
    chroma: str
    place: int
    stride: int

    def __iter__(self) -> Iterator[list[np.ndarray]]:
        place = self.place
        for picture in self.pictures:
            for piece in self._of(picture):
                if place % self.stride == 0:
                    yield planes_of(np.ascontiguousarray(piece), self.chroma)
                place += 1

    def _of(self, picture: Picture) -> Iterator[np.ndarray]:
        channels = picture.channels - (picture.channels + 1) % 2
        samples = picture.samples[:, :, :channels]
        yield from _cut(samples)
        if self.scales == 2:
            yield from _cut(np.stack([colour.halve(samples[:, :, c].copy()) for c in range(channels)], axis=2))


def _cut(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Pieces of at most PIECE x PIECE pixels, in raster order."""
    height, width, _ = samples.shape
    for top in range(0, height, PIECE):
        for left in range(0, width, PIECE):
            yield samples[top : top + PIECE, left : left + PIECE]


def _areas(size: tuple[int, ...], scales: int) -> list[int]:
    """Return the pixels of each piece of a picture, by its height and width."""
    sizes = [size[:2], (-(-size[0] // 2), -(-size[1] // 2))][:scales]
    return [
        min(PIECE, height - top) * min(PIECE, width - left)
        for height, width in sizes
        for top in range(0, height, PIECE)
        for left in range(0, width, PIECE)
    ]


def train(task: Training[Picture]) -> Codebook:
    """Train a codebook on pictures.

    Raises:
        UnreadableInputError: there is nothing to train on.
        CodebookError: the parent is for another engine.
    """
    options = TransformTraining(**task.options)
    areas = [_areas(size, options.scales) for size in task.corpus.sizes]
    flat = [area for of_picture in areas for area in of_picture]
    stride = max(1, sum(flat) // options.pixels) if options.pixels else 1
    places = np.concatenate([[0], np.cumsum([len(of_picture) for of_picture in areas])]).tolist()
    shards = [
        _Pieces(shard, options.scales, options.chroma, places[shard.first], stride)
        for shard in task.corpus.shards(_SHARD_SAMPLES)
        if -places[shard.first] % stride < places[shard.first + len(shard)] - places[shard.first]
    ]
    rounds_told: dict[str, float] = {}

    def tell(label: str, part: float) -> None:
        rounds_told[label] = part
        task.progress(label, min(1.0, sum(rounds_told.values()) / options.rounds))

    parent = task.parent
    prior: Model | None = model_of(parent) if parent else None
    parameters = CodingParameters(
        0,
        tune=options.tune,
        subsampling=options.chroma,
        effort=options.effort,
    )
    model = train_model(
        shards,
        carrier=task.carrier,
        parameters=parameters,
        rounds=options.rounds,
        prior=prior,
        threads=task.threads,
        progress=tell,
        resumed=task.checkpoint.last_round(options.rounds, Model.from_arrays),
        finished=lambda number, model: task.checkpoint.keep_round(number, model.to_arrays()),
    )
    provenance = {
        "program": f"vqcodec {__version__}",
        "method": "encode, collect, refit",
        "options": dict(vars(options)),
        "parent": parent.identity if parent else None,
        "corpus": {
            "pictures": len(task.corpus),
            "pixels": sum(flat[::stride]),
            "fingerprint": task.corpus.fingerprint(),
        },
    }
    return Codebook(ENGINE, task.name, model.to_arrays(), provenance)
