"""`vqcodec desktop install|uninstall`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from vqcodec.cli.console import Console
from vqcodec.cli.groups import CONTEXT, Listed, ListedGroup, require_command
from vqcodec.cli.options import common as options
from vqcodec.errors import UsageError

if TYPE_CHECKING:
    from vqcodec.desktop.installing import Places

INSTALL_EXAMPLES = options.examples("vqcodec desktop install --user", 'vqcodec desktop install --prefix "$DESTDIR/usr"')
UNINSTALL_EXAMPLES = options.examples("vqcodec desktop uninstall --user")

User = Annotated[bool, typer.Option("--user", help="For the user who runs this, and no other.")]
Prefix = Annotated[
    str | None,
    typer.Option("--prefix", metavar="DIR", help="For all users, below a folder such as /usr. For packagers."),
]


class Commands(ListedGroup):
    """The commands of `vqcodec desktop`."""

    listed: ClassVar[Mapping[str, Listed]] = {
        "install": Listed("Tell the desktop of vqcodec's files.", "desktop", "install", "INSTALL_EXAMPLES"),
        "uninstall": Listed("Take back what install has told.", "desktop", "uninstall", "UNINSTALL_EXAMPLES"),
    }


desktop = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None, context_settings=CONTEXT)


@desktop.callback(invoke_without_command=True)
def _desktop(context: typer.Context) -> None:
    """Tell the desktop of vqcodec's files, so that it knows them and shows previews."""
    require_command(context)


def install(
    user: User = False, prefix: Prefix = None, quiet: options.Quiet = False, debug: options.Debug = False
) -> None:
    """Tell the desktop of vqcodec's files.

    Writes the MIME types (.vqc by medium, .vqp and .vqcb, each by its first bytes), the entry by which file managers
    make previews, and patterns for the program `file`. With --user, the MIME types count at once, previews call this
    very program, and the patterns go to ~/.magic, beside others that are there. With --prefix, files are written below
    DIR/share and nothing else is done: the packager's tools run update-mime-database.
    """
    places = _places(user, prefix)
    from vqcodec.desktop.installing import this_program

    console = Console(quiet=quiet, debug=debug)
    console.text(*(f"wrote {path}" for path in places.install(this_program() if user else "vqcodec")))
    _refresh(places, console, user=user)


def uninstall(
    user: User = False, prefix: Prefix = None, quiet: options.Quiet = False, debug: options.Debug = False
) -> None:
    """Take back what install has told.

    Other patterns in ~/.magic stay as they are.
    """
    places = _places(user, prefix)
    console = Console(quiet=quiet, debug=debug)
    console.text(*([f"removed {path}" for path in places.uninstall()] or ["nothing is installed there"]))
    _refresh(places, console, user=user)


def _places(user: bool, prefix: str | None) -> Places:
    from vqcodec.desktop.installing import Places

    if user == (prefix is not None):
        raise UsageError("say for whom: either --user, or --prefix DIR")
    return Places.of_user() if prefix is None else Places.below(prefix)


def _refresh(places: Places, console: Console, *, user: bool) -> None:
    why_not = places.refresh() if user else ""
    if why_not:
        console.notice(why_not)
