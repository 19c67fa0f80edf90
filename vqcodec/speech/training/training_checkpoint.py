"""A file that keeps the finished parts of a training, so that it can go on after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vqcodec.files.atomic import writing
from vqcodec.speech.excitation.model import Excitation
from vqcodec.speech.filters.equalizer import Equalizer
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.training.set_training import TrainedSet
from vqcodec.speech.training.statistics import Counts

_COUNTS = ("first_type", "later_type", "lag_steps", "lags")


class Checkpoint:
    """The finished parts of a training, in a NumPy archive that is written anew with every part.

    Args:
        path: of the file; None to keep nothing.
        digest: of recordings and options. A file that is damaged, or has another digest, is ignored.
    """

    def __init__(self, path: Path | None, digest: str) -> None:
        self._path = path
        self._arrays: dict[str, np.ndarray] = {}
        if path is not None and path.exists():
            try:
                with np.load(path, allow_pickle=False) as archive:
                    kept = {name: archive[name] for name in archive.files}
            except (OSError, ValueError, EOFError):
                kept = {}
            if str(kept.get("digest", "")) == digest:
                self._arrays = kept
        self._arrays["digest"] = np.array(digest)

    def keep_lsf(self, number: int, book: LsfCodebook) -> None:
        """Keep LSF codebook `number`."""
        self._arrays |= book.to_arrays(f"lsf{number}")
        self._save()

    def lsf(self, number: int) -> LsfCodebook | None:
        """Return LSF codebook `number`, or None if it has not been kept."""
        return LsfCodebook.from_arrays(self._arrays, f"lsf{number}") if f"lsf{number}/start" in self._arrays else None

    def keep_table_set(self, number: int, trained: TrainedSet, rate: float) -> None:
        """Keep table set `number` and its rate."""
        counts, prefix = trained.counts, f"set{number}"
        named: dict[str, np.ndarray] = {name: getattr(counts, name) for name in _COUNTS}
        named |= {f"gains{table}": array for table, array in enumerate(counts.gains)}
        named |= {f"shapes{book}": array for book, array in enumerate(counts.shapes)}
        self._arrays |= trained.excitation.to_arrays(prefix)
        self._arrays |= {f"{prefix}/counts.{name}": array for name, array in named.items()}
        self._arrays[f"{prefix}/rate"] = np.array(rate)
        self._save()

    def table_set(self, number: int) -> tuple[TrainedSet, float] | None:
        """Return table set `number` and its rate, or None if it has not been kept."""
        prefix = f"set{number}"
        if f"{prefix}/rate" not in self._arrays:
            return None
        excitation = Excitation.from_arrays(self._arrays, prefix)
        counts = Counts(
            **{name: self._arrays[f"{prefix}/counts.{name}"] for name in _COUNTS},
            gains=[self._arrays[f"{prefix}/counts.gains{table}"] for table in range(len(excitation.gains))],
            shapes=[self._arrays[f"{prefix}/counts.shapes{book}"] for book in range(len(excitation.shapes))],
        )
        return TrainedSet(excitation, counts), float(self._arrays[f"{prefix}/rate"])

    def keep_equalizer(self, number: int, equalizer: Equalizer) -> None:
        """Keep the equalizer of table set `number`."""
        name = f"set{number}/equalizer"
        self._arrays |= {name: equalizer.gains, f"{name}.lengths": equalizer.lengths}
        self._save()

    def equalizer(self, number: int) -> Equalizer | None:
        """Return the equalizer of table set `number`, or None if it has not been kept."""
        name = f"set{number}/equalizer"
        return Equalizer(self._arrays[name], self._arrays[f"{name}.lengths"]) if name in self._arrays else None

    def remove(self) -> None:
        """Remove the file, at the end of the training."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _save(self) -> None:
        if self._path is not None:
            with writing(self._path, overwrite=True) as file:
                np.savez(file, **self._arrays)  # type: ignore[arg-type]
