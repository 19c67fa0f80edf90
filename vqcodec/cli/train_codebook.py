"""`vqcodec train-codebook`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from vqcodec.cli import options
from vqcodec.cli import training_options as training
from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.training_options import Engine
from vqcodec.endpoints import Source, check_destination, write_all
from vqcodec.errors import UsageError
from vqcodec.vq.names import is_codebook_name, printable

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


class Media(StrEnum):
    """What codebooks can be trained for."""

    IMAGE = "image"
    SPEECH = "speech"
    VIDEO = "video"


_DEFAULT_ENGINES = {Media.IMAGE: Engine.TRANSFORM, Media.SPEECH: Engine.CELP_NB, Media.VIDEO: Engine.MC}


def train_codebook(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Pictures, sound files or videos, and folders, which are searched with all below.",
        ),
    ],
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
    rounds: training.Rounds = None,
    effort: training.Effort = None,
    tune: training.TuneFor = None,
    chroma: training.ChromaSize = None,
    parent: training.Parent = None,
    pixels: training.Pixels = None,
    seconds: training.Seconds = None,
    frames_per_clip: training.FramesPerClip = None,
    checkpoint: training.Checkpoint = None,
    size: training.Size = None,
    block: training.Block = None,
    layout: training.PlaneLayout = None,
    classes: training.Classes = None,
    lambda_: training.Lambda = None,
    scales: training.Scales = None,
    symmetries: training.Symmetries = None,
    training_vectors: training.TrainingVectors = None,
    seed: training.Seed = None,
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
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Train a codebook on media of your own.

    Options marked with an engine belong to it alone. Files that cannot be read are listed and left out.
    """
    given = {
        "--rounds": rounds,
        "--effort": effort,
        "--tune": tune,
        "--chroma": chroma,
        "--parent": parent,
        "--pixels": pixels,
        "--seconds": seconds,
        "--frames-per-clip": frames_per_clip,
        "--checkpoint": checkpoint,
        "--size": size,
        "--block": block,
        "--layout": layout,
        "--classes": classes,
        "--lambda": lambda_,
        "--scales": scales,
        "--symmetries": symmetries or None,
        "--training-vectors": training_vectors,
        "--seed": seed,
    }
    engine = engine or _DEFAULT_ENGINES[media]
    chosen = training.chosen_options(engine, given)
    name = name or Path(output).stem
    if not is_codebook_name(name):
        raise UsageError(
            f"'{printable(name)}' cannot be the name of a codebook; say another with --name, of letters, digits, ._+-"
        )
    console = Console(quiet=quiet, as_json=as_json, no_progress=no_progress, debug=debug)
    with announce_compilation(console), console.progress("training", 1) as advance:
        from vqcodec.training import train_codebook as train
        from vqcodec.training.corpus import PictureCorpus, SoundCorpus, VideoCorpus

        kinds: dict[Media, type[PictureCorpus | SoundCorpus | VideoCorpus]] = {
            Media.IMAGE: PictureCorpus,
            Media.SPEECH: SoundCorpus,
            Media.VIDEO: VideoCorpus,
        }
        sources: list[Source] = [*kinds[media].of(inputs).paths, *([parent] if parent else [])]
        check_destination(output, sources, overwrite=force)
        codebook = train(
            inputs,
            medium=media.value,
            engine=engine.value,
            name=name,
            threads=threads,
            progress=lambda what, done: advance(0, done, what),
            skipped=lambda _path, reason: console.notice(f"left out: {reason}"),
            **chosen,
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
        f"{len(data):,} bytes{_lsf_text(codebook.provenance)}",
    )


def _lsf_text(provenance: Mapping[str, Any]) -> str:
    """A line for each LSF codebook: its bits, and how well it keeps the spectral envelope."""
    return "".join(
        f"\n  LSF codebook {number}: {lsf['bits_per_frame']:.1f} bits a frame, "
        f"spectral distortion {lsf['mean_db']:.2f} dB, "
        f"{lsf['above_2_db']:.1%} of frames above 2 dB, {lsf['above_4_db']:.1%} above 4 dB"
        for number, lsf in enumerate(provenance.get("lsf", ()))
        if "mean_db" in lsf
    )
