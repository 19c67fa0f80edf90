"""Manual pages, made of the help texts: `python -m vqcodec.cli.man.pages FOLDER`. The wheels have them in `share/man`.

Tools such as click-man do not know the classes of Typer, which has a Click of its own, nor the examples in our help.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from vqcodec.cli.app import app
from vqcodec.cli.reference import COMMANDS
from vqcodec.version import __version__

_WIDTH = 10_000  # so that help texts keep their paragraphs on a line


def write_pages(folder: Path) -> list[Path]:
    """Write a page for each command into a folder, which is made; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for command in COMMANDS:
        path = folder / ("-".join(("vqcodec", *command)) + ".1")
        path.write_text(page(command), encoding="utf-8")
        paths.append(path)
    return paths


def page(command: tuple[str, ...]) -> str:
    """Return the page of a command in the macros of man(7)."""
    context = _context(command)
    name = "-".join(("vqcodec", *command))
    described: Any = context.command
    summary, *paragraphs = _paragraphs(described.help or "")
    usage = " ".join(described.collect_usage_pieces(context))
    lines = [
        f'.TH "{name.upper()}" "1" "" "vqcodec {__version__}" "vqcodec"',
        *(".SH NAME", rf"{_text(name)} \- {_text(summary.rstrip('.'))}"),
        *(
            ".SH SYNOPSIS",
            rf"\fB{_text(context.command_path)}\fR {_text(usage)}",
        ),
        *(".SH DESCRIPTION", _line(summary)),
    ]
    for paragraph in paragraphs:
        lines += [".PP", *(_listing(paragraph) if paragraph.startswith("  ") else [_line(paragraph)])]
    for title, records in _records(context):
        lines.append(f".SH {title.upper()}")
        for term, text in records:
            lines += [".TP", rf"\fB{_text(term)}\fR", _line(text or "")]
    for title, text in _sections(described.epilog or ""):
        lines += [f".SH {_text(title.upper())}", *_listing(text)]
    lines += [".SH SEE ALSO", _see_also(command)]
    return "\n".join(lines) + "\n"


def _context(command: tuple[str, ...]) -> Any:
    """Return the context of a command, as its help has it."""
    current: Any = typer.main.get_command(app)
    context = _entered(current, "vqcodec", None)
    for name in command:
        current = current.get_command(context, name)
        context = _entered(current, name, context)
    return context


def _entered(command: Any, name: str, parent: Any) -> Any:
    settings = {**command.context_settings, "max_content_width": _WIDTH, "terminal_width": _WIDTH}
    return command.context_class(command, info_name=name, parent=parent, **settings)


def _records(context: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Give the arguments, the options and the commands: terms and their texts."""
    command = context.command
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            (arguments if parameter.param_type_name == "argument" else options).append(record)
    listed = getattr(command, "listed", {})
    commands = [(name, one.summary) for name, one in listed.items()]
    for title, records in (("arguments", arguments), ("options", options), ("commands", commands)):
        if records:
            yield title, records


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text, each on one line; those that keep their lines begin with a blank."""
    found = []
    for part in re.split(r"\n\s*\n", text.strip()):
        if part.startswith("\b\n"):
            found.append("  " + part.removeprefix("\b\n"))
        else:
            found.append(" ".join(part.split()))
    return found


def _sections(epilog: str) -> Iterator[tuple[str, str]]:
    """Give the titles and texts of an epilog: a line that ends in a colon, and the lines below it."""
    for part in epilog.split("\b\n"):
        title, colon, text = part.strip("\n").partition(":\n")
        if colon:
            yield title, text


def _listing(text: str) -> list[str]:
    """Return lines that are kept as they are."""
    return [".nf", *(_line(line) for line in text.strip("\n").splitlines()), ".fi"]


def _line(text: str) -> str:
    """Return a line of text; one that begins as a macro does is protected."""
    return re.sub(r"^(\s*)([.'])", r"\1\\&\2", _text(text))


def _text(text: str) -> str:
    """Return text with what roff would take for its own: backslashes and hyphens."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def _see_also(command: tuple[str, ...]) -> str:
    """Return the names of the pages of the command above and those beside and below."""
    above = command[:-1]
    near = [one for one in COMMANDS if one != command and (one == above or one[:-1] in (above, command))]
    return ", ".join(rf"\fB{_text('-'.join(('vqcodec', *one)))}\fR(1)" for one in near)


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
