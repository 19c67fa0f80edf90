"""The engines and their options in the words of the help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vqcodec.media.engine import Engine
from vqcodec.media.options import MEDIA, ChoiceOption, FlagOption, NumberOption, Option
from vqcodec.media.registry import engine_to_train, engines, find_engine, trainable_engines
from vqcodec.media.training_options import FROM_SCRATCH, ParentOption


def complete_engine(incomplete: str) -> list[str]:
    """Return the short names of the engines that can be trained, for shell completion."""
    names = dict.fromkeys(engine.short_name for engine in trainable_engines())
    return [name for name in names if name.startswith(incomplete)]


def default_engines() -> str:
    """Return the default engine of each medium, as in "transform; for speech celp-nb; for video mc"."""
    image, *others = ((medium, engine_to_train(medium, None).short_name) for medium in MEDIA)
    return "; ".join([image[1], *(f"for {medium} {name}" for medium, name in others)])


def engines_to_train() -> str:
    """Return a paragraph of help that says what each engine is."""
    return _paragraph("Engines:", {engine.short_name: engine.summary for engine in trainable_engines()})


def engine_options() -> str:
    """Return a paragraph of help that says which encode options each engine has."""
    return _paragraph(
        "Options of the engines; those without an option of their own go with --option:",
        {engine.name: _listed(engine) for engine in engines() if engine.encode_options},
    )


def engine_in_words(name: str) -> str:
    """Return an engine's name, what it is, and where FORMAT.md specifies it; an unknown engine's name alone."""
    engine = find_engine(name)
    if engine is None:
        return name
    section = "" if engine.section is None else f" (FORMAT.md, section {engine.section})"
    return f"{name}, {engine.summary}{section}"


def engine_facts(name: str) -> dict[str, Any]:
    """Return what JSON says of an engine besides its name; None for what is not known."""
    engine = find_engine(name)
    return {
        "engine_summary": None if engine is None else engine.summary,
        "engine_section": None if engine is None else engine.section,
    }


def value_type(option: Option) -> Any:
    """Return the type as which the command line reads a value."""
    if isinstance(option, NumberOption):
        return int if option.whole else float
    return bool if isinstance(option, FlagOption) else str


def value_of(option: Option, value: Any) -> Any:
    """Return what was read as `value_type` says, as the option takes it: a choice that is a number becomes a number."""
    choices = option.choices if isinstance(option, ChoiceOption) else ()
    return next((choice for choice in choices if str(choice) == value), value)


def placeholder(options: Sequence[Option]) -> str | None:
    """Return what stands for a value that any of the options takes: range or choices, or the kind; None for a flag."""
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
    return "TEXT"


def defaults_in_words(options: Mapping[str, Option]) -> str:
    """Return the defaults of an option by engine: that of the first engine, then those of engines with another one."""
    engines: dict[str, list[str]] = {}
    for engine, option in options.items():
        engines.setdefault(_default(option), []).append(engine)
    first, *others = engines
    return "; ".join([first, *(f"{', '.join(engines[other])}: {other}" for other in others)])


def _default(option: Option) -> str:
    if option.default_help:
        return option.default_help
    if isinstance(option, FlagOption):
        return "on" if option.default else "off"
    return f"{option.default:.15g}" if isinstance(option.default, float) else str(option.default)


def _listed(engine: Engine) -> str:
    return ", ".join(f"{option.name}={placeholder([option]) or 'true|false'}" for option in engine.encode_options)


def _paragraph(title: str, rows: Mapping[str, str]) -> str:
    width = max(map(len, rows))
    return "\n\n\b\n" + "\n".join([title, *(f"  {name:<{width}}  {words}" for name, words in rows.items())])
