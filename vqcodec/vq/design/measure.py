"""Weighted squared errors as plain ones.

With W = L L', the error (x - y)' W (x - y) is the plain squared error of L'x and L'y. The mean of a cell is carried
over as well, since the map is linear. So every method designs for such a measure by designing in the space of L'x.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Measure:
    """A squared error with weights.

    Args:
        weights: (dimension,), above 0; or (dimension, dimension), symmetric and positive definite.

    Raises:
        ValueError: the weights are not as described.
    """

    def __init__(self, weights: npt.ArrayLike) -> None:
        matrix = np.asarray(weights, dtype=np.float64)
        if matrix.ndim == 1 and matrix.size and np.all((matrix > 0) & np.isfinite(matrix)):
            self._map = np.diag(np.sqrt(matrix))
        elif matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] and np.allclose(matrix, matrix.T):
            try:
                self._map = np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                raise ValueError("weights: the matrix is not positive definite") from None
        else:
            raise ValueError(f"weights have shape {matrix.shape}; (dimension,) above 0 or a symmetric matrix is wanted")

    def to_plain(self, vectors: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The vectors, (n, dimension), where their plain squared error is the weighted one.

        Raises:
            ValueError: the vectors have another dimension.
        """
        rows = np.asarray(vectors, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self._map):
            raise ValueError(f"vectors have shape {rows.shape}; weights of {len(self._map)} dimensions were given")
        return (rows @ self._map).astype(np.float32)

    def from_plain(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The vectors that `to_plain` maps to these."""
        return np.linalg.solve(self._map.T, vectors.T.astype(np.float64)).T.astype(np.float32, order="C")
