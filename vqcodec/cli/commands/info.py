"""`vqcodec info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec.cli.console import Console
from vqcodec.cli.files import process
from vqcodec.cli.inputs import Item, find_inputs
from vqcodec.cli.options import common as options
from vqcodec.cli.wording.engines import engine_facts
from vqcodec.cli.wording.reports import info_lines
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.reports import AnyInfo

EXAMPLES = options.examples(
    "vqcodec info photo.vqc",
    "vqcodec info photo.vqc --bits",
    "vqcodec info *.vqc --json",
    "vqcodec info icons.vqp",
)


def info(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help=".vqc files, folders of them, packs (.vqp), or - for standard input."),
    ],
    bits: Annotated[bool, typer.Option("--bits", help="Show where every bit went; needs the codebook.")] = False,
    limit: options.Limit = None,
    codebook: options.Codebook = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show what .vqc files and packs say of themselves.

    Needs no codebook without --bits, so it also tells which codebook a file needs that is not at hand.
    """
    options.use_limits(limit)
    console = Console(as_json=as_json, no_progress=True, debug=debug, asked_for=True)

    def work(item: Item, _progress: SpokenProgress, _threads: int) -> AnyInfo:
        from vqcodec import api

        return api.info(item.source, bits=bits, codebook=codebook, name=item.name)

    def show(_item: Item, report: AnyInfo) -> None:
        engine = getattr(report, "engine", None)  # a pack has none of its own
        console.result(report.as_dict() | (engine_facts(engine) if engine else {}), *info_lines(report))

    process(find_inputs(inputs), work, show, console=console, jobs=1, verb="reading", kernels=bits)
