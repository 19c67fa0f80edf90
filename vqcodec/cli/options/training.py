"""The options of `train-codebook` that belong to one engine or another, and which engine has which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from vqcodec.errors import UsageError


class Engine(StrEnum):
    """The engines that codebooks can be trained for."""

    TRANSFORM = "transform"
    BLOCK = "block"
    CELP_NB = "celp-nb"
    CELP_WB = "celp-wb"
    CELP_FIXED = "celp-fixed"
    LD_CELP = "ld-celp"
    MC = "mc"
    ST3D = "st3d"


class Layout(StrEnum):
    """How a block engine's codebook takes colour."""

    GREY = "grey"
    YCBCR_420 = "420"
    JOINT = "joint"


class Tune(StrEnum):
    """What pictures are coded for."""

    SSIM = "ssim"
    PSNR = "psnr"


class Chroma(StrEnum):
    """Size of the chroma planes in training."""

    FULL = "444"
    HALF = "420"


FIELDS: dict[Engine, dict[str, str]] = {
    Engine.TRANSFORM: {
        "--rounds": "rounds",
        "--effort": "effort",
        "--tune": "tune",
        "--chroma": "chroma",
        "--parent": "parent",
        "--scales": "scales",
        "--pixels": "pixels",
        "--checkpoint": "checkpoint",
    },
    Engine.BLOCK: {
        "--size": "size",
        "--block": "side",
        "--layout": "layout",
        "--classes": "classes",
        "--lambda": "lambda_",
        "--rounds": "rounds",
        "--scales": "scales",
        "--symmetries": "symmetries",
        "--training-vectors": "training_vectors",
        "--seed": "seed",
    },
    Engine.MC: {
        "--rounds": "rounds",
        "--effort": "effort",
        "--parent": "parent",
        "--frames-per-clip": "frames_per_clip",
        "--checkpoint": "checkpoint",
    },
    Engine.ST3D: {
        "--rounds": "rounds",
        "--effort": "effort",
        "--parent": "parent",
        "--frames-per-clip": "frames_per_clip",
        "--checkpoint": "checkpoint",
    },
}
"""Fields of the engines' options (`TransformOptions`, `BlockOptions`, speech's `TrainingOptions`) by option."""

_SPEECH = {
    "--rounds": "rounds",
    "--parent": "parent",
    "--seconds": "most_seconds",
    "--checkpoint": "checkpoint",
    "--seed": "seed",
}
_TEXTBOOK = {"--rounds": "rounds", "--seconds": "most_seconds", "--seed": "seed"}
FIELDS |= {Engine.CELP_NB: _SPEECH, Engine.CELP_WB: _SPEECH}
FIELDS |= {Engine.CELP_FIXED: _TEXTBOOK, Engine.LD_CELP: _TEXTBOOK}


def _option(flag: str, help: str, default: str, **limits: Any) -> Any:
    """An option without a default of its own, because only what was given goes to the engine."""
    engines = ", ".join(engine for engine in Engine if flag in FIELDS[engine])
    return typer.Option(flag, help=f"({engines}) {help}", show_default=default, **limits)


Rounds = Annotated[
    int | None,
    _option(
        "--rounds",
        "Rounds of encoding the corpus, collecting and refitting; with block only where --lambda is above 0.",
        "3; with block 4; with celp-fixed and ld-celp 8",
        metavar="N",
        min=1,
        max=20,
    ),
]
Effort = Annotated[int | None, _option("--effort", "Of the encoder while training.", "4", metavar="0..9", min=0, max=9)]
TuneFor = Annotated[
    Tune | None, _option("--tune", "What to train for; a codebook trained for either serves both.", "psnr")
]
ChromaSize = Annotated[Chroma | None, _option("--chroma", "Chroma at full or half size; likewise.", "444")]
Parent = Annotated[
    str | None,
    _option(
        "--parent",
        "Codebook to start from, which is believed where pictures say little; none for none (so with speech).",
        "photo; with mc video",
        metavar="NAME|FILE|none",
    ),
]
Pixels = Annotated[
    int | None,
    _option("--pixels", "Train on about N pixels, taken evenly from the corpus.", "all", metavar="N", min=1),
]
Seconds = Annotated[
    float | None,
    _option("--seconds", "Take no more than this of a recording.", "15", metavar="S", min=1, max=3600),
]
FramesPerClip = Annotated[
    int | None,
    _option("--frames-per-clip", "Use no more frames of a clip, from its first one on.", "33", metavar="N", min=2),
]
Checkpoint = Annotated[
    str | None,
    _option("--checkpoint", "Folder that keeps each finished round; training resumes from it.", "none", metavar="DIR"),
]
Size = Annotated[
    int | None, _option("--size", "Number of codewords of each layer.", "256", metavar="K", min=2, max=4096)
]
Block = Annotated[int | None, _option("--block", "Side of a block in pixels.", "4", metavar="N", min=1, max=16)]
PlaneLayout = Annotated[
    Layout | None,
    _option("--layout", "Grey alone, YCbCr 4:2:0, or the three colours in one vector.", "420"),
]
Classes = Annotated[
    int | None,
    _option("--classes", "Classes of neighbours; an index has N times N contexts.", "20", metavar="N", min=1, max=64),
]
Lambda = Annotated[
    float | None,
    _option(
        "--lambda",
        "Squared error per sample that a bit is worth in the design (ECVQ); 0 for plain LBG.",
        "0",
        metavar="L",
        min=0,
        max=1e6,
    ),
]
Scales = Annotated[
    int | None,
    _option("--scales", "2 to train on every picture at half size as well.", "1", metavar="1|2", min=1, max=2),
]
Symmetries = Annotated[
    bool | None, typer.Option("--symmetries", help="(block) Train on the blocks turned and mirrored as well.")
]
TrainingVectors = Annotated[
    int | None,
    _option(
        "--training-vectors",
        "LBG sees about N vectors of each layer, taken evenly from the corpus.",
        "1000000",
        metavar="N",
        min=1,
    ),
]
Seed = Annotated[int | None, _option("--seed", "The same seed gives the same codebook.", "0", metavar="S", min=0)]


@dataclass(frozen=True)
class EngineOptions:
    """The options of `train-codebook` that belong to one engine or another; None is what was not given."""

    rounds: Rounds = None
    effort: Effort = None
    tune: TuneFor = None
    chroma: ChromaSize = None
    parent: Parent = None
    pixels: Pixels = None
    seconds: Seconds = None
    frames_per_clip: FramesPerClip = None
    checkpoint: Checkpoint = None
    size: Size = None
    block: Block = None
    layout: PlaneLayout = None
    classes: Classes = None
    lambda_: Lambda = None
    scales: Scales = None
    symmetries: Symmetries = None
    training_vectors: TrainingVectors = None
    seed: Seed = None

    def for_engine(self, engine: Engine) -> dict[str, Any]:
        """What was given, as options of the engine.

        Raises:
            UsageError: an option was given that belongs to another engine.
        """
        known = FIELDS[engine]
        options: dict[str, Any] = {}
        for name, value in vars(self).items():
            if value is None or value is False:
                continue
            flag = "--" + name.rstrip("_").replace("_", "-")
            if flag not in known:
                owner = next(other for other in Engine if flag in FIELDS[other])
                raise UsageError(
                    f"{flag} is an option of engine {owner}, not of {engine}; leave it out, or say --engine {owner}"
                )
            options[known[flag]] = value.value if isinstance(value, StrEnum) else value
        return options
