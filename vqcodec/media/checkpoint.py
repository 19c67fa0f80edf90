"""What a training keeps of its finished parts, so that it can go on after an interruption. All media share it.

A checkpoint is a NumPy archive in a folder of the user's. It is named by a digest of all that the result depends on:
program, engine, options, parent and corpus. So a training finds its own parts alone, and several may share a folder.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vqcodec.errors import OutputError, VQCodecError
from vqcodec.files.atomic import writing
from vqcodec.version import __version__

if TYPE_CHECKING:
    import numpy.typing as npt

Kept = TypeVar("Kept")

_DIGEST = "digest"
_ROUND = "round"


def digest_of(engine: str, options: Mapping[str, Any], parent: str | None, corpus: str) -> str:
    """Return the digest of a training, 64 hex digits.

    Args:
        engine: its name.
        options: training options by name.
        parent: identity of the codebook that training starts from.
        corpus: fingerprint of the media.
    """
    told = json.dumps([__version__, engine, dict(options), parent, corpus], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


class Checkpoint:
    """The finished parts of one training: named sets of arrays, in a file that is written anew with every part.

    Args:
        folder: where the file is, made if need be; None to keep nothing.
        digest: of the training (`digest_of`).
        notice: told in a line of files that are there and are not used.

    Raises:
        OutputError: there cannot be such a folder.
    """

    def __init__(
        self, folder: Path | None, digest: str = "", notice: Callable[[str], object] = lambda _line: None
    ) -> None:
        self._path: Path | None = None
        self._digest = digest
        self._notice = notice
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        if folder is not None:
            _make(folder)
            self._path = folder / f"training-{digest[:16]}.npz"
            self._tell_of_others(folder)
            self._arrays = self._read(self._path)

    def keep(self, part: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep `arrays` as a part, in place of what was kept as that part.

        Raises:
            OutputError: the file cannot be written.
        """
        if self._path is None:
            return
        import numpy as np  # not needed until there is something to keep

        others = {name: array for name, array in self._arrays.items() if not name.startswith(f"{part}:")}
        self._arrays = others | {f"{part}:{name}": array for name, array in arrays.items()}
        packed = io.BytesIO()
        np.savez(packed, **{_DIGEST: np.array(self._digest), **self._arrays})  # type: ignore[arg-type]
        with writing(self._path, overwrite=True) as file:
            file.write(packed.getbuffer())

    def kept(self, part: str, read: Callable[[dict[str, npt.NDArray[Any]]], Kept]) -> Kept | None:
        """Return what `read` makes of the arrays of a part; None if it is not there, or nothing can be made of it."""
        begin = f"{part}:"
        arrays = {name.removeprefix(begin): array for name, array in self._arrays.items() if name.startswith(begin)}
        try:
            return read(arrays) if arrays else None
        except (VQCodecError, LookupError, ValueError, TypeError) as error:
            self._notice(f"{self._path}: a part of it cannot be used ({error}); it is done again")
            return None

    def keep_round(self, number: int, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep the arrays of a model after round `number`; errors as `keep`."""
        import numpy as np

        self.keep(_ROUND, {**arrays, "number": np.array(number)})

    def last_round(
        self, rounds: int, read: Callable[[dict[str, npt.NDArray[Any]]], Kept]
    ) -> tuple[int, Kept] | tuple[int, None]:
        """Return (rounds done, 1 to `rounds`; the model after them), or (0, None) if none is kept.

        Args:
            rounds: in all.
            read: makes a model of its arrays.
        """

        def read_both(arrays: dict[str, npt.NDArray[Any]]) -> tuple[int, Kept]:
            number = int(arrays.pop("number"))
            if not 1 <= number <= rounds:
                raise ValueError(f"it says {number} of {rounds} rounds")
            return number, read(arrays)

        return self.kept(_ROUND, read_both) or (0, None)

    def remove(self) -> None:
        """Remove the file, at the end of the training."""
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                self._notice(f"{self._path}: cannot be removed: {error.strerror}")

    def _read(self, path: Path) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays in the file by name; none if there is no file, or it is damaged."""
        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            if str(arrays.pop(_DIGEST)) != self._digest:
                raise ValueError("it is of another training")
        except FileNotFoundError:
            return {}
        except Exception as error:  # numpy and zipfile raise anything on damaged archives
            self._notice(f"{path}: cannot be used ({error}); the training begins anew")
            return {}
        return arrays

    def _tell_of_others(self, folder: Path) -> None:
        others = sorted(_archives(folder, self._path))
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            self._notice(f"{others[0]}{more}: not of this training (other media, options or parent); not used")


NOTHING_KEPT = Checkpoint(None)
"""The checkpoint of a training that keeps nothing."""


def _make(folder: Path) -> None:
    """Make the folder, with those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be a folder for checkpoints: {error.strerror}; name another one") from None


def _archives(folder: Path, own: Path | None) -> Iterable[Path]:
    """Return the archives in `folder` except `own`; none if it cannot be looked into."""
    try:
        return [path for path in folder.glob("*.npz") if path != own]
    except OSError:
        return []
