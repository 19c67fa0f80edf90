"""Design of the shapes and magnitudes of low-delay CELP by a closed-loop generalized Lloyd algorithm.

Each round encodes the whole corpus, since the predictors adapt to the speech that the present codebook gives. The best
shape c of a cell solves (sum w g^2 H'H) c = sum w g H'x, over the vectors coded by it with gains g.

Source: J.-H. Chen, "High-quality 16 kb/s speech coding with a one-way delay less than 2 ms", ICASSP 1990, section on
codebook design; G. Davidson and A. Gersho, "Complexity reduction methods for vector excitation coding", ICASSP 1986.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.kernels.jit import kernel
from vqcodec.media.training import Training
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.excitation.targets import fill_gram
from vqcodec.speech.signal.weighting import Weighting
from vqcodec.speech.textbook.ld_celp.codebook import make_tables, to_codebook
from vqcodec.speech.textbook.ld_celp.engine import BAND, PACKET_CYCLES
from vqcodec.speech.textbook.ld_celp.search import search_packet
from vqcodec.speech.textbook.ld_celp.synthesis import (
    CYCLE_VECTORS,
    FIELDS,
    MAGNITUDE,
    MAGNITUDES,
    SHAPE,
    SHAPES,
    SIGN,
    VECTOR,
    Tables,
)
from vqcodec.speech.textbook.training_options import SHARD_SAMPLES, TextbookTraining, story_of, tell_error

DoubleArray = npt.NDArray[np.float64]

_FIRST_MAGNITUDES = np.array([0.515625 * 1.75**n for n in range(MAGNITUDES)])  # as in G.728
_ALTERNATIONS = 3  # of shapes and magnitudes, in a round
_RIDGE = 1e-4
_FEWEST = 20  # vectors; a cell with fewer is given up
_SPLIT_NOISE = 0.3


class _Sums(NamedTuple):
    """Normal equations of each (shape, magnitude), and the weighted squared error and energy of all vectors."""

    grams: DoubleArray
    moments: DoubleArray
    counts: DoubleArray
    error: float
    energy: float

    def plus(self, other: _Sums) -> _Sums:
        """Return the sums over both."""
        return _Sums(
            self.grams + other.grams,
            self.moments + other.moments,
            self.counts + other.counts,
            self.error + other.error,
            self.energy + other.energy,
        )


def train(task: Training[npt.NDArray[np.int16]]) -> Codebook:
    """Train a codebook for `speech/ld-celp` on recordings at 8 kHz.

    Raises:
        UsageError: there is too little speech.
    """
    options = TextbookTraining(**task.options)
    vectors = sum(samples for samples, *_ in task.corpus.sizes) // VECTOR
    if vectors < _FEWEST * SHAPES:
        raise UsageError(f"too little speech to train on ({vectors} vectors of {VECTOR} samples); give some minutes")
    rng = np.random.default_rng(options.seed)
    shapes: DoubleArray = rng.standard_normal((SHAPES, VECTOR))
    shapes /= np.sqrt((shapes**2).mean(axis=1, keepdims=True))
    magnitudes = _FIRST_MAGNITUDES
    best = (np.inf, shapes, magnitudes)

    def read(arrays: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, npt.NDArray[Any]]:
        rng.bit_generator.state = json.loads(str(arrays["rng"]))
        return arrays

    done, state = task.checkpoint.last_round(options.rounds + 1, read)
    if state is not None:
        shapes, magnitudes = state["shapes"], state["magnitudes"]
        best = (float(state["best_error"]), state["best_shapes"], state["best_magnitudes"])
    packets = Kept.of(task.carrier, _prepare, task.corpus.shards(SHARD_SAMPLES))
    for number in range(done, options.rounds + 1):
        task.progress(f"round {number + 1} of {options.rounds + 1}", number / (options.rounds + 1))
        sums = reduce(_Sums.plus, packets.map(_collect_packets, make_tables(shapes, magnitudes)))
        tell_error(task, number, sums.error / sums.energy)
        if sums.error / sums.energy < best[0]:
            best = (sums.error / sums.energy, shapes, magnitudes)
            task.findings.count("shapes", sums.counts)
        shapes, magnitudes = _refit(shapes, magnitudes, sums, rng)
        task.checkpoint.keep_round(
            number + 1,
            {
                "shapes": shapes,
                "magnitudes": magnitudes,
                "best_error": np.array(best[0]),
                "best_shapes": best[1],
                "best_magnitudes": best[2],
                "rng": np.array(json.dumps(rng.bit_generator.state)),
            },
        )
    reached = {"weighted_snr_db": round(-10 * float(np.log10(best[0])), 2)}
    return to_codebook(best[1], best[2], task.name, {**story_of(task), "figures": reached})


def _prepare(signals: Iterable[npt.NDArray[np.int16]]) -> tuple[int, list[tuple[DoubleArray, Weighting]]]:
    """Return the number of packets of recordings, and the packets, each with its weighting."""
    recordings = [Recording(signal, BAND, PACKET_CYCLES) for signal in signals]
    packets = [recording.weighted(packet) for recording in recordings for packet in range(recording.groups)]
    return len(packets), packets


def _collect_packets(packets: Sequence[tuple[DoubleArray, Weighting]], tables: Tables) -> _Sums:
    """Encode packets; return the sums over their vectors."""
    return reduce(_Sums.plus, (_collect_packet(packet, tables) for packet in packets))


def _collect_packet(packet: tuple[DoubleArray, Weighting], tables: Tables) -> _Sums:
    """Encode a packet; return the sums over its vectors."""
    signal, weighting = packet
    indices, seen = search_packet(signal, weighting, tables)
    grams = np.zeros((SHAPES, MAGNITUDES, VECTOR, VECTOR))
    moments = np.zeros((SHAPES, MAGNITUDES, VECTOR))
    counts = np.zeros(SHAPES)
    weights = np.repeat(weighting.weights, CYCLE_VECTORS)
    _collect(
        indices.reshape(-1, FIELDS), seen.backward, seen.responses, seen.gains, weights, np.zeros((VECTOR, VECTOR)),
        np.zeros(VECTOR), grams, moments, counts,
    )  # fmt: skip
    return _Sums(grams, moments, counts, float(weights @ seen.errors), float(weights @ seen.energies))


def _refit(
    shapes: DoubleArray, magnitudes: DoubleArray, sums: _Sums, rng: np.random.Generator
) -> tuple[DoubleArray, DoubleArray]:
    """Return the centroids; a cell with few vectors starts anew beside the most frequent one."""
    kept = sums.counts >= _FEWEST
    fitted = shapes.copy()
    for _ in range(_ALTERNATIONS):
        grams = np.einsum("m,smij->sij", magnitudes**2, sums.grams)[kept]
        moments = np.einsum("m,smi->si", magnitudes, sums.moments)[kept]
        ridge = _RIDGE * np.trace(grams, axis1=1, axis2=2)[:, None, None] / VECTOR * np.eye(VECTOR)
        fitted[kept] = np.linalg.solve(grams + ridge, moments[:, :, None])[:, :, 0]
        wanted = np.einsum("si,smi->m", fitted[kept], sums.moments[kept])
        energies = np.einsum("si,smij,sj->m", fitted[kept], sums.grams[kept], fitted[kept])
        magnitudes = np.where(energies > 0, wanted / np.maximum(energies, 1e-30), magnitudes)
    popular = sums.counts.copy()
    for entry in np.flatnonzero(~kept):
        crowded = int(popular.argmax())
        fitted[entry] = fitted[crowded] + _SPLIT_NOISE * rng.standard_normal(VECTOR)
        popular[crowded] /= 2
    rms = np.sqrt((fitted**2).mean())
    return fitted / rms, np.sort(np.abs(magnitudes)) * rms


@kernel
def _collect(indices, backward, responses, gains, weights, gram, diagonal, grams, moments, counts):
    """Add the normal equations of every vector to those of its shape and magnitude; see `_Sums`.

    `gram`, float64 (5, 5), and `diagonal`, float64 (5,), are scratch.
    """
    for vector in range(indices.shape[0]):
        if vector % CYCLE_VECTORS == 0:
            fill_gram(responses[vector // CYCLE_VECTORS], gram, diagonal)
        shape, magnitude = indices[vector, SHAPE], indices[vector, MAGNITUDE]
        scale = -gains[vector] if indices[vector, SIGN] == 1 else gains[vector]
        counts[shape] += 1.0
        for i in range(VECTOR):
            moments[shape, magnitude, i] += weights[vector] * scale * backward[vector, i]
            for j in range(VECTOR):
                grams[shape, magnitude, i, j] += weights[vector] * scale * scale * gram[i, j]
