"""Training of the non-separable transforms of `secondary` on the spectra of coded residuals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.decoding.reconstruction import gather_block_references, predict_block
from vqcodec.blocks.layout import CODED, DONE, LAST_ANGLE, MODE, SUPERBLOCK_LOG, UNIT_LOG
from vqcodec.blocks.search.encoder import SearchedPlane
from vqcodec.blocks.search.leaf_search import LEAF_SCRATCH, load_residual
from vqcodec.blocks.signal.secondary import (
    BASIS_BITS,
    LARGE_SIDE,
    MODE_GROUPS,
    SMALL_SIDE,
    is_transposed,
    transform_group,
)
from vqcodec.blocks.signal.transforms import COSINE, transform_forward
from vqcodec.blocks.steps import STEP_SIZES
from vqcodec.blocks.syntax.contexts import mark_done
from vqcodec.blocks.training.statistics import list_leaves, listed_leaf
from vqcodec.carriers.carrier import Carrier
from vqcodec.kernels.jit import kernel
from vqcodec.kernels.records import new_record
from vqcodec.threads import map_shards

ALTERNATIVES = 2
CLASSES = 3  # 4x4, 8x8, larger
SAMPLES = 20_000  # largest number of spectra of one class and group that are trained on
FEWEST_SAMPLES = 200
_ROUNDS = 14
_THRESHOLD = 0.6  # coefficients below this, in steps, count as dropped
_STIFFNESS = {16: 5.0, 64: 20.0}  # resistance of a transform to change, in kept coefficients

Spectra = dict[int, list[npt.NDArray[np.float32]]]


def chosen_spectra(kept: Sequence[tuple[Mapping[int, int], Any]], carrier: Carrier, enough: int) -> Spectra:
    """Return at most SAMPLES spectra of each kind, evenly taken from those that are kept; none if there are not enough.

    Args:
        kept: for each part of the work, the number of its spectra by kind, and the handle of a `Spectra`.
    """
    totals: Counter[int] = Counter()
    places = []
    for counts, _ in kept:
        places.append(dict(totals))
        totals.update(counts)
    if sum(totals.values()) < enough:
        return {}
    strides = {number: max(1, -(-count // SAMPLES)) for number, count in totals.items()}
    spectra: Spectra = {}
    parts = ((handle, before) for (_, handle), before in zip(kept, places))
    for chosen in carrier.map(_evenly_taken, parts, strides):
        for number, rows in chosen.items():
            spectra.setdefault(number, []).append(rows)
    return spectra


def _evenly_taken(
    part: tuple[Spectra, Mapping[int, int]], strides: Mapping[int, int]
) -> dict[int, npt.NDArray[np.float32]]:
    """Return one in so many spectra of each kind; a part has as many before it as its mapping says."""
    spectra, before = part
    return {
        number: np.concatenate(rows)[-before.get(number, 0) % strides[number] :: strides[number]]
        for number, rows in spectra.items()
    }


@kernel
def collect_spectra(plane, source, leaves, scratch, spectra, kinds):
    """Collect the low DCT coefficients of coded residuals; return their number.

    Args:
        plane: `layout.Plane`, coded; source: int16 in 1/16, of its size.
        leaves: int32 (leaves, 4), as `list_leaves` fills them.
        scratch: record of LEAF_SCRATCH.
        spectra: float32 (leaves, 64), filled: coefficients in steps, mirrored for modes beyond the diagonal.
        kinds: int32 (leaves,), filled: class * MODE_GROUPS + group of each.
    """
    plane.blocks[DONE, :, :] = 0
    count = 0
    for leaf in range(leaves.shape[0]):
        block = listed_leaf(leaves, leaf)
        y, x, log_width, log_height = block
        mode = np.int64(plane.blocks[MODE, y >> UNIT_LOG, x >> UNIT_LOG])
        small = log_width + log_height == 4
        fits = small or min(log_width, log_height) >= 3
        if plane.blocks[CODED, y >> UNIT_LOG, x >> UNIT_LOG] and fits and mode <= LAST_ANGLE:
            gather_block_references(plane, block, scratch.block)
            predict_block(plane, block, mode, scratch.block)
            load_residual(source, block, scratch.block.prediction, scratch.residual)
            values = scratch.quantizer.values
            transform_forward(scratch.residual, log_width, log_height, np.int64(COSINE), scratch.between, values)
            side = SMALL_SIDE if small else LARGE_SIDE
            step = STEP_SIZES[plane.steps[y >> SUPERBLOCK_LOG, x >> SUPERBLOCK_LOG]]
            for i in range(side):
                for j in range(side):
                    spectra[count, i * side + j] = (values[j, i] if is_transposed(mode) else values[i, j]) / step
            large_class = 1 if log_width + log_height == 6 else 2
            kinds[count] = (0 if small else large_class) * MODE_GROUPS + transform_group(mode)
            count += 1
        mark_done(plane.blocks, block)
    return count


class SpectrumCollector:
    """Collects spectra of searched luma planes: from each plane at most `limit` of each kind, evenly spaced."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._scratch = new_record(LEAF_SCRATCH)

    def collect(self, searched: SearchedPlane) -> Spectra:
        """Return arrays of float32 (spectra, 16 or 64) by kind: class * MODE_GROUPS + mode group."""
        units = searched.plane.blocks[0].size
        leaves = np.zeros((units, 4), dtype=np.int32)
        count = list_leaves(searched.plane, leaves)
        spectra, kinds = np.zeros((count, 64), dtype=np.float32), np.zeros(count, dtype=np.int32)
        filled = collect_spectra(searched.plane, searched.source, leaves[:count], self._scratch, spectra, kinds)
        found: Spectra = {}
        for kind in np.unique(kinds[:filled]).tolist():
            rows = np.flatnonzero(kinds[:filled] == kind)
            rows = rows[:: -(-len(rows) // self._limit)]
            found[kind] = [spectra[rows, : 16 if kind < MODE_GROUPS else 64]]
        return found


def train_transforms(spectra: Spectra, threads: int | None = None) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Return the matrices `small` and `large` of `secondary` for these spectra of residuals.

    A kind with fewer than FEWEST_SAMPLES spectra gets the identity, which is never better than the plain transform.
    """
    kinds = range(CLASSES * MODE_GROUPS)

    def fit(kind: int) -> npt.NDArray[np.float64]:
        dimension = 16 if kind < MODE_GROUPS else 64
        rows = np.concatenate(spectra.get(kind, [np.zeros((0, dimension), dtype=np.float32)])).astype(np.float64)
        rows = rows[:: max(1, -(-len(rows) // SAMPLES))]
        rows = rows[np.abs(rows).max(axis=1, initial=0) > _THRESHOLD * _THRESHOLD]
        if len(rows) < FEWEST_SAMPLES:
            return np.tile(np.eye(dimension), (ALTERNATIVES, 1, 1))
        return sparse_transforms(rows, _THRESHOLD, ALTERNATIVES)

    bases = map_shards(fit, kinds, threads)
    limit = (1 << BASIS_BITS) - 1
    rounded = [np.clip(np.rint(b * (1 << BASIS_BITS)), -limit, limit).astype(np.int8) for b in bases]
    small = np.stack(rounded[:MODE_GROUPS])
    large = np.stack(rounded[MODE_GROUPS:]).reshape(CLASSES - 1, MODE_GROUPS, ALTERNATIVES, 64, 64)
    return small, large


def _code(rows: npt.NDArray, basis: npt.NDArray, threshold: float) -> tuple[npt.NDArray, npt.NDArray]:
    """Return (coefficients with the small ones dropped, cost of each row: dropped energy + kept * threshold^2)."""
    coefficients = rows @ basis.T
    kept = np.abs(coefficients) > threshold
    dropped = np.where(kept, 0.0, coefficients) ** 2
    return np.where(kept, coefficients, 0.0), dropped.sum(axis=1) + threshold**2 * kept.sum(axis=1)


def _starting_bases(rows: npt.NDArray, alternatives: int, stiffness: float) -> list[npt.NDArray]:
    """Return Karhunen-Loeve transforms of parts of the rows, sorted by the direction that holds more energy."""
    side = int(np.sqrt(rows.shape[1]))
    square = rows.reshape(-1, side, side) ** 2
    balance = np.log(square[:, :, 0].sum(axis=1) + 1) - np.log(square[:, 0, :].sum(axis=1) + 1)
    rank = np.argsort(np.argsort(balance, kind="stable"), kind="stable") * alternatives // len(rows)
    identity = stiffness * np.eye(rows.shape[1])
    bases = []
    for k in range(alternatives):
        part = rows[rank == k]
        bases.append(np.linalg.eigh(part.T @ part + identity)[1].T[::-1])
    return bases


def sparse_transforms(rows: npt.NDArray[np.float64], threshold: float, alternatives: int) -> npt.NDArray[np.float64]:
    """Return orthonormal bases (alternatives, d, d) that, beside the identity, make `rows` (n, d) sparse.

    Each round codes every row with the cheapest of the identity and the bases. Then it turns each basis towards the
    rows that chose it (orthogonal Procrustes problem; Sezer et al. 2015).
    """
    stiffness = _STIFFNESS[rows.shape[1]] * threshold**2
    bases = _starting_bases(rows, alternatives, 0.2 * stiffness)
    plain = _code(rows, np.eye(rows.shape[1]), threshold)[1]
    for number in range(_ROUNDS):
        coded = [_code(rows, basis, threshold) for basis in bases]
        costs: Sequence[npt.NDArray] = [plain if number > 4 else 1.1 * plain, *(cost for _, cost in coded)]
        choice = np.argmin(np.stack(costs), axis=0)
        for k in range(alternatives):
            chosen = choice == k + 1
            if chosen.sum() >= 20:
                pull = coded[k][0][chosen].T @ rows[chosen] + stiffness * bases[k]
                left, _, right = np.linalg.svd(pull)
                bases[k] = left @ right
    ordered = []
    for basis in bases:
        energy = np.minimum(np.abs(rows @ basis.T), 4 * threshold) ** 2
        ordered.append(basis[np.argsort(-energy.sum(axis=0), kind="stable")])
    return np.stack(ordered)
