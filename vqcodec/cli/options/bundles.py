"""Options that are declared together, as the fields of a dataclass, and reach a command as one argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, get_type_hints


class Bundle(Protocol):
    """A type whose options are not fields of a dataclass: it is made of them by name."""

    @staticmethod
    def parameters() -> list[inspect.Parameter]:
        """Return the options as parameters that typer takes, as they are now."""


def unbundled(command: Callable[..., None], more_help: Callable[[], str] = lambda: "") -> Callable[..., None]:
    """Return a command as typer takes it: each parameter whose type is a bundle is replaced by its options, in place.

    A bundle is a dataclass, or a type such as `Bundle`. typer reads options from a function's parameters. So the
    annotations and defaults of the fields become parameters, and what was given for them is made into the bundle again
    before `command` is called. typer asks for parameters and help whenever it reads a command line, so they may change.

    Args:
        more_help: returns what follows the docstring in the help.
    """
    return _Unbundled(command, more_help)


class _Unbundled:
    def __init__(self, command: Callable[..., None], more_help: Callable[[], str]) -> None:
        self._command, self._more_help = command, more_help
        self.__name__ = command.__name__
        hints = get_type_hints(command, include_extras=True)
        self._parameters = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command).parameters.values()
        ]

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return (inspect.getdoc(self._command) or "") + self._more_help()

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.Signature(
            [one for parameter in self._parameters for one in (_options_of(parameter.annotation) or [parameter])]
        )

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]
        return {name: parameter.annotation for name, parameter in self.__signature__.parameters.items()}

    def __call__(self, **given: Any) -> None:
        bundles = {
            parameter.name: parameter.annotation(**{option.name: given.pop(option.name) for option in options})
            for parameter in self._parameters
            if (options := _options_of(parameter.annotation))
        }
        self._command(**given, **bundles)


def _options_of(kind: Any) -> list[inspect.Parameter]:
    """Return the options of a bundle as parameters; none if `kind` is no bundle."""
    if hasattr(kind, "parameters"):
        parameters: list[inspect.Parameter] = kind.parameters()
        return parameters
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return []
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(kind)
    ]
