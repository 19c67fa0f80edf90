"""The options of `train-codebook` that belong to one engine or another, as the engines' descriptors declare them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from vqcodec.cli.options.common import Media
from vqcodec.errors import UsageError
from vqcodec.media.engine import Engine
from vqcodec.media.options import ChoiceOption, FlagOption, NumberOption, Option, PathOption
from vqcodec.media.registry import trainable_engines
from vqcodec.media.training_options import FROM_SCRATCH, ParentOption


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
        return dict(self._given)


def flag(name: str) -> str:
    """Return an option's name as the command line writes it."""
    return "--" + name.rstrip("_").replace("_", "-")


def complete_engine(incomplete: str) -> list[str]:
    """Return the short names of engines for shell completion."""
    names = dict.fromkeys(engine.short_name for engine in trainable_engines())
    return [name for name in names if name.startswith(incomplete)]


def default_engines() -> str:
    """Return the default engine of each medium, as in "transform; for speech celp-nb; for video mc"."""
    names = {medium.value: _first(trainable_engines(), medium.value).short_name for medium in Media}
    first, *others = names.items()
    return "; ".join([first[1], *(f"for {medium} {name}" for medium, name in others)])


def engine_list() -> str:
    """Return a paragraph for the help that says what each engine is."""
    engines = trainable_engines()
    width = max(len(engine.short_name) for engine in engines)
    lines = [f"  {engine.short_name:<{width}}  {engine.summary}" for engine in engines]
    return "\n\n\b\nEngines:\n" + "\n".join(lines)


def _first(engines: Iterable[Engine], medium: str) -> Engine:
    return next(engine for engine in engines if engine.medium == medium)


def _parameter(name: str, engines: Sequence[Engine]) -> inspect.Parameter:
    """Return the parameter for an option that some engines have."""
    options = {
        engine.short_name: option for engine in engines for option in engine.training_options if option.name == name
    }
    one = next(iter(options.values()))
    kind, declaration = _kind_of(one), flag(name)
    if isinstance(one, FlagOption) and any(option.default for option in options.values()):
        declaration = f"{declaration}/--no-{name.replace('_', '-')}"
    owners = "all" if len(options) == len(trainable_engines()) else ", ".join(options)
    chosen = typer.Option(
        declaration,
        help=f"({owners}) {one.help}",
        show_default=_default_of(options),
        metavar=_metavar_of(list(options.values())),
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, chosen]
    )


def _kind_of(option: Option) -> Any:
    if isinstance(option, NumberOption):
        return int if option.whole else float
    return bool if isinstance(option, FlagOption) else str


def _default_of(options: dict[str, Option]) -> str:
    """Return the defaults in words: that of the first engine, then those of engines that have another one."""
    engines: dict[str, list[str]] = {}
    for engine, option in options.items():
        engines.setdefault(_word_for(option), []).append(engine)
    first, *others = engines
    return "; ".join([first, *(f"{', '.join(engines[other])}: {other}" for other in others)])


def _word_for(option: Option) -> str:
    if option.default_help:
        return option.default_help
    if isinstance(option, FlagOption):
        return "on" if option.default else "off"
    return f"{option.default:.15g}" if isinstance(option.default, float) else str(option.default)


def _metavar_of(options: Sequence[Option]) -> str | None:
    """Return what stands for the value in the help: its range or choices, or its kind."""
    one = options[0]
    if isinstance(one, NumberOption):
        numbers = [option for option in options if isinstance(option, NumberOption)]
        lows = [option.low for option in numbers if option.low is not None]
        highs = [option.high for option in numbers if option.high is not None]
        low = min(lows) if len(lows) == len(numbers) else ""
        high = max(highs) if len(highs) == len(numbers) else ""
        return f"{low}..{high}"
    if isinstance(one, ChoiceOption):
        chosen = [choice for option in options if isinstance(option, ChoiceOption) for choice in option.choices]
        return "|".join(map(str, dict.fromkeys(chosen)))
    if isinstance(one, ParentOption):
        return f"NAME|FILE|{FROM_SCRATCH}"
    if isinstance(one, FlagOption):
        return None
    return "DIR" if isinstance(one, PathOption) else "TEXT"
