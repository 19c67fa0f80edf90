"""What a training keeps of its finished parts, so that it can go on after an interruption. All media share it.

A checkpoint is a NumPy archive. It says all that the result depends on: program, engine, options, parent and corpus. So
a training goes on from its own parts alone, and ends with the bytes of one that was never interrupted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from vqcodec.errors import CorruptFileError, UsageError, VQCodecError
from vqcodec.files.atomic import writing
from vqcodec.media.findings import Findings
from vqcodec.version import __version__

if TYPE_CHECKING:
    import numpy.typing as npt

Kept = TypeVar("Kept")

_BEGUN = "begun"
_TOLD = "told"
_ROUND = "round"


class Begun(NamedTuple):
    """All that the result of a training depends on.

    Attributes:
        engine: its name.
        options: training options by name.
        parent: identity of the codebook that training starts from.
        corpus: fingerprint of the media.
        version: of the program.
    """

    engine: str
    options: Mapping[str, Any]
    parent: str | None
    corpus: str
    version: str = __version__

    def told(self) -> str:
        """Return it as JSON."""
        return json.dumps(self._asdict(), sort_keys=True, default=str)


class Checkpoint:
    """The finished parts of one training: named sets of arrays, in a file that is written anew with every part.

    What had been found out by the time of the last part is kept with them.

    Args:
        path: of the file, which need not be there; None to keep nothing.
        begun: what the training is of.
        resume: whether to go on from what is there.
        notice: told in a line what cannot be used.

    Attributes:
        findings: what has been found out.

    Raises:
        UsageError: there is a checkpoint, and `resume` is not set; or it is of another training.
        CorruptFileError: it is damaged.
    """

    def __init__(
        self,
        path: Path | None,
        begun: Begun | None = None,
        resume: bool = False,
        notice: Callable[[str], object] = lambda _line: None,
    ) -> None:
        self._path = path
        self._begun = "" if begun is None else begun.told()
        self._notice = notice
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self.findings = Findings()
        if path is None or not path.exists():
            return
        if not resume:
            raise UsageError(
                f"{path}: an interrupted training has left it; go on with --resume (resume=True), or remove it"
            )
        self._arrays = _read(path)
        self._check_begun(str(self._arrays.pop(_BEGUN)))
        self.findings.take_json(str(self._arrays.pop(_TOLD)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been kept yet."""
        return not self._arrays

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
        told = {_BEGUN: np.array(self._begun), _TOLD: np.array(self.findings.to_json())}
        np.savez(packed, **told, **self._arrays)  # type: ignore[arg-type]
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

    def keep_round(self, number: int, arrays: Mapping[str, npt.NDArray[Any]], part: str = _ROUND) -> None:
        """Keep the arrays of a model after round `number`, of a part that has rounds; errors as `keep`."""
        import numpy as np

        self.keep(part, {**arrays, "number": np.array(number)})

    def last_round(
        self, rounds: int, read: Callable[[dict[str, npt.NDArray[Any]]], Kept], part: str = _ROUND
    ) -> tuple[int, Kept] | tuple[int, None]:
        """Return (rounds done, 1 to `rounds`; the model after them), or (0, None) if none is kept.

        Args:
            rounds: in all.
            read: makes a model of its arrays.
            part: that has rounds.
        """

        def read_both(arrays: dict[str, npt.NDArray[Any]]) -> tuple[int, Kept]:
            number = int(arrays.pop("number"))
            if not 1 <= number <= rounds:
                raise ValueError(f"it says {number} of {rounds} rounds")
            return number, read(arrays)

        return self.kept(part, read_both) or (0, None)

    def remove(self) -> None:
        """Remove the file, at the end of the training."""
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                self._notice(f"{self._path}: cannot be removed: {error.strerror}")

    def _check_begun(self, told: str) -> None:
        """Refuse what another training has kept."""
        if told == self._begun:
            return
        theirs, ours = json.loads(told), json.loads(self._begun)
        options = ({**theirs.pop("options"), **theirs}, {**ours.pop("options"), **ours})
        names = sorted(options[0].keys() | options[1].keys())
        values = [(name, *(one.get(name) for one in options)) for name in names]
        said = ", ".join(
            "other media" if name == "corpus" else f"{name.rstrip('_')} {before}, not {now}"
            for name, before, now in values
            if before != now
        )
        raise UsageError(
            f"{self._path}: is of a training with {said}; ask for the same to go on, or remove it to begin anew"
        )


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays in a file by name."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        for name in (_BEGUN, _TOLD):
            json.loads(str(arrays[name]))
    except Exception as error:  # numpy and zipfile raise anything on damaged archives
        raise CorruptFileError(
            f"{path}: damaged, or no checkpoint ({' '.join(str(error).split())}); remove it to begin anew"
        ) from None
    return arrays
