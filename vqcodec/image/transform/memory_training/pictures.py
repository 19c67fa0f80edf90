"""The pictures of a corpus, in any order and as often as needed: kept in an unnamed file, not in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from vqcodec.errors import OutputError

Samples = npt.NDArray[np.uint8]


class StoredPictures(Sequence[Samples]):
    """Pictures, uint8 (height, width, channels), none empty. Threads may read them at the same time.

    Args:
        pictures: read once.

    Raises:
        OutputError: the temporary file cannot be written.
    """

    def __init__(self, pictures: Iterable[Samples]) -> None:
        self.shapes: list[tuple[int, int, int]] = []
        self._starts: list[int] = []
        end = 0
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the pictures are)
            for samples in pictures:
                height, width, channels = samples.shape
                self.shapes.append((height, width, channels))
                self._starts.append(end)
                end += self._file.write(np.ascontiguousarray(samples).data)
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"{tempfile.gettempdir()}: the pictures of the corpus cannot be kept there: {error.strerror};"
                " set TMPDIR to a folder with more space"
            ) from None
        self._data = np.memmap(self._file, np.uint8, "r") if end else np.zeros(0, np.uint8)

    def __len__(self) -> int:
        return len(self.shapes)

    @overload
    def __getitem__(self, number: int) -> Samples: ...

    @overload
    def __getitem__(self, number: slice) -> list[Samples]: ...

    def __getitem__(self, number: int | slice) -> Samples | list[Samples]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        height, width, channels = shape = self.shapes[number]
        start = self._starts[number]
        return np.array(self._data[start : start + height * width * channels]).reshape(shape)
