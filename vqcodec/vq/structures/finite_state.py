"""The finite-state quantizer: the codewords that came before choose the codebook for the next vector.

Source: Foster, Gray and Dunham 1985, "Finite-state vector quantization for waveform coding".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt

from vqcodec.kernels.jit import kernel
from vqcodec.vq.checks import checked_index
from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.structures.parts import checked_part, checked_vectors, integers_of, no_rate


class FiniteStateQuantizer(Quantizer):
    """A codebook for each state, and the state that follows each codeword.

    Encoder and decoder go through the same states, so no bit is spent on them. The rows of one call follow each other,
    from state 0 on. With S states of K codewords, an index takes log2 K bits, and S * K codewords are in use.

    Args:
        codewords: (states, size, dimension). Integers stay integers.
        next_states: (states, size), the state after each codeword.

    Attributes:
        codewords, next_states: copies of them.

    Raises:
        ValueError: the arguments are not as described.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """

    def __init__(self, codewords: npt.ArrayLike, next_states: npt.ArrayLike) -> None:
        given: npt.NDArray = np.asarray(codewords)
        if given.ndim != 3:
            raise ValueError(f"codewords have shape {given.shape}; (states, size, dimension) is wanted")
        flat = checked_part("codewords", given.reshape(-1, given.shape[2]))
        self.codewords: npt.NDArray = flat.reshape(given.shape)
        self.next_states = np.array(next_states, dtype=np.int32)
        if self.next_states.shape != given.shape[:2]:
            raise ValueError(f"next_states have shape {self.next_states.shape}; {given.shape[:2]} is wanted")
        if not 0 <= int(self.next_states.min()) <= int(self.next_states.max()) < len(given):
            raise ValueError(f"next_states are wanted in 0..{len(given) - 1}")

    @property
    def dimension(self) -> int:
        return int(self.codewords.shape[2])

    @property
    def size(self) -> int:
        return int(self.codewords.shape[0] * self.codewords.shape[1])

    @property
    def index_shape(self) -> tuple[int, ...]:
        return ()

    def encode(
        self, vectors: npt.ArrayLike, *, lambda_: float = 0.0, threads: int | None = None
    ) -> npt.NDArray[np.int32]:
        """Return the nearest codeword in the state of each vector, int32 (n,), one after another on one thread."""
        del threads
        no_rate(lambda_)
        data = checked_vectors(vectors, self.dimension)
        indices = np.empty(len(data), np.int32)
        _follow(data, self.codewords.astype(np.float32), self.next_states, indices)
        return indices

    def states_of(self, indices: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """The state in which each index was chosen, intp (n,).

        Raises:
            ValueError: the indices are not (n,) integers below the size of a state's codebook.
        """
        checked = checked_index(indices, self.codewords.shape[1])
        states = np.zeros(len(checked), np.intp)
        _states_after(checked.astype(np.int64), self.next_states, states)
        return states

    def decode(self, indices: npt.ArrayLike) -> npt.NDArray:
        """Return the codewords that indices mean, each in its state; see `Quantizer.decode`."""
        states = self.states_of(indices)
        return self.codewords[states, np.asarray(indices)]

    def rate_bits(self, indices: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the bits of indices of fixed length; see `Quantizer.rate_bits`."""
        return np.full(len(self.states_of(indices)), float((self.codewords.shape[1] - 1).bit_length()))

    def rounded(self) -> Self:
        """The quantizer with its codewords rounded to integers."""
        return type(self)(np.rint(self.codewords).astype(np.int32), self.next_states)

    def to_arrays(self) -> dict[str, npt.NDArray[np.integer]]:
        """Return `codewords` and `next_states`; see `Quantizer.to_arrays`."""
        return integers_of({"codewords": self.codewords, "next_states": self.next_states})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray]) -> Self:
        """Return the quantizer that `to_arrays` stored; see `Quantizer.from_arrays`."""
        return cls(arrays["codewords"], arrays["next_states"])


@kernel
def _follow(vectors, codewords, next_states, indices):
    """Choose the nearest codeword of the state for each vector, and go on to the next state; ties to the lowest."""
    state = 0
    for i in range(vectors.shape[0]):
        least, best = np.inf, 0
        for k in range(codewords.shape[1]):
            error = 0.0
            for d in range(vectors.shape[1]):
                difference = np.float64(vectors[i, d]) - np.float64(codewords[state, k, d])
                error += difference * difference
            if error < least:
                least, best = error, k
        indices[i] = best
        state = next_states[state, best]


@kernel
def _states_after(indices, next_states, states):
    state = 0
    for i in range(indices.shape[0]):
        states[i] = state
        state = next_states[state, indices[i]]
