"""The options of `encode` and `decode` that belong to video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from vqcodec.errors import UsageError
from vqcodec.names import printable

Fps = Annotated[
    str | None,
    typer.Option(
        "--fps",
        metavar="RATE",
        help="(video) Frames a second, such as 25 or 30000/1001: of pictures, or in the place of what the input says.",
        show_default="as the input says, else 25",
    ),
]
Frames = Annotated[
    str | None,
    typer.Option(
        "--frames",
        metavar="A:B",
        help="(video) Frames A up to B, which is not included, counted from 0; either may be left out.",
        show_default="all",
    ),
]
Gop = Annotated[
    int | None,
    typer.Option(
        "--gop",
        metavar="N",
        min=1,
        help="(video) Most frames of a group: groups decode on their own, for seeking and against loss.",
        show_default="the engine's",
    ),
]
SceneCuts = Annotated[
    bool, typer.Option("--scene-cuts/--no-scene-cuts", help="(video) End a group where the scene changes, too.")
]
Audio = Annotated[bool, typer.Option("--audio/--no-audio", help="(video) With its sound, coded as speech.")]
KeepPartial = Annotated[
    bool,
    typer.Option("--keep-partial", help="(video) At Ctrl-C end the file well, with the frames that are coded by then."),
]
EngineOption = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of the engine, by name; may be repeated."),
]


def engine_options(given: Sequence[str]) -> dict[str, object]:
    """Options by name from NAME=VALUE each; numbers as numbers.

    Raises:
        UsageError: one is not of that form.
    """
    options: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--option '{printable(text)}': say NAME=VALUE, for example distance=8")
        options[name] = _value(value)
    return options


def _value(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
