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
from vqcodec.vq.names import is_codebook_name, printable

EXAMPLES = options.examples(
    "vqcodec train-codebook photos -o mine.vqcb",
    "vqcodec train-codebook photos/*.png -o small.vqcb --size 64 --lambda 20 --seed 1",
    "vqcodec train-codebook photos -o grey.vqcb --layout grey --block 8 --name grey-8x8",
    "vqcodec encode photo.png -c mine.vqcb -o photo.vqc",
)


class Media(StrEnum):
    """What codebooks can be trained for."""

    IMAGE = "image"


class Engine(StrEnum):
    """The engines that codebooks can be trained for."""

    BLOCK = "block"


class Layout(StrEnum):
    """How a block engine's codebook takes colour."""

    GREY = "grey"
    YCBCR_420 = "420"
    JOINT = "joint"


def train_codebook(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Pictures, and folders, which are searched with all below them."),
    ],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Codebook file to write (.vqcb).")],
    force: options.Force = False,
    media: Annotated[Media, typer.Option("--media", help="What the codebook is for.")] = Media.IMAGE,
    engine: Annotated[Engine, typer.Option("--engine", help="Engine that it is for.")] = Engine.BLOCK,
    size: Annotated[int, typer.Option("--size", metavar="K", min=2, max=4096, help="Number of codewords.")] = 256,
    block: Annotated[int, typer.Option("--block", metavar="N", min=1, max=16, help="Side of a block in pixels.")] = 4,
    layout: Annotated[
        Layout,
        typer.Option("--layout", help="Grey alone, YCbCr 4:2:0, or the three colours in one vector."),
    ] = Layout.YCBCR_420,
    lambda_: Annotated[
        float,
        typer.Option(
            "--lambda",
            metavar="L",
            min=0,
            help="Squared error per sample that a bit is worth in the design (ECVQ); 0 for plain LBG.",
        ),
    ] = 0.0,
    symmetries: Annotated[
        bool, typer.Option("--symmetries", help="Train on the blocks turned and mirrored as well.")
    ] = False,
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
    name = name or Path(output).stem
    if not is_codebook_name(name):
        raise UsageError(
            f"'{printable(name)}' cannot be the name of a codebook; say another with --name, of letters, digits, ._+-"
        )
    console = Console(quiet=quiet, as_json=as_json, no_progress=no_progress, debug=debug)
    with announce_compilation(console), console.progress("training", 1) as advance:
        from vqcodec.training import train_codebook as train
        from vqcodec.training.corpus import PictureCorpus

        files = PictureCorpus.of(inputs).paths
        check_destination(output, files, overwrite=force)
        codebook = train(
            inputs,
            medium=media.value,
            engine=engine.value,
            name=name,
            progress=lambda what, done: advance(0, done, what),
            size=size,
            side=block,
            layout=layout.value,
            lambda_=lambda_,
            symmetries=symmetries,
            seed=seed,
        )
        data = codebook.to_bytes()
        write_all(data, output, overwrite=force)
    used = codebook.provenance["corpus"]["pictures"]
    if used < len(files):
        console.notice(f"{len(files) - used} of {len(files)} files could not be read as pictures and were left out")
    record = {
        "output": output,
        "output_bytes": len(data),
        "name": codebook.name,
        "engine": codebook.engine,
        "identity": codebook.identity,
        "provenance": codebook.provenance,
    }
    console.result(
        record,
        f"{output}: codebook {codebook.name} ({codebook.identity[:16]}) from {used} pictures, {len(data):,} bytes",
    )
