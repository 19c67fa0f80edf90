"""Training options that several engines have, declared once; an engine changes the default where it must."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from vqcodec.media.kinds import SizeOption
from vqcodec.media.options import FlagOption, NumberOption, Option, PathOption, TextOption

FROM_SCRATCH = "none"
"""The word for no parent, on the command line and in `train_codebook`; inside, None stands for it."""


@dataclass(frozen=True)
class ParentOption(Option):
    """The codebook that training starts from: a name or a path; None to start from scratch."""

    @property
    def range(self) -> str:
        """Always "the name or path of a codebook, or none"."""
        return f"the name or path of a codebook, or {FROM_SCRATCH}"

    def check(self, value: Any) -> str | os.PathLike[str] | None:
        """Return the name or path; None for None and for FROM_SCRATCH."""
        if value is not None and (not isinstance(value, (str, os.PathLike)) or not value):
            raise self._refuse(value, "is not a codebook")
        return None if value == FROM_SCRATCH else value


def parent(default: str | None) -> ParentOption:
    """Return the option for an engine whose training starts from that codebook; None for from scratch."""
    return ParentOption(
        "parent",
        "Codebook to start from; it fills in where your media give too little data. `none`: start from scratch.",
        default,
        default_help="" if default else FROM_SCRATCH,
    )


ROUNDS = NumberOption(
    "rounds", "Rounds of encoding the corpus, collecting and refitting.", 3, low=1, high=20, whole=True
)
EFFORT = NumberOption(
    "effort", "Effort of the encoder in training: 0 is quick, 9 thorough.", 4, low=0, high=9, whole=True
)
SCALES = NumberOption("scales", "2: train on every picture at half size as well.", 1, low=1, high=2, whole=True)
SECONDS = NumberOption("seconds", "Use at most this many seconds of a recording.", 15.0, low=1, high=3600)
FRAMES_PER_CLIP = NumberOption(
    "frames_per_clip", "Use at most this many frames of a clip, from its first one on.", 33, low=2, whole=True
)
SEED = NumberOption("seed", "The same seed gives the same codebook.", 0, low=0, whole=True)

MEMORY_BYTES = NumberOption(
    "memory_bytes",
    "Bytes that pieces of your media may take in the codebook; 0: none.",
    None,
    default_help="as long as a piece saves more than it takes",
    low=0,
    high=1 << 30,
    whole=True,
)
FOR = NumberOption(
    "for_",
    "Files that you are going to code: what takes more bytes than it saves them is left out.",
    None,
    default_help="as many as there are to train on",
    low=1,
    whole=True,
)
MEMORY_QUALITY = NumberOption("memory_quality", "Quality of the pieces.", 75.0, low=0, high=100)

CHECKPOINT = PathOption("checkpoint", "File that keeps what is finished until the training ends.", default_help="none")
RESUME = FlagOption(
    "resume",
    "Go on where an interrupted training of the same options and files stopped; from the beginning if there was none.",
    default=False,
)
MEMORY = SizeOption(
    "memory",
    "Memory to take, such as 2GB. What does not fit goes to the disk; the codebook is the same.",
    default_help="half of the machine's",
    low=1 << 20,
    whole=True,
    unit="bytes",
)
STRICT = FlagOption("strict", "Stop at a file that cannot be read, where else such files are left out.", default=False)

WORKERS = NumberOption(
    "workers",
    "Processes on this machine to do the work (needs vqcodec[distributed]).",
    default_help="threads of this one",
    low=1,
    high=4096,
    whole=True,
)
SCHEDULER = TextOption(
    "scheduler",
    "Address of a Dask scheduler, such as tcp://10.0.0.1:8786, whose workers do the work (needs vqcodec[distributed]).",
    default_help="none",
)

HOLD_OUT = NumberOption(
    "hold_out",
    "Files to keep out of the training, and to measure the codebook on; 0: train on all.",
    default_help="one in 20, at most 16; of fewer than 8 files none",
    low=0,
    whole=True,
)

RUN_OPTIONS: tuple[Option, ...] = (CHECKPOINT, RESUME, MEMORY, STRICT, WORKERS, SCHEDULER, HOLD_OUT)
"""Options of every training. They do not change the codebook, except that held-out files do not count."""
