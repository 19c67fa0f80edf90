"""The classified quantizer: the activity of a vector chooses its class, and each class has a codebook.

Blocks of one grey, of texture and of edges need different codewords. With a codebook each, edges are not drowned by the
many plain blocks, and the search is shorter.

Source: Ramamurthi and Gersho 1986, "Classified vector quantization of images"; the activity here is the standard
deviation of a vector's components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.vq.flat import FlatQuantizer
from vqcodec.vq.search import SearchIndex
from vqcodec.vq.structures.parts import checked_part, checked_vectors, integers_of, no_rate


class ClassifiedQuantizer(FlatQuantizer):
    """A list of codewords in classes; only those of the vector's own class are searched.

    The index of a vector is the number of its codeword in the list, so decoding needs no classes.

    Args:
        classes: the codewords of each class, (size, dimension), from least to greatest activity. Integers stay
            integers.
        thresholds: (classes - 1,), rising: a vector whose squared activity (the variance of its components) is at least
            the n-th belongs to a class above the n-th.

    Attributes:
        starts: (classes + 1,), where the codewords of a class begin in `codewords`.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, classes: Sequence[npt.ArrayLike], thresholds: npt.ArrayLike) -> None:
        tables = [checked_part("classes", table) for table in classes]
        self.thresholds = np.array(thresholds)
        if self.thresholds.shape != (len(tables) - 1,) or np.any(np.diff(self.thresholds.astype(np.float64)) < 0):
            raise ValueError(f"thresholds are wanted as {len(tables) - 1} numbers that rise")
        super().__init__(np.concatenate(tables))
        self.starts = np.concatenate([[0], np.cumsum([len(table) for table in tables])])
        self._class_searches = [SearchIndex(table) for table in tables]

    def classes_of(self, vectors: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """The class of each vector, (n,)."""
        variances = checked_vectors(vectors, self.dimension).var(axis=1, dtype=np.float64)
        return np.searchsorted(self.thresholds.astype(np.float64), variances, side="right")

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the nearest codeword of each vector's class, int32 (n,); see `Quantizer.encode`."""
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        indices = np.zeros(len(data), np.int32)
        chosen = self.classes_of(data)
        for number, search in enumerate(self._class_searches):
            members = chosen == number
            indices[members] = self.starts[number] + search.nearest(data[members], threads=threads)[0]
        return indices

    def reproductions(self) -> npt.NDArray:
        """All codewords, (size, dimension)."""
        return self.codewords

    def rounded(self) -> Self:
        """The quantizer with its numbers rounded to integers."""
        tables = np.split(np.rint(self.codewords).astype(np.int32), self.starts[1:-1])
        return type(self)(tables, np.rint(self.thresholds).astype(np.int32))

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `codewords`, `starts` and `thresholds`; see `Quantizer.to_arrays`."""
        arrays = {"codewords": self.codewords, "starts": self.starts[:-1], "thresholds": self.thresholds}
        return integers_of(arrays)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        starts = np.asarray(arrays["starts"], dtype=np.int64)
        size = len(arrays["codewords"])
        if starts.ndim != 1 or not starts.size or starts[0] != 0 or np.any(np.diff([*starts, size]) < 1):
            raise ValueError("starts of the classes do not fit the codewords")
        return cls(np.split(arrays["codewords"], starts[1:]), arrays["thresholds"])
