"""The options of `train-codebook`: those of every training, and those that the engines' descriptors declare."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vqcodec.cli.options.declared import declared
from vqcodec.cli.wording.engines import defaults_in_words, placeholder, value_of, value_type
from vqcodec.errors import UsageError
from vqcodec.media import training_options
from vqcodec.media.engine import Engine
from vqcodec.media.options import FlagOption
from vqcodec.media.registry import trainable_engines


@dataclass(frozen=True)
class RunOptions:
    """How a training runs, whatever engine it is for; of all this, only files that are held out change the codebook."""

    threads: Annotated[
        int | None,
        typer.Option(
            "--threads",
            metavar="N",
            min=1,
            help="Threads to use; the codebook is the same for any number.",
            show_default="the number of CPUs",
        ),
    ] = None
    memory: Annotated[str | None, declared(training_options.MEMORY, "--memory", metavar="SIZE")] = None
    resume: Annotated[bool, declared(training_options.RESUME, "--resume")] = False
    strict: Annotated[bool, declared(training_options.STRICT, "--strict")] = False
    hold_out: Annotated[int | None, declared(training_options.HOLD_OUT, "--hold-out", metavar="N")] = None
    workers: Annotated[int | None, declared(training_options.WORKERS, "--workers", metavar="N")] = None
    scheduler: Annotated[str | None, declared(training_options.SCHEDULER, "--scheduler", metavar="URL")] = None

    def as_arguments(self) -> dict[str, Any]:
        """Return them as `vqcodec.train_codebook` takes them."""
        return {name: value for name, value in vars(self).items() if value is not None}


class EngineOptions:
    """The training options that were given, whatever engine they belong to."""

    def __init__(self, **given: Any) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    @staticmethod
    def parameters() -> list[inspect.Parameter]:
        """Return one parameter for each name of a training option; None is what was not given."""
        owners: dict[str, list[Engine]] = {}
        for engine in trainable_engines():
            for option in engine.training_options:
                owners.setdefault(option.name, []).append(engine)
        return [_parameter(name, engines) for name, engines in owners.items()]

    def for_engine(self, engine: Engine) -> dict[str, Any]:
        """Return what was given, by name.

        Raises:
            UsageError: an option was given that belongs to another engine.
        """
        own = {option.name for option in engine.training_options}
        foreign = next((name for name in self._given if name not in own), None)
        if foreign is not None:
            owners = (one for one in trainable_engines() if any(o.name == foreign for o in one.training_options))
            owner = next(owners).short_name
            raise UsageError(
                f"{flag(foreign)} is an option of engine {owner}, not of {engine.short_name}; "
                f"leave it out, or say --engine {owner}"
            )
        values = {option.name: value_of(option, self._given.get(option.name)) for option in engine.training_options}
        return {name: value for name, value in values.items() if value is not None}


def flag(name: str) -> str:
    """Return an option's name as the command line writes it."""
    return "--" + name.rstrip("_").replace("_", "-")


def _parameter(name: str, engines: Sequence[Engine]) -> inspect.Parameter:
    """Return the parameter for an option that some engines have."""
    options = {
        engine.short_name: option for engine in engines for option in engine.training_options if option.name == name
    }
    one = next(iter(options.values()))
    kind, declaration = value_type(one), flag(name)
    if isinstance(one, FlagOption) and any(option.default for option in options.values()):
        declaration = f"{declaration}/--no-{name.replace('_', '-')}"
    owners = "all" if len(options) == len(trainable_engines()) else ", ".join(options)
    chosen = typer.Option(
        declaration,
        help=f"({owners}) {one.help}",
        show_default=defaults_in_words(options),
        metavar=placeholder(list(options.values())),
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, chosen]
    )
