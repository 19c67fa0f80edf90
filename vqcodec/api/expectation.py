"""What a training is expected to take, and when its codebook pays: said before the work begins."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import VQCodecError
from vqcodec.media.corpora.files import FileCorpus
from vqcodec.media.engine import Engine
from vqcodec.threads import default_threads

_MOST_FILES, _MOST_S = 12, 3.0  # that are looked at


@dataclass(frozen=True)
class Expectation:
    """What a training is expected to take, and to bring.

    Attributes:
        files: how many of the corpus; kind: what they are.
        amount: how much they are, in words.
        seconds: that the training takes; None if the engine does not tell.
        threads: that it uses.
        codebook_bytes: of the codebook, about. saving: least and most share of the bytes that it saves.
        file_bytes: of a file of the corpus, coded with the codebook that training starts from; 0 if only parts of the
            files are trained on.
    """

    files: int
    kind: str
    amount: str
    seconds: float | None = None
    threads: int = 1
    codebook_bytes: int = 0
    saving: tuple[float, float] = (0.0, 0.0)
    file_bytes: float = 0.0

    def in_words(self) -> str:
        """Return it as a line."""
        kind = self.kind.removesuffix("s") if self.files == 1 else self.kind
        what = f"training on {self.files:,} {kind} ({self.amount})"
        if self.seconds is None:
            return what
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        late, soon = (self.codebook_bytes / share for share in self.saving)
        shares = " to ".join(f"{100 * share:g}" for share in self.saving)
        pays = f"{_size(soon)} to {_size(late)} of files"
        if self.file_bytes:
            pays += f" ({_rounded(soon / self.file_bytes):,} to {_rounded(late / self.file_bytes):,} like these)"
        return (
            f"{what}: about {_duration(self.seconds)} on {threads}; such a codebook takes about"
            f" {_size(self.codebook_bytes)} and has saved {shares} % of a file in measurements, so it pays from about"
            f" {pays} on"
        )


def expectation(
    corpus: FileCorpus[Any], engine: Engine, options: Mapping[str, Any], parent: Codebook | None, threads: int | None
) -> Expectation:
    """Look at some files of a corpus, code a part of each, and return what a training on all is expected to take.

    The time comes from what coding these parts takes here and now. So it suits the machine, what else it does, and how
    hard the media are to code. A file that cannot be read counts as the others.

    Args:
        corpus: to train on. engine: to train for. options: of training, checked.
        parent: the codebook to start from; None to start from scratch.
        threads: to use; None for one a CPU.

    Raises:
        UnreadableInputError: none of the files can be read.
    """
    cost = engine.training_cost
    start = parent
    if start is None or start.engine != engine.name:
        start = shipped(engine)
    seen, amount, reading = 0, 0.0, 0.0
    coded, size, coding, alone = 0.0, 0, 0.0, 0.0  # the last two: seconds with and without what else the machine does
    for medium, read_s in _some(corpus):
        seen += 1
        amount += corpus.amount(medium)
        reading += read_s
        if cost is None or start is None:
            continue
        try:
            if seen == 1:
                corpus.code(medium, engine, start, options)  # which loads the coder
            before = time.perf_counter(), time.thread_time()
            part, part_bytes = corpus.code(medium, engine, start, options)
        except VQCodecError:  # if it matters, the training says what is wrong
            start = None
            continue
        coding += time.perf_counter() - before[0]
        alone += time.thread_time() - before[1]
        coded += part
        size += part_bytes
    files = len(corpus.places)
    there = amount / seen * files
    used = corpus.used(there, options)
    unit, units = corpus.AMOUNT
    said = Expectation(files, corpus.FILES, f"{used / units:.3g} {unit}")
    if cost is None or start is None:
        return said
    workers = threads or default_threads()
    work = cost.work(options, parent is not None)
    slowness = max(1.0, coding / max(alone, 1e-3))
    besides = slowness * (work.once_s + work.each_s * files * min(1.0, used / there))
    return replace(
        said,
        seconds=work.reads * reading / seen * files + (besides + work.passes * used * coding / coded) / workers,
        threads=workers,
        codebook_bytes=len(start.to_bytes()),
        saving=cost.saving,
        file_bytes=size / coded * amount / seen if corpus.WHOLE else 0.0,
    )


def shipped(engine: Engine) -> Codebook | None:
    """Return the codebook of an engine that is shipped; None if it is not at hand, which training does without."""
    with suppress(VQCodecError):
        return None if engine.codebook is None else load_codebook(engine.codebook)
    return None


def _some(corpus: FileCorpus[Any]) -> Iterator[tuple[Any, float]]:
    """Give some media of a corpus, evenly spread, and how long the reading of each took, in seconds.

    They are _MOST_FILES at most, and no more after _MOST_S seconds. If none of these can be read, it is one of the
    others.

    Raises:
        UnreadableInputError: none of them can be read.
    """
    places = corpus.places
    count = min(len(places), _MOST_FILES)
    spread = [number * len(places) // count for number in range(count)]
    others = sorted(set(range(len(places))) - set(spread))
    began, given, failure = time.perf_counter(), 0, None
    for tried, number in enumerate([*spread, *others]):
        if given and tried >= count:
            return
        before = time.perf_counter()
        try:
            medium = corpus.medium_at(places[number])
        except VQCodecError as error:  # the training passes it over as well
            failure = failure or error
            continue
        given += 1
        yield medium, time.perf_counter() - before
        if time.perf_counter() - began > _MOST_S:
            return
    if not given:
        raise corpus.unreadable(failure)


def _duration(seconds: float) -> str:
    """Return a duration for people, with one or two digits."""
    if seconds < 100:
        return f"{_rounded(max(seconds, 1))} s"
    if seconds < 100 * 60:
        return f"{_rounded(seconds / 60)} minutes"
    return f"{_rounded(seconds / 3600)} hours"


def _rounded(value: float) -> int:
    """Return a number with two digits that count."""
    return int(float(f"{value:.2g}"))


def _size(size: float) -> str:
    """Return a number of bytes for people, with two digits."""
    return f"{_rounded(size / 1000):,} kB" if size < 1e6 else f"{float(f'{size / 1e6:.2g}'):g} MB"
