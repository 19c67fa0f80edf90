"""Training a codebook of the default picture coder on pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.training.train import DEFAULT_RUNGS
from vqcodec.blocks.training.train import train as train_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.image import colour
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.engine import ENGINE, model_of
from vqcodec.image.transform.planes import planes_of
from vqcodec.media.training import Corpus, Training
from vqcodec.version import __version__

PIECE = 512  # larger pictures are trained on in pieces of so many samples a side


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


class _Pieces:
    """The planes of all pieces of the corpus that are trained on; read afresh whenever it is iterated."""

    def __init__(self, corpus: Corpus[Picture], options: TransformTraining) -> None:
        self._corpus = corpus
        self._options = options
        self.pictures = 0
        sizes: list[int] = []
        for picture in corpus:
            self.pictures += 1
            sizes += [piece.shape[0] * piece.shape[1] for piece in self._of(picture)]
        self.stride = max(1, sum(sizes) // options.pixels) if options.pixels else 1
        self.count = len(range(0, len(sizes), self.stride))
        self.pixels = sum(sizes[:: self.stride])

    def _all(self) -> Iterator[np.ndarray]:
        for picture in self._corpus:
            yield from self._of(picture)

    def _of(self, picture: Picture) -> Iterator[np.ndarray]:
        channels = picture.channels - (picture.channels + 1) % 2
        samples = picture.samples[:, :, :channels]
        yield from _cut(samples)
        if self._options.scales == 2:
            yield from _cut(np.stack([colour.halve(samples[:, :, c].copy()) for c in range(channels)], axis=2))

    def __iter__(self) -> Iterator[list[np.ndarray]]:
        for number, piece in enumerate(self._all()):
            if number % self.stride == 0:
                yield planes_of(np.ascontiguousarray(piece), self._options.chroma)


def _cut(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Pieces of at most PIECE x PIECE pixels, in raster order."""
    height, width, _ = samples.shape
    for top in range(0, height, PIECE):
        for left in range(0, width, PIECE):
            yield samples[top : top + PIECE, left : left + PIECE]


def train(task: Training[Picture]) -> Codebook:
    """Train a codebook on pictures.

    Raises:
        UnreadableInputError: there is nothing to train on.
        CodebookError: the parent is for another engine.
    """
    options = TransformTraining(**task.options)
    pieces = _Pieces(task.corpus, options)
    work = pieces.count * len(DEFAULT_RUNGS)
    rounds_told: dict[str, int] = {}

    def tell(label: str, finished: int) -> None:
        rounds_told[label] = finished
        task.progress(label, min(1.0, sum(rounds_told.values()) / (work * options.rounds)))

    parent = task.parent
    prior: Model | None = model_of(parent) if parent else None
    parameters = CodingParameters(
        0,
        tune=options.tune,
        subsampling=options.chroma,
        effort=options.effort,
    )
    model = train_model(
        pieces,
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
            "pictures": pieces.pictures,
            "pixels": pieces.pixels,
            "fingerprint": task.corpus.fingerprint(),
        },
    }
    return Codebook(ENGINE, task.name, model.to_arrays(), provenance)
