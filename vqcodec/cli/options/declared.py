"""Options of the command line from their declarations, so that help and ranges are those of the Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from vqcodec.errors import UsageError
from vqcodec.media.options import MEDIA, ChoiceOption, FlagOption, NumberOption, Option


def declared(
    option: Option,
    *flags: str,
    metavar: str | None = None,
    media: tuple[str, ...] = (),
    complete: Callable[[str], list[str]] | None = None,
) -> Any:
    """Return the option of the command line for an option that is declared elsewhere.

    Numbers and words are checked when the command line is read. Values that have another form on the command line, such
    as a crop, are checked once they have been converted.

    Args:
        flags: such as `-q`, `--quality`.
        metavar: what help calls the value; not needed for words and flags.
        media: that have it, for help, where the option is declared by an engine of theirs.
        complete: for shell completion, returns the values that begin with its argument; not needed for words.
    """
    words = tuple(map(str, option.choices)) if isinstance(option, ChoiceOption) else ()
    media = media or option.media

    def check(value: Any) -> Any:
        try:
            return None if value is None else option.check(value)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None

    def complete_word(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return typer.Option(
        *flags,
        metavar=f"<{'|'.join(words)}>" if words else metavar,
        help=(f"({', '.join(MEDIA[name] for name in media)}) " if media else "") + option.help,
        show_default=option.default_help or isinstance(option, FlagOption) or _shown(option.default),
        callback=check if isinstance(option, (NumberOption, ChoiceOption)) else None,
        autocompletion=complete_word if words else complete,
    )


def _shown(default: Any) -> str | bool:
    """A default as help writes it; False for none."""
    return False if default is None else f"{default:g}" if isinstance(default, float) else str(default)
