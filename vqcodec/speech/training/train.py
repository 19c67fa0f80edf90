"""Training of a whole speech codebook on recordings: LSF codebooks, then the table sets of the ladder.

The table sets are trained one after another, from the middle of the ladder outwards. Each starts from its neighbour. If
there is a parent codebook, each starts from the parent's table set of about the same rate.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.carriers.kept import Kept
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import UsageError
from vqcodec.media.engine import SpeechEngine
from vqcodec.media.training import Training
from vqcodec.speech.bands import BANDS, Band
from vqcodec.speech.celp.header import PACKET_FRAMES
from vqcodec.speech.celp.speech_codebook import SetAims, SpeechCodebook, SpeechTableSet
from vqcodec.speech.filters.equalizer import Equalizer
from vqcodec.speech.filters.equalizer_search import lambda_at
from vqcodec.speech.lsf_quantizer.codebook import LsfCodebook
from vqcodec.speech.lsf_quantizer.training import DESIGNS, LsfRound, train_lsf
from vqcodec.speech.training.equalizer_training import train_equalizer
from vqcodec.speech.training.kept_parts import KeptParts
from vqcodec.speech.training.recordings import (
    Fidelity,
    lsf_fidelity,
    materials_of,
    missing_gains,
    prepare,
    quantized_lpc,
)
from vqcodec.speech.training.set_training import Round, SetDesign, TrainedSet, train_set
from vqcodec.speech.training.statistics import likely_counts

_SHARD_S = 60  # seconds of speech that are worked on together, unless one recording has more
_EQUALIZER_BEGINS = 0.8  # share of the work on a table set after which its equalizer is trained
_LEAST_S, _LEAST_FROM_SCRATCH_S = 5, 60  # seconds of speech: with a parent, and without
_FEW_PULSES = (1, 2, 3, 4, 6)
_PULSES = (2, 3, 4, 6, 8, 10)
_MORE_PULSES = (2, 3, 4, 5, 6, 8, 10, 12, 14)
_MOST_PULSES = (3, 4, 6, 8, 10, 12, 14, 16, 18, 20)
_WIDE_PULSES = (2, 3, 4, 6, 8, 10, 12, 16)
_MOST_WIDE_PULSES = (3, 4, 6, 8, 10, 12, 14, 16, 20, 24)
_FINE_GAINS = (128, 32, 16)


@dataclass(frozen=True)
class Ladder:
    """The table sets of a band, in the order of falling lambda, and the LSF codebooks that they use.

    Attributes:
        lsf_lambdas: dB^2 that a bit is worth, at which each LSF codebook is trained.
        steps: number of the LSF codebook, and design, of each table set.
        post_filters: strength of the decoder's post-filter that suits each table set.
        first: number of the table set that is trained first, from nothing.
    """

    lsf_lambdas: tuple[float, ...]
    steps: tuple[tuple[int, SetDesign], ...]
    post_filters: tuple[int, ...]
    first: int


LADDERS = {
    "nb": Ladder(
        lsf_lambdas=(0.5, 0.2, 0.09),
        steps=(
            (0, SetDesign(0.020, 0.60, 0.40, pulse_counts=_FEW_PULSES, sharpening=0.5)),
            (0, SetDesign(0.011, 0.42, 0.35, pulse_counts=_FEW_PULSES, sharpening=0.5)),
            (1, SetDesign(0.006, 0.25, 0.25, pulse_counts=_PULSES, sharpening=0.5)),
            (1, SetDesign(0.0032, 0.18, 0.15, pulse_counts=_PULSES, sharpening=0.5)),
            (2, SetDesign(0.0017, 0.13, 0.10, pulse_counts=_MORE_PULSES, gains=_FINE_GAINS, sharpening=0.5)),
            (2, SetDesign(0.0008, 0.09, 0.05, pulse_counts=_MORE_PULSES, gains=_FINE_GAINS, sharpening=0.5)),
            (2, SetDesign(0.00035, 0.06, 0.05, pulse_counts=_MOST_PULSES, gains=_FINE_GAINS, sharpening=0.5)),
        ),
        post_filters=(3, 3, 2, 0, 0, 0, 0),
        first=2,
    ),
    "wb": Ladder(
        lsf_lambdas=(0.45, 0.2, 0.1),
        steps=(
            (0, SetDesign(0.0060, 0.45, 0.30, (64, 256), _PULSES, sharpening=0.25)),
            (1, SetDesign(0.0032, 0.25, 0.20, (64, 256), _WIDE_PULSES, sharpening=0.25)),
            (1, SetDesign(0.0018, 0.17, 0.15, (64, 256), _WIDE_PULSES, sharpening=0.25)),
            (2, SetDesign(0.0010, 0.14, 0.10, (64, 256), _WIDE_PULSES, _FINE_GAINS, sharpening=0.25)),
            (2, SetDesign(0.0006, 0.10, 0.0, (64, 256), _MOST_WIDE_PULSES, _FINE_GAINS, sharpening=0.25)),
            (2, SetDesign(0.0003, 0.08, 0.0, (64, 256), _MOST_WIDE_PULSES, _FINE_GAINS, sharpening=0.25)),
        ),
        post_filters=(0, 0, 0, 0, 0, 0),
        first=2,
    ),
}


@dataclass(frozen=True)
class CelpTraining:
    """The values of the training options that the descriptors declare.

    Attributes:
        seed: of the random choices.
        seconds: most seconds used of each recording, so that no recording outweighs the others.
        lsf_rounds: rounds of encoding and refitting for an LSF codebook.
        first_rounds: rounds of encoding and refitting for the first table set.
        rounds: the same for the other table sets; with a parent, for LSF codebooks and all table sets.
        survivors: paths that the searches keep.
    """

    seed: int
    seconds: float
    lsf_rounds: int
    first_rounds: int
    rounds: int
    survivors: int

    def story(self, name: str) -> dict[str, Any]:
        """Return what the provenance says of the options, and of the name of the codebook."""
        told = asdict(self)
        return {"name": name, "seed": told.pop("seed"), "most_seconds": told.pop("seconds"), **told}


def train(task: Training[npt.NDArray[np.int16]]) -> Codebook:
    """Train a codebook for `speech/celp-nb` or `speech/celp-wb` on recordings (n,) at the band's sampling rate.

    Raises:
        UsageError: there is too little speech, or the parent is for another band.
        CodebookError: the parent is not for speech.
    """
    band, options, parent, tell = _band_of(task), CelpTraining(**task.options), task.parent, task.progress
    ladder = LADDERS[band.name]
    samples = [count for count, *_ in task.corpus.sizes if count >= band.frame]
    if brief := len(task.corpus) - len(samples):
        task.findings.not_used("brief", f"{brief:,} recording{'s' * (brief != 1)} shorter than a frame")
    known = None if parent is None else _known(parent, band)
    _check_enough(sum(samples) / band.sample_rate, known is not None)
    told = options.story(task.name)
    kept = KeptParts(task.checkpoint)
    tell("analysing", 0.0)
    recordings = Kept.of(task.carrier, prepare, task.corpus.shards(_SHARD_S * band.sample_rate), band)
    tasks = len(ladder.lsf_lambdas) + len(ladder.steps)
    books = []
    for number, lambda_ in enumerate(ladder.lsf_lambdas):
        tell(f"LSF codebook {number + 1} of {len(ladder.lsf_lambdas)}", number / tasks)
        book = kept.lsf(number)
        if book is None:
            user = next(design.lambda_ for lsf, design in ladder.steps if lsf == number)
            start = None if known is None else known.sets[known.nearest(user)].lsf
            book = _train_lsf(task, recordings, number, lambda_, start)
            kept.keep_lsf(number, book)
        books.append(book)
    fidelity = [
        {"lambda": lambda_, **reduce(Fidelity.plus, recordings.map(lsf_fidelity, book, lambda_, band)).figures()}
        for lambda_, book in zip(ladder.lsf_lambdas, books)
    ]
    sets: dict[int, SpeechTableSet] = {}
    trained: dict[int, TrainedSet] = {}
    for done, number in enumerate(_order(ladder)):
        tell(f"table set {done + 1} of {len(ladder.steps)}", (len(books) + done) / tasks)
        lsf, design = ladder.steps[number]
        materials, lsf_rate = _materials(recordings, books[lsf], design, band)
        begin = trained.get(number + 1 if number < ladder.first else number - 1)
        if known is not None:
            begin = _trained(known.sets[known.nearest(design.lambda_)])
        found = kept.table_set(number)
        if found is None:
            found = _train_set(task, materials, number, begin)
            kept.keep_table_set(number, *found)
        trained[number], rate = found
        aims = SetAims(
            design.lambda_, design.lsf_lambda, design.energy_weight, rate + lsf_rate, lsf, ladder.post_filters[number]
        )
        excitation, lengths = trained[number].excitation, trained[number].counts.code_lengths()
        unequalized = SpeechTableSet(band, aims, excitation, lengths, books[lsf], Equalizer.none(band))
        tell(f"equalizer {done + 1} of {len(ladder.steps)}", (len(books) + done + _EQUALIZER_BEGINS) / tasks)
        equalizer = kept.equalizer(number)
        if equalizer is None:
            equalizer = _train_equalizer(recordings, unequalized, options)
            kept.keep_equalizer(number, equalizer)
        sets[number] = replace(unequalized, equalizer=equalizer)
    tell("done", 1.0)
    story: dict[str, Any] = {
        "method": "LSF multistage VQ and CELP by encode, collect, refit; see docs/experiments-speech.md",
        "options": told,
        "seconds": round(sum(samples) / band.sample_rate, 1),
        "recordings": len(samples),
        "rates": [round(sets[number].aims.rate) for number in sorted(sets)],
        "lsf": fidelity,
    }
    if parent is not None:
        story["parent"] = parent.identity
    book_of_sets = SpeechCodebook(band, [sets[number] for number in sorted(sets)])
    story["corpus"] = {"recordings": len(task.corpus), "fingerprint": task.corpus.fingerprint()}
    return book_of_sets.to_codebook(task.name, story)


def _train_equalizer(recordings: Kept, table_set: SpeechTableSet, options: CelpTraining) -> Equalizer:
    """Return the equalizer for the recordings, coded with a table set that has none."""
    missing = Kept.of(recordings.carrier, missing_gains, recordings.handles, table_set, options.survivors)
    lambda_ = lambda_at(table_set.aims.rate)
    return train_equalizer(missing, table_set.band, lambda_, PACKET_FRAMES, options.seed)


def _band_of(task: Training[Any]) -> Band:
    """Return the band that a codebook is trained for."""
    assert isinstance(task.engine, SpeechEngine)
    return BANDS[task.engine.band]


def _order(ladder: Ladder) -> list[int]:
    """Return the numbers of the table sets: from the first one downwards, then upwards."""
    return [*range(ladder.first, -1, -1), *range(ladder.first + 1, len(ladder.steps))]


def _check_enough(seconds: float, has_parent: bool) -> None:
    """Refuse a corpus that is too short.

    Raises:
        UsageError: it is.
    """
    least = _LEAST_S if has_parent else _LEAST_FROM_SCRATCH_S
    if seconds < least:
        scratch = "" if has_parent else " from scratch"
        raise UsageError(
            f"{seconds:.1f} s of speech are too little to train on{scratch}: "
            f"give at least {least} s; some minutes are better"
        )


def _known(parent: Codebook, band: Band) -> SpeechCodebook:
    """Return the table sets of a parent codebook.

    Raises:
        UsageError: it is for another band.
    """
    known = SpeechCodebook.of(parent)
    if known.band != band:
        raise UsageError(f"codebook {parent.name} is for {known.band.engine}, not {band.engine}; choose another parent")
    return known


def _trained(table_set: SpeechTableSet) -> TrainedSet:
    """Return a table set as the training starts from it, with counts for which its code lengths are ideal."""
    return TrainedSet(table_set.excitation, likely_counts(table_set.lengths, table_set.tables))


def _train_lsf(
    task: Training[Any], recordings: Kept, number: int, lambda_: float, start: LsfCodebook | None
) -> LsfCodebook:
    """Return LSF codebook `number`, for `lambda_`, trained from `start`, or from nothing if `start` is None."""
    band, options = _band_of(task), CelpTraining(**task.options)
    name = f"LSF codebook {number + 1}"

    def tell(figures: LsfRound) -> None:
        cost = figures.distortion + lambda_ * figures.bits
        task.findings.step(name, "dB^2 a frame, and what its bits are worth", figures.number + 1, cost)
        task.findings.count(f"codewords of {name}", figures.counts)

    design = replace(DESIGNS[band.name], rounds=options.lsf_rounds if start is None else options.rounds)
    try:
        return train_lsf(
            recordings, band, lambda_, design=design, packet_frames=PACKET_FRAMES, seed=options.seed,
            threads=task.threads, start=start, progress=tell,
        )  # fmt: skip
    except ValueError as error:
        raise UsageError(f"too little speech to train on ({error}); give some minutes") from error


def _materials(recordings: Kept, book: LsfCodebook, design: SetDesign, band: Band) -> tuple[Kept, float]:
    """Return what `materials_of` takes: the recordings, with LSFs quantized at the lambda of `design`. Also return the
    rate of the LSFs in bit/s.
    """
    found = list(recordings.carrier.keep(quantized_lpc, recordings.handles, book, design.lsf_lambda, band))
    seconds = recordings.total * band.frame / band.sample_rate
    handles = tuple((recording, lpc) for recording, (_, lpc) in zip(recordings.handles, found, strict=True))
    return replace(recordings, handles=handles), sum(bits for bits, _ in found) / seconds


def _train_set(task: Training[Any], materials: Kept, number: int, start: TrainedSet | None) -> tuple[TrainedSet, float]:
    """Return table set `number`, trained, and the rate of its excitation in bit/s."""
    band, options, rates = _band_of(task), CelpTraining(**task.options), [0.0]
    _, design = LADDERS[band.name].steps[number]
    name = f"table set {number + 1}"

    def tell(figures: Round) -> None:
        rates.append(figures.rate)
        unit = "weighted error a subframe, and what its bits are worth"
        task.findings.step(name, unit, figures.number + 1, figures.cost)
        for what, counts in (("shapes", figures.counts.shapes), ("gains", figures.counts.gains)):
            if counts:
                task.findings.count(f"{what} of {name}", np.concatenate([one.sum(axis=0) for one in counts]))

    rounds = options.first_rounds if start is None else options.rounds
    trained = train_set(
        materials, materials_of, band, replace(design, rounds=rounds, survivors=options.survivors), start=start,
        seed=options.seed, packet_frames=PACKET_FRAMES, progress=tell,
    )  # fmt: skip
    return trained, rates[-1]
