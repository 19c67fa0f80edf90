"""The command line: typer, rich and calls to `vqcodec.api`; no arithmetic on media.

Nothing in this package imports numpy or numba when it is loaded, so that `--help` and shell completion are
immediate; commands import what they need when they run.

Map, lowest first:

    arguments
    batch
    exit_codes
    groups: arguments
    inputs
    streams
    translation
    originals: inputs
    elsewhere: batch inputs
    failures: exit_codes groups translation
    console: streams translation failures
    compilation: console
    files: batch inputs originals streams failures console compilation
    plots
    wording
    options: inputs originals elsewhere failures console wording
    commands: groups console compilation inputs originals files plots wording options
    app: exit_codes groups failures
    reference: app
    man: app reference
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from typing import NoReturn

from vqcodec.cli.streams import prepare
from vqcodec.errors import INTERRUPTED_EXIT_CODE

__all__ = ["main"]


def main() -> None:
    """Entry point of the `vqcodec` script."""
    try:
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGTERM, _terminate)
        if not sys.warnoptions:  # what the user asked Python to warn of
            warnings.simplefilter("ignore")  # of Pillow's and NumPy's; what concerns the user is a notice or an error
        prepare()
        from vqcodec.cli.app import app

        app(prog_name="vqcodec")
    except KeyboardInterrupt:  # before a command was there to report it
        _leave()
    except SystemExit as end:
        if end.code == INTERRUPTED_EXIT_CODE:
            _leave()
        raise


def _leave() -> NoReturn:
    """End the process after an interruption: files are whole or not there by now, and temporary ones are gone.

    Threads are not waited for, since one may compile a kernel for minutes. If a kernel was compiled in this one, what
    numba and LLVM left half done is not taken apart: that fails, and says so.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    if threading.active_count() > 1 or "llvmlite" in sys.modules:
        os._exit(INTERRUPTED_EXIT_CODE)
    sys.exit(INTERRUPTED_EXIT_CODE)


def _terminate(number: int, _frame: object) -> None:
    """Leave by an exception, so that temporary files are removed on the way."""
    sys.exit(128 + number)
