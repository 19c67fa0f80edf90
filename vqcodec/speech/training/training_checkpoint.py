"""What is finished of a training, in a file, so that it can go on after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vqcodec.files.atomic import writing
from vqcodec.speech.excitation import gains
from vqcodec.speech.excitation.model import Excitation
from vqcodec.speech.filters.equalizer import Equalizer
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.training.set_training import TrainedSet
from vqcodec.speech.training.statistics import Counts

_COUNTS = ("first_type", "later_type", "lag_steps", "lags")


class Checkpoint:
    """Finished parts by name, in a NumPy archive that is written anew, whole, with every part.

    Args:
        path: of the file; None keeps nothing.
        digest: of recordings and options. A file with another one, or a damaged one, is ignored.
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

    def lsf(self, number: int) -> LsfCodebook | None:
        """The LSF codebook `number`, if it is there."""
        return LsfCodebook.from_arrays(self._arrays, f"lsf{number}") if f"lsf{number}/start" in self._arrays else None

    def keep_lsf(self, number: int, book: LsfCodebook) -> None:
        """Keep LSF codebook `number`."""
        self._arrays |= book.to_arrays(f"lsf{number}")
        self._save()

    def table_set(self, number: int) -> tuple[TrainedSet, float] | None:
        """Table set `number` and its rate, if it is there."""
        prefix = f"set{number}"
        if f"{prefix}/rate" not in self._arrays:
            return None
        skipped = len(prefix) + 1
        arrays = {name[skipped:]: array for name, array in self._arrays.items() if name.startswith(f"{prefix}/")}
        books = sum(name.startswith("shapes") for name in arrays)
        excitation = Excitation(
            shapes=[arrays[f"shapes{book}"] for book in range(books)],
            pulse_counts=arrays["pulse_counts"],
            gains=[arrays[f"gains{table}"] for table in range(gains.GAIN_TABLES)],
            level_weights=arrays["level_weights"],
            level_bias=arrays["level_bias"],
            sharpening=int(arrays["sharpening"]),
        )
        counts = Counts(
            first_type=arrays["counts.first_type"],
            later_type=arrays["counts.later_type"],
            lag_steps=arrays["counts.lag_steps"],
            lags=arrays["counts.lags"],
            gains=[arrays[f"counts.gains{table}"] for table in range(gains.GAIN_TABLES)],
            shapes=[arrays[f"counts.shapes{book}"] for book in range(books)],
        )
        return TrainedSet(excitation, counts), float(arrays["rate"])

    def keep_table_set(self, number: int, trained: TrainedSet, rate: float) -> None:
        """Keep table set `number`."""
        stored, counts = trained.excitation, trained.counts
        named: dict[str, np.ndarray] = {f"counts.{name}": getattr(counts, name) for name in _COUNTS}
        named |= {f"counts.gains{table}": array for table, array in enumerate(counts.gains)}
        named |= {f"counts.shapes{book}": array for book, array in enumerate(counts.shapes)}
        named |= {f"gains{table}": array for table, array in enumerate(stored.gains)}
        named |= {f"shapes{book}": array for book, array in enumerate(stored.shapes)}
        named |= {
            "pulse_counts": stored.pulse_counts,
            "level_weights": stored.level_weights,
            "level_bias": stored.level_bias,
            "sharpening": np.array(stored.sharpening),
            "rate": np.array(rate),
        }
        self._arrays |= {f"set{number}/{name}": array for name, array in named.items()}
        self._save()

    def equalizer(self, number: int) -> Equalizer | None:
        """The equalizer of table set `number`, if it is there."""
        name = f"set{number}/equalizer"
        return Equalizer(self._arrays[name], self._arrays[f"{name}.lengths"]) if name in self._arrays else None

    def keep_equalizer(self, number: int, equalizer: Equalizer) -> None:
        """Keep the equalizer of table set `number`."""
        name = f"set{number}/equalizer"
        self._arrays |= {name: equalizer.gains, f"{name}.lengths": equalizer.lengths}
        self._save()

    def remove(self) -> None:
        """Remove the file: the training is finished."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _save(self) -> None:
        if self._path is not None:
            with writing(self._path, overwrite=True) as file:
                np.savez(file, **self._arrays)  # type: ignore[arg-type]
