"""Messages of the Python functions name their arguments; a command line has options in their places."""

from __future__ import annotations

import re

_FLAGS = {"overwrite": "force", "medium": "media", "hold_out": "hold-out"}
_ARGUMENT = re.compile(
    r"""(?<![\w.-])(overwrite|salvage|codebook|medium|format|channels|audio|hold_out)=(?:(True|False)|"(\w+)"|([A-Z]+|\d+))?(?!\w)"""
)


def as_options(text: str) -> str:
    """Return a message with options for arguments: `--force` for `overwrite=True`, `--media speech` and so on."""

    def option(found: re.Match[str]) -> str:
        flag = _FLAGS.get(found[1], found[1])
        value = found[3] or found[4]
        return f"--{'no-' if found[2] == 'False' else ''}{flag}" + (f" {value}" if value else "")

    return _ARGUMENT.sub(option, text)
