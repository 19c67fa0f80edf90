"""The parts of a training of `speech/celp` as its checkpoint keeps them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vqcodec.media.checkpoint import Checkpoint
from vqcodec.speech.excitation.model import Excitation
from vqcodec.speech.filters.equalizer import Equalizer
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.training.set_training import TrainedSet
from vqcodec.speech.training.statistics import Counts

_COUNTS = ("first_type", "later_type", "lag_steps", "lags")


class KeptParts:
    """LSF codebooks, table sets and equalizers, by number, in a checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def keep_lsf(self, number: int, book: LsfCodebook) -> None:
        """Keep LSF codebook `number`."""
        self._checkpoint.keep(f"lsf{number}", book.to_arrays("lsf"))

    def lsf(self, number: int) -> LsfCodebook | None:
        """Return LSF codebook `number`, or None if it has not been kept."""
        return self._checkpoint.kept(f"lsf{number}", lambda arrays: LsfCodebook.from_arrays(arrays, "lsf"))

    def keep_table_set(self, number: int, trained: TrainedSet, rate: float) -> None:
        """Keep table set `number` and its rate."""
        counts = trained.counts
        named: dict[str, np.ndarray] = {name: getattr(counts, name) for name in _COUNTS}
        named |= {f"gains{table}": array for table, array in enumerate(counts.gains)}
        named |= {f"shapes{book}": array for book, array in enumerate(counts.shapes)}
        arrays = {**trained.excitation.to_arrays("set"), **{f"counts.{name}": array for name, array in named.items()}}
        self._checkpoint.keep(f"set{number}", {**arrays, "rate": np.array(rate)})

    def table_set(self, number: int) -> tuple[TrainedSet, float] | None:
        """Return table set `number` and its rate, or None if it has not been kept."""
        return self._checkpoint.kept(f"set{number}", _table_set)

    def keep_equalizer(self, number: int, equalizer: Equalizer) -> None:
        """Keep the equalizer of table set `number`."""
        self._checkpoint.keep(f"equalizer{number}", {"gains": equalizer.gains, "lengths": equalizer.lengths})

    def equalizer(self, number: int) -> Equalizer | None:
        """Return the equalizer of table set `number`, or None if it has not been kept."""
        return self._checkpoint.kept(f"equalizer{number}", lambda kept: Equalizer(kept["gains"], kept["lengths"]))


def _table_set(arrays: Mapping[str, np.ndarray]) -> tuple[TrainedSet, float]:
    """Return a table set and its rate as they are kept."""
    excitation = Excitation.from_arrays(arrays, "set")
    counts = Counts(
        **{name: arrays[f"counts.{name}"] for name in _COUNTS},
        gains=[arrays[f"counts.gains{table}"] for table in range(len(excitation.gains))],
        shapes=[arrays[f"counts.shapes{book}"] for book in range(len(excitation.shapes))],
    )
    return TrainedSet(excitation, counts), float(arrays["rate"])
