"""The descriptor of engine `image/block`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vqcodec.errors import UsageError
from vqcodec.media.engine import Engine, Warming
from vqcodec.media.options import ChoiceOption, FlagOption, NumberOption
from vqcodec.media.training_options import ROUNDS, SCALES, SEED

_MOST_CODEWORDS = 4096
_OF_TWO_TABLES = ("multistage", "product", "gain-shape", "mean-removed")
_LEAST_BITS = {"multistage": 2, "product": 2}  # of a size, whose bits the tables share; others: 1


def _check_structure(options: Mapping[str, Any]) -> None:
    """Refuse a size, or blocks, that a structure cannot have.

    Raises:
        UsageError: the size is no power of two, and the structure has several tables; or there is too little to share.
    """
    structure, size = options["structure"], options["size"]
    if structure not in _OF_TWO_TABLES:
        return
    lower, least = 1 << (size.bit_length() - 1), 1 << _LEAST_BITS.get(structure, 1)
    if size != lower or size < least:
        choice = f"{max(lower, least)}" + (
            f" or {2 * lower}" if lower >= least and 2 * lower <= _MOST_CODEWORDS else ""
        )
        raise UsageError(
            f"structure {structure} has two tables, which share the bits of size, and {size} is no power of two from "
            f"{least} on; choose {choice}"
        )
    if structure == "product" and options["side"] == 1 and options["layout"] == "grey":
        raise UsageError(
            "structure product cuts a block in two, and a block of side 1 is one sample; choose a larger side"
        )


BLOCK = Engine(
    name="image/block",
    summary="pictures, textbook: block vector quantization, Huffman-coded indices",
    coder_reference="vqcodec.image.block.engine",
    trainer_reference="vqcodec.image.block.train:train",
    number=1,
    section=8,
    codebook="classic-4x4-256",
    training_options=(
        NumberOption(
            "size", "Number of codewords of each layer.", default=256, low=2, high=_MOST_CODEWORDS, whole=True
        ),
        NumberOption("side", "Side of a block in pixels.", default=4, low=1, high=16, whole=True),
        ChoiceOption(
            "layout",
            "Grey alone, YCbCr 4:2:0 (420), or the three colours in one vector (joint).",
            default="420",
            choices=("grey", "420", "joint"),
        ),
        NumberOption(
            "classes",
            "Classes of neighbours; with N classes an index has N times N contexts.",
            default=20,
            low=1,
            high=64,
            whole=True,
        ),
        ChoiceOption(
            "structure",
            "Structure of the codebooks. Trees and stages can be decoded in part: decode --stages.",
            default="flat",
            choices=("flat", "tree", "multistage", "product", "gain-shape", "mean-removed", "classified"),
        ),
        ChoiceOption(
            "method",
            "Method that designs the codewords; docs/codebook-design.md describes them.",
            default="lbg",
            choices=(*("lbg", "pnn", "mini-batch", "competitive", "som", "neural-gas", "relaxation", "annealing"),),
        ),
        NumberOption(
            "lambda_",
            "Squared error per sample that a bit is worth in the design (ECVQ); 0 means plain LBG, without rounds.",
            default=0.0,
            low=0,
            high=1_000_000,
        ),
        replace(ROUNDS, default=4),
        SCALES,
        FlagOption("symmetries", "Train on the blocks turned and mirrored as well.", default=False),
        NumberOption(
            "training_vectors",
            "LBG sees about this many vectors of each layer, taken evenly from the corpus.",
            default=1_000_000,
            low=1,
            whole=True,
        ),
        SEED,
    ),
    training_check=_check_structure,
    warming=Warming(qualities=(50.0, 100.0), order=3),
)
