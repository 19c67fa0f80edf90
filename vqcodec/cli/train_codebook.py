"""`vqcodec train-codebook`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vqcodec.cli import options
from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.endpoints import check_destination, write_all
from vqcodec.errors import UsageError

EXAMPLES = options.examples(
    "vqcodec train-codebook photos -o mine.vqcb",
    "vqcodec train-codebook photos/*.png -o small.vqcb --size 64 --seed 1 --name small --force",
    "vqcodec encode photo.png -c mine.vqcb -o photo.vqc --force",
)


class Media(StrEnum):
    """What codebooks can be trained for."""

    IMAGE = "image"


def train_codebook(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Pictures, or folders of pictures (and of folders)."),
    ],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Codebook file to write (.vqcb).")],
    force: options.Force = False,
    media: Annotated[Media, typer.Option("--media", help="What the codebook is for.")] = Media.IMAGE,
    engine: Annotated[str, typer.Option("--engine", metavar="NAME", help="Engine that it is for.")] = "block",
    size: Annotated[int, typer.Option("--size", metavar="K", min=2, max=4096, help="Number of codewords.")] = 256,
    block: Annotated[int, typer.Option("--block", metavar="N", help="Blocks of NxN pixels: 2, 4 or 8.")] = 4,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The same seed gives the same codebook.")] = 0,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Name of the codebook.", show_default="the output's stem"),
    ] = None,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Train a codebook on media of your own."""
    if block not in (2, 4, 8):
        raise UsageError(f"--block {block}: choose 2, 4 or 8")
    check_destination(output, inputs, overwrite=force)
    console = Console(quiet=quiet, as_json=as_json, no_progress=no_progress, debug=debug)
    with announce_compilation(console), console.progress("training", 1) as progress:
        from vqcodec.training import train_codebook as train

        codebook = train(
            inputs,
            medium=media.value,
            engine=engine,
            size=size,
            block=block,
            seed=seed,
            name=name or Path(output).stem,
            progress=lambda done: progress(0, done),
        )
        data = codebook.to_bytes()
        write_all(data, output, overwrite=force)
    record = {
        "output": output,
        "output_bytes": len(data),
        "name": codebook.name,
        "engine": codebook.engine,
        "identity": codebook.identity,
        "provenance": dict(codebook.provenance),
    }
    console.result(record, f"{output}: codebook {codebook.name} ({codebook.identity[:16]}), {len(data):,} bytes")
