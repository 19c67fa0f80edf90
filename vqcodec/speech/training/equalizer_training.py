"""Training of an equalizer: entropy-constrained VQ of the gains that the decoded training speech lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.entropy.tables import TableSet
from vqcodec.speech.bands import Band
from vqcodec.speech.filters.equalizer import GAIN_UNIT, Equalizer, bands_of
from vqcodec.speech.filters.equalizer_search import search_entries
from vqcodec.vq.design.ecvq import ecvq

DoubleArray = npt.NDArray[np.float64]

_ENTRIES = 64
_ROUNDS = 4  # of search in contexts and refitting
_LEAST_WEIGHT = 0.3  # smallest weight of the frames from which the first codewords are made
_LEAST_FRAMES = 20  # for each entry
_PRIOR = 8.0  # frames added to each context, distributed as over all contexts
_MAX_LENGTH = 14


class Missing(NamedTuple):
    """The gains that the decoded speech of a recording lacks.

    Attributes:
        gains: float64 (frames, bands), dB.
        weights: float64 (frames,), of their squared errors.
        silent: uint8 (frames,), 1 for frames of silence.
    """

    gains: DoubleArray
    weights: DoubleArray
    silent: npt.NDArray[np.uint8]


def train_equalizer(
    recordings: Sequence[Missing], band: Band, lambda_: float, packet_frames: int, seed: int = 0
) -> Equalizer:
    """Return an equalizer for `recordings`; if they are too short, the equalizer that does nothing.

    Args:
        recordings: each is searched as one group.
        band: narrowband or wideband.
        lambda_: dB^2 that a bit is worth.
        packet_frames: frames of a packet; contexts start anew with each packet.
        seed: of the first codewords.
    """
    gains = np.concatenate([one.gains[one.silent == 0] for one in recordings])
    weights = np.concatenate([one.weights[one.silent == 0] for one in recordings])
    loud = gains[weights >= _LEAST_WEIGHT]
    entries = min(_ENTRIES, 1 + len(loud) // _LEAST_FRAMES)
    if entries < 3:
        return Equalizer.none(band)
    found = ecvq(loud, entries - 1, lambda_, seed=seed).codewords.astype(np.float64)
    codewords = np.concatenate([np.zeros((1, bands_of(band))), found])
    counts = np.ones((len(codewords) + 1, len(codewords)))
    for _ in range(_ROUNDS):
        equalizer = _stored(codewords, counts)
        chosen = [
            search_entries(one.gains, one.weights, one.silent, equalizer, lambda_, packet_frames) for one in recordings
        ]  # fmt: skip
        counts = _count(chosen, recordings, len(codewords), packet_frames)
        sent = np.concatenate([entries[one.silent == 0] for entries, one in zip(chosen, recordings)])
        totals = np.bincount(sent, weights, len(codewords))
        sums = np.stack([np.bincount(sent, weights * column, len(codewords)) for column in gains.T], axis=1)
        used = totals > 0
        codewords[used] = sums[used] / totals[used, None]
        codewords[0] = 0
    kept = np.bincount(sent, minlength=len(codewords)) > 0
    kept[0] = True
    return _stored(codewords[kept], counts[np.append(kept, True)][:, kept])


def _count(
    chosen: Sequence[npt.NDArray[np.uint8]], recordings: Sequence[Missing], entries: int, packet_frames: int
) -> DoubleArray:
    """Return how often each entry followed each other one, float64 (entries + 1, entries).

    The last row is that of the entries that begin a packet.
    """
    counts = np.zeros((entries + 1, entries))
    for found, one in zip(chosen, recordings):
        contexts = np.concatenate([[0], found[:-1].astype(np.int64)])
        contexts[::packet_frames] = entries
        sent = one.silent == 0
        np.add.at(counts, (contexts[sent], found[sent].astype(np.int64)), 1)
    return counts


def _stored(codewords: DoubleArray, counts: DoubleArray) -> Equalizer:
    """Return the equalizer of `codewords` (entries, bands), in dB, with the best codes for `counts`."""
    gains = np.rint(codewords / GAIN_UNIT).astype(np.int16)
    lengths = TableSet.from_counts(np.rint(counts).astype(np.int64), _MAX_LENGTH, smoothing=_PRIOR).lengths
    return Equalizer(gains, lengths)
