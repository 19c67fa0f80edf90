"""`vqcodec verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.batch import Progress
from vqcodec.cli import options
from vqcodec.cli.console import Console
from vqcodec.cli.files import Item, plan_inputs, process
from vqcodec.cli.wording import verify_line

if TYPE_CHECKING:
    from vqcodec.reports import SpeechVerifyReport, VerifyReport
    from vqcodec.video_reports import VideoVerifyReport

EXAMPLES = options.examples("vqcodec verify photo.vqc", "vqcodec verify *.vqc --quiet && echo all whole")


def verify(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT", help=".vqc files, or - for standard input.")],
    codebook: options.Codebook = None,
    jobs: options.Jobs = None,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Check .vqc files in full.

    Structure, checksums, that the codebook is at hand, and that the file decodes to its end.
    """
    console = Console(quiet=quiet, as_json=as_json, no_progress=no_progress, debug=debug)

    def work(item: Item, _progress: Progress, threads: int) -> VerifyReport | SpeechVerifyReport | VideoVerifyReport:
        from vqcodec import api

        return api.verify(item.source, codebook=codebook, threads=threads, name=item.name)

    def show(_item: Item, report: VerifyReport | SpeechVerifyReport | VideoVerifyReport) -> None:
        console.result(report.as_dict(), verify_line(report))

    process(plan_inputs(inputs), work, show, console=console, jobs=jobs, verb="verifying")
