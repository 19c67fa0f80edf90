"""Design of the tables of fixed-rate CELP: LSF levels by Lloyd's algorithm, gains by a closed-loop one.

Each round encodes the whole corpus with the present gains. Then it moves each gain to the value that is best for the
subframes that chose it, while their other gain stays as it is.

Source: S. P. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 1982 (LSFs); Campbell, Tremain
and Welch 1991 for the stochastic codebook: Gaussian noise, clipped at 1.2 standard deviations to -1, 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.media.training import Training
from vqcodec.speech.celp.recording import GroupSignal, Recording
from vqcodec.speech.lsf_quantizer.codebook import UNIT
from vqcodec.speech.textbook.celp.codebook import make_tables, standard_levels, to_codebook
from vqcodec.speech.textbook.celp.engine import PACKET_FRAMES
from vqcodec.speech.textbook.celp.frame import (
    BAND,
    FIRST_SUBFRAME,
    GAIN,
    GAIN_BITS,
    LSF_BITS,
    MAGNITUDE,
    MAGNITUDE_BITS,
    SIGN,
    SUBFRAME_FIELDS,
)
from vqcodec.speech.textbook.celp.search import search_packet
from vqcodec.speech.textbook.celp.synthesis import SEQUENCE, Tables
from vqcodec.speech.textbook.training_options import SHARD_SAMPLES, TextbookTraining, story_of, tell_error
from vqcodec.vq.design.lbg import lbg

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CLIP = 1.2  # standard deviations: 77 % of the samples are 0
_GAP_HZ = 40.0
_POST_FILTER = 4
_FIRST_GAINS = np.linspace(-0.4, 1.4, 1 << GAIN_BITS)
_FIRST_MAGNITUDES = 0.06 * 1.3 ** np.arange(1 << MAGNITUDE_BITS)
_FITTED = ("gains", "sizes")  # names in checkpoints
_MOST_FRAMES = 1 << 19  # nearly three hours: that the levels of LSFs are made from
_ACTIVE_DB = 40.0  # frames more than that below a recording's level of speech do not count for the LSFs


def train(task: Training[npt.NDArray[np.int16]]) -> Codebook:
    """Train a codebook for `speech/celp-fixed` on recordings at 8 kHz.

    Raises:
        UsageError: there is too little speech.
    """
    options = TextbookTraining(**task.options)
    task.progress("LSFs", 0.0)
    packets = Kept.of(task.carrier, _prepare, task.corpus.shards(SHARD_SAMPLES))
    noise = np.random.default_rng(options.seed).standard_normal(SEQUENCE)

    def tables_of(lsf: IntArray, gains: npt.NDArray[Any], magnitudes: npt.NDArray[Any]) -> Tables:
        return make_tables(
            lsf=lsf,
            gap=round(_GAP_HZ * 2 * np.pi / BAND.sample_rate / UNIT),
            sequence=np.where(np.abs(noise) > _CLIP, np.sign(noise), 0.0),
            adaptive_gains=gains,
            magnitudes=magnitudes,
            levels=standard_levels(),
            post_filter=_POST_FILTER,
        )

    def state_of(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[Tables, tuple[float, Tables]]:
        now, best = (tables_of(arrays["lsf"], *(arrays[f"{one}{what}"] for what in _FITTED)) for one in ("", "best_"))
        return now, (float(arrays["best_error"]), best)

    done, state = task.checkpoint.last_round(options.rounds + 1, state_of)
    if state is None:
        first = tables_of(_train_lsf(packets, task.threads), _FIRST_GAINS, _FIRST_MAGNITUDES)
        state = first, (np.inf, first)
    tables, best = state
    for number in range(done, options.rounds + 1):
        task.progress(f"round {number + 1} of {options.rounds + 1}", (number + 1) / (options.rounds + 2))
        sums = reduce(np.add, packets.map(_collect_all, tables))
        error = float(sums[-1, 0] / sums[-1, 1])
        tell_error(task, number, error)
        if error < best[0]:
            best = (error, tables)
            used = np.split(sums[:-1, 1] > 0, [1 << GAIN_BITS])
            for what, entries in zip(("adaptive gains", "magnitudes"), used):
                task.findings.use(what, np.count_nonzero(entries), len(entries))
        tables = _refit(tables, sums)
        task.checkpoint.keep_round(
            number + 1,
            {
                "lsf": tables.lsf,
                "gains": tables.adaptive_gains,
                "sizes": tables.magnitudes,
                "best_gains": best[1].adaptive_gains,
                "best_sizes": best[1].magnitudes,
                "best_error": np.array(best[0]),
            },
        )
    reached = {"weighted_snr_db": round(-10 * float(np.log10(best[0])), 2)}
    return to_codebook(best[1], task.name, {**story_of(task), "figures": reached})


def _prepare(signals: Iterable[npt.NDArray[np.int16]]) -> tuple[int, list[GroupSignal]]:
    """Return the number of frames that are no pauses, and the packets, of recordings."""
    recordings = [Recording(signal, BAND, PACKET_FRAMES) for signal in signals]
    packets = [recording.group(number) for recording in recordings for number in range(recording.groups)]
    return sum(int(np.count_nonzero(_active(packet))) for packet in packets), packets


def _active(packet: GroupSignal) -> npt.NDArray[np.bool_]:
    """Return which frames of a packet are no pauses."""
    return packet.analysis.energy_db[1:] > packet.reference_db - _ACTIVE_DB


def _active_lsf(part: tuple[Sequence[GroupSignal], slice]) -> DoubleArray:
    """Return LSFs of the frames that are no pauses, those in a slice of their list."""
    packets, taken = part
    nothing = np.zeros((0, BAND.order))
    return np.concatenate([nothing, *(packet.analysis.lsf[1:][_active(packet)] for packet in packets)])[taken]


def _train_lsf(packets: Kept, threads: int | None) -> IntArray:
    """Return the levels of each LSF, int64 (10, 16), ascending, made from frames that are no pauses."""
    vectors = np.concatenate(list(packets.evenly(_active_lsf, _MOST_FRAMES))) / UNIT
    if len(vectors) < 1 << max(LSF_BITS):
        raise UsageError(f"too little speech to train on ({len(vectors)} frames); give some minutes")
    levels = np.zeros((len(LSF_BITS), 1 << max(LSF_BITS)), np.int64)
    for i, bits in enumerate(LSF_BITS):
        found = lbg(vectors[:, i : i + 1], 1 << bits, threads=threads).codewords[:, 0]
        levels[i, : 1 << bits] = np.sort(np.rint(found.astype(np.float64)).astype(np.int64))
    return levels


def _collect_all(packets: Sequence[GroupSignal], tables: Tables) -> DoubleArray:
    """Return the sums over packets; see `_collect`."""
    return reduce(np.add, (_collect(packet, tables) for packet in packets))


def _collect(packet: GroupSignal, tables: Tables) -> DoubleArray:
    """Encode a packet; return sums, float64 (gains + magnitudes + 1, 2).

    There is a row for each gain and each magnitude; its quotient is the best value for the subframes that chose it. The
    last row holds the squared error and the energy of the target.
    """
    fields, seen = search_packet(packet, tables)
    indices = fields[:, FIRST_SUBFRAME:].reshape(-1, SUBFRAME_FIELDS)
    gain, sign, magnitude = indices[:, GAIN], indices[:, SIGN], indices[:, MAGNITUDE]
    weights = packet.weighting.weights
    scale = seen.scales * (1 - 2 * sign)
    adaptive, fixed = tables.adaptive_gains[gain], tables.magnitudes[magnitude] * scale
    columns = [
        (weights * (seen.xp - fixed * seen.py), weights * scale * (seen.xy - adaptive * seen.py)),
        (weights * seen.pp, weights * scale**2 * seen.yy),
    ]
    sums = [
        np.concatenate([np.bincount(gain, one, 1 << GAIN_BITS), np.bincount(magnitude, other, 1 << MAGNITUDE_BITS)])
        for one, other in columns
    ]
    last = np.array([[weights @ seen.errors, weights @ seen.xx]])
    return np.concatenate([np.stack(sums, axis=1), last])


def _refit(tables: Tables, sums: DoubleArray) -> Tables:
    """Return `tables` with the best value of each gain; gains that were not used stay as they are."""
    used = sums[:-1, 1] > 0
    before = np.concatenate([tables.adaptive_gains, tables.magnitudes])
    after = np.where(used, sums[:-1, 0] / np.where(used, sums[:-1, 1], 1.0), before)
    gains, magnitudes = np.split(after, [1 << GAIN_BITS])
    return tables._replace(adaptive_gains=np.sort(gains), magnitudes=np.sort(np.maximum(magnitudes, 0.0)))
