"""The descriptor of an engine: everything that other rooms ask about an engine without loading it.

Each engine has one, in a module of its own folder that imports neither numpy nor numba: help, `info` and the container
load it. The coder and the trainer are named, and loaded when they are first used.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vqcodec.media.options import Option, check_options

RESERVED = (
    "sources", "medium", "engine", "name", "threads", "progress", "skipped", "report", "inputs", "output", "force",
    "media", "quiet", "no_progress", "as_json", "json", "debug", "help",
)  # fmt: skip
"""Names that no training option may have: `train_codebook` or `vqcodec train-codebook` uses them itself."""


@dataclass(frozen=True)
class Warming:
    """What `vqcodec warm` does with each codebook of an engine.

    Attributes:
        options: encode options, each a mapping by name, that together take every way through the kernels.
        efforts: likewise; None where the engine has no effort.
        qualities: likewise, of pictures.
        order: smaller comes first; neighbours share kernels.
        further: module and name, with a colon between, of a function of a codebook that takes what ways are left; empty
            for none.
    """

    options: tuple[Mapping[str, Any], ...] = ({},)
    efforts: tuple[int | None, ...] = (0, 5, 9)
    qualities: tuple[float, ...] = (50.0,)
    order: int = 0
    further: str = ""


class TrainingWork(NamedTuple):
    """How long a training takes on one thread: the sum of its parts.

    Attributes:
        passes: how many times as long as encoding its corpus once, as `FileCorpus.code` does.
        each_s: seconds for each file.
        once_s: seconds whatever the corpus.
        reads: how many times the corpus is read.
    """

    passes: float
    each_s: float = 0.0
    once_s: float = 0.0
    reads: int = 1


@dataclass(frozen=True)
class TrainingCost:
    """What training for an engine takes and brings, as measured.

    Attributes:
        work: returns, of the values of the training options and whether there is a parent, how long it takes.
        saving: least and most share of the bytes that a codebook of one's own has been seen to save.
    """

    work: Callable[[Mapping[str, Any], bool], TrainingWork]
    saving: tuple[float, float]


@dataclass(frozen=True)
class Engine:
    """An engine.

    A reference is text, `module` or `module:name`.

    Attributes:
        name: `medium/engine`, as in `image/block`; codebooks and files carry it (FORMAT.md, section 2.6).
        summary: what it is, in one line without a full stop.
        coder_reference: the coder: what `Coder` of `vqcodec.<medium>.engines` lists.
        trainer_reference: a function that takes a `vqcodec.media.training.Training` and returns a codebook; None if the
            engine cannot be trained.
        number: in the compact form (FORMAT.md, section 2.5); None if the compact form cannot hold it.
        section: of FORMAT.md that specifies it; None if it is not part of the format.
        codebook: name of the default codebook; None if it has none.
        fitting_reference: a function of samples to encode that returns the name of the shipped codebook that fits them,
            as `vqcodec.<medium>` gives them; None if the default codebook is for all.
        encode_options: options of encoding besides those that every engine of the medium has.
        training_options: options of training. An option has the same kind of value in all engines that have it.
        training_check: given the values of the training options by name, raises UsageError if they do not fit together;
            None if all fit.
        warming: see `Warming`.
        training_cost: see `TrainingCost`; None if it has not been measured.
        together_reference: a function that codes pictures that are predicted from one another, as `CodeTogether` of
            `vqcodec.image.engines` says; None if it has none.
    """

    name: str
    summary: str
    coder_reference: str
    trainer_reference: str | None = None
    number: int | None = None
    section: int | None = None
    codebook: str | None = None
    fitting_reference: str | None = None
    encode_options: tuple[Option, ...] = ()
    training_options: tuple[Option, ...] = ()
    training_check: Callable[[Mapping[str, Any]], object] | None = None
    warming: Warming = field(default_factory=Warming)
    training_cost: TrainingCost | None = None
    together_reference: str | None = None

    @property
    def medium(self) -> str:
        """What stands before the slash of the name."""
        return self.name.partition("/")[0]

    @property
    def short_name(self) -> str:
        """What stands behind the slash: the name among the engines of the medium."""
        return self.name.partition("/")[2]

    @property
    def coder(self) -> Any:
        """The coder, loaded."""
        return load(self.coder_reference)

    @property
    def trainer(self) -> Any:
        """The trainer, loaded; the engine must have one."""
        assert self.trainer_reference is not None
        return load(self.trainer_reference)

    @property
    def fitting(self) -> Any:
        """What chooses a shipped codebook, loaded; None if it has none."""
        return None if self.fitting_reference is None else load(self.fitting_reference)

    @property
    def together(self) -> Any:
        """What codes pictures together, loaded; None if it has none."""
        return None if self.together_reference is None else load(self.together_reference)

    def check_encode_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every encode option; arguments and errors as `check_options`."""
        return check_options(self.encode_options, given, self.name)

    def check_training_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every training option; arguments and errors as `check_options` and `training_check`."""
        values = check_options(self.training_options, given, f"the training of {self.name}")
        if self.training_check is not None:
            self.training_check(values)
        return values


@dataclass(frozen=True)
class SpeechEngine(Engine):
    """An engine of speech.

    Attributes:
        sample_rate: Hz at which it works.
        band: "nb" or "wb".
        kbps: its rate in kbit/s where the format fixes it; None where it can be chosen.
        live_reference: the class or function that makes a `vqcodec.speech.live.encoder.LiveEncoder` of a codebook,
            `Settings` and a delay in seconds; None if the engine cannot encode speech while it comes.
    """

    sample_rate: int = 8000
    band: str = "nb"
    kbps: float | None = None
    live_reference: str | None = None


def load(reference: str) -> Any:
    """Return what a reference names; see `Engine`."""
    module, _, name = reference.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, name) if name else loaded
