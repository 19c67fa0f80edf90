"""A layer's work on a corpus in training: passes over its shards, and the steps that are finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vqcodec.errors import UnreadableInputError
from vqcodec.image.block.layers import Layer, layer_arrays, layer_of
from vqcodec.image.block.statistics import Statistics, Thinning, blocks_of, collect, count_pairs, take_vectors
from vqcodec.image.pixels import Picture
from vqcodec.media.training import Progress, Training
from vqcodec.vq.design.result import Iteration

_SHARD_SAMPLES = 1 << 21


@dataclass(frozen=True)
class BlockTraining:
    """The values of the training options that the descriptor declares.

    Attributes:
        size: codewords of each layer, 2 to 4096.
        side: samples along a side of a block, 1 to 16.
        layout: `grey`, `420` or `joint`.
        classes: neighbour classes; the index code has classes * classes contexts.
        structure: of the codebooks, one of `STRUCTURES`.
        method: of the design, one of `METHODS` but `ecvq`.
        lambda_: squared error per sample that a bit is worth in the rate-distortion rounds; 0 is plain LBG.
        rounds: of encoding, collecting and refitting at `lambda_` (entropy-constrained design in contexts).
        scales: 1, or 2 to train on each picture at half size as well, for a corpus smoother than what will be coded.
        symmetries: also train on the blocks turned and mirrored, for media that have no preferred direction.
        training_vectors: LBG sees about this many vectors of each layer, taken evenly from the whole corpus.
        seed: of all that is random.
    """

    size: int
    side: int
    layout: str
    classes: int
    structure: str
    method: str
    lambda_: float
    rounds: int
    scales: int
    symmetries: bool
    training_vectors: int
    seed: int


class LayerWork:
    """A layer's work on a corpus.

    Args:
        task: of training. options: its options.
        name: of the layer.
        tell: told what is being done for the layer, and the part of its whole that is done.

    Attributes:
        name, tell: as above.
        carrier, threads: of the training; threads are for what is not done in shards.
        findings: of the training.
    """

    def __init__(self, task: Training[Picture], options: BlockTraining, name: str, tell: Progress) -> None:
        self._corpus = task.corpus
        self.carrier = task.carrier
        self._checkpoint = task.checkpoint
        self._shards = task.corpus.shards(_SHARD_SAMPLES)
        self._options = options
        self.name = name
        self.threads = task.threads
        self.findings = task.findings
        self.tell = tell

    def blocks(self, shell: Layer) -> list[int]:
        """Return the number of blocks of each picture.

        Raises:
            UnreadableInputError: none has the planes that the layer codes.
        """
        counts = blocks_of(self._corpus.sizes, shell, self._options.scales)
        if not sum(counts):
            raise UnreadableInputError("the corpus has no colour pictures to train chroma on; use the grey layout")
        if grey := counts.count(0):
            self.findings.not_used(f"{self.name} pictures", f"{self.name}: {grey:,} grey picture{'s' * (grey != 1)}")
        stride = self._stride(counts)
        if stride > 1:
            self.findings.not_used(
                f"{self.name} blocks",
                f"{self.name}: the codewords are designed on one in {stride:,} blocks (training_vectors); contexts and "
                "codes are made from all",
            )
        return counts

    def training_sequence(self, shell: Layer, blocks: Sequence[int]) -> np.ndarray:
        """Return the training vectors, float32 (n, dimension): all, or about `training_vectors` of them.

        No more than these vectors and a few pictures are in memory, however large the corpus is.
        """
        options, stride = self._options, self._stride(blocks)
        places = np.concatenate([[0], np.cumsum(blocks)])
        parts = [(shard, Thinning(int(places[shard.first]), stride, options.symmetries)) for shard in self._shards]
        told = self._pass("reading the corpus", 0.0, 0.1, take_vectors, parts, shell, options.scales)
        return np.concatenate([piece for view in zip(*told) for piece in view]).astype(np.float32)

    def taken(self, blocks: Sequence[int]) -> int:
        """Return the number of training vectors."""
        total, stride = sum(blocks), self._stride(blocks)
        return sum(len(range(view % stride, total, stride)) for view in range(self._views))

    @property
    def _views(self) -> int:
        return 8 if self._options.symmetries else 1

    def _stride(self, blocks: Sequence[int]) -> int:
        """Return one in how many blocks is trained on."""
        return max(1, self._views * sum(blocks) // self._options.training_vectors)

    def design_step(self) -> Callable[[Iteration], None]:
        """Return what tells the iterations of the design of one table after another.

        They are numbered from 1 on in each table, through all sizes if it grows.
        """
        one_table, grows = self._options.structure in ("flat", "tree"), self._options.method == "annealing"
        table = number = size = 0

        def tell(entry: Iteration) -> None:
            nonlocal table, number, size
            if not table or not (one_table or entry.iteration > 1 or (grows and entry.size > size)):
                table, number = table + 1, 0
            number, size = number + 1, entry.size
            name = f"{self.name}: design" + ("" if one_table else f" of table {table}")
            self.findings.step(name, "squared error a block", number, entry.distortion)

        return tell

    def pairs(self, layer: Layer, what: str, begin: float) -> tuple[np.ndarray, np.ndarray]:
        """Return how often each index is followed by each other, across and down, int64 (size, size)."""
        size = layer.quantizer.size
        across, down = np.zeros((size, size), np.int64), np.zeros((size, size), np.int64)
        for found in self._pass(what, begin, 0.1, count_pairs, self._shards, layer, self._options.scales):
            found[0].add_to(across)
            found[1].add_to(down)
        return across, down

    def statistics(self, layer: Layer, lambda_: float, what: str, begin: float, share: float) -> Statistics:
        """Return the sums over the corpus as the layer codes it, indices chosen at `lambda_`."""
        sums = Statistics.empty(layer)
        for part in self._pass(what, begin, share, collect, self._shards, layer, self._options.scales, lambda_):
            sums.add(part)
        return sums

    def resumed(self, shell: Layer, steps: int, figures: dict[str, float]) -> tuple[int, Layer | None]:
        """Return how many of the layer's steps are done, and the layer after them; add its figures to `figures`."""

        def read(arrays: dict[str, np.ndarray]) -> Layer:
            names = arrays.pop("figure_names").tolist()
            figures.update(zip(names, arrays.pop("figures").tolist(), strict=True))
            return layer_of(arrays, shell.side, shell.subsampling, shell.planes)

        return self._checkpoint.last_round(steps, read, self.name)

    def finished(self, step: int, layer: Layer, figures: dict[str, float]) -> None:
        """Keep the layer after step `step`, from 1 on."""
        told = {"figure_names": np.array(list(figures)), "figures": np.array(list(figures.values()), np.float64)}
        self._checkpoint.keep_round(step, {**layer_arrays(layer), **told}, self.name)

    def _pass(
        self, what: str, begin: float, share: float, function: Callable[..., Any], shards: Sequence[Any], *common: Any
    ) -> Iterator[Any]:
        """As `Carrier.map`; tells that the part `share` of the whole goes on from `begin`."""
        self.tell(what, begin)
        for number, found in enumerate(self.carrier.map(function, shards, *common)):
            yield found
            self.tell(what, begin + share * (number + 1) / len(shards))
