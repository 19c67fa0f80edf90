"""How the words of a command line are read: no file is taken for an option, and no option is lost, in silence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

from vqcodec.errors import UsageError
from vqcodec.names import printable

_REMEDY = "write ./ before the name, or -- before all names"


class Command(TyperCommand):
    """A command that refuses files whose names look like options, and options given twice.

    A shell puts the names that match `*.png` where the pattern stands. One of them may begin with a dash, and may even
    read as an option: `-dash.png` would mean the folder `ash.png`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line; errors are typer's, or a UsageError."""
        if not ctx.resilient_parsing:
            self._refuse_files(ctx, args)
            self._refuse_twice(ctx, args)
        return super().parse_args(ctx, args)

    def _refuse_files(self, ctx: Any, args: Sequence[str]) -> None:
        """Raise UsageError if a word that would be read as an option is the name of a file."""
        with_value = {flag for parameter in self.get_params(ctx) if _has_value(parameter) for flag in parameter.opts}
        before = ""
        for word in args:
            if word == "--":
                return
            if len(word) > 1 and word.startswith("-") and before not in with_value and os.path.lexists(word):
                shown = printable(word, 200)
                raise UsageError(f"{shown}: is a file here, but reads as an option; {_REMEDY}")
            before = word

    def _refuse_twice(self, ctx: Any, args: Sequence[str]) -> None:
        """Raise UsageError if an option that has one value is given several times."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        given: set[str | None] = set()
        for parameter in order:
            single = _has_value(parameter) and not parameter.multiple
            if single and parameter.name in given:
                shown = "/".join(parameter.opts)
                raise UsageError(f"{shown} is given twice; give it once. For a file of that name, {_REMEDY}")
            given.add(parameter.name)


def _has_value(parameter: Any) -> bool:
    return parameter.param_type_name == "option" and not getattr(parameter, "is_flag", False)
