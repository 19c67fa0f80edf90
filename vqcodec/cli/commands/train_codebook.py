"""`vqcodec train-codebook`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.options import common as options
from vqcodec.cli.options import training
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.options.common import Media
from vqcodec.cli.options.training import Engine
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Source, check_destination, write_all
from vqcodec.names import is_codebook_name, printable

EXAMPLES = options.examples(
    "vqcodec train-codebook photos -o mine.vqcb",
    "vqcodec encode photo.png -c mine.vqcb -o photo.vqc",
    "vqcodec train-codebook photos -o mine.vqcb --pixels 2000000 --checkpoint unfinished",
    "vqcodec train-codebook photos/*.png -o small.vqcb --engine block --size 64 --lambda 20 --seed 1",
    "vqcodec train-codebook photos -o grey.vqcb --engine block --layout grey --block 8 --name grey-8x8",
    "vqcodec train-codebook voices -o voices.vqcb --media speech --rounds 1 --seconds 6",
    "vqcodec train-codebook voices -o low-delay.vqcb --media speech --engine ld-celp --rounds 12",
    "vqcodec train-codebook clips --media video -o camera.vqcb --frames-per-clip 17 --checkpoint unfinished",
)


_DEFAULT_ENGINES = {Media.IMAGE: Engine.TRANSFORM, Media.SPEECH: Engine.CELP_NB, Media.VIDEO: Engine.MC}


@unbundled
def train_codebook(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
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
    media: Annotated[Media, typer.Option("--media", help="What the codebook is for.")] = Media.IMAGE,
    engine: Annotated[
        Engine | None,
        typer.Option(
            "--engine", help="Engine that it is for.", show_default="transform; for speech celp-nb, for video mc"
        ),
    ] = None,
    chosen: training.EngineOptions,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads",
            metavar="N",
            min=1,
            help="Threads to use; the codebook is the same for any N.",
            show_default="the number of CPUs",
        ),
    ] = None,
    printing: options.Printing,
) -> None:
    """Train a codebook on media of your own.

    Options marked with an engine belong to it alone. Files that cannot be read are listed and left out.
    """
    engine = engine or _DEFAULT_ENGINES[media]
    engine_options = chosen.for_engine(engine)
    name = name or Path(output).stem
    if not is_codebook_name(name):
        raise UsageError(
            f"'{printable(name)}' cannot be the name of a codebook; say another with --name, of letters, digits, ._+-"
        )
    console = printing.console()
    with announce_compilation(console), console.progress("training", 1) as advance:
        from vqcodec.api.training import CORPORA
        from vqcodec.api.training import train_codebook as train

        sources: list[Source] = [*CORPORA[media.value].of(inputs).paths, *([chosen.parent] if chosen.parent else [])]
        check_destination(output, sources, overwrite=force)
        codebook = train(
            inputs,
            medium=media.value,
            engine=engine.value,
            name=name,
            threads=threads,
            progress=lambda what, done: advance(0, done, what),
            skipped=lambda _path, reason: console.notice(f"left out: {reason}"),
            **engine_options,
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
    }
    corpus_summary = codebook.provenance["corpus"]
    kind = {Media.IMAGE: "pictures", Media.SPEECH: "recordings", Media.VIDEO: "clips"}[media]
    console.result(
        record,
        f"{output}: codebook {codebook.name} ({codebook.identity[:16]}) from {corpus_summary[kind]} {kind}, "
        f"{len(data):,} bytes",
        *_lsf_lines(codebook.provenance),
    )


def _lsf_lines(provenance: Mapping[str, Any]) -> list[str]:
    """A line for each LSF codebook: its bits, and how well it keeps the spectral envelope."""
    return [
        f"  LSF codebook {number}: {lsf['bits_per_frame']:.1f} bits a frame, "
        f"spectral distortion {lsf['mean_db']:.2f} dB, "
        f"{lsf['above_2_db']:.1%} of frames above 2 dB, {lsf['above_4_db']:.1%} above 4 dB"
        for number, lsf in enumerate(provenance.get("lsf", ()))
        if "mean_db" in lsf
    ]
