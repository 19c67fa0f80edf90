"""Design of structured quantizers: each part by any of the training methods, then together.

>>> import numpy as np
>>> from vqcodec.vq.structures.design import design_structure
>>> vectors = np.random.default_rng(0).laplace(size=(5000, 4))
>>> quantizer = design_structure(vectors, 256, structure="multistage", method="neural-gas")
>>> quantizer.sizes
(16, 16)
>>> quantizer.encode(vectors).shape
(5000, 2)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec import limits
from vqcodec.errors import LimitError
from vqcodec.vq.design.methods import design
from vqcodec.vq.design.result import Progress
from vqcodec.vq.design.starts import FloatArray, checked_training_sequence
from vqcodec.vq.flat import FlatQuantizer
from vqcodec.vq.quantizer import Quantizer
from vqcodec.vq.structures.classified import ClassifiedQuantizer
from vqcodec.vq.structures.finite_state import FiniteStateQuantizer
from vqcodec.vq.structures.gain_shape import GainShapeQuantizer
from vqcodec.vq.structures.growing import design_tree
from vqcodec.vq.structures.mean_removed import MeanRemovedQuantizer
from vqcodec.vq.structures.multistage import MultistageQuantizer
from vqcodec.vq.structures.predictive import PredictiveQuantizer
from vqcodec.vq.structures.product import ProductQuantizer

Method = Callable[[FloatArray, int], FloatArray]
"""Codewords for vectors (n, dimension): float32 (size, dimension)."""


def design_structure(
    vectors: npt.ArrayLike,
    size: int,
    *,
    structure: str = "flat",
    method: str = "lbg",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Quantizer:
    """Design a quantizer of a structure, its codebooks by a training method.

    Args:
        vectors: (n, dimension) with n >= size, converted to float32; finite and within +-1e15. For finite-state and
            predictive quantizers the rows follow each other in time.
        size: number of vectors that it can decode, 2 to 65,536 (tree: 32,768). Structures of several tables share its
            bits among them, so a power of two is wanted there. Finite-state: codewords of each state, 65,536 in all.
        structure: one of `STRUCTURES`.
        method: of each codebook, see `design`; all but `ecvq`.
        seed, threads: as for `design`.
        progress: called with each `Iteration` of the design of one codebook after another; of a tree, with one for
            each split, of the whole tree.
        options: of the structure: `branches`, `growth`, `grown` (tree, see `growing.design_tree`), `stages`, `paths`
            (multistage), `parts` (product), `gain_bits` (gain-shape), `mean_bits` (mean-removed), `classes`
            (classified), `states` (finite-state), `rounds` (of all tables together: multistage, gain-shape,
            finite-state, predictive).

    Raises:
        ValueError: there is no such structure or method, or an argument is not as described.
        TypeError: the structure has no such option.
        LimitError: more codewords or dimensions than `vqcodec.limits` allows.
    """
    if structure not in STRUCTURES:
        raise ValueError(f"there is no structure {structure!r}; choose one of {', '.join(STRUCTURES)}")
    if method == "ecvq":
        raise ValueError('method="ecvq" designs for one entropy code, which structures do not have; choose another')
    if size < 2:
        raise ValueError(f"size={size}; at least 2 is wanted")
    _check_options(structure, options)
    data = checked_training_sequence(vectors, size)
    if structure == "tree":
        return design_tree(data, size, method=method, seed=seed, threads=threads, progress=progress, **options)

    def codewords_of(rows: FloatArray, count: int) -> FloatArray:
        options: dict[str, Any] = {"start": "k-means++"} if method == "lbg" else {}
        return design(rows, count, method=method, seed=seed, threads=threads, progress=progress, **options).codewords

    return STRUCTURES[structure](data, size, codewords_of, threads, **options)


def _check_options(structure: str, options: dict[str, Any]) -> None:
    """Raise TypeError if the structure does not have one of the options."""
    parameters = inspect.signature(STRUCTURES[structure]).parameters.values()
    own = {one.name for one in parameters if one.kind is one.KEYWORD_ONLY} - {"method", "seed", "threads", "progress"}
    for name in sorted(options.keys() - own):
        has = f"it has {', '.join(sorted(own))}" if own else "it has none"
        raise TypeError(f"structure {structure!r} has no option {name!r}; {has}")


def _flat(data: FloatArray, size: int, codewords_of: Method, threads: int | None) -> FlatQuantizer:
    del threads
    return FlatQuantizer(codewords_of(data, size))


def _multistage(
    data: FloatArray,
    size: int,
    codewords_of: Method,
    threads: int | None,
    *,
    stages: int = 2,
    paths: int = 8,
    rounds: int = 8,
) -> MultistageQuantizer:
    """Each stage on what the stages before leave; then `rounds` of all together.

    In a round, vectors are encoded, and the codewords of one stage after another become the means of what the other
    stages leave of their vectors (LeBlanc et al. 1993).
    """
    bits = _shared_bits(size, stages, "stages")
    rest, tables = data.astype(np.float64), []
    for share in bits:
        table = codewords_of(rest.astype(np.float32), 1 << share)
        tables.append(table)
        chosen = FlatQuantizer(table).encode(rest, threads=threads)
        rest = rest - table[chosen]
    for _ in range(rounds):
        indices = MultistageQuantizer(tables, paths=paths).encode(data, threads=threads)
        total = np.zeros(data.shape)
        for s, table in enumerate(tables):
            total += table[indices[:, s]]
        for s, table in enumerate(tables):
            others = total - table[indices[:, s]]
            tables[s] = _means(data - others, indices[:, s], table)
            total = others + tables[s][indices[:, s]]
    return MultistageQuantizer(tables, paths=paths)


def _product(
    data: FloatArray, size: int, codewords_of: Method, threads: int | None, *, parts: int = 2
) -> ProductQuantizer:
    """A codebook for each of `parts` parts of about the same dimension."""
    del threads
    if not 1 <= parts <= data.shape[1]:
        raise ValueError(f"parts={parts}; 1 to {data.shape[1]} are wanted, as the vectors have so many dimensions")
    pieces = np.array_split(data, parts, axis=1)
    bits = _shared_bits(size, parts, "parts")
    return ProductQuantizer([codewords_of(np.ascontiguousarray(p), 1 << share) for p, share in zip(pieces, bits)])


def _gain_shape(
    data: FloatArray,
    size: int,
    codewords_of: Method,
    threads: int | None,
    *,
    gain_bits: int | None = None,
    rounds: int = 8,
) -> GainShapeQuantizer:
    """Shapes on the directions of vectors, gains on their projections; then `rounds` of both together.

    In a round, a shape becomes the direction of the sum of its vectors, each times its gain: what lowers the error most
    (Sabin and Gray 1984).
    """
    first, second = _split_bits(size, gain_bits, "gain_bits")
    lengths = np.linalg.norm(data, axis=1, keepdims=True)
    directions = np.where(lengths > 0, data / np.maximum(lengths, 1e-20), _unit(np.ones_like(data)))
    shapes = _unit(codewords_of(directions.astype(np.float32), 1 << second))
    gains = np.abs(codewords_of(lengths.astype(np.float32), 1 << first))
    for _ in range(rounds):
        indices = GainShapeQuantizer(gains, shapes).encode(data, threads=threads)
        projections = np.einsum("nd,nd->n", data, shapes[indices[:, 1]])[:, np.newaxis]
        gains = np.maximum(_means(projections, indices[:, 0], gains), 0)
        weighted = data * gains[indices[:, 0]]
        sums = _means(weighted, indices[:, 1], shapes)
        shapes = np.where(np.linalg.norm(sums, axis=1, keepdims=True) > 0, _unit(sums), shapes)
    return GainShapeQuantizer(gains.astype(np.float32), shapes.astype(np.float32))


def _mean_removed(
    data: FloatArray, size: int, codewords_of: Method, threads: int | None, *, mean_bits: int | None = None
) -> MeanRemovedQuantizer:
    """Means on the means of vectors; residuals on what the decoded mean leaves."""
    first, second = _split_bits(size, mean_bits, "mean_bits")
    averages = data.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    means = codewords_of(averages, 1 << first)
    chosen = FlatQuantizer(means).encode(averages, threads=threads)
    return MeanRemovedQuantizer(means, codewords_of(data - means[chosen], 1 << second))


def _classified(
    data: FloatArray, size: int, codewords_of: Method, threads: int | None, *, classes: int = 4
) -> ClassifiedQuantizer:
    """Classes of equal numbers of vectors by activity; codewords shared by the square root of their squared errors.

    Many still vectors need few codewords. With n vectors of variance v in a class, n * sqrt(v) decides.
    """
    del threads
    if not 1 <= classes <= min(64, size):
        raise ValueError(f"classes={classes}; 1 to {min(64, size)} are wanted")
    variances = data.var(axis=1, dtype=np.float64)
    thresholds = np.unique(np.quantile(variances, np.arange(1, classes) / classes))
    numbers = np.searchsorted(thresholds, variances, side="right")
    used, numbers = np.unique(numbers, return_inverse=True)
    thresholds = thresholds[used[1:] - 1]
    members = [data[numbers == number] for number in range(len(used))]
    needs = [len(rows) * float(np.sqrt(rows.var(axis=0, dtype=np.float64).sum())) + 1e-9 for rows in members]
    shares = _shares(size, needs, [len(rows) for rows in members])
    return ClassifiedQuantizer([codewords_of(rows, share) for rows, share in zip(members, shares)], thresholds)


def _finite_state(
    data: FloatArray, size: int, codewords_of: Method, threads: int | None, *, states: int = 8, rounds: int = 4
) -> FiniteStateQuantizer:
    """The state is the class of the last decoded vector; each state's codewords on the vectors that came in it.

    Classes are those of a codebook of `states` codewords. In a round, the sequence is encoded, and each codeword
    becomes the mean of its vectors.
    """
    if not 1 <= states <= 4096:
        raise ValueError(f"states={states}; 1 to 4096 are wanted")
    if states * size > limits.MAX_CODEWORDS:
        raise LimitError(f"{states} states of {size} codewords; at most {limits.MAX_CODEWORDS} in all are allowed")
    classes = FlatQuantizer(codewords_of(data, states))
    before = np.concatenate([[0], classes.encode(data, threads=threads)[:-1]])
    common = codewords_of(data, size)
    tables = np.stack(
        [codewords_of(data[before == s], size) if np.sum(before == s) >= 4 * size else common for s in range(states)]
    )
    for number in range(rounds + 1):
        flat = tables.reshape(states * size, -1)
        next_states = classes.encode(flat, threads=threads).reshape(states, size)
        quantizer = FiniteStateQuantizer(tables, next_states)
        if number < rounds:
            indices = quantizer.encode(data)
            cells = quantizer.states_of(indices) * size + indices
            tables = _means(data, cells, flat).reshape(tables.shape)
    return quantizer


def _predictive(
    data: FloatArray, size: int, codewords_of: Method, threads: int | None, *, rounds: int = 4
) -> PredictiveQuantizer:
    """The predictor by least squares; the codewords on its errors, first of the source, then of what was decoded."""
    del threads
    past, present = data[:-1].astype(np.float64), data[1:].astype(np.float64)
    ridge = 1e-6 * max(1e-30, float(np.square(past).sum())) * np.eye(data.shape[1])
    matrix = np.linalg.solve(past.T @ past + ridge, past.T @ present).T
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    matrix *= min(1.0, 0.98 / max(radius, 1e-30))
    codewords = codewords_of((data - _shifted(data) @ matrix.T).astype(np.float32), size)
    for _ in range(rounds):
        quantizer = PredictiveQuantizer(codewords, matrix.astype(np.float32))
        indices = quantizer.encode(data)
        errors = data - _shifted(quantizer.decode(indices)) @ matrix.T
        codewords = _means(errors, indices, codewords)
    return PredictiveQuantizer(codewords, matrix.astype(np.float32))


STRUCTURES: dict[str, Callable[..., Quantizer]] = {
    "flat": _flat,
    "tree": design_tree,
    "multistage": _multistage,
    "product": _product,
    "gain-shape": _gain_shape,
    "mean-removed": _mean_removed,
    "classified": _classified,
    "finite-state": _finite_state,
    "predictive": _predictive,
}
"""The structures that are designed, by name. A lattice needs no design."""


def _shifted(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """What stands before each vector: zeros before the first."""
    return np.concatenate([np.zeros_like(vectors[:1]), vectors[:-1]])


def _means(
    vectors: npt.NDArray[np.floating], cells: npt.NDArray[np.integer], empty: npt.NDArray[np.floating]
) -> FloatArray:
    """The mean of the vectors of each cell, float32; the row of `empty` where there are none."""
    counts = np.bincount(cells, minlength=len(empty))
    sums = np.stack([np.bincount(cells, column, len(empty)) for column in np.asarray(vectors, float).T], axis=1)
    return np.where(counts[:, np.newaxis] > 0, sums / np.maximum(counts, 1)[:, np.newaxis], empty).astype(np.float32)


def _unit(rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """The rows with length 1; zeros become the diagonal."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    diagonal = np.full_like(rows, 1 / np.sqrt(rows.shape[1]))
    return np.where(lengths > 0, rows / np.maximum(lengths, 1e-30), diagonal).astype(np.float32)


def _bits_of(size: int) -> int:
    bits = size.bit_length() - 1
    if size != 1 << bits:
        raise ValueError(f"size={size}; a power of two is wanted, whose bits the tables share")
    return bits


def _shared_bits(size: int, tables: int, name: str) -> list[int]:
    """The bits of `size`, shared among tables as evenly as they can be, the first ones getting more."""
    bits = _bits_of(size)
    if not 1 <= tables <= bits:
        raise ValueError(f"{name}={tables}; 1 to {bits} are wanted, since size={size} has so many bits to share")
    return [(bits + tables - 1 - number) // tables for number in range(tables)]


def _split_bits(size: int, first: int | None, name: str) -> tuple[int, int]:
    """Bits of two tables; None gives the first one two fifths."""
    bits = _bits_of(size)
    share = round(0.4 * bits) if first is None else first
    if not 0 <= share <= bits:
        raise ValueError(f"{name}={first}; 0 to {bits} are wanted, since size={size} has so many bits")
    return share, bits - share


def _shares(size: int, needs: list[float], most: list[int]) -> list[int]:
    """Whole numbers in proportion to the needs, at least 1 and at most `most` each, with the sum `size`."""
    shares = [1] * len(needs)
    while sum(shares) < size:
        open_to_more = [k for k in range(len(needs)) if shares[k] < most[k]]
        k = max(open_to_more, key=lambda k: needs[k] / shares[k])
        shares[k] += 1
    return shares
