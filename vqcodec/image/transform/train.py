"""Training a codebook of the default picture coder on pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.training.memory_training import with_memory
from vqcodec.blocks.training.outcome import COST_UNIT, PATTERNS
from vqcodec.blocks.training.train import RoundFigures
from vqcodec.blocks.training.train import train as train_model
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.media import USUAL_HEADERS
from vqcodec.image import colour
from vqcodec.image.pixels import Picture
from vqcodec.image.transform.alpha_training import fit_alone
from vqcodec.image.transform.engine import ENGINE, chances_of, model_of
from vqcodec.image.transform.memory.looks import looks_of
from vqcodec.image.transform.memory.store import ItemStore
from vqcodec.image.transform.memory_training.choosing import Base
from vqcodec.image.transform.memory_training.paying import Paying, with_worth
from vqcodec.image.transform.memory_training.remembering import Wanted, choose_memory
from vqcodec.image.transform.memory_training.rounds import Work
from vqcodec.image.transform.planes import planes_of
from vqcodec.image.transform.usual import usual_headers
from vqcodec.media.training import Shard, Training
from vqcodec.version import __version__

_TABLES_SHARE = 0.7  # of the time of a training, if it chooses a memory too
PIECE = 512  # larger pictures are trained on in pieces of so many samples a side
_SHARD_SAMPLES = 3 * PIECE * PIECE


@dataclass(frozen=True)
class TransformTraining:
    """The values of the training options that the descriptor declares.

    Attributes:
        rounds: of encoding the corpus, collecting and refitting.
        effort: of the encoder while training, 0 to 9.
        tune: what to train for, "ssim" or "psnr"; either codebook serves all tunes.
        chroma: "444" or "420"; likewise.
        scales: 1, or 2 to train on each picture at half size as well, for a corpus smoother than what will be coded.
        pixels: about this many pixels of the corpus are used, taken evenly; 0 for all.
        memory_bytes: that the items of a memory may take; 0 for no memory, None for as long as they pay.
        for_: number of files that are going to be coded. What takes more bytes than it saves them is left out: tables
            of the codebook's own, and items. None: tables are always its own, and the corpus counts for the items.
        memory_quality: of the items, 0 to 100.
    """

    rounds: int
    effort: int
    tune: str
    chroma: str
    scales: int
    pixels: int
    memory_bytes: int | None
    for_: int | None
    memory_quality: float

    @property
    def parameters(self) -> CodingParameters:
        """The parameters with which pictures are coded."""
        return CodingParameters(0, tune=self.tune, subsampling=self.chroma, effort=self.effort)


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
        OutputError: the pictures cannot be kept in a temporary file.
    """
    options = TransformTraining(**task.options)
    parent = task.parent
    areas = [_areas(size, options.scales) for size in task.corpus.sizes]
    flat = [area for of_picture in areas for area in of_picture]
    stride = max(1, sum(flat) // options.pixels) if options.pixels else 1
    if stride > 1:
        task.findings.not_used("pieces", f"tables are fitted to one in {stride:,} pieces of {PIECE}x{PIECE} (pixels)")
    model = _tables(task, options, areas, stride)
    files = options.for_ or len(task.corpus)
    chances = fit_alone(task.corpus, task.carrier, files) or (chances_of(parent) if parent else None)
    chosen = None
    if options.memory_bytes != 0:
        chosen = choose_memory(
            task.corpus,
            Base(model, chances),
            Wanted(options.memory_bytes, files, options.memory_quality),
            Work(
                options.parameters,
                task.carrier,
                task.threads,
                task.checkpoint,
                lambda part: task.progress("memory", _TABLES_SHARE + (1 - _TABLES_SHARE) * part),
            ),
        )
    base = Base(model, chances) if chosen is None else chosen.base
    arrays = base.to_arrays()
    if chosen is not None:
        arrays |= chosen.memory.to_arrays() | looks_of(ItemStore(chosen.memory, base.model, base.chances))
    usual = usual_headers(task.corpus, model)
    if usual is not None:
        arrays[USUAL_HEADERS] = usual
    provenance: dict[str, Any] = {
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
    if chosen is not None:
        provenance["memory"] = {"items": len(chosen.memory), "bytes": sum(map(len, chosen.memory))}
    codebook = Codebook(ENGINE, task.name, arrays, provenance)
    if options.memory_bytes != 0:
        task.findings.remember(None if chosen is None else with_worth(chosen.report, codebook, parent))
    return codebook


def _tables(task: Training[Picture], options: TransformTraining, areas: Sequence[Sequence[int]], stride: int) -> Model:
    """Return a model without memory: fitted to the corpus, or the parent's, if its own tables do not pay.

    Args:
        areas: pixels of each piece, by picture.
        stride: one in so many pieces is trained on.
    """
    prior = with_memory(model_of(task.parent), None) if task.parent else None
    paying = None
    if task.parent is not None and prior is not None and options.for_ is not None:
        paying = Paying(task.corpus, task.parent, options.for_)
        if not paying.may_pay():
            return prior
    places = np.concatenate([[0], np.cumsum([len(of_picture) for of_picture in areas])]).tolist()
    shards = [
        _Pieces(shard, options.scales, options.chroma, places[shard.first], stride)
        for shard in task.corpus.shards(_SHARD_SAMPLES)
        if -places[shard.first] % stride < places[shard.first + len(shard)] - places[shard.first]
    ]
    rounds_told: dict[str, float] = {}
    share = 1.0 if options.memory_bytes == 0 else _TABLES_SHARE

    def tell(label: str, part: float) -> None:
        rounds_told[label] = part
        task.progress(label, share * min(1.0, sum(rounds_told.values()) / options.rounds))

    def keep(number: int, model: Model, figures: RoundFigures) -> None:
        task.findings.step("rounds", COST_UNIT, number, figures.cost)
        task.findings.use_contexts(figures.usage.contexts)
        task.findings.count(PATTERNS, figures.usage.patterns)
        task.checkpoint.keep_round(number, model.to_arrays())

    model = train_model(
        shards,
        carrier=task.carrier,
        parameters=options.parameters,
        rounds=options.rounds,
        prior=prior,
        threads=task.threads,
        progress=tell,
        resumed=task.checkpoint.last_round(options.rounds, Model.from_arrays),
        finished=keep,
    )
    return prior if paying is not None and prior is not None and not paying.pays(model) else model
