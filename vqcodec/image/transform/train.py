"""Training a codebook of the default picture coder on pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vqcodec.api.corpus import PictureCorpus
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.training.train import DEFAULT_RUNGS
from vqcodec.blocks.training.train import train as train_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.image import colour
from vqcodec.image.transform.engine import ENGINE, TUNES, model_of
from vqcodec.image.transform.planes import planes_of
from vqcodec.version import __version__

PIECE = 512  # larger pictures are trained on in pieces of so many samples a side

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class TransformOptions:
    """How to train.

    Attributes:
        rounds: of encoding the corpus, collecting and refitting.
        effort: of the encoder while training, 0 to 9.
        tune: what to train for, "ssim" or "psnr"; either codebook serves both.
        chroma: "444" or "420"; likewise.
        scales: 1, or 2 to train on each picture at half size as well, for a corpus smoother than what will be coded.
        parent: name or path of the codebook to start from, believed where the corpus says little; "none" for none.
        pixels: about so many pixels of the corpus are used, taken evenly; 0 for all.
        checkpoint: folder to keep the state of training in after each round, to go on from there; "" for none.
    """

    rounds: int = 3
    effort: int = 4
    tune: str = "psnr"
    chroma: str = "444"
    scales: int = 1
    parent: str = "photo"
    pixels: int = 0
    checkpoint: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= 20:
            raise UsageError(f"{self.rounds} training rounds: choose 1 to 20")
        if self.tune not in TUNES:
            raise UsageError(f"tune {self.tune}: choose one of {', '.join(TUNES)}")
        if self.scales not in (1, 2):
            raise UsageError(f"{self.scales} scales: choose 1 or 2")
        if self.chroma not in ("444", "420"):
            raise UsageError(f"chroma {self.chroma}: choose 444 or 420 to train on")


class _Pieces:
    """The planes of all pieces of the corpus that are trained on; read afresh whenever it is iterated."""

    def __init__(self, corpus: PictureCorpus, options: TransformOptions) -> None:
        self._corpus = corpus
        self._options = options
        sizes = [piece.shape[0] * piece.shape[1] for piece in self._all()]
        self.stride = max(1, sum(sizes) // options.pixels) if options.pixels else 1
        self.count = len(range(0, len(sizes), self.stride))
        self.pixels = sum(sizes[:: self.stride])

    def _all(self) -> Iterator[np.ndarray]:
        for picture in self._corpus:
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


def train(
    corpus: PictureCorpus,
    name: str,
    options: TransformOptions,
    *,
    parent: Codebook | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Codebook:
    """Train a codebook; the same corpus, options and parent give the same bytes, whatever the number of threads.

    Raises:
        UnreadableInputError: there is nothing to train on.
        CodebookError: the parent is for another engine, or a checkpoint cannot be used.
    """
    pieces = _Pieces(corpus, options)
    work = pieces.count * len(DEFAULT_RUNGS)
    rounds_told: dict[str, int] = {}

    def tell(label: str, finished: int) -> None:
        rounds_told[label] = finished
        if progress:
            progress(label, min(1.0, sum(rounds_told.values()) / (work * options.rounds)))

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
        threads=threads,
        progress=tell,
        checkpoint=Path(options.checkpoint) if options.checkpoint else None,
    )
    used = {key: value for key, value in vars(options).items() if key not in ("checkpoint", "parent")}
    provenance = {
        "program": f"vqcodec {__version__}",
        "method": "encode, collect, refit",
        "options": used,
        "parent": parent.identity if parent else None,
        "corpus": {
            "pictures": len(corpus.paths) - len(corpus.skipped),
            "pixels": pieces.pixels,
            "fingerprint": corpus.fingerprint(),
        },
    }
    return Codebook(ENGINE, name, model.to_arrays(), provenance)
