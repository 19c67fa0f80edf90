"""Training of an equalizer: entropy-constrained VQ of the gains that the decoded training speech lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
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
_STARTING_FRAMES = 1 << 18  # an hour and a half: the most from which the first codewords are made
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


def train_equalizer(recordings: Kept, band: Band, lambda_: float, packet_frames: int, seed: int = 0) -> Equalizer:
    """Return an equalizer for recordings; if they are too short, the equalizer that does nothing.

    Args:
        recordings: a list of `Missing` for each shard, whose rows are its `sent_frames`. Each recording is searched as
            one group.
        band: narrowband or wideband.
        lambda_: dB^2 that a bit is worth.
        packet_frames: frames of a packet; contexts start anew with each packet.
        seed: of the first codewords.
    """
    loud = [np.zeros((0, bands_of(band))), *recordings.evenly(_loud_gains, _STARTING_FRAMES)]
    starting = np.concatenate(loud)
    entries = min(_ENTRIES, 1 + len(starting) // _LEAST_FRAMES)
    if entries < 3:
        return Equalizer.none(band)
    found = ecvq(starting, entries - 1, lambda_, seed=seed).codewords.astype(np.float64)
    codewords = np.concatenate([np.zeros((1, bands_of(band))), found])
    counts = np.ones((len(codewords) + 1, len(codewords)))
    for _ in range(_ROUNDS):
        equalizer = _stored(codewords, counts)
        counts, chosen = np.zeros_like(counts), np.zeros(len(codewords), np.int64)
        totals, sums = np.zeros(len(codewords)), np.zeros_like(codewords)
        for part in recordings.map(_search_all, equalizer, lambda_, packet_frames):
            for mine, theirs in zip((counts, chosen, totals, sums), part):
                np.add(mine, theirs, out=mine)
        used = totals > 0
        codewords[used] = sums[used] / totals[used, None]
        codewords[0] = 0
    kept = chosen > 0
    kept[0] = True
    return _stored(codewords[kept], counts[np.append(kept, True)][:, kept])


def sent_frames(recordings: Sequence[Missing]) -> int:
    """Return the number of frames that are not silent."""
    return sum(int(np.count_nonzero(one.silent == 0)) for one in recordings)


def _loud_gains(part: tuple[Sequence[Missing], slice]) -> DoubleArray:
    """Return the gains of frames that are loud enough, of those in a slice of the list of frames that are sent."""
    recordings, taken = part
    gains = np.concatenate([one.gains[one.silent == 0] for one in recordings])[taken]
    weights = np.concatenate([one.weights[one.silent == 0] for one in recordings])[taken]
    return gains[weights >= _LEAST_WEIGHT]


def _search_all(
    recordings: Sequence[Missing], equalizer: Equalizer, lambda_: float, packet_frames: int
) -> tuple[DoubleArray, npt.NDArray[np.int64], DoubleArray, DoubleArray]:
    """Search the entries of recordings; return sums over the frames that are sent.

    Returns:
        How often each entry followed each other one, float64 (entries + 1, entries), the last row for those that begin
        a packet; how often each was chosen, int64 (entries,); the weights, float64 (entries,), and the weighted gains,
        float64 (entries, bands), of the frames that chose it.
    """
    entries = equalizer.entries
    counts, chosen = np.zeros((entries + 1, entries)), np.zeros(entries, np.int64)
    totals, sums = np.zeros(entries), np.zeros((entries, equalizer.gains.shape[1]))
    for one in recordings:
        found = search_entries(one.gains, one.weights, one.silent, equalizer, lambda_, packet_frames).astype(np.int64)
        contexts = np.concatenate([[0], found[:-1]])
        contexts[::packet_frames] = entries
        sent = one.silent == 0
        np.add.at(counts, (contexts[sent], found[sent]), 1)
        chosen += np.bincount(found[sent], minlength=entries)
        totals += np.bincount(found[sent], one.weights[sent], entries)
        for band, column in enumerate(one.gains[sent].T):
            sums[:, band] += np.bincount(found[sent], one.weights[sent] * column, entries)
    return counts, chosen, totals, sums


def _stored(codewords: DoubleArray, counts: DoubleArray) -> Equalizer:
    """Return the equalizer of `codewords` (entries, bands), in dB, with the best codes for `counts`."""
    gains = np.rint(codewords / GAIN_UNIT).astype(np.int16)
    lengths = TableSet.from_counts(np.rint(counts).astype(np.int64), _MAX_LENGTH, smoothing=_PRIOR).lengths
    return Equalizer(gains, lengths)
