"""`vqcodec verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.cli.files import process
from vqcodec.cli.inputs import Item, find_inputs
from vqcodec.cli.options import common as options
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.wording.reports import verify_line
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.reports import AnyVerifyReport

EXAMPLES = options.examples("vqcodec verify photo.vqc", "vqcodec verify *.vqc --quiet && echo all whole")


@unbundled
def verify(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help=".vqc files, folders of them, packs (.vqp), or - for standard input."),
    ],
    *,
    codebook: options.Codebook = None,
    limit: options.Limit = None,
    jobs: options.Jobs = None,
    printing: options.Printing,
) -> None:
    """Check .vqc files and packs in full.

    Structure, checksums, that the codebook is at hand, and that the file, or each item of a pack, decodes to its end.
    """
    options.use_limits(limit)
    console = printing.console()

    def work(item: Item, _progress: SpokenProgress, threads: int) -> AnyVerifyReport:
        from vqcodec import api

        return api.verify(item.source, codebook=codebook, threads=threads, name=item.name)

    def show(_item: Item, report: AnyVerifyReport) -> None:
        console.result(report.as_dict(), verify_line(report))

    process(find_inputs(inputs), work, show, console=console, jobs=jobs, verb="verifying")
