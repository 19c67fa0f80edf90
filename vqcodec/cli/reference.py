"""The command reference, made of the help texts: `python -m vqcodec.cli.reference > docs/cli.md`."""

from __future__ import annotations

from typer.testing import CliRunner

from vqcodec.cli.app import app

COMMANDS = (
    (),
    ("encode",),
    ("decode",),
    ("info",),
    ("verify",),
    ("compare",),
    ("report",),
    ("pack",),
    ("list",),
    ("unpack",),
    ("extract",),
    ("add",),
    ("remove",),
    ("train-codebook",),
    ("codebook",),
    ("codebook", "list"),
    ("codebook", "show"),
    ("codebook", "export"),
    ("thumbnail",),
    ("desktop",),
    ("desktop", "install"),
    ("desktop", "uninstall"),
    ("warm",),
)

PREAMBLE = """\
# Command line

Generated from the help texts by `python -m vqcodec.cli.reference`; a test checks that it is current.
What `--json` prints is described in [json.md](json.md).
"""


def reference() -> str:
    """Return the whole document in Markdown."""
    return PREAMBLE + "".join(_section(command) for command in COMMANDS)


def _section(command: tuple[str, ...]) -> str:
    """Return the section of one command."""
    result = CliRunner().invoke(app, [*command, "--help"], prog_name="vqcodec")
    title = " ".join(("vqcodec", *command))
    text = "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())
    return f"\n## {title}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    print(reference(), end="")
