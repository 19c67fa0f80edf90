"""Training a codebook for a medium and an engine: what `vqcodec train-codebook` calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from vqcodec.api.expectation import expectation, shipped
from vqcodec.api.media import medium_of_source
from vqcodec.carriers.carrier import Carrier
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import UnreadableInputError, UsageError
from vqcodec.media.checkpoint import Begun, Checkpoint
from vqcodec.media.corpora.files import FileCorpus
from vqcodec.media.corpora.held_out import measured
from vqcodec.media.corpora.places import Place, files_at, place_of, suffix_of
from vqcodec.media.corpora.survey import SurveyedCorpus, survey
from vqcodec.media.engine import Engine, load
from vqcodec.media.options import NumberOption, check_options
from vqcodec.media.registry import engine_to_train, trainable_engines
from vqcodec.media.training import Progress, Trainer, Training
from vqcodec.media.training_options import RUN_OPTIONS
from vqcodec.names import is_codebook_name, printable

_CORPORA = {
    "image": "vqcodec.image.corpus:PictureCorpus",
    "speech": "vqcodec.speech.corpus:SoundCorpus",
    "video": "vqcodec.video.corpus:VideoCorpus",
}
"""References of the corpora of files, by medium."""

_RUN_NAMES = frozenset(option.name for option in RUN_OPTIONS)

_THREADS = NumberOption("threads", low=1, whole=True)


def train_codebook(
    sources: Iterable[str | Path],
    *,
    medium: str | None = None,
    engine: str | None = None,
    name: str = "mine",
    threads: int | None = None,
    progress: Progress | None = None,
    skipped: Callable[[Place, str], object] | None = None,
    notice: Callable[[str], object] | None = None,
    report: Callable[[Mapping[str, Any]], object] | None = None,
    **options: Any,
) -> Codebook:
    """Train a codebook on media files.

    The same files, options and seed give the same codebook, byte for byte, whatever the number of threads and workers.

    Args:
        sources: files, and folders that are searched with all below them; or their URLs, where fsspec can read them.
        medium: `image`, `speech` or `video`; None to look at the engine, else at the files.
        engine: `transform` or `block`, `celp-nb`, `celp-wb`, `celp-fixed` or `ld-celp`, `mc` or `st3d`, or one that you
            have registered; None for the medium's default, which is the first that is named here.
        name: the codebook's name.
        threads: how many to use; None for one a CPU.
        progress: called with what is being done and the part of the whole that is done, 0 to 1.
        skipped: called before the work with each file that could not be read, and why.
        notice: called before the work with a line on how long it will take and when the codebook pays, which some files
            are looked at for, and with a line on a checkpoint that is not used.
        report: called at the end with what the codebook brings on files that were held out, what the corpus uses of
            it, how the training converged, and what was not trained on, as docs/json.md describes it.
        options: training options of the engine, as `vqcodec train-codebook --help` lists them, with `_` for `-`;
            `lambda_` stands for `--lambda`. `parent` is the name or path of the codebook to start from; `"none"`
            or None starts from scratch. Besides, for every engine:

            - `checkpoint`: a file that keeps what is finished until the training ends; `resume=True` goes on from there
              after an interruption, and gives the same codebook;
            - `memory`: bytes that the process may take, or text such as `"2GB"`; what does not fit goes to a file, in
              the folder of the checkpoint or else in the system's own for such files;
            - `hold_out`: number of files that are not trained on, but measured with the codebook at the end; None for
              one in 20, at most 16, and none of fewer than 8 files, or without `report`;
            - `strict=True`: a file that cannot be read is an error;
            - `workers`: number of processes on this machine that do the work; `scheduler`: address of a Dask scheduler
              whose workers do. Both need `vqcodec[distributed]`, and give the same codebook.

    Raises:
        UsageError: there is no such engine or option, or an option is of the wrong type or out of range; the message
            says what to choose. The files are of several media, and `medium` is None.
        UnreadableInputError: no usable media among the sources, or too little of it.
        CodebookError: the parent is not found, or is for another engine.
        OutputError: the checkpoint cannot be written, or the disk is too full for what the memory does not hold.
        CorruptFileError: the checkpoint is damaged.
        SchedulerError: the scheduler is not there, or went away. What is finished is kept.
    """
    sources = list(sources)
    if not isinstance(name, str) or not is_codebook_name(name):
        raise UsageError(f"'{printable(str(name))}' cannot be the name of a codebook; use letters, digits and ._+-")
    threads = None if threads is None else _THREADS.check(threads)
    medium = medium or medium_to_train(sources, engine)
    chosen = engine_to_train(medium, engine)
    run = _checked_run(options, measures=report is not None)
    values = chosen.check_training_options({name: options[name] for name in options.keys() - _RUN_NAMES})
    parent = values.pop("parent", None)
    start = None if parent is None else load_codebook(parent)
    kind = _corpus_of(medium)
    files = kind.of(sources, **kind.fields_for(chosen, values))
    if notice is not None:
        notice(expectation(files, chosen, values, start, run["workers"] or threads).in_words())
    with _carrier(run, threads) as carrier:
        corpus = _surveyed(files, carrier, run, skipped, notice)
        begun = Begun(chosen.name, values, None if start is None else start.identity, corpus.fingerprint())
        checkpoint = _checkpoint(run, begun, notice)
        if limit := files.limit(values):
            checkpoint.findings.not_used("limit", limit)
        trainer: Trainer = chosen.trainer
        codebook = trainer(
            Training(
                engine=chosen,
                corpus=corpus,
                name=name,
                options=values,
                parent=start,
                checkpoint=checkpoint,
                carrier=carrier,
                threads=threads,
                progress=progress or (lambda _what, _part: None),
            )
        )
        found = None if report is None else _report(chosen, corpus, codebook, values, start, checkpoint, carrier)
    checkpoint.remove()
    if report is not None and found is not None:
        report(found)
    return codebook


def _checked_run(options: Mapping[str, Any], *, measures: bool) -> dict[str, Any]:
    """Return the value of every one of RUN_OPTIONS; errors as `train_codebook`.

    Args:
        options: of the training. measures: whether the codebook is measured; if not, no files are held out by default.
    """
    run = check_options(RUN_OPTIONS, {name: options[name] for name in _RUN_NAMES & options.keys()}, "training")
    if run["workers"] is not None and run["scheduler"] is not None:
        raise UsageError("workers and a scheduler exclude one another; give one of them")
    if run["hold_out"] is None and not measures:
        run["hold_out"] = 0
    return run


def _surveyed(
    files: FileCorpus[Any],
    carrier: Carrier,
    run: Mapping[str, Any],
    skipped: Callable[[Place, str], object] | None,
    notice: Callable[[str], object] | None,
) -> SurveyedCorpus[Any]:
    """Return the files to train on and those to measure on, and tell which are left out, and how many held out."""
    corpus = survey(files, carrier, strict=run["strict"], hold_out=run["hold_out"])
    for place, reason in corpus.left_out:
        if skipped:
            skipped(place, reason)
    held_out = len(corpus.held_out)
    if held_out and notice is not None:
        notice(
            f"{held_out:,} of {len(corpus) + held_out:,} files {'is' if held_out == 1 else 'are'} held out, to measure "
            "the codebook on at the end; hold_out=0 trains on all"
        )
    return corpus


def _checkpoint(run: Mapping[str, Any], begun: Begun, notice: Callable[[str], object] | None) -> Checkpoint:
    """Return what keeps the finished parts, and tell if there are none to go on from."""
    checkpoint = Checkpoint(_path(run), begun, run["resume"], notice or (lambda _line: None))
    if run["resume"] and checkpoint.is_empty and notice is not None:
        notice("nothing has been kept to resume: the training begins anew")
    return checkpoint


def _path(run: Mapping[str, Any]) -> Path | None:
    """Return the path of the checkpoint, if there is to be one."""
    return None if run["checkpoint"] is None else Path(run["checkpoint"])


def _report(
    engine: Engine,
    corpus: SurveyedCorpus[Any],
    codebook: Codebook,
    options: Mapping[str, Any],
    parent: Codebook | None,
    checkpoint: Checkpoint,
    carrier: Carrier,
) -> dict[str, Any]:
    """Return what is to be said of a training, as docs/json.md describes it.

    Args:
        options: of the training, checked. parent: the codebook that it started from.
    """
    found = checkpoint.findings.as_dict()
    for item in (found.get("memory") or {}).get("items", ()):
        item["file"] = str(corpus.files.places[item.pop("picture")])
    own_parent = parent is not None and parent.engine == engine.name
    before = parent if own_parent else shipped(engine)
    start = "parent" if own_parent else "nothing" if parent is None else "another engine's"
    return {
        "corpus": {
            "files": len(corpus) + len(corpus.held_out) + len(corpus.left_out),
            "trained_on": len(corpus),
            "left_out": [{"file": str(place), "reason": reason} for place, reason in corpus.left_out],
            "not_used": found.pop("not_used"),
        },
        "held_out": {
            "started_from": start,
            **measured(corpus.held_out, carrier, engine, codebook, options, before),
        },
        **found,
    }


def _carrier(run: Mapping[str, Any], threads: int | None) -> AbstractContextManager[Carrier]:
    """Return what brings shards to where they are worked on, as RUN_OPTIONS ask for it.

    What the memory does not hold goes to the folder of the checkpoint, or else to the system's own.
    """
    workers, scheduler, memory = run["workers"], run["scheduler"], run["memory"]
    path = _path(run)
    folder = None if path is None else path.absolute().parent
    if workers is None and scheduler is None:
        return nullcontext(ThreadCarrier(threads, memory, folder))
    from vqcodec.carriers.cluster import connected

    return connected(scheduler, workers, memory, folder)


def medium_to_train(sources: Iterable[str | Path], engine: str | None = None) -> str:
    """Return the medium to train for: the engine's, or else the medium of the files.

    A file that is named counts as what its first bytes say, a file in a folder as what its name ends in.

    Args:
        sources: as of `train_codebook`.
        engine: its short name, if one was chosen.

    Raises:
        UsageError: the files are of several media.
        UnreadableInputError: a source does not exist, or none is a picture, sound or a video.
    """
    for known in trainable_engines():
        if known.short_name == engine:
            return known.medium
    named = [place_of(source) for source in sources]
    found: Counter[str] = Counter()
    for source in named:
        if isinstance(source, Path) and source.is_file():
            with suppress(UnreadableInputError):  # the corpus leaves it out, and says so
                found[medium_of_source(source, str(source))[1]] += 1
            continue
        suffixes = Counter(suffix_of(place) for place in files_at(source))
        for medium in _CORPORA:
            found[medium] += sum(suffixes[suffix] for suffix in _corpus_of(medium).SUFFIXES)
    media = [medium for medium, count in found.items() if count]
    if not media:
        if not named:
            raise UnreadableInputError("there are no files to train on; name pictures, sound files or videos")
        raise UnreadableInputError(f"{', '.join(map(str, named))}: no pictures, sound files or videos in it")
    if len(media) > 1:
        counts = ", ".join(f"{found[medium]} of {medium}" for medium in media)
        raise UsageError(f"the files are of several media ({counts}); say which with medium=")
    return media[0]


def training_files(sources: Iterable[str | Path], medium: str) -> tuple[Place, ...]:
    """Return the files that a training on `sources` reads.

    Raises:
        UnreadableInputError: a source does not exist, or there is no file of the medium at all.
    """
    return _corpus_of(medium).of(sources).places


def _corpus_of(medium: str) -> type[FileCorpus[Any]]:
    corpus: type[FileCorpus[Any]] = load(_CORPORA[medium])
    return corpus
