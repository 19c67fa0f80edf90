"""Options of a command that are declared together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from vqcodec.cli.options.bundles import unbundled


@dataclass(frozen=True)
class Size:
    """Two options."""

    width: Annotated[int, typer.Option("--width")] = 4
    height: Annotated[int, typer.Option("--high")] = 5


@unbundled
def draw(
    name: Annotated[str, typer.Argument()], *, size: Size, bold: Annotated[bool, typer.Option("--bold")] = False
) -> None:
    """Say what came."""
    typer.echo(f"{name} {size} {bold}")


def run(*words: str) -> str:
    """What the command says; or its complaint."""
    app = typer.Typer(rich_markup_mode=None)
    app.command()(draw)
    return CliRunner().invoke(app, list(words)).output


def test_options_reach_the_dataclass_and_what_is_not_given_has_its_default() -> None:
    assert run("a", "--high", "7") == f"a {Size(4, 7)} False\n"
    assert run("a", "--bold", "--width", "2") == f"a {Size(2, 5)} True\n"


def test_each_field_is_an_option_of_its_own_in_its_place() -> None:
    text = run("--help")
    assert text.index("--width") < text.index("--high") < text.index("--bold")
    assert "--size" not in text
    assert "Invalid value for '--width'" in run("a", "--width", "x")
