"""Groups of commands that load a command when it is used.

A command's module brings the options of its medium along. So a command line loads the one command that it names, and
help on a group loads none.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperGroup

from vqcodec.cli.arguments import Command

COMMANDS = "vqcodec.cli.commands."
CONTEXT = {"help_option_names": ["-h", "--help"]}


class Listed(NamedTuple):
    """A command as its group lists it.

    Attributes:
        summary: first sentence of its help.
        module: of `cli.commands`.
        function: in that module, which runs it. It is a `typer.Typer` for a group.
        examples: name of the epilog in that module.
    """

    summary: str
    module: str
    function: str
    examples: str = "EXAMPLES"

    def load(self, name: str) -> Any:
        """Import the command, and return it as the group `name`s it."""
        module = importlib.import_module(COMMANDS + self.module)
        function: Callable[..., None] | typer.Typer = getattr(module, self.function)
        if isinstance(function, typer.Typer):
            function.info.name = name
            return typer.main.get_command(function)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(name, cls=Command, epilog=getattr(module, self.examples))(function)
        return typer.main.get_command(alone)


class ListedGroup(TyperGroup):
    """A group that is given by a list; subclasses say which."""

    listed: ClassVar[Mapping[str, Listed]] = {}

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names in the order of the list."""
        return list(self.listed)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Return the command; None if there is none of that name."""
        if cmd_name not in self.commands and cmd_name in self.listed:
            self.commands[cmd_name] = self.listed[cmd_name].load(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """Return the command that `args` begin with; a name that is not listed is compared with all of them."""
        if args and args[0] not in self.listed:
            for name in self.listed:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        """Write the list."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in self.listed.items()])


def require_command(context: typer.Context) -> None:
    """Without a command, show the help on standard error and end as after a usage error."""
    from vqcodec.errors import UsageError

    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(UsageError.exit_code)
