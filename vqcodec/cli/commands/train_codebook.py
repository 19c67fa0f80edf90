"""`vqcodec train-codebook`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.options import common as options
from vqcodec.cli.options import training
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.options.common import Media
from vqcodec.cli.wording import engines
from vqcodec.cli.wording.training import training_lines
from vqcodec.errors import UsageError
from vqcodec.files.descriptors import descriptor_of
from vqcodec.files.endpoints import Source, check_destination, write_all
from vqcodec.media.registry import engine_to_train
from vqcodec.names import is_codebook_name, printable

if TYPE_CHECKING:
    from vqcodec.cli.console import Console
    from vqcodec.codebook.codebook import Codebook

_UNFINISHED = ".unfinished"

EXAMPLES = options.examples(
    "vqcodec train-codebook photos -o mine.vqcb",
    "vqcodec encode photo.png -c mine.vqcb -o photo.vqc",
    "vqcodec train-codebook photos -o mine.vqcb --pixels 2000000 --memory 2GB",
    "vqcodec train-codebook icons -o icons.vqcb --parent graphic --for 5000",
    "vqcodec train-codebook photos/*.png -o small.vqcb --engine block --size 64 --lambda 20 --seed 1",
    "vqcodec train-codebook photos -o grey.vqcb --engine block --layout grey --side 8 --name grey-8x8",
    "vqcodec train-codebook voices -o voices.vqcb --rounds 1 --seconds 6",
    "vqcodec train-codebook voices -o low-delay.vqcb --engine ld-celp --rounds 12",
    "vqcodec train-codebook clips -o camera.vqcb --frames-per-clip 17 --resume",
)


@partial(unbundled, more_help=engines.engines_to_train)
def train_codebook(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Pictures, sound files or videos, and folders, which are searched with all below.",
        ),
    ],
    *,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Codebook file to write (.vqcb).")],
    force: options.Force = False,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Name of the codebook.", show_default="the output's stem"),
    ] = None,
    media: Annotated[
        Media | None,
        typer.Option("--media", help="What the codebook is for.", show_default="by the engine, else by the files"),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="NAME",
            help="Engine that the codebook is for.",
            show_default=engines.default_engines(),
            autocompletion=engines.complete_engine,
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Also write the report: .json as with --json, or drawn as .svg, .png or .pdf, which needs matplotlib.",
        ),
    ] = None,
    chosen: training.EngineOptions,
    running: training.RunOptions,
    printing: options.Printing,
) -> None:
    """Train a codebook on media of your own.

    An option belongs to the engines in front of its help. Files that cannot be read are listed and left out.

    Before the work begins, a line says about how long it will take, and from how many files on such a codebook pays.

    What is finished is kept in a file beside the output, whose name ends in .unfinished, until the training ends. After
    an interruption the same command with --resume goes on from there, and writes the same bytes.

    Some files are held out (--hold-out): they are not trained on, and coded at the end with the new codebook and with
    the one that training started from, or else the shipped one. The report says what the new one brings on them, what
    of it the corpus uses, how the objective went from round to round, and what was not trained on.

    INPUT may be a URL that fsspec can read, such as s3://bucket/tiles.
    """
    from vqcodec.api.training import medium_to_train, training_files
    from vqcodec.api.training import train_codebook as train

    medium = medium_to_train(inputs, engine) if media is None else media.value
    trained = engine_to_train(medium, engine)
    given = chosen.for_engine(trained)
    trained.check_training_options(given)
    name = _checked_name(name or Path(output).stem)
    if report is not None:
        _check_form(report)
    brought: dict[str, Any] = {}
    console = printing.console()
    unfinished = None if descriptor_of(output) is not None else f"{output}{_UNFINISHED}"
    with (
        _keeping(unfinished, console),
        announce_compilation(console),
        console.progress("training", 1) as advance,
    ):
        parents = [given["parent"]] if "parent" in given else []
        sources: list[Source] = [*training_files(inputs, medium), *parents]
        check_destination(output, sources, overwrite=force)
        if report is not None:
            check_destination(report, [*sources, output], overwrite=force)
            _check_drawing(report)
        codebook = train(
            inputs,
            medium=medium,
            engine=trained.short_name,
            name=name,
            checkpoint=unfinished,
            progress=lambda what, done: advance(0, done, what),
            skipped=lambda _path, reason: console.notice(f"left out: {reason}"),
            notice=None if console.quiet else console.notice,
            **running.as_arguments(),
            report=brought.update,
            **given,
        )
        data = codebook.to_bytes()
        write_all(data, output, overwrite=force)
    record = {
        "output": output,
        "output_bytes": len(data),
        "name": codebook.name,
        "engine": codebook.engine,
        "identity": codebook.identity,
        "provenance": codebook.provenance,
        **brought,
    }
    if report is not None:
        write_all(_drawn(record, report), report, overwrite=force)
    _tell(console, codebook, medium, record)


def _is_json(path: str) -> bool:
    return path.lower().endswith(".json")


def _check_form(path: str) -> None:
    """Refuse a report whose extension names none of the forms of reports."""
    from vqcodec.cli.plots import FORMATS

    if not _is_json(path) and not path.lower().endswith(FORMATS):
        raise UsageError(f"{path}: a report is .json, {', '.join(FORMATS)}; choose one of them")


def _check_drawing(path: str) -> None:
    """Refuse a report that cannot be drawn, before the work."""
    from vqcodec.cli.plots import check_drawing

    if not _is_json(path):
        check_drawing(path)


def _drawn(record: dict[str, Any], path: str) -> bytes:
    """Return the file of a report."""
    if _is_json(path):
        return json.dumps(record).encode() + b"\n"
    from vqcodec.cli.plots import training_drawing

    return training_drawing(record, path)


@contextmanager
def _keeping(path: str | None, console: Console) -> Iterator[None]:
    """If the block fails and what is finished has been kept there, say so."""
    try:
        yield
    except BaseException:
        if path is not None and os.path.exists(path):
            console.notice(f"{path} keeps what is finished: the same command with --resume goes on from there")
        raise


def _checked_name(name: str) -> str:
    """Return a name; UsageError if it cannot be that of a codebook."""
    if not is_codebook_name(name):
        raise UsageError(
            f"'{printable(name)}' cannot be the name of a codebook; give one with --name, of letters, digits and ._+-"
        )
    return name


def _tell(console: Console, codebook: Codebook, medium: str, record: dict[str, Any]) -> None:
    """Print the result: `record` as JSON, or in lines."""
    kind = {"image": "pictures", "speech": "recordings", "video": "clips"}[medium]
    count = codebook.provenance.get("corpus", {}).get(kind)  # engines of others may not say
    used = "" if count is None else f" from {count} {kind}"
    console.result(
        record,
        f"{record['output']}: codebook {codebook.name} ({codebook.identity[:16]}){used}, "
        f"{record['output_bytes']:,} bytes",
        *_lsf_lines(codebook.provenance),
        *training_lines(record),
    )


def _lsf_lines(provenance: Mapping[str, Any]) -> list[str]:
    """Return a line for each LSF codebook: its bits, and how well it keeps the spectral envelope."""
    return [
        f"  LSF codebook {number}: {lsf['bits_per_frame']:.1f} bits a frame, "
        f"spectral distortion {lsf['mean_db']:.2f} dB, "
        f"{lsf['above_2_db']:.1%} of frames above 2 dB, {lsf['above_4_db']:.1%} above 4 dB"
        for number, lsf in enumerate(provenance.get("lsf", ()))
        if "mean_db" in lsf
    ]
