"""The options and arguments that commands share, each declared once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from vqcodec import user_limits
from vqcodec.cli.console import Console
from vqcodec.cli.failures import DEBUG
from vqcodec.cli.inputs import Inputs, Item
from vqcodec.cli.options.declared import declared
from vqcodec.cli.originals import mark
from vqcodec.media.decoding import CODEBOOK
from vqcodec.media.encoding import OVERWRITE

if TYPE_CHECKING:
    from vqcodec.cli.elsewhere import Elsewhere


class Media(StrEnum):
    """What an input is encoded as, or a codebook is for."""

    IMAGE = "image"
    SPEECH = "speech"
    VIDEO = "video"


def examples(*commands: str) -> str:
    """An epilog of commands to paste; one a line, left as they are by help formatting."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def _set_debug(context: typer.Context, value: bool) -> bool:
    context.meta[DEBUG] = value
    return value


def complete_codebook(incomplete: str) -> list[str]:
    """Names of codebooks for shell completion."""
    from vqcodec.codebook.library import list_codebooks

    return [entry.name for entry in list_codebooks() if entry.name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """Names of picture and sound formats for shell completion."""
    from vqcodec.image.pixels import FORMATS
    from vqcodec.speech.sound.formats import FORMATS as SOUND_FORMATS

    names = (extension.removeprefix(".") for extension in (*FORMATS, *SOUND_FORMATS))
    return [name for name in names if name.startswith(incomplete)]


Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE|DIR|-",
        help="Output file, folder (with several inputs), or - for standard output."
        " Without it, outputs go beside their inputs, and standard input to standard output.",
    ),
]
Folder = Annotated[
    str | None,
    typer.Option("-d", "--output-dir", metavar="DIR", help="Output folder; it is made if it is missing."),
]
Force = Annotated[bool, declared(OVERWRITE, "--force")]
SkipExisting = Annotated[bool, typer.Option("--skip-existing", help="Leave out inputs whose outputs exist.")]
IfNewer = Annotated[
    bool,
    typer.Option(
        "--if-newer", help="Leave out inputs that are not newer than their outputs, and replace older outputs."
    ),
]
DeleteSource = Annotated[
    bool,
    typer.Option(
        "--delete-source",
        help="Delete each input once its output has been read again and holds what it should. What cannot be checked"
        " stays, and is an error.",
    ),
]
Preserve = Annotated[bool, typer.Option("--preserve", help="Give outputs the times of their inputs.")]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from",
        metavar="FILE|-",
        help="File with the names of more inputs, one a line or each followed by a zero byte (find -print0).",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--jobs",
        metavar="N",
        min=1,
        help="Number of files to work on at the same time; results are the same for any N.",
        show_default="the number of CPUs",
    ),
]
Codebook = Annotated[
    str | None, declared(CODEBOOK, "-c", "--codebook", metavar="NAME|FILE", complete=complete_codebook)
]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=N",
        help="Refuse what is larger than this: pixels (of a picture or frame), frames, seconds,"
        " output_bytes, codebook_bytes or pixels_per_byte. May be given several times."
        " Environment: VQCODEC_MAX_PIXELS and so on.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print only errors, and what --json prints.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object per file, one per line, instead of readable lines."),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show the traceback of an error.", callback=_set_debug),
]


@dataclass(frozen=True)
class Machines:
    """Where files are worked on, if not by threads of this process."""

    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            help="Work on the files with N processes of this machine (needs vqcodec[distributed]).",
        ),
    ] = None
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="URL",
            help="Work on the files on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786.",
        ),
    ] = None

    @property
    def elsewhere(self) -> Elsewhere | None:
        """Where files are worked on; None for this process.

        Raises:
            UsageError: both are given.
        """
        if self.workers is None and self.scheduler is None:
            return None
        from vqcodec.cli.elsewhere import Elsewhere

        return Elsewhere(self.scheduler, self.workers)


def use_limits(limit: list[str] | None) -> None:
    """Set the limits that were given with --limit.

    Raises:
        UsageError: one has an unknown name, or its value is no number or out of range.
    """
    user_limits.set_limits(**user_limits.parse_limits(limit or []))


@dataclass(frozen=True)
class Outputs:
    """Where outputs go, and whether they may replace what is there."""

    output: Output = None
    folder: Folder = None
    force: Force = False
    skip_existing: SkipExisting = False
    if_newer: IfNewer = False
    preserve: Preserve = False
    delete_source: DeleteSource = False

    @property
    def overwrite(self) -> bool:
        """Whether outputs that exist may be replaced. With --if-newer, those that need not be are left out."""
        return self.force or self.if_newer

    def mark(self, items: list[Item]) -> Inputs:
        """Return the items with those marked that are left out; remove what a killed batch left unfinished.

        Raises:
            UsageError: what is asked for makes no sense, or not for these items.
        """
        return mark(items, skip_existing=self.skip_existing, if_newer=self.if_newer, delete_source=self.delete_source)


@dataclass(frozen=True)
class Printing:
    """What is printed, and how."""

    quiet: Quiet = False
    no_progress: NoProgress = False
    as_json: Json = False
    debug: Debug = False

    def console(self, *, data_on_stdout: bool = False) -> Console:
        """The console that prints so; results go to standard error where standard output carries data."""
        return Console(
            quiet=self.quiet,
            as_json=self.as_json,
            no_progress=self.no_progress,
            debug=self.debug,
            data_on_stdout=data_on_stdout,
        )
